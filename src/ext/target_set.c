/*
 * SET: puts a packet's addresses and ports into IP sets, takes them out, or
 * gets a mark, priority or queue from them.
 *
 * What sets hold then depends on the packets before, which the engine does
 * not follow: the rule may do anything to later `-m set`.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "ruleset/rule.h"

enum {
	ADD, EXIST, TIMEOUT, DEL, MAP, MAP_MARK, MAP_PRIO, MAP_QUEUE
};
#define SETS (1u << ADD | 1u << DEL)
#define MAPS (1u << MAP_MARK | 1u << MAP_PRIO | 1u << MAP_QUEUE)

static const struct fe_opt opts[] = {
	[ADD] = {
		.name = "add-set",
		.flags = FE_NEG_LOST,
		.n_args = 2,
		.type = &fe_type_set,
		.excludes = 1u << MAP,
		.help = "puts addresses and ports into the set",
	},
	[EXIST] = {
		.name = "exist",
		.flags = FE_NEG_LOST,
		.needs = 1u << ADD,
		.help = "an entry that is there gets its timeout anew",
	},
	[TIMEOUT] = {
		.name = "timeout",
		.flags = FE_NEG_LOST,
		.n_args = 1,
		.type = &fe_type_number,
		.needs = 1u << ADD,
		.limits = {.max = 2147483},
		.help = "seconds that the entry stays",
	},
	[DEL] = {
		.name = "del-set",
		.flags = FE_NEG_LOST,
		.n_args = 2,
		.type = &fe_type_set,
		.excludes = 1u << MAP,
		.help = "takes addresses and ports out of the set",
	},
	[MAP] = {
		.name = "map-set",
		.flags = FE_NEG_LOST,
		.n_args = 2,
		.type = &fe_type_set,
		.excludes = SETS,
		.help = "gets what the set's entry carries (skbinfo)",
	},
	[MAP_MARK] = {
		.name = "map-mark",
		.flags = FE_NEG_LOST,
		.needs = 1u << MAP,
		.help = "its mark",
	},
	[MAP_PRIO] = {
		.name = "map-prio",
		.flags = FE_NEG_LOST,
		.needs = 1u << MAP,
		.help = "its priority",
	},
	[MAP_QUEUE] = {
		.name = "map-queue",
		.flags = FE_NEG_LOST,
		.needs = 1u << MAP,
		.help = "its hardware queue",
	},
	{.name = NULL},
};

static bool check(struct fe_check_context *context)
{
	uint32_t given = 0;

	for (unsigned i = 0; i < context->part->n; i++)
		given |= 1u << fe_settings(context->part)[i].opt;
	if ((given & (SETS | 1u << MAP)) == 0)
		return fe_check_bad(context, NULL, NULL,
				    "-j SET needs --add-set, --del-set or "
				    "--map-set");
	return (given >> MAP & 1) == 0 || (given & MAPS) != 0 ||
	       fe_check_bad(context, NULL, NULL,
			    "--map-set needs --map-mark, --map-prio or "
			    "--map-queue");
}

const struct fe_ext fe_target_set = {
	.name = "SET",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.action = FE_ACT_OPAQUE,
	.summary = "writes IP sets, or marks packets from them",
	.opts = opts,
	.check = check,
};
