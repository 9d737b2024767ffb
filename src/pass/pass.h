/*
 * Passes: what is asked of rulesets.
 *
 * A pass reads rules and a host, and reports diagnostics or makes a result
 * of its own. pass.def lists the lint passes, one row each.
 */
#ifndef FE_PASS_H
#define FE_PASS_H

#include "host/host.h"
#include "lang/read.h"

struct fe_pass_context {
	const struct fe_rules *rules;
	struct fe_host *host;         /* never NULL; host->known tells */
	struct fe_sources *sources;
	struct fe_diags *diags;       /* findings go here */
	bool owned;                   /* report chains owned by others too */
};

#endif
