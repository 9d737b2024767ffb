/* mh: the type of a Mobile IPv6 header. */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"

#define HEADER 6u
#define PAYLOAD_NONE 59

static const struct fe_name names[] = {
	{"binding-refresh-request", 0}, {"brr", 0},
	{"home-test-init", 1},          {"hoti", 1},
	{"careof-test-init", 2},        {"coti", 2},
	{"home-test", 3},               {"hot", 3},
	{"careof-test", 4},             {"cot", 4},
	{"binding-update", 5},          {"bu", 5},
	{"binding-acknowledgement", 6}, {"ba", 6},
	{"binding-error", 7},           {"be", 7},
	{NULL, 0},
};

/* A number, or any beginning of one name: "home-test" is whole, "b" is not
 * told from others. */
static bool read_type(const struct fe_opt *opt, struct fe_opt_context *context,
		      struct fe_str word, uint64_t *type)
{
	const struct fe_name *found = NULL;

	for (const struct fe_name *n = names; n->name != NULL; n++) {
		if (!fe_str_abbreviates(word, n->name))
			continue;
		if (fe_str_case_is(word, n->name)) {
			found = n;
			break;
		}
		if (found != NULL && found->value != n->value)
			return fe_opt_bad(opt, context,
					  "\"%.*s\" begins more than one type",
					  (int)word.len, word.s);
		found = n;
	}
	if (found != NULL) {
		*type = found->value;
		return true;
	}
	return fe_number_read(word, 255, type) ||
	       fe_opt_unknown(opt, context, "type", word, names);
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct fe_str lo, hi;
	bool range = fe_str_cut(words[0], ':', &lo, &hi);
	uint64_t a = 0, b = 255;

	if (lo.len > 0 && !read_type(opt, context, lo, &a))
		return false;
	if (!range)
		b = a;
	else if (hi.len > 0 && !read_type(opt, context, hi, &b))
		return false;
	if (a > b)
		return fe_opt_bad(opt, context, "the range is upside down");
	value->range.lo = (uint32_t)a;
	value->range.hi = (uint32_t)b;
	return true;
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	unsigned lo = setting->value.range.lo, hi = setting->value.range.hi;

	(void)opt;
	(void)family;
	if (lo == 0 && hi == 255)
		return;
	fe_buf_printf(buf, " %u", lo);
	if (lo != hi)
		fe_buf_printf(buf, ":%u", hi);
}

static const struct fe_type type_mh = {
	.name = "type",
	.usage = "TYPE[:TYPE]",
	.parse = parse,
	.print = print,
};

static const struct fe_opt opts[] = {
	{
		.name = "mh-type",
		.n_args = 1,
		.type = &type_mh,
		.flags = FE_NEG,
		.help = "the type, by name or number, or a range",
	},
	{.name = NULL},
};

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *s = fe_part_find(part, 0);
	const uint8_t *mh = packet->data + packet->l4;
	bool in;

	(void)state;
	if (packet->l4 + HEADER > packet->caught)
		return FE_DUNNO;
	if (mh[0] != PAYLOAD_NONE)
		return FE_HOTDROP;
	if (s == NULL)
		return FE_YES;
	in = s->value.range.lo <= mh[2] && mh[2] <= s->value.range.hi;
	return in != s->neg ? FE_YES : FE_NO;
}

const struct fe_ext fe_match_mh = {
	.name = "mh",
	.kind = FE_MATCH,
	.proto = "mobility-header",
	.families = FE_V6,
	.effects_known = true,
	.l4_size = HEADER,
	.summary = "the type of a Mobile IPv6 header",
	.doc = "Only in rules with -p mobility-header. A header with a "
	       "payload drops the packet.",
	.opts = opts,
	.lower = fe_lower_always_unknown,
	.eval = eval,
};
