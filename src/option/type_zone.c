/* Conntrack zones: a number, or the packet's mark. */
#include "option/types.h"

#include "option/value.h"

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	if (fe_str_is(words[0], "mark")) {
		value->u = FE_ZONE_MARK;
		return true;
	}
	return fe_number_read(words[0], 65535, &value->u) ||
	       fe_opt_bad(opt, context, "\"%.*s\" is not a zone",
			  (int)words[0].len, words[0].s);
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	if (setting->value.u == FE_ZONE_MARK)
		fe_buf_puts(buf, " mark");
	else
		fe_buf_printf(buf, " %u", (unsigned)setting->value.u);
}

const struct fe_type fe_type_zone = {
	.name = "zone",
	.usage = "NUMBER|mark",
	.parse = parse,
	.print = print,
};
