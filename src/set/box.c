/*
 * Points and boxes of a set: what people and tests look at.
 */
#include "set/space.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* Everyday values, best first, for fields that a witness may choose. */
static const struct {
	enum fe_field field;
	uint64_t value;
} everyday[] = {
    {FE_F_PROTO, 6}, {FE_F_PROTO, 17}, {FE_F_PROTO, 1}, {FE_F_PROTO, 58},
    {FE_F_CTSTATE, 1}, {FE_F_CTSTATE, 3},
    {FE_F_SPORT, 40000}, {FE_F_DPORT, 80}, {FE_F_DPORT, 22},
    {FE_F_DPORT, 40000}, {FE_F_TCP_FLAGS, 2}, {FE_F_TCP_FLAGS, 16},
    {FE_F_ICMP_TYPE, 8}, {FE_F_ICMP_TYPE, 128}, {FE_F_LENGTH, 60},
    {FE_F_TTL, 64}, {FE_F_SRC_TYPE, 1}, {FE_F_DST_TYPE, 1},
};

/* The same for addresses: documentation networks (RFC 5737, RFC 3849). */
static const struct {
	enum fe_field field;
	struct fe_u128 v4, v6;
} everyday_addr[] = {
    {FE_F_SADDR, {0, 0xcb007109}, {0x20010db800000000, 9}},
    {FE_F_DADDR, {0, 0xc0000205}, {0x20010db800000001, 5}},
    {FE_F_SADDR, {0, 0x0a000009}, {0xfd00000000000000, 9}},
    {FE_F_DADDR, {0, 0x0a000005}, {0xfd00000000000000, 5}},
};

/* The child that a value leads to. */
static fe_set child_at(const struct fe_space *space, fe_set a, uint64_t value)
{
	const struct node *n = node_of(space, a);
	const struct edge *e = &space->edges.data[n->off];
	uint32_t lo = 0, hi = n->n - 1;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;
		if (e[mid].hi < value)
			lo = mid + 1;
		else
			hi = mid;
	}
	return e[lo].child;
}

uint32_t fe_map_at(struct fe_space *space, fe_set a, const struct fe_box *point)
{
	while (is_node(a)) {
		const struct fe_level *l =
		    &space->levels.list[node_of(space, a)->level];
		a = child_at(space, a, fe_level_part(l, point->lo[l->field]));
	}
	return a;
}

static void box_whole(const struct fe_space *space, struct fe_box *box)
{
	memset(box, 0, sizeof(*box));
	box->exact = true;
	for (uint32_t i = 0; i < space->levels.n; i++) {
		const struct fe_level *l = &space->levels.list[i];
		fe_level_store(l, &box->hi[l->field], l->max);
	}
}

/* Sets the parts of a field at one level, in the point's lo. */
static void point_set(const struct fe_space *space, struct fe_box *point,
		      uint32_t level, uint64_t value)
{
	const struct fe_level *l = &space->levels.list[level];

	fe_level_store(l, &point->lo[l->field], value);
}

/* An everyday value of the level that keeps the set non-empty. */
static bool everyday_value(const struct fe_space *space, fe_set a,
			   uint64_t *value)
{
	const struct fe_level *l =
	    &space->levels.list[node_of(space, a)->level];
	bool v4 = space->levels.parts[FE_F_SADDR] == 1;

	for (size_t i = 0; i < sizeof(everyday) / sizeof(everyday[0]); i++) {
		*value = everyday[i].value;
		if (everyday[i].field == l->field && *value <= l->max &&
		    child_at(space, a, *value) != FE_SET_EMPTY)
			return true;
	}
	for (size_t i = 0;
	     i < sizeof(everyday_addr) / sizeof(everyday_addr[0]); i++) {
		*value = fe_level_part(l, v4 ? everyday_addr[i].v4
					     : everyday_addr[i].v6);
		if (everyday_addr[i].field == l->field &&
		    child_at(space, a, *value) != FE_SET_EMPTY)
			return true;
	}
	return false;
}

/* Some value: rather in the middle of things than at their edge. */
static uint64_t some_value(const struct fe_space *space, fe_set a)
{
	const struct node *n = node_of(space, a);
	const struct edge *e = &space->edges.data[n->off];
	uint64_t lo = 0;

	for (uint32_t i = 0; i < n->n; i++) {
		if (e[i].child != FE_SET_EMPTY)
			return lo == 0 && e[i].hi > 0 ? 1 : lo;
		lo = e[i].hi + 1;
	}
	return 0;
}

bool fe_set_witness(struct fe_space *space, fe_set a, struct fe_box *point)
{
	bool v4 = space->levels.parts[FE_F_SADDR] == 1;

	if (a == FE_SET_EMPTY || a == FE_SET_UNDECIDED)
		return false;
	memset(point, 0, sizeof(*point));
	point->exact = true;
	for (size_t i = sizeof(everyday_addr) / sizeof(everyday_addr[0]);
	     i-- > 0;)
		point->lo[everyday_addr[i].field] =
		    v4 ? everyday_addr[i].v4 : everyday_addr[i].v6;
	for (size_t i = sizeof(everyday) / sizeof(everyday[0]); i-- > 0;)
		point->lo[everyday[i].field] = fe_u128(everyday[i].value);
	while (is_node(a)) {
		uint32_t level = node_of(space, a)->level;
		uint64_t value;
		if (!everyday_value(space, a, &value))
			value = some_value(space, a);
		point_set(space, point, level, value);
		a = child_at(space, a, value);
	}
	memcpy(point->hi, point->lo, sizeof(point->hi));
	return a != FE_SET_UNDECIDED;
}

struct walk {
	struct fe_space *space;
	struct fe_box box;
	bool (*each)(void *arg, const struct fe_box *box);
	void *arg;
};

/*
 * A part of a field keeps the field an interval only where the parts above
 * it are one value; else the box is only a cover of the set.
 */
static bool stays_interval(const struct walk *w, const struct fe_level *l)
{
	const struct fe_u128 *lo = &w->box.lo[l->field];
	const struct fe_u128 *hi = &w->box.hi[l->field];
	uint32_t first = w->space->levels.first[l->field];

	for (const struct fe_level *up = &w->space->levels.list[first]; up < l;
	     up++)
		if (fe_level_part(up, *lo) != fe_level_part(up, *hi))
			return false;
	return true;
}

static bool walk_boxes(struct walk *w, fe_set a)
{
	if (a == FE_SET_EMPTY)
		return true;
	if (!is_node(a))
		return w->each(w->arg, &w->box);
	const struct node *n = node_of(w->space, a);
	const struct fe_level *l = &w->space->levels.list[n->level];
	struct fe_u128 old_lo = w->box.lo[l->field];
	struct fe_u128 old_hi = w->box.hi[l->field];
	bool old_exact = w->box.exact, go_on = true;
	uint64_t lo = 0;

	w->box.exact = w->box.exact && stays_interval(w, l);
	for (uint32_t i = 0; i < n->n && go_on; i++) {
		const struct edge *e = &w->space->edges.data[n->off + i];
		fe_level_store(l, &w->box.lo[l->field], lo);
		fe_level_store(l, &w->box.hi[l->field], e->hi);
		go_on = walk_boxes(w, e->child);
		lo = e->hi + 1;
	}
	w->box.lo[l->field] = old_lo;
	w->box.hi[l->field] = old_hi;
	w->box.exact = old_exact;
	return go_on;
}

void fe_set_boxes(struct fe_space *space, fe_set a,
		  bool (*each)(void *arg, const struct fe_box *box), void *arg)
{
	struct walk w = {.space = space, .each = each, .arg = arg};

	box_whole(space, &w.box);
	walk_boxes(&w, a);
}

static uint32_t count(struct fe_space *space, fe_set a, bool *seen)
{
	uint32_t n = 1;

	if (!is_node(a) || seen[a & ~NODE_BIT])
		return 0;
	seen[a & ~NODE_BIT] = true;
	const struct node *node = node_of(space, a);
	for (uint32_t i = 0; i < node->n; i++)
		n += count(space, space->edges.data[node->off + i].child, seen);
	return n;
}

uint32_t fe_set_nodes(struct fe_space *space, fe_set a)
{
	bool *seen = fe_calloc(space->nodes.n + 1, sizeof(*seen));
	uint32_t n = count(space, a, seen);

	free(seen);
	return n;
}
