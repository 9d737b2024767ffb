/* Inside of IP sets: shared by their reader and their lookup. */
#ifndef FE_IPSET_SET_H
#define FE_IPSET_SET_H

#include "base/map.h"
#include "base/vec.h"
#include "ext/ipset.h"

enum fe_ipset_kind { FE_SET_OPAQUE, FE_SET_IP, FE_SET_NET, FE_SET_IP_PORT };

struct fe_ipset_entry {
	struct fe_u128 addr;  /* no bits behind prefix */
	uint16_t port;        /* 0 where the type has none */
	uint8_t prefix;       /* bits of addr that count */
	uint8_t proto;        /* 0 where the type has none */
	bool no_match;
};

struct fe_ipset {
	const char *name;
	const char *type;        /* "hash:net" */
	enum fe_ipset_kind kind;
	unsigned family;         /* 4 or 6 */
	unsigned netmask;        /* of hash:ip: bits that count */
	FE_VEC(struct fe_ipset_entry) entries; /* once read: sorted by prefix,
					longest first, addr, proto, port */
};

struct fe_ipsets {
	struct fe_arena *arena;      /* names */
	struct fe_map by_name;       /* of struct fe_ipset */
	FE_VEC(struct fe_ipset *) all;
};

/* Sorts entries and drops duplicates, once all are there. */
void fe_ipset_finish(struct fe_ipset *set);

#endif
