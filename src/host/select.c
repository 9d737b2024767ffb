/*
 * Which of its addresses a host puts into a packet.
 *
 * IPv4 takes the interface's first address, rather one in the network of the
 * next hop. IPv6 selects by the rules of RFC 6724, section 5, as far as they
 * can tell addresses of one host apart: 1, 2, 5, 6 and 8; of equal ones the
 * kernel takes the one that was added last.
 */
#include "host/host.h"

static bool is_zero(struct fe_u128 a)
{
	return !a.hi && !a.lo;
}

static bool in_network(const struct fe_host_addr *a, struct fe_u128 dst)
{
	uint32_t mask = (uint32_t)(0xffffffffull << (32 - a->prefix_len));

	return (dst.lo & mask) == (a->addr.lo & mask);
}

/* Addresses of the loopback network don't leave the host. */
static bool has_host_scope(const struct fe_host_addr *a)
{
	return a->addr.lo >> 24 == 127;
}

static bool select4(const struct fe_host *host, uint16_t iface,
		    struct fe_u128 dst, struct fe_u128 *addr)
{
	bool found = false;

	for (size_t i = 0; i < host->addrs.n; i++) {
		const struct fe_host_addr *a = &host->addrs.data[i];
		if (a->family != 4 || (iface && a->iface != iface) ||
		    has_host_scope(a))
			continue;
		if (!found)
			*addr = a->addr;
		found = true;
		if (!iface || is_zero(dst))
			break;
		if (in_network(a, dst)) {
			*addr = a->addr;
			break;
		}
	}
	return found;
}

/* The policy table's labels. */
static unsigned label(struct fe_u128 a)
{
	if (a.hi == 0 && a.lo == 1)
		return 0;
	if (a.hi == 0 && a.lo >> 32 == 0xffff)
		return 4;
	if (a.hi == 0 && a.lo >> 32 == 0)
		return 3;
	if (a.hi >> 48 == 0x2002)
		return 2;
	if (a.hi >> 32 == 0x20010000)
		return 6;
	if (a.hi >> 48 == 0x3ffe)
		return 12;
	if (a.hi >> 57 == 0xfc >> 1)
		return 5;
	if (a.hi >> 54 == 0xfec0 >> 6)
		return 11;
	return 1;
}

/* Link-local or global; the loopback address counts as link-local. */
static bool is_link_scope(struct fe_u128 a)
{
	if (a.hi >> 56 == 0xff)
		return (a.hi >> 48 & 0xf) <= 2;
	return a.hi >> 54 == 0xfe80 >> 6 || (a.hi == 0 && a.lo == 1);
}

static unsigned common_bits(struct fe_u128 a, struct fe_u128 b, unsigned most)
{
	uint64_t hi = a.hi ^ b.hi, lo = a.lo ^ b.lo;
	unsigned n = hi ? (unsigned)__builtin_clzll(hi)
		   : lo ? 64 + (unsigned)__builtin_clzll(lo) : 128;

	return n < most ? n : most;
}

/* Better ones have larger ranks. */
static unsigned rank6(const struct fe_host_addr *a, uint16_t oif,
		      struct fe_u128 dst)
{
	bool same = fe_u128_eq(a->addr, dst);
	bool scope = is_link_scope(dst) || !is_link_scope(a->addr);
	bool out = a->iface == oif;
	bool labels = label(a->addr) == label(dst);

	return (unsigned)same << 20 | (unsigned)scope << 19 |
	       (unsigned)out << 18 | (unsigned)labels << 17 |
	       common_bits(a->addr, dst, a->prefix_len);
}

static bool select6(const struct fe_host *host, uint16_t oif,
		    struct fe_u128 dst, struct fe_u128 *addr)
{
	const struct fe_host_addr *best = NULL;
	unsigned most = 0;

	for (size_t i = 0; i < host->addrs.n; i++) {
		const struct fe_host_addr *a = &host->addrs.data[i];
		unsigned rank;
		if (a->family != 6)
			continue;
		rank = rank6(a, oif, dst);
		if (!best || rank >= most) {
			best = a;
			most = rank;
		}
	}
	if (best)
		*addr = best->addr;
	return best != NULL;
}

bool fe_host_select(const struct fe_host *host, uint16_t oif, unsigned family,
		    struct fe_u128 dst, struct fe_u128 *addr)
{
	if (family == 6)
		return select6(host, oif, dst, addr);
	return select4(host, oif, dst, addr) || select4(host, 0, dst, addr);
}

bool fe_host_last6(const struct fe_host *host, uint16_t iface,
		   struct fe_u128 dst, struct fe_u128 *addr)
{
	for (size_t i = host->addrs.n; i-- > 0;) {
		const struct fe_host_addr *a = &host->addrs.data[i];
		if (a->family != 6 || a->iface != iface ||
		    is_link_scope(a->addr) != is_link_scope(dst))
			continue;
		*addr = a->addr;
		return true;
	}
	return false;
}

/* IPv4's local routes have the first address of the network as source. */
struct fe_u128 fe_host_local_source(const struct fe_host *host,
				    unsigned family, struct fe_u128 dst)
{
	const struct fe_host_addr *own = NULL;

	if (family == 6)
		return dst;
	for (size_t i = 0; i < host->addrs.n && !own; i++) {
		const struct fe_host_addr *a = &host->addrs.data[i];
		if (a->family == 4 &&
		    (fe_u128_eq(a->addr, dst) ||
		     (has_host_scope(a) && in_network(a, dst))))
			own = a;
	}
	for (size_t i = 0; own && i < host->addrs.n; i++) {
		const struct fe_host_addr *a = &host->addrs.data[i];
		if (a->family == 4 && a->iface == own->iface &&
		    a->prefix_len == own->prefix_len &&
		    in_network(a, own->addr))
			return a->addr;
	}
	return dst;
}
