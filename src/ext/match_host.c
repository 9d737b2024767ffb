/*
 * Matches on what the host knows beside the packet, and no capture tells:
 * cpu, helper, nfacct, socket. Each is unknown to `run`.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "ruleset/rule.h"

static const struct fe_opt cpu_opts[] = {
	{
		.name = "cpu",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_NEG | FE_REQUIRED,
		.help = "the processor that handles the packet",
	},
	{.name = NULL},
};

const struct fe_ext fe_match_cpu = {
	.name = "cpu",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "the processor that handles the packet",
	.opts = cpu_opts,
	.lower = fe_lower_always_unknown,
};

static const struct fe_opt helper_opts[] = {
	{
		.name = "helper",
		.n_args = 1,
		.type = &fe_type_text,
		.flags = FE_NEG | FE_REQUIRED,
		.limits = {.max = 29},
		.variant = FE_TEXT_STRICT,
		.help = "the conntrack helper's name; empty: any",
	},
	{.name = NULL},
};

const struct fe_ext fe_match_helper = {
	.name = "helper",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects = FE_TRIGGERS | FE_READS_CT,
	.effects_known = true,
	.summary = "a conntrack helper expected the connection",
	.opts = helper_opts,
	.lower = fe_lower_always_unknown,
};

static const struct fe_opt nfacct_opts[] = {
	{
		.name = "nfacct-name",
		.n_args = 1,
		.type = &fe_type_text,
		.flags = FE_REQUIRED,
		.limits = {.min = 1, .max = 31},
		.variant = FE_TEXT_STRICT,
		.help = "the accounting object, which must exist",
	},
	{.name = NULL},
};

/* Objects may carry a quota, and then match where it is spent. */
const struct fe_ext fe_match_nfacct = {
	.name = "nfacct",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects = FE_SHARES | FE_EMITS,
	.effects_known = true,
	.summary = "counts packets and bytes into a named object",
	.opts = nfacct_opts,
	.lower = fe_lower_always_unknown,
};

enum { TRANSPARENT, NOWILDCARD, RESTORE };

static const struct fe_opt socket_opts[] = {
	[TRANSPARENT] = {
		.name = "transparent",
		.help = "the socket is a transparent one",
	},
	[NOWILDCARD] = {
		.name = "nowildcard",
		.help = "sockets bound to no address count too",
	},
	[RESTORE] = {
		.name = "restore-skmark",
		.help = "the packet gets the socket's mark",
	},
	{.name = NULL},
};

/* Replies to translated connections are looked up by the entry's addresses.
 * A mark that a match writes is state that the rules behind it share. */
static unsigned socket_effects(const struct fe_part *part)
{
	return fe_part_find(part, RESTORE) != NULL ?
		       FE_READS_CT | FE_MANGLES | FE_SHARES : FE_READS_CT;
}

const struct fe_ext fe_match_socket = {
	.name = "socket",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.hooks = 1u << FE_PREROUTING | 1u << FE_INPUT,
	.effects_known = true,
	.summary = "a socket of this host is open for the packet",
	.opts = socket_opts,
	.effects_of = socket_effects,
	.lower = fe_lower_always_unknown,
};
