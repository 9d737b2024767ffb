/*
 * multiport: lists of ports. It reads no more than the four bytes of the two
 * ports, so a TCP header cut short behind them is no hotdrop.
 */
#include "ext/ext.h"

#include "option/types.h"

static const struct fe_opt opts[] = {
	{
		.name = "sports",
		.n_args = 1,
		.aliases = {"source-ports"},
		.type = &fe_type_port_list,
		.field = FE_F_SPORT,
		.flags = FE_NEG | FE_EXCLUSIVE,
		.help = "the source port is one of these",
	},
	{
		.name = "dports",
		.n_args = 1,
		.aliases = {"destination-ports"},
		.type = &fe_type_port_list,
		.field = FE_F_DPORT,
		.flags = FE_NEG | FE_EXCLUSIVE,
		.help = "the destination port is one of these",
	},
	{
		.name = "ports",
		.n_args = 1,
		.type = &fe_type_port_list,
		.field = FE_NOFIELD,
		.flags = FE_NEG | FE_EXCLUSIVE,
		.help = "the source or the destination port is one of these",
	},
	{.name = NULL},
};

const struct fe_ext fe_match_multiport = {
	.name = "multiport",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.l4_size = 4,
	.summary = "lists of up to 15 ports; a range counts as two",
	.doc = "Only behind -p tcp, udp, udplite, sctp or dccp.",
	.opts = opts,
};
