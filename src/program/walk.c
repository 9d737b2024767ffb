/*
 * A walk through one table's chain, as ipt_do_table does it: jumps push where
 * to go on, goto doesn't, the end of a user chain pops, and the end of the
 * builtin chain, or RETURN in it, is the policy.
 */
#include "program/compile.h"

static void count_policy(struct fe_life *l, const struct fe_chain *chain)
{
	uint64_t *c = l->side->policies[chain->table->id][chain->index];

	c[0]++;
	c[1] += l->p->length;
}

static void tell_step(struct fe_life *l, const struct fe_chain *chain,
		      const struct fe_rule *rule)
{
	const struct fe_observer *o = &l->e->observer;

	if (o->step)
		o->step(o->arg, l->p, l->hook, chain, rule);
}

static void decide(struct fe_life *l, const struct fe_chain *chain,
		   const struct fe_rule *rule, enum fe_verdict verdict)
{
	bool filter = chain->table->id == FE_FILTER;

	if (verdict != FE_V_ACCEPT || filter)
		l->r.by = (struct fe_decision){rule, chain, NULL, l->hook};
}

static enum fe_verdict policy(struct fe_life *l, const struct fe_chain *chain)
{
	enum fe_verdict v = chain->policy == FE_POLICY_DROP ? FE_V_DROP
							    : FE_V_ACCEPT;

	count_policy(l, chain);
	tell_step(l, chain, NULL);
	decide(l, chain, NULL, v);
	return v;
}

/* The next rule of the chain that matches, or its end. */
static const struct fe_rule *next_match(struct fe_life *l,
					const struct fe_chain *chain,
					uint32_t *i, bool *hotdrop)
{
	const struct fe_program *program = l->side->program;
	uint32_t base = l->side->base[chain->table->id][chain->index];
	uint32_t end = base + (uint32_t)chain->rules.n;
	struct fe_gate_values values;

	if (program)
		fe_gate_values(&values, l->p);
	for (; *i < chain->rules.n; ++*i) {
		const struct fe_rule *rule;
		uint32_t number = base + *i;
		enum fe_answer answer;

		if (program)
			number = fe_program_skip(program, number, end, &values);
		*i = number - base;
		if (number == end)
			break;
		rule = chain->rules.data[*i];
		answer =
		    program ? fe_program_match(program, number, l->p)
			    : fe_naive_match(l->e, l->side, rule, number, l->p);

		if (answer == FE_HOTDROP) {
			*hotdrop = true;
			return rule;
		}
		if (answer == FE_DUNNO)
			l->e->n_unknown++;
		if (answer != FE_YES)
			continue;
		l->side->counters[2 * number]++;
		l->side->counters[2 * number + 1] += l->p->length;
		++*i;
		return rule;
	}
	return NULL;
}

/* Leaves a user chain; false: there is nowhere to go back to. */
static bool pop(struct fe_engine *e, size_t bottom, struct fe_frame *at)
{
	if (e->stack.n == bottom)
		return false;
	*at = e->stack.data[--e->stack.n];
	return true;
}

/* Follows what a matching rule says; true: the walk goes on at *at. */
static bool follow(struct fe_life *l, const struct fe_rule *rule,
		   size_t bottom, struct fe_frame *at, enum fe_verdict *verdict)
{
	bool go_on = true;

	switch ((enum fe_action)rule->action) {
	case FE_ACT_JUMP:
		fe_vec_push(&l->e->stack, *at);
		*at = (struct fe_frame){rule->jump, 0};
		return true;
	case FE_ACT_GOTO:
		*at = (struct fe_frame){rule->jump, 0};
		return true;
	case FE_ACT_RETURN:
		if (pop(l->e, bottom, at))
			return true;
		at->chain = NULL;
		return true;
	case FE_ACT_ACCEPT: case FE_ACT_DROP: case FE_ACT_QUEUE:
	case FE_ACT_OPAQUE: case FE_ACT_REJECT: case FE_ACT_LOG:
	case FE_ACT_MARK: case FE_ACT_CONNMARK: case FE_ACT_NOTRACK:
	case FE_ACT_CT: case FE_ACT_SNAT: case FE_ACT_DNAT:
	case FE_ACT_MASQUERADE: case FE_ACT_REDIRECT: case FE_ACT_NETMAP:
	case FE_ACT_MANGLE: case FE_ACT_CONTINUE: case FE_ACT_NONE:
		*verdict = fe_act(l, rule, &go_on);
		if (!go_on)
			decide(l, rule->chain, rule, *verdict);
		return go_on;
	}
	return true;
}

/* Chains that jump to the next one twice each take 2^n steps: a kernel would
 * hang there, this engine says so. */
static enum fe_verdict give_up(struct fe_life *l)
{
	l->r.by = (struct fe_decision){NULL, NULL, "no end of jumps", l->hook};
	return FE_V_DROP;
}

enum fe_verdict fe_walk(struct fe_life *l, enum fe_table_id table)
{
	const struct fe_chain *builtin = l->side->entry[table][l->hook];
	struct fe_frame at = {builtin, 0};
	size_t bottom = l->e->stack.n;
	enum fe_verdict verdict = FE_V_ACCEPT;
	bool hotdrop = false;
	uint32_t n_jumps = 0;

	if (!builtin)
		return FE_V_ACCEPT;
	if (l->e->stuck)
		return give_up(l);
	for (;;) {
		const struct fe_rule *rule =
		    next_match(l, at.chain, &at.next, &hotdrop);

		if (hotdrop) {
			decide(l, at.chain, rule, FE_V_DROP);
			verdict = FE_V_DROP;
			break;
		}
		if (rule && rule->jump && ++n_jumps > FE_MAX_JUMPS) {
			l->e->stuck = rule;
			verdict = give_up(l);
			break;
		}
		if (rule) {
			tell_step(l, at.chain, rule);
			if (!follow(l, rule, bottom, &at, &verdict))
				break;
		} else if (!pop(l->e, bottom, &at)) {
			at.chain = NULL;
		}
		if (!at.chain) {
			verdict = policy(l, builtin);
			break;
		}
	}
	l->e->stack.n = bottom;
	return verdict;
}
