/*
 * Plays a .t file of extension cases (see et.h) and prints TAP: one line a
 * case by Ferrule, and one by the kernel where it can be asked.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "et.h"
#include "ext/ext.h"

#define PACKETS_MAX 16

struct run {
	struct et_place place;
	bool both;              /* families 4 and 6 in turn */
	struct fe_buf prelude, ipsets;
	char table[16], chain[32];
	const char *no_kernel;  /* why it is not asked, or NULL */
	unsigned n, failed, line;
};

static void result(struct run *run, bool ok, const char *who,
		   const char *what)
{
	printf("%sok %u - line %u: %s, IPv%u: %s\n", ok ? "" : "not ", ++run->n,
	       run->line, who, run->place.family, what);
	run->failed += !ok;
}

static void remark(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
static void remark(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("# ", stdout);
	vprintf(format, ap);
	putchar('\n');
	va_end(ap);
}

static void check_save(struct run *run, const char *who, const char *rule,
		       const char *want, bool saved, const char *got)
{
	bool ok = want == NULL ? !saved : saved && strcmp(got, want) == 0;

	result(run, ok, who, rule);
	if (ok)
		return;
	remark("want: %s", want == NULL ? "refused" : want);
	remark("got:  %s", saved ? got : "refused");
}

/* want NULL: refused. */
static void play_save(struct run *run, const char *rule, const char *want,
		      bool ask_kernel)
{
	struct fe_buf buf = {0};
	bool saved;

	saved = et_ferrule_save(&run->place, rule, &buf);
	check_save(run, "ferrule", rule, want, saved, fe_buf_text(&buf));
	fe_buf_clear(&buf);
	if (run->no_kernel == NULL && ask_kernel) {
		saved = et_kernel_save(&run->place, rule, &buf);
		check_save(run, "kernel", rule, want, saved,
			   fe_buf_text(&buf));
	}
	fe_buf_free(&buf);
}

static const char *const answers[] = {
	[ET_NO] = "no", [ET_YES] = "yes", [ET_HOTDROP] = "hotdrop",
	[ET_ERROR] = "error",
};

static void check_answer(struct run *run, const char *who, const char *text,
			 const char *want, enum et_answer got)
{
	bool ok = strcmp(answers[got], want) == 0;

	result(run, ok, who, text);
	if (!ok)
		remark("want: %s, got: %s", want, answers[got]);
}

static void play_packets(struct run *run, const char *rule, const char *text,
			 const char *want)
{
	static struct et_packet packets[PACKETS_MAX];
	struct fe_buf what = {0};
	const char *bad;
	size_t n;

	fe_buf_printf(&what, "%s: %s", rule, text);
	if (!et_packets_read(text, run->place.family, packets, PACKETS_MAX, &n,
			     &bad)) {
		result(run, false, "packet", fe_buf_text(&what));
		remark("not understood: %s", bad);
		fe_buf_free(&what);
		return;
	}
	check_answer(run, "ferrule", fe_buf_text(&what), want,
		     et_ferrule_judge(&run->place, rule, packets, n));
	if (run->no_kernel == NULL &&
	    packets[n - 1].caught == packets[n - 1].size)
		check_answer(run, "kernel", fe_buf_text(&what), want,
			     et_kernel_judge(&run->place, rule, packets, n));
	fe_buf_free(&what);
}

static char *trim(char *s)
{
	size_t len;

	while (*s == ' ' || *s == '\t')
		s++;
	len = strlen(s);
	while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\n'))
		s[--len] = '\0';
	return s;
}

static bool is_save(const char *kind)
{
	return strcmp(kind, "OK") == 0 || strcmp(kind, "HERE") == 0;
}

/* Whether a family's cases are to be played: a packet tells its own. */
static bool suits(const char *middle, const char *kind, unsigned family)
{
	bool six;

	if (is_save(kind) || strcmp(kind, "FAIL") == 0)
		return true;
	six = strchr(middle, '[') != NULL || strstr(middle, "::") != NULL;
	return six == (family == 6);
}

static void play_case(struct run *run, char *text)
{
	char *middle = strstr(text, " ;"), *kind;
	const char *rule;

	kind = middle != NULL ? strstr(middle + 2, "; ") : NULL;
	if (kind == NULL) {
		result(run, false, "case", text);
		remark("not of the form RULE ; TEXT ; OK");
		return;
	}
	*middle = *kind = '\0';
	middle = trim(middle + 2);
	kind = trim(kind + 1);
	rule = trim(text);
	for (unsigned family = 4; family <= 6; family += 2) {
		if (!run->both && family != run->place.family)
			continue;
		if (run->both && !suits(middle, kind, family))
			continue;
		run->place.family = family;
		if (strcmp(kind, "FAIL") == 0)
			play_save(run, rule, NULL, true);
		else if (is_save(kind))
			play_save(run, rule,
				  strcmp(middle, "=") == 0 ? rule : middle,
				  strcmp(kind, "OK") == 0);
		else
			play_packets(run, rule, middle, kind);
	}
}

static void set_place(struct run *run, const char *text)
{
	char family[8] = "";

	strcpy(run->table, "filter");
	strcpy(run->chain, "c");
	sscanf(text, "%7s %15s %31s", family, run->table, run->chain);
	run->both = strcmp(family, "both") == 0;
	run->place.family = strcmp(family, "6") == 0 ? 6 : 4;
}

static void add_prelude(struct run *run, const char *rule)
{
	if (*rule == '\0')
		fe_buf_clear(&run->prelude);
	else
		fe_buf_printf(&run->prelude, "%s\n", rule);
	run->place.prelude = fe_buf_text(&run->prelude);
}

static void play_line(struct run *run, char *line)
{
	switch (line[0]) {
	case '\0':
	case '\n':
	case '#':
		return;
	case ':':
		set_place(run, line + 1);
		return;
	case '>':
		line = trim(line + 1);
		fe_buf_printf(&run->ipsets, "%s\n", line);
		run->place.ipsets = fe_buf_text(&run->ipsets);
		if (run->no_kernel == NULL)
			et_kernel_ipsets(line);
		return;
	case '+':
		add_prelude(run, trim(line + 1));
		return;
	default:
		play_case(run, line);
	}
}

/* Names options without help and extensions without a summary. */
static int print_missing(void)
{
	for (const struct fe_ext *const *e = fe_exts; *e != NULL; e++) {
		const struct fe_opt *opt = (*e)->opts;

		if ((*e)->summary == NULL)
			printf("%s has no summary\n", (*e)->name);
		for (; opt != NULL && opt->name != NULL; opt++) {
			if (opt->help == NULL)
				printf("%s: --%s has no help\n", (*e)->name,
				       opt->name);
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct run run = {.place = {.prelude = "", .ipsets = ""}};
	char line[1024];
	FILE *file;

	if (argc == 2 && strcmp(argv[1], "--help-missing") == 0)
		return print_missing();
	file = argc == 2 ? fopen(argv[1], "r") : NULL;
	if (file == NULL) {
		fprintf(stderr, "usage: ext_test FILE.t\n");
		return 99;
	}
	set_place(&run, "both");
	run.place.table = run.table;
	run.place.chain = run.chain;
	if (!et_kernel_open(&run.no_kernel))
		remark("the kernel is not asked: %s", run.no_kernel);
	for (run.line = 1; fgets(line, sizeof(line), file) != NULL; run.line++)
		play_line(&run, line);
	fclose(file);
	if (run.no_kernel == NULL)
		et_kernel_close();
	else
		printf("ok %u - kernel # SKIP %s\n", ++run.n, run.no_kernel);
	printf("1..%u\n", run.n);
	fe_buf_free(&run.prelude);
	fe_buf_free(&run.ipsets);
	return run.failed != 0;
}
