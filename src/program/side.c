/*
 * One family's rules, prepared for a run: entry points, counters, private
 * state of matches, and whether tracking is on.
 */
#include "program/machine.h"

#include <stdlib.h>

struct type_finder {
	struct fe_sink sink;
	bool found;
};

static void on_clause(struct fe_sink *sink)
{
	(void)sink;
}

static void on_atom(struct fe_sink *sink, const struct fe_atom *atom)
{
	struct type_finder *f = (struct type_finder *)sink;

	if ((atom->kind == FE_ATOM_RANGE || atom->kind == FE_ATOM_MASK) &&
	    (atom->field == FE_F_SRC_TYPE || atom->field == FE_F_DST_TYPE))
		f->found = true;
}

/* The state of an extension's name, made when it is asked for first. */
static void *named_state(struct fe_side *side, const struct fe_ext *ext,
			 const char *name)
{
	struct fe_str key =
	    fe_str(fe_arena_printf(side->arena, "%s %s", ext->name, name));
	void *state = fe_map_get(&side->named, key);

	if (!state) {
		state = fe_arena_alloc(side->arena, ext->state_size);
		fe_map_set(&side->named, key, state);
	}
	return state;
}

/* A state of the part's own, or the one of its name. */
static void *state_of(struct fe_side *side, const struct fe_part *part)
{
	const struct fe_ext *ext = part->ext;
	void *state = ext->state_name
			  ? named_state(side, ext, ext->state_name(part))
			  : fe_arena_alloc(side->arena, ext->state_size);

	if (ext->state_begin)
		ext->state_begin(part, side->arena, state);
	return state;
}

static void prepare_rule(struct fe_side *side, const struct fe_rule *rule)
{
	struct type_finder f = {.sink = {on_clause, on_atom}};
	uint32_t number = fe_rule_number(side, rule);

	for (uint16_t i = 0; i < rule->n_parts; i++) {
		const struct fe_part *part = &rule->parts[i];
		bool known = part->ext->effects_known;

		if (known && fe_part_effects(part) & FE_TRIGGERS)
			side->tracks = true;
		if (part->ext->kind == FE_TARGET)
			continue;
		fe_part_cover(part, side->family, &f.sink);
		if (!part->ext->state_size)
			continue;
		if (!side->states[number])
			side->states[number] = fe_arena_alloc(
			    side->arena, rule->n_parts * sizeof(void *));
		side->states[number][i] = state_of(side, part);
	}
	side->wants_types |= f.found;
}

static void number_rules(struct fe_side *side, const struct fe_table *table)
{
	size_t n = table->chains.n;

	side->base[table->id] =
	    fe_arena_alloc(side->arena, (n + 1) * sizeof(uint32_t));
	side->policies[table->id] =
	    fe_arena_alloc(side->arena, (n + 1) * sizeof(uint64_t[2]));
	for (size_t i = 0; i < n; i++) {
		const struct fe_chain *chain = table->chains.data[i];
		side->base[table->id][i] = side->n_rules;
		side->n_rules += (uint32_t)chain->rules.n;
		if (chain->builtin)
			side->entry[table->id][chain->hook] = chain;
	}
}

void fe_side_init(struct fe_side *side, unsigned family,
		  const struct fe_ruleset *rules)
{
	side->family = family;
	side->rules = rules;
	side->arena = fe_arena_new();
	if (!rules)
		return;
	for (unsigned t = 0; t < FE_N_TABLES; t++)
		if (rules->tables[t].present)
			number_rules(side, &rules->tables[t]);
	side->counters = fe_calloc((size_t)side->n_rules + 1,
				   2 * sizeof(uint64_t));
	side->states = fe_calloc((size_t)side->n_rules + 1, sizeof(void **));
	side->has_nat = rules->tables[FE_NAT].present;
	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		const struct fe_table *table = &rules->tables[t];
		for (size_t i = 0; table->present && i < table->chains.n; i++)
			for (size_t j = 0; j < table->chains.data[i]->rules.n;
			     j++)
				prepare_rule(
				    side,
				    table->chains.data[i]->rules.data[j]);
	}
}

void fe_side_free(struct fe_side *side)
{
	free(side->counters);
	free(side->states);
	fe_map_free(&side->named);
	fe_arena_free(side->arena);
}

void fe_side_store_counters(const struct fe_side *side,
			    struct fe_ruleset *ruleset)
{
	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		struct fe_table *table = &ruleset->tables[t];
		for (size_t i = 0; table->present && i < table->chains.n; i++) {
			struct fe_chain *chain = table->chains.data[i];
			const uint64_t *c = &side->counters
						 [2ull * side->base[t][i]];
			chain->packets = side->policies[t][i][0];
			chain->bytes = side->policies[t][i][1];
			for (size_t j = 0; j < chain->rules.n; j++, c += 2) {
				chain->rules.data[j]->packets = c[0];
				chain->rules.data[j]->bytes = c[1];
			}
		}
	}
}
