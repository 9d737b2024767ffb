/*
 * The host's model: interfaces by name, addresses, and routing as a linear
 * longest-prefix match; hosts have few routes.
 *
 * Local, broadcast and connected routes are not stored: they follow from the
 * addresses, as the kernel derives them.
 */
#include "host/host.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

static void defaults(struct fe_sysctls *s)
{
	static const uint32_t timeouts[] = {
#define T(NAME, name, now, old) now,
#include "host/timeouts.def"
#undef T
	};

	*s = (struct fe_sysctls){
	    .tcp_loose = 1, .tcp_max_retrans = 3, .checksum = 1,
	    .ip_default_ttl = 64, .ip6_hop_limit = 64,
	};
	memcpy(s->timeouts, timeouts, sizeof(timeouts));
}

struct fe_host *fe_host_new(void)
{
	struct fe_host *host = fe_calloc(1, sizeof(*host));
	struct fe_iface none = {.name = "", .index = 0};
	uint16_t lo;

	host->arena = fe_arena_new();
	host->kernel = FE_KERNEL(6, 18);
	defaults(&host->sysctls);
	fe_vec_push(&host->ifaces, none);
	lo = fe_host_iface(host, FE_STR("lo"));
	fe_host_add_addr(host, lo, 4, fe_u128(0x7f000001), 8);
	fe_host_add_addr(host, lo, 6, fe_u128(1), 128);
	return host;
}

void fe_host_use_kernel(struct fe_host *host, uint32_t version)
{
	static const uint32_t timeouts[][2] = { /* from 4.10 on, before */
#define T(NAME, name, now, old) {now, old},
#include "host/timeouts.def"
#undef T
	};
	unsigned was = host->kernel < FE_KERNEL(4, 10);
	unsigned is = version < FE_KERNEL(4, 10);

	host->kernel = version;
	for (size_t i = 0; i < FE_TIMEOUT_COUNT; i++)
		if (host->sysctls.timeouts[i] == timeouts[i][was])
			host->sysctls.timeouts[i] = timeouts[i][is];
}

void fe_host_free(struct fe_host *host)
{
	if (!host)
		return;
	fe_vec_free(&host->ifaces);
	fe_vec_free(&host->addrs);
	fe_vec_free(&host->routes);
	fe_arena_free(host->arena);
	free(host);
}

uint16_t fe_host_find_iface(const struct fe_host *host, struct fe_str name)
{
	for (size_t i = 1; i < host->ifaces.n; i++)
		if (fe_str_is(name, host->ifaces.data[i].name))
			return (uint16_t)i;
	return 0;
}

uint16_t fe_host_iface(struct fe_host *host, struct fe_str name)
{
	uint16_t index = fe_host_find_iface(host, name);
	bool lo = fe_str_is(name, "lo");

	if (index)
		return index;
	struct fe_iface iface = {
	    .name = fe_arena_strndup(host->arena, name.s, name.len),
	    .index = (uint16_t)host->ifaces.n,
	    .number = (uint32_t)host->ifaces.n,
	    .mtu = lo ? 65536 : 1500,
	    .loopback = lo,
	};
	fe_vec_push(&host->ifaces, iface);
	return iface.index;
}

static struct fe_u128 mask_of(unsigned family, unsigned prefix_len)
{
	unsigned bits = family == 4 ? 32 : 128;
	struct fe_u128 ones = fe_u128_ones(bits);
	struct fe_u128 host = fe_u128_ones(bits - prefix_len);

	return (struct fe_u128){ones.hi & ~host.hi, ones.lo & ~host.lo};
}

static bool in_prefix(unsigned family, struct fe_u128 addr,
		      struct fe_u128 prefix, unsigned prefix_len)
{
	struct fe_u128 mask = mask_of(family, prefix_len);

	return (addr.hi & mask.hi) == (prefix.hi & mask.hi) &&
	       (addr.lo & mask.lo) == (prefix.lo & mask.lo);
}

void fe_host_add_addr(struct fe_host *host, uint16_t iface, unsigned family,
		      struct fe_u128 addr, unsigned prefix_len)
{
	struct fe_host_addr a = {.iface = iface, .family = (uint8_t)family,
				 .prefix_len = (uint8_t)prefix_len,
				 .addr = addr};

	if (family == 4 && prefix_len < 31 &&
	    !host->ifaces.data[iface].loopback)
		a.broadcast.lo = addr.lo | fe_u128_ones(32 - prefix_len).lo;
	fe_vec_push(&host->addrs, a);
}

/* 127.0.0.0/8 is local as a whole. */
static bool is_own(const struct fe_host *host, const struct fe_host_addr *a,
		   struct fe_u128 addr)
{
	if (fe_u128_eq(a->addr, addr))
		return true;
	return a->family == 4 && host->ifaces.data[a->iface].loopback &&
	       in_prefix(4, addr, a->addr, a->prefix_len);
}

bool fe_host_is_local(const struct fe_host *host, unsigned family,
		      struct fe_u128 addr)
{
	for (size_t i = 0; i < host->addrs.n; i++)
		if (host->addrs.data[i].family == family &&
		    is_own(host, &host->addrs.data[i], addr))
			return true;
	return false;
}

static unsigned type4(const struct fe_host *host, uint32_t addr)
{
	if (addr == UINT32_MAX || addr >> 24 == 0)
		return RTN_BROADCAST;
	if (addr >> 28 == 14)
		return RTN_MULTICAST;
	if (fe_host_is_local(host, 4, fe_u128(addr)))
		return RTN_LOCAL;
	for (size_t i = 0; i < host->addrs.n; i++)
		if (host->addrs.data[i].broadcast.lo == addr)
			return RTN_BROADCAST;
	return RTN_UNICAST;
}

unsigned fe_host_addr_type(const struct fe_host *host, unsigned family,
			   struct fe_u128 addr)
{
	if (family == 4)
		return type4(host, (uint32_t)addr.lo);
	if (addr.hi >> 56 == 0xff)
		return RTN_MULTICAST;
	if (addr.hi == 0 && addr.lo == 0)
		return RTN_UNSPEC;
	return fe_host_is_local(host, 6, addr) ? RTN_LOCAL : RTN_UNICAST;
}

/* The best of: stored routes, and the connected ones of addresses. */
const struct fe_route *fe_host_route(const struct fe_host *host,
				     unsigned family, struct fe_u128 dst)
{
	const struct fe_route *best = NULL;

	for (size_t i = 0; i < host->routes.n; i++) {
		const struct fe_route *r = &host->routes.data[i];
		if (r->family != family || r->table == 255 ||
		    !in_prefix(family, dst, r->dst, r->prefix_len))
			continue;
		if (!best || r->prefix_len > best->prefix_len ||
		    (r->prefix_len == best->prefix_len &&
		     r->metric < best->metric))
			best = r;
	}
	return best;
}

uint16_t fe_host_oif(const struct fe_host *host, unsigned family,
		     struct fe_u128 dst, struct fe_u128 *prefsrc)
{
	const struct fe_route *route = fe_host_route(host, family, dst);
	const struct fe_host_addr *connected = NULL;

	for (size_t i = 0; i < host->addrs.n; i++) {
		const struct fe_host_addr *a = &host->addrs.data[i];
		if (a->family == family &&
		    in_prefix(family, dst, a->addr, a->prefix_len) &&
		    (!connected || a->prefix_len > connected->prefix_len))
			connected = a;
	}
	if (connected &&
	    (!route || connected->prefix_len >= route->prefix_len)) {
		*prefsrc = connected->addr;
		if (family == 6)
			fe_host_select(host, connected->iface, 6, dst, prefsrc);
		return connected->iface;
	}
	if (!route || !route->oif ||
	    (route->type != RTN_UNICAST && route->type != RTN_UNSPEC))
		return 0;
	*prefsrc = route->prefsrc;
	if (!prefsrc->hi && !prefsrc->lo)
		fe_host_select(host, route->oif, family,
			       family == 6 ? dst : route->gateway, prefsrc);
	return route->oif;
}

bool fe_host_iface_addr(const struct fe_host *host, uint16_t iface,
			unsigned family, struct fe_u128 towards,
			struct fe_u128 *addr)
{
	const struct fe_host_addr *first = NULL;

	for (size_t i = 0; i < host->addrs.n; i++) {
		const struct fe_host_addr *a = &host->addrs.data[i];
		if (a->family != family || a->iface != iface)
			continue;
		if (!first)
			first = a;
		if ((towards.hi || towards.lo) &&
		    in_prefix(family, towards, a->addr, a->prefix_len)) {
			first = a;
			break;
		}
	}
	if (first)
		*addr = first->addr;
	return first != NULL;
}
