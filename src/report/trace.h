/*
 * A packet's fate as one JSON object a line: what `run --trace` writes and
 * golden traces of `ferrule test` hold.
 */
#ifndef FE_TRACE_H
#define FE_TRACE_H

#include "base/out.h"
#include "program/engine.h"

struct fe_trace_line {
	uint64_t n;       /* record of the capture, from 0; of the cause, where
			     the packet was generated */
	bool generated;   /* the host made it in answer to record n */
	uint16_t iif;     /* as it came in; 0: sent by the host */
	int64_t time;
	const struct fe_result *result;
};

void fe_trace_put(const struct fe_trace_line *line, const struct fe_host *host,
		  const struct fe_sources *sources, struct fe_out *out);

/* A JSON string. */
void fe_trace_put_string(struct fe_out *out, const char *s);

/* "accept", "drop", ... and "NEW", ..., as the trace has them. */
extern const char *const fe_fate_names[FE_FATE_QUEUE + 1];
extern const char *const fe_ctstate_names[FE_CT_UNTRACKED + 1];

#endif
