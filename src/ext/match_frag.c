/*
 * frag: the IPv6 fragment header. The length is read and saved; the kernel
 * compares it with nothing, and neither does eval.
 */
#include "ext/ext.h"

#include "ext/header6.h"
#include "option/types.h"
#include "packet/wire.h"

enum { ID, LENGTH, RESERVED, FIRST, MORE, LAST };

static const struct fe_opt opts[] = {
	[ID] = {
		.name = "fragid",
		.n_args = 1,
		.type = &fe_type_range,
		.flags = FE_NEG,
		.limits = {.max = UINT32_MAX},
		.variant = FE_RANGE_HIDDEN,
		.help = "the identification, or a range",
	},
	[LENGTH] = {
		.name = "fraglen",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_NEG,
		.help = "the header's length in bytes",
	},
	[RESERVED] = {
		.name = "fragres",
		.help = "the reserved fields are zero",
	},
	[FIRST] = {
		.name = "fragfirst",
		.help = "the first fragment",
	},
	[MORE] = {
		.name = "fragmore",
		.excludes = 1u << LAST,
		.help = "there are more fragments",
	},
	[LAST] = {
		.name = "fraglast",
		.excludes = 1u << MORE,
		.help = "the last fragment",
	},
	{.name = NULL},
};

static bool given(const struct fe_part *part, unsigned row)
{
	return fe_part_find(part, row) != NULL;
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *id = fe_part_find(part, ID);
	struct fe_header6 h;
	enum fe_answer found = fe_header6(packet, 44, 8, &h);
	const uint8_t *frag;
	uint16_t off;

	(void)state;
	if (found != FE_YES)
		return found;
	frag = packet->data + h.offset;
	off = fe_get16(frag + 2);
	if (id != NULL) {
		uint32_t n = fe_get32(frag + 4);
		bool in = id->value.range.lo <= n && n <= id->value.range.hi;

		if (in == id->neg)
			return FE_NO;
	}
	if ((given(part, RESERVED) && (frag[1] != 0 || (off & 6) != 0)) ||
	    (given(part, FIRST) && (off & ~7) != 0) ||
	    (given(part, MORE) && (off & 1) == 0) ||
	    (given(part, LAST) && (off & 1) != 0))
		return FE_NO;
	return FE_YES;
}

const struct fe_ext fe_match_frag = {
	.name = "frag",
	.kind = FE_MATCH,
	.families = FE_V6,
	.effects_known = true,
	.summary = "the IPv6 fragment header",
	.doc = "Where connections are tracked, fragments are put together "
	       "before any rule but those of raw sees them.",
	.opts = opts,
	.lower = fe_lower_always_unknown,
	.eval = eval,
};
