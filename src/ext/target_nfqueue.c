/* NFQUEUE: hands the packet to a program, which decides. */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

enum { NUM, BALANCE, BYPASS, FANOUT };

/* FIRST:LAST, growing. */
static bool parse_balance(const struct fe_opt *opt,
			  struct fe_opt_context *context,
			  const struct fe_str *words, union fe_value *value)
{
	struct fe_str lo, hi;
	uint64_t a, b;

	if (!fe_str_cut(words[0], ':', &lo, &hi) ||
	    !fe_number_read(lo, 65535, &a) || !fe_number_read(hi, 65535, &b) ||
	    a >= b || b - a == 65535)
		return fe_opt_bad(opt, context, "\"%.*s\" is not a range of "
				  "queues", (int)words[0].len, words[0].s);
	value->range.lo = (uint32_t)a;
	value->range.hi = (uint32_t)b;
	return true;
}

static void print_balance(const struct fe_opt *opt,
			  const struct fe_setting *setting, unsigned family,
			  struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_buf_printf(buf, " %u:%u", setting->value.range.lo,
		      setting->value.range.hi);
}

static const struct fe_type type_balance = {
	.name = "queues",
	.usage = "FIRST:LAST",
	.parse = parse_balance,
	.print = print_balance,
};

static const struct fe_opt opts[] = {
	[NUM] = {
		.name = "queue-num",
		.n_args = 1,
		.type = &fe_type_number,
		.excludes = 1u << BALANCE,
		.limits = {.max = 65535},
		.help = "the queue; 0 by default",
	},
	[BALANCE] = {
		.name = "queue-balance",
		.n_args = 1,
		.type = &type_balance,
		.excludes = 1u << NUM,
		.help = "flows are spread over these queues",
	},
	[BYPASS] = {
		.name = "queue-bypass",
		.help = "without a program at the queue the packet goes on",
	},
	[FANOUT] = {
		.name = "queue-cpu-fanout",
		.needs = 1u << BALANCE,
		.help = "the processor chooses the queue",
	},
	{.name = NULL},
};

static void print(const struct fe_part *part, unsigned family,
		  struct fe_buf *buf)
{
	if (fe_part_find(part, NUM) == NULL &&
	    fe_part_find(part, BALANCE) == NULL)
		fe_buf_puts(buf, " --queue-num 0");
	fe_settings_print(part, family, buf);
}

const struct fe_ext fe_target_nfqueue = {
	.name = "NFQUEUE",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.effects = FE_EMITS,
	.effects_known = true,
	.action = FE_ACT_QUEUE,
	.summary = "hands the packet to a program, which decides",
	.opts = opts,
	.print = print,
};
