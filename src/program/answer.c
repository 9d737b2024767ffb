/*
 * Packets that the host makes in answer to others: REJECT's resets and ICMP
 * errors, time exceeded, too big, unreachable.
 *
 * Which packets get none, and what stands in the headers, is the kernel's
 * behaviour (tests/kernel); the IPv4 id of such packets is 0 here.
 */
#include "program/machine.h"

#include <linux/rtnetlink.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "ext/target_reject.h"
#include "packet/wire.h"

/* Bytes quoted: 576 and 1280 less both headers. */
static const uint32_t quote4 = 548, quote6 = 1232;

enum { ROOM = 2048 }; /* for the largest answer */

/* The checksum's length is the whole transport packet's, fragments aside. */
bool fe_answer_checksum_ok(const struct fe_packet *p)
{
	uint64_t sum = 0;

	if (p->trust_checksum || p->caught < p->size || p->fragment)
		return true;
	if (p->family == 6 || p->proto != IPPROTO_ICMP)
		sum = p->family == 4 && p->proto != IPPROTO_TCP &&
			      p->proto != IPPROTO_UDP
			  ? 0
			  : fe_sum_pseudo(p->family, p->src, p->dst, p->proto,
					  p->l4_size);
	return fe_sum_fold(fe_sum(p->data + p->l4, p->l4_size, sum)) == 0;
}

/* Protocols whose checksum doesn't cover the packet, or may be left out. */
static bool checksum_counts(const struct fe_packet *p)
{
	switch (p->proto) {
	case IPPROTO_UDP:
		return p->l4_size < 8 || fe_get16(p->data + p->l4 + 6);
	case IPPROTO_GRE: case IPPROTO_AH: case IPPROTO_ESP:
	case IPPROTO_SCTP: case IPPROTO_UDPLITE: case IPPROTO_DCCP:
		return false;
	default:
		return true;
	}
}

/* ICMP errors, and types nobody knows, are never answered by errors. */
static bool is_icmp_error(const struct fe_packet *p)
{
	uint8_t t = p->icmp_type;

	if (p->family == 6)
		return p->proto == IPPROTO_ICMPV6 && (!p->l4_size || t < 128);
	return p->proto == IPPROTO_ICMP &&
	       (!p->l4_size || t > 18 || (t >= 1 && t <= 7) ||
		(t >= 9 && t <= 12));
}

static bool answerable4(const struct fe_host *host, const struct fe_packet *p)
{
	unsigned to = fe_host_addr_type(host, 4, p->dst);

	return !p->pkttype && !p->later_fragment && to != RTN_BROADCAST &&
	       to != RTN_MULTICAST;
}

static bool answerable6(const struct fe_packet *p, uint8_t type)
{
	if ((p->dst.hi >> 56 == 0xff || p->pkttype) &&
	    type != ICMP6_PACKET_TOO_BIG)
		return false;
	return p->src.hi >> 56 != 0xff && (p->src.hi || p->src.lo);
}

/* From 127.0.0.0/8 the kernel finds no way but lo: it sends nothing to a
 * source that translation put beyond it. */
static bool leaves_loopback(const struct fe_life *l, struct fe_u128 src)
{
	const struct fe_host *host = l->e->host;
	const struct fe_packet *p = l->p;
	struct fe_u128 unused;
	uint16_t oif;

	if (p->family != 4 || src.lo >> 24 != 127)
		return false;
	oif = fe_route_out(host, 4, p->src, &unused);
	return oif && !host->ifaces.data[oif].loopback;
}

/* This host's address in an error: the one the packet went to; in IPv6 one
 * of the interface that it came in by; or the one that the way back has. */
static bool error_source(const struct fe_life *l, struct fe_u128 *src)
{
	const struct fe_packet *p = l->p;
	const struct fe_host *host = l->e->host;

	if (!fe_route_out(host, p->family, p->src, src) && host->known)
		return false;
	if (fe_host_is_local(host, p->family, p->dst) ||
	    (!src->hi && !src->lo))
		*src = p->dst;
	else if (p->family == 6 && p->iif)
		fe_host_select(host, p->iif, 6, p->src, src);
	return !leaves_loopback(l, *src);
}

/*
 * What an error quotes: the packet's bytes. The checksum of an IPv4 reset
 * that the host made is left to the device: until then only the pseudo
 * header's sum stands there. buf holds what must be written for that.
 */
static const uint8_t *quoted(const struct fe_life *l, uint8_t *buf,
			     size_t size)
{
	const struct fe_packet *p = l->p;

	if (!l->generated || p->family != 4 || p->proto != IPPROTO_TCP ||
	    p->caught > size || p->caught < p->l4 + 20u)
		return p->data;
	memcpy(buf, p->data, p->caught);
	fe_put16(buf + p->l4 + 16,
		 (uint16_t)~fe_sum_fold(fe_sum_pseudo(4, p->src, p->dst,
						      IPPROTO_TCP,
						      p->l4_size)));
	return buf;
}

void fe_answer_icmp(struct fe_life *l, uint8_t type, uint8_t code,
		    uint32_t rest)
{
	const struct fe_packet *p = l->p;
	const struct fe_sysctls *s = &l->e->host->sysctls;
	bool v4 = p->family == 4;
	uint32_t quote = v4 ? quote4 : quote6;
	uint8_t bytes[ROOM], reset[64];
	struct fe_icmp_header icmp = {type, code, rest};
	struct fe_ip_header ip = {
	    .family = p->family, .dst = p->src,
	    .proto = v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6,
	    .ttl = v4 ? s->ip_default_ttl : s->ip6_hop_limit,
	    .tos = v4 ? (uint8_t)((p->tos & 0x1e) | 0xc0) : 0,
	};

	if (v4 ? !answerable4(l->e->host, p) : !answerable6(p, type))
		return;
	if (is_icmp_error(p) || !error_source(l, &ip.src))
		return;
	if (quote > p->caught)
		quote = p->caught;
	fe_life_answer(l, bytes,
		       fe_build_icmp(bytes, &ip, &icmp,
				     quoted(l, reset, sizeof(reset)), quote));
}

static bool unicast6(struct fe_u128 a)
{
	return a.hi >> 56 != 0xff && (a.hi || a.lo);
}

static bool resettable(const struct fe_life *l)
{
	const struct fe_packet *p = l->p;

	if (p->proto != IPPROTO_TCP || p->later_fragment || p->l4_size < 20 ||
	    p->caught < p->l4 + 20u || p->tcp_flags & FE_TCP_RST)
		return false;
	if (p->family == 4 ? !answerable4(l->e->host, p)
			   : !unicast6(p->src) || !unicast6(p->dst))
		return false;
	return fe_answer_checksum_ok(p);
}

static void answer_reset(struct fe_life *l)
{
	const struct fe_packet *p = l->p;
	const struct fe_sysctls *s = &l->e->host->sysctls;
	const uint8_t *tcp = p->data + p->l4;
	bool v4 = p->family == 4;
	uint8_t bytes[ROOM];
	struct fe_ip_header ip = {
	    .family = p->family, .proto = IPPROTO_TCP,
	    .ttl = v4 ? s->ip_default_ttl : s->ip6_hop_limit,
	    .df = true, .src = p->dst, .dst = p->src,
	};
	struct fe_tcp_header rst = {.sport = p->dport, .dport = p->sport,
				    .flags = FE_TCP_RST};

	if (!resettable(l) || leaves_loopback(l, p->dst))
		return;
	if (p->tcp_flags & FE_TCP_ACK) {
		rst.seq = fe_get32(tcp + 8);
	} else {
		rst.flags |= FE_TCP_ACK;
		rst.ack = fe_get32(tcp + 4) + p->l4_size -
			  (uint32_t)(tcp[12] >> 4) * 4 +
			  (uint32_t)!!(p->tcp_flags & FE_TCP_SYN) +
			  (uint32_t)!!(p->tcp_flags & FE_TCP_FIN);
	}
	fe_conntrack_close(l->e->ct, p);
	fe_life_answer(l, bytes, fe_build_tcp(bytes, &ip, &rst, NULL, 0));
}

void fe_answer_reject(struct fe_life *l, const struct fe_rule *rule)
{
	struct fe_reject r = fe_target_reject(fe_rule_target(rule), l->side->family);
	const struct fe_packet *p = l->p;

	if (r.tcp_reset)
		answer_reset(l);
	else if (!p->later_fragment &&
		 (!checksum_counts(p) || fe_answer_checksum_ok(p)))
		fe_answer_icmp(l, r.type, r.code, 0);
}
