/*
 * Checks of the raw table: what NOTRACK leaves untracked, and what that does
 * to replies, to NAT and to rules that accept by state.
 *
 * Only what a rule surely untracks counts. Where packets go after routing is
 * not known, so findings that depend on it are "likely".
 */
#include "pass/lint.h"

#include <string.h>

#include "ruleset/ruleset.h"

struct notrack {
	struct fe_lint *l;
	fe_set untracked[FE_N_HOOKS]; /* by all NOTRACK rules there */
};

typedef void each_fn(struct notrack *n, const struct fe_rule *rule,
		     enum fe_hook hook, fe_set set);

static fe_set minus_range(struct fe_space *space, fe_set set,
			  enum fe_field field, struct fe_u128 lo,
			  struct fe_u128 hi)
{
	return fe_set_minus(space, set, fe_set_range(space, field, lo, hi));
}

/* Packets to many: they have no reply of their own. */
static fe_set to_one(struct fe_lint *l, fe_set set)
{
	struct fe_u128 lo = {0xff00000000000000u, 0}, hi = fe_u128_ones(128);

	if (l->ruleset->family == 6)
		return minus_range(l->space, set, FE_F_DADDR, lo, hi);
	set = minus_range(l->space, set, FE_F_DADDR, fe_u128(0xe0000000),
			  fe_u128(0xffffffff));
	return set;
}

/* What the rule surely untracks at a hook that reaches its chain. */
static fe_set untracks(struct fe_lint *l, const struct fe_rule *rule)
{
	fe_set at = fe_reach_at(l->reach, rule);
	fe_set must = fe_behave_must(l->behave, rule);

	return fe_set_and(l->space, must, at);
}

/* The earlier rule that decides about tracking for all packets which the rule
 * wants, or NULL: whoever comes first sets it. */
static const struct fe_rule *masked_by(struct fe_lint *l,
				       const struct fe_rule *rule,
				       fe_set *wanted)
{
	const struct fe_chain *chain = rule->chain;

	*wanted = fe_set_and(l->space, fe_behave_hits(l->behave, rule),
			     fe_reach_into(l->reach, chain));
	for (uint32_t i = 0; i + 1 < rule->index; i++) {
		const struct fe_rule *by = chain->rules.data[i];

		if (by->action != FE_ACT_ACCEPT && by->action != FE_ACT_CT)
			continue;
		if (!fe_set_is_empty(*wanted) &&
		    fe_set_is_empty(fe_set_minus(
			l->space, *wanted, fe_behave_must(l->behave, by))))
			return by;
	}
	return NULL;
}

/* masked: those rules as well that others keep from untracking anything. */
static void each_notrack(struct notrack *n, bool masked, each_fn *fn)
{
	fe_set wanted;

	const struct fe_table *raw = &n->l->ruleset->tables[FE_RAW];

	for (size_t c = 0; c < raw->chains.n; c++) {
		const struct fe_chain *chain = raw->chains.data[c];
		for (size_t i = 0; i < chain->rules.n; i++) {
			const struct fe_rule *rule = chain->rules.data[i];
			if (rule->action != FE_ACT_NOTRACK)
				continue;
			if (!masked && masked_by(n->l, rule, &wanted))
				continue;
			if (chain->hooks & 1u << FE_PREROUTING)
				fn(n, rule, FE_PREROUTING,
				   untracks(n->l, rule));
			if (chain->hooks & 1u << FE_OUTPUT)
				fn(n, rule, FE_OUTPUT, untracks(n->l, rule));
		}
	}
}

/* Leaves what a packet and its reply have in common, ends aside. */
static fe_set flow_of(struct fe_space *space, fe_set set)
{
	static const enum fe_field dropped[] = {
	    FE_F_IIF, FE_F_OIF, FE_F_TCP_FLAGS, FE_F_ICMP_TYPE, FE_F_ICMP_CODE,
	    FE_F_LENGTH, FE_F_TTL, FE_F_TOS, FE_F_PKTTYPE, FE_F_MAC,
	    FE_F_HAS_MAC, FE_F_MARK, FE_F_HDR, FE_F_FRAG};

	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
		set = fe_set_exists(space, set, dropped[i]);
	for (unsigned f = FE_F_CTSTATE; f <= FE_F_CTEXPIRE; f++)
		set = fe_set_exists(space, set, (enum fe_field)f);
	return set;
}

static fe_set reversed(struct fe_space *space, fe_set set)
{
	set = fe_set_swap(space, set, FE_F_SADDR, FE_F_DADDR);
	set = fe_set_swap(space, set, FE_F_SPORT, FE_F_DPORT);
	return fe_set_swap(space, set, FE_F_SRC_TYPE, FE_F_DST_TYPE);
}

static bool is_loopback(const struct fe_rule *rule)
{
	const struct fe_setting *in = fe_part_find(&rule->parts[0], FE_BASE_IN);
	const struct fe_setting *out =
	    fe_part_find(&rule->parts[0], FE_BASE_OUT);

	return (in && !in->neg && !strcmp(in->value.text, "lo")) ||
	       (out && !out->neg && !strcmp(out->value.text, "lo"));
}

static void gather(struct notrack *n, const struct fe_rule *rule,
		   enum fe_hook hook, fe_set set)
{
	if (is_loopback(rule))
		return;
	n->untracked[hook] = fe_set_or(n->l->space, n->untracked[hook],
				       flow_of(n->l->space, set));
}

/* SYNPROXY takes SYNs untracked, and only those: that is meant. */
static bool uses_synproxy(const struct fe_ruleset *ruleset)
{
	const struct fe_table *table = &ruleset->tables[FE_FILTER];

	for (size_t c = 0; c < table->chains.n; c++)
		for (size_t i = 0; i < table->chains.data[c]->rules.n; i++) {
			const struct fe_rule *rule =
			    table->chains.data[c]->rules.data[i];
			if (fe_rule_target(rule) &&
			    !strcmp(fe_rule_target(rule)->ext->name, "SYNPROXY"))
				return true;
		}
	return false;
}

/* FE501 */
static void check_direction(struct notrack *n, const struct fe_rule *rule,
			    enum fe_hook hook, fe_set set)
{
	struct fe_lint *l = n->l;
	struct fe_space *space = l->space;
	fe_set there = flow_of(space, to_one(l, set)), back;
	struct fe_diag *d;

	if (is_loopback(rule) || uses_synproxy(l->ruleset))
		return;
	back = reversed(space, there);
	back = fe_set_minus(space, back,
			    fe_set_or(space, n->untracked[FE_PREROUTING],
				      n->untracked[FE_OUTPUT]));
	if (fe_set_is_empty(back) || fe_space_exhausted(space))
		return;
	d = fe_lint_report(l, FE_LINT_FE501, rule, FE_NO_SPAN,
			   "packets are untracked here, their replies nowhere");
	/* The packet whose reply it is: what the rule speaks of. */
	fe_lint_witness(l, d, fe_set_and(space, set, reversed(space, back)));
	if (d)
		d->hint = hook == FE_PREROUTING
			      ? "untrack the replies as well: in OUTPUT where "
				"this host answers, in PREROUTING where it "
				"forwards"
			      : "untrack the replies as well, in PREROUTING";
}

/* FE503 */
static void check_masked(struct notrack *n, const struct fe_rule *rule,
			 enum fe_hook hook, fe_set set)
{
	struct fe_lint *l = n->l;
	fe_set wanted;
	const struct fe_rule *by = masked_by(l, rule, &wanted);
	struct fe_diag *d;

	(void)hook;
	(void)set;
	if (!by)
		return;
	d = fe_lint_report(l, FE_LINT_FE503, rule, FE_NO_SPAN,
			   "an earlier rule decides about tracking: these "
			   "packets stay tracked");
	fe_lint_note(l, d, by, "it is");
	fe_lint_witness(l, d, wanted);
}

static bool translates(const struct fe_rule *rule)
{
	switch ((enum fe_action)rule->action) {
	case FE_ACT_SNAT: case FE_ACT_DNAT: case FE_ACT_MASQUERADE:
	case FE_ACT_REDIRECT: case FE_ACT_NETMAP:
		return true;
	default:
		return false;
	}
}

/* The packets of set that a rule of nat at the same hook would translate. */
static fe_set translated(struct fe_lint *l, const struct fe_rule *nat,
			 enum fe_hook hook, fe_set set)
{
	struct fe_space *space = l->space;
	fe_set at = fe_set_and(space, fe_reach_at(l->reach, nat),
			       fe_behave_must(l->behave, nat));

	for (unsigned f = FE_F_CTSTATE; f <= FE_F_CTEXPIRE; f++) {
		at = fe_set_exists(space, at, (enum fe_field)f);
		set = fe_set_exists(space, set, (enum fe_field)f);
	}
	if (nat->chain->hooks & 1u << hook)
		return fe_set_and(space, at, set);
	/* Of what this host sends itself the way out is known. */
	if (hook == FE_OUTPUT && nat->chain->hooks & 1u << FE_POSTROUTING)
		return fe_set_and(space, fe_set_exists(space, at, FE_F_IIF),
				  set);
	return FE_SET_EMPTY;
}

/* FE504 */
static void check_nat(struct notrack *n, const struct fe_rule *rule,
		      enum fe_hook hook, fe_set set)
{
	struct fe_lint *l = n->l;
	const struct fe_table *nat = &l->ruleset->tables[FE_NAT];

	if (!nat->present || !fe_reach_known(l->reach, FE_NAT))
		return;
	for (size_t c = 0; c < nat->chains.n; c++) {
		const struct fe_chain *chain = nat->chains.data[c];
		for (size_t i = 0; i < chain->rules.n; i++) {
			const struct fe_rule *by = chain->rules.data[i];
			fe_set both;
			struct fe_diag *d;
			if (!translates(by))
				continue;
			both = translated(l, by, hook, set);
			if (fe_set_is_empty(both))
				continue;
			d = fe_lint_report(l, FE_LINT_FE504, rule, FE_NO_SPAN,
					   "untracked packets are not "
					   "translated");
			fe_lint_note(l, d, by, "by");
			fe_lint_witness(l, d, both);
			return;
		}
	}
}

/* FE505: what filter does to packets in a state. */

struct leaf_step {
	const struct fe_behave *behave;
	unsigned only; /* mask of leaves that count */
};

static uint32_t leaf_terminal(void *arg, uint32_t behaviour)
{
	const struct leaf_step *s = arg;
	const struct fe_rule *ct;
	unsigned leaves = fe_behave_leaves(s->behave, behaviour, &ct);

	return leaves && !(leaves & ~s->only);
}

/* Packets of set that the hook's filter chain surely drops or accepts. */
static fe_set filtered(struct fe_lint *l, enum fe_hook hook, fe_set set,
		       enum fe_ctstate state, enum fe_leaf leaf)
{
	static const char *const names[] = {
	    [FE_INPUT] = "INPUT", [FE_FORWARD] = "FORWARD",
	    [FE_OUTPUT] = "OUTPUT"};
	struct leaf_step step = {l->behave, 1u << leaf};
	const struct fe_chain *chain = fe_table_chain(
	    &l->ruleset->tables[FE_FILTER], fe_str(names[hook]));
	fe_set map;

	if (!chain)
		return leaf == FE_LEAF_ACCEPT ? set : FE_SET_EMPTY;
	map = fe_behave_chain(l->behave, chain, set, state,
			      fe_behave_policy(chain));
	return fe_set_and(l->space, set,
			  fe_map_terminals(l->space, map, leaf_terminal,
					   &step));
}

static bool filters_forward(const struct fe_ruleset *ruleset)
{
	const struct fe_chain *chain =
	    fe_table_chain(&ruleset->tables[FE_FILTER], FE_STR("FORWARD"));

	return chain && chain->rules.n;
}

/* Packets dropped as UNTRACKED and accepted as ESTABLISHED or NEW. */
static fe_set lost_at(struct fe_lint *l, enum fe_hook hook, fe_set set,
		      fe_set *dropped)
{
	fe_set kept;

	*dropped = filtered(l, hook, set, FE_CT_UNTRACKED, FE_LEAF_DROP);
	kept = fe_set_or(
	    l->space, filtered(l, hook, set, FE_CT_ESTABLISHED, FE_LEAF_ACCEPT),
	    filtered(l, hook, set, FE_CT_NEW, FE_LEAF_ACCEPT));
	return fe_set_and(l->space, *dropped, kept);
}

static void check_accepted(struct notrack *n, const struct fe_rule *rule,
			   enum fe_hook hook, fe_set set)
{
	struct fe_lint *l = n->l;
	struct fe_space *space = l->space;
	fe_set lost, dropped, also;
	struct fe_diag *d;

	if (!l->ruleset->tables[FE_FILTER].present || is_loopback(rule))
		return;
	for (unsigned f = FE_F_CTSTATE; f <= FE_F_CTEXPIRE; f++)
		set = fe_set_exists(space, set, (enum fe_field)f);
	if (hook == FE_OUTPUT) {
		lost = lost_at(l, FE_OUTPUT, set, &dropped);
	} else {
		lost = lost_at(l, FE_INPUT, set, &dropped);
		if (filters_forward(l->ruleset)) {
			set = fe_set_exists(space, set, FE_F_OIF);
			lost = fe_set_and(space, lost, dropped);
			lost_at(l, FE_FORWARD, set, &also);
			lost = fe_set_and(space, lost, also);
		}
	}
	if (fe_set_is_empty(lost) || fe_space_exhausted(space))
		return;
	d = fe_lint_report(l, FE_LINT_FE505, rule, FE_NO_SPAN,
			   "untracked packets are dropped in filter, where "
			   "tracked ones are accepted");
	fe_lint_witness(l, d, lost);
}

void fe_lint_notrack(struct fe_lint *l)
{
	struct notrack n = {.l = l};

	if (!l->ruleset->tables[FE_RAW].present ||
	    !fe_reach_known(l->reach, FE_RAW))
		return;
	each_notrack(&n, false, gather);
	each_notrack(&n, true, check_masked);
	each_notrack(&n, false, check_direction);
	each_notrack(&n, false, check_nat);
	each_notrack(&n, false, check_accepted);
}
