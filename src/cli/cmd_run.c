/* ferrule run: plays traffic through rules, conntrack and NAT. */
#include <ferrule/run.h>
#include <stdlib.h>
#include <string.h>

#include "cli/inputs.h"

enum { TRACE, EMIT, LOG, TIMELINE, N_FILES };

struct run_command {
	struct cli *cli;
	struct cli_inputs inputs, planned; /* without and with the plan */
	struct cli_list rules, traffic, plan;
	struct ferrule_run_options options;
	const char *capture, *checksums, *format;
	const char *paths[N_FILES]; /* by the enum above; NULL: not asked */
	const char *counters, *conntrack;
	bool compare;
	struct cli_file files[N_FILES];
	struct ferrule_run *run, *after;
	enum ferrule_run_format as;
};

/* The word's place in a list that ends with NULL. */
static bool one_of(const char *word, const char *const *names, int *index)
{
	for (*index = 0; names[*index]; ++*index)
		if (!strcmp(word, names[*index]))
			return true;
	return false;
}

static int read_words(struct run_command *r)
{
	static const char *const captures[] = {"auto", "inject", "observed",
					       NULL};
	static const char *const checksums[] = {"auto", "trust", "verify",
						NULL};
	static const char *const formats[] = {"text", "json", NULL};
	int i;

	if (!one_of(r->capture, captures, &i))
		return cli_usage_error(r->cli, "--capture is inject or "
					       "observed, not '%s'",
				       r->capture);
	r->options.capture = (enum ferrule_capture)i;
	if (!one_of(r->checksums, checksums, &i))
		return cli_usage_error(r->cli, "--checksums is trust or "
					       "verify, not '%s'",
				       r->checksums);
	r->options.checksums = (enum ferrule_checksums)i;
	if (!one_of(r->format, formats, &i))
		return cli_usage_error(r->cli, "--format is text or json, not "
					       "'%s'", r->format);
	r->as = (enum ferrule_run_format)i;
	if (!r->traffic.n)
		return cli_usage_error(r->cli, "which TRAFFIC? (a capture, or "
					       "a .fer file)");
	if (r->compare && !r->plan.n)
		return cli_usage_error(r->cli, "--compare needs --plan");
	return 0;
}

/* Without a file name the trace goes to standard output. */
static bool open_files(struct run_command *r,
		       struct ferrule_run_outputs *outputs)
{
	const struct ferrule_out **outs[N_FILES] = {
	    &outputs->trace, &outputs->emit, &outputs->log,
	    &outputs->timeline};

	for (int i = 0; i < N_FILES; i++) {
		const char *path = r->paths[i];
		if (!path)
			continue;
		if (!cli_file_open(r->cli, &r->files[i], *path ? path : "-")) {
			r->paths[i] = NULL;
			return false;
		}
		*outs[i] = &r->files[i].out;
	}
	return true;
}

static int close_files(struct run_command *r, bool keep)
{
	int status = FERRULE_OK;

	for (int i = 0; i < N_FILES; i++)
		if (r->paths[i] && !cli_file_close(r->cli, &r->files[i], keep))
			status = FERRULE_UNREADABLE;
	return status;
}

/* The graver of two. */
static int worse(int a, int b)
{
	return a > b ? a : b;
}

static int play(struct run_command *r, struct ferrule_rules *rules,
		const struct ferrule_run_outputs *outputs,
		struct ferrule_run **run)
{
	int status;

	*run = ferrule_run_new(rules, &r->options, outputs, &status);
	if (!*run)
		return status;
	for (size_t i = 0; i < r->traffic.n; i++)
		status = worse(status,
			       ferrule_run_play(*run, r->traffic.items[i]));
	return worse(status, ferrule_run_finish(*run));
}

struct write_to { /* one of the files that are written at the end */
	const char *path;
	int (*write)(struct run_command *r, const struct ferrule_out *out);
};

static int write_counters(struct run_command *r, const struct ferrule_out *out)
{
	struct ferrule_rules *rules = r->after ? r->planned.rules
						: r->inputs.rules;

	ferrule_run_store_counters(r->after ? r->after : r->run);
	return ferrule_rules_print(rules, FERRULE_PRINT_COUNTERS, out);
}

static int write_conntrack(struct run_command *r,
			   const struct ferrule_out *out)
{
	return ferrule_run_write_conntrack(r->after ? r->after : r->run, out);
}

static int write_end_file(struct run_command *r, const struct write_to *to)
{
	struct cli_file file;
	int status;

	if (!to->path)
		return FERRULE_OK;
	if (!cli_file_open(r->cli, &file, to->path))
		return FERRULE_UNREADABLE;
	status = to->write(r, &file.out);
	if (!cli_file_close(r->cli, &file, !status))
		status = FERRULE_UNREADABLE;
	return status;
}

/* The summary stays away where standard output is taken. */
static bool takes_stdout(const struct run_command *r)
{
	const char *const paths[] = {r->paths[TRACE], r->paths[EMIT],
				     r->paths[LOG], r->paths[TIMELINE],
				     r->counters, r->conntrack};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (paths[i] && (!*paths[i] || !strcmp(paths[i], "-")))
			return true;
	return false;
}

/* Only where text goes to standard output, and behind it. */
static int write_charts(struct run_command *r)
{
	const struct ferrule_out *out = &r->cli->out;
	int status = FERRULE_OK;

	if (!r->options.chart || r->as != FERRULE_RUN_TEXT)
		return status;
	if (r->run)
		status = ferrule_run_write_chart(
		    r->run, r->plan.n ? "before" : "the table", out);
	if (r->after)
		status = worse(status, ferrule_run_write_chart(r->after,
							       "after", out));
	return status;
}

static int write_summary(struct run_command *r)
{
	if (r->compare && r->run && r->after)
		return ferrule_run_write_comparison(r->run, r->after, r->as,
						    &r->cli->out);
	return ferrule_run_write_summary(r->after ? r->after : r->run, r->as,
					 &r->cli->out);
}

static int write_end(struct run_command *r)
{
	const struct write_to files[] = {{r->counters, write_counters},
					 {r->conntrack, write_conntrack}};
	int status = FERRULE_OK;

	for (size_t i = 0; i < 2; i++)
		status = worse(status, write_end_file(r, &files[i]));
	if (takes_stdout(r))
		return status;
	status = worse(status, write_summary(r));
	return worse(status, write_charts(r));
}

/* Reads the rules once more, and the plan on top of them. */
static int read_plan(struct run_command *r)
{
	int status;

	r->planned = r->inputs;
	r->planned.rules = NULL;
	status = cli_inputs_read(r->cli, &r->planned, &r->rules);
	for (size_t i = 0; i < r->plan.n && !status; i++)
		status = ferrule_rules_apply(r->planned.rules,
					     r->plan.items[i]);
	return status;
}

/* The files tell of the last run: the planned one, where there is a plan. */
static int play_both(struct run_command *r,
		     const struct ferrule_run_outputs *outputs)
{
	const struct ferrule_run_outputs none = {0};
	int status = FERRULE_OK;

	r->options.outcomes = r->compare;
	if (!r->plan.n)
		return play(r, r->inputs.rules, outputs, &r->run);
	if (r->compare)
		status = play(r, r->inputs.rules, &none, &r->run);
	return worse(status, play(r, r->planned.rules, outputs,
				  &r->after));
}

static int run(struct run_command *r)
{
	struct ferrule_run_outputs outputs = {0};
	int status = cli_inputs_read(r->cli, &r->inputs, &r->rules);

	if (status)
		return status;
	r->options.host = r->inputs.host;
	if (r->plan.n)
		status = read_plan(r);
	if (status)
		return status;
	if (!open_files(r, &outputs)) {
		close_files(r, false);
		return FERRULE_UNREADABLE;
	}
	status = play_both(r, &outputs);
	status = worse(status, close_files(r, status != FERRULE_USAGE));
	if (r->run || r->after)
		status = worse(status, write_end(r));
	return worse(status, r->inputs.status);
}

int cmd_run(struct cli *cli, int argc, char **argv)
{
	struct run_command r = {.cli = cli, .capture = "auto",
				.checksums = "auto", .format = "text",
				.options.seed = 1};
	const struct cli_option options[] = {
	    {'r', "rules", CLI_LIST, &r.rules, "RULES",
	     "the rules; v4, v6 and ipset files may be given together"},
	    {0, "trace", CLI_OPTARG, &r.paths[TRACE], "FILE",
	     "one JSON object a packet"},
	    {0, "counters", CLI_STRING, &r.counters, "FILE",
	     "the rules afterwards, as iptables-save -c prints them"},
	    {0, "conntrack", CLI_STRING, &r.conntrack, "FILE",
	     "the table afterwards, as /proc/net/nf_conntrack"},
	    {0, "emit", CLI_STRING, &r.paths[EMIT], "FILE",
	     "packets that left the host, as a capture"},
	    {0, "log", CLI_STRING, &r.paths[LOG], "FILE",
	     "what the kernel would log"},
	    {0, "timeline", CLI_STRING, &r.paths[TIMELINE], "FILE",
	     "CSV, one row for each second of packet time"},
	    {0, "chart", CLI_FLAG, &r.options.chart, NULL,
	     "draw how full the table was over time"},
	    {0, "plan", CLI_LIST, &r.plan, "FILE",
	     "apply a plan on top of the rules"},
	    {0, "compare", CLI_FLAG, &r.compare, NULL,
	     "play before and after the plan, and print both"},
	    {0, "capture", CLI_STRING, &r.capture, "inject|observed",
	     "what records are: hook inputs, or the host's own capture"},
	    {0, "checksums", CLI_STRING, &r.checksums, "trust|verify",
	     "whether wrong checksums count"},
	    {0, "iface", CLI_STRING, &r.options.iface, "NAME",
	     "where packets were seen that do not say it"},
	    {0, "assume-tracked", CLI_FLAG, &r.options.assume_tracked, NULL,
	     "tracking is on whatever the rules say"},
	    {0, "naive", CLI_FLAG, &r.options.naive, NULL,
	     "evaluate rules one by one, without compiling them"},
	    {0, "seed", CLI_UINT, &r.options.seed, "N",
	     "the seed of NAT ports and bursts (default: 1)"},
	    {0, "format", CLI_STRING, &r.format, "text|json",
	     "how to print the summary"},
	    CLI_INPUT_OPTIONS(&r.inputs),
	    CLI_ADDRESS_OPTION(&r.inputs),
	    CLI_HOST_OPTIONS(&r.inputs),
	    {0},
	};
	int status = cli_parse(cli, argc, argv,
			       "run [OPTION...] -r RULES TRAFFIC...", options,
			       &r.traffic);

	if (!status)
		status = read_words(&r);
	if (!status)
		status = run(&r);
	ferrule_run_free(r.run);
	ferrule_run_free(r.after);
	ferrule_rules_free(r.planned.rules);
	cli_inputs_free(&r.inputs);
	cli_list_free(&r.rules);
	cli_list_free(&r.traffic);
	cli_list_free(&r.plan);
	return status < 0 ? FERRULE_OK : status;
}
