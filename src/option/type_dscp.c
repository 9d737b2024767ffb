/*
 * DSCP: the upper six bits of the TOS octet, as a number or a class of
 * RFC 2474, 2597 and 3246. Always saved as a number.
 */
#include "option/types.h"

#include <string.h>

#include "option/value.h"

static const struct fe_name classes[] = {
	{"CS0", 0x00},  {"CS1", 0x08},  {"CS2", 0x10},  {"CS3", 0x18},
	{"CS4", 0x20},  {"CS5", 0x28},  {"CS6", 0x30},  {"CS7", 0x38},
	{"BE", 0x00},   {"AF11", 0x0a}, {"AF12", 0x0c}, {"AF13", 0x0e},
	{"AF21", 0x12}, {"AF22", 0x14}, {"AF23", 0x16}, {"AF31", 0x1a},
	{"AF32", 0x1c}, {"AF33", 0x1e}, {"AF41", 0x22}, {"AF42", 0x24},
	{"AF43", 0x26}, {"EF", 0x2e},   {NULL, 0},
};

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	return fe_number_read(words[0], 63, &value->u) ||
	       fe_opt_bad(opt, context,
			  "\"%.*s\" is not a number from 0 to 63",
			  (int)words[0].len, words[0].s);
}

static bool parse_class(const struct fe_opt *opt,
			struct fe_opt_context *context,
			const struct fe_str *words, union fe_value *value)
{
	for (const struct fe_name *n = classes; n->name != NULL; n++) {
		size_t len = strlen(n->name);
		struct fe_str head = {words[0].s, len};

		/* iptables looks at no more than the class's own letters. */
		if (words[0].len < len || !fe_str_case_is(head, n->name))
			continue;
		if (words[0].len > len)
			fe_opt_warn(opt, context, "\"%.*s\" is read as %s",
				    (int)words[0].len, words[0].s, n->name);
		value->u = n->value;
		return true;
	}
	return fe_opt_unknown(opt, context, "DSCP class", words[0], classes);
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_buf_printf(buf, " 0x%02x", (unsigned)setting->value.u);
}

static void cover(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_sink *sink)
{
	(void)family;
	sink->clause(sink);
	fe_cover_mask(sink, opt->field, setting->neg, setting->value.u << 2,
		      0xfc);
}

const struct fe_type fe_type_dscp = {
	.name = "DSCP",
	.usage = "VALUE",
	.parse = parse,
	.print = print,
	.cover = cover,
};

const struct fe_type fe_type_dscp_class = {
	.name = "DSCP class",
	.usage = "BE|EF|AFxx|CSx",
	.parse = parse_class,
	.print = print,
	.cover = cover,
};
