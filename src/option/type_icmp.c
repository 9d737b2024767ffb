/*
 * ICMP and ICMPv6 types: a name, or TYPE[/CODE]. A beginning of a name will
 * do if it is the only one. Saved as numbers; in IPv4 type 255 is "any".
 */
#include "option/types.h"

#include "option/value.h"

struct icmp_name {
	const char *name;
	uint8_t type;
	int16_t code; /* -1: any */
};

static const struct icmp_name names4[] = {
	{"any", 255, -1},
	{"echo-reply", 0, -1},
	{"pong", 0, -1},
	{"destination-unreachable", 3, -1},
	{"network-unreachable", 3, 0},
	{"host-unreachable", 3, 1},
	{"protocol-unreachable", 3, 2},
	{"port-unreachable", 3, 3},
	{"fragmentation-needed", 3, 4},
	{"source-route-failed", 3, 5},
	{"network-unknown", 3, 6},
	{"host-unknown", 3, 7},
	{"network-prohibited", 3, 9},
	{"host-prohibited", 3, 10},
	{"TOS-network-unreachable", 3, 11},
	{"TOS-host-unreachable", 3, 12},
	{"communication-prohibited", 3, 13},
	{"host-precedence-violation", 3, 14},
	{"precedence-cutoff", 3, 15},
	{"source-quench", 4, -1},
	{"redirect", 5, -1},
	{"network-redirect", 5, 0},
	{"host-redirect", 5, 1},
	{"TOS-network-redirect", 5, 2},
	{"TOS-host-redirect", 5, 3},
	{"echo-request", 8, -1},
	{"ping", 8, -1},
	{"router-advertisement", 9, -1},
	{"router-solicitation", 10, -1},
	{"time-exceeded", 11, -1},
	{"ttl-exceeded", 11, -1},
	{"ttl-zero-during-transit", 11, 0},
	{"ttl-zero-during-reassembly", 11, 1},
	{"parameter-problem", 12, -1},
	{"ip-header-bad", 12, 0},
	{"required-option-missing", 12, 1},
	{"timestamp-request", 13, -1},
	{"timestamp-reply", 14, -1},
	{"address-mask-request", 17, -1},
	{"address-mask-reply", 18, -1},
	{NULL, 0, 0},
};

static const struct icmp_name names6[] = {
	{"destination-unreachable", 1, -1},
	{"no-route", 1, 0},
	{"communication-prohibited", 1, 1},
	{"beyond-scope", 1, 2},
	{"address-unreachable", 1, 3},
	{"port-unreachable", 1, 4},
	{"failed-policy", 1, 5},
	{"reject-route", 1, 6},
	{"packet-too-big", 2, -1},
	{"time-exceeded", 3, -1},
	{"ttl-exceeded", 3, -1},
	{"ttl-zero-during-transit", 3, 0},
	{"ttl-zero-during-reassembly", 3, 1},
	{"parameter-problem", 4, -1},
	{"bad-header", 4, 0},
	{"unknown-header-type", 4, 1},
	{"unknown-option", 4, 2},
	{"echo-request", 128, -1},
	{"ping", 128, -1},
	{"echo-reply", 129, -1},
	{"pong", 129, -1},
	{"router-solicitation", 133, -1},
	{"router-advertisement", 134, -1},
	{"neighbour-solicitation", 135, -1},
	{"neighbor-solicitation", 135, -1},
	{"neighbour-advertisement", 136, -1},
	{"neighbor-advertisement", 136, -1},
	{"redirect", 137, -1},
	{NULL, 0, 0},
};

static void keep(union fe_value *value, unsigned type, int code)
{
	unsigned lo = code < 0 ? 0 : (unsigned)code;
	unsigned hi = code < 0 ? 255 : (unsigned)code;

	value->u = type | lo << 8 | hi << 16;
}

struct fe_icmp fe_icmp_value(union fe_value value)
{
	return (struct fe_icmp){
		.type = (uint8_t)value.u,
		.code_lo = (uint8_t)(value.u >> 8),
		.code_hi = (uint8_t)(value.u >> 16),
	};
}

static const char *next_name(void *arg)
{
	const struct icmp_name **at = arg;

	return (*at)->name != NULL ? (*at)++->name : NULL;
}

static bool unknown_name(const struct fe_opt *opt,
			 struct fe_opt_context *context, struct fe_str word)
{
	const struct icmp_name *n = context->family == 4 ? names4 : names6;
	const char *near = fe_str_nearest(word, next_name, &n);

	if (near != NULL)
		return fe_opt_bad(opt, context, "unknown type \"%.*s\"; did "
				  "you mean '%s'?", (int)word.len, word.s,
				  near);
	return fe_opt_bad(opt, context, "unknown type \"%.*s\"",
			  (int)word.len, word.s);
}

/* Reports an unknown or ambiguous name. */
static bool read_name(const struct fe_opt *opt, struct fe_opt_context *context,
		      struct fe_str word, union fe_value *value)
{
	const struct icmp_name *found = NULL;
	const struct icmp_name *n = context->family == 4 ? names4 : names6;

	for (; n->name != NULL; n++) {
		if (!fe_str_abbreviates(word, n->name))
			continue;
		if (found != NULL)
			return fe_opt_bad(opt, context,
					  "\"%.*s\" may be %s or %s",
					  (int)word.len, word.s, found->name,
					  n->name);
		found = n;
	}
	if (found == NULL)
		return unknown_name(opt, context, word);
	keep(value, found->type, found->code);
	return true;
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct fe_str type, code;
	bool has_code = fe_str_cut(words[0], '/', &type, &code);
	uint64_t t, c = 0;

	if (!fe_number_read(type, 255, &t))
		return read_name(opt, context, words[0], value);
	if (has_code && !fe_number_read(code, 255, &c))
		return fe_opt_bad(opt, context,
				  "\"%.*s\" is not a code from 0 to 255",
				  (int)code.len, code.s);
	keep(value, (unsigned)t, has_code ? (int)c : -1);
	return true;
}

static bool is_any(struct fe_icmp icmp, unsigned family)
{
	return family == 4 && icmp.type == 255;
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	struct fe_icmp icmp = fe_icmp_value(setting->value);

	(void)opt;
	if (is_any(icmp, family)) {
		fe_buf_puts(buf, " any");
		return;
	}
	fe_buf_printf(buf, " %u", icmp.type);
	if (icmp.code_lo != 0 || icmp.code_hi != 255)
		fe_buf_printf(buf, "/%u", icmp.code_lo);
}

static void cover(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_sink *sink)
{
	struct fe_icmp icmp = fe_icmp_value(setting->value);
	bool neg = setting->neg;

	(void)opt;
	if (is_any(icmp, family)) {
		if (neg)
			fe_cover_never(sink);
		return;
	}
	sink->clause(sink);
	fe_cover_range(sink, FE_F_ICMP_TYPE, neg, icmp.type, icmp.type);
	if (icmp.code_lo == 0 && icmp.code_hi == 255)
		return;
	/* Type and code; inverted: another type or another code. */
	if (!neg)
		sink->clause(sink);
	fe_cover_range(sink, FE_F_ICMP_CODE, neg, icmp.code_lo, icmp.code_hi);
}

const struct fe_type fe_type_icmp = {
	.name = "ICMP type",
	.usage = "NAME|TYPE[/CODE]",
	.parse = parse,
	.print = print,
	.cover = cover,
};
