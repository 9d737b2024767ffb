/* dscp and tos: the type of service octet, or the traffic class. */
#include "ext/ext.h"

#include "option/types.h"

static const struct fe_opt dscp_opts[] = {
	{
		.name = "dscp",
		.n_args = 1,
		.type = &fe_type_dscp,
		.field = FE_F_TOS,
		.flags = FE_NEG | FE_EXCLUSIVE,
		.help = "the DSCP value, 0 to 63",
	},
	{
		.name = "dscp-class",
		.n_args = 1,
		.type = &fe_type_dscp_class,
		.field = FE_F_TOS,
		.flags = FE_NEG | FE_EXCLUSIVE,
		.saved = "dscp",
		.help = "the DSCP class: BE, EF, AFxx, CSx",
	},
	{.name = NULL},
};

const struct fe_ext fe_match_dscp = {
	.name = "dscp",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "the upper six bits of the TOS octet or traffic class",
	.opts = dscp_opts,
};

static const struct fe_opt tos_opts[] = {
	{
		.name = "tos",
		.n_args = 1,
		.type = &fe_type_tos,
		.field = FE_F_TOS,
		.flags = FE_NEG | FE_REQUIRED,
		.help = "the TOS octet or traffic class, under a mask",
	},
	{.name = NULL},
};

const struct fe_ext fe_match_tos = {
	.name = "tos",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "the TOS octet or traffic class",
	.opts = tos_opts,
};
