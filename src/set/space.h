/* The inside of a space, for set.c and box.c only. */
#ifndef FE_SPACE_H
#define FE_SPACE_H

#include "base/vec.h"
#include "set/levels.h"
#include "set/set.h"

#define NODE_BIT 0x80000000u

struct node {
	uint32_t level;
	uint32_t n;    /* edges, at least 2 */
	size_t off;    /* of its first edge */
	uint32_t next; /* in its hash chain, NODE_BIT set; 0: none */
};

struct edge {
	uint64_t hi; /* last value; the first follows the edge before */
	fe_set child;
};

struct cached {
	fe_set a, b, c; /* operands; op in key */
	uint32_t key;   /* op + 1; 0: free */
	fe_set result;
};

struct memo { /* of a node, in one call of fe_map_terminals() */
	uint32_t call;
	fe_set result;
};

struct fe_space {
	struct fe_levels levels;
	FE_VEC(struct node) nodes;
	FE_VEC(struct edge) edges;
	FE_VEC(struct edge) work; /* edges of nodes being made, a stack */
	uint32_t *buckets;        /* heads of hash chains */
	uint32_t n_buckets;       /* a power of two */
	struct cached *cache;     /* 1 << CACHE_BITS entries */
	FE_VEC(struct memo) memo; /* by node; those of other calls don't count */
	uint32_t n_calls;
	uint32_t budget;          /* most nodes */
	bool exhausted;
};

static inline bool is_node(fe_set a)
{
	return a & NODE_BIT;
}

static inline struct node *node_of(const struct fe_space *space, fe_set a)
{
	return &space->nodes.data[a & ~NODE_BIT];
}

static inline uint32_t level_of(const struct fe_space *space, fe_set a)
{
	return is_node(a) ? node_of(space, a)->level : UINT32_MAX;
}

#endif
