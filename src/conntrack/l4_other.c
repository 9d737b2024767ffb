/*
 * UDP, UDP-Lite, ICMP, ICMPv6, GRE and everything without a state machine.
 *
 * Such a flow has no state but its timeout: the short one until a reply was
 * seen, then, where the protocol has it, the stream's.
 */
#include <netinet/in.h>

#include "conntrack/l4.h"
#include "packet/wire.h"

int64_t fe_l4_timeout(const struct fe_conntrack *ct, enum fe_timeout which)
{
	/* Jiffies are 32 bits, 250 a second. */
	uint32_t s = ct->host->sysctls.timeouts[which];

	return (int64_t)(s < 8589934 ? s : 8589934) * 1000000000;
}

void fe_l4_account(struct fe_l4_packet *p)
{
	p->flow->packets[p->dir]++;
	p->flow->bytes[p->dir] += p->packet->length;
}

void fe_l4_refresh(struct fe_l4_packet *p, int64_t timeout)
{
	if (p->is_new)
		p->flow->expires = timeout;
	else if (!(p->flow->status & FE_IPS_FIXED_TIMEOUT))
		fe_timer_set(p->ct, p->flow, p->ct->now + timeout);
	fe_l4_account(p);
}

bool fe_l4_sum_ok(const struct fe_l4_packet *p, uint32_t n, uint8_t proto)
{
	const struct fe_packet *packet = p->packet;
	uint64_t sum = 0;

	if (!p->verify || packet->caught < packet->size || n > p->have)
		return true;
	/* The kernel checks a first fragment when it has been put together;
	 * one that comes alone can't be checked. */
	if (packet->fragment)
		return true;
	if (proto != 0)
		sum = fe_sum_pseudo(packet->family, packet->src, packet->dst,
				    proto, p->size);
	return fe_sum_fold(fe_sum(p->data, n, sum)) == 0;
}

static uint32_t milliseconds(int64_t time)
{
	return (uint32_t)(time / 1000000);
}

static bool udp_bad(const struct fe_l4_packet *p)
{
	uint32_t length;

	if (p->size < 8 || p->have < 8)
		return true;
	length = fe_get16(p->data + 4);
	if (length > p->size || length < 8)
		return true;
	return fe_get16(p->data + 6) != 0 &&
	       !fe_l4_sum_ok(p, p->size, IPPROTO_UDP);
}

enum fe_l4_result fe_l4_udp(struct fe_l4_packet *p)
{
	struct fe_flow *flow = p->flow;
	struct fe_conntrack *ct = p->ct;
	uint32_t now = milliseconds(ct->now);
	bool two_seconds = ct->host->kernel >= FE_KERNEL(5, 0);

	if (udp_bad(p))
		return FE_L4_INVALID;
	if (p->is_new)
		flow->l4 = now + 2000;
	if (!(flow->status & FE_IPS_SEEN_REPLY)) {
		fe_l4_refresh(p, fe_l4_timeout(ct, FE_T_UDP));
		return FE_L4_ACCEPT;
	}
	/* A stream: still alive two seconds after it began. */
	if (!two_seconds || (int32_t)(now - flow->l4) >= 0) {
		fe_l4_refresh(p, fe_l4_timeout(ct, FE_T_UDP_STREAM));
		flow->status |= FE_IPS_ASSURED;
	} else {
		fe_l4_refresh(p, fe_l4_timeout(ct, FE_T_UDP));
	}
	return FE_L4_ACCEPT;
}

/* One timeout until a reply was seen, then another and ASSURED. */
static enum fe_l4_result two_timeouts(struct fe_l4_packet *p,
				      enum fe_timeout one,
				      enum fe_timeout both)
{
	if (p->flow->status & FE_IPS_SEEN_REPLY) {
		fe_l4_refresh(p, fe_l4_timeout(p->ct, both));
		p->flow->status |= FE_IPS_ASSURED;
	} else {
		fe_l4_refresh(p, fe_l4_timeout(p->ct, one));
	}
	return FE_L4_ACCEPT;
}

enum fe_l4_result fe_l4_udplite(struct fe_l4_packet *p)
{
	uint32_t cover;

	if (p->size < 8 || p->have < 8)
		return FE_L4_INVALID;
	cover = fe_get16(p->data + 4);
	if (cover == 0)
		cover = p->size;
	if (cover < 8 || cover > p->size || fe_get16(p->data + 6) == 0)
		return FE_L4_INVALID;
	/* Measured: the kernel's pseudo header says 17 here, too. */
	if (!fe_l4_sum_ok(p, cover, IPPROTO_UDP))
		return FE_L4_INVALID;
	return two_timeouts(p, FE_T_UDP, FE_T_UDP_STREAM);
}

enum fe_l4_result fe_l4_icmp(struct fe_l4_packet *p)
{
	uint8_t type = p->packet->icmp_type;

	if (p->is_new &&
	    !(type == 8 || type == 13 || type == 15 || type == 17))
		return FE_L4_INVALID;
	fe_l4_refresh(p, fe_l4_timeout(p->ct, FE_T_ICMP));
	return FE_L4_ACCEPT;
}

enum fe_l4_result fe_l4_icmpv6(struct fe_l4_packet *p)
{
	uint8_t type = p->packet->icmp_type;

	if (p->is_new && !(type == 128 || type == 139))
		return FE_L4_INVALID;
	fe_l4_refresh(p, fe_l4_timeout(p->ct, FE_T_ICMPV6));
	return FE_L4_ACCEPT;
}

enum fe_l4_result fe_l4_gre(struct fe_l4_packet *p)
{
	return two_timeouts(p, FE_T_GRE, FE_T_GRE_STREAM);
}

enum fe_l4_result fe_l4_generic(struct fe_l4_packet *p)
{
	fe_l4_refresh(p, fe_l4_timeout(p->ct, FE_T_GENERIC));
	return FE_L4_ACCEPT;
}
