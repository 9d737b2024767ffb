/*
 * NAT bindings: which tuple a new flow gets.
 *
 * As the kernel chooses: the source port is kept where it is free for that
 * destination; a client's existing mapping is used again; addresses of a
 * range are a pure function (Jenkins' lookup3 over source, destination and
 * zone); a clash takes a random port of the same class for sources, the next
 * one up for destinations.
 */
#include <assert.h>
#include <netinet/in.h>

#include "conntrack/l4.h"
#include "packet/wire.h"

enum {
	MAX_ATTEMPTS = 128,    /* ports tried from one random start */
	HARDER_ATTEMPTS = 32,  /* of the last ones, dead entries are evicted */
	TIME_WAIT = 7, SYN_SENT = 1, /* l4_tcp.c's states */
};

static enum fe_nat_kind kind_of(enum fe_hook hook)
{
	return hook == FE_POSTROUTING || hook == FE_INPUT ? FE_NAT_SRC
							   : FE_NAT_DST;
}

void fe_nat_set_port_chooser(struct fe_conntrack *ct, fe_nat_port_fn *fn,
			     void *arg)
{
	ct->port_fn = fn;
	ct->port_arg = arg;
}

static bool is_icmp_proto(const struct fe_tuple *t)
{
	return t->proto == (t->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

bool fe_nat_wants_rules(const struct fe_conntrack *ct,
			const struct fe_packet *packet, enum fe_hook hook)
{
	const struct fe_flow *flow = packet->flow;
	unsigned done = kind_of(hook) == FE_NAT_SRC ? FE_IPS_SRC_NAT_DONE
						    : FE_IPS_DST_NAT_DONE;

	(void)ct;
	if (flow == NULL || (packet->ctstate != FE_CT_NEW &&
			     packet->ctstate != FE_CT_RELATED))
		return false;
	/* An ICMP error is translated as its flow is, without rules. */
	if (packet->ctstate == FE_CT_RELATED &&
	    packet->proto ==
		(packet->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return false;
	return !(flow->status & done);
}

/* Whether another entry has the tuple that answers would have. */
static struct fe_flow *holder(const struct fe_conntrack *ct,
			      const struct fe_tuple *tuple, unsigned *dir)
{
	struct fe_tuple reply;

	if (!fe_tuple_invert(&reply, tuple))
		return NULL;
	return fe_flows_find(ct, &reply, fe_tuple_tag(&reply), dir);
}

static bool used(const struct fe_conntrack *ct, const struct fe_tuple *tuple,
		 const struct fe_flow *own)
{
	unsigned dir;
	struct fe_flow *other = holder(ct, tuple, &dir);
	struct fe_tuple mine, theirs;

	if (other == NULL || other == own)
		return false;
	mine = fe_flow_tuple(own, FE_ORIGINAL);
	theirs = fe_flow_tuple(other, FE_ORIGINAL);
	return !fe_tuple_eq(&mine, &theirs);
}

/* The same at the last attempts: a dead TCP entry makes way. */
static bool used_harder(struct fe_conntrack *ct, const struct fe_tuple *tuple,
			struct fe_flow *own, unsigned left)
{
	struct fe_flow *other;
	unsigned dir;

	if (left > HARDER_ATTEMPTS || tuple->proto != IPPROTO_TCP ||
	    own->state != SYN_SENT)
		return used(ct, tuple, own);
	other = holder(ct, tuple, &dir);
	if (other == NULL)
		return false;
	if (dir == FE_ORIGINAL || other->state < TIME_WAIT ||
	    !(other->status & FE_IPS_SRC_NAT) ||
	    other->status & FE_IPS_FIXED_TIMEOUT)
		return true;
	/* Late packets of the dead one must not fit the new one. */
	if ((int32_t)(fe_flow_tcp(own)->side[0].end -
		      fe_flow_tcp(other)->side[0].end) <= 0)
		return true;
	fe_flow_kill(ct, other);
	return false;
}

static bool port_in(const struct fe_tuple *t, enum fe_nat_kind kind,
		    const struct fe_nat_range *range)
{
	uint16_t port;

	switch (t->proto) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		port = t->sport;
		break;
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_GRE:
		port = kind == FE_NAT_SRC ? t->sport : t->dport;
		break;
	default:
		return true;
	}
	return port >= range->port_min && port <= range->port_max;
}

static bool source_in(const struct fe_tuple *t,
		      const struct fe_nat_range *range)
{
	if (range->flags & FE_NAT_MAP_ADDRS &&
	    !(fe_u128_le(range->min, t->src) &&
	      fe_u128_le(t->src, range->max)))
		return false;
	return !(range->flags & FE_NAT_MAP_PORTS) ||
	       port_in(t, FE_NAT_SRC, range);
}

/* A mapping that the same client already has, if the range allows it. */
static bool find_mapping(const struct fe_conntrack *ct,
			 const struct fe_tuple *tuple,
			 const struct fe_nat_range *range,
			 struct fe_tuple *found)
{
	uint32_t i = fe_source_first(ct, tuple);

	for (; i != 0; i = ct->by_source.nodes.data[i].next) {
		const struct fe_flow *flow =
		    fe_flow_at(ct, ct->by_source.nodes.data[i].flow);
		struct fe_tuple t = fe_flow_tuple(flow, FE_ORIGINAL), reply;

		if (t.proto != tuple->proto || t.family != tuple->family ||
		    t.sport != tuple->sport || t.zone != tuple->zone ||
		    !fe_u128_eq(t.src, tuple->src))
			continue;
		reply = fe_flow_tuple(flow, FE_REPLY);
		if (!fe_tuple_invert(found, &reply))
			continue;
		found->dst = tuple->dst;
		found->dport = tuple->dport;
		found->zone = tuple->zone;
		if (source_in(found, range))
			return true;
	}
	return false;
}

/*
 * Bob Jenkins' lookup3 (public domain) over 32-bit words, as the kernel's
 * jhash2 seeds it.
 */
static uint32_t rol(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static uint32_t lookup3(const uint32_t k[4], uint32_t seed)
{
	uint32_t a, b, c;

	a = b = c = 0xdeadbeef + (4u << 2) + seed;
	a += k[0];
	b += k[1];
	c += k[2];
	a -= c; a ^= rol(c, 4); c += b;
	b -= a; b ^= rol(a, 6); a += c;
	c -= b; c ^= rol(b, 8); b += a;
	a -= c; a ^= rol(c, 16); c += b;
	b -= a; b ^= rol(a, 19); a += c;
	c -= b; c ^= rol(b, 4); b += a;
	a += k[3];
	c ^= b; c -= rol(b, 14);
	a ^= c; a -= rol(c, 11);
	b ^= a; b -= rol(a, 25);
	c ^= b; c -= rol(b, 16);
	a ^= c; a -= rol(c, 4);
	b ^= a; b -= rol(a, 14);
	c ^= b; c -= rol(b, 24);
	return c;
}

/* An address as the kernel keeps it: words of network bytes, read on a
 * little-endian machine. */
static void address_words(struct fe_u128 addr, unsigned family,
			  uint32_t raw[4], uint32_t host[4])
{
	uint8_t bytes[16] = {0};

	fe_put_addr(bytes, family, addr);
	for (int i = 0; i < 4; i++) {
		host[i] = fe_get32(bytes + 4 * i);
		raw[i] = __builtin_bswap32(host[i]);
	}
}

/*
 * Chooses an address of the range for the tuple's source or destination. The
 * kernel writes a destination in place, word by word, and hashes on with what
 * it has just written.
 */
static struct fe_u128 choose_address(const struct fe_tuple *t,
				     enum fe_nat_kind kind,
				     const struct fe_nat_range *range)
{
	uint32_t src[4], dst[4], min[4], max[4], skip[4], out[4] = {0}, hash;
	bool persistent = range->flags & FE_NAT_PERSISTENT, full = false;
	unsigned last = t->family == 4 ? 0 : 3;

	address_words(t->src, t->family, src, skip);
	address_words(t->dst, t->family, dst, skip);
	address_words(range->min, t->family, skip, min);
	address_words(range->max, t->family, skip, max);
	hash = lookup3(src, persistent ? 0 : dst[last] ^ t->zone);
	for (unsigned i = 0; i <= last; i++) {
		uint32_t base = full ? 0 : min[i];
		uint32_t n = full ? UINT32_MAX : max[i] - min[i] + 1;

		out[i] = base + (uint32_t)((uint64_t)hash * n >> 32);
		if (out[i] != max[i])
			full = true;
		if (!persistent)
			hash ^= kind == FE_NAT_DST ? __builtin_bswap32(out[i])
						   : dst[i];
	}
	if (last == 0)
		return fe_u128(out[0]);
	return (struct fe_u128){(uint64_t)out[0] << 32 | out[1],
				(uint64_t)out[2] << 32 | out[3]};
}

/* Ports to choose from: n of them, from min on; n 0: none may be chosen. */
struct port_class {
	uint32_t min, n;
};

static struct port_class class_of(const struct fe_tuple *t,
				  enum fe_nat_kind kind,
				  const struct fe_nat_range *range)
{
	uint16_t lo = range->port_min, hi = range->port_max;

	if (range->flags & FE_NAT_MAP_PORTS) {
		if (hi < lo && !is_icmp_proto(t)) {
			lo = range->port_max;
			hi = range->port_min;
		}
		return (struct port_class){lo, hi - lo + 1u};
	}
	if (is_icmp_proto(t))
		return (struct port_class){0, 65536};
	if (kind == FE_NAT_DST)
		return (struct port_class){0, 0};
	if (t->sport < 512)
		return (struct port_class){1, 511};
	if (t->sport < 1024)
		return (struct port_class){600, 1023 - 600 + 1};
	return (struct port_class){1024, 65535 - 1024 + 1};
}

/* Where the search begins: an offset into the class. */
static uint32_t first_offset(struct fe_conntrack *ct, const struct fe_flow *own,
			     struct port_class class, enum fe_nat_kind kind)
{
	struct fe_tuple original = fe_flow_tuple(own, FE_ORIGINAL);
	uint16_t port;

	if (ct->port_fn != NULL &&
	    ct->port_fn(ct->port_arg, &original, kind, &port) &&
	    port >= class.min && port - class.min < class.n)
		return port - class.min;
	return (uint32_t)(fe_rng_next(&ct->rng) & 0xffff);
}

static bool has_ports(const struct fe_tuple *t)
{
	return is_icmp_proto(t) || t->proto == IPPROTO_TCP ||
	       t->proto == IPPROTO_UDP || t->proto == IPPROTO_UDPLITE ||
	       t->proto == IPPROTO_SCTP;
}

/*
 * Makes the tuple unique by its port or id. When nothing is free, the last
 * try stays: confirmation will find the clash and drop the packet.
 */
static void choose_port(struct fe_conntrack *ct, struct fe_flow *own,
			struct fe_tuple *t, enum fe_nat_kind kind,
			const struct fe_nat_range *range)
{
	struct port_class class = class_of(t, kind, range);
	uint16_t *port = kind == FE_NAT_DST && !is_icmp_proto(t)
	    ? &t->dport : &t->sport;
	bool random = kind != FE_NAT_DST ||
		      range->flags & (FE_NAT_RANDOM | FE_NAT_RANDOM_FULLY);
	uint32_t off = 0, attempts = class.n;

	if (!has_ports(t) || class.n == 0)
		return;
	if (range->flags & FE_NAT_PORT_OFFSET)
		off = (uint16_t)(*port - range->port_base);
	else if (random)
		off = first_offset(ct, own, class, kind);
	if (attempts > MAX_ATTEMPTS)
		attempts = MAX_ATTEMPTS;
	for (;;) {
		/* The kernel counts in 16 bits. */
		for (uint32_t i = 0; i < attempts; i++, off++) {
			*port = (uint16_t)(class.min + (uint16_t)off % class.n);
			if (!used_harder(ct, t, own, attempts - i))
				return;
		}
		if (attempts >= class.n || attempts < 16)
			return;
		attempts /= 2;
		off = (uint32_t)(fe_rng_next(&ct->rng) & 0xffff);
	}
}

/* The tuple that the flow's packets shall have, from what they have now. */
static struct fe_tuple choose(struct fe_conntrack *ct, struct fe_flow *own,
			      const struct fe_tuple *now,
			      enum fe_nat_kind kind,
			      const struct fe_nat_range *range)
{
	bool random = range->flags & (FE_NAT_RANDOM | FE_NAT_RANDOM_FULLY);
	struct fe_tuple t;

	if (kind == FE_NAT_SRC && !random) {
		if (source_in(now, range)) {
			if (!used(ct, now, own))
				return *now;
		} else if (find_mapping(ct, now, range, &t)) {
			if (!used(ct, &t, own))
				return t;
		}
	}
	t = *now;
	if (range->flags & FE_NAT_MAP_ADDRS) {
		struct fe_u128 addr = fe_u128_eq(range->min, range->max)
		    ? range->min : choose_address(now, kind, range);
		if (kind == FE_NAT_SRC)
			t.src = addr;
		else
			t.dst = addr;
	}
	if (!random) {
		if (!(range->flags & FE_NAT_MAP_PORTS)) {
			if (!used(ct, &t, own))
				return t;
		} else if (!(range->flags & FE_NAT_PORT_OFFSET) &&
			   port_in(&t, kind, range) &&
			   (range->port_min == range->port_max ||
			    !used(ct, &t, own))) {
			return t;
		}
	}
	choose_port(ct, own, &t, kind, range);
	return t;
}

/* NETMAP: the host part stays, the network becomes the range's. */
static struct fe_nat_range netmap(const struct fe_packet *packet,
				  enum fe_nat_kind kind,
				  const struct fe_nat_range *range)
{
	struct fe_nat_range r = *range;
	struct fe_u128 host = {range->min.hi ^ range->max.hi,
			       range->min.lo ^ range->max.lo};
	struct fe_u128 addr = kind == FE_NAT_SRC ? packet->src : packet->dst;

	r.min.hi = (addr.hi & host.hi) | (range->min.hi & ~host.hi);
	r.min.lo = (addr.lo & host.lo) | (range->min.lo & ~host.lo);
	r.max = r.min;
	r.flags = (range->flags & ~(unsigned)FE_NAT_NETMAP) | FE_NAT_MAP_ADDRS;
	return r;
}

enum fe_ct_verdict fe_nat_bind(struct fe_conntrack *ct,
			       struct fe_packet *packet, enum fe_nat_kind kind,
			       const struct fe_nat_range *range)
{
	struct fe_flow *flow = packet->flow;
	struct fe_nat_range r = {.flags = FE_NAT_MAP_ADDRS};
	struct fe_tuple reply, now, chosen;
	bool source = kind == FE_NAT_SRC;

	if (flow == NULL || flow->status & FE_IPS_CONFIRMED)
		return FE_CT_ACCEPT;
	reply = fe_flow_tuple(flow, FE_REPLY);
	if (!fe_tuple_invert(&now, &reply))
		return FE_CT_ACCEPT;
	if (range == NULL)
		r.min = r.max = source ? now.src : now.dst;
	else if (range->flags & FE_NAT_NETMAP)
		r = netmap(packet, kind, range);
	else
		r = *range;
	chosen = choose(ct, flow, &now, kind, &r);
	if (!fe_tuple_eq(&chosen, &now)) {
		if (flow->status & FE_IPS_SRC_NAT)
			fe_source_del(ct, flow);
		fe_tuple_invert(&reply, &chosen);
		fe_flow_set_tuple(flow, FE_REPLY, &reply);
		flow->status |= source ? FE_IPS_SRC_NAT : FE_IPS_DST_NAT;
		if (flow->status & FE_IPS_SRC_NAT)
			fe_source_add(ct, flow);
	}
	flow->status |= source ? FE_IPS_SRC_NAT_DONE : FE_IPS_DST_NAT_DONE;
	return FE_CT_ACCEPT;
}
