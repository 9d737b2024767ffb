/*
 * rt: the IPv6 routing header; its addresses where it is of type 0.
 */
#include "ext/ext.h"

#include "ext/header6.h"
#include "option/types.h"
#include "option/value.h"
#include "packet/wire.h"
#include "ruleset/rule.h"

enum { TYPE, SEGMENTS, LENGTH, RESERVED, ADDRS, NOT_STRICT };
enum { MOST = 16 };

struct addrs {
	unsigned n;
	struct fe_u128 addr[MOST];
};

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct addrs *a = fe_new(context->arena, struct addrs);
	struct fe_items items = fe_items(words[0]);
	struct fe_str item;

	value->ptr = a;
	while (fe_items_next(&items, ',', &item)) {
		if (a->n == MOST)
			return fe_opt_bad(opt, context,
					  "more than %d addresses", MOST);
		if (!fe_addr_read(item, 6, &a->addr[a->n++]))
			return fe_opt_bad(opt, context,
					  "\"%.*s\" is not an IPv6 address",
					  (int)item.len, item.s);
	}
	return true;
}

static void print_addrs(const struct fe_opt *opt,
			const struct fe_setting *setting, unsigned family,
			struct fe_buf *buf)
{
	const struct addrs *a = setting->value.ptr;

	(void)opt;
	(void)family;
	for (unsigned i = 0; i < a->n; i++) {
		fe_buf_putc(buf, i == 0 ? ' ' : ',');
		fe_addr_print(a->addr[i], 6, buf);
	}
}

static const struct fe_type type_addrs = {
	.name = "addresses",
	.usage = "ADDRESS[,ADDRESS...]",
	.parse = parse,
	.print = print_addrs,
};

static const struct fe_opt opts[] = {
	[TYPE] = {
		.name = "rt-type",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_NEG,
		.help = "the header's type",
	},
	[SEGMENTS] = {
		.name = "rt-segsleft",
		.n_args = 1,
		.type = &fe_type_range,
		.flags = FE_NEG,
		.limits = {.max = UINT32_MAX},
		.variant = FE_RANGE_HIDDEN,
		.help = "the segments left, or a range",
	},
	[LENGTH] = {
		.name = "rt-len",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_NEG,
		.help = "the header's length in bytes",
	},
	[RESERVED] = {
		.name = "rt-0-res",
		.needs = 1u << TYPE,
		.help = "type 0: the reserved field is zero",
	},
	[ADDRS] = {
		.name = "rt-0-addrs",
		.n_args = 1,
		.type = &type_addrs,
		.needs = 1u << TYPE,
		.help = "type 0: exactly these addresses, in this order",
	},
	[NOT_STRICT] = {
		.name = "rt-0-not-strict",
		.needs = 1u << ADDRS,
		.help = "type 0: others may stand between the addresses",
	},
	{.name = NULL},
};

/* What speaks of type 0 must stand behind it, as in iptables. */
static bool check(struct fe_check_context *context)
{
	bool zero = false, addrs = false;

	for (uint32_t i = 0; i < context->part->n; i++) {
		const struct fe_setting *s = &fe_settings(context->part)[i];

		if (s->opt == TYPE)
			zero = s->value.u == 0 && !s->neg;
		else if ((s->opt == RESERVED || s->opt == ADDRS) && !zero)
			return fe_check_bad(context, s, NULL, "--rt-type 0 "
					    "must stand before --%s",
					    opts[s->opt].name);
		else if (s->opt == NOT_STRICT && !addrs)
			return fe_check_bad(context, s, NULL, "--rt-0-addrs "
					    "must stand before --%s",
					    opts[s->opt].name);
		addrs |= s->opt == ADDRS;
	}
	return true;
}

static bool addrs_match(const struct addrs *a, bool strict,
			const uint8_t *first, uint32_t n)
{
	unsigned found = 0;

	if (a->n > n || (strict && a->n != n))
		return false;
	for (uint32_t i = 0; i < n && found < a->n; i++) {
		if (fe_u128_eq(fe_get128(first + 16 * i), a->addr[found]))
			found++;
		else if (strict)
			return false;
	}
	return found == a->n;
}

static bool is(const struct fe_setting *s, bool holds)
{
	return s == NULL || holds != s->neg;
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *type = fe_part_find(part, TYPE);
	const struct fe_setting *left = fe_part_find(part, SEGMENTS);
	const struct fe_setting *length = fe_part_find(part, LENGTH);
	const struct fe_setting *addrs = fe_part_find(part, ADDRS);
	bool strict = fe_part_find(part, NOT_STRICT) == NULL;
	struct fe_header6 h;
	enum fe_answer found = fe_header6(packet, 43, 4, &h);
	const uint8_t *rt;
	uint32_t size;

	(void)state;
	if (found != FE_YES)
		return found;
	rt = packet->data + h.offset;
	size = (rt[1] + 1u) * 8;
	if (size > h.left)
		return FE_NO;
	if (h.offset + size > packet->caught)
		return FE_DUNNO;
	if (!is(left, left != NULL && left->value.range.lo <= rt[3] &&
			  rt[3] <= left->value.range.hi) ||
	    !is(length, length != NULL && length->value.u == size) ||
	    !is(type, type != NULL && type->value.u == rt[2]))
		return FE_NO;
	if (fe_part_find(part, RESERVED) != NULL && fe_get32(rt + 4) != 0)
		return FE_NO;
	return addrs == NULL || addrs_match(addrs->value.ptr, strict, rt + 8,
					    (size - 8) / 16) ?
		       FE_YES : FE_NO;
}

const struct fe_ext fe_match_rt = {
	.name = "rt",
	.kind = FE_MATCH,
	.families = FE_V6,
	.effects_known = true,
	.summary = "the IPv6 routing header",
	.opts = opts,
	.check = check,
	.lower = fe_lower_always_unknown,
	.eval = eval,
};
