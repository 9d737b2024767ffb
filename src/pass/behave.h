/*
 * Behaviours: what a chain does to each packet, as a map.
 *
 * For one conntrack state, a chain is a map from packets to behaviours. A
 * behaviour is a tree: a verdict; an effect followed by a behaviour; or a fork
 * on an answer that packet fields don't give (limit, an unknown set), followed
 * by one behaviour for each answer. Trees are interned, so equal numbers mean:
 * the same verdict, the same effects and the same shared matches evaluated in
 * the same order (doc/semantics.md 3.3 and 3.4).
 *
 * A fork whose answer may depend on the conntrack entry carries the state, so
 * that behaviours of different states never compare equal over it.
 */
#ifndef FE_BEHAVE_H
#define FE_BEHAVE_H

#include "pass/pass.h"
#include "set/set.h"

struct fe_behave;

/* Behaviours that need no tree. Numbers of trees are greater. */
enum fe_leaf {
	FE_LEAF_ACCEPT = 2,
	FE_LEAF_DROP = 3,
	FE_LEAF_END = 4, /* the chain's end, where its policy is not wanted */
	FE_N_LEAVES = 8,
};

/* "Tracking has not looked at the packet": in raw. */
#define FE_CT_IN_RAW FE_CT_INVALID

struct fe_behave *fe_behave_new(const struct fe_ruleset *ruleset,
				const struct fe_ipsets *ipsets,
				uint32_t budget);
void fe_behave_free(struct fe_behave *behave);
struct fe_space *fe_behave_space(struct fe_behave *behave);

/* Packets whose interface has this name, or begins with it ("eth+"). */
fe_set fe_behave_iface(struct fe_behave *behave, enum fe_field field,
		       const char *pattern);
/* The name that stands for an interface's number in this space. */
const char *fe_behave_iface_name(const struct fe_behave *behave,
				 unsigned index);

/*
 * What a rule's parts say: packets that may match (unknown answers as yes),
 * in any conntrack state.
 */
fe_set fe_behave_may(struct fe_behave *behave, const struct fe_rule *rule);

/*
 * The same without packets whose transport header the rule wants and cannot
 * read: they are dropped or pass by, but never match.
 */
fe_set fe_behave_hits(struct fe_behave *behave, const struct fe_rule *rule);
/* Packets that surely match, in any conntrack state. */
fe_set fe_behave_must(struct fe_behave *behave, const struct fe_rule *rule);

/*
 * What a builtin chain does to the packets of `within` (others: undefined) in
 * conntrack state `state`. end: the behaviour behind its last rule. With
 * FE_LEAF_END, RETURN in the chain is FE_LEAF_ACCEPT: it leads to the policy
 * and past any rule that is appended.
 */
fe_set fe_behave_chain(struct fe_behave *behave, const struct fe_chain *chain,
		       fe_set within, enum fe_ctstate state, uint32_t end);
/* Rules read for all maps so far: the work that nodes don't show. */
uint64_t fe_behave_steps(const struct fe_behave *behave);
/* The behaviour of a policy. */
uint32_t fe_behave_policy(const struct fe_chain *chain);

/* The same of its first n rules, with `end` behind them; RETURN among them
 * leads to the policy. */
fe_set fe_behave_prefix(struct fe_behave *behave, const struct fe_chain *chain,
			size_t n, fe_set within, enum fe_ctstate state,
			uint32_t end);
/* How many rules at a builtin chain's head can't tell conntrack states apart,
 * nor the chains they call. */
size_t fe_behave_stateless(struct fe_behave *behave,
			   const struct fe_chain *chain);

/* Whether a chain or one it calls can tell conntrack states apart. */
bool fe_behave_reads_ct(struct fe_behave *behave, const struct fe_chain *chain);

/* Whether a behaviour has no effect and no fork and ends in a leaf only. */
static inline bool fe_behave_is_leaf(uint32_t behaviour)
{
	return behaviour < FE_N_LEAVES;
}
/* Which leaves a behaviour can end in, as a mask of 1 << leaf; *ct becomes the
 * rule of a CT target other than NOTRACK on the way, if there is one. */
unsigned fe_behave_leaves(const struct fe_behave *behave, uint32_t behaviour,
			  const struct fe_rule **ct);
/* Whether a match whose state other packets share is asked in it. */
bool fe_behave_shares(const struct fe_behave *behave, uint32_t behaviour);
/* The first rule that forks or acts in one of two behaviours and not in the
 * other; NULL: they differ in verdicts only. */
const struct fe_rule *fe_behave_first_difference(const struct fe_behave *behave,
						 uint32_t a, uint32_t b);
/* The first rule with an effect or fork, or NULL. */
const struct fe_rule *fe_behave_first_rule(const struct fe_behave *behave,
					   uint32_t behaviour);

/*
 * Follows a packet (a point; its CTSTATE ignored) through the chain in state
 * a, and returns the first rule that answers otherwise in state b; NULL: none.
 */
const struct fe_rule *fe_behave_splits(struct fe_behave *behave,
				       const struct fe_chain *chain,
				       const struct fe_box *point,
				       enum fe_ctstate a, enum fe_ctstate b);

#endif
