/*
 * srh: the IPv6 segment routing header (a routing header of type 4,
 * RFC 8754). A packet without one, or with one that contradicts itself,
 * matches no test, inverted or not.
 */
#include "ext/bytes.h"

#include <string.h>

#include "ext/header6.h"
#include "option/types.h"
#include "option/value.h"
#include "packet/wire.h"
#include "ruleset/rule.h"

enum {
	NEXT, LEN_EQ, LEN_GT, LEN_LT, LEFT_EQ, LEFT_GT, LEFT_LT, LAST_EQ,
	LAST_GT, LAST_LT, TAG, PREVIOUS_SID, NEXT_SID, LAST_SID
};

/* A segment with its mask: bits outside the mask are kept and saved. */
static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct fe_net *net = fe_new(context->arena, struct fe_net);
	struct fe_str addr, mask;
	uint64_t bits = 128;

	value->ptr = net;
	if (fe_str_cut(words[0], '/', &addr, &mask) &&
	    !fe_number_read(mask, 128, &bits) &&
	    !fe_addr_read(mask, 6, &net->mask))
		return fe_opt_bad(opt, context, "\"%.*s\" is not a mask",
				  (int)mask.len, mask.s);
	if (net->mask.hi == 0 && net->mask.lo == 0)
		net->mask = fe_addr_mask(6, (unsigned)bits);
	return fe_addr_read(addr, 6, &net->addr) ||
	       fe_opt_bad(opt, context, "\"%.*s\" is not an IPv6 address",
			  (int)addr.len, addr.s);
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	const struct fe_net *net = setting->value.ptr;

	(void)opt;
	(void)family;
	fe_buf_putc(buf, ' ');
	fe_addr_print(net->addr, 6, buf);
	fe_buf_putc(buf, '/');
	for (unsigned bits = 0; bits <= 128; bits++) {
		if (fe_u128_eq(net->mask, fe_addr_mask(6, bits))) {
			fe_buf_uint(buf, bits);
			return;
		}
	}
	fe_addr_print(net->mask, 6, buf);
}

static const struct fe_type type_sid = {
	.name = "segment",
	.usage = "ADDRESS[/MASK]",
	.parse = parse,
	.print = print,
};

#define NUMBER(ROW, NAME, MOST, GROUP, HELP)                                   \
	[ROW] = {.name = NAME, .n_args = 1, .type = &fe_type_number,           \
		 .flags = FE_NEG, .limits = {.max = MOST},                     \
		 .excludes = (GROUP) & ~(1u << (ROW)), .help = HELP}
#define SID(ROW, NAME, HELP)                                                   \
	[ROW] = {.name = NAME, .n_args = 1, .type = &type_sid,                 \
		 .flags = FE_NEG, .help = HELP}

static const struct fe_opt opts[] = {
	[NEXT] = {
		.name = "srh-next-hdr",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_NEG,
		.limits = {.max = 255},
		.help = "the next header",
	},
	NUMBER(LEN_EQ, "srh-hdr-len-eq", 255, 0, "the length field"),
	NUMBER(LEN_GT, "srh-hdr-len-gt", 255, 0, "the length field is more"),
	NUMBER(LEN_LT, "srh-hdr-len-lt", 255, 0, "the length field is less"),
	NUMBER(LEFT_EQ, "srh-segs-left-eq", 255, 0, "the segments left"),
	NUMBER(LEFT_GT, "srh-segs-left-gt", 255, 0, "more segments are left"),
	NUMBER(LEFT_LT, "srh-segs-left-lt", 255, 0, "fewer segments are left"),
	NUMBER(LAST_EQ, "srh-last-entry-eq", 255, 0, "the last entry's index"),
	NUMBER(LAST_GT, "srh-last-entry-gt", 255, 0, "the index is more"),
	NUMBER(LAST_LT, "srh-last-entry-lt", 255, 0, "the index is less"),
	NUMBER(TAG, "srh-tag", 65535, 0, "the tag"),
	SID(PREVIOUS_SID, "srh-psid", "the previous segment"),
	SID(NEXT_SID, "srh-nsid", "the next segment"),
	SID(LAST_SID, "srh-lsid", "the last segment"),
	{.name = NULL},
};

/* The segment of that index; the kernel reads it behind the header too. */
static enum fe_answer sid_is(const struct fe_packet *packet, uint32_t at,
			     const struct fe_setting *s)
{
	const struct fe_net *net = s->value.ptr;
	enum fe_answer have = fe_bytes(packet, at, 16);
	struct fe_u128 a;

	if (have != FE_YES)
		return have;
	a = fe_get128(packet->data + at);
	return fe_answer_of((((a.hi ^ net->addr.hi) & net->mask.hi) == 0 &&
			     ((a.lo ^ net->addr.lo) & net->mask.lo) == 0) !=
			    s->neg);
}

/*
 * The length, the segments left and the last entry are kept once each: the
 * last number given counts for -eq, -gt and -lt together.
 */
static uint64_t number(const struct fe_part *part, const struct fe_setting *s)
{
	unsigned group = (s->opt - (unsigned)LEN_EQ) / 3;
	uint64_t n = s->value.u;

	if (s->opt < LEN_EQ || s->opt > LAST_LT)
		return n;
	for (unsigned i = 0; i < part->n; i++) {
		const struct fe_setting *t = &fe_settings(part)[i];

		if (t->opt >= LEN_EQ && (t->opt - (unsigned)LEN_EQ) / 3 == group)
			n = t->value.u;
	}
	return n;
}

static void print_all(const struct fe_part *part, unsigned family,
		      struct fe_buf *buf)
{
	for (unsigned row = 0; opts[row].name != NULL; row++) {
		const struct fe_setting *s = fe_part_find(part, row);
		struct fe_setting one;

		if (s == NULL)
			continue;
		one = *s;
		if (row < PREVIOUS_SID)
			one.value.u = number(part, s);
		fe_buf_puts(buf, s->neg ? " ! --" : " --");
		fe_buf_puts(buf, opts[row].name);
		opts[row].type->print(&opts[row], &one, family, buf);
	}
}

/* The kernel compares the tag's bytes with the number's as it has them. */
static bool tag_is(const uint8_t *srh, uint64_t n)
{
	uint16_t tag = (uint16_t)n;

	return memcmp(srh + 6, &tag, sizeof(tag)) == 0;
}

/* One test on the header's numbers. */
static bool holds(const struct fe_part *part, const struct fe_setting *s,
		  const uint8_t *srh)
{
	uint64_t n = number(part, s);
	unsigned left = srh[3], last = srh[4];

	switch (s->opt) {
	case NEXT: return srh[0] == n;
	case LEN_EQ: return srh[1] == n;
	case LEN_GT: return srh[1] > n;
	case LEN_LT: return srh[1] < n;
	case LEFT_EQ: return left == n;
	case LEFT_GT: return left > n;
	case LEFT_LT: return left < n;
	case LAST_EQ: return last == n;
	case LAST_GT: return last > n;
	case LAST_LT: return last < n;
	default: return tag_is(srh, n);
	}
}

/* One test on a segment at off + 8 and behind; where there is none, no. */
static enum fe_answer ask_sid(const struct fe_packet *packet, uint32_t off,
			      const struct fe_setting *s)
{
	unsigned left = packet->data[off + 3], last = packet->data[off + 4];
	unsigned index = 0;

	if (s->opt == PREVIOUS_SID) {
		if (left == last)
			return FE_NO;
		index = left + 1;
	} else if (s->opt == NEXT_SID) {
		if (left == 0)
			return FE_NO;
		index = left - 1;
	}
	return sid_is(packet, off + 8 + 16 * index, s);
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	struct fe_header6 h;
	enum fe_answer found = fe_header6(packet, 43, 8, &h);
	const uint8_t *srh;
	bool unknown = false;
	uint32_t size;

	(void)state;
	if (found != FE_YES)
		return found == FE_DUNNO ? FE_DUNNO : FE_NO;
	srh = packet->data + h.offset;
	size = (srh[1] + 1u) * 8;
	if (size > h.left || srh[2] != 4 || srh[3] > srh[4])
		return FE_NO;
	for (unsigned i = 0; i < part->n; i++) {
		const struct fe_setting *s = &fe_settings(part)[i];

		found = s->opt >= PREVIOUS_SID ?
		    ask_sid(packet, h.offset, s) :
		    fe_answer_of(holds(part, s, srh) != s->neg);
		if (found == FE_NO)
			return FE_NO;
		unknown |= found == FE_DUNNO;
	}
	return unknown ? FE_DUNNO : FE_YES;
}

const struct fe_ext fe_match_srh = {
	.name = "srh",
	.kind = FE_MATCH,
	.families = FE_V6,
	.effects_known = true,
	.summary = "the IPv6 segment routing header",
	.opts = opts,
	.print = print_all,
	.lower = fe_lower_always_unknown,
	.eval = eval,
};
