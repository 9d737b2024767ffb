/*
 * Rulesets: making and taking apart.
 *
 * Everything lives in the ruleset's arena but the vectors and maps, which
 * grow. Chains that a command removes stay in the arena, unreachable.
 */
#include "ruleset/ruleset.h"

#include <assert.h>
#include <string.h>

const char *const fe_table_names[FE_N_TABLES] = {
    [FE_RAW] = "raw",       [FE_MANGLE] = "mangle",     [FE_NAT] = "nat",
    [FE_FILTER] = "filter", [FE_SECURITY] = "security",
};

const char *const fe_hook_names[FE_N_HOOKS] = {
    [FE_PREROUTING] = "PREROUTING", [FE_INPUT] = "INPUT",
    [FE_FORWARD] = "FORWARD",       [FE_OUTPUT] = "OUTPUT",
    [FE_POSTROUTING] = "POSTROUTING",
};

const uint8_t fe_table_hooks[FE_N_TABLES] = {
    [FE_RAW] = 1 << FE_PREROUTING | 1 << FE_OUTPUT,
    [FE_MANGLE] = 1 << FE_PREROUTING | 1 << FE_INPUT | 1 << FE_FORWARD |
		  1 << FE_OUTPUT | 1 << FE_POSTROUTING,
    [FE_NAT] = 1 << FE_PREROUTING | 1 << FE_INPUT | 1 << FE_OUTPUT |
	       1 << FE_POSTROUTING,
    [FE_FILTER] = 1 << FE_INPUT | 1 << FE_FORWARD | 1 << FE_OUTPUT,
    [FE_SECURITY] = 1 << FE_INPUT | 1 << FE_FORWARD | 1 << FE_OUTPUT,
};

int fe_table_find(struct fe_str name)
{
	for (int i = 0; i < FE_N_TABLES; i++)
		if (fe_str_is(name, fe_table_names[i]))
			return i;
	return -1;
}

struct fe_ruleset *fe_ruleset_new(unsigned family, struct fe_sources *sources)
{
	struct fe_arena *arena = fe_arena_new();
	struct fe_ruleset *ruleset = fe_new(arena, struct fe_ruleset);

	assert(family == 4 || family == 6);
	ruleset->family = family;
	ruleset->arena = arena;
	ruleset->sources = sources;
	for (unsigned i = 0; i < FE_N_TABLES; i++) {
		ruleset->tables[i].id = (enum fe_table_id)i;
		ruleset->tables[i].ruleset = ruleset;
		ruleset->tables[i].span = FE_NO_SPAN;
		ruleset->tables[i].commit = UINT32_MAX;
	}
	return ruleset;
}

void fe_ruleset_free(struct fe_ruleset *ruleset)
{
	if (!ruleset)
		return;
	for (unsigned i = 0; i < FE_N_TABLES; i++) {
		struct fe_table *table = &ruleset->tables[i];
		for (size_t c = 0; c < table->chains.n; c++)
			fe_vec_free(&table->chains.data[c]->rules);
		fe_vec_free(&table->chains);
		fe_map_free(&table->by_name);
	}
	fe_vec_free(&ruleset->comments);
	fe_map_free(&ruleset->opaque_matches);
	fe_map_free(&ruleset->opaque_targets);
	fe_arena_free(ruleset->arena);
}

static struct fe_chain *add_chain(struct fe_table *table, struct fe_str name)
{
	struct fe_arena *arena = table->ruleset->arena;
	struct fe_chain *chain = fe_new(arena, struct fe_chain);
	char *copy = fe_arena_strndup(arena, name.s, name.len);

	chain->name = copy;
	chain->table = table;
	chain->span = FE_NO_SPAN;
	chain->index = (uint32_t)table->chains.n;
	fe_vec_push(&table->chains, chain);
	fe_map_set(&table->by_name, (struct fe_str){copy, name.len}, chain);
	return chain;
}

struct fe_table *fe_ruleset_table(struct fe_ruleset *ruleset,
				  enum fe_table_id id)
{
	struct fe_table *table = &ruleset->tables[id];

	if (table->present)
		return table;
	table->present = true;
	ruleset->order[ruleset->n_order++] = id;
	for (unsigned h = 0; h < FE_N_HOOKS; h++) {
		if (!(fe_table_hooks[id] & 1u << h))
			continue;
		struct fe_chain *c = add_chain(table, fe_str(fe_hook_names[h]));
		c->builtin = true;
		c->hook = (enum fe_hook)h;
		c->policy = FE_POLICY_ACCEPT;
	}
	return table;
}

struct fe_chain *fe_table_chain(const struct fe_table *table,
				struct fe_str name)
{
	return fe_map_get(&table->by_name, name);
}

struct fe_chain *fe_table_add_chain(struct fe_table *table, struct fe_str name,
				    struct fe_span span)
{
	assert(!fe_table_chain(table, name));
	struct fe_chain *chain = add_chain(table, name);
	chain->span = span;
	return chain;
}

/* Makes by_name anew; maps have no removal, and removal is rare. */
static void index_chains(struct fe_table *table)
{
	fe_map_free(&table->by_name);
	for (size_t i = 0; i < table->chains.n; i++) {
		struct fe_chain *c = table->chains.data[i];
		c->index = (uint32_t)i;
		fe_map_set(&table->by_name, fe_str(c->name), c);
	}
}

void fe_table_clear(struct fe_table *table)
{
	size_t n = 0;

	for (size_t i = 0; i < table->chains.n; i++) {
		struct fe_chain *c = table->chains.data[i];
		fe_vec_free(&c->rules);
		if (c->builtin)
			table->chains.data[n++] = c;
	}
	table->chains.n = n;
	index_chains(table);
}

void fe_table_remove_chains(struct fe_table *table,
			    struct fe_chain *const *chains, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		assert(!chains[i]->builtin && !chains[i]->rules.n);
		fe_vec_free(&chains[i]->rules);
		fe_map_set(&table->by_name, fe_str(chains[i]->name), NULL);
		chains[i]->index = UINT32_MAX; /* goes */
	}
	for (size_t i = 0; i < table->chains.n; i++) {
		struct fe_chain *c = table->chains.data[i];
		if (c->index == UINT32_MAX)
			continue;
		c->index = (uint32_t)kept;
		table->chains.data[kept++] = c;
	}
	table->chains.n = kept;
}

void fe_table_rename_chain(struct fe_table *table, struct fe_chain *chain,
			   struct fe_str name)
{
	assert(!chain->builtin && !fe_table_chain(table, name));
	chain->name = fe_arena_strndup(table->ruleset->arena, name.s, name.len);
	index_chains(table);
}

struct fe_span fe_setting_span(const struct fe_rule *rule,
			       const struct fe_setting *setting)
{
	struct fe_span span = rule->span;

	if (setting->off == UINT16_MAX)
		return span;
	span.off += setting->off;
	span.len = setting->len;
	return span;
}

struct fe_span fe_part_span(const struct fe_rule *rule,
			    const struct fe_part *part)
{
	struct fe_span span = rule->span;

	if (part->off == UINT16_MAX || part->ext->kind == FE_BASE)
		return span;
	span.off += part->off;
	span.len = part->len;
	return span;
}

const struct fe_setting *fe_part_setting(const struct fe_part *part,
					 unsigned opt)
{
	for (uint32_t i = 0; i < part->n; i++)
		if (fe_settings(part)[i].opt == opt)
			return &fe_settings(part)[i];
	return NULL;
}
