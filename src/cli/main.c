/* ferrule: the table of commands. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static const struct command {
	const char *name;
	cli_command_fn *run;
	const char *help;
} commands[] = {
    {"as", cmd_as, "iptables, its save and restore, on tables in a folder"},
    {"collect", cmd_collect, "a script that gathers a snapshot of a host"},
    {"exec", cmd_exec, "run a firewall script; the tables it makes"},
    {"explain", cmd_explain, "what a finding, a match or a target means"},
    {"fmt", cmd_fmt, "rules as iptables-save prints them"},
    {"help", cmd_help, "this text, or a command's own"},
    {"lint", cmd_lint, "findings about rules, with witnesses"},
    {"plan", cmd_plan, "rules that leave packets untracked, proved"},
    {"run", cmd_run, "play traffic through rules, conntrack and NAT"},
    {"state", cmd_state, "which rules need connection tracking"},
    {"test", cmd_test, "play tests (.fer files), for CI"},
    {"trace", cmd_trace, "one packet, hook by hook"},
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

int cmd_help(struct cli *cli, int argc, char **argv)
{
	if (argc > 1) {
		const struct command *c = find(argv[1]);
		char help[] = "--help";
		char *args[] = {argv[1], help, NULL};

		if (!c || c->run == cmd_help)
			return cli_usage_error(cli, "no command '%s'", argv[1]);
		cli->command = c->name;
		return c->run(cli, 2, args);
	}
	printf("usage: ferrule COMMAND [OPTION...] [RULES...]\n\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].help);
	printf("\nferrule help COMMAND tells a command's options.\n");
	return FERRULE_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	if (argc < 2)
		return cli_usage_error(cli, "which command?");
	if (!strcmp(argv[1], "--version")) {
		printf("ferrule %s\n", ferrule_version());
		return FERRULE_OK;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return cmd_help(cli, 1, argv);
	const struct command *c = find(argv[1]);
	if (!c)
		return cli_usage_error(cli, "no command '%s'", argv[1]);
	cli->command = c->name;
	return c->run(cli, argc - 1, argv + 1);
}

static bool wants_colour(int fd)
{
	const char *no = getenv("NO_COLOR");

	return isatty(fd) && !(no && *no);
}

int main(int argc, char **argv)
{
	static int out_fd = STDOUT_FILENO, err_fd = STDERR_FILENO;
	struct cli cli = {
	    .ferrule = ferrule_new(),
	    .out = {cli_write_fd, &out_fd, wants_colour(STDOUT_FILENO),
		    "standard output"},
	    .err = {cli_write_fd, &err_fd, wants_colour(STDERR_FILENO),
		    "standard error"},
	};

	signal(SIGPIPE, SIG_IGN); /* a closed pipe is a write error */
	int status = run(&cli, argc, argv);
	ferrule_write_diagnostics(cli.ferrule, &cli.err);
	ferrule_free(cli.ferrule);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "ferrule: cannot write output: %s\n",
			strerror(errno));
		if (status == FERRULE_OK)
			status = FERRULE_UNREADABLE;
	}
	return status;
}
