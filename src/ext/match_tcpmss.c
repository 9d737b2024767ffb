/*
 * tcpmss: the maximum segment size that a TCP header announces. Only an
 * option of the right size counts; a packet without one never matches, not
 * even the inverted test.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "packet/wire.h"
#include "ruleset/rule.h"

static const struct fe_opt opts[] = {
	{
		.name = "mss",
		.n_args = 1,
		.type = &fe_type_range,
		.flags = FE_NEG | FE_REQUIRED,
		.limits = {.max = 65535},
		.help = "the announced size in bytes, or a range",
	},
	{.name = NULL},
};

static bool check(struct fe_check_context *context)
{
	const struct fe_setting *mss = fe_part_find(context->part, 0);
	bool neg;

	if (mss->value.range.lo > mss->value.range.hi)
		return fe_check_bad(context, mss, NULL,
				    "the range is upside down");
	return (fe_rule_proto(context->rule, &neg) == 6 && !neg) ||
	       fe_check_bad(context, NULL, "add -p tcp",
			    "-m tcpmss needs -p tcp");
}

/* The option's value, or -1; -2: cut short, which drops the packet. */
static int announced(const struct fe_packet *packet)
{
	const uint8_t *tcp = packet->data + packet->l4;
	uint32_t size = (uint32_t)(tcp[12] >> 4) * 4, i = 20;

	if (size < 20 || size > packet->l4_size)
		return -2;
	while (i < size) {
		if (tcp[i] == 2 && size - i >= 4 && tcp[i + 1] == 4)
			return fe_get16(tcp + i + 2);
		if (tcp[i] < 2)
			i++;
		else
			i += i + 1 < size && tcp[i + 1] != 0 ? tcp[i + 1] : 1;
	}
	return -1;
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *mss = fe_part_find(part, 0);
	int value;
	bool in;

	(void)state;
	if (packet->later_fragment)
		return FE_NO;
	if (packet->l4_size < 20)
		return FE_HOTDROP;
	if (packet->l4 + (uint32_t)20 > packet->caught ||
	    packet->l4 + (uint32_t)(packet->data[packet->l4 + 12] >> 4) * 4 >
		packet->caught)
		return FE_DUNNO;
	value = announced(packet);
	if (value < 0)
		return value == -2 ? FE_HOTDROP : FE_NO;
	in = mss->value.range.lo <= (uint32_t)value &&
	     (uint32_t)value <= mss->value.range.hi;
	return in != mss->neg ? FE_YES : FE_NO;
}

const struct fe_ext fe_match_tcpmss = {
	.name = "tcpmss",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "the maximum segment size that TCP announces",
	.doc = "Only in rules with -p tcp.",
	.opts = opts,
	.check = check,
	.lower = fe_lower_always_unknown,
	.eval = eval,
};
