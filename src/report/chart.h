/* Charts: how full the table was, second by second, drawn with letters. */
#ifndef FE_CHART_H
#define FE_CHART_H

#include "base/out.h"
#include "base/vec.h"
#include "conntrack/conntrack.h"

struct fe_chart_point {
	int64_t second;   /* of packet time */
	uint32_t entries; /* when it began */
	uint64_t full;    /* packets dropped for a full table up to then */
};

struct fe_chart {
	FE_VEC(struct fe_chart_point) points; /* by rising second */
};

void fe_chart_add(struct fe_chart *chart, int64_t second,
		  const struct fe_conntrack *ct);
/* Draws it under a title; room is the table's limit, the top of the chart; 0: none,
 * and the top is the most there were. */
void fe_chart_text(const struct fe_chart *chart, const char *title,
		   const struct fe_conntrack_stats *ct, uint32_t room,
		   struct fe_out *out);
void fe_chart_free(struct fe_chart *chart);

#endif
