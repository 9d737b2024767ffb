/*
 * ipv6header: which extension headers a packet has: exactly these, or with
 * --soft at least these.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"

enum { HEADER, SOFT };
enum {
	HOP = 128, DEST = 64, ROUTE = 32, FRAG = 16, AUTH = 8, ESP = 4,
	NONE = 2, PROTO = 1
};

/* In the order of saving; the first name of a value is the saved one. */
static const struct fe_name names[] = {
	{"hop-by-hop", HOP}, {"hop", HOP},    {"0", HOP},
	{"ipv6-opts", DEST}, {"dst", DEST},   {"60", DEST},
	{"ipv6-route", ROUTE}, {"route", ROUTE}, {"43", ROUTE},
	{"ipv6-frag", FRAG}, {"frag", FRAG},  {"44", FRAG},
	{"ah", AUTH},        {"auth", AUTH},  {"51", AUTH},
	{"esp", ESP},        {"50", ESP},
	{"ipv6-nonxt", NONE}, {"none", NONE}, {"59", NONE},
	{"protocol", PROTO}, {"prot", PROTO}, {"255", PROTO},
	{NULL, 0},
};

/* Like iptables this overlooks commas at the end. */
static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct fe_str list = words[0];

	while (list.len > 0 && list.s[list.len - 1] == ',')
		list.len--;
	return fe_type_words.parse(opt, context, &list, value);
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	fe_type_words.print(opt, setting, family, buf);
}

static const struct fe_type type_headers = {
	.name = "headers",
	.usage = "HEADER[,HEADER...]",
	.parse = parse,
	.print = print,
};

static const struct fe_opt opts[] = {
	[HEADER] = {
		.name = "header",
		.n_args = 1,
		.type = &type_headers,
		.flags = FE_NEG | FE_REQUIRED,
		.names = names,
		.variant = FE_WORDS_EXACT,
		.help = "the headers, by name or number; prot: a transport "
			"protocol",
	},
	[SOFT] = {
		.name = "soft",
		.help = "there may be other headers too",
	},
	{.name = NULL},
};

/* One header's bit and size; 0: the chain ends there. */
static unsigned header_bit(uint8_t next)
{
	switch (next) {
	case 0:
		return HOP;
	case 60:
		return DEST;
	case 43:
		return ROUTE;
	case 44:
		return FRAG;
	case 51:
		return AUTH;
	}
	return 0;
}

/* The mask of a packet's headers; false: one is cut short. */
static bool headers(const struct fe_packet *packet, unsigned *mask)
{
	const uint8_t *d = packet->data;
	uint32_t at = 40, end = packet->length;
	uint8_t next = d[6];
	unsigned bit;

	*mask = 0;
	while ((bit = header_bit(next)) != 0) {
		uint32_t size;

		*mask |= bit;
		if (at + 8 > end || at + 8 > packet->caught)
			return false;
		size = bit == FRAG ? 8 :
		       bit == AUTH ? (d[at + 1] + 2u) * 4 :
				     (d[at + 1] + 1u) * 8;
		next = d[at];
		at += size;
		if (at > end)
			break;
	}
	*mask |= next == 59 ? NONE : next == 50 ? ESP : PROTO;
	return true;
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *s = fe_part_find(part, HEADER);
	unsigned wanted = (unsigned)s->value.u, mask;
	unsigned inverted = s->neg ? 255 : 0;

	(void)state;
	if (!headers(packet, &mask))
		return packet->caught < packet->size ? FE_DUNNO : FE_NO;
	if (fe_part_find(part, SOFT) != NULL)
		return ((mask ^ wanted ^ inverted) & wanted) == 0 ? FE_YES :
								    FE_NO;
	return (mask == wanted) != s->neg ? FE_YES : FE_NO;
}

const struct fe_ext fe_match_ipv6header = {
	.name = "ipv6header",
	.kind = FE_MATCH,
	.families = FE_V6,
	.effects_known = true,
	.summary = "the IPv6 extension headers that a packet has",
	.opts = opts,
	.lower = fe_lower_always_unknown,
	.eval = eval,
};
