/* Timelines: one CSV row for each second of packet time. */
#ifndef FE_TIMELINE_H
#define FE_TIMELINE_H

#include "base/out.h"
#include "conntrack/conntrack.h"

struct fe_timeline {
	struct fe_out *out;
	struct fe_conntrack_stats last; /* at the row before */
	bool begun;
};

/* Writes the row of the second that ends now, and of the head before the
 * first. */
void fe_timeline_row(struct fe_timeline *timeline, int64_t second,
		     const struct fe_conntrack *ct);

#endif
