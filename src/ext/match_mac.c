/* mac: the Ethernet source address. */
#include "ext/ext.h"

#include "option/types.h"

static const struct fe_opt opts[] = {
	{
		.name = "mac-source",
		.n_args = 1,
		.type = &fe_type_mac,
		.field = FE_F_MAC,
		.flags = FE_NEG | FE_REQUIRED,
		.help = "the Ethernet source address",
	},
	{.name = NULL},
};

const struct fe_ext fe_match_mac = {
	.name = "mac",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.hooks = 1u << FE_PREROUTING | 1u << FE_INPUT | 1u << FE_FORWARD,
	.effects_known = true,
	.summary = "the Ethernet source address",
	.doc = "A packet without an Ethernet header matches neither an "
	       "address nor its inversion.",
	.opts = opts,
};
