/*
 * Script: the words of a .fer file, grouped into lines and blocks.
 *
 * The grammar (grammar/scenario.y) knows how words group; what they mean is
 * told by the tables of who reads the tree. Words have their places, so that
 * every mistake can be shown.
 */
#ifndef FE_SCRIPT_H
#define FE_SCRIPT_H

#include "base/diag.h"

enum fe_script_token { /* what the scanner finds */
	FE_SCRIPT_END_OF_FILE,
	FE_SCRIPT_WORD,
	FE_SCRIPT_STRING,   /* in double quotes, which are taken away */
	FE_SCRIPT_EXPECT,   /* the word `expect` */
	FE_SCRIPT_COMMA,    /* a comma with a blank behind it */
	FE_SCRIPT_OPEN,     /* { */
	FE_SCRIPT_CLOSE,    /* } */
	FE_SCRIPT_LINE_END, /* newline or ; */
	FE_SCRIPT_BAD,      /* an open quote, a control character */
};

struct fe_script_word {
	struct fe_str text;
	struct fe_span span;
	bool quoted;
};

struct fe_script_words {
	struct fe_script_word *data; /* n of them */
	size_t n, cap;
};

struct fe_script_line {
	struct fe_script_words words;    /* before any `expect` */
	FE_VEC(struct fe_script_words) expects; /* one for each condition */
	FE_VEC(struct fe_script_line *) body;   /* of a block */
	bool block;                      /* it has a body in braces */
	struct fe_span span;             /* of its first word to its last */
};

struct fe_script { /* the file: a line without words, with all in its body */
	struct fe_script_line *root;
	FE_VEC(struct fe_script_line *) lines; /* all there are, to free */
};

/* Parses a source; mistakes are reported and the rest is read. */
struct fe_script *fe_script_read(struct fe_sources *sources, uint32_t index,
				 struct fe_diags *diags);
void fe_script_free(struct fe_script *script);

/* The scanner (grammar/scenario_scan.l). */
struct fe_script_scanner;
struct fe_script_scanner *fe_script_scanner_new(const char *text, size_t size,
						uint32_t source);
void fe_script_scanner_free(struct fe_script_scanner *scanner);
enum fe_script_token fe_script_scan(struct fe_script_scanner *scanner,
				    struct fe_script_word *word);

/* What the grammar's actions call (script.c). */
struct fe_script_reader;
struct fe_script_line *fe_script_new_line(struct fe_script_reader *r);
void fe_script_add_word(struct fe_script_words *words,
			const struct fe_script_word *word);
void fe_script_add_condition(struct fe_script_line *line);
/* The condition that is being read. */
struct fe_script_words *fe_script_condition(struct fe_script_line *line);
void fe_script_take_body(struct fe_script_line *line,
			 struct fe_script_line *items);
void fe_script_set_root(struct fe_script_reader *r,
			struct fe_script_line *items);
void fe_script_syntax_error(struct fe_script_reader *r, const char *message);

#endif
