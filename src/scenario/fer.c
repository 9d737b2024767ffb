/*
 * Fer: the statements of a .fer file.
 *
 * The host block and `let` count for the whole file, wherever they stand;
 * tests are read in a second pass.
 */
#include "scenario/fer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MOST_ERRORS = 1000 }; /* reported of one file, or few more */

static const char *const statement_names[] = {
	"use", "host", "let", "test", "burst", "pcap", NULL,
};
static const char *const step_names[] = {
	"flow", "send", "after", "expect", "burst", "pcap", "let", "use", NULL,
};

static bool says(const struct fe_script_line *line, const char *word)
{
	return line->words.n && !line->words.data[0].quoted &&
	       fe_str_is(line->words.data[0].text, word);
}

/* A path as seen from the file's folder. */
static const char *path_of(struct fe_fer *fer, struct fe_str text)
{
	const char *slash = strrchr(fer->path, '/');

	if (!slash || (text.len && *text.s == '/'))
		return fe_arena_strndup(fer->arena, text.s, text.len);
	return fe_arena_printf(fer->arena, "%.*s/%.*s",
			       (int)(slash - fer->path), fer->path,
			       (int)text.len, text.s);
}

/* test NULL: for the whole file. */
static void read_use(struct fe_fer *fer, struct fe_test *test,
		     const struct fe_script_line *line)
{
	if (line->words.n < 2)
		fe_fer_error(fer, line->span, "use which files?");
	for (size_t i = 1; i < line->words.n; i++) {
		const struct fe_script_word *word = &line->words.data[i];
		const struct fe_use use = {path_of(fer, word->text),
					   word->span};
		if (test)
			fe_vec_push(&test->uses, use);
		else
			fe_vec_push(&fer->uses, use);
	}
}

/* let NAME = WORD */
static void read_let(struct fe_fer *fer, const struct fe_script_line *line)
{
	struct fe_let let = {0};

	if (line->words.n < 4 || !fe_str_is(line->words.data[2].text, "=")) {
		fe_fer_error(fer, line->span, "write: let NAME = VALUE");
		return;
	}
	if (line->words.n > 4)
		fe_fer_error(fer, line->words.data[4].span,
			     "a name stands for one value");
	let.name = line->words.data[1].text;
	let.words.data = line->words.data + 3;
	let.words.n = 1;
	fe_vec_push(&fer->lets, let);
}

static void read_pcap_words(struct fe_cursor *c, struct fe_pcap_step *pcap)
{
	static const char *const names[] = {"in", "inject", "observed", NULL};
	struct fe_script_word word;

	if (fe_cursor_want(c, "a capture", &word))
		pcap->path = path_of(c->fer, word.text);
	pcap->observed = true;
	while (fe_cursor_peek(c, &word)) {
		if (fe_cursor_take(c, "in")) {
			if (!fe_cursor_want(c, "an interface", &word))
				return;
			pcap->iface = fe_arena_strndup(
			    c->fer->arena, word.text.s, word.text.len);
		} else if (fe_cursor_take(c, "inject")) {
			pcap->observed = false;
		} else if (!fe_cursor_take(c, "observed")) {
			fe_cursor_unknown(c, &word, "word", names);
			return;
		}
	}
}

/* `expect golden FILE` belongs to the pcap; other conditions are judged. */
static bool take_golden(struct fe_fer *fer, const struct fe_script_words *words,
			struct fe_step *step)
{
	if (!step->pcap || words->n < 1 ||
	    !fe_str_is(words->data[0].text, "golden"))
		return false;
	struct fe_pcap_step *pcap = (struct fe_pcap_step *)step->pcap;
	if (words->n != 2)
		fe_fer_error(fer, words->data[0].span, "golden of which file?");
	else
		pcap->golden = path_of(fer, words->data[1].text);
	return true;
}

static void read_conditions(struct fe_fer *fer, struct fe_test *test,
			    const struct fe_script_line *line,
			    struct fe_step *step)
{
	for (size_t i = 0; i < line->expects.n; i++) {
		const struct fe_script_words *words = &line->expects.data[i];
		if (!words->n)
			fe_fer_error(fer, line->span, "expect what?");
		else if (!take_golden(fer, words, step))
			fe_expect_read(fer, test, words, step);
	}
}

static void read_step(struct fe_fer *fer, struct fe_test *test,
		      const struct fe_script_line *line)
{
	struct fe_step *step = fe_new(fer->arena, struct fe_step);
	struct fe_cursor c = {.fer = fer, .words = &line->words, .at = 1,
			      .span = line->span};
	struct fe_pcap_step *pcap;

	step->line = line;
	fe_vec_push(&test->steps, step);
	if (!line->words.n) {
		step->kind = FE_STEP_EXPECT;
	} else if (says(line, "send")) {
		step->kind = FE_STEP_SEND;
		fe_fer_send(fer, test, line, &step->send);
	} else if (says(line, "after")) {
		step->kind = FE_STEP_AFTER;
		fe_cursor_time(&c, &step->wait);
		fe_cursor_end(&c);
	} else if (says(line, "burst")) {
		step->kind = FE_STEP_BURST;
		step->burst = fe_fer_burst(fer, line);
	} else if (says(line, "pcap")) {
		step->kind = FE_STEP_PCAP;
		step->pcap = pcap = fe_new(fer->arena, struct fe_pcap_step);
		read_pcap_words(&c, pcap);
	} else {
		c.at = 0;
		fe_cursor_unknown(&c, &line->words.data[0], "step", step_names);
	}
	read_conditions(fer, test, line, step);
}

static void read_body_line(struct fe_fer *fer, struct fe_test *test,
			   const struct fe_script_line *line)
{
	if (line->block)
		fe_fer_error(fer, line->span, "a test has no blocks in it");
	else if (says(line, "flow") && line->expects.n)
		fe_fer_error(fer, line->span, "a flow that sends nothing "
					      "cannot be expected to do");
	else if (says(line, "flow"))
		fe_fer_flow(fer, test, line);
	else if (says(line, "let"))
		read_let(fer, line);
	else if (says(line, "use"))
		read_use(fer, test, line);
	else
		read_step(fer, test, line);
}

static struct fe_test *new_test(struct fe_fer *fer,
				const struct fe_script_line *line,
				struct fe_str name)
{
	struct fe_test *test = fe_new(fer->arena, struct fe_test);

	test->name = fe_arena_strndup(fer->arena, name.s, name.len);
	test->span = line->span;
	fe_vec_push(&fer->tests, test);
	return test;
}

static void read_test(struct fe_fer *fer, const struct fe_script_line *line)
{
	struct fe_test *test;

	if (line->words.n != 2 || !line->block || line->expects.n) {
		fe_fer_error(fer, line->span, "write: test \"NAME\" { ... }");
		return;
	}
	test = new_test(fer, line, line->words.data[1].text);
	for (size_t i = 0; i < line->body.n; i++)
		read_body_line(fer, test, line->body.data[i]);
	if (!test->steps.n)
		fe_fer_error(fer, line->span, "the test is empty");
}

/* A burst or pcap that stands alone is a test named after its words. */
static void read_lone(struct fe_fer *fer, const struct fe_script_line *line)
{
	const struct fe_source *source =
	    fe_source(fer->sources, line->span.source);
	struct fe_test *test;

	test = new_test(fer, line, (struct fe_str){
				       source->text.s + line->span.off,
				       line->span.len});
	read_step(fer, test, line);
}

static void read_declaration(struct fe_fer *fer,
			     const struct fe_script_line *line)
{
	if (says(line, "use"))
		read_use(fer, NULL, line);
	else if (says(line, "host"))
		fe_fer_host(fer, line);
	else if (says(line, "let"))
		read_let(fer, line);
}

/* For-all assertions need the packet sets of `ferrule diff`. */
static bool is_assertion(const struct fe_script_line *line)
{
	return says(line, "never") || says(line, "always") || says(line, "nat");
}

static void read_statement(struct fe_fer *fer,
			   const struct fe_script_line *line)
{
	struct fe_cursor c = {.fer = fer, .words = &line->words,
			      .span = line->span};

	if (says(line, "use") || says(line, "host") || says(line, "let"))
		return;
	if (says(line, "test"))
		read_test(fer, line);
	else if (!line->block && (says(line, "burst") || says(line, "pcap")))
		read_lone(fer, line);
	else if (is_assertion(line))
		fe_fer_error(fer, line->span, "assertions about all packets "
					      "are not yet understood");
	else if (line->words.n)
		fe_cursor_unknown(&c, &line->words.data[0], "statement",
				  statement_names);
	else
		fe_fer_error(fer, line->span, "an expectation belongs into a "
					      "test");
}

static void read_all(struct fe_fer *fer)
{
	const struct fe_script_line *root = fer->script->root;
	size_t errors = fer->diags->n_errors;

	for (size_t i = 0; i < root->body.n; i++)
		read_declaration(fer, root->body.data[i]);
	for (size_t i = 0; i < root->body.n; i++) {
		if (fer->diags->n_errors > errors + MOST_ERRORS) {
			fe_fer_error(fer, root->body.data[i]->span,
				     "giving up after %d errors", MOST_ERRORS);
			break;
		}
		read_statement(fer, root->body.data[i]);
	}
	fer->failed |= fer->diags->n_errors > errors;
}

struct fe_fer *fe_fer_parse(struct fe_sources *sources, uint32_t index,
			    struct fe_host *host, struct fe_diags *diags)
{
	struct fe_fer *fer = fe_calloc(1, sizeof(*fer));
	size_t errors = diags->n_errors;

	fer->arena = fe_arena_new();
	fer->sources = sources;
	fer->diags = diags;
	fer->host = host;
	fer->path = fe_arena_strdup(fer->arena,
				    fe_source(sources, index)->name);
	fe_read_whole_lines(fe_source(sources, index), index, diags);
	fer->script = fe_script_read(sources, index, diags);
	fer->failed = diags->n_errors > errors;
	read_all(fer);
	return fer;
}

struct fe_fer *fe_fer_read(const char *path, struct fe_host *host,
			   struct fe_sources *sources, struct fe_diags *diags)
{
	uint32_t index;
	int error = fe_sources_read_lines(sources, path, &index);

	if (!error)
		return fe_fer_parse(sources, index, host, diags);
	fe_diag(diags, FE_ERROR, NULL, FE_NO_SPAN, "cannot read %s: %s", path,
		strerror(error));
	return NULL;
}

static bool read_rules(struct fe_fer *fer, const struct fe_use *use,
		       struct fe_rules *rules)
{
	const struct fe_read_options options = {0};
	uint32_t index;
	int error = fe_sources_read_lines(fer->sources, use->path, &index);

	if (!error)
		return fe_read(fer->sources, index, &options, rules,
			       fer->diags);
	fe_fer_error(fer, use->span, "cannot read %s: %s", use->path,
		     strerror(error));
	return false;
}

bool fe_fer_rules(struct fe_fer *fer)
{
	bool ok = true;

	for (size_t i = 0; i < fer->uses.n; i++)
		ok &= read_rules(fer, &fer->uses.data[i], &fer->rules);
	for (size_t i = 0; i < fer->tests.n; i++) {
		struct fe_test *test = fer->tests.data[i];
		for (size_t j = 0; j < test->uses.n; j++)
			ok &= read_rules(fer, &test->uses.data[j],
					 &test->rules);
		if (test->uses.n || fer->uses.n)
			continue;
		fe_diag_hint(fer->diags,
			     fe_fer_error(fer, test->span,
					  "the test has no rules"),
			     "write 'use FILE' here or for the whole file, or "
			     "give them with -r");
		return false;
	}
	return ok;
}

void fe_fer_free(struct fe_fer *fer)
{
	if (!fer)
		return;
	for (size_t i = 0; i < fer->tests.n; i++) {
		struct fe_test *test = fer->tests.data[i];
		for (size_t j = 0; j < test->steps.n; j++)
			fe_vec_free(&test->steps.data[j]->conditions);
		fe_vec_free(&test->steps);
		fe_vec_free(&test->flows);
		fe_vec_free(&test->uses);
		fe_rules_free(&test->rules);
	}
	fe_vec_free(&fer->tests);
	fe_vec_free(&fer->uses);
	fe_rules_free(&fer->rules);
	fe_vec_free(&fer->lets);
	fe_script_free(fer->script);
	fe_arena_free(fer->arena);
	free(fer);
}
