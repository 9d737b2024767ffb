/*
 * MAC addresses. A packet without an Ethernet header (loopback, tunnels,
 * output) matches neither an address nor its inversion.
 */
#include "option/types.h"

#include "option/value.h"

/* Hex digits as strtoul reads them: none at all are 0. */
static bool read_octet(struct fe_str part, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < part.len; i++) {
		char c = part.s[i];

		if (c >= '0' && c <= '9')
			*out = *out << 4 | (uint64_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			*out = *out << 4 | (uint64_t)((c | 32) - 'a' + 10);
		else
			return false;
		if (*out > 0xff)
			return false;
	}
	return true;
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct fe_items items = fe_items(words[0]);
	struct fe_str part;
	unsigned parts = 0;
	uint64_t n;

	value->u = 0;
	while (fe_items_next(&items, ':', &part)) {
		if (++parts > 6 || !read_octet(part, &n))
			parts = 7;
		else
			value->u = value->u << 8 | n;
	}
	return parts == 6 || fe_opt_bad(opt, context,
					"\"%.*s\" is not a MAC address",
					(int)words[0].len, words[0].s);
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	for (int shift = 40; shift >= 0; shift -= 8)
		fe_buf_printf(buf, "%c%02x", shift == 40 ? ' ' : ':',
			      (unsigned)(setting->value.u >> shift & 0xff));
}

static void cover(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_sink *sink)
{
	(void)opt;
	(void)family;
	fe_cover_one(sink, FE_F_HAS_MAC, false, 1, 1);
	fe_cover_one(sink, FE_F_MAC, setting->neg, setting->value.u,
		     setting->value.u);
}

const struct fe_type fe_type_mac = {
	.name = "MAC address",
	.usage = "XX:XX:XX:XX:XX:XX",
	.parse = parse,
	.print = print,
	.cover = cover,
};
