/* ferrule lint: findings about rules; ferrule explain: what one means. */
#include <ferrule/lint.h>
#include <string.h>

#include "cli/inputs.h"

static bool one_of(const char *word, const char *const *names, unsigned *index)
{
	for (*index = 0; names[*index]; ++*index)
		if (!strcmp(word, names[*index]))
			return true;
	return false;
}

static const char *const formats[] = {"tty", "gcc", "json", "sarif", NULL};
static const char *const severities[] = {"error", "warning", "info", "style",
					 NULL};

struct words {
	const char *format, *fail_on, *show;
};

static int read_words(struct cli *cli, const struct words *w,
		      struct ferrule_lint_options *o)
{
	unsigned i;

	if (!one_of(w->format, formats, &i))
		return cli_usage_error(cli, "--format is tty, gcc, json or "
					    "sarif, not '%s'", w->format);
	o->format = (enum ferrule_lint_format)i;
	if (!one_of(w->fail_on, severities, &i))
		return cli_usage_error(cli, "--fail-on is a severity (error, "
					    "warning, info, style), not '%s'",
				       w->fail_on);
	o->fail_on = (enum ferrule_severity)i;
	if (!one_of(w->show, severities, &i))
		return cli_usage_error(cli, "--severity is error, warning, "
					    "info or style, not '%s'", w->show);
	o->show = (enum ferrule_severity)i;
	return 0;
}

static int run(struct cli *cli, struct cli_inputs *inputs,
	       struct cli_list *operands,
	       struct ferrule_lint_options *options)
{
	int status = cli_inputs_read(cli, inputs, operands);

	if (status)
		return status;
	options->host = &inputs->host;
	status = ferrule_lint(inputs->rules, options, &cli->out);
	return inputs->status ? inputs->status : status;
}

int cmd_lint(struct cli *cli, int argc, char **argv)
{
	struct cli_inputs inputs = {0};
	struct cli_list operands = {0};
	struct words w = {"tty", "warning", "style"};
	struct ferrule_lint_options o = {0};
	bool list = false;
	const struct cli_option options[] = {
	    {0, "format", CLI_STRING, &w.format, "tty|gcc|json|sarif",
	     "how to print the findings"},
	    {0, "fail-on", CLI_STRING, &w.fail_on, "SEVERITY",
	     "exit with 1 from this severity on (default: warning)"},
	    {0, "severity", CLI_STRING, &w.show, "SEVERITY",
	     "print findings from this severity on (default: all)"},
	    {0, "owned", CLI_FLAG, &o.owned, NULL,
	     "report chains that other software owns (DOCKER*, KUBE-*, ...)"},
	    {0, "list", CLI_FLAG, &list, NULL, "print the catalogue of checks"},
	    CLI_INPUT_OPTIONS(&inputs),
	    CLI_HOST_OPTIONS(&inputs),
	    {0},
	};
	int status = cli_parse(cli, argc, argv, "lint [OPTION...] RULES...",
			       options, &operands);

	if (!status && list)
		status = ferrule_lint_list(cli->ferrule, &cli->out);
	else if (!status && !(status = read_words(cli, &w, &o)))
		status = run(cli, &inputs, &operands, &o);
	cli_inputs_free(&inputs);
	cli_list_free(&operands);
	return status < 0 ? FERRULE_OK : status;
}

int cmd_explain(struct cli *cli, int argc, char **argv)
{
	struct cli_list operands = {0};
	bool manual = false;
	const struct cli_option options[] = {
	    {0, "manual", CLI_FLAG, &manual, NULL,
	     "print all matches and targets as ferrule-extensions(7), in roff"},
	    {0},
	};
	int status = cli_parse(cli, argc, argv,
			       "explain [--manual] ID|MATCH|TARGET", options,
			       &operands);

	if (!status && manual && operands.n == 0) {
		status = ferrule_explain_manual(cli->ferrule, &cli->out);
		cli_list_free(&operands);
		return status < 0 ? FERRULE_OK : status;
	}
	if (!status && operands.n != 1)
		status = cli_usage_error(cli, "explain what? (an id such as "
					      "FE301, a match or a target)");
	if (!status)
		status = ferrule_explain(cli->ferrule, operands.items[0],
					 &cli->out);
	cli_list_free(&operands);
	return status < 0 ? FERRULE_OK : status;
}
