/*
 * tcpmss: the segment size that a TCP header offers.
 *
 * The kernel does not look whether the packet is a later fragment: whatever
 * stands in the place of the TCP header is taken for it.
 */
#include "ext/bytes.h"

#include "option/types.h"
#include "ruleset/rule.h"

enum { MSS };

static const struct fe_opt opts[] = {
	[MSS] = {
		.name = "mss",
		.n_args = 1,
		.type = &fe_type_range,
		.flags = FE_NEG | FE_REQUIRED,
		.limits = {.max = 65535},
		.help = "the maximum segment size, or a range of them",
	},
	{.name = NULL},
};

static bool check(struct fe_check_context *context)
{
	const struct fe_setting *mss = fe_part_find(context->part, MSS);
	bool neg;

	if (mss->value.range.lo > mss->value.range.hi)
		return fe_check_bad(context, mss, NULL,
				    "the range is upside down");
	return (fe_rule_proto(context->rule, &neg) == 6 && !neg) ||
	       fe_check_refused(context, NULL, "add -p tcp",
			    "-m tcpmss needs -p tcp");
}

/* The option's value; FE_NO: there is none. */
static enum fe_answer find_mss(const struct fe_packet *packet, uint32_t *mss)
{
	const uint8_t *tcp = packet->data + packet->l4;
	enum fe_answer have = fe_bytes_owed(packet, packet->l4, 20);
	uint32_t size, i = 20;

	if (have != FE_YES)
		return have;
	size = (uint32_t)(tcp[12] >> 4) * 4;
	if (size < 20)
		return FE_HOTDROP;
	have = fe_bytes_owed(packet, packet->l4, size);
	if (have != FE_YES)
		return have;
	while (i < size) {
		if (tcp[i] == 2 && size - i >= 4 && tcp[i + 1] == 4) {
			*mss = fe_get16(tcp + i + 2);
			return FE_YES;
		}
		if (tcp[i] < 2) /* end of options and padding: one byte */
			i++;
		else
			i += i + 1 < size && tcp[i + 1] != 0 ? tcp[i + 1] : 1;
	}
	return FE_NO;
}

static enum fe_answer eval(const struct fe_part *part,
			       const struct fe_packet *packet, void *state)
{
	uint32_t mss = 0;
	enum fe_answer answer = find_mss(packet, &mss);

	(void)state;
	if (answer == FE_NO) /* "! --mss" holds where there is none */
		return fe_answer_of(fe_part_find(part, MSS)->neg);
	return answer == FE_YES ? fe_answer_of(fe_part_in_range(part, MSS, mss))
				: answer;
}

const struct fe_ext fe_match_tcpmss = {
	.name = "tcpmss",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "the maximum segment size of a TCP header",
	.doc = "Only in rules with -p tcp. A packet without the option "
	       "matches only \"! --mss\"; one whose header is cut short is "
	       "dropped.",
	.opts = opts,
	.check = check,
	.lower = fe_lower_always_unknown,
	.eval = eval,
};
