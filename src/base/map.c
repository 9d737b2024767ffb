/* Map: linear probing at a load of at most one half. */
#include "base/map.h"

#include <stdlib.h>

#include "base/arena.h"

static struct fe_map_slot *find(const struct fe_map *map, struct fe_str key)
{
	size_t i = (size_t)fe_hash(key.s, key.len) & (map->cap - 1);

	while (map->slots[i].key.s && !fe_str_eq(map->slots[i].key, key))
		i = (i + 1) & (map->cap - 1);
	return &map->slots[i];
}

void *fe_map_get(const struct fe_map *map, struct fe_str key)
{
	return map->cap ? find(map, key)->value : NULL;
}

static void grow(struct fe_map *map)
{
	struct fe_map old = *map;

	map->cap = old.cap ? old.cap * 2 : 16;
	map->slots = fe_calloc(map->cap, sizeof(*map->slots));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].key.s)
			*find(map, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

void *fe_map_set(struct fe_map *map, struct fe_str key, void *value)
{
	if (map->n * 2 >= map->cap)
		grow(map);
	struct fe_map_slot *slot = find(map, key);
	void *former = slot->value;
	if (!slot->key.s) {
		slot->key = key;
		map->n++;
	}
	slot->value = value;
	return former;
}

void fe_map_free(struct fe_map *map)
{
	free(map->slots);
	*map = (struct fe_map){0};
}
