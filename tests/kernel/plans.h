/* Plans on the kernel. See plans.c. */
#ifndef KT_PLANS_H
#define KT_PLANS_H

#include "kt.h"
#include "pass/notrack.h"

struct kt_plan_totals {
	unsigned cases, failed, made, unclear;
	unsigned planted, covered;     /* of the classes due at a level */
	size_t packets, before, after; /* packets; entries */
	size_t differ;		       /* packets, as the level allows */
	unsigned refusals[FE_N_REASONS];
};

/*
 * Plans a case at a level and plays it without and with the plan. Returns
 * false after writing what is wrong.
 */
bool kt_plan_judge(struct kt_pool *pool, struct kt_case *c,
		   const struct kt_play *before, enum fe_plan_level level,
		   struct kt_plan_totals *totals, struct fe_buf *report);
void kt_plan_totals_add(struct kt_plan_totals *to,
			const struct kt_plan_totals *more);
void kt_plan_totals_text(const struct kt_plan_totals *totals, const char *level,
			 struct fe_buf *buf);

#endif
