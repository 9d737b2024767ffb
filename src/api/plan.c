/* The public face of state and plans. */
#include <ferrule/plan.h>

#include "api/rules.h"
#include "report/state.h"

int ferrule_state(struct ferrule_rules *rules, enum ferrule_plan_format format,
		  const struct ferrule_out *to)
{
	const struct fe_ruleset *both[] = {rules->rules.v4, rules->rules.v6};
	struct fe_arena *arena = fe_arena_new();
	struct fe_track tracks[2];
	struct fe_out out;
	size_t n = 0;

	for (unsigned i = 0; i < 2; i++)
		if (both[i])
			fe_track(both[i], arena, &tracks[n++]);
	fe_out_from_public(&out, to);
	switch (format) {
	case FERRULE_PLAN_TEXT:
		fe_state_text(tracks, n, rules->ferrule->sources, &out);
		break;
	case FERRULE_PLAN_JSON:
		fe_state_json(tracks, n, rules->ferrule->sources, &out);
		break;
	}
	for (size_t i = 0; i < n; i++)
		fe_track_free(&tracks[i]);
	fe_arena_free(arena);
	return fe_out_finish(rules->ferrule, &out);
}
