/* Summaries of runs: what was played, what became of it, what the table
 * did. */
#ifndef FE_SUMMARY_H
#define FE_SUMMARY_H

#include "base/out.h"
#include "program/engine.h"
#include "scenario/traffic.h"

struct fe_summary_drop { /* packets that one decision stopped */
	enum fe_fate fate;
	struct fe_decision by;
	uint64_t packets;
};

#define FE_ACCEPTED UINT32_MAX

struct fe_outcome_of { /* a record, for comparing runs */
	uint32_t number;   /* of the record, from 1 */
	uint32_t drop;     /* index in drops, or FE_ACCEPTED */
};

struct fe_summary {
	uint64_t packets, bytes, generated;
	uint64_t fates[FE_FATE_QUEUE + 1];
	uint64_t local, left;       /* of those accepted */
	int64_t first, last;        /* times; first > last: none */
	FE_VEC(struct fe_summary_drop) drops;
	size_t last_drop;           /* the one met last, to find it at once */
	struct fe_traffic_stats traffic; /* of all inputs */
	struct fe_conntrack_stats ct;
	uint32_t ct_max; /* 0: no limit */
	bool keeps_outcomes;
	FE_VEC(struct fe_outcome_of) outcomes; /* by number, if kept */
	bool tracks[2];             /* IPv4, IPv6 */
	bool has[2];                /* rules of the family */
};

void fe_summary_init(struct fe_summary *summary);
void fe_summary_free(struct fe_summary *summary);
/* number: of the packet's record. */
void fe_summary_count(struct fe_summary *summary, uint64_t number,
		      const struct fe_packet *packet,
		      const struct fe_result *result);
/* "filter/INPUT:3 (rules.v4:12)" */
void fe_summary_put_decision(const struct fe_decision *by,
			     const struct fe_sources *sources,
			     struct fe_out *out);

void fe_summary_text(const struct fe_summary *summary,
		     const struct fe_sources *sources, struct fe_out *out);
void fe_summary_json(const struct fe_summary *summary,
		     const struct fe_sources *sources, struct fe_out *out);
/* Two side by side, and which packets they decide otherwise. */
void fe_summary_compare_text(const struct fe_summary *before,
			     const struct fe_summary *after,
			     const struct fe_sources *sources,
			     struct fe_out *out);
void fe_summary_compare_json(const struct fe_summary *before,
			     const struct fe_summary *after,
			     const struct fe_sources *sources,
			     struct fe_out *out);

#endif
