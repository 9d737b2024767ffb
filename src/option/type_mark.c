/*
 * Marks and type-of-service octets: a value under a mask.
 *
 * Targets write new = (old & ~mask) ^ value; the ways to say it (set, or,
 * and, xor) are folded into that when read, as iptables does, and saved so.
 */
#include "option/types.h"

#include "option/value.h"

/* Turns what was written into the value and mask that count. */
static void fold(unsigned variant, uint32_t all, bool has_mask,
		 union fe_value *v)
{
	uint32_t value = v->masked.value;

	switch (variant) {
	case FE_MARK_SET:
		if (has_mask)
			v->masked.mask |= value;
		break;
	case FE_MARK_OR:
		v->masked.mask = value;
		break;
	case FE_MARK_AND:
		v->masked.value = 0;
		v->masked.mask = ~value & all;
		break;
	case FE_MARK_XOR:
		v->masked.mask = 0;
		break;
	default:
		break;
	}
}

static bool read_masked(const struct fe_opt *opt, struct fe_str word,
			uint32_t all, union fe_value *v)
{
	bool takes_mask = opt->variant <= FE_MARK_XSET, has_mask;
	struct fe_str value, mask;
	uint64_t n, m = all;

	has_mask = fe_str_cut(word, '/', &value, &mask);
	if ((has_mask && !takes_mask) || !fe_number_read(value, all, &n) ||
	    (has_mask && !fe_number_read(mask, all, &m)))
		return false;
	v->masked.value = (uint32_t)n;
	v->masked.mask = (uint32_t)m;
	fold(opt->variant, all, has_mask, v);
	return true;
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	return read_masked(opt, words[0], UINT32_MAX, value) ||
	       fe_opt_bad(opt, context, "\"%.*s\" is not a mark",
			  (int)words[0].len, words[0].s);
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	(void)family;
	fe_buf_puts(buf, " 0x");
	fe_buf_hex(buf, setting->value.masked.value);
	if (opt->variant == FE_MARK_MATCH &&
	    setting->value.masked.mask == UINT32_MAX)
		return;
	fe_buf_puts(buf, "/0x");
	fe_buf_hex(buf, setting->value.masked.mask);
}

static void cover(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_sink *sink)
{
	(void)family;
	sink->clause(sink);
	fe_cover_mask(sink, opt->field, setting->neg,
		      setting->value.masked.value, setting->value.masked.mask);
}

const struct fe_type fe_type_mark = {
	.name = "mark",
	.usage = "VALUE[/MASK]",
	.parse = parse,
	.print = print,
	.cover = cover,
};

static const struct fe_name tos_names[] = {
	{"Minimize-Delay", 0x10}, {"Maximize-Throughput", 0x08},
	{"Maximize-Reliability", 0x04}, {"Minimize-Cost", 0x02},
	{"Normal-Service", 0x00}, {NULL, 0},
};

static bool parse_tos(const struct fe_opt *opt, struct fe_opt_context *context,
		      const struct fe_str *words, union fe_value *value)
{
	if (read_masked(opt, words[0], 0xff, value))
		return true;
	for (const struct fe_name *n = tos_names; n->name != NULL; n++) {
		if (opt->variant <= FE_MARK_XSET &&
		    fe_str_case_is(words[0], n->name)) {
			value->masked.value = (uint32_t)n->value;
			value->masked.mask = 0x3f;
			return true;
		}
	}
	return fe_opt_bad(opt, context, "\"%.*s\" is not a TOS value",
			  (int)words[0].len, words[0].s);
}

static void print_tos(const struct fe_opt *opt,
		      const struct fe_setting *setting, unsigned family,
		      struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_buf_printf(buf, " 0x%02x/0x%02x", setting->value.masked.value,
		      setting->value.masked.mask);
}

const struct fe_type fe_type_tos = {
	.name = "TOS",
	.usage = "VALUE[/MASK]|NAME",
	.parse = parse_tos,
	.print = print_tos,
	.cover = cover,
};
