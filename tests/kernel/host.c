/*
 * Hosts: a handful per seed, so that namespaces can be kept and used again.
 *
 * Addresses are private or for documentation; interface n of host h has the
 * networks 10.h.n.0/24 and fd00:h:n::/64; eth0 also leads to the rest of the
 * world by a default route.
 */
#include <netinet/in.h>

#include "kt.h"

static struct fe_u128 net4(unsigned h, unsigned iface, unsigned host)
{
	return fe_u128(10u << 24 | h << 16 | iface << 8 | host);
}

static struct fe_u128 net6(unsigned h, unsigned iface, unsigned host)
{
	return (struct fe_u128){
	    0xfd00ull << 48 | (uint64_t)h << 32 | (uint64_t)iface << 16, host};
}

static void add(struct kt_host *host, unsigned family, unsigned iface,
		struct fe_u128 addr, unsigned prefix_len)
{
	struct kt_addr *a = &host->addrs[host->n_addrs++];

	a->family = (uint8_t)family;
	a->iface = (uint8_t)iface;
	a->addr = addr;
	a->prefix_len = (uint8_t)prefix_len;
}

void kt_host_make(struct kt_host *host, uint64_t seed, unsigned n)
{
	struct fe_rng rng = {seed ^ (n + 1) * 0x9e3779b97f4a7c15u};

	*host = (struct kt_host){.n_eth = 1 + fe_rng_below(&rng, 3)};
	if (n == 0)
		host->n_eth = 2;
	host->forward4 = n == 0 || (host->n_eth > 1 && fe_rng_below(&rng, 4));
	host->forward6 = n == 0 || (host->n_eth > 1 && fe_rng_below(&rng, 4));
	host->rp_filter = fe_rng_below(&rng, 4) ? 0 : fe_rng_below(&rng, 3);
	add(host, 4, KT_LO, fe_u128(INADDR_LOOPBACK), 8);
	add(host, 6, KT_LO, fe_u128(1), 128);
	for (unsigned i = KT_ETH0; i < KT_ETH0 + host->n_eth; i++) {
		unsigned extra = fe_rng_below(&rng, 3) == 0;

		for (unsigned k = 0; k <= extra; k++) {
			add(host, 4, i, net4(n, i, 1 + k * 4), 24);
			add(host, 6, i, net6(n, i, 1 + k * 4), 64);
		}
	}
	host->gateway4 = net4(n, KT_ETH0, 254);
	host->gateway6 = net6(n, KT_ETH0, 254);
}

bool kt_host_has(const struct kt_host *host, unsigned family,
		 struct fe_u128 addr)
{
	if (family == 4 && addr.lo >> 24 == 127)
		return true;
	for (unsigned i = 0; i < host->n_addrs; i++)
		if (host->addrs[i].family == family &&
		    fe_u128_eq(host->addrs[i].addr, addr))
			return true;
	return false;
}

unsigned kt_host_route(const struct kt_host *host, unsigned family,
		       struct fe_u128 addr)
{
	if (kt_host_has(host, family, addr))
		return KT_LO;
	for (unsigned i = 0; i < host->n_addrs; i++) {
		const struct kt_addr *a = &host->addrs[i];

		if (a->iface == KT_LO || a->family != family)
			continue;
		if (family == 4 ? a->addr.lo >> 8 == addr.lo >> 8
				: a->addr.hi == addr.hi)
			return a->iface;
	}
	return KT_ETH0;
}

struct fe_u128 kt_host_local(const struct kt_host *host, struct fe_rng *rng,
			     unsigned family, unsigned iface)
{
	struct fe_u128 found[2 * KT_MAX_ADDRS];
	unsigned n = 0;

	for (unsigned i = 0; i < host->n_addrs; i++)
		if (host->addrs[i].family == family &&
		    (iface == KT_NO_IFACE || host->addrs[i].iface == iface))
			found[n++] = host->addrs[i].addr;
	return found[fe_rng_below(rng, n)];
}

struct fe_u128 kt_host_remote(const struct kt_host *host, struct fe_rng *rng,
			      unsigned family, unsigned iface)
{
	static const uint32_t world[] = {0xc6336407, 0xc6336408, 0xcb007109};
	struct fe_u128 a = {0, 0};

	if (iface == KT_ETH0 && fe_rng_below(rng, 2)) {
		uint32_t w = world[fe_rng_below(rng, 3)];

		return family == 4 ? fe_u128(w)
				   : (struct fe_u128){0x20010db8ull << 32, w};
	}
	for (unsigned i = 0; i < host->n_addrs; i++)
		if (host->addrs[i].family == family &&
		    host->addrs[i].iface == iface)
			a = host->addrs[i].addr;
	a.lo = (a.lo & ~(uint64_t)0xff) | (10 + fe_rng_below(rng, 4));
	return a;
}

void kt_addr_text(unsigned family, struct fe_u128 a, struct fe_buf *buf)
{
	if (family == 4) {
		fe_buf_printf(buf, "%u.%u.%u.%u", (unsigned)(a.lo >> 24 & 255),
			      (unsigned)(a.lo >> 16 & 255),
			      (unsigned)(a.lo >> 8 & 255),
			      (unsigned)(a.lo & 255));
		return;
	}
	for (unsigned i = 0; i < 8; i++) {
		uint64_t half = i < 4 ? a.hi : a.lo;

		fe_buf_printf(buf, "%s%x", i ? ":" : "",
			      (unsigned)(half >> (48 - 16 * (i % 4)) & 0xffff));
	}
}
