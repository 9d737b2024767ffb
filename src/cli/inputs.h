/*
 * What most commands read: RULES, how to read them, and the host. A command
 * puts the rows of CLI_INPUT_OPTIONS, and CLI_HOST_OPTIONS where it has a
 * use for them, among its options and calls cli_inputs_read().
 */
#ifndef CLI_INPUTS_H
#define CLI_INPUTS_H

#include <ferrule/host.h>
#include <ferrule/ruleset.h>

#include "cli/options.h"

struct cli_inputs {
	const char *input;         /* --input */
	const char *backend;       /* --backend */
	bool v4, v6;               /* -4, -6 */
	bool resolve;
	bool strict_compat;
	const char *host_dir;      /* --host */
	const char *kernel;        /* --kernel */
	struct cli_list sysctls;   /* --sysctl */
	struct cli_list addresses; /* --address */
	struct ferrule_host_options host; /* the four above */
	struct ferrule_rules *rules;
	int status;                /* FERRULE_UNREADABLE: not all understood */
};

#define CLI_INPUT_OPTIONS(in)                                                  \
	{0, "input", CLI_STRING, &(in)->input, "save|script",                  \
	 "what RULES are, instead of a guess by content"},                     \
	{0, "backend", CLI_STRING, &(in)->backend, "legacy|nft",               \
	 "whose ways to follow where the two iptables differ"},                \
	{'4', "ipv4", CLI_FLAG, &(in)->v4, NULL, "RULES are for IPv4"},        \
	{'6', "ipv6", CLI_FLAG, &(in)->v6, NULL, "RULES are for IPv6"},        \
	{0, "resolve", CLI_FLAG, &(in)->resolve, NULL,                         \
	 "ask for the addresses of host names"},                               \
	{0, "strict-compat", CLI_FLAG, &(in)->strict_compat, NULL,             \
	 "do as iptables does where that is dangerous"}

/* For commands that need to know the host. */
#define CLI_HOST_OPTIONS(in)                                                   \
	{0, "host", CLI_STRING, &(in)->host_dir, "DIR",                        \
	 "a snapshot of the host, as `ferrule collect` makes it"},             \
	{0, "kernel", CLI_STRING, &(in)->kernel, "VERSION",                    \
	 "behave as this kernel does"},                                        \
	{0, "sysctl", CLI_LIST, &(in)->sysctls, "KEY=VALUE",                   \
	 "a sysctl of the host; may be repeated"}

/* For commands that play packets. */
#define CLI_ADDRESS_OPTION(in)                                                 \
	{0, "address", CLI_LIST, &(in)->addresses, "ADDR[%IFACE]",             \
	 "an address of the host, without a snapshot; may be repeated"}

/*
 * Reads all operands into inputs->rules. Returns FERRULE_OK when there is
 * something to work on, in which case inputs->status still tells whether all
 * of it was understood; else an exit code, after reporting. Without
 * operands, the rules of the snapshot (--host) are read.
 */
int cli_inputs_read(struct cli *cli, struct cli_inputs *inputs,
		    const struct cli_list *operands);
void cli_inputs_free(struct cli_inputs *inputs);

#endif
