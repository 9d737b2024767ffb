/*
 * connlimit: how many connections of the same address, or network, are in
 * the conntrack table. What it counts depends on all other flows.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

/* A length, or in IPv4 a dotted mask; one with holes counts as a full one. */
static bool parse_mask(const struct fe_opt *opt, struct fe_opt_context *context,
		       const struct fe_str *words, union fe_value *value)
{
	struct fe_u128 mask;

	if (fe_number_read(words[0], 255, &value->u))
		return true;
	if (context->family != 4 || !fe_addr_read(words[0], 4, &mask))
		return fe_opt_bad(opt, context, "\"%.*s\" is no mask",
				  (int)words[0].len, words[0].s);
	value->u = (unsigned)__builtin_popcountll(mask.lo);
	if (!fe_u128_eq(mask, fe_addr_mask(4, (unsigned)value->u)))
		value->u = 32;
	return true;
}

static void print_mask(const struct fe_opt *opt,
		       const struct fe_setting *setting, unsigned family,
		       struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_buf_printf(buf, " %u", (unsigned)setting->value.u);
}

static const struct fe_type type_mask = {
	.name = "mask",
	.usage = "LENGTH|MASK",
	.parse = parse_mask,
	.print = print_mask,
};

enum { UPTO, ABOVE, MASK, SADDR, DADDR };

static const struct fe_opt opts[] = {
	[UPTO] = {
		.name = "connlimit-upto",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_NEG | FE_EXCLUSIVE,
		.help = "there are so many connections at most, this one "
			"included",
	},
	[ABOVE] = {
		.name = "connlimit-above",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_NEG | FE_EXCLUSIVE,
		.help = "there are more connections than that",
	},
	[MASK] = {
		.name = "connlimit-mask",
		.n_args = 1,
		.type = &type_mask,
		.help = "the length of the prefix that counts as one address",
	},
	[SADDR] = {
		.name = "connlimit-saddr",
		.excludes = 1u << DADDR,
		.help = "count by source address; this is the default",
	},
	[DADDR] = {
		.name = "connlimit-daddr",
		.excludes = 1u << SADDR,
		.help = "count by destination address",
	},
	{.name = NULL},
};

static unsigned full(unsigned family)
{
	return family == 4 ? 32 : 128;
}

static bool check(struct fe_check_context *context)
{
	const struct fe_setting *mask = fe_part_find(context->part, MASK);

	return mask == NULL || context->family == 4 || mask->value.u <= 128 ||
	       fe_check_bad(context, mask, NULL, "a mask has at most 128 bits");
}

/* In IPv4, longer than an address is as long as one. */
static unsigned mask_of(const struct fe_part *part, unsigned family)
{
	const struct fe_setting *mask = fe_part_find(part, MASK);

	return mask != NULL && mask->value.u < full(family) ?
		       (unsigned)mask->value.u : full(family);
}

static void print(const struct fe_part *part, unsigned family,
		  struct fe_buf *buf)
{
	const struct fe_setting *limit = fe_part_find(part, UPTO);
	bool upto = limit != NULL && !limit->neg;

	if (limit == NULL) {
		limit = fe_part_find(part, ABOVE);
		upto = limit->neg;
	}
	fe_buf_printf(buf, " --connlimit-%s %u --connlimit-mask %u %s",
		      upto ? "upto" : "above", (unsigned)limit->value.u,
		      mask_of(part, family),
		      fe_part_find(part, DADDR) != NULL ? "--connlimit-daddr" :
							  "--connlimit-saddr");
}

const struct fe_ext fe_match_connlimit = {
	.name = "connlimit",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects = FE_TRIGGERS | FE_READS_CT | FE_SHARES,
	.effects_known = true,
	.summary = "how many connections an address or network has",
	.opts = opts,
	.check = check,
	.print = print,
	.lower = fe_lower_always_unknown,
};
