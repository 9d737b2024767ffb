/*
 * Strings: slices of memory that somebody else owns, numbers read from them,
 * and the nearest word of a list for "did you mean".
 */
#ifndef FE_STR_H
#define FE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fe_str {
	const char *s; /* not terminated */
	size_t len;
};

#define FE_STR(literal) ((struct fe_str){(literal), sizeof(literal) - 1})

struct fe_str fe_str(const char *s);
bool fe_str_eq(struct fe_str a, struct fe_str b);
bool fe_str_is(struct fe_str a, const char *b);
bool fe_str_starts(struct fe_str a, const char *prefix);

/*
 * Reads an unsigned number that fills all of s, as strtoul does with the
 * given base (0: 0x and 0 prefixes count); false if it doesn't, or is > max.
 */
bool fe_str_u64(struct fe_str s, int base, uint64_t max, uint64_t *out);

/*
 * Optimal string alignment distance (a swap of neighbours costs one), at most
 * limit + 1.
 */
unsigned fe_str_distance(struct fe_str a, struct fe_str b, unsigned limit);

/*
 * The word nearest to s, or NULL when none is near enough to be offered as
 * "did you mean". next() yields the words, NULL at the end.
 */
const char *fe_str_nearest(struct fe_str s, const char *(*next)(void *arg),
			   void *arg);

/* FNV-1a. */
uint64_t fe_hash(const void *data, size_t size);

#endif
