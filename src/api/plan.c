/* The public face of state and plans. */
#include <ferrule/plan.h>

#include <stdlib.h>
#include <string.h>

#include "api/host.h"
#include "api/rules.h"
#include "pass/notrack.h"
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

struct ferrule_plan {
	struct ferrule *ferrule; /* its context */
	struct fe_host *host;    /* what the planner was told of the host */
	struct fe_plan *plan;
};

static int fill_host(struct ferrule *ferrule, struct fe_host *host,
		     const struct ferrule_plan_options *options)
{
	if (options->host && !fe_host_snapshot(ferrule, host, options->host))
		return FERRULE_UNREADABLE;
	if (options->host && !fe_host_options(ferrule, host, options->host))
		return FERRULE_USAGE;
	return FERRULE_OK;
}

struct ferrule_plan *
ferrule_plan_new(struct ferrule_rules *rules,
		 const struct ferrule_plan_options *options, int *status)
{
	struct ferrule *ferrule = rules->ferrule;
	struct ferrule_plan *plan = fe_calloc(1, sizeof(*plan));
	struct fe_pass_context context = {
	    .rules = &rules->rules,
	    .host = fe_host_new(),
	    .sources = ferrule->sources,
	    .diags = ferrule->diags,
	};
	const struct fe_plan_options plan_options = {
	    .level = options->level == FERRULE_LEVEL_NONE ? FE_LEVEL_NONE
							  : FE_LEVEL_INVALID,
	    .max_rules = options->max_rules,
	    .assume_tracked = options->assume_tracked,
	    .no_check = options->no_check,
	};

	plan->ferrule = ferrule;
	plan->host = context.host;
	*status = fill_host(ferrule, plan->host, options);
	if (!*status && ferrule->diags->n_errors) {
		/* Nothing is proved about rules that were not read. */
		ferrule_error(ferrule, "no plan is made for rules with errors");
		*status = FERRULE_UNREADABLE;
	}
	if (!*status) {
		plan->plan = fe_plan_make(&context, &plan_options);
		if (!plan->plan)
			*status = FERRULE_INTERNAL;
	}
	if (plan->plan)
		return plan;
	ferrule_plan_free(plan);
	return NULL;
}

void ferrule_plan_free(struct ferrule_plan *plan)
{
	if (!plan)
		return;
	fe_plan_free(plan->plan);
	fe_host_free(plan->host);
	free(plan);
}

bool ferrule_plan_has_rules(const struct ferrule_plan *plan, unsigned family)
{
	if (family)
		return fe_plan_has_rules(plan->plan, family);
	return fe_plan_has_rules(plan->plan, 4) ||
	       fe_plan_has_rules(plan->plan, 6);
}

bool ferrule_plan_has_family(const struct ferrule_plan *plan, unsigned family)
{
	return plan->plan->families[family == 6].given;
}

int ferrule_plan_print(struct ferrule_plan *plan, unsigned family,
		       const struct ferrule_out *to)
{
	struct fe_out out;

	fe_out_from_public(&out, to);
	fe_plan_print(plan->plan, family, false, &out);
	return fe_out_finish(plan->ferrule, &out);
}

int ferrule_plan_print_rollback(struct ferrule_plan *plan, unsigned family,
				const struct ferrule_out *to)
{
	struct fe_out out;

	fe_out_from_public(&out, to);
	fe_plan_print_rollback(plan->plan, family, &out);
	return fe_out_finish(plan->ferrule, &out);
}

int ferrule_plan_print_flush(struct ferrule_plan *plan,
			     const struct ferrule_out *to)
{
	struct fe_out out;

	fe_out_from_public(&out, to);
	fe_plan_print_flush(plan->plan, &out);
	return fe_out_finish(plan->ferrule, &out);
}

int ferrule_plan_print_json(struct ferrule_plan *plan,
			    const struct ferrule_out *to)
{
	struct fe_out out;

	fe_out_from_public(&out, to);
	fe_plan_print_json(plan->plan, &out);
	return fe_out_finish(plan->ferrule, &out);
}
