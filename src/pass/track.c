/*
 * Who needs state (track.h).
 *
 * All of it follows from the effects that extensions declare; the only code
 * is the choice of words.
 */
#include "pass/track.h"

#include "ruleset/ruleset.h"

/* Why a part needs the entry; the first row whose bits are all set counts. */
static const struct {
	unsigned effects;
	const char *text;
} reasons[] = {
	{FE_READS_CT | FE_WRITES_CT, "reads and writes the connection"},
	{FE_READS_CT, "reads the connection's state"},
	{FE_WRITES_CT, "writes to the connection"},
	{FE_TRIGGERS, "switches tracking on"},
};

static bool is_nat(uint8_t action)
{
	return action == FE_ACT_SNAT || action == FE_ACT_DNAT ||
	       action == FE_ACT_MASQUERADE || action == FE_ACT_REDIRECT ||
	       action == FE_ACT_NETMAP;
}

static const char *reason_of(unsigned effects)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if ((effects & reasons[i].effects) == reasons[i].effects)
			return reasons[i].text;
	return "";
}

static const char *why(const struct fe_track_rule *t,
		       const struct fe_part *part, struct fe_arena *arena)
{
	const char *kind = part->ext->kind == FE_TARGET ? "-j" : "-m";

	if (t->maybe)
		return fe_arena_printf(arena,
				       "%s %s is not understood: it may need "
				       "connection tracking",
				       kind, part->ext->name);
	if (t->nat)
		return fe_arena_printf(arena,
				       "-j %s translates addresses by the "
				       "connection",
				       part->ext->name);
	return fe_arena_printf(arena, "%s %s %s", kind, part->ext->name,
			       reason_of(fe_part_effects(part)));
}

/* Notes what one part of a rule has to do with tracking. */
static void look_at(struct fe_track_rule *t, const struct fe_part *part)
{
	unsigned effects = fe_part_effects(part);

	if ((effects & FE_TRIGGERS) && !t->trigger) {
		t->trigger = part;
		t->maybe = fe_ext_is_opaque(part->ext);
	} else if ((effects & FE_TRIGGERS) && t->maybe &&
		   !fe_ext_is_opaque(part->ext)) {
		t->trigger = part;
		t->maybe = false;
	}
	if ((effects & FE_READS_CT) && !t->reads)
		t->reads = part;
	if ((effects & FE_WRITES_CT) && !t->writes)
		t->writes = part;
}

static void look_at_rule(const struct fe_rule *rule, struct fe_arena *arena,
			 struct fe_track *track)
{
	struct fe_track_rule t = {.rule = rule};

	track->n_rules++;
	t.nat = is_nat(rule->action);
	t.untracks = rule->action == FE_ACT_NOTRACK;
	for (unsigned i = 0; i < rule->n_parts; i++)
		look_at(&t, &rule->parts[i]);
	if (!t.trigger && !t.reads && !t.writes && !t.untracks)
		return;
	const struct fe_part *part = t.trigger ? t.trigger
				     : t.reads ? t.reads
				     : t.writes ? t.writes
						: fe_rule_target(rule);
	if (t.untracks && !t.trigger && !t.reads)
		t.why = "leaves packets untracked; does not switch tracking on";
	else
		t.why = why(&t, part, arena);
	if (t.trigger && t.maybe)
		track->n_maybe++;
	else if (t.trigger)
		track->n_triggers++;
	fe_vec_push(&track->rules, t);
}

void fe_track(const struct fe_ruleset *ruleset, struct fe_arena *arena,
	      struct fe_track *track)
{
	*track = (struct fe_track){.family = ruleset->family};
	for (unsigned i = 0; i < ruleset->n_order; i++) {
		const struct fe_table *table =
		    &ruleset->tables[ruleset->order[i]];

		for (size_t c = 0; c < table->chains.n; c++) {
			const struct fe_chain *chain = table->chains.data[c];

			for (size_t r = 0; r < chain->rules.n; r++)
				look_at_rule(chain->rules.data[r], arena,
					     track);
		}
	}
}

void fe_track_free(struct fe_track *track)
{
	fe_vec_free(&track->rules);
}

bool fe_track_is_on(const struct fe_track *track)
{
	return track->n_triggers + track->n_maybe > 0;
}
