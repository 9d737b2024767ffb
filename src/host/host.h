/*
 * The host: interfaces, addresses, routes, sysctls, kernel profile.
 *
 * Made from a snapshot (`--host DIR`), from a `host` block of a test file, or
 * guessed from rules and traffic; the engine routes with it, the planner asks
 * it for local addresses.
 */
#ifndef FE_HOST_H
#define FE_HOST_H

#include "base/diag.h"
#include "packet/packet.h"

struct fe_iface {
	const char *name;
	uint16_t index;       /* its place in host->ifaces; 0 is "none" */
	uint32_t number;      /* the kernel's ifindex, as captures have it;
				 the same as index where nothing tells */
	uint32_t mtu;         /* bytes; default 1500, lo 65536 */
	bool loopback;
	bool ethernet;        /* packets carry MAC addresses */
};

struct fe_host_addr {
	uint16_t iface;
	uint8_t family;       /* 4 or 6 */
	uint8_t prefix_len;
	struct fe_u128 addr;
	struct fe_u128 broadcast; /* IPv4 only, 0: none */
};

struct fe_route {
	uint8_t family;
	uint8_t type;         /* RTN_UNICAST ... (linux/rtnetlink.h) */
	uint8_t prefix_len;
	uint16_t oif;         /* 0: none (blackhole, unreachable) */
	struct fe_u128 dst, gateway, prefsrc; /* gateway 0: on link */
	uint32_t metric;
	uint32_t table;       /* 254 main, 255 local */
};

/* Versions are 0xMMmm: 6.18 is 0x0612. */
#define FE_KERNEL(major, minor) ((uint32_t)((major) << 8 | (minor)))

enum fe_timeout_index { /* of fe_sysctls.timeouts */
#define T(NAME, name, now, old) FE_TIMEOUT_##NAME,
#include "host/timeouts.def"
#undef T
	FE_TIMEOUT_COUNT
};

struct fe_sysctls { /* the ones the engine obeys; units as in the kernel */
	uint32_t nf_conntrack_max;     /* entries; 0: see max_given */
	uint32_t nf_conntrack_buckets;
	bool max_given; /* nf_conntrack_max counts, and 0 is no limit; else
			   0 is the profile's default */
	uint8_t tcp_loose, tcp_be_liberal, tcp_ignore_invalid_rst;
	uint8_t tcp_max_retrans;
	uint8_t checksum, acct, log_invalid;
	uint8_t ip_forward, ip6_forward; /* all.forwarding for v6 */
	uint8_t rp_filter;             /* 0 off 1 strict 2 loose */
	uint8_t accept_local;
	uint8_t ip_default_ttl, ip6_hop_limit;
	uint32_t timeouts[FE_TIMEOUT_COUNT]; /* seconds */
};

struct fe_host {
	struct fe_arena *arena;
	FE_VEC(struct fe_iface) ifaces;   /* [0] is "none" */
	FE_VEC(struct fe_host_addr) addrs;
	FE_VEC(struct fe_route) routes;   /* added ones; local, broadcast and
					     connected ones follow from addrs */
	struct fe_sysctls sysctls;
	uint32_t kernel;          /* FE_KERNEL(); default 6.18 */
	bool addrs_told;          /* addresses were given one by one */
	bool known;               /* from a snapshot or host block: addresses
				     and interfaces are all there are */
	bool forward_given[2];    /* IPv4, IPv6: whether it forwards is known,
				     by sysctl; else it may */
	bool conntrack_loaded;    /* evidence: lsmod, a dump, --assume-tracked */
	const char *evidence;     /* which, for messages */
	const char *conntrack_dump; /* path of conntrack.txt, or NULL */
	const char *nft;          /* text of nft.txt, or NULL */
};

struct fe_host *fe_host_new(void);      /* lo with 127.0.0.1/8 and ::1 */
void fe_host_free(struct fe_host *host);

/* The interface's index; made when it does not exist. */
uint16_t fe_host_iface(struct fe_host *host, struct fe_str name);
/* 0 when there is none of that name. */
uint16_t fe_host_find_iface(const struct fe_host *host, struct fe_str name);
void fe_host_add_addr(struct fe_host *host, uint16_t iface, unsigned family,
		      struct fe_u128 addr, unsigned prefix_len);

/* Reads a snapshot directory or archive (contract: `--host`). Files that are
 * missing are skipped; files that cannot be read are reported. */
bool fe_host_read(struct fe_host *host, struct fe_sources *sources,
		  const char *path, struct fe_diags *diags);
/* The kernel's profile: its version, and the timeouts that it has where they
 * are still the defaults of another. */
void fe_host_use_kernel(struct fe_host *host, uint32_t version);
/* "net.netfilter.nf_conntrack_max", "65536"; false after reporting. */
bool fe_host_sysctl(struct fe_host *host, struct fe_str key,
		    struct fe_str value, struct fe_diags *diags);

bool fe_host_is_local(const struct fe_host *host, unsigned family,
		      struct fe_u128 addr);
/* RTN_* of an address, as -m addrtype and routing see it. */
unsigned fe_host_addr_type(const struct fe_host *host, unsigned family,
			   struct fe_u128 addr);
/* The stored route to dst, or NULL. Longest prefix, then metric. */
const struct fe_route *fe_host_route(const struct fe_host *host,
				     unsigned family, struct fe_u128 dst);

/*
 * The interface by which packets to dst leave, connected networks included,
 * and the source address they get when they have none; 0: unreachable.
 */
uint16_t fe_host_oif(const struct fe_host *host, unsigned family,
		     struct fe_u128 dst, struct fe_u128 *prefsrc);
/* The interface's address, rather in the network of `towards` (0: any). */
bool fe_host_iface_addr(const struct fe_host *host, uint16_t iface,
			unsigned family, struct fe_u128 towards,
			struct fe_u128 *addr);
/*
 * The address that this host gives to packets to dst (IPv4: to the next hop)
 * leaving by oif, where no route says another; false: it has none.
 */
bool fe_host_select(const struct fe_host *host, uint16_t oif, unsigned family,
		    struct fe_u128 dst, struct fe_u128 *addr);
/* The interface's IPv6 address that was added last, of dst's scope. */
bool fe_host_last6(const struct fe_host *host, uint16_t iface,
		   struct fe_u128 dst, struct fe_u128 *addr);
/* The source of packets from the host to its own address dst. */
struct fe_u128 fe_host_local_source(const struct fe_host *host,
				    unsigned family, struct fe_u128 dst);
/* Whether fe_host_sysctl() knows the key. */
bool fe_host_sysctl_is_known(struct fe_str name);

#endif
