/*
 * The word scanner (grammar/save.l): segments of text in, words out.
 *
 * Words borrow from the text: a quoted one still has its quotes, which
 * fe_word_unquote() takes away.
 */
#ifndef FE_SCAN_H
#define FE_SCAN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"

enum fe_word_kind {
	FE_WORD,
	FE_WORD_OPEN,   /* a quote that the line does not close */
	FE_WORD_SHELL,  /* a character that means something to the shell */
	FE_LINE_END,
	FE_SEGMENT_END, /* the text is used up */
};

struct fe_word {
	struct fe_str text; /* without quotes, once fe_word_unquote() ran */
	uint32_t off, len;  /* as written, from the segment's first byte */
	bool quoted;        /* some of it may stand in quotes */
};

struct fe_scanner;

/* shell: quoting of sh instead of iptables-restore's. */
struct fe_scanner *fe_scanner_new(bool shell);
void fe_scanner_free(struct fe_scanner *scanner);
/* Begins a text; it must stay where it is while words are used. */
void fe_scanner_start(struct fe_scanner *scanner, const char *text,
		      size_t size);
enum fe_word_kind fe_scanner_next(struct fe_scanner *scanner,
				  struct fe_word *word);

/*
 * Takes a word's quotes away, by the rules of sh or of iptables-restore; the
 * new text is a slice of the old one or lives in the arena.
 */
void fe_word_unquote(struct fe_word *word, bool shell, struct fe_arena *arena);

#endif
