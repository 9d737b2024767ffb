/*
 * ecn: explicit congestion notification, in the IP header (the two lower bits
 * of the TOS octet or traffic class) and in TCP's CWR and ECE flags.
 *
 * The kernel does not look whether the packet is a later fragment: whatever
 * stands in the place of the TCP header is taken for it.
 */
#include "ext/bytes.h"

#include "option/types.h"
#include "ruleset/rule.h"

enum { ECE, CWR, ECT };

static const struct fe_opt ecn_opts[] = {
	[ECE] = {
		.name = "ecn-tcp-ece",
		.flags = FE_NEG,
		.help = "the TCP header has ECE set",
	},
	[CWR] = {
		.name = "ecn-tcp-cwr",
		.flags = FE_NEG,
		.help = "the TCP header has CWR set",
	},
	[ECT] = {
		.name = "ecn-ip-ect",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_NEG,
		.limits = {.max = 3},
		.help = "the ECN bits of the TOS octet or traffic class",
	},
	{.name = NULL},
};

/* The kernel wants TCP, and nothing else, for what reads its header. */
static bool check_tcp(struct fe_check_context *context, const char *what)
{
	bool neg;

	if (fe_rule_proto(context->rule, &neg) == 6 && !neg)
		return true;
	return fe_check_refused(context, NULL, NULL, "%s needs -p tcp", what);
}

static bool check_ecn(struct fe_check_context *context)
{
	const struct fe_part *part = context->part;

	if (part->n == 0)
		return fe_check_bad(context, NULL, NULL,
				    "ecn needs one of its options");
	return (fe_part_find(part, ECE) == NULL &&
		fe_part_find(part, CWR) == NULL) ||
	       check_tcp(context, "an ECN flag of TCP");
}

static void lower_ecn(const struct fe_part *part, unsigned family,
		      struct fe_sink *sink)
{
	const struct fe_setting *ect = fe_part_find(part, ECT);

	(void)family;
	if (ect != NULL) {
		sink->clause(sink);
		fe_cover_mask(sink, FE_F_TOS, ect->neg, ect->value.u, 3);
	}
	for (unsigned row = ECE; row <= CWR; row++) {
		const struct fe_setting *flag = fe_part_find(part, row);
		unsigned bit = row == ECE ? FE_TCP_ECE : FE_TCP_CWR;

		if (flag == NULL)
			continue;
		sink->clause(sink);
		fe_cover_range(sink, FE_F_HDR, true, FE_HDR_WHOLE,
			       FE_HDR_WHOLE);
		fe_cover_mask(sink, FE_F_TCP_FLAGS, flag->neg, bit, bit);
		sink->clause(sink);
		fe_cover_range(sink, FE_F_HDR, false, FE_HDR_WHOLE,
			       FE_HDR_WHOLE);
		fe_cover_unknown(sink, "ecn"); /* a fragment's bytes */
	}
}

/* Asked for headers that are cut short, and for later fragments. */
static enum fe_answer eval_ecn(const struct fe_part *part,
			       const struct fe_packet *packet, void *state)
{
	enum fe_answer answer = fe_bytes(packet, packet->l4, 20);
	const struct fe_setting *flag;

	(void)state;
	if (answer != FE_YES)
		return answer;
	for (unsigned row = ECE; row <= CWR; row++) {
		unsigned bit = row == ECE ? FE_TCP_ECE : FE_TCP_CWR;
		bool set = (packet->data[packet->l4 + 13] & bit) != 0;

		flag = fe_part_find(part, row);
		if (flag != NULL && set == flag->neg)
			return FE_NO;
	}
	return FE_YES;
}

const struct fe_ext fe_match_ecn = {
	.name = "ecn",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "explicit congestion notification",
	.doc = "The flags of TCP only in rules with -p tcp.",
	.opts = ecn_opts,
	.check = check_ecn,
	.lower = lower_ecn,
	.eval = eval_ecn,
};
