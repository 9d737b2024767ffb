/* icmp and icmp6: type and code. */
#include "ext/ext.h"

#include "option/types.h"

static const struct fe_opt opts4[] = {
	{
		.name = "icmp-type",
		.n_args = 1,
		.type = &fe_type_icmp,
		.field = FE_F_ICMP_TYPE,
		.flags = FE_NEG | FE_REQUIRED,
		.help = "the ICMP type, by name or number, and its code",
	},
	{.name = NULL},
};

static const struct fe_opt opts6[] = {
	{
		.name = "icmpv6-type",
		.n_args = 1,
		.type = &fe_type_icmp,
		.field = FE_F_ICMP_TYPE,
		.flags = FE_NEG | FE_REQUIRED,
		.help = "the ICMPv6 type, by name or number, and its code",
	},
	{.name = NULL},
};

const struct fe_ext fe_match_icmp = {
	.name = "icmp",
	.kind = FE_MATCH,
	.proto = "icmp",
	.families = FE_V4,
	.effects_known = true,
	.l4_size = 8,
	.summary = "ICMP type and code",
	.doc = "Only in rules with -p icmp.",
	.opts = opts4,
};

static const char *const aliases6[] = {"icmpv6", "ipv6-icmp", NULL};

const struct fe_ext fe_match_icmp6 = {
	.name = "icmp6",
	.aliases = aliases6,
	.kind = FE_MATCH,
	.proto = "ipv6-icmp",
	.families = FE_V6,
	.effects_known = true,
	.l4_size = 8,
	.summary = "ICMPv6 type and code",
	.doc = "Only in rules with -p ipv6-icmp.",
	.opts = opts6,
};
