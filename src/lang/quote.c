/*
 * Quotes. iptables-restore knows only '"', inside which a backslash takes
 * any next character as it is; the scanner has ended the word at the closing
 * quote already. sh has three kinds, and a backslash means itself before
 * most characters inside double quotes.
 */
#include <string.h>

#include "lang/scan.h"

static size_t unquote_save(const char *s, size_t len, char *to)
{
	bool inside = false;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (inside && s[i] == '\\' && i + 1 < len)
			to[n++] = s[++i];
		else if (s[i] == '"')
			inside = !inside;
		else
			to[n++] = s[i];
	}
	return n;
}

static size_t unquote_double(const char *s, size_t len, size_t *i, char *to)
{
	size_t n = 0;

	for (++*i; *i < len && s[*i] != '"'; ++*i) {
		if (s[*i] == '\\' && *i + 1 < len &&
		    memchr("\"\\$`", s[*i + 1], 4))
			++*i;
		to[n++] = s[*i];
	}
	return n;
}

static size_t unquote_shell(const char *s, size_t len, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' && i + 1 < len) {
			to[n++] = s[++i];
		} else if (s[i] == '\'') {
			while (++i < len && s[i] != '\'')
				to[n++] = s[i];
		} else if (s[i] == '"') {
			n += unquote_double(s, len, &i, to + n);
		} else {
			to[n++] = s[i];
		}
	}
	return n;
}

void fe_word_unquote(struct fe_word *word, bool shell, struct fe_arena *arena)
{
	const char *s = word->text.s;
	size_t len = word->text.len;

	/* The usual cases need no copy. */
	if (!memchr(s, '"', len) &&
	    !(shell && (memchr(s, '\'', len) || memchr(s, '\\', len))))
		return;
	if (len >= 2 && s[0] == '"' && s[len - 1] == '"' &&
	    !memchr(s, '\\', len) && !memchr(s + 1, '"', len - 2)) {
		word->text = (struct fe_str){s + 1, len - 2};
		return;
	}
	char *to = fe_arena_alloc(arena, len + 1);
	word->text.s = to;
	word->text.len = shell ? unquote_shell(s, len, to)
			       : unquote_save(s, len, to);
}
