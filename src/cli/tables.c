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

static const char *const names[] = {
	"raw", "mangle", "nat", "filter", "security",
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
		if (!strcmp(names[i], table))
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

static int write_stream(void *arg, const void *data, size_t size)
{
	return fwrite(data, 1, size, arg) == size ? 0 : EIO;
}

int tables_load(struct tables *t, const char *name, const char *text,
		const struct ferrule_restore_options *options)
{
	struct ferrule_rules *rules = ferrule_rules_new(t->cli->ferrule);
	char *loaded = NULL;
	size_t size;
	FILE *to = checked(open_memstream(&loaded, &size));
	const struct ferrule_out out = {.write = write_stream, .arg = to,
					.name = "tables"};
	int status = ferrule_rules_restore(rules, t->text, name, text,
					   strlen(text), options);

	if (ferrule_rules_print(rules, FERRULE_PRINT_COUNTERS, &out))
		status = 4; /* iptables' code for a resource problem */
	fclose(to);
	ferrule_rules_free(rules);
	free(t->text);
	t->text = loaded;
	return status;
}
