/*
 * ferrule exec: a firewall script, run in a sandbox where iptables and its
 * kin are `ferrule as`, and sysctl, modprobe and ip are written down. What
 * the kernel would hold then is printed.
 */
#include <errno.h>
#include <ferrule/ruleset.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/sandbox.h"

static const char *const programs[] = {
	"iptables", "iptables-save", "iptables-restore", "iptables-legacy",
	"iptables-legacy-save", "iptables-legacy-restore", "iptables-nft",
	"iptables-nft-save", "iptables-nft-restore", "ip6tables",
	"ip6tables-save", "ip6tables-restore", "ip6tables-legacy",
	"ip6tables-legacy-save", "ip6tables-legacy-restore", "ip6tables-nft",
	"ip6tables-nft-save", "ip6tables-nft-restore", "ipset", "sysctl",
	"modprobe", "ip", NULL,
};

struct exec {
	struct cli *cli;
	struct cli_list from, command;
	bool diff, trust_script;
	char *folder;  /* of this run; tables, program, cow */
	char *tables, *before, *program;
};

static char *join(const char *folder, const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		abort();
	return path;
}

static bool cannot(struct exec *e, const char *what, const char *path)
{
	ferrule_error(e->cli->ferrule, "cannot %s %s: %s", what, path,
		      strerror(errno));
	return false;
}

/* In single quotes for the shell. */
static void put_quoted(const char *text, FILE *to)
{
	fputc('\'', to);
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", to);
		else
			fputc(*text, to);
	fputc('\'', to);
}

/* The one program that stands in for all: its $0 says which. */
static bool write_program(struct exec *e)
{
	const char *libraries = getenv("LD_LIBRARY_PATH");
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	FILE *to = fopen(e->program, "we");

	if (n < 0 || !to)
		return cannot(e, "write", e->program);
	self[n] = '\0';
	fputs("#!/bin/sh\n", to);
	if (libraries) {
		fputs("LD_LIBRARY_PATH=", to);
		put_quoted(libraries, to);
		fputs(" ", to);
	}
	fputs("exec ", to);
	put_quoted(self, to);
	fputs(" as ", to);
	put_quoted(e->tables, to);
	fputs(" \"${0##*/}\" \"$@\"\n", to);
	if (fclose(to) || chmod(e->program, 0755))
		return cannot(e, "write", e->program);
	return true;
}

static bool make_folder(struct exec *e)
{
	const char *tmp = getenv("TMPDIR");
	char *folder = join(tmp && *tmp == '/' ? tmp : "/tmp",
			    "ferrule-exec.XXXXXX");

	if (!mkdtemp(folder)) {
		cannot(e, "make the folder", folder);
		free(folder);
		return false;
	}
	e->folder = folder;
	e->tables = join(folder, "tables");
	e->before = join(folder, "before");
	e->program = join(folder, "program");
	if (mkdir(e->tables, 0755) || mkdir(e->before, 0755))
		return cannot(e, "make", e->tables);
	return write_program(e);
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void free_exec(struct exec *e)
{
	if (e->folder)
		nftw(e->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	free(e->folder);
	free(e->tables);
	free(e->before);
	free(e->program);
	cli_list_free(&e->from);
	cli_list_free(&e->command);
}

/* Writes a family's rules as the tables' file in a folder. */
static bool write_family(struct exec *e, const char *path,
			 const char *folder, unsigned family)
{
	const struct ferrule_input_options options = {.family = family};
	struct ferrule_rules *rules = ferrule_rules_new(e->cli->ferrule);
	char *name = join(folder, family == 4 ? "v4.rules" : "v6.rules");
	struct cli_file file;
	bool ok = !ferrule_rules_read(rules, path, &options) &&
		  cli_file_open(e->cli, &file, name);

	if (ok)
		ok = !ferrule_rules_print(rules, FERRULE_PRINT_COUNTERS,
					  &file.out) &&
		     cli_file_close(e->cli, &file, true);
	ferrule_rules_free(rules);
	free(name);
	return ok;
}

/* --from: a file of either family. */
static bool start_from(struct exec *e)
{
	for (size_t i = 0; i < e->from.n; i++) {
		struct ferrule_rules *rules =
		    ferrule_rules_new(e->cli->ferrule);
		unsigned family;
		int error = ferrule_rules_read(rules, e->from.items[i], NULL);

		family = ferrule_rules_has(rules, 6) ? 6 : 4;
		ferrule_rules_free(rules);
		if (error ||
		    !write_family(e, e->from.items[i], e->tables, family) ||
		    !write_family(e, e->from.items[i], e->before, family))
			return false;
	}
	return true;
}

/* In the child: never returns. The script's output goes to standard error,
 * since the rules go to standard output. */
static void become_script(struct exec *e)
{
	char *error = NULL;

	dup2(STDERR_FILENO, STDOUT_FILENO);
	if (!e->trust_script) {
		error = sandbox_enter(e->folder, programs, e->program);
	} else {
		const char *path = getenv("PATH");
		char *bin = join(e->folder, "bin"), *all = NULL;

		mkdir(bin, 0755);
		for (size_t i = 0; programs[i]; i++) {
			char *name = join(bin, programs[i]);
			if (symlink(e->program, name))
				error = strdup(strerror(errno));
			free(name);
		}
		if (asprintf(&all, "%s:%s", bin, path ? path : "") < 0)
			abort();
		setenv("PATH", all, 1);
	}
	if (error) {
		fprintf(stderr, "ferrule exec: no sandbox: %s\n"
			"  --trust-script runs the script without one, "
			"with iptables found through PATH alone\n", error);
		_exit(125);
	}
	execvp(e->command.items[0], (char **)e->command.items);
	fprintf(stderr, "ferrule exec: cannot run %s: %s\n",
		e->command.items[0], strerror(errno));
	_exit(126);
}

static int run_script(struct exec *e)
{
	int status;
	pid_t child;

	cli_list_add(&e->command, NULL); /* execvp() wants the end */
	fflush(stdout);
	child = fork();
	if (child < 0) {
		cannot(e, "start", e->command.items[0]);
		return FERRULE_UNREADABLE;
	}
	if (child == 0)
		become_script(e);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFEXITED(status) &&
	    (WEXITSTATUS(status) == 125 || WEXITSTATUS(status) == 126))
		return FERRULE_UNREADABLE;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return FERRULE_OK;
	if (WIFEXITED(status))
		fprintf(stderr, "ferrule exec: %s exited with %d\n",
			e->command.items[0], WEXITSTATUS(status));
	else
		fprintf(stderr, "ferrule exec: %s died of signal %d\n",
			e->command.items[0], WTERMSIG(status));
	return FERRULE_FINDINGS;
}

/* Both families as one input, which fmt reads back. */
static int print_tables(struct exec *e)
{
	struct ferrule_rules *rules = ferrule_rules_new(e->cli->ferrule);
	int status = FERRULE_OK;

	for (unsigned family = 4; family <= 6; family += 2) {
		const struct ferrule_input_options options = {
		    .family = family, .input = FERRULE_INPUT_SAVE,
		    .strict_compat = true};
		char *path = join(e->tables,
				  family == 4 ? "v4.rules" : "v6.rules");

		if (access(path, F_OK) == 0 && !status)
			status = ferrule_rules_read(rules, path, &options);
		free(path);
	}
	if (!status)
		status = ferrule_rules_print(rules, 0, &e->cli->out);
	ferrule_rules_free(rules);
	return status;
}

/* diff(1) is on every system that has a shell for scripts. */
static int print_diff(struct exec *e)
{
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		if (chdir(e->folder) == 0)
			execlp("diff", "diff", "-ruN", "-x", "lock",
			       "-x", "recorded", "before", "tables", NULL);
		_exit(2);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) < 2
		   ? FERRULE_OK : FERRULE_UNREADABLE;
}

/* What was asked of sysctl, modprobe and ip, and not done. */
static void tell_recorded(struct exec *e)
{
	char *path = join(e->tables, "recorded"), line[4096];
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file))
		fprintf(stderr, "ferrule exec: not done: %s", line);
	if (file)
		fclose(file);
	free(path);
}

static int run(struct exec *e)
{
	int status, printed;

	if (!make_folder(e) || !start_from(e))
		return FERRULE_UNREADABLE;
	status = run_script(e);
	if (status == FERRULE_UNREADABLE)
		return status;
	tell_recorded(e);
	printed = e->diff ? print_diff(e) : print_tables(e);
	return printed ? printed : status;
}

int cmd_exec(struct cli *cli, int argc, char **argv)
{
	struct exec e = {.cli = cli};
	const struct cli_option options[] = {
	    {0, "from", CLI_LIST, &e.from, "RULES",
	     "what the tables hold at first; once for each family"},
	    {0, "diff", CLI_FLAG, &e.diff, NULL,
	     "print what changed, instead of the tables"},
	    {0, "trust-script", CLI_FLAG, &e.trust_script, NULL,
	     "no sandbox: PATH alone leads to the replacements"},
	    {0},
	};
	int status = cli_parse(cli, argc, argv,
			       "exec [OPTION...] -- COMMAND...", options,
			       &e.command);

	if (!status && !e.command.n)
		status = cli_usage_error(cli, "which COMMAND?");
	if (!status)
		status = run(&e);
	free_exec(&e);
	return status < 0 ? FERRULE_OK : status;
}
