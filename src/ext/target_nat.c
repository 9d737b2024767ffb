/*
 * The NAT targets: SNAT, DNAT, MASQUERADE, REDIRECT, NETMAP.
 *
 * One table row holds the range, the others flags; fe_target_nat_range() puts
 * them together for who binds flows. All switch tracking on.
 */
#include "ext/target_nat.h"

#include <string.h>

#include "option/types.h"
#include "ruleset/rule.h"

#define EFFECTS                                                                \
	(FE_TRIGGERS | FE_READS_CT | FE_WRITES_CT | FE_MANGLES | FE_REROUTES)
#define NAT_TABLE (1u << FE_NAT)

enum { TO, RANDOM, RANDOM_FULLY, PERSISTENT };

#define RANDOM_ROW                                                             \
	{.name = "random", .help = "the port is chosen at random"}
#define FULLY_ROW                                                              \
	{.name = "random-fully",                                               \
	 .help = "the port is chosen at random, without a hash"}
#define PERSISTENT_ROW                                                         \
	{.name = "persistent",                                                 \
	 .help = "a client gets the same address for every connection"}

static const struct fe_opt snat_opts[] = {
	[TO] = {
		.name = "to-source",
		.n_args = 1,
		.type = &fe_type_nat,
		.flags = FE_REQUIRED,
		.variant = FE_NAT_TO_ADDR,
		.help = "the new source: ADDR[-ADDR][:PORT[-PORT]]",
	},
	[RANDOM] = RANDOM_ROW,
	[RANDOM_FULLY] = FULLY_ROW,
	[PERSISTENT] = PERSISTENT_ROW,
	{.name = NULL},
};

const struct fe_ext fe_target_snat = {
	.name = "SNAT",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = NAT_TABLE,
	.hooks = 1u << FE_INPUT | 1u << FE_POSTROUTING,
	.effects = EFFECTS,
	.effects_known = true,
	.action = FE_ACT_SNAT,
	.summary = "gives the connection another source address",
	.opts = snat_opts,
};

static const struct fe_opt dnat_opts[] = {
	{
		.name = "to-destination",
		.n_args = 1,
		.type = &fe_type_nat,
		.flags = FE_REQUIRED,
		.variant = FE_NAT_TO_DEST,
		.help = "the new destination: ADDR[-ADDR][:PORT[-PORT[/BASE]]]",
	},
	RANDOM_ROW,
	PERSISTENT_ROW,
	{.name = NULL},
};

const struct fe_ext fe_target_dnat = {
	.name = "DNAT",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = NAT_TABLE,
	.hooks = 1u << FE_PREROUTING | 1u << FE_OUTPUT,
	.effects = EFFECTS,
	.effects_known = true,
	.action = FE_ACT_DNAT,
	.summary = "gives the connection another destination address",
	.opts = dnat_opts,
};

static const struct fe_opt masquerade_opts[] = {
	{
		.name = "to-ports",
		.n_args = 1,
		.type = &fe_type_nat,
		.variant = FE_NAT_TO_PORTS,
		.help = "the new source port or ports",
	},
	RANDOM_ROW,
	FULLY_ROW,
	{.name = NULL},
};

const struct fe_ext fe_target_masquerade = {
	.name = "MASQUERADE",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = NAT_TABLE,
	.hooks = 1u << FE_POSTROUTING,
	.effects = EFFECTS,
	.effects_known = true,
	.action = FE_ACT_MASQUERADE,
	.summary = "gives the connection the outgoing interface's address",
	.opts = masquerade_opts,
};

static const struct fe_opt redirect_opts[] = {
	{
		.name = "to-ports",
		.n_args = 1,
		.type = &fe_type_nat,
		.variant = FE_NAT_TO_PORTS,
		.help = "the new destination port or ports",
	},
	RANDOM_ROW,
	{.name = NULL},
};

const struct fe_ext fe_target_redirect = {
	.name = "REDIRECT",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = NAT_TABLE,
	.hooks = 1u << FE_PREROUTING | 1u << FE_OUTPUT,
	.effects = EFFECTS,
	.effects_known = true,
	.action = FE_ACT_REDIRECT,
	.summary = "sends the connection to this host",
	.opts = redirect_opts,
};

static const struct fe_opt netmap_opts[] = {
	{
		.name = "to",
		.n_args = 1,
		.type = &fe_type_nat,
		.flags = FE_REQUIRED,
		.variant = FE_NAT_TO_NET,
		.help = "the network whose number is put in, host bits kept",
	},
	{.name = NULL},
};

const struct fe_ext fe_target_netmap = {
	.name = "NETMAP",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = NAT_TABLE,
	.hooks = 1u << FE_PREROUTING | 1u << FE_INPUT | 1u << FE_OUTPUT |
		 1u << FE_POSTROUTING,
	.effects = EFFECTS,
	.effects_known = true,
	.action = FE_ACT_NETMAP,
	.summary = "maps a whole network to another one",
	.opts = netmap_opts,
};

void fe_target_nat_range(const struct fe_part *part, unsigned family,
			 struct fe_nat_range *range)
{
	(void)family;
	memset(range, 0, sizeof(*range));
	for (uint32_t i = 0; i < part->n; i++) {
		const struct fe_setting *setting = &fe_settings(part)[i];
		const char *name = part->ext->opts[setting->opt].name;
		const struct fe_nat_range *to = setting->value.ptr;

		if (strcmp(name, "random") == 0) {
			range->flags |= FE_NAT_RANDOM;
		} else if (strcmp(name, "random-fully") == 0) {
			range->flags |= FE_NAT_RANDOM_FULLY;
		} else if (strcmp(name, "persistent") == 0) {
			range->flags |= FE_NAT_PERSISTENT;
		} else {
			unsigned flags = range->flags;

			*range = *to;
			range->flags |= flags;
		}
	}
}
