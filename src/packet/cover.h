/*
 * Cover: how a match says what it means, once, for everybody.
 *
 * A match is a conjunction of clauses; a clause is a disjunction of atoms; an
 * atom is a test of one field, possibly negated. The evaluator's sink asks
 * membership, the algebra's builds a set, the linter's counts: they cannot
 * disagree, since there is one statement.
 *
 * An atom of kind FE_ATOM_UNKNOWN is true for some packets that no field
 * tells apart (limit, owner, an opaque match): "must" reads it as false,
 * "may" as true, negated or not. A clause without atoms is false; a match
 * without clauses is true.
 *
 * What cover doesn't say: hotdrop (struct fe_ext's l4_size) and anything
 * stateful (struct fe_ext's eval).
 */
#ifndef FE_COVER_H
#define FE_COVER_H

#include "packet/field.h"

enum fe_atom_kind {
	FE_ATOM_RANGE,   /* lo <= field <= hi */
	FE_ATOM_MASK,    /* (field & mask) == value */
	FE_ATOM_IFACE,   /* interface name equals pattern, or begins with it
			    where it ends in '+' */
	FE_ATOM_IPSET,   /* the set holds the packet's fields */
	FE_ATOM_UNKNOWN,
};

/* What `-m set --match-set NAME src,dst` asks; ext/ipset.h answers. */
struct fe_ipset_test {
	const char *name;
	uint8_t n_dims;     /* 1 to 6 */
	uint8_t is_src;     /* mask: dimension i looks at the source */
};

struct fe_atom {
	enum fe_atom_kind kind;
	enum fe_field field; /* FE_NOFIELD for IPSET and UNKNOWN */
	bool neg;            /* the test is complemented */
	union {
		struct {
			struct fe_u128 lo, hi;
		} range;
		struct {
			struct fe_u128 value, mask;
		} mask;
		const char *iface; /* borrowed from the ruleset */
		const struct fe_ipset_test *ipset;
		const char *why;   /* UNKNOWN: "limit", for messages */
	} u;
};

struct fe_sink {
	/* Opens a new clause, ANDed to the ones before. */
	void (*clause)(struct fe_sink *sink);
	/* ORs an atom into the open clause. */
	void (*atom)(struct fe_sink *sink, const struct fe_atom *atom);
};

/* Shorthands, for the open clause. */
static inline void fe_cover_range(struct fe_sink *sink, enum fe_field field,
				  bool neg, uint64_t lo, uint64_t hi)
{
	struct fe_atom a = {.kind = FE_ATOM_RANGE, .field = field, .neg = neg};

	a.u.range.lo = fe_u128(lo);
	a.u.range.hi = fe_u128(hi);
	sink->atom(sink, &a);
}

static inline void fe_cover_mask(struct fe_sink *sink, enum fe_field field,
				 bool neg, uint64_t value, uint64_t mask)
{
	struct fe_atom a = {.kind = FE_ATOM_MASK, .field = field, .neg = neg};

	a.u.mask.value = fe_u128(value);
	a.u.mask.mask = fe_u128(mask);
	sink->atom(sink, &a);
}

static inline void fe_cover_unknown(struct fe_sink *sink, const char *why)
{
	struct fe_atom a = {.kind = FE_ATOM_UNKNOWN};

	a.u.why = why;
	sink->atom(sink, &a);
}

#endif
