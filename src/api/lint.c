/* The public face of lint and explain. */
#include <ferrule/lint.h>

#include <string.h>

#include "api/host.h"
#include "api/rules.h"
#include "pass/lint.h"
#include "report/explain.h"
#include "report/report.h"

static enum fe_format format_of(enum ferrule_lint_format format)
{
	switch (format) {
	case FERRULE_LINT_TTY:
		return FE_FORMAT_TTY;
	case FERRULE_LINT_GCC:
		return FE_FORMAT_GCC;
	case FERRULE_LINT_JSON:
		return FE_FORMAT_JSON;
	case FERRULE_LINT_SARIF:
		return FE_FORMAT_SARIF;
	}
	return FE_FORMAT_TTY;
}

/* Leaves out what is less grave than wanted. */
static void sift(struct fe_diags *diags, enum ferrule_severity show)
{
	size_t n = 0;

	for (size_t i = 0; i < diags->list.n; i++)
		if ((unsigned)diags->list.data[i]->severity <= (unsigned)show)
			diags->list.data[n++] = diags->list.data[i];
	diags->list.n = n;
}

static bool is_grave(const struct fe_diags *diags, enum ferrule_severity from)
{
	for (size_t i = 0; i < diags->list.n; i++)
		if ((unsigned)diags->list.data[i]->severity <= (unsigned)from)
			return true;
	return false;
}

static int read_host(struct ferrule *ferrule, struct fe_host *host,
		     const struct ferrule_host_options *options)
{
	if (options && !fe_host_snapshot(ferrule, host, options))
		return FERRULE_UNREADABLE;
	if (options && !fe_host_options(ferrule, host, options))
		return FERRULE_USAGE;
	return FERRULE_OK;
}

int ferrule_lint(struct ferrule_rules *rules,
		 const struct ferrule_lint_options *options,
		 const struct ferrule_out *to)
{
	struct ferrule *ferrule = rules->ferrule;
	struct fe_host *host = fe_host_new();
	struct fe_pass_context context = {
	    .rules = &rules->rules, .host = host,
	    .sources = ferrule->sources, .diags = ferrule->diags,
	    .owned = options->owned};
	struct fe_report_options report = {.colour = to->colour,
					   .tool_version = ferrule_version()};
	struct fe_out out;
	bool grave;
	int status = read_host(ferrule, host, options->host);

	if (status == FERRULE_OK)
		fe_lint(&context);
	fe_host_free(host);
	if (status != FERRULE_OK)
		return status;
	grave = is_grave(ferrule->diags, options->fail_on);
	sift(ferrule->diags, options->show);
	fe_out_from_public(&out, to);
	fe_report(ferrule->diags, ferrule->sources, format_of(options->format),
		  &report, &out);
	fe_diags_free(ferrule->diags);
	ferrule->diags = fe_diags_new();
	if (fe_out_finish(ferrule, &out))
		return FERRULE_UNREADABLE;
	return grave ? FERRULE_FINDINGS : FERRULE_OK;
}

int ferrule_lint_list(struct ferrule *ferrule, const struct ferrule_out *to)
{
	struct fe_out out;

	fe_out_from_public(&out, to);
	for (unsigned i = 0; i < FE_N_LINTS; i++)
		fe_out_printf(&out, "%s %-28s %-8s %-10s %s\n",
			      fe_lint_checks[i].id, fe_lint_checks[i].name,
			      fe_severity_name(fe_lint_checks[i].severity),
			      fe_confidence_name(fe_lint_checks[i].confidence),
			      fe_lint_checks[i].summary);
	return fe_out_finish(ferrule, &out);
}

int ferrule_explain(struct ferrule *ferrule, const char *topic,
		    const struct ferrule_out *to)
{
	struct fe_out out;

	fe_out_from_public(&out, to);
	if (!fe_explain(topic, &out)) {
		fe_out_close(&out);
		const char *near = fe_explain_nearest(topic);

		ferrule_error(ferrule, "there is no finding, match or target "
				       "'%s'%s%s%s", topic,
			      near ? ": did you mean '" : "", near ? near : "",
			      near ? "'?" : "");
		return FERRULE_USAGE;
	}
	return fe_out_finish(ferrule, &out);
}

int ferrule_explain_manual(struct ferrule *ferrule,
			   const struct ferrule_out *to)
{
	struct fe_out out;

	fe_out_from_public(&out, to);
	fe_explain_manual(&out);
	return fe_out_finish(ferrule, &out);
}
