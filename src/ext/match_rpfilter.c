/*
 * rpfilter: the route back to the source leaves by the interface that the
 * packet came in by. The routes are the host's, which no match sees: unknown.
 */
#include "ext/ext.h"

#include "ruleset/rule.h"

static const struct fe_opt opts[] = {
	{
		.name = "loose",
		.help = "any interface will do",
	},
	{
		.name = "validmark",
		.help = "the packet's mark counts for the route",
	},
	{
		.name = "accept-local",
		.help = "packets from this host's addresses pass too",
	},
	{
		.name = "invert",
		.help = "match where there is no such route",
	},
	{.name = NULL},
};

const struct fe_ext fe_match_rpfilter = {
	.name = "rpfilter",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.tables = 1u << FE_RAW | 1u << FE_MANGLE,
	.hooks = 1u << FE_PREROUTING,
	.effects_known = true,
	.summary = "the route back to the source",
	.opts = opts,
	.lower = fe_lower_always_unknown,
};
