/*
 * Measured edge cases: what iptables 1.8.9 (legacy) refuses or saves for odd
 * words, quotes, numbers and lines must be what Ferrule refuses or prints.
 *
 *	probes [FILE.jsonl]
 *
 * Extensions that are not yet understood are counted apart.
 */
#include <stdlib.h>
#include <string.h>

#include "lang/read.h"
#include "probe_file.h"

static const char *const backend_names[] = {"legacy", "nft"};

enum outcome { AGREE, DIFFER, OPAQUE, LEFT_OUT, N_OUTCOMES };

/* Where Ferrule does otherwise on purpose. */
static const char *const deliberate[] = {
	/* An open quote is an error. */
	"unterminated quote", "unterminated quote then -j",
	/* So is a file without rules. */
	"only comments",
	/* Names are not looked up without --resolve. */
	"-s 'localhost'", "-s 'loopback'",
	/* Which sets a host has is not in its rules. */
	"INPUT -m set --match-set nosuch src",
	/* A name is not cut in silence, nor a builtin chain renamed. */
	"-E to long", "-E builtin",
	/* A warning: the rules are whole. */
	"no newline after COMMIT",
	/* Counters are no condition for rules. */
	"-c but policy w/o counters",
	/* Words of several lines are saved as such, and read back as more. */
	"INPUT -m comment --comment a\nb",
	NULL,
};

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

static void input_of(const json_t *probe, struct fe_buf *buf)
{
	json_t *command, *word;
	size_t i, j;

	probe_bytes(json_object_get(probe, "input"), buf);
	json_array_foreach(json_object_get(probe, "argv"), i, command) {
		fe_buf_puts(buf, probe_string(probe, "tool"));
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
static int ask(const json_t *probe, enum fe_backend backend,
	       const struct fe_buf *text, struct fe_buf *lines)
{
	struct fe_sources *sources = fe_sources_new();
	struct fe_diags *diags = fe_diags_new();
	struct fe_rules rules = {0};
	struct fe_read_options options = {
		.input = strcmp(probe_string(probe, "kind"), "cmd") == 0 ?
				 FE_INPUT_COMMANDS : FE_INPUT_SAVE,
		.family = strncmp(probe_string(probe, "tool"), "ip6", 3) == 0 ?
				  6 : 4,
		.backend = backend,
	};
	struct fe_buf printed = {0};
	bool counters = json_is_true(json_object_get(probe, "counters"));
	uint32_t index = fe_sources_add(sources, "probe", fe_buf_text(text),
					text->size);
	bool whole = fe_read(sources, index, &options, &rules, diags);
	int answer = diags->n_errors > 0 ? 0 : whole ? 1 : -1;

	print_all(rules.v4, counters ? FE_PRINT_COUNTERS : 0, &printed);
	print_all(rules.v6, counters ? FE_PRINT_COUNTERS : 0, &printed);
	lines_of(&printed, probe_string(probe, "table"), lines);
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
		strcmp(probe_string(probe, "kind"), "restore") == 0);
}

static enum outcome judge(const json_t *probe, enum fe_backend backend)
{
	const json_t *truth = json_object_get(json_object_get(probe, "res"),
					      backend_names[backend]);
	bool accepted = json_integer_value(json_array_get(truth, 0)) == 0;
	struct fe_buf text = {0}, want = {0}, got = {0};
	enum outcome outcome;
	json_t *line;
	size_t i;
	int answer;

	if (is_left_out(probe))
		return LEFT_OUT;
	input_of(probe, &text);
	json_array_foreach(json_array_get(truth, 2), i, line) {
		fe_buf_puts(&want, json_string_value(line));
		fe_buf_putc(&want, '\n');
	}
	answer = ask(probe, backend, &text, &got);
	outcome = answer < 0 ? OPAQUE :
		  (answer > 0) == accepted &&
		  (!accepted || strcmp(fe_buf_text(&got),
				       fe_buf_text(&want)) == 0) ? AGREE :
								   DIFFER;
	if (outcome == DIFFER)
		printf("# %s\n#   iptables: %s%s#   ferrule: %s%s",
		       probe_string(probe, "name"), accepted ? "" : "refused\n",
		       accepted ? fe_buf_text(&want) : "",
		       answer ? "" : "refused\n",
		       answer ? fe_buf_text(&got) : "");
	fe_buf_free(&text);
	fe_buf_free(&want);
	fe_buf_free(&got);
	return outcome;
}

/* One back end's answers; whether Ferrule gives them. */
static bool play(FILE *file, enum fe_backend backend)
{
	unsigned n[N_OUTCOMES] = {0}, on_purpose = 0;
	char *line = NULL;
	size_t cap = 0;

	printf("# as %s\n", backend_names[backend]);
	rewind(file);
	while (getline(&line, &cap, file) > 0) {
		json_t *probe = json_loads(line, JSON_ALLOW_NUL, NULL);
		enum outcome outcome = judge(probe, backend);

		if (outcome == DIFFER &&
		    probe_is_one(probe, deliberate)) {
			on_purpose++;
			printf("#   on purpose\n");
		} else {
			n[outcome]++;
		}
		json_decref(probe);
	}
	free(line);
	printf("# %u agree, %u differ, %u differ on purpose, %u hold "
	       "extensions not yet understood, %u left out\n", n[AGREE],
	       n[DIFFER], on_purpose, n[OPAQUE], n[LEFT_OUT]);
	printf("%sok %u - %u measured edge cases as %s\n",
	       n[DIFFER] > 0 ? "not " : "", backend + 1u, n[AGREE],
	       backend_names[backend]);
	return n[DIFFER] == 0;
}

int main(int argc, char **argv)
{
	FILE *file = probe_file_open(argc, argv);
	bool fine;

	if (file == NULL)
		return 0;
	fine = play(file, FE_LEGACY);
	fine &= play(file, FE_NFT);
	fclose(file);
	printf("1..2\n");
	return !fine;
}
