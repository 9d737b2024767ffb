/*
 * ICMP before its own tuple counts: errors about other flows (RELATED),
 * neighbour discovery (UNTRACKED), and what is malformed (INVALID).
 */
#include "conntrack/l4.h"
#include "packet/wire.h"

static bool error4(uint8_t type)
{
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* Neighbour discovery, multicast listeners, multicast routers. */
static bool untracked6(uint8_t type)
{
	return (type >= 130 && type <= 136) || type == 143 || type == 151 ||
	       type == 152;
}

/* The tuple of the packet that an error quotes. */
static bool quoted_tuple(const uint8_t *inner, uint32_t size, unsigned family,
			 struct fe_tuple *t)
{
	struct fe_l4_place place;
	size_t n = family == 4 ? 4 : 16, at = family == 4 ? 12 : 8;

	if (size < fe_ip_size(family) || inner[0] >> 4 != family)
		return false;
	if (!fe_l4_find(inner, size, family, &place) || place.later_fragment)
		return false;
	t->family = (uint8_t)family;
	t->proto = place.proto;
	if (family == 4) {
		t->src = fe_u128(fe_get32(inner + at));
		t->dst = fe_u128(fe_get32(inner + at + n));
	} else {
		t->src = fe_get128(inner + at);
		t->dst = fe_get128(inner + at + n);
	}
	return fe_tuple_read(t, inner + place.offset, size - place.offset);
}

/* Finds the flow of the quoted packet, in the error's own direction. */
static enum fe_icmp_kind related(struct fe_conntrack *ct,
				 struct fe_packet *packet, uint16_t zone)
{
	struct fe_tuple quoted = {.zone = zone}, wanted, own;
	struct fe_flow *flow;
	uint32_t at = packet->l4 + 8u;
	unsigned dir;

	if (packet->caught < at ||
	    !quoted_tuple(packet->data + at, packet->caught - at,
			  packet->family, &quoted) ||
	    !fe_tuple_invert(&wanted, &quoted))
		return FE_ICMP_INVALID;
	flow = fe_flows_find(ct, &wanted, fe_tuple_tag(&wanted), &dir);
	if (flow == NULL)
		return FE_ICMP_INVALID;
	/* It must be sent to whom the flow's own packets go. */
	own = fe_flow_tuple(flow, dir);
	if (!fe_u128_eq(own.dst, packet->dst))
		return FE_ICMP_INVALID;
	packet->flow = flow;
	packet->ctdir = (uint8_t)dir;
	return FE_ICMP_RELATED;
}

enum fe_icmp_kind fe_icmp_classify(struct fe_conntrack *ct,
				   struct fe_packet *packet, bool verify,
				   uint16_t zone)
{
	struct fe_l4_packet p = {
		.ct = ct, .packet = packet, .data = packet->data + packet->l4,
		.size = packet->l4_size, .verify = verify,
	};
	uint8_t type = packet->icmp_type;

	p.have = packet->caught > packet->l4 ? packet->caught - packet->l4 : 0;
	if (p.size < 8 || p.have < 8)
		return FE_ICMP_INVALID;
	if (!fe_l4_sum_ok(&p, p.size,
			  packet->family == 6 ? packet->proto : 0))
		return FE_ICMP_INVALID;
	if (packet->family == 4) {
		if (type > 18)
			return FE_ICMP_INVALID;
		if (!error4(type))
			return FE_ICMP_PLAIN;
	} else {
		if (untracked6(type))
			return FE_ICMP_UNTRACKED;
		/* A redirect must be whole and of code 0; with another code
		 * it is like any unknown type. */
		if (type == 137 && (p.have < 40 || packet->icmp_code == 0))
			return FE_ICMP_INVALID;
		if (type >= 128)
			return FE_ICMP_PLAIN;
	}
	return related(ct, packet, zone);
}
