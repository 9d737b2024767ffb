/* ferrule test: plays the tests of .fer files. */
#include <ferrule/test.h>
#include <stdlib.h>
#include <string.h>

#include "cli/inputs.h"

static const struct {
	const char *name;
	enum ferrule_test_format format;
} formats[] = {
	{"tty", FERRULE_TEST_TTY}, {"tap", FERRULE_TEST_TAP},
	{"junit", FERRULE_TEST_JUNIT}, {"json", FERRULE_TEST_JSON},
};

struct test_command {
	struct cli *cli;
	struct cli_inputs inputs;
	struct cli_list rules, files, outputs;
	struct ferrule_test_options options;
	struct ferrule_tests *tests;
	const char *format;
};

static bool find_format(const char *name, size_t len,
			enum ferrule_test_format *format)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (strlen(formats[i].name) == len &&
		    !memcmp(formats[i].name, name, len)) {
			*format = formats[i].format;
			return true;
		}
	return false;
}

/* "junit=FILE" */
static int check_output(struct test_command *t, const char *output)
{
	enum ferrule_test_format format;
	size_t len = strcspn(output, "=");

	if (!output[len] || !output[len + 1])
		return cli_usage_error(t->cli, "--output is FORMAT=FILE, not "
					       "'%s'", output);
	if (!find_format(output, len, &format))
		return cli_usage_error(t->cli, "no format '%.*s': tty, tap, "
					       "junit or json", (int)len,
				       output);
	return 0;
}

static int check_words(struct test_command *t)
{
	enum ferrule_test_format format;
	int status = 0;

	if (!find_format(t->format, strlen(t->format), &format))
		return cli_usage_error(t->cli, "--format is tty, tap, junit "
					       "or json, not '%s'", t->format);
	for (size_t i = 0; i < t->outputs.n && !status; i++)
		status = check_output(t, t->outputs.items[i]);
	if (!status && !t->files.n)
		status = cli_usage_error(t->cli, "which .fer files?");
	return status;
}

static int write_file(struct test_command *t, const char *output)
{
	size_t len = strcspn(output, "=");
	enum ferrule_test_format format = FERRULE_TEST_TTY;
	struct cli_file file;
	int status;

	find_format(output, len, &format);
	if (!cli_file_open(t->cli, &file, output + len + 1))
		return FERRULE_UNREADABLE;
	status = ferrule_tests_write(t->tests, format, &file.out);
	if (!cli_file_close(t->cli, &file, !status))
		status = FERRULE_UNREADABLE;
	return status;
}

/* The graver of two: what was not understood hides failures. */
static int worse(int a, int b)
{
	return a > b ? a : b;
}

static int run(struct test_command *t)
{
	enum ferrule_test_format format = FERRULE_TEST_TTY;
	int status = 0;

	if (t->rules.n) {
		status = cli_inputs_read(t->cli, &t->inputs, &t->rules);
		if (status)
			return status;
		t->options.rules = t->inputs.rules;
	}
	t->options.host = (struct ferrule_host_options){
	    .kernel = t->inputs.kernel, .sysctls = t->inputs.sysctls.items,
	    .n_sysctls = t->inputs.sysctls.n};
	t->tests = ferrule_tests_new(t->cli->ferrule);
	for (size_t i = 0; i < t->files.n; i++)
		status = worse(status, ferrule_tests_run(t->tests,
							 t->files.items[i],
							 &t->options));
	find_format(t->format, strlen(t->format), &format);
	status = worse(status, ferrule_tests_write(t->tests, format,
						   &t->cli->out));
	for (size_t i = 0; i < t->outputs.n; i++)
		status = worse(status, write_file(t, t->outputs.items[i]));
	ferrule_tests_free(t->tests);
	return status;
}

int cmd_test(struct cli *cli, int argc, char **argv)
{
	struct test_command t = {.cli = cli, .format = "tty",
				 .options.seed = 1};
	const struct cli_option options[] = {
	    {'r', "rules", CLI_LIST, &t.rules, "RULES",
	     "test these instead of what the files use"},
	    {0, "format", CLI_STRING, &t.format, "tty|tap|junit|json",
	     "how to print the results"},
	    {0, "output", CLI_LIST, &t.outputs, "FORMAT=FILE",
	     "also write them to a file; may be repeated"},
	    {0, "update", CLI_FLAG, &t.options.update, NULL,
	     "write golden traces instead of comparing with them"},
	    {0, "seed", CLI_UINT, &t.options.seed, "N",
	     "the seed of bursts (default: 1)"},
	    {0, "naive", CLI_FLAG, &t.options.naive, NULL,
	     "evaluate rules one by one, without compiling them"},
	    CLI_INPUT_OPTIONS(&t.inputs),
	    {0, "kernel", CLI_STRING, &t.inputs.kernel, "VERSION",
	     "behave as this kernel does"},
	    {0, "sysctl", CLI_LIST, &t.inputs.sysctls, "KEY=VALUE",
	     "a sysctl of the host; may be repeated"},
	    {0},
	};
	int status = cli_parse(cli, argc, argv, "test [OPTION...] FILE.fer...",
			       options, &t.files);

	if (!status)
		status = check_words(&t);
	if (!status)
		status = run(&t);
	cli_inputs_free(&t.inputs);
	cli_list_free(&t.rules);
	cli_list_free(&t.files);
	cli_list_free(&t.outputs);
	return status < 0 ? FERRULE_OK : status;
}
