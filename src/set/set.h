/*
 * Packet sets: exact algebra over packet fields.
 *
 * A space fixes the fields and their order; sets and maps of it are decision
 * diagrams over intervals, hash-consed, so equal sets have equal handles. A
 * map sends every packet to a number (an outcome); a set is a map to 0 and 1.
 * A budget bounds the work: when it is used up, operations return
 * FE_SET_UNDECIDED and fe_space_exhausted() is true; callers then say "may".
 */
#ifndef FE_SET_H
#define FE_SET_H

#include <stddef.h>

#include "packet/field.h"

struct fe_space;
typedef uint32_t fe_set; /* a handle in its space; see FE_SET_* */

enum { FE_SET_EMPTY = 0, FE_SET_ALL = 1, FE_SET_UNDECIDED = 0x7fffffff };

struct fe_space *fe_space_new(unsigned family);
void fe_space_free(struct fe_space *space);
/* Most nodes that may be made; 0: the default (some million). */
void fe_space_budget(struct fe_space *space, uint32_t nodes);
/* Nodes made so far. */
uint32_t fe_space_used(const struct fe_space *space);
bool fe_space_exhausted(const struct fe_space *space);
/* For callers whose own work is too much: nothing is decided from now on. */
void fe_space_exhaust(struct fe_space *space);

/* Sets of one field. */
fe_set fe_set_range(struct fe_space *space, enum fe_field field,
		    struct fe_u128 lo, struct fe_u128 hi);
fe_set fe_set_mask(struct fe_space *space, enum fe_field field,
		   struct fe_u128 value, struct fe_u128 mask);

fe_set fe_set_and(struct fe_space *space, fe_set a, fe_set b);
fe_set fe_set_or(struct fe_space *space, fe_set a, fe_set b);
fe_set fe_set_minus(struct fe_space *space, fe_set a, fe_set b);
fe_set fe_set_not(struct fe_space *space, fe_set a);
/* The union of n sets, balanced: much faster than one by one. */
fe_set fe_set_union_n(struct fe_space *space, const fe_set *sets, size_t n);
/* Forgets a field: the packets that are in a for some value of it. */
fe_set fe_set_exists(struct fe_space *space, fe_set a, enum fe_field field);
/* The set with the roles of two fields of equal width exchanged. */
fe_set fe_set_swap(struct fe_space *space, fe_set a, enum fe_field f,
		   enum fe_field g);

static inline bool fe_set_is_empty(fe_set a)
{
	return a == FE_SET_EMPTY;
}

/* Maps: terminals other than 0 and 1 are allowed. */
fe_set fe_map_const(struct fe_space *space, uint32_t value);
/* Where cond holds a, elsewhere b. */
fe_set fe_map_if(struct fe_space *space, fe_set cond, fe_set a, fe_set b);
/* The packets that two maps send to different numbers. */
fe_set fe_map_differ(struct fe_space *space, fe_set a, fe_set b);
/* Replaces every terminal t of a by next(arg, t). */
fe_set fe_map_terminals(struct fe_space *space, fe_set a,
			uint32_t (*next)(void *arg, uint32_t t), void *arg);

/* A box: an interval of each field. Fields not set are whole. */
struct fe_box {
	struct fe_u128 lo[FE_N_FIELDS], hi[FE_N_FIELDS];
	bool exact; /* false: the box holds more than the set's own (a field
		       tested by scattered bits) */
};

/* Some packet of the set, with everyday values where it is free to choose
 * (ports above 1024, TTL 64, whole header); false: empty or undecided. */
bool fe_set_witness(struct fe_space *space, fe_set a, struct fe_box *point);
/* The terminal that a map sends a point to (point: lo == hi, or lo counts). */
uint32_t fe_map_at(struct fe_space *space, fe_set a, const struct fe_box *point);
/* Disjoint boxes whose union is the set; stops when each() returns false. */
void fe_set_boxes(struct fe_space *space, fe_set a,
		  bool (*each)(void *arg, const struct fe_box *box), void *arg);
/* Nodes reachable from a; a measure of size. */
uint32_t fe_set_nodes(struct fe_space *space, fe_set a);

#endif
