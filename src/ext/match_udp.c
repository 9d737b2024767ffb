/* udp: ports. */
#include "ext/ext.h"

#include "option/types.h"

enum { SPORT, DPORT };

static const struct fe_opt opts[] = {
	[SPORT] = {
		.name = "sport",
		.n_args = 1,
		.aliases = {"source-port"},
		.type = &fe_type_ports,
		.field = FE_F_SPORT,
		.flags = FE_NEG,
		.help = "the source port, or a range of them",
	},
	[DPORT] = {
		.name = "dport",
		.n_args = 1,
		.aliases = {"destination-port"},
		.type = &fe_type_ports,
		.field = FE_F_DPORT,
		.flags = FE_NEG,
		.help = "the destination port, or a range of them",
	},
	{.name = NULL},
};

const struct fe_ext fe_match_udp = {
	.name = "udp",
	.kind = FE_MATCH,
	.proto = "udp",
	.families = FE_BOTH,
	.effects_known = true,
	.l4_size = 8,
	.summary = "UDP ports",
	.doc = "Only in rules with -p udp. A later fragment never matches; a "
	       "packet whose UDP header is cut short is dropped.",
	.opts = opts,
};
