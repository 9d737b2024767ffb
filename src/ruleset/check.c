/* The invariants of rule.h, as assertions. */
#include <assert.h>

#include "ruleset/ruleset.h"

static void check_part(const struct fe_part *part)
{
	unsigned rows = 0;

	assert(part->ext);
	if (!part->n)
		return;
	assert(fe_settings(part) && part->ext->opts);
	while (part->ext->opts[rows].name)
		rows++;
	for (uint32_t i = 0; i < part->n; i++)
		assert(fe_settings(part)[i].opt < rows);
}

static void check_rule(const struct fe_rule *rule, const struct fe_chain *chain)
{
	bool opaque = false;
	bool jumps = rule->action == FE_ACT_JUMP || rule->action == FE_ACT_GOTO;

	assert(rule->chain == chain);
	assert(rule->n_parts > 0 && rule->parts[0].ext->kind == FE_BASE);
	for (unsigned i = 0; i < rule->n_parts; i++) {
		const struct fe_part *part = &rule->parts[i];
		bool last = i + 1u == rule->n_parts;
		check_part(part);
		opaque |= fe_ext_is_opaque(part->ext);
		assert(i == 0 || part->ext->kind != FE_BASE);
		assert((part->ext->kind == FE_TARGET) ==
		       (last && fe_rule_target(rule) == part));
	}
	assert(opaque == rule->opaque);
	assert(jumps == (rule->jump != NULL));
	assert(!rule->jump || (rule->jump->table == chain->table &&
			       !rule->jump->builtin && !fe_rule_target(rule)));
	assert((rule->action == FE_ACT_NONE) == (!rule->jump && !fe_rule_target(rule)));
}

static void check_table(const struct fe_table *table)
{
	bool user = false;

	for (size_t c = 0; c < table->chains.n; c++) {
		const struct fe_chain *chain = table->chains.data[c];
		assert(chain->table == table && chain->index == c);
		assert(fe_table_chain(table, fe_str(chain->name)) == chain);
		assert(chain->builtin == (chain->policy != FE_POLICY_NONE));
		assert(!user || !chain->builtin);
		user = !chain->builtin;
		for (size_t i = 0; i < chain->rules.n; i++) {
			assert(chain->rules.data[i]->index == i + 1);
			check_rule(chain->rules.data[i], chain);
		}
	}
}

void fe_ruleset_check(const struct fe_ruleset *ruleset)
{
	unsigned present = 0;

	assert(ruleset->family == 4 || ruleset->family == 6);
	for (unsigned i = 0; i < FE_N_TABLES; i++) {
		const struct fe_table *table = &ruleset->tables[i];
		assert(table->ruleset == ruleset);
		if (!table->present)
			continue;
		present++;
		check_table(table);
	}
	assert(present == ruleset->n_order);
}
