/*
 * Lists of iptables and ip6tables commands, as a script without the shell's
 * language has them: comments, quotes, and lines continued by a backslash.
 * Whatever else stands there is reported where it stands, never guessed at.
 */
#include <string.h>

#include "lang/driver.h"

enum { LONGEST_LINE = 131072 }; /* the kernel's limit for one argument */

/* 4, 6, or 0 when the program is another one. */
static unsigned program_family(struct fe_str path)
{
	static const char *const endings[] = {"tables", "tables-legacy",
					      "tables-nft"};
	const char *slash = memrchr(path.s, '/', path.len);
	unsigned family = 4;

	/* IPT=/sbin/iptables runs nothing. */
	if (memchr(path.s, '=', path.len))
		return 0;
	if (slash) {
		path.len -= (size_t)(slash + 1 - path.s);
		path.s = slash + 1;
	}
	if (!fe_str_starts(path, "ip"))
		return 0;
	path.s += 2;
	path.len -= 2;
	if (path.len && path.s[0] == '6') {
		family = 6;
		path.s++;
		path.len--;
	}
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (fe_str_is(path, endings[i]))
			return family;
	return 0;
}

static bool first_word(struct fe_driver *d, struct fe_word *word,
		       uint32_t line_off)
{
	struct fe_line *line = &d->line;
	unsigned family;

	(void)line_off;
	if (word->quoted)
		fe_word_unquote(word, true, line->ruleset->arena);
	family = program_family(word->text);
	if (!family) {
		fe_line_begin(line, word->off);
		struct fe_diag *diag = fe_line_error(
		    line, NULL, word, "'%.*s' is not yet understood",
		    (int)word->text.len, word->text.s);
		fe_diag_hint(line->diags, diag,
			     "only commands of iptables and ip6tables are");
		return true;
	}
	if (family != line->ruleset->family) {
		fe_driver_item(d, UINT32_MAX);
		fe_line_family(line, family);
		d->first_comment = line->ruleset->comments.n;
	}
	line->table = &line->ruleset->tables[FE_FILTER];
	fe_line_begin(line, word->off);
	return true;
}

/* The next line that is too long, or the end of the text. */
static size_t find_long_line(struct fe_str text, size_t at, size_t *end)
{
	while (at < text.len) {
		const char *nl = memchr(text.s + at, '\n', text.len - at);
		*end = nl ? (size_t)(nl - text.s) : text.len;
		if (*end - at > LONGEST_LINE)
			return at;
		at = *end + 1;
	}
	*end = text.len;
	return text.len;
}

/* Comments are kept apart from the words: the scanner leaves them out. */
void fe_read_commands(struct fe_driver *d)
{
	struct fe_line *line = &d->line;
	size_t at = 0, end;

	line->origin = FE_FROM_COMMAND;
	line->table = &line->ruleset->tables[FE_FILTER];
	while (at < d->text.len) {
		size_t bad = find_long_line(d->text, at, &end);
		fe_driver_run(d, at, bad, first_word);
		if (bad < d->text.len)
			fe_diag(line->diags, FE_ERROR, NULL,
				(struct fe_span){line->source, (uint32_t)bad,
						 1},
				"this line has %zu bytes; the limit is %d",
				end - bad, LONGEST_LINE);
		if (fe_driver_gives_up(d, (uint32_t)bad))
			return;
		at = end + 1;
	}
}
