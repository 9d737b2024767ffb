/*
 * connbytes: how much a connection has carried so far, the packet at hand
 * included. The kernel counts only where accounting is on
 * (net.netfilter.nf_conntrack_acct), and inserting such a rule turns it on for
 * the namespace.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"
#include "packet/flow.h"
#include "ruleset/rule.h"

enum { RANGE, HOW, DIRECTION };
enum { ORIGINAL, REPLY, EITHER }; /* directions */
enum { PACKETS, BYTES, AVERAGE };

struct range64 {
	uint64_t lo, hi;
};

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct range64 *r = fe_new(context->arena, struct range64);
	struct fe_str lo, hi;
	bool range = fe_str_cut(words[0], ':', &lo, &hi);

	value->ptr = r;
	r->hi = UINT64_MAX;
	if ((lo.len > 0 && !fe_number_read(lo, UINT64_MAX, &r->lo)) ||
	    (range && hi.len > 0 && !fe_number_read(hi, UINT64_MAX, &r->hi)))
		return fe_opt_bad(opt, context, "\"%.*s\" is no range",
				  (int)words[0].len, words[0].s);
	return r->lo <= r->hi ||
	       fe_opt_bad(opt, context, "the range is upside down");
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	const struct range64 *r = setting->value.ptr;

	(void)opt;
	(void)family;
	fe_buf_printf(buf, " %llu", (unsigned long long)r->lo);
	if (r->hi != UINT64_MAX && r->hi != 0)
		fe_buf_printf(buf, ":%llu", (unsigned long long)r->hi);
}

static const struct fe_type type_range64 = {
	.name = "range",
	.usage = "FROM[:TO]",
	.parse = parse,
	.print = print,
};

static const struct fe_name directions[] = {
	{"original", ORIGINAL}, {"reply", REPLY}, {"both", EITHER}, {NULL, 0},
};

static const struct fe_name modes[] = {
	{"packets", PACKETS}, {"bytes", BYTES}, {"avgpkt", AVERAGE}, {NULL, 0},
};

static const struct fe_opt opts[] = {
	[RANGE] = {
		.name = "connbytes",
		.n_args = 1,
		.type = &type_range64,
		.flags = FE_NEG | FE_REQUIRED,
		.help = "the count lies in this range, both ends included",
	},
	[HOW] = {
		.name = "connbytes-mode",
		.n_args = 1,
		.type = &fe_type_word,
		.flags = FE_REQUIRED,
		.names = modes,
		.variant = FE_WORDS_EXACT,
		.help = "count packets, bytes, or bytes a packet",
	},
	[DIRECTION] = {
		.name = "connbytes-dir",
		.n_args = 1,
		.type = &fe_type_word,
		.flags = FE_REQUIRED,
		.names = directions,
		.variant = FE_WORDS_EXACT,
		.help = "count the original direction, replies, or both",
	},
	{.name = NULL},
};

/*
 * The kernel is told "not a to b" as the range b to a, so "not a to a" gets
 * lost.
 */
static bool is_inverted(const struct fe_setting *s)
{
	const struct range64 *r = s->value.ptr;

	return s->neg && r->lo != r->hi;
}

static void print_all(const struct fe_part *part, unsigned family,
		      struct fe_buf *buf)
{
	for (unsigned row = RANGE; row <= DIRECTION; row++) {
		const struct fe_setting *s = fe_part_find(part, row);

		fe_buf_puts(buf, row == RANGE && is_inverted(s) ? " ! --" :
								  " --");
		fe_buf_puts(buf, opts[row].name);
		opts[row].type->print(&opts[row], s, family, buf);
	}
}

static uint64_t sum(const uint64_t n[2], unsigned dir)
{
	return dir == EITHER ? n[0] + n[1] : n[dir];
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *s = fe_part_find(part, RANGE);
	const struct range64 *r = s->value.ptr;
	unsigned dir = (unsigned)fe_part_find(part, DIRECTION)->value.u;
	const struct fe_flow *flow = packet->flow;
	uint64_t packets[2], n = 0;

	(void)state;
	/* Behind a CT target, raw shows an entry that counts nothing. */
	if (flow == NULL || flow->ref == 0)
		return FE_NO;
	packets[0] = flow->packets[0];
	packets[1] = flow->packets[1];
	switch (fe_part_find(part, HOW)->value.u) {
	case PACKETS:
		n = sum(packets, dir);
		break;
	case BYTES:
		n = sum(flow->bytes, dir);
		break;
	case AVERAGE:
		n = sum(packets, dir);
		if (n != 0)
			n = sum(flow->bytes, dir) / n;
		break;
	}
	return (r->lo <= n && n <= r->hi) != is_inverted(s) ? FE_YES : FE_NO;
}

const struct fe_ext fe_match_connbytes = {
	.name = "connbytes",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects = FE_TRIGGERS | FE_READS_CT,
	.effects_known = true,
	.summary = "how much a connection has carried so far",
	.opts = opts,
	.print = print_all,
	.lower = fe_lower_always_unknown,
	.eval = eval,
};
