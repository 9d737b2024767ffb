/* ferrule fmt: rules as iptables-save prints them. */
#include "cli/inputs.h"

#include <string.h>

static int print(struct cli *cli, const struct cli_inputs *inputs,
		 unsigned flags, const char *path)
{
	struct cli_file file;
	int error;

	if (!path)
		return ferrule_rules_print(inputs->rules, flags, &cli->out);
	if (!cli_file_open(cli, &file, path))
		return FERRULE_UNREADABLE;
	error = ferrule_rules_print(inputs->rules, flags, &file.out);
	if (!cli_file_close(cli, &file, !error) && !error)
		error = FERRULE_UNREADABLE;
	return error;
}

int cmd_fmt(struct cli *cli, int argc, char **argv)
{
	struct cli_inputs inputs = {0};
	struct cli_list operands = {0};
	bool counters = false, test = false;
	const char *to = "save", *path = NULL;
	const struct cli_option options[] = {
	    {'c', "counters", CLI_FLAG, &counters, NULL,
	     "print packet and byte counters"},
	    {0, "to", CLI_STRING, &to, "save|commands|json",
	     "what to print: a save file (default), a script, or JSON"},
	    {0, "test", CLI_FLAG, &test, NULL,
	     "read and check only, as iptables-restore --test; print nothing"},
	    {'o', "output", CLI_STRING, &path, "FILE",
	     "write there instead of to standard output"},
	    CLI_INPUT_OPTIONS(&inputs),
	    {0},
	};
	int status = cli_parse(cli, argc, argv,
			       "fmt [OPTION...] RULES...", options, &operands);

	if (!status && strcmp(to, "save") != 0 &&
	    strcmp(to, "commands") != 0 && strcmp(to, "json") != 0)
		status = cli_usage_error(cli, "--to is save, commands or json, "
					      "not %s", to);
	if (!status)
		status = cli_inputs_read(cli, &inputs, &operands);
	if (!status) {
		unsigned flags = FERRULE_PRINT_COMMENTS;
		if (counters)
			flags |= FERRULE_PRINT_COUNTERS;
		if (strcmp(to, "commands") == 0)
			flags |= FERRULE_PRINT_COMMANDS;
		if (strcmp(to, "json") == 0)
			flags |= FERRULE_PRINT_JSON;
		if (!test)
			status = print(cli, &inputs, flags, path);
		if (!status)
			status = inputs.status;
	}
	cli_inputs_free(&inputs);
	cli_list_free(&operands);
	return status < 0 ? FERRULE_OK : status;
}
