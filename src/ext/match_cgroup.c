/*
 * cgroup: the control group of the sending or receiving socket. No packet
 * tells it, so it is unknown.
 */
#include "ext/ext.h"

#include "option/types.h"

enum { CLASSID, PATH };

static const struct fe_opt opts[] = {
	[CLASSID] = {
		.name = "cgroup",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_NEG | FE_EXCLUSIVE,
		.help = "the classid of net_cls",
	},
	[PATH] = {
		.name = "path",
		.n_args = 1,
		.type = &fe_type_text,
		.flags = FE_NEG | FE_EXCLUSIVE,
		.limits = {.min = 1, .max = 511},
		.variant = FE_TEXT_STRICT,
		.help = "the group's path in the unified hierarchy",
	},
	{.name = NULL},
};

/* The path is always quoted where it has a slash, as text is. */
const struct fe_ext fe_match_cgroup = {
	.name = "cgroup",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.hooks = 1u << FE_INPUT | 1u << FE_OUTPUT | 1u << FE_POSTROUTING,
	.effects_known = true,
	.summary = "the control group of a packet's socket",
	.opts = opts,
	.lower = fe_lower_always_unknown,
};
