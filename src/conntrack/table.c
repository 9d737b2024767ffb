/*
 * Slabs and the hash index: see table.h.
 *
 * The index is probed linearly from the slot that the tag's top bits name,
 * so that tags stand nearly in order; a removal shifts the rest of its run
 * back. Growing doubles it and re-inserts tags, touching no entry.
 */
#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "conntrack/table.h"

enum { SPILL = FE_INDEX_SPILL, MIN_BITS = 8 };

static uint64_t mix(uint64_t x)
{
	x *= 0x9e3779b97f4a7c15u;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93u;
	return x ^ x >> 32;
}

/* One end of a tuple; ends are added, so that their order is the same. */
static uint64_t end_hash(struct fe_u128 addr, uint16_t port)
{
	uint64_t h = addr.lo << 16 ^ addr.lo >> 48 ^ port;

	if (addr.hi != 0)
		h ^= mix(addr.hi + 0x632be59bd9b4e019u);
	return mix(h + 1);
}

uint32_t fe_tuple_tag(const struct fe_tuple *t)
{
	uint16_t sport = t->sport, dport = t->dport;
	uint64_t h;

	/* An ICMP reply has another type: only the id counts. */
	if (t->proto == IPPROTO_ICMP || t->proto == IPPROTO_ICMPV6)
		dport = sport;
	h = end_hash(t->src, sport) + end_hash(t->dst, dport);
	h = mix(h + t->proto);
	return (uint32_t)(h >> 32) | 1;
}

static size_t slab_sizes(unsigned slab)
{
	static const size_t sizes[FE_SLABS] = {
		sizeof(struct fe_flow4), sizeof(struct fe_flow4_tcp),
		sizeof(struct fe_flow6), sizeof(struct fe_flow6_tcp),
	};
	return sizes[slab];
}

void fe_flows_init(struct fe_conntrack *ct)
{
	for (unsigned i = 0; i < FE_SLABS; i++) {
		ct->slabs[i].size = slab_sizes(i);
		ct->slabs[i].used = 1; /* ref 0 means none */
	}
	ct->index.bits = MIN_BITS;
	ct->index.slots = fe_calloc((1u << MIN_BITS) + SPILL,
				    sizeof(struct fe_slot));
}

void fe_flows_free(struct fe_conntrack *ct)
{
	for (unsigned i = 0; i < FE_SLABS; i++) {
		for (size_t k = 0; k < ct->slabs[i].chunks.n; k++)
			free(ct->slabs[i].chunks.data[k]);
		fe_vec_free(&ct->slabs[i].chunks);
	}
	free(ct->index.slots);
	fe_vec_free(&ct->by_source.nodes);
	free(ct->by_source.heads);
}

void fe_flow_set_tuple(struct fe_flow *flow, unsigned dir,
		       const struct fe_tuple *t)
{
	if (flow->family == 4) {
		struct fe_ends4 *e = &((struct fe_flow4 *)flow)->ends[dir];
		e->src = (uint32_t)t->src.lo;
		e->dst = (uint32_t)t->dst.lo;
		e->sport = t->sport;
		e->dport = t->dport;
	} else {
		struct fe_flow6 *f = (struct fe_flow6 *)flow;
		f->ends[dir].src = t->src;
		f->ends[dir].dst = t->dst;
		f->sport[dir] = t->sport;
		f->dport[dir] = t->dport;
	}
}

static unsigned slab_of(const struct fe_tuple *t)
{
	return (t->family == 6 ? 2u : 0u) + (t->proto == IPPROTO_TCP);
}

struct fe_flow *fe_flows_alloc(struct fe_conntrack *ct,
			       const struct fe_tuple *tuple)
{
	unsigned which = slab_of(tuple);
	struct fe_slab *slab = &ct->slabs[which];
	struct fe_flow *flow;
	uint32_t i = slab->free;

	if (i != 0) {
		flow = fe_flow_at(ct, which << FE_SLAB_SHIFT | i);
		slab->free = flow->next;
	} else {
		i = slab->used++;
		assert(i < 1u << FE_SLAB_SHIFT);
		if (i >> FE_CHUNK_SHIFT >= slab->chunks.n)
			fe_vec_push(&slab->chunks,
				    fe_malloc(slab->size * FE_CHUNK));
		flow = fe_flow_at(ct, which << FE_SLAB_SHIFT | i);
	}
	memset(flow, 0, slab->size);
	flow->ref = which << FE_SLAB_SHIFT | i;
	flow->proto = tuple->proto;
	flow->family = tuple->family;
	fe_flow_set_tuple(flow, FE_ORIGINAL, tuple);
	return flow;
}

void fe_flows_release(struct fe_conntrack *ct, struct fe_flow *flow)
{
	struct fe_slab *slab = &ct->slabs[flow->ref >> FE_SLAB_SHIFT];

	flow->next = slab->free;
	slab->free = flow->ref & ((1u << FE_SLAB_SHIFT) - 1);
}

static size_t home(const struct fe_index *index, uint32_t tag)
{
	return tag >> (32 - index->bits);
}

static size_t index_end(const struct fe_index *index)
{
	return ((size_t)1 << index->bits) + SPILL;
}

static bool index_put(struct fe_index *index, struct fe_slot slot)
{
	size_t i = home(index, slot.tag), end = index_end(index);

	while (i < end && index->slots[i].ref != 0)
		i++;
	if (i == end)
		return false;
	index->slots[i] = slot;
	return true;
}

static void index_grow(struct fe_index *index)
{
	struct fe_index bigger = {.bits = index->bits + 1, .n = index->n};
	size_t end = index_end(index);

	assert(bigger.bits < 32);
	bigger.slots = fe_calloc(index_end(&bigger), sizeof(struct fe_slot));
	for (size_t i = 0; i < end; i++) {
		if (index->slots[i].ref == 0)
			continue;
		bool put = index_put(&bigger, index->slots[i]);
		assert(put);
		(void)put;
	}
	free(index->slots);
	*index = bigger;
}

static void index_add(struct fe_index *index, uint32_t tag, uint32_t ref)
{
	struct fe_slot slot = {tag, ref};

	/* Three quarters full at most. */
	if (index->n * 4 >= (size_t)3 << index->bits)
		index_grow(index);
	while (!index_put(index, slot))
		index_grow(index);
	index->n++;
}

static void index_del(struct fe_index *index, uint32_t tag, uint32_t ref)
{
	struct fe_slot *s = index->slots;
	size_t i = home(index, tag), end = index_end(index), hole;

	while (s[i].ref != ref || s[i].tag != tag) {
		assert(s[i].ref != 0 && i + 1 < end);
		i++;
	}
	/* Moves back what would be cut off from its home by the hole. */
	for (hole = i++; i < end && s[i].ref != 0; i++) {
		if (home(index, s[i].tag) <= hole) {
			s[hole] = s[i];
			hole = i;
		}
	}
	s[hole] = (struct fe_slot){0, 0};
	index->n--;
}

struct fe_flow *fe_flows_find(const struct fe_conntrack *ct,
			      const struct fe_tuple *tuple, uint32_t tag,
			      unsigned *dir)
{
	const struct fe_slot *s = ct->index.slots;
	size_t i = home(&ct->index, tag), end = index_end(&ct->index);

	for (; i < end && s[i].ref != 0; i++) {
		struct fe_flow *flow;

		if (s[i].tag != tag)
			continue;
		flow = fe_flow_at(ct, s[i].ref);
		/* Reply first: where both are equal the kernel finds the
		 * reply, which it enters last, at the chain's head. */
		for (unsigned d = 2; d-- > 0;) {
			if (!fe_flow_is(flow, d, tuple))
				continue;
			*dir = d;
			return flow;
		}
	}
	return NULL;
}

void fe_flows_insert(struct fe_conntrack *ct, struct fe_flow *flow)
{
	struct fe_tuple t[2] = {fe_flow_tuple(flow, 0),
				fe_flow_tuple(flow, 1)};
	uint32_t tag0 = fe_tuple_tag(&t[0]), tag1 = fe_tuple_tag(&t[1]);

	index_add(&ct->index, tag0, flow->ref);
	if (tag1 != tag0)
		index_add(&ct->index, tag1, flow->ref);
}

void fe_flows_remove(struct fe_conntrack *ct, struct fe_flow *flow)
{
	struct fe_tuple t[2] = {fe_flow_tuple(flow, 0),
				fe_flow_tuple(flow, 1)};
	uint32_t tag0 = fe_tuple_tag(&t[0]), tag1 = fe_tuple_tag(&t[1]);

	index_del(&ct->index, tag0, flow->ref);
	if (tag1 != tag0)
		index_del(&ct->index, tag1, flow->ref);
}

/* by_source: chains of nodes, hashed by the original source. */

static uint32_t source_hash(const struct fe_tuple *t)
{
	return (uint32_t)(end_hash(t->src, t->sport) >> 32) ^ t->proto;
}

static void source_grow(struct fe_conntrack *ct)
{
	struct fe_by_source *by = &ct->by_source;
	uint32_t n = by->n_heads ? by->n_heads * 2 : 64;
	uint32_t *heads = fe_calloc(n, sizeof(*heads));

	for (uint32_t i = 0; i < by->n_heads; i++) {
		uint32_t list = by->heads[i], reversed = 0;

		/* Chains keep their order: newest first. */
		while (list != 0) {
			uint32_t next = by->nodes.data[list].next;
			by->nodes.data[list].next = reversed;
			reversed = list;
			list = next;
		}
		while (reversed != 0) {
			struct fe_source_node *node =
			    &by->nodes.data[reversed];
			struct fe_tuple t =
			    fe_flow_tuple(fe_flow_at(ct, node->flow), 0);
			uint32_t h = source_hash(&t) & (n - 1);
			uint32_t next = node->next;
			node->next = heads[h];
			heads[h] = reversed;
			reversed = next;
		}
	}
	free(by->heads);
	by->heads = heads;
	by->n_heads = n;
}

void fe_source_add(struct fe_conntrack *ct, const struct fe_flow *flow)
{
	struct fe_by_source *by = &ct->by_source;
	struct fe_tuple t = fe_flow_tuple(flow, 0);
	uint32_t h, i = by->free;

	if (by->n >= by->n_heads)
		source_grow(ct);
	if (by->nodes.n == 0)
		fe_vec_push(&by->nodes, (struct fe_source_node){0, 0});
	if (i != 0) {
		by->free = by->nodes.data[i].next;
	} else {
		i = (uint32_t)by->nodes.n;
		fe_vec_push(&by->nodes, (struct fe_source_node){0, 0});
	}
	h = source_hash(&t) & (by->n_heads - 1);
	by->nodes.data[i] = (struct fe_source_node){flow->ref, by->heads[h]};
	by->heads[h] = i;
	by->n++;
}

void fe_source_del(struct fe_conntrack *ct, const struct fe_flow *flow)
{
	struct fe_by_source *by = &ct->by_source;
	struct fe_tuple t = fe_flow_tuple(flow, 0);
	uint32_t *link, i;

	if (by->n_heads == 0)
		return;
	link = &by->heads[source_hash(&t) & (by->n_heads - 1)];
	while (*link != 0 && by->nodes.data[*link].flow != flow->ref)
		link = &by->nodes.data[*link].next;
	if (*link == 0)
		return;
	i = *link;
	*link = by->nodes.data[i].next;
	by->nodes.data[i].next = by->free;
	by->free = i;
	by->n--;
}

uint32_t fe_source_first(const struct fe_conntrack *ct,
			 const struct fe_tuple *original)
{
	const struct fe_by_source *by = &ct->by_source;

	if (by->n_heads == 0)
		return 0;
	return by->heads[source_hash(original) & (by->n_heads - 1)];
}
