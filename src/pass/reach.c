/*
 * Reachability (reach.h): a forward walk that remembers, for a chain and the
 * packets that enter it, which ones come back.
 */
#include "pass/reach.h"

#include <string.h>

#include "ruleset/ruleset.h"

enum {
	MAX_DEPTH = 400,    /* of nested chains */
	BUDGET = 3000000,   /* nodes */
	MAX_STEPS = 400000, /* rules looked at, a table */
	NODES = 60000,      /* of one set that goes on growing */
};

struct call { /* a walk that was done: what came back */
	const struct fe_chain *chain;
	fe_set in, out;
};

struct reach_chain {
	fe_set into;
	fe_set *at;      /* of each rule */
	bool active;     /* being walked: a loop comes by */
};

struct fe_reach {
	const struct fe_ruleset *ruleset;
	struct fe_arena *arena;
	struct fe_behave *behave;
	struct fe_space *space;
	struct reach_chain *chains[FE_N_TABLES];
	bool gave_up[FE_N_TABLES];
	FE_VEC(struct call) calls;
	unsigned depth;
	uint32_t steps;
};

static struct reach_chain *of(const struct fe_reach *r,
			      const struct fe_chain *chain)
{
	return &r->chains[chain->table->id][chain->index];
}

static fe_set forget(struct fe_reach *r, fe_set set, enum fe_field from,
		     enum fe_field to)
{
	for (unsigned f = from; f <= to; f++)
		set = fe_set_exists(r->space, set, (enum fe_field)f);
	return set;
}

/* What matching packets look like behind a rule that lets them go on. */
static fe_set changed(struct fe_reach *r, const struct fe_rule *rule,
		      fe_set match)
{
	if (!fe_rule_target(rule))
		return match;
	if (fe_ext_is_opaque(fe_rule_target(rule)->ext) || rule->action == FE_ACT_OPAQUE)
		return FE_SET_ALL;
	switch ((enum fe_action)rule->action) {
	case FE_ACT_MARK:
		return forget(r, match, FE_F_MARK, FE_F_MARK);
	case FE_ACT_CONNMARK:
		match = forget(r, match, FE_F_MARK, FE_F_MARK);
		return forget(r, match, FE_F_CTMARK, FE_F_CTMARK);
	case FE_ACT_NOTRACK: case FE_ACT_CT:
		return forget(r, match, FE_F_CTSTATE, FE_F_CTEXPIRE);
	case FE_ACT_MANGLE: /* at most these */
		return forget(r, match, FE_F_TCP_FLAGS, FE_F_TOS);
	case FE_ACT_OPAQUE: case FE_ACT_ACCEPT: case FE_ACT_DROP:
	case FE_ACT_QUEUE: case FE_ACT_RETURN: case FE_ACT_REJECT:
	case FE_ACT_LOG: case FE_ACT_SNAT: case FE_ACT_DNAT:
	case FE_ACT_MASQUERADE: case FE_ACT_REDIRECT: case FE_ACT_NETMAP:
	case FE_ACT_CONTINUE: case FE_ACT_JUMP: case FE_ACT_GOTO:
	case FE_ACT_NONE:
		return match;
	}
	return match;
}

static fe_set walk(struct fe_reach *r, const struct fe_chain *chain,
		   fe_set in);

/* A match may write the mark (socket), whether the rule then matches or not. */
static bool matches_mangle(const struct fe_rule *rule)
{
	for (unsigned i = 0; i < rule->n_parts; i++)
		if (rule->parts[i].ext->kind == FE_MATCH &&
		    (fe_part_effects(&rule->parts[i]) & FE_MANGLES))
			return true;
	return false;
}

/* One rule: *in goes on to the next, *out comes back from the chain. */
static void step(struct fe_reach *r, const struct fe_rule *rule, fe_set *in,
		 fe_set *out)
{
	struct fe_space *space = r->space;
	fe_set match = fe_set_and(space, *in, fe_behave_hits(r->behave, rule));
	fe_set rest;

	if (matches_mangle(rule))
		*in = match = forget(r, *in, FE_F_MARK, FE_F_MARK);
	if (fe_set_is_empty(match))
		return;
	rest = fe_set_minus(space, *in, fe_behave_must(r->behave, rule));
	switch ((enum fe_action)rule->action) {
	case FE_ACT_ACCEPT: case FE_ACT_DROP: case FE_ACT_QUEUE:
	case FE_ACT_REJECT: case FE_ACT_SNAT: case FE_ACT_DNAT:
	case FE_ACT_MASQUERADE: case FE_ACT_REDIRECT: case FE_ACT_NETMAP:
		*in = rest;
		return;
	case FE_ACT_RETURN:
		*out = fe_set_or(space, *out, match);
		*in = rest;
		return;
	case FE_ACT_JUMP:
		*in = fe_set_or(space, rest, walk(r, rule->jump, match));
		return;
	case FE_ACT_GOTO:
		*out = fe_set_or(space, *out, walk(r, rule->jump, match));
		*in = rest;
		return;
	case FE_ACT_OPAQUE: case FE_ACT_LOG: case FE_ACT_MARK:
	case FE_ACT_CONNMARK: case FE_ACT_NOTRACK: case FE_ACT_CT:
	case FE_ACT_MANGLE: case FE_ACT_CONTINUE: case FE_ACT_NONE:
		*in = fe_set_or(space, rest, changed(r, rule, match));
		return;
	}
}

static bool remembered(const struct fe_reach *r, const struct fe_chain *chain,
		       fe_set in, fe_set *out)
{
	for (size_t i = r->calls.n; i-- > 0;) {
		const struct call *c = &r->calls.data[i];
		if (c->chain != chain || c->in != in)
			continue;
		*out = c->out;
		return true;
	}
	return false;
}

static bool too_much(const struct fe_reach *r)
{
	return r->depth > MAX_DEPTH || r->steps > MAX_STEPS ||
	       fe_space_exhausted(r->space);
}

static fe_set walk(struct fe_reach *r, const struct fe_chain *chain, fe_set in)
{
	struct reach_chain *rc = of(r, chain);
	fe_set out = FE_SET_EMPTY, all = in;

	if (remembered(r, chain, in, &out))
		return out;
	if (rc->active || too_much(r)) {
		r->gave_up[chain->table->id] = true;
		return FE_SET_ALL;
	}
	rc->active = true;
	r->depth++;
	rc->into = fe_set_or(r->space, rc->into, in);
	for (size_t i = 0; i < chain->rules.n && !fe_set_is_empty(in); i++) {
		rc->at[i] = fe_set_or(r->space, rc->at[i], in);
		step(r, chain->rules.data[i], &in, &out);
		if (++r->steps % 64 == 0 && fe_set_nodes(r->space, in) > NODES)
			r->steps = MAX_STEPS;
		if (too_much(r)) {
			r->gave_up[chain->table->id] = true;
			break;
		}
	}
	r->depth--;
	rc->active = false;
	out = fe_set_or(r->space, out, in);
	fe_vec_push(&r->calls, (struct call){chain, all, out});
	return out;
}

/* No packet is shorter than its IP header, and there are five states. */
static fe_set possible(struct fe_reach *r)
{
	uint64_t header = r->ruleset->family == 4 ? 20 : 40;

	return fe_set_and(r->space,
			  fe_set_range(r->space, FE_F_CTSTATE, fe_u128(0),
				       fe_u128(FE_CT_UNTRACKED)),
			  fe_set_range(r->space, FE_F_LENGTH, fe_u128(header),
				       (struct fe_u128){0, UINT32_MAX}));
}

/* Incoming packets have no output interface yet, and so on. */
static fe_set entering(struct fe_reach *r, enum fe_hook hook)
{
	fe_set none_in =
	    fe_set_range(r->space, FE_F_IIF, fe_u128(0), fe_u128(0));
	fe_set none_out =
	    fe_set_range(r->space, FE_F_OIF, fe_u128(0), fe_u128(0));
	fe_set all = possible(r);

	switch (hook) {
	case FE_PREROUTING: case FE_INPUT:
		return fe_set_and(r->space, all, none_out);
	case FE_OUTPUT:
		return fe_set_and(r->space, all, none_in);
	case FE_POSTROUTING: case FE_FORWARD: case FE_N_HOOKS:
		break;
	}
	return all;
}

static void walk_table(struct fe_reach *r, const struct fe_table *table)
{
	size_t n = table->chains.n;

	r->chains[table->id] = fe_new_n(r->arena, struct reach_chain, n + 1);
	for (size_t i = 0; i < n; i++)
		r->chains[table->id][i].at =
		    fe_new_n(r->arena, fe_set,
			     table->chains.data[i]->rules.n + 1);
	r->steps = 0;
	r->calls.n = 0;
	for (size_t i = 0; i < n; i++)
		if (table->chains.data[i]->builtin)
			walk(r, table->chains.data[i],
			     entering(r, table->chains.data[i]->hook));
}

struct fe_reach *fe_reach_new(const struct fe_ruleset *ruleset,
			      const struct fe_ipsets *ipsets)
{
	struct fe_reach *r = fe_calloc(1, sizeof(*r));

	r->ruleset = ruleset;
	r->arena = fe_arena_new();
	r->behave = fe_behave_new(ruleset, ipsets, BUDGET);
	r->space = fe_behave_space(r->behave);
	for (unsigned t = 0; t < FE_N_TABLES; t++)
		if (ruleset->tables[t].present)
			walk_table(r, &ruleset->tables[t]);
	return r;
}

void fe_reach_free(struct fe_reach *r)
{
	if (!r)
		return;
	fe_vec_free(&r->calls);
	fe_behave_free(r->behave);
	fe_arena_free(r->arena);
	free(r);
}

struct fe_behave *fe_reach_behave(struct fe_reach *r)
{
	return r->behave;
}

bool fe_reach_known(const struct fe_reach *r, enum fe_table_id table)
{
	return r->chains[table] && !r->gave_up[table] &&
	       !fe_space_exhausted(r->space);
}

fe_set fe_reach_at(const struct fe_reach *r, const struct fe_rule *rule)
{
	return of(r, rule->chain)->at[rule->index - 1];
}

fe_set fe_reach_into(const struct fe_reach *r, const struct fe_chain *chain)
{
	return of(r, chain)->into;
}
