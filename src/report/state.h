/* What `ferrule state` prints: who needs connection tracking, and why. */
#ifndef FE_REPORT_STATE_H
#define FE_REPORT_STATE_H

#include "base/out.h"
#include "pass/track.h"

/* Writes n families' answers as text, or as one JSON object. */
void fe_state_text(const struct fe_track *tracks, size_t n,
		   const struct fe_sources *sources, struct fe_out *out);
void fe_state_json(const struct fe_track *tracks, size_t n,
		   const struct fe_sources *sources, struct fe_out *out);

#endif
