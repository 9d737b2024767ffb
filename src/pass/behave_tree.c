/*
 * Behaviours as interned trees (behave.h): equal numbers are equal trees. What
 * a whole tree can come to is summed up as it grows, since shared branches
 * would make looking it up exponential.
 */
#include <stdlib.h>

#include "pass/behave_priv.h"
#include "ruleset/ruleset.h"

static bool node_eq(const struct behave_node *a, const struct behave_node *b)
{
	return a->kind == b->kind && a->rule == b->rule && a->part == b->part &&
	       a->state == b->state && a->yes == b->yes && a->no == b->no;
}

static size_t node_hash(const struct behave_node *n)
{
	uint64_t h = (uint64_t)(uintptr_t)n->rule * 0x9e3779b97f4a7c15u;

	h ^= ((uint64_t)n->yes << 32 | n->no) * 0xbf58476d1ce4e5b9u;
	h ^= ((uint64_t)n->kind << 40 | (uint64_t)n->part << 8 | n->state) *
	     0x94d049bb133111ebu;
	return (size_t)(h ^ h >> 29);
}

static void node_enter(struct fe_behave *b, uint32_t index)
{
	size_t i = node_hash(&b->nodes.data[index]) & (b->n_buckets - 1);

	while (b->buckets[i])
		i = (i + 1) & (b->n_buckets - 1);
	b->buckets[i] = index + 1;
}

static void nodes_grow(struct fe_behave *b)
{
	b->n_buckets = b->n_buckets ? b->n_buckets * 2 : 256;
	free(b->buckets);
	b->buckets = fe_calloc(b->n_buckets, sizeof(*b->buckets));
	for (size_t i = 0; i < b->nodes.n; i++)
		node_enter(b, (uint32_t)i);
}

/* Adds to a node what a branch of it can come to. */
static void node_sum(const struct fe_behave *b, struct behave_node *n,
		     uint32_t branch)
{
	if (fe_behave_is_leaf(branch)) {
		n->leaves |= 1u << branch;
		return;
	}
	n->leaves |= fe_behave_node_of(b, branch)->leaves;
	n->shares |= fe_behave_node_of(b, branch)->shares;
	if (!n->ct)
		n->ct = fe_behave_node_of(b, branch)->ct;
}

static void node_sums(const struct fe_behave *b, struct behave_node *n)
{
	n->shares = n->kind == NODE_FORK && n->part;
	if (n->kind == NODE_QUEUE) {
		n->leaves = 1u << FE_LEAF_ACCEPT;
		return;
	}
	if (n->kind == NODE_EFFECT && n->rule->action == FE_ACT_CT)
		n->ct = n->rule;
	node_sum(b, n, n->yes);
	if (n->kind == NODE_FORK)
		node_sum(b, n, n->no);
}

uint32_t fe_behave_node(struct fe_behave *b, struct behave_node n)
{
	if (b->nodes.n * 2 >= b->n_buckets)
		nodes_grow(b);
	size_t i = node_hash(&n) & (b->n_buckets - 1);

	for (; b->buckets[i]; i = (i + 1) & (b->n_buckets - 1))
		if (node_eq(&b->nodes.data[b->buckets[i] - 1], &n))
			return b->buckets[i] - 1 + FE_N_LEAVES;
	node_sums(b, &n);
	fe_vec_push(&b->nodes, n);
	b->buckets[i] = (uint32_t)b->nodes.n;
	return (uint32_t)b->nodes.n - 1 + FE_N_LEAVES;
}

unsigned fe_behave_leaves(const struct fe_behave *b, uint32_t behaviour,
			  const struct fe_rule **ct)
{
	if (fe_behave_is_leaf(behaviour))
		return 1u << behaviour;
	if (fe_behave_node_of(b, behaviour)->ct)
		*ct = fe_behave_node_of(b, behaviour)->ct;
	return fe_behave_node_of(b, behaviour)->leaves;
}

bool fe_behave_shares(const struct fe_behave *b, uint32_t behaviour)
{
	return !fe_behave_is_leaf(behaviour) &&
	       fe_behave_node_of(b, behaviour)->shares;
}

const struct fe_rule *fe_behave_first_rule(const struct fe_behave *b,
					   uint32_t behaviour)
{
	return fe_behave_is_leaf(behaviour)
		   ? NULL
		   : fe_behave_node_of(b, behaviour)->rule;
}

const struct fe_rule *fe_behave_first_difference(const struct fe_behave *b,
						 uint32_t x, uint32_t y)
{
	while (x != y && !fe_behave_is_leaf(x) && !fe_behave_is_leaf(y)) {
		const struct behave_node *n = fe_behave_node_of(b, x),
					 *m = fe_behave_node_of(b, y);

		if (n->rule != m->rule || n->kind != m->kind ||
		    n->state != m->state)
			return n->rule->index <= m->rule->index ||
				       n->rule->chain != m->rule->chain
				   ? n->rule
				   : m->rule;
		if (n->yes != m->yes) {
			x = n->yes;
			y = m->yes;
		} else {
			x = n->no;
			y = m->no;
		}
	}
	if (x == y || (fe_behave_is_leaf(x) && fe_behave_is_leaf(y)))
		return NULL;
	return fe_behave_node_of(b, fe_behave_is_leaf(x) ? y : x)->rule;
}
