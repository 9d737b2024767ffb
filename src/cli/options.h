/*
 * Command-line options in tables: long options everywhere, short ones for
 * the frequent; --name=value and --name value; "--" ends; options may stand
 * behind operands; a misspelt option gets a hint.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/cli.h"

enum cli_option_kind {
	CLI_FLAG,   /* bool: set to true */
	CLI_STRING, /* const char *: the argument */
	CLI_LIST,   /* struct cli_list: arguments appended */
	CLI_UINT,   /* uint64_t: decimal or 0x */
	CLI_OPTARG, /* const char *: "" without "=VALUE" */
};

struct cli_list {
	const char **items; /* n of them; freed by cli_list_free */
	size_t n;
};
void cli_list_add(struct cli_list *list, const char *item);
void cli_list_free(struct cli_list *list);

struct cli_option {
	char short_name;      /* or 0 */
	const char *name;     /* "host" */
	enum cli_option_kind kind;
	void *value;          /* as the kind says */
	const char *argument; /* "DIR", for help */
	const char *help;     /* one line */
	/* Rows end with name == NULL. */
};

/*
 * Parses argv[1..]; operands are collected in order. Returns 0, or
 * FERRULE_USAGE after reporting, or -1 when --help was printed.
 */
int cli_parse(struct cli *cli, int argc, char **argv,
	      const char *usage, const struct cli_option *options,
	      struct cli_list *operands);

#endif
