/*
 * quota: matches until so many bytes have passed; the first packet that does
 * not fit ends it for good.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "ruleset/rule.h"

static const struct fe_opt opts[] = {
	{
		.name = "quota",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_NEG | FE_REQUIRED,
		.limits = {.max = UINT64_MAX},
		.help = "the bytes that may pass, IP headers included",
	},
	{.name = NULL},
};

struct spent { /* zeroed: nothing */
	uint64_t bytes;
	bool over;
};

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *s = fe_part_find(part, 0);
	struct spent *spent = state;
	bool fits = !spent->over &&
		    s->value.u - spent->bytes >= packet->length;

	if (fits)
		spent->bytes += packet->length;
	else
		spent->over = true;
	return fits != s->neg ? FE_YES : FE_NO;
}

const struct fe_ext fe_match_quota = {
	.name = "quota",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects = FE_SHARES,
	.effects_known = true,
	.summary = "until so many bytes have passed",
	.opts = opts,
	.lower = fe_lower_always_unknown,
	.eval = eval,
	.state_size = sizeof(struct spent),
};
