/* Script: drives the scanner and the push parser of .fer files. */
#include "scenario/script.h"

#include <string.h>

#include "scenario.h"

enum {
	MOST_ERRORS = 100,   /* reported of one file */
	DEEPEST = 20,        /* blocks in blocks */
};

struct fe_script_reader {
	struct fe_script *script;
	struct fe_diags *diags;
	struct fe_script_word word; /* the last one read */
	unsigned n_errors;
	unsigned depth;
	bool reported;              /* what is wrong with the last word */
};

struct fe_script_line *fe_script_new_line(struct fe_script_reader *r)
{
	struct fe_script_line *line = fe_calloc(1, sizeof(*line));

	line->span = r->word.span;
	fe_vec_push(&r->script->lines, line);
	return line;
}

void fe_script_add_word(struct fe_script_words *words,
			const struct fe_script_word *word)
{
	fe_vec_push(words, *word);
}

void fe_script_add_condition(struct fe_script_line *line)
{
	fe_vec_push(&line->expects, (struct fe_script_words){0});
}

struct fe_script_words *fe_script_condition(struct fe_script_line *line)
{
	return &line->expects.data[line->expects.n - 1];
}

void fe_script_take_body(struct fe_script_line *line,
			 struct fe_script_line *items)
{
	line->block = true;
	for (size_t i = 0; i < items->body.n; i++)
		fe_vec_push(&line->body, items->body.data[i]);
}

void fe_script_set_root(struct fe_script_reader *r,
			struct fe_script_line *items)
{
	r->script->root = items;
}

void fe_script_syntax_error(struct fe_script_reader *r, const char *message)
{
	if (r->reported || r->n_errors++ >= MOST_ERRORS)
		return;
	if (!strncmp(message, "syntax error, ", 14))
		message += 14;
	fe_diag(r->diags, FE_ERROR, NULL, r->word.span, "%s", message);
}

/* What the parser is told of a token. */
static int token_code(enum fe_script_token token)
{
	switch (token) {
	case FE_SCRIPT_END_OF_FILE:
		return FE_ST_YYEOF;
	case FE_SCRIPT_WORD:
	case FE_SCRIPT_STRING:
		return FE_ST_WORD;
	case FE_SCRIPT_EXPECT:
		return FE_ST_EXPECT;
	case FE_SCRIPT_COMMA:
		return FE_ST_COMMA;
	case FE_SCRIPT_OPEN:
		return FE_ST_OPEN;
	case FE_SCRIPT_CLOSE:
		return FE_ST_CLOSE;
	case FE_SCRIPT_LINE_END:
		return FE_ST_LINE_END;
	case FE_SCRIPT_BAD:
		break;
	}
	return FE_ST_BAD;
}

static int push(struct fe_script_reader *r, fe_script_yypstate *state, int code)
{
	struct fe_script_word *copy;
	FE_SCRIPT_YYSTYPE value = {0};

	if (code == FE_ST_WORD) {
		copy = fe_new(r->diags->arena, struct fe_script_word);
		*copy = r->word;
		value.word = copy;
	}
	return fe_script_yypush_parse(state, code, &value, r);
}

/* A line needs no end before '}' and at the end of the file. */
static bool ends_line(enum fe_script_token token)
{
	return token == FE_SCRIPT_CLOSE || token == FE_SCRIPT_END_OF_FILE;
}

static bool too_deep(struct fe_script_reader *r, enum fe_script_token token)
{
	if (token == FE_SCRIPT_OPEN && ++r->depth > DEEPEST) {
		fe_diag(r->diags, FE_ERROR, NULL, r->word.span,
			"blocks are nested more than %d deep", DEEPEST);
		return true;
	}
	if (token == FE_SCRIPT_CLOSE && r->depth)
		r->depth--;
	return false;
}

static void read_all(struct fe_script_reader *r,
		     struct fe_script_scanner *scanner)
{
	fe_script_yypstate *state = fe_script_yypstate_new();
	int status = YYPUSH_MORE;

	while (status == YYPUSH_MORE) {
		enum fe_script_token token = fe_script_scan(scanner, &r->word);
		r->reported = token == FE_SCRIPT_BAD && *r->word.text.s == '"';
		if (r->reported)
			fe_diag(r->diags, FE_ERROR, NULL, r->word.span,
				"the quote is not closed on this line");
		if (too_deep(r, token))
			break;
		if (ends_line(token))
			status = push(r, state, FE_ST_LINE_END);
		if (status == YYPUSH_MORE)
			status = push(r, state, token_code(token));
	}
	fe_script_yypstate_delete(state);
}

static struct fe_span whole_span(const struct fe_script_words *words)
{
	struct fe_span span = words->data[0].span;
	const struct fe_span *last = &words->data[words->n - 1].span;

	span.len = last->off + last->len - span.off;
	return span;
}

/* A line's place is that of its words, or of its first condition. */
static void settle(struct fe_script_line *line)
{
	if (line->words.n)
		line->span = whole_span(&line->words);
	else if (line->expects.n && line->expects.data[0].n)
		line->span = whole_span(&line->expects.data[0]);
}

struct fe_script *fe_script_read(struct fe_sources *sources, uint32_t index,
				 struct fe_diags *diags)
{
	const struct fe_source *source = fe_source(sources, index);
	struct fe_script_reader r = {.diags = diags};
	struct fe_script_scanner *scanner = fe_script_scanner_new(
	    source->text.s, source->text.len, index);

	r.script = fe_calloc(1, sizeof(*r.script));
	read_all(&r, scanner);
	fe_script_scanner_free(scanner);
	if (!r.script->root)
		r.script->root = fe_script_new_line(&r);
	for (size_t i = 0; i < r.script->lines.n; i++)
		settle(r.script->lines.data[i]);
	return r.script;
}

void fe_script_free(struct fe_script *script)
{
	if (!script)
		return;
	for (size_t i = 0; i < script->lines.n; i++) {
		struct fe_script_line *line = script->lines.data[i];
		for (size_t j = 0; j < line->expects.n; j++)
			fe_vec_free(&line->expects.data[j]);
		fe_vec_free(&line->expects);
		fe_vec_free(&line->words);
		fe_vec_free(&line->body);
		free(line);
	}
	fe_vec_free(&script->lines);
	free(script);
}
