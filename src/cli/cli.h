/*
 * The program's frame: commands, streams, output files.
 *
 * A command is one file cmd_*.c with a function cmd_NAME and one row in
 * main.c's table. It parses its options with options.h, calls the library,
 * and returns an exit code (enum ferrule_status).
 */
#ifndef CLI_H
#define CLI_H

#include <ferrule/ferrule.h>
#include <stdio.h>

struct cli {
	struct ferrule *ferrule;
	struct ferrule_out out; /* standard output */
	struct ferrule_out err; /* standard error */
	const char *command;    /* its name */
};

typedef int cli_command_fn(struct cli *cli, int argc, char **argv);

cli_command_fn cmd_as;
cli_command_fn cmd_collect;
cli_command_fn cmd_exec;
cli_command_fn cmd_fmt;
cli_command_fn cmd_explain;
cli_command_fn cmd_help;
cli_command_fn cmd_lint;
cli_command_fn cmd_plan;
cli_command_fn cmd_run;
cli_command_fn cmd_state;
cli_command_fn cmd_test;
cli_command_fn cmd_trace;

/*
 * Output files are written to a temporary name beside the file and renamed
 * when all went well. "-" is standard output.
 */
struct cli_file {
	struct ferrule_out out; /* write to this */
	const char *path;
	char *target;           /* path with links followed; NULL: stdout */
	char *temporary;        /* NULL: target is no regular file */
	int fd;
	int error; /* errno of the first write that failed, or 0 */
};

/* False after reporting. */
bool cli_file_open(struct cli *cli, struct cli_file *file, const char *path);
/* Renames into place, or removes it when !keep or when a write failed: what
 * stood there before stays. False after reporting, or after a failed write,
 * which the one who wrote has reported. */
bool cli_file_close(struct cli *cli, struct cli_file *file, bool keep);

/* Prints "ferrule COMMAND: message" and the hint to see help; returns
 * FERRULE_USAGE. */
int cli_usage_error(struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* fe_write_fn over a file descriptor (int *). */
int cli_write_fd(void *arg, const void *data, size_t size);

#endif
