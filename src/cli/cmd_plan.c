/* ferrule plan: rules that leave packets untracked, proved. */
#include <errno.h>
#include <ferrule/plan.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/inputs.h"

struct plan_options {
	const char *widen, *format, *directory;
	bool require, assume_tracked, check, no_check;
	uint64_t max_rules;
};

static int read_level(struct cli *cli, const char *widen,
		      enum ferrule_level *level)
{
	*level = FERRULE_LEVEL_NONE;
	if (!strcmp(widen, "none"))
		return FERRULE_OK;
	if (!strcmp(widen, "invalid")) {
		*level = FERRULE_LEVEL_INVALID;
		return FERRULE_OK;
	}
	if (!strcmp(widen, "replies"))
		return cli_usage_error(cli, "--widen=replies is not available "
					    "yet; none and invalid are");
	return cli_usage_error(cli, "--widen is none, invalid or replies, not "
				    "'%s'", widen);
}

typedef int plan_printer(struct ferrule_plan *plan, unsigned family,
			 const struct ferrule_out *out);

static int print_flush(struct ferrule_plan *plan, unsigned family,
		       const struct ferrule_out *out)
{
	(void)family;
	return ferrule_plan_print_flush(plan, out);
}

static int print_json(struct ferrule_plan *plan, unsigned family,
		      const struct ferrule_out *out)
{
	(void)family;
	return ferrule_plan_print_json(plan, out);
}

/* One row for each file of -o DIR; family 0: whatever the families. */
static const struct {
	const char *name;
	unsigned family;
	plan_printer *print;
} files[] = {
	{"plan.rules", 4, ferrule_plan_print},
	{"rollback.rules", 4, ferrule_plan_print_rollback},
	{"plan6.rules", 6, ferrule_plan_print},
	{"rollback6.rules", 6, ferrule_plan_print_rollback},
	{"flush.sh", 0, print_flush},
	{"report.json", 0, print_json},
};

static int write_files(struct cli *cli, struct ferrule_plan *plan,
		       const char *directory)
{
	if (mkdir(directory, 0777) && errno != EEXIST) {
		ferrule_error(cli->ferrule, "cannot make %s: %s", directory,
			      strerror(errno));
		return FERRULE_UNREADABLE;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct cli_file file;
		char *path = NULL;
		int error = FERRULE_UNREADABLE;

		if (files[i].family &&
		    !ferrule_plan_has_family(plan, files[i].family))
			continue;
		if (asprintf(&path, "%s/%s", directory, files[i].name) < 0)
			abort();
		if (cli_file_open(cli, &file, path)) {
			error = files[i].print(plan, files[i].family,
					       &file.out);
			if (!cli_file_close(cli, &file, !error))
				error = FERRULE_UNREADABLE;
		}
		free(path);
		if (error)
			return error;
	}
	return FERRULE_OK;
}

struct commenter { /* puts "# " before each line */
	const struct ferrule_out *to;
	bool within; /* a line */
};

static int write_commented(void *arg, const void *data, size_t size)
{
	struct commenter *c = arg;
	const char *p = data;
	int error = 0;

	while (size && !error) {
		const char *end = memchr(p, '\n', size);
		size_t n = end ? (size_t)(end - p) + 1 : size;

		if (!c->within)
			error = c->to->write(c->to->arg, "# ", 2);
		if (!error)
			error = c->to->write(c->to->arg, p, n);
		c->within = end == NULL;
		p += n;
		size -= n;
	}
	return error;
}

/*
 * One text cannot be loaded into two families: IPv4's plan stands as it is,
 * IPv6's in comments, to be read.
 */
static int print_both(struct cli *cli, struct ferrule_plan *plan)
{
	struct commenter commenter = {.to = &cli->out};
	const struct ferrule_out commented = {.write = write_commented,
					      .arg = &commenter,
					      .name = cli->out.name};
	static const char between[] =
	    "\n# ---- IPv6: as comments, since a text is loaded into one "
	    "family.\n# -o DIR writes a file for each; --host DIR -6, or the "
	    "IPv6 rules alone,\n# print it to be loaded.\n";
	int error = ferrule_plan_print(plan, 4, &cli->out);

	if (!error && cli->out.write(cli->out.arg, between, strlen(between)))
		error = FERRULE_UNREADABLE;
	if (!error)
		error = ferrule_plan_print(plan, 6, &commented);
	return error;
}

static int print(struct cli *cli, struct ferrule_plan *plan, bool json)
{
	int error = FERRULE_OK;

	if (json)
		return ferrule_plan_print_json(plan, &cli->out);
	if (ferrule_plan_has_rules(plan, 4) && ferrule_plan_has_rules(plan, 6))
		return print_both(cli, plan);
	/* A family without rules is comments only, so that the whole loads. */
	for (unsigned family = 4; family <= 6 && !error; family += 2)
		if (ferrule_plan_has_family(plan, family))
			error = ferrule_plan_print(plan, family, &cli->out);
	return error;
}

static int make(struct cli *cli, const struct cli_inputs *inputs,
		const struct plan_options *o)
{
	struct ferrule_plan_options options = {
	    .max_rules = (unsigned)o->max_rules,
	    .assume_tracked = o->assume_tracked,
	    .host = &inputs->host,
	    .no_check = o->no_check,
	};
	struct ferrule_plan *plan;
	int status = read_level(cli, o->widen, &options.level);

	if (status)
		return status;
	plan = ferrule_plan_new(inputs->rules, &options, &status);
	if (!plan)
		return status;
	if (o->directory)
		status = write_files(cli, plan, o->directory);
	else
		status = print(cli, plan, !strcmp(o->format, "json"));
	if (!status && o->require && !ferrule_plan_has_rules(plan, 0))
		status = FERRULE_FINDINGS;
	ferrule_plan_free(plan);
	return status;
}

int cmd_plan(struct cli *cli, int argc, char **argv)
{
	struct cli_inputs inputs = {0};
	struct cli_list operands = {0};
	struct plan_options o = {.widen = "none", .format = "text"};
	const struct cli_option options[] = {
	    {0, "widen", CLI_STRING, &o.widen, "none|invalid",
	     "what may change: nothing, or what is INVALID"},
	    {'o', "output", CLI_STRING, &o.directory, "DIR",
	     "write plan.rules, rollback.rules, flush.sh, report.json there"},
	    {0, "format", CLI_STRING, &o.format, "text|json",
	     "how to print the plan"},
	    {0, "require", CLI_FLAG, &o.require, NULL,
	     "exit with 1 when there is nothing to untrack"},
	    {0, "max-rules", CLI_UINT, &o.max_rules, "N",
	     "at most N rules in raw, for each family (0: no limit)"},
	    {0, "assume-tracked", CLI_FLAG, &o.assume_tracked, NULL,
	     "tracking is on, whatever the rules say"},
	    {0, "no-check", CLI_FLAG, &o.no_check, NULL,
	     "leave out the independent check of the plan"},
	    {0, "check", CLI_FLAG, &o.check, NULL,
	     "check the plan independently (the default)"},
	    CLI_HOST_OPTIONS(&inputs),
	    CLI_INPUT_OPTIONS(&inputs),
	    {0},
	};
	int status = cli_parse(cli, argc, argv, "plan [OPTION...] RULES...",
			       options, &operands);

	if (!status && strcmp(o.format, "text") && strcmp(o.format, "json"))
		status = cli_usage_error(cli, "--format is text or json, not "
					      "'%s'", o.format);
	if (!status)
		status = cli_inputs_read(cli, &inputs, &operands);
	if (!status) {
		status = make(cli, &inputs, &o);
		if (!status)
			status = inputs.status;
	}
	cli_inputs_free(&inputs);
	cli_list_free(&operands);
	return status < 0 ? FERRULE_OK : status;
}
