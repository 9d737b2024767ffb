/*
 * Checks of who calls whom: chains that nothing reaches, interfaces that the
 * calling hooks don't have, loops that wait for their first jump, sets that
 * are not there.
 */
#include "pass/lint.h"

#include <string.h>

#include "ext/ipset.h"
#include "ruleset/ruleset.h"

enum {
	NO_IN = 1 << FE_OUTPUT | 1 << FE_POSTROUTING,
	NO_OUT = 1 << FE_PREROUTING | 1 << FE_INPUT,
};

/* FE107 in user chains; in builtin ones reading the rules reports it. */
static void check_interfaces(struct fe_lint *l, const struct fe_rule *rule)
{
	const struct fe_part *base = &rule->parts[0];
	unsigned hooks = rule->chain->hooks;

	if (rule->chain->builtin || !hooks)
		return;
	for (uint32_t i = 0; i < base->n; i++) {
		const struct fe_setting *s = &fe_settings(base)[i];
		bool in = s->opt == FE_BASE_IN;
		if ((!in && s->opt != FE_BASE_OUT) || s->neg ||
		    hooks & ~(unsigned)(in ? NO_IN : NO_OUT))
			continue;
		fe_lint_report(l, FE_LINT_FE107, rule, fe_setting_span(rule, s),
			       "chain '%s' is only reached from hooks that have "
			       "no %s interface: the rule never matches",
			       rule->chain->name, in ? "input" : "output");
	}
}

/* FE207: a chain that no hook reaches; reported at its first rule. */
static void check_reached(struct fe_lint *l, const struct fe_chain *chain)
{
	if (chain->builtin || chain->hooks || !chain->rules.n)
		return;
	fe_lint_report(l, FE_LINT_FE207, chain->rules.data[0], chain->span,
		       chain->n_refs ? "chain '%s' is called from chains only "
				       "that nothing reaches"
				     : "nothing jumps to chain '%s'",
		       chain->name);
}

/* FE109: depth-first from a chain that no hook reaches. */

struct loop_search {
	struct fe_lint *lint;
	uint8_t *seen; /* by chain: 0 new, 1 on the way, 2 done */
	unsigned depth;
};

enum { MAX_DEPTH = 1000 };

static void search_loop(struct loop_search *s, const struct fe_chain *chain)
{
	if (s->depth == MAX_DEPTH)
		return;
	s->depth++;
	s->seen[chain->index] = 1;
	for (size_t i = 0; i < chain->rules.n; i++) {
		const struct fe_rule *rule = chain->rules.data[i];
		if (!rule->jump)
			continue;
		if (!s->seen[rule->jump->index])
			search_loop(s, rule->jump);
		else if (s->seen[rule->jump->index] == 1)
			fe_lint_report(s->lint, FE_LINT_FE109, rule, FE_NO_SPAN,
				       "this closes a circle of chains through "
				       "'%s'; the first jump to it will be "
				       "refused", rule->jump->name);
	}
	s->seen[chain->index] = 2;
	s->depth--;
}

static void check_loops(struct fe_lint *l, const struct fe_table *table)
{
	struct loop_search s = {l, fe_calloc(table->chains.n + 1, 1), 0};

	for (size_t i = 0; i < table->chains.n; i++) {
		const struct fe_chain *chain = table->chains.data[i];
		if (!chain->hooks && !chain->builtin && !s.seen[i])
			search_loop(&s, chain);
	}
	free(s.seen);
}

/* FE108: sets that the given `ipset save` does not hold. */

struct set_sink {
	struct fe_sink sink;
	struct fe_lint *lint;
	const struct fe_rule *rule;
	const struct fe_part *part;
};

static void on_clause(struct fe_sink *sink)
{
	(void)sink;
}

static void on_atom(struct fe_sink *sink, const struct fe_atom *atom)
{
	struct set_sink *s = (struct set_sink *)sink;
	const char *name;

	if (atom->kind != FE_ATOM_IPSET)
		return;
	name = atom->u.ipset->name;
	if (fe_ipsets_find(s->lint->ipsets,
			   (struct fe_str){name, strlen(name)}))
		return;
	fe_lint_report(s->lint, FE_LINT_FE108, s->rule,
		       fe_part_span(s->rule, s->part),
		       "there is no set '%s' among the sets given", name);
}

static void check_sets(struct fe_lint *l, const struct fe_rule *rule)
{
	for (unsigned p = 1; p < rule->n_parts; p++) {
		struct set_sink s = {{on_clause, on_atom}, l, rule,
				     &rule->parts[p]};
		if (s.part != fe_rule_target(rule))
			fe_part_cover(s.part, l->ruleset->family, &s.sink);
	}
}

void fe_lint_chains(struct fe_lint *l)
{
	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		const struct fe_table *table = &l->ruleset->tables[t];
		if (!table->present)
			continue;
		check_loops(l, table);
		for (size_t c = 0; c < table->chains.n; c++) {
			const struct fe_chain *chain = table->chains.data[c];
			check_reached(l, chain);
			for (size_t i = 0; i < chain->rules.n; i++) {
				check_interfaces(l, chain->rules.data[i]);
				if (l->ipsets)
					check_sets(l, chain->rules.data[i]);
			}
		}
	}
}
