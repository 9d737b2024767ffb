/*
 * Packets that two runs of the same traffic decide otherwise, grouped by who
 * decided before and after.
 */
#ifndef FE_DIFFER_H
#define FE_DIFFER_H

#include "report/summary.h"

/* Both summaries must have kept their outcomes. */
void fe_differ_text(const struct fe_summary *before,
		    const struct fe_summary *after,
		    const struct fe_sources *sources, struct fe_out *out);
/* An array of objects. */
void fe_differ_json(const struct fe_summary *before,
		    const struct fe_summary *after,
		    const struct fe_sources *sources, struct fe_out *out);

#endif
