/*
 * Packet sets as multi-terminal interval decision diagrams.
 *
 * A level is a field, or a part of one: IPv6 addresses are two levels of 64
 * bits, marks four of eight, so that a mask test stays small. A node splits
 * its level's values into intervals, neighbours leading to different nodes;
 * a node with one interval doesn't exist. Nodes are hash-consed and never
 * freed before their space, operations are memoised in a cache that forgets.
 *
 * A handle below 2^31 is a terminal and is its own value; others are nodes.
 */
#include "set/set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "set/space.h"

enum { DEFAULT_BUDGET = 4000000, CACHE_BITS = 18 };

enum op { OP_AND, OP_OR, OP_MINUS, OP_DIFFER, OP_EXISTS, OP_SWAP };

struct fe_space *fe_space_new(unsigned family)
{
	struct fe_space *space = fe_calloc(1, sizeof(*space));

	fe_levels_init(&space->levels, family);
	space->budget = DEFAULT_BUDGET;
	space->n_buckets = 1 << 12;
	space->buckets = fe_calloc(space->n_buckets, sizeof(uint32_t));
	space->cache = fe_calloc((size_t)1 << CACHE_BITS,
				 sizeof(struct cached));
	return space;
}

void fe_space_free(struct fe_space *space)
{
	if (!space)
		return;
	fe_vec_free(&space->nodes);
	fe_vec_free(&space->edges);
	fe_vec_free(&space->work);
	fe_vec_free(&space->memo);
	free(space->buckets);
	free(space->cache);
	free(space);
}

void fe_space_budget(struct fe_space *space, uint32_t nodes)
{
	space->budget = nodes ? nodes : DEFAULT_BUDGET;
}

void fe_space_exhaust(struct fe_space *space)
{
	space->exhausted = true;
}

uint32_t fe_space_used(const struct fe_space *space)
{
	return (uint32_t)space->nodes.n;
}

bool fe_space_exhausted(const struct fe_space *space)
{
	return space->exhausted;
}

static uint32_t mix(uint64_t h)
{
	h *= 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32);
}

static uint32_t hash_edges(uint32_t level, const struct edge *e, size_t n)
{
	uint64_t h = level;

	for (size_t i = 0; i < n; i++) {
		h = (h ^ e[i].hi) * 0x100000001b3u;
		h = (h ^ e[i].child) * 0x100000001b3u;
		h ^= h >> 29;
	}
	return mix(h);
}

static bool same_edges(const struct edge *a, const struct edge *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i].hi != b[i].hi || a[i].child != b[i].child)
			return false;
	return true;
}

static void rehash(struct fe_space *space)
{
	free(space->buckets);
	space->n_buckets *= 2;
	space->buckets = fe_calloc(space->n_buckets, sizeof(uint32_t));
	for (uint32_t i = 0; i < space->nodes.n; i++) {
		struct node *n = &space->nodes.data[i];
		uint32_t b = hash_edges(n->level, &space->edges.data[n->off],
					n->n) & (space->n_buckets - 1);
		n->next = space->buckets[b];
		space->buckets[b] = i | NODE_BIT;
	}
}

/*
 * Makes the node whose edges stand in work from base on, and takes them off;
 * neighbours with the same child are already one.
 */
static fe_set make_node(struct fe_space *space, uint32_t level, size_t base)
{
	struct edge *e = &space->work.data[base];
	size_t n = space->work.n - base;

	space->work.n = base;
	if (n == 1)
		return e[0].child;
	uint32_t bucket = hash_edges(level, e, n) & (space->n_buckets - 1);
	for (uint32_t i = space->buckets[bucket]; i;
	     i = node_of(space, i)->next) {
		struct node *old = node_of(space, i);
		if (old->level == level && old->n == n &&
		    same_edges(&space->edges.data[old->off], e, n))
			return i;
	}
	if (space->nodes.n >= space->budget ||
	    space->edges.n + n > (size_t)space->budget * 8) {
		space->exhausted = true;
		return FE_SET_UNDECIDED;
	}
	struct node node = {level, (uint32_t)n, space->edges.n,
			    space->buckets[bucket]};
	for (size_t i = 0; i < n; i++)
		fe_vec_push(&space->edges, space->work.data[base + i]);
	fe_set made = (uint32_t)space->nodes.n | NODE_BIT;
	fe_vec_push(&space->nodes, node);
	space->buckets[bucket] = made;
	if (space->nodes.n > space->n_buckets)
		rehash(space);
	return made;
}

/* Appends an edge to the node being made from base on. */
static void put_edge(struct fe_space *space, size_t base, uint64_t hi,
		     fe_set child)
{
	if (space->work.n > base &&
	    space->work.data[space->work.n - 1].child == child)
		space->work.data[space->work.n - 1].hi = hi;
	else
		fe_vec_push(&space->work, (struct edge){hi, child});
}

/* lo..hi of a level leads to in, the rest to out. */
static fe_set make_range(struct fe_space *space, uint32_t level, uint64_t lo,
			 uint64_t hi, fe_set in, fe_set out)
{
	uint64_t max = space->levels.list[level].max;
	size_t base = space->work.n;

	if (lo > hi || lo > max)
		return out;
	if (hi > max)
		hi = max;
	if (lo > 0)
		put_edge(space, base, lo - 1, out);
	put_edge(space, base, hi, in);
	if (hi < max)
		put_edge(space, base, max, out);
	return make_node(space, level, base);
}

static struct cached *cache_at(struct fe_space *space, uint32_t key, fe_set a,
			       fe_set b, fe_set c)
{
	uint64_t h = (uint64_t)a << 32 | b;
	uint32_t i = mix(h * 31 + c * 0x9e3779b1u + key);

	return &space->cache[i >> (32 - CACHE_BITS)];
}

static bool cache_has(const struct cached *hit, uint32_t key, fe_set a,
		      fe_set b, fe_set c)
{
	return hit->key == key && hit->a == a && hit->b == b && hit->c == c;
}

/* Results that need no walk. */
static bool shortcut(enum op op, fe_set a, fe_set b, fe_set *result)
{
	switch (op) {
	case OP_AND:
		if (a == FE_SET_EMPTY || b == FE_SET_EMPTY)
			return *result = FE_SET_EMPTY, true;
		if (a == FE_SET_ALL || a == b)
			return *result = b, true;
		if (b == FE_SET_ALL)
			return *result = a, true;
		return false;
	case OP_OR:
		if (a == FE_SET_ALL || b == FE_SET_ALL)
			return *result = FE_SET_ALL, true;
		if (a == FE_SET_EMPTY || a == b)
			return *result = b, true;
		if (b == FE_SET_EMPTY)
			return *result = a, true;
		return false;
	case OP_MINUS:
		if (a == FE_SET_EMPTY || b == FE_SET_ALL || a == b)
			return *result = FE_SET_EMPTY, true;
		if (b == FE_SET_EMPTY)
			return *result = a, true;
		return false;
	case OP_DIFFER:
		if (a == b)
			return *result = FE_SET_EMPTY, true;
		if (!is_node(a) && !is_node(b))
			return *result = FE_SET_ALL, true;
		return false;
	case OP_EXISTS:
	case OP_SWAP:
		return false;
	}
	return false;
}

/* Edges of a at a level; a terminal or deeper node is one edge to itself. */
struct cursor {
	const struct node *node; /* NULL: constant */
	fe_set constant;
	uint32_t i;
};

static struct cursor cursor_at(const struct fe_space *space, fe_set a,
			       uint32_t level)
{
	if (level_of(space, a) == level)
		return (struct cursor){node_of(space, a), 0, 0};
	return (struct cursor){NULL, a, 0};
}

/* Cursors keep offsets, not pointers: edges may move while we recurse. */
static struct edge cursor_edge(const struct fe_space *space, size_t off,
			       uint32_t i)
{
	return space->edges.data[off + i];
}

static fe_set apply(struct fe_space *space, enum op op, fe_set a, fe_set b)
{
	fe_set result;

	if (a == FE_SET_UNDECIDED || b == FE_SET_UNDECIDED)
		return FE_SET_UNDECIDED;
	if (shortcut(op, a, b, &result))
		return result;
	if (op != OP_MINUS && a > b) {
		fe_set t = a;
		a = b;
		b = t;
	}
	struct cached *hit = cache_at(space, (uint32_t)op + 1, a, b, 0);
	if (cache_has(hit, (uint32_t)op + 1, a, b, 0))
		return hit->result;

	uint32_t la = level_of(space, a), lb = level_of(space, b);
	uint32_t level = la < lb ? la : lb;
	assert(level < FE_MAX_LEVELS); /* shortcut() took all pairs of leaves */
	uint64_t max = space->levels.list[level].max, ha, hb;
	struct cursor ca = cursor_at(space, a, level);
	struct cursor cb = cursor_at(space, b, level);
	size_t off_a = ca.node ? ca.node->off : 0;
	size_t off_b = cb.node ? cb.node->off : 0;
	bool split_a = ca.node, split_b = cb.node;
	size_t base = space->work.n;
	do {
		struct edge ea = {max, a}, eb = {max, b};
		if (split_a)
			ea = cursor_edge(space, off_a, ca.i);
		if (split_b)
			eb = cursor_edge(space, off_b, cb.i);
		ha = ea.hi;
		hb = eb.hi;
		uint64_t hi = ha < hb ? ha : hb;
		fe_set child = apply(space, op, ea.child, eb.child);
		put_edge(space, base, hi, child);
		ca.i += ha == hi;
		cb.i += hb == hi;
	} while (ha != max || hb != max);
	result = make_node(space, level, base);
	hit = cache_at(space, (uint32_t)op + 1, a, b, 0);
	*hit = (struct cached){a, b, 0, (uint32_t)op + 1, result};
	return result;
}

static fe_set top_apply(struct fe_space *space, enum op op, fe_set a, fe_set b)
{
	fe_set result = apply(space, op, a, b);

	return space->exhausted ? FE_SET_UNDECIDED : result;
}

fe_set fe_set_and(struct fe_space *space, fe_set a, fe_set b)
{
	return top_apply(space, OP_AND, a, b);
}

fe_set fe_set_or(struct fe_space *space, fe_set a, fe_set b)
{
	return top_apply(space, OP_OR, a, b);
}

fe_set fe_set_minus(struct fe_space *space, fe_set a, fe_set b)
{
	return top_apply(space, OP_MINUS, a, b);
}

fe_set fe_set_not(struct fe_space *space, fe_set a)
{
	return fe_set_minus(space, FE_SET_ALL, a);
}

fe_set fe_map_differ(struct fe_space *space, fe_set a, fe_set b)
{
	return top_apply(space, OP_DIFFER, a, b);
}

/* Sets of one field. */

struct range {
	struct fe_u128 lo, hi;
	uint32_t first, parts;
};

/*
 * The part i of a range: at_lo and at_hi tell whether the parts before equal
 * those of the bound, so that it still binds.
 */
static fe_set range_part(struct fe_space *space, const struct range *r,
			 uint32_t i, bool at_lo, bool at_hi)
{
	if (i == r->parts || (!at_lo && !at_hi))
		return FE_SET_ALL;
	uint32_t level = r->first + i;
	const struct fe_level *l = &space->levels.list[level];
	uint64_t lo = at_lo ? fe_level_part(l, r->lo) : 0;
	uint64_t hi = at_hi ? fe_level_part(l, r->hi) : l->max;

	if (lo == hi)
		return make_range(space, level, lo, lo,
				  range_part(space, r, i + 1, at_lo, at_hi),
				  FE_SET_EMPTY);
	fe_set first = range_part(space, r, i + 1, at_lo, false);
	fe_set last = range_part(space, r, i + 1, false, at_hi);
	size_t base = space->work.n;
	if (lo > 0)
		put_edge(space, base, lo - 1, FE_SET_EMPTY);
	put_edge(space, base, lo, first);
	if (hi - lo > 1)
		put_edge(space, base, hi - 1, FE_SET_ALL);
	put_edge(space, base, hi, last);
	if (hi < l->max)
		put_edge(space, base, l->max, FE_SET_EMPTY);
	return make_node(space, level, base);
}

/* The largest value of a field in this space. */
static struct fe_u128 field_max(const struct fe_space *space,
				enum fe_field field)
{
	struct fe_u128 max = {0, 0};
	uint32_t first = space->levels.first[field];

	for (uint32_t i = 0; i < space->levels.parts[field]; i++)
		fe_level_store(&space->levels.list[first + i], &max,
			       space->levels.list[first + i].max);
	return max;
}

fe_set fe_set_range(struct fe_space *space, enum fe_field field,
		    struct fe_u128 lo, struct fe_u128 hi)
{
	struct fe_u128 max = field_max(space, field);
	struct range r = {lo, hi, space->levels.first[field],
			  space->levels.parts[field]};

	assert(field != FE_NOFIELD);
	if (!fe_u128_le(lo, hi) || !fe_u128_le(lo, max))
		return FE_SET_EMPTY;
	if (!fe_u128_le(hi, max))
		r.hi = max;
	return range_part(space, &r, 0, true, true);
}

/* One part of a mask test, in front of the parts behind it (rest). */
static fe_set mask_part(struct fe_space *space, uint32_t level, uint64_t value,
			uint64_t mask, fe_set rest)
{
	uint64_t max = space->levels.list[level].max;
	uint64_t low = mask ? (mask & (~mask + 1)) - 1 : max;
	uint64_t holes = max & ~mask & ~low, s = 0, next = 0;
	size_t base = space->work.n;

	if (value & ~mask)
		return FE_SET_EMPTY;
	if (__builtin_popcountll(holes) > 12)
		return FE_SET_UNDECIDED;
	do {
		uint64_t lo = value | s, hi = lo | low;
		if (lo > next)
			put_edge(space, base, lo - 1, FE_SET_EMPTY);
		put_edge(space, base, hi, rest);
		next = hi + 1;
		s = ((s | ~holes) + 1) & holes;
	} while (s);
	if (next - 1 < max)
		put_edge(space, base, max, FE_SET_EMPTY);
	return make_node(space, level, base);
}

fe_set fe_set_mask(struct fe_space *space, enum fe_field field,
		   struct fe_u128 value, struct fe_u128 mask)
{
	uint32_t first = space->levels.first[field];
	fe_set set = FE_SET_ALL;

	for (uint32_t i = space->levels.parts[field]; i-- > 0;) {
		const struct fe_level *l = &space->levels.list[first + i];
		set = mask_part(space, first + i, fe_level_part(l, value),
				fe_level_part(l, mask), set);
		if (set == FE_SET_UNDECIDED || set == FE_SET_EMPTY)
			return set;
	}
	return set;
}

fe_set fe_set_union_n(struct fe_space *space, const fe_set *sets, size_t n)
{
	if (n == 0)
		return FE_SET_EMPTY;
	if (n == 1)
		return sets[0];
	return fe_set_or(space, fe_set_union_n(space, sets, n / 2),
			 fe_set_union_n(space, sets + n / 2, n - n / 2));
}

/* Conditionals over three operands. */

static fe_set map_if(struct fe_space *space, fe_set c, fe_set a, fe_set b)
{
	enum { KEY = 100 };
	fe_set operands[3] = {c, a, b};
	size_t off[3] = {0};
	uint32_t at[3] = {0}, level = UINT32_MAX;

	if (c == FE_SET_UNDECIDED || a == FE_SET_UNDECIDED ||
	    b == FE_SET_UNDECIDED)
		return FE_SET_UNDECIDED;
	if (c == FE_SET_ALL || a == b)
		return a;
	if (c == FE_SET_EMPTY)
		return b;
	struct cached *hit = cache_at(space, KEY, c, a, b);
	if (cache_has(hit, KEY, c, a, b))
		return hit->result;
	for (int i = 0; i < 3; i++)
		if (level_of(space, operands[i]) < level)
			level = level_of(space, operands[i]);
	uint64_t max = space->levels.list[level].max, hi;
	bool split[3];
	for (int i = 0; i < 3; i++) {
		split[i] = level_of(space, operands[i]) == level;
		off[i] = split[i] ? node_of(space, operands[i])->off : 0;
	}
	size_t base = space->work.n;
	do {
		struct edge e[3];
		hi = max;
		for (int i = 0; i < 3; i++) {
			e[i] = split[i] ? cursor_edge(space, off[i], at[i])
					: (struct edge){max, operands[i]};
			if (e[i].hi < hi)
				hi = e[i].hi;
		}
		fe_set child = map_if(space, e[0].child, e[1].child, e[2].child);
		put_edge(space, base, hi, child);
		for (int i = 0; i < 3; i++)
			at[i] += e[i].hi == hi;
	} while (hi != max);
	fe_set result = make_node(space, level, base);
	hit = cache_at(space, KEY, c, a, b);
	*hit = (struct cached){c, a, b, KEY, result};
	return result;
}

fe_set fe_map_if(struct fe_space *space, fe_set cond, fe_set a, fe_set b)
{
	fe_set result = map_if(space, cond, a, b);

	return space->exhausted ? FE_SET_UNDECIDED : result;
}

fe_set fe_map_const(struct fe_space *space, uint32_t value)
{
	(void)space;
	assert(value < FE_SET_UNDECIDED);
	return value;
}

/* Rebuilding a diagram from below. */

struct rebuild {
	struct fe_space *space;
	uint32_t key; /* of this walk in the cache */
	fe_set b;     /* and what else tells it from others */
	enum fe_field f, g;
	uint32_t (*next)(void *arg, uint32_t t);
	void *arg;
};

static fe_set exists(struct rebuild *r, fe_set a)
{
	struct fe_space *space = r->space;
	uint32_t level = level_of(space, a);
	uint32_t first = space->levels.first[r->f];

	if (!is_node(a) || level >= first + space->levels.parts[r->f])
		return a;
	struct cached *hit = cache_at(space, r->key, a, r->b, 0);
	if (cache_has(hit, r->key, a, r->b, 0))
		return hit->result;
	size_t off = node_of(space, a)->off, base = space->work.n;
	uint32_t n = node_of(space, a)->n;
	fe_set result = FE_SET_EMPTY;
	for (uint32_t i = 0; i < n; i++) {
		struct edge e = cursor_edge(space, off, i);
		fe_set child = exists(r, e.child);
		if (level >= first)
			result = apply(space, OP_OR, result, child);
		else
			put_edge(space, base, e.hi, child);
	}
	if (level < first)
		result = make_node(space, level, base);
	hit = cache_at(space, r->key, a, r->b, 0);
	*hit = (struct cached){a, r->b, 0, r->key, result};
	return result;
}

fe_set fe_set_exists(struct fe_space *space, fe_set a, enum fe_field field)
{
	struct rebuild r = {.space = space, .key = OP_EXISTS + 1,
			    .b = (fe_set)field, .f = field};
	fe_set result = exists(&r, a);

	return space->exhausted ? FE_SET_UNDECIDED : result;
}

/* The level of the other field's same part, for levels of f and g. */
static uint32_t swapped(const struct rebuild *r, uint32_t level)
{
	const struct fe_levels *l = &r->space->levels;
	enum fe_field field = l->list[level].field;

	if (field == r->f)
		return level - l->first[r->f] + l->first[r->g];
	if (field == r->g)
		return level - l->first[r->g] + l->first[r->f];
	return level;
}

static fe_set swap(struct rebuild *r, fe_set a)
{
	struct fe_space *space = r->space;

	if (!is_node(a))
		return a;
	struct cached *hit = cache_at(space, r->key, a, r->b, 0);
	if (cache_has(hit, r->key, a, r->b, 0))
		return hit->result;
	uint32_t level = level_of(space, a), to = swapped(r, level);
	uint32_t n = node_of(space, a)->n;
	size_t off = node_of(space, a)->off;
	uint64_t lo = 0;
	fe_set result = FE_SET_EMPTY;
	for (uint32_t i = 0; i < n; i++) {
		struct edge e = cursor_edge(space, off, i);
		fe_set child = swap(r, e.child);
		fe_set here = make_range(space, to, lo, e.hi, FE_SET_ALL,
					 FE_SET_EMPTY);
		here = apply(space, OP_AND, here, child);
		result = apply(space, OP_OR, result, here);
		lo = e.hi + 1;
	}
	hit = cache_at(space, r->key, a, r->b, 0);
	*hit = (struct cached){a, r->b, 0, r->key, result};
	return result;
}

fe_set fe_set_swap(struct fe_space *space, fe_set a, enum fe_field f,
		   enum fe_field g)
{
	struct rebuild r = {.space = space, .key = OP_SWAP + 1,
			    .b = (fe_set)f << 16 | (fe_set)g, .f = f, .g = g};

	assert(space->levels.parts[f] == space->levels.parts[g]);
	fe_set result = swap(&r, a);
	return space->exhausted ? FE_SET_UNDECIDED : result;
}

/*
 * Results are remembered for this call only, since next() differs from call
 * to call; a call within next() may overwrite them, which costs time only.
 */
static fe_set terminals(struct rebuild *r, fe_set a, uint32_t call)
{
	struct fe_space *space = r->space;

	if (!is_node(a))
		return r->next(r->arg, a);
	uint32_t index = a & ~NODE_BIT;
	if (space->memo.data[index].call == call)
		return space->memo.data[index].result;
	uint32_t level = level_of(space, a), n = node_of(space, a)->n;
	size_t off = node_of(space, a)->off, base = space->work.n;
	for (uint32_t i = 0; i < n; i++) {
		struct edge e = cursor_edge(space, off, i);
		fe_set child = terminals(r, e.child, call);
		put_edge(space, base, e.hi, child);
	}
	fe_set result = make_node(space, level, base);
	space->memo.data[index] = (struct memo){call, result};
	return result;
}

fe_set fe_map_terminals(struct fe_space *space, fe_set a,
			uint32_t (*next)(void *arg, uint32_t t), void *arg)
{
	struct rebuild r = {.space = space, .next = next, .arg = arg};

	if (a == FE_SET_UNDECIDED)
		return a;
	while (space->memo.n < space->nodes.n)
		fe_vec_push(&space->memo, (struct memo){0, 0});
	fe_set result = terminals(&r, a, ++space->n_calls);
	return space->exhausted ? FE_SET_UNDECIDED : result;
}
