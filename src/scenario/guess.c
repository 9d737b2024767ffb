/*
 * Guesses the host's addresses from its own capture.
 *
 * What it sends and receives is either its own or forwarded. An address is
 * taken for the host's when records to it came in or records from it went
 * out, and none was seen the other way: a forwarded packet's source was seen
 * coming in, its destination going out.
 *
 * Records that don't say which way they went (Ethernet, raw) tell less: one
 * address that is an end of all of them is the host's. Where there is none, or
 * two (a single pair of ends), nothing tells, and the caller must ask.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "packet/wire.h"
#include "scenario/record.h"

enum class { V4, V6, LINK_LOCAL, N_CLASSES };

enum { OWN = 1, ELSEWHERE = 2, MOST_ADDRS = 1 << 16, RECENT_BITS = 14 };

struct known { /* an address, and how it was met */
	struct fe_u128 addr; /* with family: the key */
	uint64_t family;
	uint16_t iface;
	uint8_t marks;
	uint64_t n; /* records without a direction that it is an end of */
};

struct guess {
	struct fe_arena *arena;
	struct fe_map map;
	FE_VEC(struct known *) list;
	uint64_t undirected[N_CLASSES];
	struct known *recent[1 << RECENT_BITS]; /* by hash: asked first */
};

static struct fe_str key_of(const struct known *k)
{
	return (struct fe_str){(const char *)k,
			       offsetof(struct known, iface)};
}

static struct known **recent(struct guess *g, struct fe_u128 addr)
{
	uint64_t hash = (addr.lo ^ addr.hi) * 0x9e3779b97f4a7c15u;

	return &g->recent[hash >> (64 - RECENT_BITS)];
}

static void meet(struct guess *g, unsigned family, struct fe_u128 addr,
		 uint16_t iface, uint8_t mark)
{
	struct known probe = {.addr = addr, .family = family};
	struct known **slot = recent(g, addr), *k = *slot;

	if (!k || !fe_u128_eq(k->addr, addr) || k->family != family)
		k = fe_map_get(&g->map, key_of(&probe));
	if (!k) {
		if (g->list.n == MOST_ADDRS)
			return;
		k = fe_arena_memdup(g->arena, &probe, sizeof(probe));
		k->iface = iface;
		fe_map_set(&g->map, key_of(k), k);
		fe_vec_push(&g->list, k);
	}
	*slot = k;
	k->marks |= mark;
	k->n += mark == 0;
}

static enum class class_of(unsigned family, struct fe_u128 addr)
{
	if (family == 4)
		return V4;
	return addr.hi >> 54 == 0x3fa ? LINK_LOCAL : V6;
}

static bool is_loopback(unsigned family, struct fe_u128 a)
{
	return family == 4 ? a.lo >> 24 == 127 : !a.hi && a.lo == 1;
}

/* Multicast and broadcast are nobody's own. */
static bool is_unicast(unsigned family, struct fe_u128 a)
{
	if (family == 4)
		return a.lo && a.lo < 0xe0000000;
	return (a.hi || a.lo) && a.hi >> 56 != 0xff;
}

/* The ends of a record; returns its family, 0: nothing that is known. */
static unsigned ends_of(const struct fe_record *r, struct fe_u128 *src,
			struct fe_u128 *dst)
{
	unsigned version = r->caught ? r->data[0] >> 4 : 0;

	if (version == 4 && r->caught >= 20) {
		*src = fe_u128(fe_get32(r->data + 12));
		*dst = fe_u128(fe_get32(r->data + 16));
		return 4;
	}
	if (version == 6 && r->caught >= 40) {
		*src = fe_get128(r->data + 8);
		*dst = fe_get128(r->data + 24);
		return 6;
	}
	return 0;
}

static void look_undirected(struct guess *g, unsigned family,
			    const struct fe_record *r, struct fe_u128 src,
			    struct fe_u128 dst)
{
	if (!is_unicast(family, src) || !is_unicast(family, dst) ||
	    is_loopback(family, src) || is_loopback(family, dst))
		return;
	g->undirected[class_of(family, src)]++;
	meet(g, family, src, r->iface, 0);
	if (!fe_u128_eq(src, dst))
		meet(g, family, dst, r->iface, 0);
}

static void look(struct guess *g, const struct fe_host *host,
		 const struct fe_record *r)
{
	struct fe_u128 src, dst;
	bool out = r->seen == FE_SEEN_OUT;
	unsigned family;

	if (!r->is_ip || r->seen == FE_SEEN_OTHER)
		return;
	if (r->iface && host->ifaces.data[r->iface].loopback)
		return;
	family = ends_of(r, &src, &dst);
	if (family == 0)
		return;
	if (r->seen == FE_SEEN_UNKNOWN) {
		look_undirected(g, family, r, src, dst);
		return;
	}
	if (is_unicast(family, src))
		meet(g, family, src, r->iface, out ? OWN : ELSEWHERE);
	if (is_unicast(family, dst) && (out || !r->pkttype))
		meet(g, family, dst, r->iface, out ? ELSEWHERE : OWN);
}

/* Marks the end of all undirected records of a class; false: they have no
 * common end, or two. */
static bool find_common(struct guess *g, enum class class)
{
	struct known *common = NULL;

	for (size_t i = 0; g->undirected[class] && i < g->list.n; i++) {
		struct known *k = g->list.data[i];

		if (class_of((unsigned)k->family, k->addr) != class ||
		    k->n != g->undirected[class])
			continue;
		if (common)
			return false;
		common = k;
	}
	if (common)
		common->marks = OWN;
	return common || !g->undirected[class];
}

static void add_own(const struct guess *g, struct fe_host *host,
		    struct fe_guess *guess)
{
	for (size_t i = 0; i < g->list.n; i++) {
		const struct known *k = g->list.data[i];

		if (k->marks != OWN)
			continue;
		fe_host_add_addr(host, k->iface, (unsigned)k->family, k->addr,
				 k->family == 4 ? 32 : 128);
		guess->n++;
	}
}

struct fe_guess fe_capture_guess(struct fe_records *records,
				 struct fe_host *host)
{
	struct guess *g = fe_calloc(1, sizeof(*g));
	struct fe_guess guess = {0};
	struct fe_record record;

	g->arena = fe_arena_new();
	records->silent = true;
	while (records->ops->next(records, &record))
		look(g, host, &record);
	records->silent = false;
	/* Link-local traffic decides nothing that matters. */
	guess.open = !find_common(g, V4);
	guess.open |= !find_common(g, V6);
	find_common(g, LINK_LOCAL);
	add_own(g, host, &guess);
	fe_vec_free(&g->list);
	fe_map_free(&g->map);
	fe_arena_free(g->arena);
	free(g);
	return guess;
}
