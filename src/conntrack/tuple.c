/*
 * Tuples: what identifies a packet's flow, and the inverse that its answer
 * has.
 */
#include <netinet/in.h>

#include "conntrack/l4.h"
#include "packet/wire.h"

/* ICMP types that answer each other, plus one; 0: nothing answers. */
static const uint8_t icmp_inverse[256] = {
	[8] = 0 + 1,   [0] = 8 + 1,   /* echo */
	[13] = 14 + 1, [14] = 13 + 1, /* timestamp */
	[15] = 16 + 1, [16] = 15 + 1, /* information */
	[17] = 18 + 1, [18] = 17 + 1, /* address mask */
};
static const uint8_t icmpv6_inverse[256] = {
	[128] = 129 + 1, [129] = 128 + 1, /* echo */
	[139] = 140 + 1, [140] = 139 + 1, /* node information */
};

static bool read_gre(struct fe_tuple *t, const uint8_t *l4, uint32_t size)
{
	/* Version 0: one flow per pair of addresses, whatever the key. */
	if (size < 4 || (l4[1] & 7) != 1 || size < 8)
		return true;
	/* PPTP: the call id; the other side's is known to a helper only. */
	if (fe_get16(l4 + 2) != 0x880b)
		return false;
	t->dport = fe_get16(l4 + 6);
	return true;
}

bool fe_tuple_read(struct fe_tuple *t, const uint8_t *l4, uint32_t size)
{
	switch (t->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
		if (size < 4)
			return false;
		t->sport = fe_get16(l4);
		t->dport = fe_get16(l4 + 2);
		return true;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if ((t->proto == IPPROTO_ICMP) != (t->family == 4))
			return true;
		if (size < 8)
			return false;
		t->sport = fe_get16(l4 + 4);
		t->dport = fe_get16(l4);
		return true;
	case IPPROTO_GRE:
		return read_gre(t, l4, size);
	}
	return true;
}

bool fe_tuple_invert(struct fe_tuple *inverse, const struct fe_tuple *tuple)
{
	struct fe_tuple t = *tuple;
	const uint8_t *table = NULL;

	t.src = tuple->dst;
	t.dst = tuple->src;
	if (t.proto == IPPROTO_ICMP && t.family == 4)
		table = icmp_inverse;
	else if (t.proto == IPPROTO_ICMPV6 && t.family == 6)
		table = icmpv6_inverse;
	if (table != NULL) {
		uint8_t type = table[tuple->dport >> 8];
		if (type == 0)
			return false;
		t.dport = (uint16_t)((type - 1) << 8 | (tuple->dport & 255));
	} else {
		t.sport = tuple->dport;
		t.dport = tuple->sport;
	}
	*inverse = t;
	return true;
}
