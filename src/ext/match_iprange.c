/* iprange: addresses between two others. */
#include "ext/ext.h"

#include "option/types.h"
#include "ruleset/rule.h"

static const struct fe_opt opts[] = {
	{
		.name = "src-range",
		.n_args = 1,
		.type = &fe_type_addr_range,
		.field = FE_F_SADDR,
		.flags = FE_NEG,
		.help = "the source address is one of these",
	},
	{
		.name = "dst-range",
		.n_args = 1,
		.type = &fe_type_addr_range,
		.field = FE_F_DADDR,
		.flags = FE_NEG,
		.help = "the destination address is one of these",
	},
	{.name = NULL},
};

static bool check(struct fe_check_context *context)
{
	return context->part->n > 0 ||
	       fe_check_bad(context, NULL, NULL,
			    "-m iprange needs --src-range or --dst-range");
}

const struct fe_ext fe_match_iprange = {
	.name = "iprange",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "ranges of addresses",
	.opts = opts,
	.check = check,
};
