/*
 * Guesses the host's addresses from its own capture.
 *
 * What it sends and receives is either its own or forwarded. An address is
 * taken for the host's when records to it came in or records from it went
 * out, and none was seen the other way: a forwarded packet's source was seen
 * coming in, its destination going out.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "scenario/record.h"

enum { OWN = 1, ELSEWHERE = 2, MOST_ADDRS = 1 << 16, RECENT_BITS = 14 };

struct known { /* an address, and how it was met */
	uint8_t key[17]; /* family, address */
	uint16_t iface;
	uint8_t marks;
};

struct guess {
	struct fe_arena *arena;
	struct fe_map map;
	FE_VEC(struct known *) list;
	struct known *recent[1 << RECENT_BITS]; /* by hash: asked first */
};

static struct known **recent(struct guess *g, struct fe_u128 addr)
{
	uint64_t hash = (addr.lo ^ addr.hi) * 0x9e3779b97f4a7c15u;

	return &g->recent[hash >> (64 - RECENT_BITS)];
}

static void meet(struct guess *g, unsigned family, struct fe_u128 addr,
		 uint16_t iface, uint8_t mark)
{
	struct known probe = {.key = {(uint8_t)family}};
	struct known **slot = recent(g, addr), *k = *slot;

	memcpy(probe.key + 1, &addr, 16);
	if (!k || memcmp(k->key, probe.key, sizeof(probe.key)))
		k = fe_map_get(&g->map, (struct fe_str){(char *)probe.key,
							sizeof(probe.key)});
	if (!k) {
		if (g->list.n == MOST_ADDRS)
			return;
		k = fe_arena_memdup(g->arena, &probe, sizeof(probe));
		k->iface = iface;
		fe_map_set(&g->map, (struct fe_str){(char *)k->key,
						    sizeof(k->key)}, k);
		fe_vec_push(&g->list, k);
	}
	*slot = k;
	k->marks |= mark;
}

/* Multicast and broadcast are nobody's own. */
static bool is_unicast(unsigned family, struct fe_u128 a)
{
	if (family == 4)
		return a.lo && a.lo < 0xe0000000;
	return (a.hi || a.lo) && a.hi >> 56 != 0xff;
}

static void look(struct guess *g, const struct fe_host *host,
		 const struct fe_record *r)
{
	struct fe_packet p = {.data = r->data, .size = r->size,
			      .caught = r->caught};
	bool out = r->seen == FE_SEEN_OUT;

	if (!r->is_ip || (!out && r->seen != FE_SEEN_IN))
		return;
	if (r->iface && host->ifaces.data[r->iface].loopback)
		return;
	if (fe_packet_parse(&p) != FE_PARSE_OK)
		return;
	if (is_unicast(p.family, p.src))
		meet(g, p.family, p.src, r->iface, out ? OWN : ELSEWHERE);
	if (is_unicast(p.family, p.dst) && (out || !r->pkttype))
		meet(g, p.family, p.dst, r->iface, out ? ELSEWHERE : OWN);
}

size_t fe_capture_guess(struct fe_records *records, struct fe_host *host)
{
	struct guess *g = fe_calloc(1, sizeof(*g));
	struct fe_record record;
	struct fe_u128 addr;
	size_t n = 0;

	g->arena = fe_arena_new();
	records->silent = true;
	while (records->ops->next(records, &record))
		look(g, host, &record);
	records->silent = false;
	for (size_t i = 0; i < g->list.n; i++) {
		const struct known *k = g->list.data[i];
		if (k->marks != OWN)
			continue;
		memcpy(&addr, k->key + 1, 16);
		fe_host_add_addr(host, k->iface, k->key[0], addr,
				 k->key[0] == 4 ? 32 : 128);
		n++;
	}
	fe_vec_free(&g->list);
	fe_map_free(&g->map);
	fe_arena_free(g->arena);
	free(g);
	return n;
}
