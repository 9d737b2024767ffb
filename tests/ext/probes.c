/*
 * Measured edge cases: what iptables 1.8.9 (legacy) refuses or saves for odd
 * words, quotes, numbers and lines must be what Ferrule refuses or prints.
 *
 *	probes FILE.jsonl
 *
 * Each line of the file is an object: name, kind ("restore" with input, "cmd"
 * with argv), tool, opts, table, counters, pre, and res.legacy: the exit
 * code, the message and the lines that iptables-save prints for the table.
 * Extensions that are not yet understood are counted apart.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/read.h"

enum outcome { AGREE, DIFFER, OPAQUE, LEFT_OUT, N_OUTCOMES };

/* Where Ferrule does otherwise on purpose, and why. */
static const struct {
	const char *name, *why;
} deliberate[] = {
	{"unterminated quote", "an open quote is an error"},
	{"unterminated quote then -j", "an open quote is an error"},
	{"only comments", "a file without rules is an error"},
	{"-s 'localhost'", "names are not looked up without --resolve"},
	{"-s 'loopback'", "names are not looked up without --resolve"},
	{"-E to long", "a name is not cut in silence"},
	{"INPUT -m set --match-set nosuch src", "which sets a host has is not "
	 "in its rules"},
	{"no newline after COMMIT", "a warning: the rules are whole"},
	{"-c but policy w/o counters", "counters are no condition for rules"},
	{"INPUT -m comment --comment a\nb", "words of several lines"},
};

static const char *string_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s != NULL ? s : "";
}

/* A shell word: in single quotes. */
static void quote(struct fe_buf *buf, const char *word)
{
	fe_buf_puts(buf, " '");
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			fe_buf_puts(buf, "'\\''");
		else
			fe_buf_putc(buf, *word);
	}
	fe_buf_putc(buf, '\'');
}

/* A byte of the input is a character of the file: two bytes from 0x80 on. */
static void bytes_of(const json_t *text, struct fe_buf *buf)
{
	const char *s = json_string_value(text);
	size_t len = json_string_length(text);

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c & 0xfc) == 0xc0 && i + 1 < len) {
			c = (unsigned char)(c << 6 | (s[i + 1] & 0x3f));
			i++;
		}
		fe_buf_putc(buf, (char)c);
	}
}

static void input_of(const json_t *probe, struct fe_buf *buf)
{
	json_t *command, *word;
	size_t i, j;

	bytes_of(json_object_get(probe, "input"), buf);
	json_array_foreach(json_object_get(probe, "argv"), i, command) {
		fe_buf_puts(buf, string_of(probe, "tool"));
		json_array_foreach(command, j, word)
			quote(buf, json_string_value(word));
		fe_buf_putc(buf, '\n');
	}
}

/* Lines of one table; builtin chains that accept are left out, as there. */
static void lines_of(const struct fe_buf *printed, const char *table,
		     struct fe_buf *lines)
{
	bool inside = false;
	struct fe_str rest = {fe_buf_text(printed), printed->size}, line;

	while (rest.len > 0) {
		const char *end = memchr(rest.s, '\n', rest.len);
		size_t len = end != NULL ? (size_t)(end - rest.s) : rest.len;
		bool accepts = false;

		line = (struct fe_str){rest.s, len};
		rest.s += len + (end != NULL);
		rest.len -= len + (end != NULL);
		if (len > 0 && line.s[0] == '*') {
			inside = strlen(table) == len - 1 &&
				 memcmp(line.s + 1, table, len - 1) == 0;
			continue;
		}
		if (len > 13 && line.s[0] == ':')
			accepts = memcmp(line.s + len - 13, " ACCEPT [0:0]",
					 13) == 0;
		if (!inside || accepts || line.s[0] == '#' ||
		    fe_str_is(line, "COMMIT"))
			continue;
		fe_buf_add(lines, line.s, len);
		fe_buf_putc(lines, '\n');
	}
}

static void print_all(const struct fe_ruleset *ruleset, unsigned flags,
		      struct fe_buf *buf)
{
	struct fe_out out;

	if (ruleset == NULL)
		return;
	fe_out_init(&out, fe_write_buf, buf);
	fe_ruleset_print(ruleset, flags, &out);
	fe_out_close(&out);
}

/* What Ferrule makes of it: 0 refused, 1 read, -1 not understood. */
static int ask(const json_t *probe, const struct fe_buf *text,
	       struct fe_buf *lines)
{
	struct fe_sources *sources = fe_sources_new();
	struct fe_diags *diags = fe_diags_new();
	struct fe_rules rules = {0};
	struct fe_read_options options = {
		.input = strcmp(string_of(probe, "kind"), "cmd") == 0 ?
				 FE_INPUT_COMMANDS : FE_INPUT_SAVE,
		.family = strncmp(string_of(probe, "tool"), "ip6", 3) == 0 ?
				  6 : 4,
	};
	struct fe_buf printed = {0};
	bool counters = json_is_true(json_object_get(probe, "counters"));
	uint32_t index = fe_sources_add(sources, "probe", fe_buf_text(text),
					text->size);
	bool whole = fe_read(sources, index, &options, &rules, diags);
	int answer = diags->n_errors > 0 ? 0 : whole ? 1 : -1;

	print_all(rules.v4, counters ? FE_PRINT_COUNTERS : 0, &printed);
	print_all(rules.v6, counters ? FE_PRINT_COUNTERS : 0, &printed);
	lines_of(&printed, string_of(probe, "table"), lines);
	fe_buf_free(&printed);
	fe_rules_free(&rules);
	fe_diags_free(diags);
	fe_sources_free(sources);
	return answer;
}

/* Tools' options that a file of rules does not carry. */
static bool is_left_out(const json_t *probe)
{
	const json_t *opts = json_object_get(probe, "opts");
	const char *first = json_string_value(json_array_get(opts, 0));
	bool counts = json_is_true(json_object_get(probe, "counters"));

	return (first != NULL && strcmp(first, "-c") != 0) ||
	       (counts && first == NULL &&
		strcmp(string_of(probe, "kind"), "restore") == 0);
}

static enum outcome judge(const json_t *probe)
{
	const json_t *legacy =
		json_object_get(json_object_get(probe, "res"), "legacy");
	bool accepted = json_integer_value(json_array_get(legacy, 0)) == 0;
	struct fe_buf text = {0}, want = {0}, got = {0};
	enum outcome outcome;
	json_t *line;
	size_t i;
	int answer;

	if (is_left_out(probe))
		return LEFT_OUT;
	input_of(probe, &text);
	json_array_foreach(json_array_get(legacy, 2), i, line) {
		fe_buf_puts(&want, json_string_value(line));
		fe_buf_putc(&want, '\n');
	}
	answer = ask(probe, &text, &got);
	outcome = answer < 0 ? OPAQUE :
		  (answer > 0) == accepted &&
		  (!accepted || strcmp(fe_buf_text(&got),
				       fe_buf_text(&want)) == 0) ? AGREE :
								   DIFFER;
	if (outcome == DIFFER)
		printf("# %s\n#   iptables: %s%s#   ferrule: %s%s",
		       string_of(probe, "name"), accepted ? "" : "refused\n",
		       accepted ? fe_buf_text(&want) : "",
		       answer ? "" : "refused\n",
		       answer ? fe_buf_text(&got) : "");
	fe_buf_free(&text);
	fe_buf_free(&want);
	fe_buf_free(&got);
	return outcome;
}

static bool is_deliberate(const char *name)
{
	for (size_t i = 0; i < sizeof(deliberate) / sizeof(deliberate[0]); i++)
		if (strcmp(deliberate[i].name, name) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	const char *shared = getenv("FERRULE_SHARED");
	const char *top = getenv("top_srcdir");
	unsigned n[N_OUTCOMES] = {0}, on_purpose = 0;
	char path[4096];
	char *line = NULL;
	size_t cap = 0;
	FILE *file;

	if (argc == 2)
		snprintf(path, sizeof(path), "%s", argv[1]);
	else if (shared != NULL)
		snprintf(path, sizeof(path), "%s/probes.jsonl", shared);
	else
		snprintf(path, sizeof(path), "%s/../shared/probes.jsonl",
			 top != NULL ? top : ".");
	file = fopen(path, "r");
	if (file == NULL) {
		printf("1..0 # SKIP no file of probes\n");
		return 0;
	}
	while (getline(&line, &cap, file) > 0) {
		json_t *probe = json_loads(line, JSON_ALLOW_NUL, NULL);
		enum outcome outcome = judge(probe);

		if (outcome == DIFFER &&
		    is_deliberate(string_of(probe, "name"))) {
			on_purpose++;
			printf("#   on purpose\n");
		} else {
			n[outcome]++;
		}
		json_decref(probe);
	}
	free(line);
	fclose(file);
	printf("# %u agree, %u differ, %u differ on purpose, %u hold "
	       "extensions not yet understood, %u left out\n", n[AGREE],
	       n[DIFFER], on_purpose, n[OPAQUE], n[LEFT_OUT]);
	printf("%sok 1 - %u measured edge cases\n1..1\n",
	       n[DIFFER] > 0 ? "not " : "", n[AGREE]);
	return n[DIFFER] > 0;
}
