/* Levels: the order of fields, and parts of fields, in decision diagrams. */
#ifndef FE_LEVELS_H
#define FE_LEVELS_H

#include "packet/field.h"

enum { FE_MAX_LEVELS = 64 };

struct fe_level {
	enum fe_field field;
	uint8_t shift; /* the level holds the field's bits from here up */
	uint64_t max;  /* largest value: all ones */
};

struct fe_levels {
	struct fe_level list[FE_MAX_LEVELS];
	uint32_t n;
	uint32_t first[FE_N_FIELDS]; /* level of a field's highest part */
	uint32_t parts[FE_N_FIELDS]; /* how many, neighbours, highest first */
};

/* family 4: addresses have 32 bits; 6: 128. */
void fe_levels_init(struct fe_levels *levels, unsigned family);
/* The bits of a field's value that a level holds. */
uint64_t fe_level_part(const struct fe_level *level, struct fe_u128 value);
/* Puts a part back into a value. */
void fe_level_store(const struct fe_level *level, struct fe_u128 *value,
		    uint64_t part);

#endif
