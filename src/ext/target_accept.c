/*
 * The verdicts that need no module: ACCEPT, DROP, RETURN, QUEUE.
 */
#include "ext/ext.h"

const struct fe_ext fe_target_accept = {
	.name = "ACCEPT",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.effects_known = true,
	.action = FE_ACT_ACCEPT,
	.summary = "lets the packet pass this table",
};

const struct fe_ext fe_target_drop = {
	.name = "DROP",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.effects_known = true,
	/* iptables says that nat is not for filtering; policies may. */
	.tables = 1 << FE_RAW | 1 << FE_MANGLE | 1 << FE_FILTER |
		  1 << FE_SECURITY,
	.action = FE_ACT_DROP,
	.summary = "discards the packet without an answer",
};

const struct fe_ext fe_target_return = {
	.name = "RETURN",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.effects_known = true,
	.action = FE_ACT_RETURN,
	.summary = "goes on behind the rule that jumped here; in a builtin "
		   "chain the policy decides",
};

static bool check_queue(struct fe_check_context *context)
{
	return context->backend != FE_NFT ||
	       fe_check_refused(context, NULL, "-j NFQUEUE --queue-num 0 does "
				"the same", "iptables-nft has no target QUEUE");
}

const struct fe_ext fe_target_queue = {
	.name = "QUEUE",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.effects = FE_EMITS,
	.effects_known = true,
	.action = FE_ACT_QUEUE,
	.summary = "hands the packet to a program through queue 0",
	.check = check_queue,
};
