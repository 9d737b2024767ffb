/*
 * statistic: every nth packet, or a share of them at random.
 *
 * The probability is kept in steps of 2^-31, as the kernel does. Which
 * packets a random share is made of is unknown; nth counts.
 */
#include "ext/ext.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

enum { MODE, PROBABILITY, EVERY, PACKET };
enum { RANDOM, NTH };
#define WHOLE 0x80000000u /* a probability of 1 */

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	char text[64], *end;
	double p;

	if (words[0].len == 0 || words[0].len >= sizeof(text))
		return fe_opt_bad(opt, context, "this is no probability");
	memcpy(text, words[0].s, words[0].len);
	text[words[0].len] = '\0';
	p = strtod(text, &end);
	if (*end != '\0' || !(p >= 0 && p <= 1))
		return fe_opt_bad(opt, context,
				  "\"%s\" is no number from 0 to 1", text);
	value->u = (uint64_t)lround(WHOLE * p);
	return true;
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_buf_printf(buf, " %.11f", (double)setting->value.u / WHOLE);
}

static const struct fe_type type_probability = {
	.name = "probability",
	.usage = "0..1",
	.parse = parse,
	.print = print,
};

static const struct fe_name modes[] = {
	{"random", RANDOM}, {"nth", NTH}, {NULL, 0},
};

static const struct fe_opt opts[] = {
	[MODE] = {
		.name = "mode",
		.n_args = 1,
		.type = &fe_type_word,
		.flags = FE_REQUIRED,
		.names = modes,
		.variant = FE_WORDS_EXACT,
		.help = "random or nth",
	},
	[PROBABILITY] = {
		.name = "probability",
		.n_args = 1,
		.type = &type_probability,
		.flags = FE_NEG,
		.help = "random: the share that matches",
	},
	[EVERY] = {
		.name = "every",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_NEG,
		.needs = 1u << PACKET,
		.limits = {.min = 1, .max = UINT32_MAX},
		.help = "nth: one of so many matches",
	},
	[PACKET] = {
		.name = "packet",
		.n_args = 1,
		.type = &fe_type_number,
		.needs = 1u << EVERY,
		.help = "nth: the first one that matches, counted from 0",
	},
	{.name = NULL},
};

static bool check(struct fe_check_context *context)
{
	const struct fe_part *part = context->part;
	bool nth = fe_part_find(part, MODE)->value.u == NTH;
	const struct fe_setting *packet = fe_part_find(part, PACKET);
	const struct fe_setting *probability = fe_part_find(part, PROBABILITY);
	const struct fe_setting *stray = nth ? probability : packet;

	if (stray != NULL)
		return fe_check_bad(context, stray, NULL,
				    "--mode %s has no such option",
				    nth ? "nth" : "random");
	if (!nth)
		return probability != NULL ||
		       fe_check_bad(context, NULL, NULL,
				    "--mode random needs --probability");
	if (packet == NULL)
		return fe_check_bad(context, NULL, NULL,
				    "--mode nth needs --every and --packet");
	return packet->value.u < fe_part_find(part, EVERY)->value.u ||
	       fe_check_bad(context, packet, NULL,
			    "--packet must be less than --every");
}

struct count { /* zeroed: before the first packet */
	bool begun;
	uint32_t n; /* since the last match */
};

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *every = fe_part_find(part, EVERY);
	struct count *count = state;
	bool hit;

	(void)packet;
	if (every == NULL) {
		const struct fe_setting *p = fe_part_find(part, PROBABILITY);

		if (p->value.u != 0 && p->value.u != WHOLE)
			return FE_DUNNO;
		return (p->value.u != 0) != p->neg ? FE_YES : FE_NO;
	}
	if (!count->begun) {
		count->begun = true;
		count->n = (uint32_t)(every->value.u - 1 -
				      fe_part_find(part, PACKET)->value.u);
	}
	hit = count->n == every->value.u - 1;
	count->n = hit ? 0 : count->n + 1;
	return hit != every->neg ? FE_YES : FE_NO;
}

const struct fe_ext fe_match_statistic = {
	.name = "statistic",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects = FE_SHARES,
	.effects_known = true,
	.summary = "every nth packet, or a random share",
	.opts = opts,
	.check = check,
	.lower = fe_lower_always_unknown,
	.eval = eval,
	.state_size = sizeof(struct count),
};
