/*
 * Map from strings to pointers. Keys are borrowed: they must outlive the map.
 * Open addressing; a key whose value becomes NULL keeps its slot.
 */
#ifndef FE_MAP_H
#define FE_MAP_H

#include <stddef.h>

#include "base/str.h"

struct fe_map_slot {
	struct fe_str key; /* key.s NULL: free */
	void *value;
};

struct fe_map { /* a zeroed map is an empty one */
	struct fe_map_slot *slots; /* cap slots, owned */
	size_t cap;                /* a power of two, or 0 */
	size_t n;                  /* keys held */
};

/* The value of key, or NULL. */
void *fe_map_get(const struct fe_map *map, struct fe_str key);
/* Sets key; returns the former value or NULL. */
void *fe_map_set(struct fe_map *map, struct fe_str key, void *value);
void fe_map_free(struct fe_map *map);

#endif
