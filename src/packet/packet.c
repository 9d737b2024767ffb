/*
 * Reads a packet's headers once, so that matches need no pointers.
 *
 * Refuses what ip_rcv() and ip6_rcv_core() refuse, since such a packet never
 * reaches a hook. A snapped capture (caught < size) is read as far as it was
 * caught; what must be known to go on is then "short".
 */
#include <netinet/in.h>
#include <string.h>

#include "packet/packet.h"
#include "packet/wire.h"

enum { IP4_MIN = 20, IP6_MIN = 40 };

/* Bytes of a protocol's own header: fewer is FE_HDR_TRUNCATED. */
static uint32_t header_size(uint8_t proto, unsigned family)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 20;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return 8;
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return 12;
	case IPPROTO_ESP:
		return 8;
	case IPPROTO_COMP:
		return 4;
	case IPPROTO_AH:
		return family == 4 ? 12 : 0; /* IPv6: an extension header */
	case IPPROTO_ICMP:
		return family == 4 ? 8 : 0;
	case IPPROTO_ICMPV6:
		return family == 6 ? 8 : 0;
	case IPPROTO_MH:
		return family == 6 ? 6 : 0;
	}
	return 0;
}

/* Size of one IPv6 extension header, 0 when it doesn't fit. */
static uint32_t ext_size(const uint8_t *p, uint32_t left, uint8_t proto)
{
	uint32_t size;

	if (left < 8)
		return 0;
	if (proto == IPPROTO_FRAGMENT)
		return 8;
	if (proto == IPPROTO_AH)
		size = (p[1] + 2u) << 2;
	else
		size = (p[1] + 1u) << 3;
	return size <= left ? size : 0;
}

static bool is_ext(uint8_t proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING ||
	       proto == IPPROTO_FRAGMENT || proto == IPPROTO_AH ||
	       proto == IPPROTO_DSTOPTS;
}

static bool find6(const uint8_t *data, uint32_t size,
		  struct fe_l4_place *place)
{
	uint32_t at = IP6_MIN;
	uint8_t proto = data[6];

	while (is_ext(proto)) {
		uint32_t n = ext_size(data + at, size - at, proto);
		if (n == 0)
			return false;
		if (proto == IPPROTO_FRAGMENT) {
			place->fragment = true;
			if (fe_get16(data + at + 2) & 0xfff8) {
				place->later_fragment = true;
				proto = data[at];
				at += n;
				break;
			}
		}
		proto = data[at];
		at += n;
	}
	place->offset = at;
	place->proto = proto;
	return true;
}

bool fe_l4_find(const uint8_t *data, uint32_t size, unsigned family,
		struct fe_l4_place *place)
{
	uint16_t frag;

	*place = (struct fe_l4_place){0};
	if (family == 6)
		return size >= IP6_MIN && find6(data, size, place);
	if (size < IP4_MIN || (data[0] & 15) < 5)
		return false;
	place->offset = (data[0] & 15u) * 4;
	place->proto = data[9];
	frag = fe_get16(data + 6);
	place->later_fragment = (frag & 0x1fff) != 0;
	place->fragment = (frag & 0x3fff) != 0;
	return place->offset <= size;
}

static enum fe_parse_error parse4(struct fe_packet *p)
{
	const uint8_t *d = p->data;
	uint32_t header = (d[0] & 15u) * 4;

	if (p->caught < IP4_MIN)
		return FE_PARSE_SHORT;
	if (header < IP4_MIN)
		return FE_PARSE_HEADER;
	if (header > p->caught)
		return FE_PARSE_SHORT;
	if (!p->trust_checksum && fe_sum_fold(fe_sum(d, header, 0)) != 0)
		return FE_PARSE_CHECKSUM;
	p->length = fe_get16(d + 2);
	if (p->length > p->size)
		return FE_PARSE_SHORT;
	if (p->length < header)
		return FE_PARSE_HEADER;
	p->tos = d[1];
	p->ttl = d[8];
	p->src = fe_u128(fe_get32(d + 12));
	p->dst = fe_u128(fe_get32(d + 16));
	return FE_PARSE_OK;
}

static enum fe_parse_error parse6(struct fe_packet *p)
{
	const uint8_t *d = p->data;
	uint32_t payload;

	if (p->caught < IP6_MIN)
		return FE_PARSE_SHORT;
	payload = fe_get16(d + 4);
	/* A jumbogram says 0; its length option is not read: all counts. */
	if (payload == 0 && d[6] == IPPROTO_HOPOPTS)
		p->length = p->size;
	else
		p->length = IP6_MIN + payload;
	if (p->length > p->size)
		return FE_PARSE_SHORT;
	p->tos = (uint8_t)(fe_get16(d) >> 4);
	p->ttl = d[7];
	p->src = fe_get128(d + 8);
	p->dst = fe_get128(d + 24);
	return FE_PARSE_OK;
}

/* Ports, flags, ICMP fields, as far as they were caught. */
static void parse_l4(struct fe_packet *p)
{
	const uint8_t *d = p->data + p->l4;
	uint32_t have = p->caught > p->l4 ? p->caught - p->l4 : 0;

	if (p->later_fragment || p->proto == IPPROTO_NONE) {
		p->hdr = FE_HDR_NONE;
		return;
	}
	p->hdr = p->l4_size < header_size(p->proto, p->family)
	    ? FE_HDR_TRUNCATED : FE_HDR_WHOLE;
	switch (p->proto) {
	case IPPROTO_TCP:
		if (have >= 14)
			p->tcp_flags = d[13];
		/* fallthrough */
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		if (have >= 4) {
			p->sport = fe_get16(d);
			p->dport = fe_get16(d + 2);
		}
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (have >= 2) {
			p->icmp_type = d[0];
			p->icmp_code = d[1];
		}
		if (have >= 6)
			p->icmp_id = fe_get16(d + 4);
		break;
	}
}

static void clear_parsed(struct fe_packet *p)
{
	p->family = p->proto = p->ttl = p->tos = p->hdr = 0;
	p->fragment = p->later_fragment = false;
	p->l4 = 0;
	p->l4_size = p->length = 0;
	p->sport = p->dport = p->icmp_id = 0;
	p->tcp_flags = p->icmp_type = p->icmp_code = 0;
	p->ct_tag = 0;
}

enum fe_parse_error fe_packet_parse(struct fe_packet *packet)
{
	struct fe_l4_place place;
	enum fe_parse_error error;
	uint32_t seen;

	clear_parsed(packet);
	if (packet->caught > packet->size)
		packet->caught = packet->size;
	if (packet->caught == 0)
		return FE_PARSE_SHORT;
	packet->family = packet->data[0] >> 4;
	if (packet->family == 4)
		error = parse4(packet);
	else if (packet->family == 6)
		error = parse6(packet);
	else
		return FE_PARSE_VERSION;
	if (error != FE_PARSE_OK)
		return error;
	packet->size = packet->length;
	if (packet->caught > packet->size)
		packet->caught = packet->size;
	seen = packet->caught;
	if (!fe_l4_find(packet->data, seen, packet->family, &place))
		return FE_PARSE_HEADER;
	if (place.offset > UINT16_MAX)
		return FE_PARSE_HEADER;
	packet->l4 = (uint16_t)place.offset;
	packet->proto = place.proto;
	packet->fragment = place.fragment;
	packet->later_fragment = place.later_fragment;
	packet->l4_size = packet->length - place.offset;
	parse_l4(packet);
	return FE_PARSE_OK;
}

static struct fe_u128 mac_value(const uint8_t *mac)
{
	uint64_t v = 0;

	for (int i = 0; i < 6; i++)
		v = v << 8 | mac[i];
	return fe_u128(v);
}

/* Fields of the flow; 0 without one. */
static struct fe_u128 flow_field(const struct fe_packet *packet,
				 enum fe_field field)
{
	const struct fe_flow *flow = packet->flow;
	struct fe_tuple t;
	bool reply;

	if (flow == NULL)
		return fe_u128(0);
	reply = field == FE_F_CTREPLSRC || field == FE_F_CTREPLDST ||
		field == FE_F_CTREPLSRCPORT || field == FE_F_CTREPLDSTPORT;
	t = fe_flow_tuple(flow, reply);
	if (field == FE_F_CTORIGSRC || field == FE_F_CTREPLSRC)
		return t.src;
	if (field == FE_F_CTORIGDST || field == FE_F_CTREPLDST)
		return t.dst;
	if (field == FE_F_CTORIGSRCPORT || field == FE_F_CTREPLSRCPORT)
		return fe_u128(t.sport);
	return fe_u128(t.dport);
}

/*
 * Seconds left. A new flow's clock has not begun, yet the kernel subtracts
 * the current time from it and clamps at 0.
 */
static struct fe_u128 expire_field(const struct fe_packet *packet)
{
	const struct fe_flow *flow = packet->flow;
	int64_t left;

	if (flow == NULL || !(flow->status & FE_IPS_CONFIRMED))
		return fe_u128(0);
	left = flow->expires - packet->time;
	return fe_u128(left > 0 ? (uint64_t)(left / 1000000000) : 0);
}

static struct fe_u128 conntrack_field(const struct fe_packet *packet,
				      enum fe_field field)
{
	const struct fe_flow *flow = packet->flow;

	if (field == FE_F_CTSTATE)
		return fe_u128(packet->ctstate);
	if (flow == NULL)
		return fe_u128(0);
	if (field == FE_F_CTDIR)
		return fe_u128(packet->ctdir);
	if (field == FE_F_CTSTATUS)
		return fe_u128(flow->status);
	if (field == FE_F_CTMARK)
		return fe_u128(flow->mark);
	if (field == FE_F_CTPROTO)
		return fe_u128(flow->proto);
	if (field == FE_F_CTEXPIRE)
		return expire_field(packet);
	return flow_field(packet, field);
}

struct fe_u128 fe_packet_field(const struct fe_packet *packet,
			       enum fe_field field)
{
	const struct fe_packet *p = packet;

	switch (field) {
	case FE_NOFIELD:
	case FE_N_FIELDS:
		break;
	case FE_F_IIF: return fe_u128(p->iif);
	case FE_F_OIF: return fe_u128(p->oif);
	case FE_F_SADDR: return p->src;
	case FE_F_DADDR: return p->dst;
	case FE_F_PROTO: return fe_u128(p->proto);
	case FE_F_HDR: return fe_u128(p->hdr);
	case FE_F_FRAG: return fe_u128(p->family == 4 && p->later_fragment);
	case FE_F_SPORT: return fe_u128(p->sport);
	case FE_F_DPORT: return fe_u128(p->dport);
	case FE_F_TCP_FLAGS: return fe_u128(p->tcp_flags);
	case FE_F_ICMP_TYPE: return fe_u128(p->icmp_type);
	case FE_F_ICMP_CODE: return fe_u128(p->icmp_code);
	case FE_F_LENGTH: return fe_u128(p->length);
	case FE_F_TTL: return fe_u128(p->ttl);
	case FE_F_TOS: return fe_u128(p->tos);
	case FE_F_PKTTYPE: return fe_u128(p->pkttype);
	case FE_F_SRC_TYPE: return fe_u128(p->src_type);
	case FE_F_DST_TYPE: return fe_u128(p->dst_type);
	case FE_F_MAC: return p->has_mac ? mac_value(p->mac) : fe_u128(0);
	case FE_F_HAS_MAC: return fe_u128(p->has_mac);
	case FE_F_MARK: return fe_u128(p->mark);
	case FE_F_CTSTATE:
	case FE_F_CTSTATUS:
	case FE_F_CTDIR:
	case FE_F_CTMARK:
	case FE_F_CTPROTO:
	case FE_F_CTORIGSRC:
	case FE_F_CTORIGDST:
	case FE_F_CTREPLSRC:
	case FE_F_CTREPLDST:
	case FE_F_CTORIGSRCPORT:
	case FE_F_CTORIGDSTPORT:
	case FE_F_CTREPLSRCPORT:
	case FE_F_CTREPLDSTPORT:
	case FE_F_CTEXPIRE:
		return conntrack_field(packet, field);
	}
	return fe_u128(0);
}
