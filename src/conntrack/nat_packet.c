/*
 * NAT on bytes: a packet is made to look like the inverse of its flow's other
 * direction. Checksums are corrected, not computed anew, so that a wrong one
 * stays wrong; an ICMP error's own is made new, as the kernel does.
 */
#include <netinet/in.h>

#include "conntrack/l4.h"
#include "packet/wire.h"

static bool source_hook(enum fe_hook hook)
{
	return hook == FE_POSTROUTING || hook == FE_INPUT;
}

static bool is_icmp(const struct fe_packet *packet)
{
	return packet->proto ==
	       (packet->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

/* Whether the flow changes this end of packets of this direction. */
static bool changes(const struct fe_flow *flow, unsigned dir, bool source)
{
	if (dir == FE_REPLY)
		source = !source;
	return flow->status & (source ? FE_IPS_SRC_NAT : FE_IPS_DST_NAT);
}

static bool is_related_icmp(const struct fe_packet *packet)
{
	return packet->ctstate == FE_CT_RELATED && is_icmp(packet);
}

bool fe_nat_translates(const struct fe_packet *packet, enum fe_hook hook)
{
	if (packet->flow == NULL)
		return false;
	/* Errors are looked into, and dropped when they are wrong. */
	if (is_related_icmp(packet))
		return true;
	return changes(packet->flow, packet->ctdir, source_hook(hook));
}

struct header { /* an IP header somewhere in the packet */
	uint8_t *ip;
	uint32_t size;     /* bytes caught from there on */
	uint32_t room;     /* bytes that the packet has from there on */
	unsigned family;
	uint8_t *l4;
	uint32_t l4_size, l4_room;
	uint8_t proto;
	struct fe_u128 src, dst;
};

static bool read_ip(struct header *h, uint8_t *ip, uint32_t size,
		    uint32_t room, unsigned family)
{
	struct fe_l4_place place;

	*h = (struct header){.ip = ip, .size = size, .room = room,
			     .family = family};
	if (!fe_l4_find(ip, size, family, &place))
		return false;
	h->l4 = ip + place.offset;
	h->l4_size = size - place.offset;
	h->l4_room = room - place.offset;
	h->proto = place.proto;
	if (family == 4) {
		h->src = fe_u128(fe_get32(ip + 12));
		h->dst = fe_u128(fe_get32(ip + 16));
	} else {
		h->src = fe_get128(ip + 8);
		h->dst = fe_get128(ip + 24);
	}
	return true;
}

/* Writes a 16-bit field and corrects the checksum at sum (NULL: none). */
static void set16(uint8_t *at, uint16_t to, uint8_t *sum)
{
	if (sum != NULL)
		fe_sum_replace16(sum, fe_get16(at), to);
	fe_put16(at, to);
}

static void set_port(const struct header *h, bool source, uint16_t port,
		     uint8_t *sum)
{
	set16(h->l4 + (source ? 0 : 2), port, sum);
}

/*
 * The checksum of the transport header, or NULL: it has none, or lies behind
 * the eight bytes that an ICMP error must quote.
 */
static uint8_t *sum_of(const struct header *h)
{
	if (h->proto == IPPROTO_TCP)
		return h->l4_size >= 20 ? h->l4 + 16 : NULL;
	if (h->proto == IPPROTO_UDPLITE)
		return h->l4 + 6;
	if (h->proto == IPPROTO_UDP)
		return fe_get16(h->l4 + 6) != 0 ? h->l4 + 6 : NULL;
	if (h->proto == IPPROTO_ICMPV6 && h->family == 6)
		return h->l4 + 2;
	return NULL;
}

static bool icmp_has_id(const struct header *h)
{
	uint8_t type = h->l4[0];

	if (h->family == 6)
		return type == 128 || type == 129;
	return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

/* SCTP has a CRC over everything, which is computed anew. */
static void sctp_sum(const struct header *h)
{
	uint32_t crc;

	if (h->l4_size < 12 || h->l4_size != h->l4_room)
		return;
	fe_put32(h->l4 + 8, 0);
	crc = fe_crc32c(h->l4, h->l4_size, 0);
	fe_put32(h->l4 + 8, __builtin_bswap32(crc));
}

/* Ports and checksums; false: the header is cut too short. */
static bool rewrite_l4(const struct header *h, const struct fe_tuple *target,
		       bool source)
{
	struct fe_u128 from = source ? h->src : h->dst;
	struct fe_u128 to = source ? target->src : target->dst;
	uint16_t port = source ? target->sport : target->dport;
	uint8_t *sum;

	switch (h->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_ICMPV6:
	case IPPROTO_ICMP:
	case IPPROTO_GRE:
		if (h->l4_size < 8)
			return false;
		break;
	default:
		return true;
	}
	if (h->proto == IPPROTO_GRE)
		return true;
	sum = sum_of(h);
	if (sum != NULL)
		fe_sum_replace_addr(sum, h->family, from, to);
	if (h->proto == IPPROTO_ICMP || h->proto == IPPROTO_ICMPV6) {
		if (icmp_has_id(h))
			set16(h->l4 + 4, target->sport,
			      h->family == 4 ? h->l4 + 2 : sum);
	} else {
		set_port(h, source, port, sum);
	}
	if (h->proto == IPPROTO_UDP && sum != NULL && fe_get16(sum) == 0)
		fe_put16(sum, 0xffff);
	if (h->proto == IPPROTO_SCTP)
		sctp_sum(h);
	return true;
}

static bool rewrite(const struct header *h, const struct fe_tuple *target,
		    bool source)
{
	struct fe_u128 from = source ? h->src : h->dst;
	struct fe_u128 to = source ? target->src : target->dst;

	if (!rewrite_l4(h, target, source))
		return false;
	if (h->family == 4) {
		fe_sum_replace_addr(h->ip + 10, 4, from, to);
		fe_put32(h->ip + (source ? 12 : 16), (uint32_t)to.lo);
	} else {
		fe_put128(h->ip + (source ? 8 : 24), to);
	}
	return true;
}

static void refresh_icmp_sum(struct header *h)
{
	struct fe_u128 src = h->src, dst = h->dst;
	uint64_t sum = 0;

	if (h->family == 6)
		sum = fe_sum_pseudo(6, src, dst, h->proto, h->l4_room);
	fe_put16(h->l4 + 2, 0);
	fe_put16(h->l4 + 2, fe_sum_fold(fe_sum(h->l4, h->l4_size, sum)));
}

static bool icmp_sum_ok(const struct header *h)
{
	uint64_t sum = 0;

	if (h->size < h->room)
		return true; /* snapped: can't be known */
	if (h->family == 6)
		sum = fe_sum_pseudo(6, h->src, h->dst, h->proto, h->l4_size);
	return fe_sum_fold(fe_sum(h->l4, h->l4_size, sum)) == 0;
}

/*
 * An ICMP error: the quoted packet is one that went the other way, so its
 * other end changes; the error itself looks like an answer.
 */
static bool translate_error(struct header *h, const struct fe_flow *flow,
			    unsigned dir, bool source, bool trust)
{
	struct fe_tuple other = fe_flow_tuple(flow, !dir), target;
	struct header inner;
	uint8_t type;

	if (h->l4_size < 8 + fe_ip_size(h->family))
		return false;
	if (!trust && !icmp_sum_ok(h))
		return false;
	type = h->l4[0];
	if (type == (h->family == 4 ? 5 : 137) &&
	    flow->status & (FE_IPS_SRC_NAT | FE_IPS_DST_NAT))
		return false;
	if (!changes(flow, dir, source))
		return true;
	if (!read_ip(&inner, h->l4 + 8, h->l4_size - 8, h->l4_room - 8,
		     h->family) ||
	    !rewrite(&inner, &other, !source))
		return false;
	fe_tuple_invert(&target, &other);
	/* The error's own header has no ports to change. */
	if (h->family == 4) {
		fe_sum_replace_addr(h->ip + 10, 4,
				    source ? h->src : h->dst,
				    source ? target.src : target.dst);
		fe_put32(h->ip + (source ? 12 : 16),
			 (uint32_t)(source ? target.src : target.dst).lo);
	} else {
		fe_put128(h->ip + (source ? 8 : 24),
			  source ? target.src : target.dst);
	}
	if (source)
		h->src = target.src;
	else
		h->dst = target.dst;
	refresh_icmp_sum(h);
	return true;
}

/* Brings the packet's fields up to date with its bytes. */
static void reread(struct fe_packet *packet, const struct header *h)
{
	const uint8_t *l4 = h->l4;

	packet->ct_tag = 0;
	packet->src_type = packet->dst_type = 0;
	if (h->family == 4) {
		packet->src = fe_u128(fe_get32(h->ip + 12));
		packet->dst = fe_u128(fe_get32(h->ip + 16));
	} else {
		packet->src = fe_get128(h->ip + 8);
		packet->dst = fe_get128(h->ip + 24);
	}
	if (is_icmp(packet)) {
		if (h->l4_size >= 6)
			packet->icmp_id = fe_get16(l4 + 4);
	} else if (packet->sport != 0 || packet->dport != 0) {
		packet->sport = fe_get16(l4);
		packet->dport = fe_get16(l4 + 2);
	}
}

enum fe_ct_verdict fe_nat_packet(struct fe_conntrack *ct,
				 struct fe_packet *packet, enum fe_hook hook,
				 uint8_t *bytes)
{
	const struct fe_flow *flow = packet->flow;
	bool source = source_hook(hook), ok;
	unsigned dir = packet->ctdir;
	struct fe_tuple other, target;
	struct header h;

	(void)ct;
	if (!fe_nat_translates(packet, hook))
		return FE_CT_ACCEPT;
	if (!read_ip(&h, bytes, packet->caught, packet->size, packet->family))
		return FE_CT_DROP;
	if (is_related_icmp(packet)) {
		ok = translate_error(&h, flow, dir, source,
				     packet->trust_checksum);
	} else {
		other = fe_flow_tuple(flow, !dir);
		fe_tuple_invert(&target, &other);
		ok = rewrite(&h, &target, source);
	}
	if (!ok)
		return FE_CT_DROP;
	packet->data = bytes;
	reread(packet, &h);
	return FE_CT_ACCEPT;
}
