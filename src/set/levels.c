/*
 * Levels: one order for all spaces of a family. Protocol first, then what
 * splits traffic coarsely, then addresses before ports: over real rulesets
 * the worst case of this order is near the best of each.
 */
#include "set/levels.h"

#include <string.h>

static const enum fe_field order[] = {
    FE_F_PROTO, FE_F_HDR, FE_F_CTSTATE, FE_F_IIF, FE_F_OIF,
    FE_F_DST_TYPE, FE_F_SRC_TYPE, FE_F_DADDR, FE_F_SADDR, FE_F_DPORT,
    FE_F_SPORT, FE_F_TCP_FLAGS, FE_F_ICMP_TYPE, FE_F_ICMP_CODE, FE_F_FRAG,
    FE_F_CTDIR, FE_F_CTSTATUS, FE_F_LENGTH, FE_F_TTL, FE_F_TOS,
    FE_F_PKTTYPE, FE_F_HAS_MAC, FE_F_MAC, FE_F_MARK, FE_F_CTMARK,
    FE_F_CTPROTO, FE_F_CTORIGSRC, FE_F_CTORIGDST, FE_F_CTREPLSRC,
    FE_F_CTREPLDST, FE_F_CTORIGSRCPORT, FE_F_CTORIGDSTPORT,
    FE_F_CTREPLSRCPORT, FE_F_CTREPLDSTPORT, FE_F_CTEXPIRE,
};

/* Fields that rules test by arbitrary masks are split into bytes. */
static unsigned part_bits(enum fe_field field, unsigned bits)
{
	if (field == FE_F_MARK || field == FE_F_CTMARK ||
	    field == FE_F_CTSTATUS)
		return 8;
	return bits > 64 ? 64 : bits;
}

static unsigned field_bits(enum fe_field field, unsigned family)
{
	unsigned bits = fe_fields[field].bits;

	return bits == 128 && family == 4 ? 32 : bits;
}

void fe_levels_init(struct fe_levels *levels, unsigned family)
{
	memset(levels, 0, sizeof(*levels));
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		enum fe_field field = order[i];
		unsigned bits = field_bits(field, family);
		unsigned part = part_bits(field, bits);

		levels->first[field] = levels->n;
		levels->parts[field] = bits / part;
		for (unsigned shift = bits; shift > 0; shift -= part) {
			struct fe_level *l = &levels->list[levels->n++];
			l->field = field;
			l->shift = (uint8_t)(shift - part);
			l->max = fe_u128_ones(part).lo;
		}
	}
}

uint64_t fe_level_part(const struct fe_level *level, struct fe_u128 value)
{
	if (level->shift >= 64)
		return value.hi & level->max;
	return (value.lo >> level->shift) & level->max;
}

void fe_level_store(const struct fe_level *level, struct fe_u128 *value,
		    uint64_t part)
{
	if (level->shift >= 64) {
		value->hi = part;
		return;
	}
	value->lo &= ~(level->max << level->shift);
	value->lo |= part << level->shift;
}
