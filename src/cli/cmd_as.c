/*
 * ferrule as: iptables, iptables-save, iptables-restore and their ip6 and
 * back-end names on tables in a folder. Arguments are put into the words of a
 * save file's line, so that one grammar reads both; what such lines can't say
 * (-t, -w, -v, listings) is taken out first.
 */
#include <ferrule/ruleset.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/listing.h"
#include "cli/tables.h"

enum program { NO_PROGRAM, IPTABLES, SAVE, RESTORE };

struct call {
	struct cli *cli;
	const char *name; /* "ip6tables-restore" */
	enum program program;
	unsigned family;
	enum ferrule_backend backend;
	struct tables tables;
	int argc;
	char **argv;
	const char *table;
	bool counters, noflush, test, lists;
	struct listing listing;
	const char *file; /* -f of save, or restore's operand; NULL: stdio */
};

/* Exit codes of iptables. */
enum { OK = 0, REFUSED = 1, BAD_WORDS = 2, RESOURCE = 4 };

static enum program program_of(const char *name, unsigned *family,
			       enum ferrule_backend *backend)
{
	static const struct {
		const char *rest;
		enum program program;
	} rests[] = {{"", IPTABLES}, {"-save", SAVE}, {"-restore", RESTORE}};
	static const char *const ends[] = {"", "-legacy", "-nft"};
	char text[32];

	*family = !strncmp(name, "ip6", 3) ? 6 : 4;
	for (size_t e = 0; e < sizeof(ends) / sizeof(ends[0]); e++)
		for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++) {
			snprintf(text, sizeof(text), "ip%stables%s%s",
				 *family == 6 ? "6" : "", ends[e],
				 rests[i].rest);
			if (strcmp(name, text))
				continue;
			if (e)
				*backend = e == 2 ? FERRULE_BACKEND_NFT
						  : FERRULE_BACKEND_LEGACY;
			return rests[i].program;
		}
	return NO_PROGRAM;
}

static int complain(const struct call *c, int status, const char *what,
		    const char *word)
{
	fprintf(stderr, "%s v1.8.9 (ferrule): %s%s%s\n", c->name, what,
		word ? " " : "", word ? word : "");
	return status;
}

/* Ferrule's own diagnostics say why. */
static int failed(struct call *c, int status)
{
	const char *text = ferrule_iptables_text(c->cli->ferrule);

	if (status == REFUSED && text)
		fprintf(stderr, "%s: %s\n", c->name, text);
	else
		fprintf(stderr, "%s v1.8.9 (ferrule):\n", c->name);
	ferrule_write_diagnostics(c->cli->ferrule, &c->cli->err);
	return status;
}

/* A word as save lines hold it. */
static void put_word(const char *word, FILE *to)
{
	bool plain = *word && !strpbrk(word, " \t\n\"'\\");

	fputc(' ', to);
	if (plain) {
		fputs(word, to);
		return;
	}
	fputc('"', to);
	for (; *word; word++) {
		if (*word == '"' || *word == '\\')
			fputc('\\', to);
		fputc(*word == '\n' ? ' ' : *word, to);
	}
	fputc('"', to);
}

/* The option's value, if the word is it: joined, or the next word. */
static const char *value_of(struct call *c, int *i, char short_name,
			    const char *long_name)
{
	const char *word = c->argv[*i];
	size_t n = strlen(long_name);

	if (word[0] != '-')
		return NULL;
	if (word[1] == short_name && word[2])
		return word + 2;
	if (!strncmp(word + 1, "-", 1) && !strncmp(word + 2, long_name, n) &&
	    word[2 + n] == '=')
		return word + 3 + n;
	if ((word[1] == short_name && !word[2]) ||
	    (word[1] == '-' && !strcmp(word + 2, long_name)))
		return *i + 1 < c->argc ? c->argv[++*i] : "";
	return NULL;
}

static bool is_option(const char *word, const char *short_name,
		      const char *long_name)
{
	return (short_name && !strcmp(word, short_name)) ||
	       !strcmp(word, long_name);
}

/* -w and -W may have a number behind them. */
static bool is_wait(struct call *c, int *i)
{
	const char *word = c->argv[*i];

	if (strncmp(word, "-w", 2) && strncmp(word, "-W", 2) &&
	    strncmp(word, "--wait", 6))
		return false;
	if ((!word[2] || !strcmp(word, "--wait") ||
	     !strcmp(word, "--wait-interval")) &&
	    *i + 1 < c->argc && c->argv[*i + 1][0] &&
	    strspn(c->argv[*i + 1], "0123456789.") ==
		strlen(c->argv[*i + 1]))
		++*i;
	return true;
}

/* -S [CHAIN [NUMBER]], and -L likewise. */
static void read_listing(struct call *c, int *i, bool rules)
{
	c->lists = true;
	c->listing.rules = rules;
	if (*i + 1 < c->argc && c->argv[*i + 1][0] != '-')
		c->listing.chain = c->argv[++*i];
	if (c->listing.chain && *i + 1 < c->argc &&
	    c->argv[*i + 1][0] != '-')
		c->listing.number = strtoul(c->argv[++*i], NULL, 10);
}

/* -nvL and the like: all short options of listings in one word. */
static bool is_bundle(struct call *c, int *i)
{
	const char *word = c->argv[*i];
	size_t n = strlen(word);

	if (n < 3 || word[0] != '-' || strspn(word + 1, "nvxLS") != n - 1)
		return false;
	c->listing.numeric |= strchr(word, 'n') != NULL;
	c->listing.verbose |= strchr(word, 'v') != NULL;
	c->listing.exact |= strchr(word, 'x') != NULL;
	if (strpbrk(word, "LS"))
		read_listing(c, i, strchr(word, 'S') != NULL);
	return true;
}

/* Takes out what save lines can't say; false: *status is the exit code. */
static bool sort_words(struct call *c, FILE *line, int *status)
{
	for (int i = 1; i < c->argc; i++) {
		const char *word = c->argv[i], *value;

		if ((value = value_of(c, &i, 't', "table"))) {
			c->table = value;
		} else if (is_wait(c, &i) || is_bundle(c, &i) ||
			   !strncmp(word, "--modprobe=", 11)) {
			continue;
		} else if (is_option(word, "-n", "--numeric")) {
			c->listing.numeric = true;
		} else if (is_option(word, "-x", "--exact")) {
			c->listing.exact = true;
		} else if (is_option(word, NULL, "--line-numbers")) {
			c->listing.numbers = true;
		} else if (is_option(word, c->family == 4 ? "-6" : "-4",
				     c->family == 4 ? "--ipv6" : "--ipv4")) {
			*status = complain(c, BAD_WORDS,
					   "the other family's command does",
					   word);
			return false;
		} else if (is_option(word, c->family == 4 ? "-4" : "-6",
				     c->family == 4 ? "--ipv4" : "--ipv6")) {
			continue;
		} else if (is_option(word, "-v", "--verbose")) {
			c->listing.verbose = true;
		} else if (is_option(word, "-V", "--version")) {
			printf("%s v1.8.9 (ferrule)\n", c->name);
			*status = OK;
			return false;
		} else if (is_option(word, "-h", "--help")) {
			printf("%s v1.8.9 (ferrule): commands as in "
			       "iptables(8); `ferrule explain NAME` tells of "
			       "a match or target\n", c->name);
			*status = OK;
			return false;
		} else if (is_option(word, "-S", "--list-rules")) {
			read_listing(c, &i, true);
		} else if (is_option(word, "-L", "--list")) {
			read_listing(c, &i, false);
		} else {
			put_word(word, line);
		}
	}
	return true;
}

/* ---- listings */

/* A command of one line, to the table that is meant. */
static int do_line(struct call *c, const char *line)
{
	const struct ferrule_restore_options options = {
	    .backend = c->backend, .family = c->family, .noflush = true,
	    .counters = true};
	char *text = NULL;
	int status;

	if (asprintf(&text, "*%s\n%s%sCOMMIT\n", c->table, line,
		     *line ? "\n" : "") < 0)
		abort();
	status = tables_load(&c->tables, "the command line", text, &options);
	free(text);
	return status;
}

static int list_rules(struct call *c, bool *changed)
{
	char *text = tables_section(&c->tables, c->table);
	bool found;

	if (!text) { /* the kernel makes a table when it is asked for */
		*changed = do_line(c, "") == OK;
		text = tables_section(&c->tables, c->table);
	}
	c->listing.family = c->family;
	found = text && listing_print(&c->listing, text, stdout);
	free(text);
	if (found)
		return OK;
	fprintf(stderr, "%s: No chain/target/match by that name.\n", c->name);
	return REFUSED;
}

/* ---- the programs */

static int iptables(struct call *c, bool *changed)
{
	char *line = NULL;
	size_t size;
	FILE *to = open_memstream(&line, &size);
	int status = OK;
	bool go_on;

	if (!to)
		abort();
	go_on = sort_words(c, to, &status);
	fclose(to);
	if (go_on && !tables_is_name(c->table)) {
		status = complain(c, 3, "can't initialize table", c->table);
	} else if (go_on && c->lists) {
		status = list_rules(c, changed);
	} else if (go_on && !*line) {
		status = complain(c, BAD_WORDS, "no command specified", NULL);
	} else if (go_on) {
		/* A line begins with its first word. */
		status = do_line(c, line + 1);
		*changed = status == OK;
		if (status)
			failed(c, status);
	}
	free(line);
	return status;
}

static bool read_files_options(struct call *c, int *status)
{
	for (int i = 1; i < c->argc; i++) {
		const char *word = c->argv[i], *value;

		if ((value = value_of(c, &i, c->program == SAVE ? 't' : 'T',
				      "table")))
			c->table = value;
		else if (c->program == SAVE &&
			 (value = value_of(c, &i, 'f', "file")))
			c->file = value;
		else if (is_option(word, "-c", "--counters"))
			c->counters = true;
		else if (is_option(word, "-n", "--noflush"))
			c->noflush = true;
		else if (c->program == RESTORE &&
			 is_option(word, "-t", "--test"))
			c->test = true;
		else if (is_wait(c, &i) || is_option(word, "-v", "--verbose") ||
			 is_option(word, "-4", "--ipv4") ||
			 is_option(word, "-6", "--ipv6"))
			continue;
		else if (value_of(c, &i, 'M', "modprobe"))
			continue;
		else if (is_option(word, "-V", "--version")) {
			printf("%s v1.8.9 (ferrule)\n", c->name);
			*status = OK;
			return false;
		} else if (word[0] != '-' && c->program == RESTORE)
			c->file = word;
		else {
			*status = complain(c, BAD_WORDS, "unknown option",
					   word);
			return false;
		}
	}
	return true;
}

/* Policies' counters are printed in any case, rules' with -c. */
static void put_saved(const struct call *c, const char *line, size_t n,
		      FILE *to)
{
	int skip = 0;

	if (!c->counters && *line == '[')
		sscanf(line, "[%*u:%*u] %n", &skip);
	fwrite(line + skip, 1, n - (size_t)skip, to);
	fputc('\n', to);
}

static int save(struct call *c)
{
	FILE *to = c->file ? fopen(c->file, "we") : stdout;
	time_t now = time(NULL);
	struct tm tm;
	char date[64];

	if (!to)
		return complain(c, REFUSED, "cannot write", c->file);
	strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Y",
		 localtime_r(&now, &tm));
	for (const char *p = c->tables.text; *p;) {
		const char *end = strchrnul(p, '\n');
		bool other = c->table && *p == '*' &&
			     (strlen(c->table) != (size_t)(end - p - 1) ||
			      strncmp(p + 1, c->table, strlen(c->table)));

		if (other) { /* to the next table */
			end = strstr(p, "\nCOMMIT");
			end = end ? strchrnul(end + 1, '\n') : p + strlen(p);
		} else if (*p == '*') {
			fprintf(to, "# Generated by ip%stables-save v1.8.9 on "
				"%s\n%.*s\n", c->family == 6 ? "6" : "", date,
				(int)(end - p), p);
		} else if (!strncmp(p, "COMMIT", 6)) {
			fprintf(to, "COMMIT\n# Completed on %s\n", date);
		} else {
			put_saved(c, p, (size_t)(end - p), to);
		}
		p = end + (*end != '\0');
	}
	if (c->file ? fclose(to) : fflush(to))
		return complain(c, RESOURCE, "cannot write", c->file);
	return OK;
}

static char *read_stream(FILE *file)
{
	char *text = NULL, chunk[65536];
	size_t size, n;
	FILE *to = open_memstream(&text, &size);

	while (to && (n = fread(chunk, 1, sizeof(chunk), file)))
		fwrite(chunk, 1, n, to);
	if (!to || fclose(to))
		abort();
	return text;
}

/* Tables ahead of one that fails stay restored, as the kernel's do. */
static int restore(struct call *c, bool *changed)
{
	const struct ferrule_restore_options options = {
	    .backend = c->backend, .family = c->family,
	    .noflush = c->noflush, .counters = c->counters,
	    .test = c->test, .only = c->table};
	FILE *file = c->file ? fopen(c->file, "re") : stdin;
	char *text;
	int status;

	if (!file)
		return complain(c, REFUSED, "Can't open", c->file);
	text = read_stream(file);
	if (c->file)
		fclose(file);
	status = tables_load(&c->tables, c->file ? c->file : "standard input",
			     text, &options);
	*changed = !c->test;
	if (status)
		failed(c, status);
	free(text);
	return status;
}

static int call(struct call *c, const char *dir)
{
	bool changed = false;
	int status = OK;

	if (c->program != IPTABLES && !read_files_options(c, &status))
		return status;
	if (!tables_open(c->cli, &c->tables, dir, c->family)) {
		tables_close(&c->tables, false);
		return failed(c, RESOURCE);
	}
	if (c->program == IPTABLES)
		status = iptables(c, &changed);
	else if (c->program == SAVE)
		status = save(c);
	else
		status = restore(c, &changed);
	if (!tables_close(&c->tables, changed))
		return failed(c, RESOURCE);
	return status;
}

/* Programs that touch what no table holds: written down, and not done. */
static int record(struct call *c, const char *dir)
{
	char *path = NULL;
	FILE *to;

	if (asprintf(&path, "%s/recorded", dir) < 0)
		abort();
	to = fopen(path, "ae");
	free(path);
	if (!to)
		return REFUSED;
	fputs(c->name, to);
	for (int i = 1; i < c->argc; i++)
		put_word(c->argv[i], to);
	fputc('\n', to);
	return fclose(to) ? REFUSED : OK;
}

static bool is_recorded(const char *name)
{
	return !strcmp(name, "sysctl") || !strcmp(name, "modprobe") ||
	       !strcmp(name, "ip");
}

int cmd_as(struct cli *cli, int argc, char **argv)
{
	struct call c = {.cli = cli};
	const char *slash;

	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		printf("usage: ferrule as DIR PROGRAM [ARGUMENT...]\n\n"
		       "PROGRAM is iptables, iptables-save or "
		       "iptables-restore, also ip6tables and with\n-legacy or "
		       "-nft; its tables are kept in DIR.\n");
		return FERRULE_OK;
	}
	if (argc < 3)
		return cli_usage_error(cli, "which program?");
	slash = strrchr(argv[2], '/');
	c.name = slash ? slash + 1 : argv[2];
	c.program = program_of(c.name, &c.family, &c.backend);
	c.argc = argc - 2;
	c.argv = argv + 2;
	if (c.program == IPTABLES)
		c.table = "filter";
	if (is_recorded(c.name))
		return record(&c, argv[1]);
	if (c.program == NO_PROGRAM)
		return cli_usage_error(cli, "'%s' is not iptables, "
				       "iptables-save or iptables-restore",
				       c.name);
	return call(&c, argv[1]);
}
