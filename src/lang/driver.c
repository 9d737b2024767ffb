/* What the drivers share: runs of rule lines, comments, giving up. */
#include "lang/driver.h"

#include <string.h>

enum { LONGEST_WORD = 1023, MOST_WORDS = 254 }; /* iptables' own limits */

void fe_driver_comment(struct fe_driver *d, size_t from, size_t to)
{
	struct fe_ruleset *ruleset = d->line.ruleset;

	if (to > from && d->text.s[to - 1] == '\r')
		to--;
	fe_vec_push(&ruleset->comments,
		    (struct fe_comment){{d->line.source, (uint32_t)from,
					 (uint32_t)(to - from)},
					UINT32_MAX});
}

void fe_driver_item(struct fe_driver *d, uint32_t off)
{
	struct fe_ruleset *ruleset = d->line.ruleset;

	for (; d->first_comment < ruleset->comments.n; d->first_comment++)
		ruleset->comments.data[d->first_comment].before = off;
}

bool fe_driver_gives_up(struct fe_driver *d, uint32_t off)
{
	size_t n = d->line.diags->n_errors - d->errors_before;

	if (n < FE_MOST_ERRORS)
		return false;
	fe_diag(d->line.diags, FE_ERROR, NULL,
		(struct fe_span){d->line.source, off, 0},
		"giving up after %d errors", FE_MOST_ERRORS);
	return true;
}

/* Items that are printed: comments before them can be, too. */
static bool makes_item(const struct fe_line *line)
{
	if (line->failed || line->skip || !line->command)
		return false;
	switch (line->command->id) {
	case FE_VERB_APPEND:
	case FE_VERB_INSERT:
	case FE_VERB_REPLACE:
	case FE_VERB_NEW:
		return true;
	default:
		return false;
	}
}

/* Counters are no part of the line: its place is its next word's. */
static void settle(struct fe_line *line, uint32_t off)
{
	if (line->off != FE_LINE_LATER)
		return;
	line->off = line->end = off;
	line->scopes.data[0].off = off;
}

static void end_line(struct fe_driver *d)
{
	settle(&d->line, d->line.end);
	fe_line_end(&d->line);
	if (d->first_comment < d->line.ruleset->comments.n &&
	    makes_item(&d->line))
		fe_driver_item(d, d->line.off);
}

/* A shell word that is nothing but the beginning of a quoted one. */
static bool is_open_quote(struct fe_str text)
{
	return text.len > 0 && (text.s[0] == '\'' || text.s[0] == '"') &&
	       !memchr(text.s, '$', text.len) &&
	       !memchr(text.s, '`', text.len) &&
	       !memchr(text.s + 1, text.s[0], text.len - 1);
}

static void take_word(struct fe_driver *d, struct fe_word *word,
		      enum fe_word_kind kind, unsigned n)
{
	struct fe_line *line = &d->line;
	struct fe_diag *diag;

	settle(line, word->off);
	if (line->failed) {
		line->end = word->off + word->len;
		return;
	}
	if (kind == FE_WORD_SHELL && is_open_quote(word->text)) {
		diag = fe_line_error(line, NULL, word,
				     "this quote is not closed in its line");
		fe_diag_hint(line->diags, diag, "close it with %c",
			     word->text.s[0]);
		return;
	}
	if (kind == FE_WORD_SHELL) {
		diag = fe_line_error(line, NULL, word,
				     "'%.*s' is a part of the shell's language "
				     "that is not yet understood",
				     (int)word->text.len, word->text.s);
		fe_diag_hint(line->diags, diag,
			     "quote it, or run the script and give "
			     "iptables-save's output");
		return;
	}
	if (kind == FE_WORD_OPEN && !line->options->strict_compat) {
		diag = fe_line_error(line, NULL, word,
				     "this quote is not closed: iptables would "
				     "swallow the rest of the line");
		fe_diag_hint(line->diags, diag, "close it with '\"'");
		return;
	}
	if (word->quoted)
		fe_word_unquote(word, d->shell, line->ruleset->arena);
	if (!d->shell && word->text.len > LONGEST_WORD)
		fe_line_error(line, NULL, word,
			      "this word has %zu bytes; iptables' limit is %d",
			      word->text.len, LONGEST_WORD);
	else if (!d->shell && n > MOST_WORDS)
		fe_line_error(line, NULL, word,
			      "the line has too many words; iptables' limit is "
			      "%d", MOST_WORDS);
	else
		fe_line_word(line, word);
}

static void empty_line(struct fe_driver *d, uint32_t off)
{
	if (d->shell)
		return;
	fe_line_begin(&d->line, off);
	fe_line_error(&d->line, NULL, NULL,
		      "a line of blanks is refused by iptables-restore");
}

void fe_driver_run(struct fe_driver *d, size_t from, size_t to,
		   fe_first_word_fn *first)
{
	uint32_t base = (uint32_t)from, start = base;
	unsigned n = 0;
	struct fe_word word;

	fe_scanner_start(d->scanner, d->text.s + from, to - from);
	for (;;) {
		enum fe_word_kind kind = fe_scanner_next(d->scanner, &word);
		word.off += base;
		if (kind == FE_LINE_END || kind == FE_SEGMENT_END) {
			if (n)
				end_line(d);
			else if (kind == FE_LINE_END)
				empty_line(d, start);
			if (kind == FE_SEGMENT_END ||
			    fe_driver_gives_up(d, start))
				return;
			start = word.off + 1;
			n = 0;
			continue;
		}
		if (n++ == 0 && first(d, &word, start))
			continue;
		take_word(d, &word, kind, n);
	}
}
