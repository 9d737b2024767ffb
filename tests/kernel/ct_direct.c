/*
 * Conntrack alone against the kernel: random packets of a few flows are
 * forwarded through a namespace and through fe_conntrack_*, without the
 * engine between. Rules in the namespace write each packet's conntrack state
 * into its TTL, so that what leaves tells the state; NAT shows in its bytes.
 *
 * Compared: drop, state, bytes, and after each case the lines of
 * /proc/net/nf_conntrack (timeouts within a second, use= left out).
 *
 * Both sides run on the wall clock, so a machine that stops this program for
 * a while between the kernel's look at the clock and its own makes timeouts
 * differ by chance. Such a case (a look took longer than MAX_STALL) is played
 * again; one that differs without a stall is never.
 *
 * Usage: ct_direct [--seed N] [--cases N] [--nat N] [--verbose]
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/rng.h"
#include "conntrack/l4.h"
#include "packet/wire.h"

enum { N_SIDES = 2, MAX_STEPS = 24, SKIP = 77, N_NATS = 10, N_PLAYS = 8 };

#define MAX_STALL 200000000 /* nanoseconds */
#define LATE 300		/* milliseconds to wait for a late packet */

static const struct fe_nat_setup {
	const char *post, *pre; /* rules for nat POSTROUTING, PREROUTING */
	struct fe_nat_range src, dst;
	bool has_src, has_dst;
} nats[N_NATS] = {
	{0},
	{.post = "-o eth1 -j SNAT --to-source 10.2.0.9"},
	{.post = "-o eth1 -j SNAT --to-source 10.2.0.9-10.2.0.12"},
	{.post = "-o eth1 -p tcp -j SNAT --to-source 10.2.0.9:2000-2003"},
	{.post = "-o eth1 -p udp -j SNAT --to-source 10.2.0.9:2000-2003"},
	{.pre = "-i eth0 -j DNAT --to-destination 10.2.0.50"},
	{.pre = "-i eth0 -j DNAT --to-destination 10.2.0.50-10.2.0.59"},
	{.pre = "-i eth0 -p tcp -j DNAT --to-destination 10.2.0.50:80-82"},
	{.post = "-o eth1 -j NETMAP --to 10.2.7.0/24"},
	{.post = "-o eth1 -j SNAT --to-source 10.2.0.9-10.2.0.12 --persistent",
	 .pre = "-i eth0 -j DNAT --to-destination 10.2.0.50-10.2.0.52"},
};

/* The same in fe_nat_range's terms. */
static bool nat_range(unsigned which, enum fe_nat_kind kind, unsigned iif,
		      const struct fe_packet *p, struct fe_nat_range *r)
{
	const uint32_t net = 10u << 24 | 2u << 16;
	bool in = kind == FE_NAT_SRC && /* leaves by eth1 */
		  p->dst.lo >> 16 == (10 << 8 | 2);
	bool pre = kind == FE_NAT_DST && iif == 0;

	*r = (struct fe_nat_range){.flags = FE_NAT_MAP_ADDRS};
	r->min = r->max = fe_u128(net | 9);
	if (p->family != 4)
		return false;
	switch (which) {
	case 1:
		return in;
	case 2:
		r->max = fe_u128(net | 12);
		return in;
	case 3:
	case 4:
		r->flags |= FE_NAT_MAP_PORTS;
		r->port_min = 2000;
		r->port_max = 2003;
		return in && p->proto == (which == 3 ? 6 : 17);
	case 5:
		r->min = r->max = fe_u128(net | 50);
		return pre;
	case 6:
		r->min = fe_u128(net | 50);
		r->max = fe_u128(net | 59);
		return pre;
	case 7:
		r->min = r->max = fe_u128(net | 50);
		r->flags |= FE_NAT_MAP_PORTS;
		r->port_min = 80;
		r->port_max = 82;
		return pre && p->proto == 6;
	case 8:
		r->min = fe_u128(net | 7 << 8);
		r->max = fe_u128(net | 7 << 8 | 255);
		r->flags |= FE_NAT_NETMAP;
		return in;
	case 9:
		if (kind == FE_NAT_SRC) {
			r->max = fe_u128(net | 12);
			r->flags |= FE_NAT_PERSISTENT;
			return in;
		}
		r->min = fe_u128(net | 50);
		r->max = fe_u128(net | 52);
		return pre;
	}
	return false;
}

struct side {
	uint32_t nxt;    /* next sequence number */
	uint16_t win;
};

struct flow {
	uint8_t family, proto;
	struct fe_u128 addr[2];
	uint16_t port[2];
	struct side side[2];
};

struct bytes {
	uint8_t data[2048];
	size_t size;
};

struct play {
	struct fe_rng rng;
	int tun[N_SIDES];
	struct fe_host *host;
	struct fe_conntrack *ct;
	unsigned nat;
	struct flow flows[4];
	unsigned n_flows;
	struct bytes sent[MAX_STEPS], seen[MAX_STEPS];
	unsigned from[MAX_STEPS]; /* side */
	unsigned n_sent;
	const struct bytes *hint; /* what the kernel sent: random ports */
	bool stalled;		  /* this play's times can't be compared */
	struct fe_buf log;
};

static unsigned below(struct play *p, unsigned n)
{
	return fe_rng_below(&p->rng, n);
}

static int run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int run(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return system(command);
}

static int tun_open(const char *name)
{
	struct ifreq ifr = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0)
		return -1;
	return fd;
}

static bool write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		return false;
	fputs(text, f);
	return fclose(f) == 0;
}

static const char *set_up(struct play *p)
{
	static const char *const states[] = {"INVALID", "NEW", "RELATED",
					     "ESTABLISHED", "UNTRACKED"};

	if (unshare(CLONE_NEWNET))
		return "no network namespaces";
	p->tun[0] = tun_open("eth0");
	p->tun[1] = tun_open("eth1");
	if (p->tun[0] < 0 || p->tun[1] < 0)
		return "no TUN devices";
	run("sysctl -qw net.ipv4.ip_forward=1 "
	    "net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0 "
	    "net.ipv4.conf.default.rp_filter=0 "
	    "net.ipv4.conf.default.send_redirects=0 "
	    "net.ipv4.conf.all.send_redirects=0 "
	    "net.ipv6.conf.default.accept_dad=0");
	for (int i = 0; i < 2; i++)
		run("ip link set eth%d multicast off addrgenmode none; "
		    "sysctl -qw net.ipv4.conf.eth%d.rp_filter=0 "
		    "net.ipv4.conf.eth%d.send_redirects=0 "
		    "net.ipv6.conf.eth%d.accept_dad=0; "
		    "ip addr add 10.%d.0.1/16 dev eth%d; ip link set eth%d up; "
		    "ip addr add fd0%d::1/64 dev eth%d nodad", i, i, i, i,
		    i + 1, i, i, i + 1, i);
	/* The kernel adds local routes in a work queue of its own. */
	for (int i = 0; i < 2; i++)
		run("n=0; until ip -6 route show table local |"
		    " grep -q 'fd0%d::1 ' || [ $n = 500 ]; do"
		    " n=$((n + 1)); sleep 0.02; done", i + 1);
	for (int i = 0; i < 5; i++)
		if (run("iptables-legacy -t mangle -A FORWARD -m conntrack "
			"--ctstate %s -j TTL --ttl-set %d && "
			"ip6tables-legacy -t mangle -A FORWARD -m conntrack "
			"--ctstate %s -j HL --hl-set %d", states[i], 100 + i,
			states[i], 100 + i))
			return "no iptables-legacy";
	if (!write_file("/proc/sys/net/netfilter/nf_conntrack_acct", "1"))
		return "no conntrack";
	return NULL;
}

static void set_nat(unsigned which)
{
	run("iptables-legacy -t nat -F");
	if (nats[which].post)
		run("iptables-legacy -t nat -A POSTROUTING %s",
		    nats[which].post);
	if (nats[which].pre)
		run("iptables-legacy -t nat -A PREROUTING %s",
		    nats[which].pre);
}

/* Traffic. */

static void make_flow(struct play *p, struct flow *f)
{
	static const uint8_t protos[] = {6, 6, 6, 6, 17, 17, 1, 47, 136,
					 50, 33};

	*f = (struct flow){.family = below(p, 4) ? 4 : 6};
	f->proto = protos[below(p, sizeof(protos))];
	if (f->family == 6 && f->proto == 1)
		f->proto = 58;
	for (unsigned i = 0; i < 2; i++) {
		uint32_t last = 2 + below(p, 3);
		if (f->family == 4)
			f->addr[i] = fe_u128(10u << 24 | (i + 1) << 16 | last);
		else
			f->addr[i] = (struct fe_u128){
				(0xfd01ull + i) << 48, last};
		f->port[i] = (uint16_t)(i ? 80 + below(p, 2)
					  : 1000 + below(p, 3));
		f->side[i].nxt = below(p, 4) ? 1000 * (i + 1)
					     : 0xfffffff0u + below(p, 20);
		f->side[i].win = (uint16_t)(below(p, 4) ? 1000 : 65535);
	}
	if (f->family == 4 && f->proto == 6 && below(p, 4) == 0)
		f->port[0] = (uint16_t)(below(p, 2) ? 200 : 700);
}

static size_t tcp_options(struct play *p, uint8_t *o, uint8_t flags,
			  uint32_t ack)
{
	size_t n = 0;

	if (flags & FE_TCP_SYN) {
		if (below(p, 2)) {
			o[n++] = 3;
			o[n++] = 3;
			o[n++] = (uint8_t)below(p, 16);
		}
		if (below(p, 2)) {
			o[n++] = 4;
			o[n++] = 2;
		}
	} else if (below(p, 6) == 0) {
		o[n++] = 1;
		o[n++] = 1;
		o[n++] = 5;
		o[n++] = 10;
		fe_put32(o + n, ack + 100);
		fe_put32(o + n + 4, ack + below(p, 400));
		n += 8;
	}
	return n;
}

static uint32_t jitter(struct play *p, uint32_t win)
{
	const uint32_t deltas[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
				   (uint32_t)-1, (uint32_t)-100, 100, win,
				   win + 1, win - 1, 2 * win, 2 * win + 2,
				   70000, (uint32_t)-70000, 0x80000000u,
				   (uint32_t)-66001};

	return deltas[below(p, sizeof(deltas) / sizeof(*deltas))];
}

static void build_tcp(struct play *p, struct flow *f, unsigned dir,
		      struct fe_ip_header *ip, struct bytes *out)
{
	static const uint8_t flag_sets[] = {
		2, 2, 2, 18, 18, 16, 16, 16, 16, 16, 24, 24, 17, 17, 4, 20,
		1, 0, 3, 6, 34, 194, 48, 57, 41,
	};
	struct side *own = &f->side[dir], *other = &f->side[!dir];
	uint8_t options[40];
	struct fe_tcp_header t = {
		.sport = f->port[dir], .dport = f->port[!dir],
		.flags = flag_sets[below(p, sizeof(flag_sets))],
	};
	static const size_t sizes[] = {0, 0, 0, 1, 100, 500};
	size_t size;

	/* Mostly what would come next in an orderly connection. */
	if (below(p, 3) != 0) {
		static const uint8_t orderly[] = {2, 18, 16, 24, 16, 17, 16,
						  17, 16, 2, 18, 16};
		unsigned at = p->n_sent < 12 ? p->n_sent : 11;
		t.flags = orderly[at];
	}
	t.seq = own->nxt + jitter(p, other->win);
	t.ack = t.flags & FE_TCP_ACK || below(p, 4) == 0
	    ? other->nxt + jitter(p, own->win) : 0;
	t.window = below(p, 8) ? own->win : (uint16_t)(below(p, 3) * 30000);
	size = t.flags & (FE_TCP_SYN | FE_TCP_RST) && below(p, 8) ? 0
	    : sizes[below(p, 6)];
	t.options = options;
	t.options_size = (uint8_t)tcp_options(p, options, t.flags, t.ack);
	out->size = fe_build_tcp(out->data, ip, &t, NULL, size);
	if (t.seq == own->nxt && !(t.flags & FE_TCP_RST))
		own->nxt += (uint32_t)size + !!(t.flags & FE_TCP_SYN) +
			    !!(t.flags & FE_TCP_FIN);
}

static void build_icmp(struct play *p, struct flow *f, unsigned dir,
		       struct fe_ip_header *ip, struct bytes *out)
{
	static const uint8_t v4[] = {8, 8, 8, 0, 0, 13, 14, 17, 18, 9, 42, 15};
	static const uint8_t v6[] = {128, 128, 128, 129, 129, 139, 140, 135,
				     200, 143, 128, 1};
	struct fe_icmp_header h = {.rest = (uint32_t)f->port[0] << 16 | 1};

	h.type = (f->family == 4 ? v4 : v6)[below(p, 12)];
	if (below(p, 2))
		h.type = f->family == 4 ? (dir ? 0 : 8) : (dir ? 129 : 128);
	h.code = below(p, 10) == 0;
	out->size = fe_build_icmp(out->data, ip, &h, NULL, 16);
}

/* An error about a packet that left the kernel on the side it goes to. */
static bool build_error(struct play *p, struct bytes *out, unsigned *side)
{
	static const uint8_t v4[] = {3, 3, 11, 4, 5, 12}, v6[] = {1, 2, 3, 4};
	unsigned which = below(p, p->n_sent);
	const struct bytes *about = &p->seen[which];
	struct fe_icmp_header h = {0};
	struct fe_ip_header ip = {.ttl = 64, .id = 7};
	size_t quote;

	if (about->size < 28)
		return false;
	ip.family = about->data[0] >> 4;
	*side = !p->from[which];
	if (ip.family == 4) {
		ip.dst = fe_u128(fe_get32(about->data + 12));
		ip.src = below(p, 2) ? fe_u128(fe_get32(about->data + 16))
		    : fe_u128(10u << 24 | (*side + 1) << 16 | 77);
		h.type = v4[below(p, 6)];
	} else {
		ip.dst = fe_get128(about->data + 8);
		ip.src = fe_get128(about->data + 24);
		h.type = v6[below(p, 4)];
	}
	if (below(p, 12) == 0)
		ip.dst.lo++;
	quote = fe_ip_size(ip.family) + (below(p, 3) ? 8 : below(p, 40));
	if (quote > about->size)
		quote = about->size;
	out->size = fe_build_icmp(out->data, &ip, &h, about->data, quote);
	return true;
}

static void build_other(struct play *p, struct flow *f, unsigned dir,
			struct fe_ip_header *ip, struct bytes *out)
{
	uint8_t l4[64] = {0};
	size_t size = 8 + below(p, 20);

	if (f->proto == 136) {
		uint64_t sum = fe_sum_pseudo(ip->family, ip->src, ip->dst,
					     below(p, 2) ? 17 : 136,
					     (uint32_t)size);
		fe_put16(l4, f->port[dir]);
		fe_put16(l4 + 2, f->port[!dir]);
		fe_put16(l4 + 6, fe_sum_fold(fe_sum(l4, size, sum)));
	} else if (f->proto == 33) {
		fe_put16(l4, f->port[dir]);
		fe_put16(l4 + 2, f->port[!dir]);
		size = 20;
	} else if (f->proto == 132) {
		static const uint8_t chunks[] = {1, 2, 10, 11, 0, 4, 5, 7, 8,
						 14, 6, 3, 9};
		unsigned at = p->n_sent < 4 && below(p, 4) ? p->n_sent
		    : below(p, sizeof(chunks));
		fe_put16(l4, f->port[dir]);
		fe_put16(l4 + 2, f->port[!dir]);
		l4[12] = chunks[at];
		fe_put32(l4 + 4, l4[12] == 1 ? 0 : dir ? 0x1111 : 0x2222);
		if (below(p, 16) == 0)
			fe_put32(l4 + 4, 0x3333);
		fe_put16(l4 + 14, 20);
		fe_put32(l4 + 16, dir ? 0x2222 : 0x1111);
		size = 32;
		fe_put32(l4 + 8, 0);
		uint32_t crc = fe_crc32c(l4, size, 0);
		fe_put32(l4 + 8, __builtin_bswap32(crc));
	} else if (f->proto == 47) {
		l4[1] = below(p, 8) == 0;
		fe_put16(l4 + 2, l4[1] ? 0x880b : 0x0800);
		fe_put16(l4 + 6, below(p, 3));
	}
	out->size = fe_build_ip(out->data, ip, l4, size);
}

static void build(struct play *p, struct bytes *out, unsigned *side)
{
	struct flow *f = &p->flows[below(p, p->n_flows)];
	unsigned dir = below(p, 5) ? p->n_sent & 1 : below(p, 2);
	struct fe_ip_header ip;

	if (p->n_sent > 1 && below(p, 10) == 0 && build_error(p, out, side))
		return;
	ip = (struct fe_ip_header){
		.family = f->family, .proto = f->proto, .ttl = 64, .id = 1,
		.src = f->addr[dir], .dst = f->addr[!dir],
	};
	/* Answers go where the translated packets came from. */
	if (dir == 1)
		for (unsigned i = p->n_sent; i-- > 0;) {
			const uint8_t *d = p->seen[i].data;
			if (p->from[i] == 0 && p->seen[i].size >= 24 &&
			    d[0] >> 4 == 4 && f->family == 4 &&
			    d[9] == f->proto &&
			    fe_get32(p->sent[i].data + 12) ==
				(uint32_t)f->addr[0].lo) {
				ip.dst = fe_u128(fe_get32(d + 12));
				ip.src = fe_u128(fe_get32(d + 16));
				break;
			}
		}
	*side = dir;
	if (f->proto == 6)
		build_tcp(p, f, dir, &ip, out);
	else if (f->proto == 17)
		out->size = fe_build_udp(out->data, &ip, f->port[dir],
					 f->port[!dir], NULL, below(p, 30));
	else if (f->proto == 1 || f->proto == 58)
		build_icmp(p, f, dir, &ip, out);
	else
		build_other(p, f, dir, &ip, out);
	if (below(p, 40) == 0)
		out->data[out->size - 1] ^= 0x55;
}

/* The port that the kernel chose shows in what it sent. */
static bool hint_port(void *arg, const struct fe_tuple *original,
		      enum fe_nat_kind kind, uint16_t *port)
{
	const struct play *p = arg;
	struct fe_l4_place place;

	if (p->hint == NULL || p->hint->size < 28 || kind != FE_NAT_SRC ||
	    !fe_l4_find(p->hint->data, (uint32_t)p->hint->size,
			original->family, &place))
		return false;
	*port = fe_get16(p->hint->data + place.offset +
			 (place.proto == 1 || place.proto == 58 ? 4 : 0));
	return true;
}

static enum fe_ct_verdict nat_hook(struct play *p, struct fe_packet *packet,
				   enum fe_hook hook, unsigned side,
				   uint8_t *bytes)
{
	enum fe_nat_kind kind = hook == FE_PREROUTING ? FE_NAT_DST
						      : FE_NAT_SRC;
	struct fe_nat_range range;
	bool has;

	if (p->nat == 0)
		return FE_CT_ACCEPT;
	if (fe_nat_wants_rules(p->ct, packet, hook)) {
		has = nat_range(p->nat, kind, side, packet, &range);
		if (packet->family == 4 &&
		    fe_nat_bind(p->ct, packet, kind, has ? &range : NULL))
			return FE_CT_DROP;
	}
	return fe_nat_packet(p->ct, packet, hook, bytes);
}

/* The simulated path; out->size 0: dropped. */
static void simulate(struct play *p, const struct bytes *in, unsigned side,
		     int64_t now, struct bytes *out)
{
	struct fe_packet packet = {.time = now, .iif = (uint16_t)(side + 1)};
	bool ok;

	*out = *in;
	packet.data = out->data;
	packet.size = packet.caught = (uint32_t)out->size;
	fe_conntrack_advance(p->ct, now);
	if (fe_packet_parse(&packet) != FE_PARSE_OK) {
		out->size = 0;
		return;
	}
	ok = fe_conntrack_in(p->ct, &packet, FE_PREROUTING, 0) ==
		 FE_CT_ACCEPT &&
	     nat_hook(p, &packet, FE_PREROUTING, side, out->data) ==
		 FE_CT_ACCEPT;
	if (ok) {
		fe_wire_set_ttl(out->data, (uint8_t)(100 + packet.ctstate));
		ok = nat_hook(p, &packet, FE_POSTROUTING, side, out->data) ==
			 FE_CT_ACCEPT &&
		     fe_conntrack_confirm(p->ct, &packet) == FE_CT_ACCEPT;
	}
	fe_conntrack_forget(p->ct, &packet);
	if (!ok)
		out->size = 0;
}

/* A report or solicitation of the kernel's own: link-local, or no, source. */
static bool kernels_own(const struct bytes *b)
{
	static const uint8_t none[16];
	const uint8_t *d = b->data;

	return b->size >= 40 && d[0] >> 4 == 6 &&
	       ((d[8] == 0xfe && (d[9] & 0xc0) == 0x80) ||
		memcmp(d + 8, none, sizeof(none)) == 0);
}

static void receive(struct play *p, struct bytes *out)
{
	out->size = 0;
	for (int i = 0; i < 2; i++) {
		struct bytes b;
		ssize_t n;

		while ((n = read(p->tun[i], b.data, sizeof(b.data))) > 0) {
			b.size = (size_t)n;
			if (!kernels_own(&b))
				*out = b;
		}
	}
}

/*
 * The kernel usually forwards a packet before write() returns; under load it
 * leaves that to a thread of its own, and the packet comes late.
 */
static bool comes_late(struct play *p)
{
	struct pollfd fds[] = {{.fd = p->tun[0], .events = POLLIN},
			       {.fd = p->tun[1], .events = POLLIN}};
	struct bytes late = {.size = 0};

	while (late.size == 0 && poll(fds, 2, LATE) > 0)
		receive(p, &late);
	return late.size != 0;
}

static void drain(struct play *p)
{
	uint8_t data[2048];

	for (int i = 0; i < 2; i++)
		while (read(p->tun[i], data, sizeof(data)) > 0)
			continue;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void describe(struct fe_buf *buf, const struct bytes *b)
{
	struct fe_packet p = {.data = b->data, .trust_checksum = true,
			      .size = (uint32_t)b->size,
			      .caught = (uint32_t)b->size};

	if (b->size == 0) {
		fe_buf_puts(buf, "dropped\n");
		return;
	}
	fe_packet_parse(&p);
	fe_buf_printf(buf, "ttl %d proto %d %llx:%d -> %llx:%d flags %x "
		      "icmp %d/%d id %d len %d", p.ttl, p.proto,
		      (unsigned long long)p.src.lo, p.sport,
		      (unsigned long long)p.dst.lo, p.dport, p.tcp_flags,
		      p.icmp_type, p.icmp_code, p.icmp_id, p.length);
	if (p.proto == 6)
		fe_buf_printf(buf, " seq %u ack %u win %u",
			      fe_get32(b->data + p.l4 + 4),
			      fe_get32(b->data + p.l4 + 8),
			      fe_get16(b->data + p.l4 + 14));
	fe_buf_putc(buf, '\n');
}

/* Lines of a table, sorted; timeouts cut off, use= cut off. */
struct lines {
	char *text[64];
	int left[64];
	int n;
};

static void add_line(struct lines *l, const char *line)
{
	char family[16], proto[16], rest[512] = "";
	int a, b, left, at = 0;
	char text[600], *use;

	if (l->n == 64 || sscanf(line, "%15s %d %15s %d %d %n", family, &a,
				 proto, &b, &left, &at) < 5)
		return;
	snprintf(rest, sizeof(rest), "%s", line + at);
	use = strstr(rest, " use=");
	if (use)
		*use = '\0';
	snprintf(text, sizeof(text), "%s %s %d %s", family, proto, b, rest);
	l->left[l->n] = left;
	l->text[l->n++] = strdup(text);
}

static void sort_lines(struct lines *l)
{
	for (int i = 0; i < l->n; i++)
		for (int k = i + 1; k < l->n; k++)
			if (strcmp(l->text[i], l->text[k]) > 0) {
				char *t = l->text[i];
				int n = l->left[i];
				l->text[i] = l->text[k];
				l->text[k] = t;
				l->left[i] = l->left[k];
				l->left[k] = n;
			}
}

static void kernel_table(struct lines *l)
{
	FILE *f = fopen("/proc/net/nf_conntrack", "r");
	char line[1024];

	while (f != NULL && fgets(line, sizeof(line), f))
		add_line(l, line);
	if (f != NULL)
		fclose(f);
	sort_lines(l);
}

struct table_arg {
	struct play *play;
	struct lines *lines;
	int64_t now;
};

static void own_line(void *arg, const struct fe_flow *flow)
{
	struct table_arg *a = arg;
	struct fe_buf buf = {0};

	fe_flow_print(a->play->ct, flow, a->now, &buf);
	add_line(a->lines, fe_buf_text(&buf));
	fe_buf_free(&buf);
}

static bool tables_differ(struct play *p, bool show, struct fe_buf *buf)
{
	struct lines kernel = {0}, own = {0};
	struct table_arg a = {p, &own, now_ns()};
	bool bad;

	fe_conntrack_advance(p->ct, a.now);
	kernel_table(&kernel);
	fe_conntrack_each(p->ct, own_line, &a);
	sort_lines(&own);
	if (now_ns() - a.now > MAX_STALL)
		p->stalled = true;
	bad = show || kernel.n != own.n;
	for (int i = 0; i < kernel.n && i < own.n; i++)
		if (strcmp(kernel.text[i], own.text[i]) != 0 ||
		    abs(kernel.left[i] - own.left[i]) > 1)
			bad = true;
	for (int i = 0; bad && i < kernel.n; i++)
		fe_buf_printf(buf, "  kernel %d %s\n", kernel.left[i],
			      kernel.text[i]);
	for (int i = 0; bad && i < own.n; i++)
		fe_buf_printf(buf, "  own    %d %s\n", own.left[i],
			      own.text[i]);
	for (int i = 0; i < kernel.n; i++)
		free(kernel.text[i]);
	for (int i = 0; i < own.n; i++)
		free(own.text[i]);
	return bad;
}

static bool same(const struct bytes *a, const struct bytes *b)
{
	return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

static void step(struct play *p, bool *bad)
{
	struct bytes own;
	unsigned side = 0, n = p->n_sent;
	int64_t before;

	build(p, &p->sent[n], &side);
	p->from[n] = side;
	drain(p); /* the kernel's own multicast reports */
	before = now_ns();
	if (write(p->tun[side], p->sent[n].data, p->sent[n].size) < 0)
		return;
	receive(p, &p->seen[n]);
	if (now_ns() - before > MAX_STALL)
		p->stalled = true;
	p->hint = &p->seen[n];
	simulate(p, &p->sent[n], side, now_ns(), &own);
	fe_buf_printf(&p->log, "%u side %u: ", n, side);
	describe(&p->log, &p->sent[n]);
	p->n_sent++;
	if (same(&own, &p->seen[n]))
		return;
	if (p->seen[n].size == 0 && comes_late(p))
		p->stalled = true;
	fe_buf_puts(&p->log, "  kernel: ");
	describe(&p->log, &p->seen[n]);
	fe_buf_puts(&p->log, "  own:    ");
	describe(&p->log, &own);
	*bad = true;
}

static bool play_case(struct play *p, uint64_t seed, unsigned nat)
{
	bool bad = false;
	unsigned n;

	p->rng.state = seed;
	p->nat = nat;
	p->n_sent = 0;
	p->stalled = false;
	fe_buf_clear(&p->log);
	fe_conntrack_free(p->ct);
	p->ct = fe_conntrack_new(p->host);
	fe_nat_set_port_chooser(p->ct, hint_port, p);
	p->n_flows = 1 + below(p, 3);
	for (unsigned i = 0; i < p->n_flows; i++)
		make_flow(p, &p->flows[i]);
	/* A second client on the first one's port: NAT must keep apart. */
	if (p->n_flows > 1 && below(p, 2)) {
		p->flows[1] = p->flows[0];
		p->flows[1].addr[0].lo ^= 7;
	}
	n = 3 + below(p, MAX_STEPS - 3);
	while (p->n_sent < n && !bad)
		step(p, &bad);
	bad = tables_differ(p, bad, &p->log);
	run("conntrack -F >/dev/null 2>&1");
	return !bad;
}

/*
 * A case is right when a play agrees, wrong when a play without a stall
 * doesn't. A machine that stalls each time has not shown it right.
 */
static bool case_agrees(struct play *p, uint64_t seed, unsigned nat)
{
	for (unsigned i = 0; i < N_PLAYS; i++) {
		if (play_case(p, seed, nat))
			return true;
		if (!p->stalled)
			return false;
		fprintf(stderr, "ct_direct: stalled, played again\n");
	}
	return false;
}

static struct fe_host *make_host(void)
{
	static const uint32_t timeouts[] = {
#define T(NAME, name, now, old) now,
#include "host/timeouts.def"
#undef T
	};
	struct fe_host *host = fe_calloc(1, sizeof(*host));

	host->kernel = FE_KERNEL(6, 18);
	memcpy(host->sysctls.timeouts, timeouts, sizeof(timeouts));
	host->sysctls.checksum = host->sysctls.tcp_loose = 1;
	host->sysctls.tcp_max_retrans = 3;
	host->sysctls.acct = 1;
	return host;
}

int main(int argc, char **argv)
{
	unsigned cases = 40, only_nat = N_NATS, failed = 0, shown = 0;
	uint64_t seed = 1;
	struct play *p = fe_calloc(1, sizeof(*p));
	const char *why;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--seed") == 0)
			seed = strtoull(argv[i + 1], NULL, 0);
		else if (strcmp(argv[i], "--cases") == 0)
			cases = (unsigned)strtoul(argv[i + 1], NULL, 0);
		else if (strcmp(argv[i], "--nat") == 0)
			only_nat = (unsigned)strtoul(argv[i + 1], NULL, 0);
	}
	why = geteuid() != 0 ? "not root" : set_up(p);
	if (why != NULL) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	p->host = make_host();
	printf("1..%d\n", N_NATS);
	for (unsigned nat = 0; nat < N_NATS; nat++) {
		unsigned bad = 0;
		if (only_nat < N_NATS && nat != only_nat)
			continue;
		if (nat > 0)
			set_nat(nat);
		for (unsigned i = 0; i < cases; i++) {
			uint64_t s = seed * 1000003 + nat * 100003 + i;
			if (case_agrees(p, s, nat))
				continue;
			bad++;
			if (shown++ < 5)
				printf("# case %u of nat %u\n%s", i, nat,
				       fe_buf_text(&p->log));
		}
		failed += bad;
		printf("%s %u - conntrack of %u cases, NAT %u, seed %llu"
		       " (%u differ)\n", bad ? "not ok" : "ok", nat + 1, cases,
		       nat, (unsigned long long)seed, bad);
		fflush(stdout);
	}
	fe_conntrack_free(p->ct);
	fe_buf_free(&p->log);
	free(p->host);
	free(p);
	return failed != 0;
}
