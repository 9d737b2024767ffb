/* ferrule trace: one packet, hook by hook, to the rule that decides. */
#include <ferrule/run.h>
#include <stdlib.h>

#include "cli/inputs.h"

int cmd_trace(struct cli *cli, int argc, char **argv)
{
	struct cli_inputs inputs = {0};
	struct cli_list rules = {0}, packets = {0};
	const struct cli_option options[] = {
	    {'r', "rules", CLI_LIST, &rules, "RULES",
	     "the rules; v4, v6 and ipset files may be given together"},
	    CLI_INPUT_OPTIONS(&inputs),
	    CLI_ADDRESS_OPTION(&inputs),
	    CLI_HOST_OPTIONS(&inputs),
	    {0},
	};
	int status = cli_parse(
	    cli, argc, argv,
	    "trace [OPTION...] -r RULES 'tcp 10.1.2.3:40000 -> 10.0.0.5:22 "
	    "SYN in eth0'",
	    options, &packets);

	if (!status && packets.n != 1)
		status = cli_usage_error(cli, "one packet, in quotes: 'tcp "
					      "SOURCE:PORT -> DEST:PORT SYN in "
					      "eth0'");
	if (!status)
		status = cli_inputs_read(cli, &inputs, &rules);
	if (!status) {
		status = ferrule_trace(inputs.rules, &inputs.host,
				       packets.items[0], &cli->out);
		if (!status)
			status = inputs.status;
	}
	cli_inputs_free(&inputs);
	cli_list_free(&rules);
	cli_list_free(&packets);
	return status < 0 ? FERRULE_OK : status;
}
