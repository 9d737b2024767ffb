/* The public context: sources, diagnostics, progress. */
#ifndef FE_CONTEXT_H
#define FE_CONTEXT_H

#include <ferrule/ferrule.h>

#include "base/diag.h"
#include "base/out.h"

struct ferrule {
	struct fe_sources *sources;
	struct fe_diags *diags;      /* not yet written */
	ferrule_progress_fn *progress; /* or NULL */
	void *progress_arg;
};

/* Sets out up to write to a public one. */
void fe_out_from_public(struct fe_out *out, const struct ferrule_out *to);
/* Closes it; a write error becomes a diagnostic and FERRULE_UNREADABLE. */
int fe_out_finish(struct ferrule *ferrule, struct fe_out *out);

#endif
