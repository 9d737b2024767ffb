/* Packet fields: the enumeration made from field.def, and 128-bit values. */
#ifndef FE_FIELD_H
#define FE_FIELD_H

#include <stdbool.h>
#include <stdint.h>

enum fe_field {
	FE_NOFIELD,
#define FIELD(NAME, name, bits, doc) FE_F_##NAME,
#include "packet/field.def"
#undef FIELD
	FE_N_FIELDS
};

struct fe_field_info {
	const char *name; /* "sport" */
	uint8_t bits;     /* width, 1 to 128 */
	const char *doc;  /* one sentence */
};

/* Indexed by enum fe_field; row 0 (FE_NOFIELD) is empty. */
extern const struct fe_field_info fe_fields[FE_N_FIELDS];

/* A field's value; most fields use lo only. IPv4 addresses stand in lo. */
struct fe_u128 {
	uint64_t hi, lo;
};

static inline struct fe_u128 fe_u128(uint64_t lo)
{
	return (struct fe_u128){0, lo};
}

static inline bool fe_u128_eq(struct fe_u128 a, struct fe_u128 b)
{
	return a.hi == b.hi && a.lo == b.lo;
}

static inline bool fe_u128_le(struct fe_u128 a, struct fe_u128 b)
{
	return a.hi < b.hi || (a.hi == b.hi && a.lo <= b.lo);
}

/* All ones in the low bits (0 to 128). */
static inline struct fe_u128 fe_u128_ones(unsigned bits)
{
	struct fe_u128 v = {0, 0};

	if (bits > 64)
		v.hi = bits >= 128 ? UINT64_MAX : (1ull << (bits - 64)) - 1;
	v.lo = bits >= 64 ? UINT64_MAX : (1ull << bits) - 1;
	return v;
}

/* Values of FE_F_HDR. A port test on TRUNCATED drops the packet (hotdrop). */
enum fe_hdr {
	FE_HDR_WHOLE,     /* the transport header can be read */
	FE_HDR_TRUNCATED, /* shorter than its protocol's header */
	FE_HDR_NONE,      /* a later fragment: there is none */
};

#endif
