/*
 * Checks of rules against rules: what never arrives, what arrives and makes
 * no difference.
 *
 * All of it rests on reach.h: arriving packets are never understated, so a
 * rule that gets none really gets none. Who took them is found afterwards, by
 * going through the rules before it in the same chain.
 */
#include "pass/lint.h"

#include <string.h>

#include "ruleset/ruleset.h"

enum {
	MAX_NOTES = 3,
	LOOK_AHEAD = 200,  /* rules, for one that may be redundant */
	MAX_WORK = 40000,  /* rules looked at, a table */
};

struct shadows {
	struct fe_lint *l;
	uint32_t work;
	struct fe_map texts; /* of the chain's rules, to the first of each */
	struct fe_arena *arena;
	const struct fe_chain *callee; /* whose callers were asked last */
	fe_set asked;
};

static bool is_terminal(const struct fe_rule *rule)
{
	return rule->action == FE_ACT_ACCEPT || rule->action == FE_ACT_DROP;
}

static bool same_target(const struct fe_rule *a, const struct fe_rule *b)
{
	struct fe_buf x = {0}, y = {0};
	bool same;

	if (a->action != b->action || a->jump != b->jump)
		return false;
	if (fe_rule_target(a))
		fe_part_print(fe_rule_target(a), a->chain->table->ruleset->family, &x);
	if (fe_rule_target(b))
		fe_part_print(fe_rule_target(b), a->chain->table->ruleset->family, &y);
	same = !strcmp(fe_buf_text(&x), fe_buf_text(&y));
	fe_buf_free(&x);
	fe_buf_free(&y);
	return same;
}

/* Whether a rule takes packets away from those behind it. */
static bool takes(const struct fe_rule *rule)
{
	switch ((enum fe_action)rule->action) {
	case FE_ACT_ACCEPT: case FE_ACT_DROP: case FE_ACT_QUEUE:
	case FE_ACT_REJECT: case FE_ACT_SNAT: case FE_ACT_DNAT:
	case FE_ACT_MASQUERADE: case FE_ACT_REDIRECT: case FE_ACT_NETMAP:
	case FE_ACT_RETURN: case FE_ACT_GOTO: case FE_ACT_JUMP:
		return true;
	case FE_ACT_OPAQUE: case FE_ACT_LOG: case FE_ACT_MARK:
	case FE_ACT_CONNMARK: case FE_ACT_NOTRACK: case FE_ACT_CT:
	case FE_ACT_MANGLE: case FE_ACT_CONTINUE: case FE_ACT_NONE:
		return false;
	}
	return false;
}

struct takers {
	const struct fe_rule *first[MAX_NOTES];
	unsigned n;
	bool all_same;  /* as the rule itself would have done */
	bool unconditional; /* one takes everything */
};

/* Who took the packets that the rule asks for, of those that enter. */
static struct takers find_takers(struct shadows *s, const struct fe_rule *rule,
				 fe_set wanted)
{
	struct fe_lint *l = s->l;
	struct takers t = {.all_same = true};

	for (uint32_t i = 0; i + 1 < rule->index; i++) {
		const struct fe_rule *by = rule->chain->rules.data[i];
		fe_set must, part;
		if (!takes(by))
			continue;
		must = by->action == FE_ACT_JUMP
			   ? fe_behave_hits(l->behave, by)
			   : fe_behave_must(l->behave, by);
		part = fe_set_and(l->space, wanted, must);
		s->work++;
		if (fe_set_is_empty(part))
			continue;
		t.all_same &= same_target(by, rule);
		if (must == FE_SET_ALL && by->action != FE_ACT_JUMP) {
			t.unconditional = true;
			t.first[0] = by;
			t.n = 1;
			break;
		}
		if (t.n < MAX_NOTES)
			t.first[t.n++] = by;
		if (by->action != FE_ACT_JUMP)
			wanted = fe_set_minus(l->space, wanted, must);
		if (fe_set_is_empty(wanted))
			break;
	}
	return t;
}

/* No packet that the rule asks for arrives at it. */
static void report_dead(struct shadows *s, const struct fe_rule *rule,
			fe_set wanted)
{
	struct fe_lint *l = s->l;
	struct takers t = find_takers(s, rule, wanted);
	struct fe_diag *d;

	if (!t.n)
		return;
	if (t.unconditional)
		d = fe_lint_report(l, FE_LINT_FE206, rule, FE_NO_SPAN,
				   "this rule is never reached");
	else if (t.all_same)
		d = fe_lint_report(l, FE_LINT_FE302, rule, FE_NO_SPAN,
				   "earlier rules do the same to all of its "
				   "packets");
	else
		d = fe_lint_report(l, FE_LINT_FE301, rule, FE_NO_SPAN,
				   "earlier rules decide all of its packets");
	for (unsigned i = 0; i < t.n; i++)
		fe_lint_note(l, d, t.first[i], "they are taken by");
	fe_lint_witness(l, d, wanted);
}

/*
 * What the rules that jump to a chain ask for, all together. Packets that
 * rules ahead of a jump decide are not taken away, but a builtin chain's own
 * conditions (no input interface in OUTPUT) count.
 */
static fe_set asked_by_callers(struct fe_lint *l, const struct fe_chain *chain)
{
	const struct fe_table *table = chain->table;
	fe_set asked = FE_SET_EMPTY;

	if (chain->builtin)
		return fe_reach_into(l->reach, chain);
	for (size_t c = 0; c < table->chains.n; c++) {
		const struct fe_chain *from = table->chains.data[c];
		fe_set into = from->builtin ? fe_reach_into(l->reach, from)
					    : FE_SET_ALL;
		for (size_t i = 0; i < from->rules.n; i++)
			if (from->rules.data[i]->jump == chain)
				asked = fe_set_or(
				    l->space, asked,
				    fe_set_and(l->space, into,
					       fe_behave_hits(
						   l->behave,
						   from->rules.data[i])));
	}
	return asked;
}

/* Nothing that enters its chain satisfies the rule: it contradicts itself or
 * its callers, or rules ahead of the jumps have decided. */
static bool report_contradiction(struct shadows *s, const struct fe_rule *rule,
				 fe_set wanted)
{
	struct fe_lint *l = s->l;
	fe_set hits = fe_behave_hits(l->behave, rule);
	struct fe_diag *d;
	fe_set asked;

	if (!fe_set_is_empty(wanted))
		return false;
	if (s->callee != rule->chain)
		s->asked = asked_by_callers(l, rule->chain);
	s->callee = rule->chain;
	asked = fe_set_and(l->space, hits, s->asked);
	if (!fe_set_is_empty(asked)) {
		d = fe_lint_report(l, FE_LINT_FE301, rule, FE_NO_SPAN,
				   "none of its packets gets into chain '%s': "
				   "rules ahead of it decide them",
				   rule->chain->name);
		fe_lint_witness(l, d, asked);
		return true;
	}
	fe_lint_report(l, FE_LINT_FE201, rule, FE_NO_SPAN,
		       fe_set_is_empty(hits) || rule->chain->builtin
			   ? "no packet satisfies all of its conditions"
			   : "its conditions and those of the jumps to chain "
			     "'%s' exclude each other", rule->chain->name);
	return true;
}

/* Whether the rules behind, and the policy, do the same to its packets. */
static const struct fe_rule *redundant(struct shadows *s,
				       const struct fe_rule *rule, fe_set rest,
				       bool *yes)
{
	struct fe_lint *l = s->l;
	const struct fe_chain *chain = rule->chain;
	const struct fe_rule *last = NULL;
	size_t end = rule->index + LOOK_AHEAD;
	enum fe_policy same = rule->action == FE_ACT_ACCEPT
				  ? FE_POLICY_ACCEPT : FE_POLICY_DROP;

	*yes = false;
	for (size_t i = rule->index; i < chain->rules.n; i++) {
		const struct fe_rule *by = chain->rules.data[i];
		if (i == end || ++s->work > MAX_WORK)
			return NULL;
		if (fe_set_is_empty(fe_set_and(l->space, rest,
					       fe_behave_hits(l->behave, by))))
			continue;
		if (!is_terminal(by) || by->action != rule->action)
			return NULL;
		last = by;
		rest = fe_set_minus(l->space, rest,
				    fe_behave_must(l->behave, by));
		if (fe_set_is_empty(rest)) {
			*yes = true;
			return last;
		}
	}
	*yes = chain->builtin && chain->policy == same;
	return last;
}

/* Asking a match with state of its own has an effect: it cannot go. */
static void check_redundant(struct shadows *s, const struct fe_rule *rule,
			    fe_set hits)
{
	const struct fe_rule *by;
	struct fe_diag *d;
	bool yes;

	if (!is_terminal(rule) || rule->effects & FE_SHARES || rule->opaque ||
	    s->work > MAX_WORK)
		return;
	by = redundant(s, rule, hits, &yes);
	if (!yes)
		return;
	d = fe_lint_report(s->l, FE_LINT_FE302, rule, FE_NO_SPAN,
			   "without it, %s does the same to its packets",
			   by ? "a later rule" : "the policy");
	if (by)
		fe_lint_note(s->l, d, by, "that is");
	fe_lint_witness(s->l, d, hits);
}

/* FE303; true: reported. */
static bool check_duplicate(struct shadows *s, const struct fe_rule *rule)
{
	struct fe_buf buf = {0};
	const struct fe_rule *first;
	struct fe_diag *d;
	struct fe_str key;

	fe_rule_print(rule, &buf);
	key.s = fe_arena_strdup(s->arena, fe_buf_text(&buf));
	key.len = strlen(key.s);
	fe_buf_free(&buf);
	first = fe_map_get(&s->texts, key);
	if (!first) {
		fe_map_set(&s->texts, key, (void *)rule);
		return false;
	}
	d = fe_lint_report(s->l, FE_LINT_FE303, rule, FE_NO_SPAN,
			   "the same rule stands in the chain before");
	fe_lint_note(s->l, d, first, "it is");
	return true;
}

static void check_rule(struct shadows *s, const struct fe_rule *rule)
{
	struct fe_lint *l = s->l;
	fe_set may = fe_behave_hits(l->behave, rule);
	fe_set into = fe_reach_into(l->reach, rule->chain);
	fe_set wanted = fe_set_and(l->space, may, into);
	fe_set hits = fe_set_and(l->space, may, fe_reach_at(l->reach, rule));

	if (check_duplicate(s, rule) || fe_set_is_empty(into) ||
	    fe_space_exhausted(l->space))
		return;
	if (report_contradiction(s, rule, wanted))
		return;
	if (fe_set_is_empty(hits))
		report_dead(s, rule, wanted);
	else
		check_redundant(s, rule, hits);
}

void fe_lint_shadows(struct fe_lint *l)
{
	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		const struct fe_table *table = &l->ruleset->tables[t];
		struct shadows s = {.l = l, .arena = fe_arena_new()};
		for (size_t c = 0; table->present && c < table->chains.n; c++) {
			const struct fe_chain *chain = table->chains.data[c];
			for (size_t i = 0; i < chain->rules.n; i++)
				if (fe_reach_known(l->reach, table->id))
					check_rule(&s, chain->rules.data[i]);
				else
					check_duplicate(&s,
							chain->rules.data[i]);
			fe_map_free(&s.texts);
		}
		fe_arena_free(s.arena);
	}
}
