/*
 * The measured edge cases again, command by command through `ferrule as`: the
 * exit code of each must be iptables', of legacy and of nft, and so must the
 * rules that are there then.
 *
 *	probes_as [FILE.jsonl]        FERRULE: the program
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe_file.h"

static const char *const backends[] = {"legacy", "nft"};

/* Where `as` does otherwise on purpose. */
static const char *const deliberate[] = {
	/* Which sets a host has is not in its tables. */
	"INPUT -m set --match-set nosuch src",
	/* A newline would be read as a rule of its own: it is a blank, or the
	 * word ends before it. */
	"INPUT -m comment --comment a\nb", "unterminated quote",
	"unterminated quote then -j",
	NULL,
};

static char dir[] = "/tmp/probes-as.XXXXXX";

/* Runs `ferrule as DIR PROGRAM ARGS`, input on its stdin; the exit code. What
 * it prints goes to a file. */
static int as(const char *program, const json_t *args, FILE *input,
	      const char *output)
{
	const char *argv[256] = {getenv("FERRULE"), "as", dir, program};
	size_t n = 4, i;
	json_t *arg;
	int status;
	pid_t pid;

	json_array_foreach(args, i, arg)
		if (n < 255)
			argv[n++] = json_string_value(arg);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (input != NULL) {
			rewind(input);
			dup2(fileno(input), 0);
		}
		if (freopen(output, "w", stdout) == NULL ||
		    freopen("/dev/null", "w", stderr) == NULL)
			_exit(127);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* "ip6tables-restore" -> "ip6tables-nft-restore" */
static void name_of(char *name, size_t size, const char *tool,
		    const char *backend, const char *rest)
{
	bool six = strncmp(tool, "ip6", 3) == 0;

	snprintf(name, size, "ip%stables-%s%s", six ? "6" : "", backend, rest);
}

static int restore(const json_t *probe, const json_t *text, const json_t *opts,
		   const char *backend)
{
	char name[64];
	FILE *input = tmpfile();
	struct fe_buf bytes = {0};
	int status;

	if (input == NULL)
		return 127;
	probe_bytes(text, &bytes);
	fwrite(fe_buf_text(&bytes), 1, bytes.size, input);
	fe_buf_free(&bytes);
	name_of(name, sizeof(name), probe_string(probe, "tool"), backend,
		"-restore");
	status = as(name, opts, input, "/dev/null");
	fclose(input);
	return status;
}

/* The first command that fails ends it, as it did where this was measured. */
static int commands(const json_t *probe, const char *backend)
{
	json_t *command;
	char name[64];
	int status = 0;
	size_t i;

	name_of(name, sizeof(name), probe_string(probe, "tool"), backend, "");
	json_array_foreach(json_object_get(probe, "argv"), i, command)
		if (status == 0)
			status = as(name, command, NULL, "/dev/null");
	return status;
}

/* One table's lines; builtin chains that accept are left out, as there. */
static void saved(const json_t *probe, const char *backend,
		  struct fe_buf *lines)
{
	char name[64], file[128], line[65536];
	bool counts = json_is_true(json_object_get(probe, "counters"));
	json_t *args = counts
		? json_pack("[s, s, s]", "-c", "-t", probe_string(probe, "table"))
		: json_pack("[s, s]", "-t", probe_string(probe, "table"));
	FILE *in;

	name_of(name, sizeof(name), probe_string(probe, "tool"), backend, "-save");
	snprintf(file, sizeof(file), "%s/saved", dir);
	as(name, args, NULL, file);
	json_decref(args);
	in = fopen(file, "r");
	while (in != NULL && fgets(line, sizeof(line), in) != NULL) {
		size_t len = strlen(line);
		bool accepts = len > 14 && line[0] == ':' &&
			       strcmp(line + len - 14, " ACCEPT [0:0]\n") == 0;

		if (!accepts && line[0] != '#' && line[0] != '*' &&
		    strcmp(line, "COMMIT\n") != 0)
			fe_buf_puts(lines, line);
	}
	if (in != NULL)
		fclose(in);
}

static void clear(void)
{
	static const char *const files[] = {"v4.rules", "v6.rules"};
	char path[128];

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
}

static bool agrees(const json_t *probe, const char *backend)
{
	const json_t *truth =
		json_object_get(json_object_get(probe, "res"), backend);
	int want = (int)json_integer_value(json_array_get(truth, 0)), got;
	struct fe_buf ours = {0}, theirs = {0};
	json_t *line;
	size_t i;
	bool same;

	clear();
	if (json_is_string(json_object_get(probe, "pre")))
		restore(probe, json_object_get(probe, "pre"), NULL, backend);
	got = strcmp(probe_string(probe, "kind"), "cmd") == 0
		? commands(probe, backend)
		: restore(probe, json_object_get(probe, "input"),
			  json_object_get(probe, "opts"), backend);
	saved(probe, backend, &ours);
	json_array_foreach(json_array_get(truth, 2), i, line) {
		fe_buf_puts(&theirs, json_string_value(line));
		fe_buf_putc(&theirs, '\n');
	}
	/* Below 0: iptables crashed; whatever is refused will do. */
	same = (want < 0 ? got != 0 : got == want) &&
	       strcmp(fe_buf_text(&ours), fe_buf_text(&theirs)) == 0;
	if (!same)
		printf("# %s, as %s: iptables' exit code is %d, ours %d\n"
		       "#   iptables has:\n%s#   ferrule has:\n%s",
		       probe_string(probe, "name"), backend, want, got,
		       fe_buf_text(&theirs), fe_buf_text(&ours));
	fe_buf_free(&ours);
	fe_buf_free(&theirs);
	return same;
}

/* One back end's answers; the number of the test that says so. */
static bool play(FILE *file, unsigned b)
{
	unsigned agree = 0, differ = 0, on_purpose = 0;
	char *line = NULL;
	size_t cap = 0;

	rewind(file);
	while (getline(&line, &cap, file) > 0) {
		json_t *probe = json_loads(line, JSON_ALLOW_NUL, NULL);

		if (agrees(probe, backends[b]))
			agree++;
		else if (probe_is_one(probe, deliberate))
			on_purpose++;
		else
			differ++;
		json_decref(probe);
	}
	free(line);
	printf("%sok %u - as iptables-%s: %u agree, %u differ, %u on purpose\n",
	       differ > 0 ? "not " : "", b + 1, backends[b], agree, differ,
	       on_purpose);
	return differ == 0;
}

int main(int argc, char **argv)
{
	FILE *file = probe_file_open(argc, argv);
	char command[64];
	bool fine;

	if (file == NULL)
		return 0;
	if (getenv("FERRULE") == NULL || mkdtemp(dir) == NULL)
		return 99;
	fine = play(file, 0);
	fine &= play(file, 1);
	fclose(file);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	fine &= system(command) == 0;
	printf("1..2\n");
	return !fine;
}
