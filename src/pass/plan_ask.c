/*
 * Conditions 3 and 4 of the proof: alike, and nobody else's (plan_ask.h).
 *
 * For each chain that the class meets, the maps of two states are compared on
 * the class's packets. Where filter alone differs, and accepts in every state
 * that binds, a companion may stand in. At level invalid some comparisons only
 * list what differs.
 */
#include "pass/plan_ask.h"

#include "ruleset/ruleset.h"

static const char *const state_names[] = {
	[FE_CT_INVALID] = "INVALID",
	[FE_CT_NEW] = "NEW",
	[FE_CT_RELATED] = "RELATED",
	[FE_CT_ESTABLISHED] = "ESTABLISHED",
	[FE_CT_UNTRACKED] = "UNTRACKED",
};

static const struct {
	enum fe_table_id table;
	enum fe_hook hook;
} sites[FE_ASK_N_SITES] = {
	{FE_RAW, FE_PREROUTING}, /* of packets by lo, which have a state */
	{FE_MANGLE, FE_PREROUTING}, {FE_MANGLE, FE_INPUT},
	{FE_FILTER, FE_INPUT},      {FE_SECURITY, FE_INPUT},
	{FE_MANGLE, FE_FORWARD},    {FE_FILTER, FE_FORWARD},
	{FE_SECURITY, FE_FORWARD},  {FE_MANGLE, FE_OUTPUT},
	{FE_FILTER, FE_OUTPUT},     {FE_SECURITY, FE_OUTPUT},
	{FE_MANGLE, FE_POSTROUTING},
};

static fe_set meet(struct fe_planner *p, fe_set a, fe_set b)
{
	return fe_set_and(p->space, a, b);
}

const char fe_plan_undecided[] = "not decided: the rules it meets are too many "
				"for the budget";

bool fe_ask_budget_left(struct fe_planner *p, struct fe_proof *proof)
{
	if (!fe_space_exhausted(p->space))
		return true;
	return fe_plan_refuse(p, proof, FE_REFUSED_BUDGET, NULL, FE_SET_EMPTY,
			      "%s", fe_plan_undecided);
}

const struct fe_chain *fe_plan_chain(const struct fe_planner *p,
				     enum fe_table_id id, enum fe_hook hook)
{
	const struct fe_table *table = &p->rules->tables[id];

	for (size_t i = 0; table->present && i < table->chains.n; i++)
		if (table->chains.data[i]->builtin &&
		    table->chains.data[i]->hook == hook)
			return table->chains.data[i];
	return NULL;
}

fe_set fe_ask_proto(struct fe_planner *p, unsigned proto)
{
	return fe_set_range(p->space, FE_F_PROTO, fe_u128(proto),
			    fe_u128(proto));
}

struct plan_site fe_ask_site(const struct fe_planner *p, unsigned i)
{
	return (struct plan_site){
	    sites[i].table, sites[i].hook,
	    fe_plan_chain(p, sites[i].table, sites[i].hook)};
}

static const char *verdict(uint32_t behaviour)
{
	switch (behaviour) {
	case FE_LEAF_ACCEPT:
		return "accepted";
	case FE_LEAF_DROP:
		return "dropped";
	default:
		return "treated";
	}
}

/* Says how a difference looks, and files it as a refusal. */
static bool not_alike(struct fe_planner *p, const struct plan_site *site,
		      const struct plan_compare *cmp, fe_set maps[2],
		      fe_set where, struct fe_proof *proof)
{
	struct fe_box point;
	const struct fe_rule *rule = NULL;
	enum fe_plan_reason reason = cmp->listed ? FE_REFUSED_SHARED
						 : FE_REFUSED_ALIKE;
	uint32_t a = 0, b = 0;

	if (fe_set_witness(p->space, where, &point)) {
		a = fe_map_at(p->space, maps[0], &point);
		b = fe_map_at(p->space, maps[1], &point);
		rule = fe_behave_splits(p->behave, site->chain, &point,
					cmp->tracked, cmp->now);
		if (!rule)
			rule = fe_behave_first_difference(p->behave, a, b);
	}
	const struct fe_rule *ct = NULL;
	if (a && b && fe_behave_leaves(p->behave, a, &ct) &
			  fe_behave_leaves(p->behave, b, &ct)) {
		const struct fe_rule *fork =
		    fe_behave_first_difference(p->behave, a, b);

		if (fork && (fork->effects & FE_SHARES) && !fork->opaque)
			reason = FE_REFUSED_SHARED;
	}
	if (rule && rule->opaque)
		reason = FE_REFUSED_READERS;
	if (reason == FE_REFUSED_SHARED)
		return fe_plan_refuse(
		    p, proof, reason, rule, where,
		    "%s would be counted otherwise by a rule whose state "
		    "other packets share%s%s",
		    cmp->what, rule ? ": see " : "",
		    rule ? fe_plan_place(p, rule) : "");
	if (fe_behave_is_leaf(a) && fe_behave_is_leaf(b) && a != b)
		return fe_plan_refuse(
		    p, proof, reason, rule, where,
		    "%s/%s: %s are %s as %s, %s as %s",
		    fe_table_names[site->table], site->chain->name, cmp->what,
		    verdict(a), state_names[cmp->tracked], verdict(b),
		    state_names[cmp->now]);
	return fe_plan_refuse(
	    p, proof, reason, rule, where,
	    "%s/%s: %s are treated otherwise as %s than as %s",
	    fe_table_names[site->table], site->chain->name, cmp->what,
	    state_names[cmp->tracked], state_names[cmp->now]);
}

void fe_ask_list(struct fe_planner *p, const struct plan_site *site,
			    const struct plan_compare *cmp, fe_set where,
			    struct fe_proof *proof)
{
	struct fe_plan_difference d = {
	    .what = fe_arena_printf(
		p->arena, "%s/%s: %s, %s before, %s now",
		fe_table_names[site->table], site->chain->name, cmp->what,
		state_names[cmp->tracked], state_names[cmp->now]),
	    .witness = fe_plan_witness(p, where),
	};

	fe_vec_push(&proof->differences, d);
}

bool fe_ask_accepts(struct fe_planner *p, fe_set map, fe_set within)
{
	fe_set accept = fe_map_const(p->space, FE_LEAF_ACCEPT);

	return meet(p, within, fe_map_differ(p->space, map, accept)) ==
	       FE_SET_EMPTY;
}

struct share_scan {
	const struct fe_behave *behave;
	bool shares;
};

static uint32_t share_scan(void *arg, uint32_t t)
{
	struct share_scan *scan = arg;

	scan->shares |= t >= FE_LEAF_ACCEPT &&
			fe_behave_shares(scan->behave, t);
	return t;
}

bool fe_ask_shares(struct fe_planner *p, fe_set map, fe_set set)
{
	struct share_scan scan = {.behave = p->behave};

	map = fe_map_if(p->space, set, map,
			fe_map_const(p->space, FE_LEAF_END));
	fe_map_terminals(p->space, map, share_scan, &scan);
	return scan.shares;
}

fe_set fe_ask_map(struct fe_planner *p, struct plan_question *q,
		     enum fe_ctstate state)
{
	if (!q->made[state])
		q->maps[state] = fe_behave_chain(
		    p->behave, q->site.chain, q->within, state,
		    fe_behave_policy(q->site.chain));
	q->made[state] = true;
	return q->maps[state];
}

/* What an untracked packet meets when a companion stands ahead of a rule. */
static fe_set companion_map(struct fe_planner *p, struct plan_question *q,
			    uint32_t at)
{
	if (at == 1)
		return fe_map_const(p->space, FE_LEAF_ACCEPT);
	if (!q->late_made)
		q->late = fe_behave_prefix(p->behave, q->site.chain, at - 1,
					   q->within, FE_CT_UNTRACKED,
					   FE_LEAF_ACCEPT);
	q->late_made = true;
	return q->late;
}

/* Ahead of the first rule that asks for the state: what stands before it does
 * the same to packets of all states. */
static uint32_t late_position(struct fe_planner *p,
			      const struct plan_question *q)
{
	return (uint32_t)fe_behave_stateless(p->behave, q->site.chain) + 1;
}

uint32_t fe_ask_position(struct fe_planner *p, struct plan_question *q,
			 enum fe_ctstate state, fe_set within)
{
	uint32_t late = late_position(p, q);
	fe_set map = fe_ask_map(p, q, state);

	if (fe_ask_accepts(p, map, within))
		return 1;
	if (late == 1)
		return 0;
	map = fe_map_differ(p->space, map, companion_map(p, q, late));
	return meet(p, within, map) == FE_SET_EMPTY &&
	       !fe_space_exhausted(p->space) ? late : 0;
}

/* Whether a companion ahead of that rule would do: in every binding state the
 * chain does what it leads to anyway. If not, *why is a comparison that is in
 * the way, or NULL. */
static bool companion_does(struct fe_planner *p, struct plan_question *q,
			   uint32_t at, const struct plan_compare **why)
{
	fe_set map = companion_map(p, q, at);

	*why = NULL;
	for (size_t i = 0; i < q->n; i++) {
		const struct plan_compare *cmp = &q->compares[i];
		fe_set among = meet(p, q->within, cmp->among);

		if (cmp->listed || cmp->now != FE_CT_UNTRACKED ||
		    among == FE_SET_EMPTY)
			continue;
		if (meet(p, among, fe_map_differ(p->space, map,
						 fe_ask_map(p, q, cmp->tracked))) ==
		    FE_SET_EMPTY)
			continue;
		*why = cmp;
		return false;
	}
	return !fe_space_exhausted(p->space);
}

/* Where a companion would do: at the head, or as far down as states don't
 * matter; 0: nowhere. */
static uint32_t find_place(struct fe_planner *p, struct plan_question *q,
			   const struct plan_compare **why)
{
	uint32_t late;

	*why = NULL;
	if (q->site.table != FE_FILTER)
		return 0;
	if (companion_does(p, q, 1, why))
		return 1;
	late = late_position(p, q);
	return late > 1 && companion_does(p, q, late, why) ? late : 0;
}

/* Says in a refusal why a companion doesn't help: the rule that does more
 * than accept, or that it would accept what is dropped now. */
static void blame_companion(struct fe_planner *p, struct plan_question *q,
			    const struct plan_compare *cmp,
			    struct fe_proof *proof)
{
	fe_set map = fe_ask_map(p, q, cmp->tracked);
	fe_set where = meet(p, meet(p, q->within, cmp->among),
			    fe_map_differ(p->space, map,
					  companion_map(p, q,
							late_position(p, q))));
	const struct fe_rule *rule = NULL;
	struct fe_box point;

	if (fe_set_witness(p->space, where, &point))
		rule = fe_behave_first_rule(
		    p->behave, fe_map_at(p->space, map, &point));
	if (!rule) {
		proof->text = fe_arena_printf(
		    p->arena,
		    "%s; a companion rule would accept what is dropped as %s",
		    proof->text, state_names[cmp->tracked]);
		return;
	}
	if (rule->opaque)
		proof->reason = FE_REFUSED_READERS;
	else if (rule->effects & FE_SHARES)
		proof->reason = FE_REFUSED_SHARED;
	proof->rule = rule;
	proof->witness = fe_plan_witness(p, where);
	proof->text = fe_arena_printf(
	    p->arena, "%s; a companion rule would keep them from %s",
	    proof->text, fe_plan_place(p, rule));
}

static bool compare_at(struct fe_planner *p, struct plan_question *q,
		       const struct plan_compare *cmp, uint32_t companion,
		       struct fe_proof *proof)
{
	fe_set among = meet(p, q->within, cmp->among);
	fe_set maps[2], where;

	if (among == FE_SET_EMPTY)
		return true;
	maps[0] = fe_ask_map(p, q, cmp->tracked);
	maps[1] = companion && cmp->now == FE_CT_UNTRACKED
		      ? companion_map(p, q, companion)
		      : fe_ask_map(p, q, cmp->now);
	where = meet(p, among, fe_map_differ(p->space, maps[0], maps[1]));
	if (!fe_ask_budget_left(p, proof))
		return false;
	if (where == FE_SET_EMPTY)
		return true;
	/* What may differ must not touch state that others read. */
	if (cmp->listed && !fe_ask_shares(p, maps[0], where) &&
	    !fe_ask_shares(p, maps[1], where)) {
		fe_ask_list(p, &q->site, cmp, where, proof);
		return true;
	}
	return not_alike(p, &q->site, cmp, maps, where, proof);
}

bool fe_ask_one(struct fe_planner *p, struct plan_question *q,
		   struct fe_proof *proof)
{
	struct fe_proof first = {.ok = true};
	const struct plan_compare *why = NULL;
	uint32_t companion = 0;

	for (size_t i = 0; i < q->n; i++) {
		if (compare_at(p, q, &q->compares[i], companion, &first))
			continue;
		uint32_t place = 0;

		if (!companion && first.reason != FE_REFUSED_BUDGET)
			place = find_place(p, q, &why);
		if (!place) {
			if (why && q->compares[i].now == FE_CT_UNTRACKED)
				blame_companion(p, q, why, &first);
			first.head_pre = proof->head_pre;
			first.head_out = proof->head_out;
			fe_vec_free(&first.differences);
			fe_vec_free(&proof->differences);
			*proof = first;
			return false;
		}
		/* Once more from the start, with it. */
		companion = place;
		fe_vec_free(&first.differences);
		first = (struct fe_proof){.ok = true};
		i = (size_t)-1;
	}
	if (companion)
		proof->companion[q->site.hook] = companion;
	for (size_t i = 0; i < first.differences.n; i++)
		fe_vec_push(&proof->differences, first.differences.data[i]);
	fe_vec_free(&first.differences);
	return true;
}

fe_set fe_ask_within(struct fe_planner *p, unsigned i,
			  const fe_set at[FE_N_HOOKS])
{
	fe_set within = meet(p, at[sites[i].hook], p->plain);

	if (sites[i].table == FE_RAW)
		within = meet(p, within,
			      fe_behave_iface(p->behave, FE_F_IIF, "lo"));
	return within;
}

bool fe_ask_all(struct fe_planner *p, const fe_set at[FE_N_HOOKS],
		      const struct plan_compare *compares, size_t n,
		      struct fe_proof *proof)
{
	for (unsigned i = 0; i < FE_ASK_N_SITES; i++) {
		struct plan_question q = {
		    .site = fe_ask_site(p, i),
		    .within = fe_ask_within(p, i, at),
		    .compares = compares,
		    .n = n,
		};

		if (!q.site.chain || q.within == FE_SET_EMPTY ||
		    !fe_behave_reads_ct(p->behave, q.site.chain))
			continue;
		if (!fe_ask_one(p, &q, proof))
			return false;
	}
	return true;
}
