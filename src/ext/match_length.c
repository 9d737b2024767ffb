/*
 * length: the size of the packet with its IP header; in IPv6 the payload
 * length plus 40.
 */
#include "ext/ext.h"

#include "option/types.h"

static const struct fe_opt opts[] = {
	{
		.name = "length",
		.n_args = 1,
		.type = &fe_type_range,
		.field = FE_F_LENGTH,
		.flags = FE_NEG | FE_REQUIRED,
		.limits = {.max = 65535},
		.help = "the packet's length in bytes, IP header included",
	},
	{.name = NULL},
};

const struct fe_ext fe_match_length = {
	.name = "length",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "the packet's length",
	.opts = opts,
};
