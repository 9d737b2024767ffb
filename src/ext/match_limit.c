/*
 * limit: a token bucket of its own for each rule.
 *
 * The kernel counts credits that grow by the jiffy, 32000 a second, up to
 * burst times a packet's cost; eval does the same arithmetic on packet time,
 * with 250 jiffies a second. A packet that asks takes from the bucket, whoever
 * it belongs to: that is state shared between packets.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "ruleset/rule.h"

#define CREDITS 32000u /* a second */
#define SCALE 10000u   /* of a rate's period */
#define JIFFY 4000000  /* ns */
#define CREDITS_PER_JIFFY (CREDITS / 250)
#define DEFAULT_PERIOD (SCALE * 3600 / 3)
#define DEFAULT_BURST 5

enum { LIMIT, BURST };

static const struct fe_opt opts[] = {
	[LIMIT] = {
		.name = "limit",
		.n_args = 1,
		.type = &fe_type_rate,
		.help = "so many packets match on average; 3/hour by default",
	},
	[BURST] = {
		.name = "limit-burst",
		.n_args = 1,
		.type = &fe_type_number,
		.limits = {.max = 10000},
		.help = "so many match at once; 5 by default",
	},
	{.name = NULL},
};

static uint32_t number(const struct fe_part *part, unsigned row,
		       uint32_t by_default)
{
	const struct fe_setting *setting = fe_part_find(part, row);

	return setting != NULL ? (uint32_t)setting->value.u : by_default;
}

/* The kernel's user2credits(): large values are divided first. */
static uint32_t credits(uint32_t user)
{
	if (user > UINT32_MAX / CREDITS)
		return user / SCALE * CREDITS;
	return user * CREDITS / SCALE;
}

static bool check(struct fe_check_context *context)
{
	uint32_t period = number(context->part, LIMIT, DEFAULT_PERIOD);
	uint32_t burst = number(context->part, BURST, DEFAULT_BURST);

	if (context->backend == FE_NFT) /* it counts in another way */
		return true;
	if (burst == 0)
		return fe_check_bad(context, fe_part_find(context->part, BURST),
				    NULL, "--limit-burst 0 never matches");
	if (credits(period * burst) < credits(period))
		return fe_check_bad(context, NULL, "lower --limit-burst",
				    "the kernel cannot count so slow a rate "
				    "with a burst of %u", burst);
	return true;
}

static void print(const struct fe_part *part, unsigned family,
		  struct fe_buf *buf)
{
	uint32_t burst = number(part, BURST, DEFAULT_BURST);

	(void)family;
	fe_buf_puts(buf, " --limit");
	fe_rate_print(number(part, LIMIT, DEFAULT_PERIOD), buf);
	if (burst != DEFAULT_BURST && burst != 0)
		fe_buf_printf(buf, " --limit-burst %u", burst);
}

static void lower(const struct fe_part *part, unsigned family,
		  struct fe_sink *sink)
{
	(void)part;
	(void)family;
	sink->clause(sink);
	fe_cover_unknown(sink, "limit");
}

struct bucket { /* zeroed: never asked */
	int64_t prev;    /* jiffies */
	uint32_t credit;
	bool started;
};

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	struct bucket *b = state;
	uint32_t period = number(part, LIMIT, DEFAULT_PERIOD);
	uint32_t cost = credits(period);
	uint32_t cap = credits(period * number(part, BURST, DEFAULT_BURST));
	int64_t now = packet->time / JIFFY;
	uint64_t credit;

	if (!b->started) {
		b->started = true;
		b->credit = cap;
		b->prev = now;
	}
	credit = now > b->prev ?
		     b->credit + (uint64_t)(now - b->prev) * CREDITS_PER_JIFFY :
		     b->credit;
	b->prev = now;
	if (credit > cap)
		credit = cap;
	b->credit = (uint32_t)credit;
	if (b->credit < cost)
		return FE_NO;
	b->credit -= cost;
	return FE_YES;
}

const struct fe_ext fe_match_limit = {
	.name = "limit",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects = FE_SHARES,
	.effects_known = true,
	.summary = "at most so many packets on average",
	.doc = "Each rule has a bucket; every packet that reaches the match "
	       "takes from it.",
	.opts = opts,
	.check = check,
	.print = print,
	.lower = lower,
	.eval = eval,
	.state_size = sizeof(struct bucket),
};
