/* Tables kept in a folder (tables.h). */
#include "cli/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <ferrule/ruleset.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *name, *chains[6];
} names[] = {
	{"raw", {"PREROUTING", "OUTPUT"}},
	{"mangle",
	 {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}},
	{"nat", {"PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"}},
	{"filter", {"INPUT", "FORWARD", "OUTPUT"}},
	{"security", {"INPUT", "FORWARD", "OUTPUT"}},
};

enum { N_NAMES = sizeof(names) / sizeof(names[0]) };

static void *checked(void *p)
{
	if (!p)
		abort();
	return p;
}

static char *path_of(const struct tables *t)
{
	char *path = NULL;

	if (asprintf(&path, "%s/v%u.rules", t->dir, t->family) < 0)
		abort();
	return path;
}

static bool failed(struct tables *t, const char *what, const char *path)
{
	ferrule_error(t->cli->ferrule, "cannot %s %s: %s", what, path,
		      strerror(errno));
	return false;
}

/* The whole file; an absent one is empty. */
static bool read_text(struct tables *t, const char *path)
{
	FILE *file = fopen(path, "re");
	struct stat st;
	size_t n;

	if (!file) {
		t->text = checked(strdup(""));
		return errno == ENOENT || failed(t, "read", path);
	}
	if (fstat(fileno(file), &st)) {
		fclose(file);
		return failed(t, "read", path);
	}
	t->text = checked(malloc((size_t)st.st_size + 1));
	n = fread(t->text, 1, (size_t)st.st_size, file);
	t->text[n] = '\0';
	fclose(file);
	return true;
}

bool tables_open(struct cli *cli, struct tables *t, const char *dir,
		 unsigned family)
{
	char *path = NULL;
	bool ok;

	*t = (struct tables){.cli = cli, .dir = dir, .family = family};
	if (asprintf(&path, "%s/lock", dir) < 0)
		abort();
	t->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (t->lock < 0 || flock(t->lock, LOCK_EX)) {
		failed(t, "lock", path);
		free(path);
		return false;
	}
	free(path);
	path = path_of(t);
	ok = read_text(t, path);
	free(path);
	return ok;
}

bool tables_close(struct tables *t, bool keep)
{
	char *path = path_of(t);
	struct cli_file file;
	bool ok = true;

	if (keep) {
		ok = cli_file_open(t->cli, &file, path);
		if (ok && file.out.write(file.out.arg, t->text,
					 strlen(t->text)))
			failed(t, "write", path);
		ok = ok && cli_file_close(t->cli, &file, true);
	}
	free(path);
	free(t->text);
	t->text = NULL;
	if (t->lock >= 0)
		close(t->lock);
	return ok;
}

bool tables_is_name(const char *table)
{
	for (size_t i = 0; i < N_NAMES; i++)
		if (!strcmp(names[i].name, table))
			return true;
	return false;
}

/* Where "*NAME\n" begins, or NULL; *end: behind its "COMMIT\n". */
static const char *find(const char *text, const char *table, const char **end)
{
	size_t n = strlen(table);

	for (const char *p = text; *p; p = strchrnul(p, '\n'), p += *p != '\0') {
		if (*p != '*' || strncmp(p + 1, table, n) ||
		    p[n + 1] != '\n')
			continue;
		*end = strstr(p, "\nCOMMIT");
		*end = *end ? strchrnul(*end + 1, '\n') : strchrnul(p, '\0');
		*end += **end != '\0';
		return p;
	}
	return NULL;
}

char *tables_section(const struct tables *t, const char *table)
{
	const char *end, *at = find(t->text, table, &end), *last;

	if (!at)
		return NULL;
	at = strchrnul(at, '\n') + 1;
	for (last = at; last < end && strncmp(last, "COMMIT", 6);)
		last = strchrnul(last, '\n') + 1;
	return checked(strndup(at, (size_t)(last - at)));
}

static void put_chains(const char *table, FILE *to)
{
	for (size_t i = 0; i < N_NAMES; i++)
		for (size_t c = 0; !strcmp(names[i].name, table) &&
				   names[i].chains[c]; c++)
			fprintf(to, ":%s ACCEPT [0:0]\n", names[i].chains[c]);
}

/* Each commit of a table sets its policies' counters back, not the rules'. */
static void put_old(const char *lines, FILE *to)
{
	while (*lines) {
		const char *end = strchrnul(lines, '\n');
		const char *bracket = *lines == ':'
			? memrchr(lines, '[', (size_t)(end - lines)) : NULL;

		fwrite(lines, 1, (size_t)((bracket ? bracket : end) - lines),
		       to);
		fputs(bracket ? "[0:0]\n" : "\n", to);
		lines = end + (*end != '\0');
	}
}

static int write_stream(void *arg, const void *data, size_t size)
{
	return fwrite(data, 1, size, arg) == size ? 0 : EIO;
}

/* Reads the text as rules, and makes a text of what came of it. */
static int settle(struct tables *t, const char *text, char **settled)
{
	const struct ferrule_input_options options = {
	    .input = FERRULE_INPUT_SAVE, .family = t->family,
	    .strict_compat = true, .resolve = true};
	struct ferrule *ferrule = t->cli->ferrule;
	struct ferrule_rules *rules = ferrule_rules_new(ferrule);
	size_t size;
	FILE *to = checked(open_memstream(settled, &size));
	const struct ferrule_out out = {.write = write_stream, .arg = to,
					.name = "tables"};
	int status;

	ferrule_rules_read_text(rules, "the tables", text, strlen(text),
				&options);
	status = ferrule_iptables_status(ferrule);
	if (!status &&
	    ferrule_rules_print(rules, FERRULE_PRINT_COUNTERS, &out))
		status = 4; /* iptables' code for a resource problem */
	fclose(to);
	ferrule_rules_free(rules);
	return status;
}

/* One table as it is then. */
static int settle_table(struct tables *t, const char *table, const char *lines,
			bool flush, char **settled)
{
	char *old = flush ? NULL : tables_section(t, table), *text = NULL;
	size_t size;
	FILE *to = checked(open_memstream(&text, &size));
	int status;

	fprintf(to, "*%s\n", table);
	if (old)
		put_old(old, to);
	else
		put_chains(table, to);
	fprintf(to, "%sCOMMIT\n", lines);
	fclose(to);
	status = settle(t, text, settled);
	free(text);
	free(old);
	return status;
}

int tables_do(struct tables *t, const char *table, const char *lines,
	      bool flush)
{
	const char *end = NULL, *at;
	char *settled = NULL, *text = NULL;
	int status = settle_table(t, table, lines, flush, &settled);

	if (!status) {
		at = find(t->text, table, &end);
		if (!at)
			at = end = t->text; /* the kernel lists the newest first */
		if (asprintf(&text, "%.*s%s%s", (int)(at - t->text), t->text,
			     settled, end) < 0)
			abort();
		free(t->text);
		t->text = text;
	}
	free(settled);
	return status;
}
