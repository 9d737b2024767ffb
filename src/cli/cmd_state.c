/* ferrule state: which rules need connection tracking, and why. */
#include <ferrule/plan.h>
#include <string.h>

#include "cli/inputs.h"

int cmd_state(struct cli *cli, int argc, char **argv)
{
	struct cli_inputs inputs = {0};
	struct cli_list operands = {0};
	const char *format = "text";
	const struct cli_option options[] = {
	    {0, "format", CLI_STRING, &format, "text|json",
	     "how to print the answer"},
	    CLI_INPUT_OPTIONS(&inputs),
	    {0},
	};
	int status = cli_parse(cli, argc, argv, "state [OPTION...] RULES...",
			       options, &operands);

	if (!status && strcmp(format, "text") && strcmp(format, "json"))
		status = cli_usage_error(cli, "--format is text or json, not "
					      "'%s'", format);
	if (!status)
		status = cli_inputs_read(cli, &inputs, &operands);
	if (!status) {
		status = ferrule_state(inputs.rules,
				       strcmp(format, "json")
					   ? FERRULE_PLAN_TEXT
					   : FERRULE_PLAN_JSON,
				       &cli->out);
		if (!status)
			status = inputs.status;
	}
	cli_inputs_free(&inputs);
	cli_list_free(&operands);
	return status < 0 ? FERRULE_OK : status;
}
