/*
 * ipvs: what the kernel's load balancer made of the packet. The engine models
 * no IPVS: unknown.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

enum { IPVS, PROTO, ADDR, PORT, DIR, METHOD, CONTROL };

static const struct fe_name directions[] = {
	{"ORIGINAL", 0}, {"REPLY", 1}, {NULL, 0},
};
static const struct fe_name methods[] = {
	{"GATE", 3}, {"IPIP", 2}, {"MASQ", 0}, {NULL, 0},
};

static const struct fe_opt opts[] = {
	[IPVS] = {
		.name = "ipvs",
		.flags = FE_NEG,
		.help = "the packet belongs to a connection of IPVS",
	},
	[PROTO] = {
		.name = "vproto",
		.n_args = 1,
		.type = &fe_type_ctproto,
		.flags = FE_NEG,
		.help = "the virtual service's protocol",
	},
	[ADDR] = {
		.name = "vaddr",
		.n_args = 1,
		.type = &fe_type_host,
		.flags = FE_NEG,
		.help = "the virtual service's address",
	},
	[PORT] = {
		.name = "vport",
		.n_args = 1,
		.type = &fe_type_one_port,
		.flags = FE_NEG,
		.help = "the virtual service's port",
	},
	[DIR] = {
		.name = "vdir",
		.n_args = 1,
		.type = &fe_type_word,
		.flags = FE_NEG,
		.names = directions,
		.variant = FE_WORDS_WHOLE,
		.help = "the packet's direction",
	},
	[METHOD] = {
		.name = "vmethod",
		.n_args = 1,
		.type = &fe_type_word,
		.flags = FE_NEG,
		.names = methods,
		.variant = FE_WORDS_WHOLE,
		.help = "how packets are forwarded",
	},
	[CONTROL] = {
		.name = "vportctl",
		.n_args = 1,
		.type = &fe_type_one_port,
		.flags = FE_NEG,
		.help = "the port of the controlling connection",
	},
	{.name = NULL},
};

static bool check(struct fe_check_context *context)
{
	return context->part->n > 0 ||
	       fe_check_bad(context, NULL, NULL, "-m ipvs needs an option");
}

const struct fe_ext fe_match_ipvs = {
	.name = "ipvs",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects = FE_READS_CT,
	.effects_known = true,
	.summary = "properties of a connection of the load balancer IPVS",
	.opts = opts,
	.check = check,
	.lower = fe_lower_always_unknown,
};
