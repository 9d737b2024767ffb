/*
 * Routing decisions between the hooks, as the kernel makes them: which
 * packets are never let in, which are for this host, which go on.
 *
 * A host that is only guessed (host->known is false) takes every packet as
 * its own that it would otherwise refuse.
 */
#include "program/machine.h"

#include <linux/rtnetlink.h>

static bool is_loopback4(struct fe_u128 a)
{
	return a.lo >> 24 == 127;
}

static bool is_loopback6(struct fe_u128 a)
{
	return a.hi == 0 && a.lo == 1;
}

static bool is_multicast6(struct fe_u128 a)
{
	return a.hi >> 56 == 0xff;
}

static uint16_t loopback(const struct fe_host *host)
{
	for (size_t i = 1; i < host->ifaces.n; i++)
		if (host->ifaces.data[i].loopback)
			return (uint16_t)i;
	return 0;
}

/* The only interface beside lo there is, or the first of them. */
static uint16_t any_iface(const struct fe_host *host)
{
	for (size_t i = 1; i < host->ifaces.n; i++)
		if (!host->ifaces.data[i].loopback)
			return (uint16_t)i;
	return 0;
}

uint16_t fe_route_out(const struct fe_host *host, unsigned family,
		      struct fe_u128 dst, struct fe_u128 *prefsrc)
{
	uint16_t oif;

	*prefsrc = (struct fe_u128){0, 0};
	if (fe_host_is_local(host, family, dst)) {
		*prefsrc = fe_host_local_source(host, family, dst);
		return loopback(host);
	}
	oif = fe_host_oif(host, family, dst, prefsrc);
	return oif || host->known ? oif : any_iface(host);
}

bool fe_route_refuses(const struct fe_host *host, const struct fe_packet *p)
{
	uint64_t scope = p->dst.hi >> 48 & 0xf;

	if (p->family == 4 || host->ifaces.data[p->iif].loopback)
		return false;
	if (is_loopback6(p->src) || is_loopback6(p->dst) ||
	    is_multicast6(p->src))
		return true;
	return is_multicast6(p->dst) && scope <= 1;
}

/* rp_filter, and the source that is this host itself. */
static bool source_is_martian(const struct fe_host *host,
			      const struct fe_packet *p)
{
	struct fe_u128 prefsrc;
	uint16_t back;

	if (!host->sysctls.accept_local && fe_host_is_local(host, 4, p->src))
		return true;
	if (!host->known || !host->sysctls.rp_filter)
		return false;
	back = fe_host_oif(host, 4, p->src, &prefsrc);
	return !back || (host->sysctls.rp_filter == 1 && back != p->iif);
}

static enum fe_way unicast(const struct fe_host *host,
			   const struct fe_packet *p, bool forwards,
			   uint16_t *oif)
{
	struct fe_u128 prefsrc;

	if (!host->known && !forwards)
		return FE_WAY_LOCAL;
	if (p->family == 4 && !forwards)
		return FE_WAY_SILENT;
	*oif = fe_route_out(host, p->family, p->dst, &prefsrc);
	if (!*oif)
		return FE_WAY_NO_ROUTE;
	return forwards ? FE_WAY_FORWARD : FE_WAY_SILENT;
}

static enum fe_way route4(const struct fe_host *host,
			  const struct fe_packet *p, uint16_t *oif)
{
	unsigned type = fe_host_addr_type(host, 4, p->dst);
	bool lo = host->ifaces.data[p->iif].loopback;
	uint32_t src = (uint32_t)p->src.lo, dst = (uint32_t)p->dst.lo;

	if (src >> 28 == 14 || src == UINT32_MAX)
		return FE_WAY_MARTIAN;
	if (type == RTN_MULTICAST) /* of the groups, all hosts is joined */
		return dst == 0xe0000001 || !host->known ? FE_WAY_LOCAL
							 : FE_WAY_SILENT;
	if (dst == UINT32_MAX || (!src && !dst))
		return FE_WAY_LOCAL;
	if (src >> 24 == 0 || dst >> 24 == 0)
		return FE_WAY_MARTIAN;
	if (!lo && (is_loopback4(p->src) || is_loopback4(p->dst)))
		return FE_WAY_MARTIAN;
	if (source_is_martian(host, p))
		return FE_WAY_MARTIAN;
	if (type == RTN_LOCAL || type == RTN_BROADCAST)
		return FE_WAY_LOCAL;
	return unicast(host, p, host->sysctls.ip_forward, oif);
}

/* All nodes, all routers where this is one, and solicited nodes. */
static bool joined6(const struct fe_host *host, struct fe_u128 dst)
{
	const uint64_t link = 0xff02ull << 48;

	if (dst.hi != link)
		return false;
	if (dst.lo == 1 || (dst.lo == 2 && host->sysctls.ip6_forward))
		return true;
	for (size_t i = 0; i < host->addrs.n; i++) {
		const struct fe_host_addr *a = &host->addrs.data[i];
		if (a->family == 6 &&
		    dst.lo == (0x1ff000000ull | (a->addr.lo & 0xffffff)))
			return true;
	}
	return false;
}

/* To ::1 after NAT: only routes by the interface it came from count. */
static enum fe_way strict6(const struct fe_host *host,
			   const struct fe_packet *p, uint16_t *oif)
{
	const struct fe_route *route = fe_host_route(host, 6, p->dst);

	if (!route || route->oif != p->iif)
		return FE_WAY_NO_ROUTE;
	*oif = route->oif;
	return host->sysctls.ip6_forward ? FE_WAY_FORWARD : FE_WAY_SILENT;
}

enum fe_way fe_route_in(const struct fe_host *host, const struct fe_packet *p,
			uint16_t *oif)
{
	*oif = 0;
	if (p->family == 4)
		return route4(host, p, oif);
	if (is_multicast6(p->dst))
		return joined6(host, p->dst) || !host->known ? FE_WAY_LOCAL
							     : FE_WAY_SILENT;
	if (is_loopback6(p->dst) && !host->ifaces.data[p->iif].loopback)
		return strict6(host, p, oif);
	if (fe_host_is_local(host, 6, p->dst))
		return FE_WAY_LOCAL;
	return unicast(host, p, host->sysctls.ip6_forward, oif);
}
