/*
 * Reports: diagnostics as people and machines read them.
 */
#ifndef FE_REPORT_H
#define FE_REPORT_H

#include "base/diag.h"
#include "base/out.h"

enum fe_format { FE_FORMAT_TTY, FE_FORMAT_GCC, FE_FORMAT_JSON,
		 FE_FORMAT_SARIF };

struct fe_report_options {
	bool colour;
	const char *tool_version;
};

/* Writes all diagnostics of a list in one document of the format. */
void fe_report(const struct fe_diags *diags, const struct fe_sources *sources,
	       enum fe_format format, const struct fe_report_options *options,
	       struct fe_out *out);

#endif
