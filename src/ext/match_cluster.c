/*
 * cluster: whether this node of a cluster is the one to handle a flow, by a
 * hash of the flow's source address. The hash is the kernel's own and takes
 * its seed from the rule; which flows it picks is left unknown.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "ruleset/rule.h"

enum { TOTAL, NODE, MASK, SEED };

static const struct fe_opt opts[] = {
	[TOTAL] = {
		.name = "cluster-total-nodes",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_REQUIRED,
		.limits = {.min = 1, .max = 32},
		.help = "the number of nodes",
	},
	[NODE] = {
		.name = "cluster-local-node",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_NEG | FE_EXCLUSIVE,
		.limits = {.min = 1, .max = 32},
		.help = "this node's number",
	},
	[MASK] = {
		.name = "cluster-local-nodemask",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_NEG | FE_EXCLUSIVE,
		.limits = {.min = 1, .max = 32}, /* so in iptables 1.8.9 */
		.help = "the nodes that this one stands for, a bit each",
	},
	[SEED] = {
		.name = "cluster-hash-seed",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_REQUIRED,
		.help = "the hash's seed, the same on all nodes",
	},
	{.name = NULL},
};

static uint32_t number(const struct fe_part *part, unsigned row)
{
	return (uint32_t)fe_part_find(part, row)->value.u;
}

static bool check(struct fe_check_context *context)
{
	const struct fe_part *part = context->part;
	const struct fe_setting *node = fe_part_find(part, NODE);
	const struct fe_setting *mask = fe_part_find(part, MASK);
	uint32_t total = number(part, TOTAL);

	if (node != NULL && node->value.u > total)
		return fe_check_bad(context, node, NULL,
				    "there are only %u nodes", total);
	if (mask != NULL && total < 32 && mask->value.u >> total != 0)
		return fe_check_bad(context, mask, NULL,
				    "the mask names more than %u nodes", total);
	return true;
}

static void print(const struct fe_part *part, unsigned family,
		  struct fe_buf *buf)
{
	const struct fe_setting *s = fe_part_find(part, NODE);
	uint32_t mask;

	(void)family;
	if (s != NULL) {
		mask = 1u << (s->value.u - 1);
	} else {
		s = fe_part_find(part, MASK);
		mask = (uint32_t)s->value.u;
	}
	fe_buf_printf(buf, "%s --cluster-local-nodemask 0x%08x"
		      " --cluster-total-nodes %u --cluster-hash-seed 0x%08x",
		      s->neg ? " !" : "", mask, number(part, TOTAL),
		      number(part, SEED));
}

const struct fe_ext fe_match_cluster = {
	.name = "cluster",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects = FE_TRIGGERS | FE_READS_CT,
	.effects_known = true,
	.summary = "flows that this node of a cluster is to handle",
	.opts = opts,
	.check = check,
	.print = print,
	.lower = fe_lower_always_unknown,
};
