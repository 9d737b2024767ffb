/*
 * Free text. iptables cuts what is too long without a word; so do we, with a
 * warning. Saved bare where every byte is a letter, digit, '_' or '-', else
 * in quotes with a backslash before " \ and '.
 */
#include "option/types.h"

#include <string.h>

#include "option/value.h"

static void put_quoted(const char *text, struct fe_buf *buf)
{
	fe_buf_putc(buf, '"');
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\' || *p == '\'')
			fe_buf_putc(buf, '\\');
		fe_buf_putc(buf, *p);
	}
	fe_buf_putc(buf, '"');
}

void fe_text_print(const char *text, struct fe_buf *buf)
{
	bool bare = text[0] != '\0';

	for (const char *p = text; *p != '\0'; p++) {
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		      (*p >= '0' && *p <= '9') || *p == '_' || *p == '-'))
			bare = false;
	}
	fe_buf_putc(buf, ' ');
	if (bare)
		fe_buf_puts(buf, text);
	else
		put_quoted(text, buf);
}

void fe_word_print(const char *word, struct fe_buf *buf)
{
	fe_buf_putc(buf, ' ');
	if (word[0] != '\0' && strpbrk(word, " \t\n\"") == NULL)
		fe_buf_puts(buf, word);
	else
		put_quoted(word, buf);
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct fe_str text = words[0];

	if (text.len < opt->limits.min)
		return fe_opt_bad(opt, context, "the text is too short");
	if (opt->limits.max != 0 && text.len > opt->limits.max) {
		if (opt->variant == FE_TEXT_STRICT)
			return fe_opt_bad(opt, context,
					  "longer than %llu bytes",
					  (unsigned long long)opt->limits.max);
		fe_opt_warn(opt, context, "only the first %llu bytes are kept",
			    (unsigned long long)opt->limits.max);
		text.len = (size_t)opt->limits.max;
	}
	value->text = fe_arena_strndup(context->arena, text.s, text.len);
	return true;
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_text_print(setting->value.text, buf);
}

const struct fe_type fe_type_text = {
	.name = "text",
	.usage = "TEXT",
	.parse = parse,
	.print = print,
};
