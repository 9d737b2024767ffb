/*
 * Ranges of addresses that are no networks. One that is upside down is
 * accepted, as by iptables: it never matches, and inverted always does.
 */
#include "option/types.h"

#include "option/value.h"

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct fe_addr_range *range;
	struct fe_str lo, hi;

	range = fe_new(context->arena, struct fe_addr_range);
	if (!fe_str_cut(words[0], '-', &lo, &hi))
		hi = lo;
	if (!fe_addr_read(lo, context->family, &range->lo))
		return fe_opt_bad(opt, context, "\"%.*s\" is not an address",
				  (int)lo.len, lo.s);
	if (!fe_addr_read(hi, context->family, &range->hi))
		return fe_opt_bad(opt, context, "\"%.*s\" is not an address",
				  (int)hi.len, hi.s);
	if (!fe_u128_le(range->lo, range->hi))
		fe_opt_warn(opt, context, "the range is upside down: "
			    "it never matches");
	value->ptr = range;
	return true;
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	const struct fe_addr_range *range = setting->value.ptr;

	(void)opt;
	fe_buf_putc(buf, ' ');
	fe_addr_print(range->lo, family, buf);
	fe_buf_putc(buf, '-');
	fe_addr_print(range->hi, family, buf);
}

static void cover(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_sink *sink)
{
	const struct fe_addr_range *range = setting->value.ptr;
	struct fe_atom atom = {.kind = FE_ATOM_RANGE, .field = opt->field,
			       .neg = setting->neg};

	(void)family;
	if (!fe_u128_le(range->lo, range->hi)) {
		if (!setting->neg)
			fe_cover_never(sink);
		return;
	}
	atom.u.range.lo = range->lo;
	atom.u.range.hi = range->hi;
	sink->clause(sink);
	sink->atom(sink, &atom);
}

const struct fe_type fe_type_addr_range = {
	.name = "address range",
	.usage = "ADDRESS[-ADDRESS]",
	.parse = parse,
	.print = print,
	.cover = cover,
};
