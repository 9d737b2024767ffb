/*
 * What parsers of option values share. Messages name the option first and
 * carry the type's usage as the hint, so that no type writes its own.
 */
#include "option/value.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

static void report(const struct fe_opt *opt, struct fe_opt_context *context,
		   enum fe_severity severity, const char *format, va_list ap)
{
	char text[256];
	struct fe_diag *diag;

	vsnprintf(text, sizeof(text), format, ap);
	diag = fe_diag(context->diags, severity, NULL, context->span,
		       "--%s: %s", opt->name, text);
	if (opt->type != NULL && opt->type->usage != NULL &&
	    opt->type->usage[0] != '\0')
		fe_diag_hint(context->diags, diag, "--%s %s", opt->name,
			     opt->type->usage);
}

bool fe_opt_bad(const struct fe_opt *opt, struct fe_opt_context *context,
		const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	report(opt, context, FE_ERROR, format, ap);
	va_end(ap);
	return false;
}

static const char *next_name(void *arg)
{
	const struct fe_name **at = arg;

	return (*at)->name != NULL ? (*at)++->name : NULL;
}

bool fe_opt_unknown(const struct fe_opt *opt, struct fe_opt_context *context,
		    const char *what, struct fe_str word,
		    const struct fe_name *names)
{
	const char *near = fe_str_nearest(word, next_name, &names);
	struct fe_diag *diag;

	if (near == NULL)
		return fe_opt_bad(opt, context, "unknown %s \"%.*s\"", what,
				  (int)word.len, word.s);
	diag = fe_diag(context->diags, FE_ERROR, NULL, context->span,
		       "--%s: unknown %s \"%.*s\"", opt->name, what,
		       (int)word.len, word.s);
	fe_diag_hint(context->diags, diag, "did you mean '%s'?", near);
	return false;
}

void fe_opt_warn(const struct fe_opt *opt, struct fe_opt_context *context,
		 const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	report(opt, context, FE_WARNING, format, ap);
	va_end(ap);
}

struct fe_items fe_items(struct fe_str list)
{
	return (struct fe_items){list, true};
}

bool fe_items_next(struct fe_items *items, char separator, struct fe_str *item)
{
	if (!items->more)
		return false;
	items->more = fe_str_cut(items->rest, separator, item, &items->rest);
	return true;
}

bool fe_str_cut(struct fe_str s, char separator, struct fe_str *head,
		struct fe_str *tail)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.s[i] == separator) {
			*head = (struct fe_str){s.s, i};
			*tail = (struct fe_str){s.s + i + 1, s.len - i - 1};
			return true;
		}
	}
	*head = s;
	*tail = (struct fe_str){"", 0};
	return false;
}

struct fe_str fe_str_skip_blanks(struct fe_str s)
{
	while (s.len > 0 && (*s.s == ' ' || (*s.s >= '\t' && *s.s <= '\r'))) {
		s.s++;
		s.len--;
	}
	return s;
}

bool fe_number_read(struct fe_str word, uint64_t max, uint64_t *out)
{
	return fe_str_u64(fe_str_skip_blanks(word), 0, max, out);
}

bool fe_str_case_is(struct fe_str s, const char *word)
{
	/* Most words of a table differ in the first letter. */
	if (s.len == 0 || ((s.s[0] ^ word[0]) & ~0x20) != 0)
		return s.len == 0 && word[0] == '\0';
	return strncasecmp(s.s, word, s.len) == 0 && word[s.len] == '\0';
}

bool fe_str_abbreviates(struct fe_str s, const char *word)
{
	return s.len > 0 && strncasecmp(s.s, word, s.len) == 0;
}

void fe_cover_never(struct fe_sink *sink)
{
	sink->clause(sink);
}

void fe_cover_one(struct fe_sink *sink, enum fe_field field, bool neg,
		  uint64_t lo, uint64_t hi)
{
	if (lo > hi) {
		if (!neg)
			fe_cover_never(sink);
		return;
	}
	sink->clause(sink);
	fe_cover_range(sink, field, neg, lo, hi);
}
