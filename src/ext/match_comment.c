/* comment: a remark kept with the rule; every packet matches. */
#include "ext/ext.h"

#include "option/types.h"

static const struct fe_opt opts[] = {
	{
		.name = "comment",
		.n_args = 1,
		.type = &fe_type_text,
		.flags = FE_REQUIRED,
		.limits = {.max = 255},
		.help = "a remark, at most 255 bytes",
	},
	{.name = NULL},
};

static void lower(const struct fe_part *part, unsigned family,
		  struct fe_sink *sink)
{
	(void)part;
	(void)family;
	(void)sink;
}

const struct fe_ext fe_match_comment = {
	.name = "comment",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "a remark; matches every packet",
	.opts = opts,
	.lower = lower,
};
