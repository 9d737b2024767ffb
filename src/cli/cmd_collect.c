/*
 * ferrule collect: prints the script that gathers a host's snapshot.
 *
 * Ferrule itself runs nothing on the host. The script is collect.sh beside
 * this file, which the build turns into string literals, so that it can be
 * read, checked and run as what it is.
 */
#include <string.h>

#include "cli/options.h"

static const char *const script[] = {
#include "cli/collect.inc"
};

int cmd_collect(struct cli *cli, int argc, char **argv)
{
	const struct cli_option options[] = {{0}};
	struct cli_list operands = {0};
	int status = cli_parse(cli, argc, argv,
			       "collect > collect.sh     "
			       "(then, on the host: sh collect.sh)",
			       options, &operands);

	if (!status && operands.n)
		status = cli_usage_error(cli, "collect takes no operands; the "
					      "script it prints does");
	cli_list_free(&operands);
	if (status)
		return status < 0 ? FERRULE_OK : status;
	for (size_t i = 0; i < sizeof(script) / sizeof(*script); i++)
		if (fputs(script[i], stdout) < 0)
			return FERRULE_UNREADABLE;
	return FERRULE_OK;
}
