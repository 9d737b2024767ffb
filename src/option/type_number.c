/*
 * Numbers and ranges of numbers, in C's bases. Limits stand in the option's
 * row; 0, 0 means 32 bits. opt->variant chooses how they are printed.
 */
#include "option/types.h"

#include "option/value.h"

static uint64_t most(const struct fe_opt *opt)
{
	return opt->limits.max != 0 ? opt->limits.max : UINT32_MAX;
}

static bool bad_number(const struct fe_opt *opt,
		       struct fe_opt_context *context, struct fe_str word)
{
	return fe_opt_bad(opt, context,
			  "\"%.*s\" is not a number from %llu to %llu",
			  (int)word.len, word.s,
			  (unsigned long long)opt->limits.min,
			  (unsigned long long)most(opt));
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	return (fe_number_read(words[0], most(opt), &value->u) &&
		value->u >= opt->limits.min) ||
	       bad_number(opt, context, words[0]);
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	(void)family;
	switch (opt->variant) {
	case FE_NUMBER_HEX:
		fe_buf_printf(buf, " 0x%llx",
			      (unsigned long long)setting->value.u);
		break;
	case FE_NUMBER_HEX2:
		fe_buf_printf(buf, " 0x%02llx",
			      (unsigned long long)setting->value.u);
		break;
	default:
		fe_buf_putc(buf, ' ');
		fe_buf_uint(buf, setting->value.u);
	}
}

static void cover(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_sink *sink)
{
	(void)family;
	if (opt->field != FE_NOFIELD) {
		fe_cover_one(sink, opt->field, setting->neg, setting->value.u,
			     setting->value.u);
		return;
	}
	sink->clause(sink);
	fe_cover_unknown(sink, opt->name);
}

const struct fe_type fe_type_number = {
	.name = "number",
	.usage = "NUMBER",
	.parse = parse,
	.print = print,
	.cover = cover,
};

static bool parse_range(const struct fe_opt *opt,
			struct fe_opt_context *context,
			const struct fe_str *words, union fe_value *value)
{
	struct fe_str lo, hi;
	bool range = fe_str_cut(words[0], ':', &lo, &hi);
	uint64_t n = 0;

	if (lo.len > 0 && !fe_number_read(lo, most(opt), &n))
		return bad_number(opt, context, lo);
	value->range.lo = (uint32_t)n;
	if (range) {
		n = most(opt);
		if (hi.len > 0 && !fe_number_read(hi, most(opt), &n))
			return bad_number(opt, context, hi);
	}
	value->range.hi = (uint32_t)n;
	if (value->range.lo > value->range.hi)
		fe_opt_warn(opt, context, "the range is upside down: "
			    "it never matches");
	return true;
}

static void print_range(const struct fe_opt *opt,
			const struct fe_setting *setting, unsigned family,
			struct fe_buf *buf)
{
	(void)family;
	if (opt->variant == FE_RANGE_HIDDEN && setting->value.range.lo == 0 &&
	    setting->value.range.hi == most(opt))
		return;
	fe_buf_putc(buf, ' ');
	fe_buf_uint(buf, setting->value.range.lo);
	if (setting->value.range.lo == setting->value.range.hi)
		return;
	fe_buf_putc(buf, ':');
	fe_buf_uint(buf, setting->value.range.hi);
}

static void cover_range(const struct fe_opt *opt,
			const struct fe_setting *setting, unsigned family,
			struct fe_sink *sink)
{
	(void)family;
	if (opt->field != FE_NOFIELD) {
		fe_cover_one(sink, opt->field, setting->neg,
			     setting->value.range.lo, setting->value.range.hi);
		return;
	}
	sink->clause(sink);
	fe_cover_unknown(sink, opt->name);
}

const struct fe_type fe_type_range = {
	.name = "range",
	.usage = "NUMBER[:NUMBER]",
	.parse = parse_range,
	.print = print_range,
	.cover = cover_range,
};
