/*
 * Random traffic: a few flows, each with the steps of a plausible talk, then
 * disturbed (steps repeated, left out, out of window, odd) and interleaved.
 */
#include <netinet/in.h>
#include <string.h>

#include "kt.h"

static const uint16_t ports[] = {22,   53,   80,   123,	  443,
				 1024, 5000, 8080, 33333, 40000};

struct steps { /* a vector of steps, see base/vec.h */
	struct kt_step *data;
	size_t n, cap;
};

static unsigned below(struct fe_rng *rng, unsigned n)
{
	return fe_rng_below(rng, n);
}

static uint16_t port(struct fe_rng *rng)
{
	return ports[below(rng, sizeof(ports) / sizeof(ports[0]))];
}

/* Where the two ends are: in, out, forwarded, loopback. */
static void flow_ends(const struct kt_host *h, struct fe_rng *rng,
		      struct kt_flow *f)
{
	unsigned in = KT_ETH0 + below(rng, h->n_eth);
	unsigned out = KT_ETH0 + below(rng, h->n_eth);
	unsigned kind = below(rng, 10);
	unsigned fam = f->family;

	if (kind >= 6 && (in == out || kind == 9))
		kind = below(rng, 6);
	if (kind < 3) {
		f->in_if = (uint8_t)in;
		f->src = kt_host_remote(h, rng, fam, in);
		f->dst =
		    kt_host_local(h, rng, fam, below(rng, 5) ? in : KT_ETH0);
	} else if (kind < 5) {
		f->dst = kt_host_remote(h, rng, fam, out);
		f->src = kt_host_local(h, rng, fam, out);
	} else if (kind < 6) {
		f->dst = kt_host_local(h, rng, fam, KT_NO_IFACE);
		f->src = below(rng, 3)
			     ? f->dst
			     : kt_host_local(h, rng, fam, KT_NO_IFACE);
	} else {
		f->in_if = (uint8_t)in;
		f->src = kt_host_remote(h, rng, fam, in);
		f->dst = kt_host_remote(h, rng, fam, out);
	}
}

static void flow_random(struct kt_case *c, struct fe_rng *rng)
{
	static const uint8_t protos[] = {
	    IPPROTO_TCP, IPPROTO_TCP,  IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP,
	    IPPROTO_UDP, IPPROTO_ICMP, 50,	    89,		 253};
	struct kt_flow f = {.family = below(rng, 3) ? 4 : 6};

	f.proto = protos[below(rng, below(rng, 4) ? 7 : 10)];
	if (f.proto == IPPROTO_ICMP && f.family == 6)
		f.proto = IPPROTO_ICMPV6;
	flow_ends(&c->host, rng, &f);
	f.sport =
	    below(rng, 3) ? (uint16_t)(1024 + below(rng, 60000)) : port(rng);
	f.dport = port(rng);
	f.isn[0] = (uint32_t)fe_rng_next(rng);
	f.isn[1] = (uint32_t)fe_rng_next(rng);
	for (unsigned i = 0; i < 2; i++)
		f.wscale[i] = below(rng, 2) ? 255 : (uint8_t)below(rng, 15);
	f.sack = below(rng, 2);
	fe_vec_push(&c->flows, f);
}

static struct kt_step step_base(struct fe_rng *rng, size_t flow, unsigned op,
				unsigned dir)
{
	static const uint8_t toses[] = {0, 0, 0, 0, 0x10, 0x28, 0xb8, 0x02};
	struct kt_step s = {.flow = (uint16_t)flow,
			    .op = (uint8_t)op,
			    .dir = (uint8_t)dir,
			    .window = 8192};

	s.tos = toses[below(rng, 8)];
	s.ttl = below(rng, 2) ? 64 : (uint8_t)(2 + below(rng, 250));
	s.mark = below(rng, 3) ? 0 : below(rng, 4);
	s.len = below(rng, 3) ? (uint16_t)below(rng, 100)
			      : (uint16_t)below(rng, 1200);
	return s;
}

static void tcp_step(struct steps *out, struct fe_rng *rng, size_t flow,
		     unsigned dir, unsigned flags)
{
	struct kt_step s = step_base(rng, flow, KT_TCP, dir);

	s.tcp_flags = (uint8_t)flags;
	if (!(flags & FE_TCP_PSH))
		s.len = 0;
	else
		s.len = (uint16_t)(1 + s.len);
	fe_vec_push(out, s);
}

static void tcp_talk(struct steps *out, struct fe_rng *rng, size_t flow)
{
	enum {
		F = FE_TCP_FIN,
		S = FE_TCP_SYN,
		R = FE_TCP_RST,
		P = FE_TCP_PSH,
		A = FE_TCP_ACK
	};
	static const uint8_t talk[][2] = {
	    {0, S},	{1, S | A}, {0, A},	{0, P | A}, {1, A},
	    {1, P | A}, {0, A},	    {0, F | A}, {1, A},	    {1, F | A},
	    {0, A},	{0, S},	    {1, S | A},
	};
	static const uint8_t odd[] = {
	    0, F,     R,     R | A, S | F, F | P | 32,	 S | R, A,
	    S, S | A, P | A, S | P, 0xff,  S | 64 | 128, A | 32};
	size_t begin = below(rng, 6) ? 0 : below(rng, 6);
	size_t end = 3 + below(rng, sizeof(talk) / 2 - 2);

	for (size_t i = begin; i < end; i++) {
		if (below(rng, 12) == 0)
			continue;
		tcp_step(out, rng, flow, talk[i][0], talk[i][1]);
		if (below(rng, 10) == 0)
			tcp_step(out, rng, flow, below(rng, 2),
				 odd[below(rng, sizeof(odd))]);
		if (below(rng, 14) == 0) {
			tcp_step(out, rng, flow, below(rng, 2),
				 below(rng, 2) ? R : R | A);
			break;
		}
	}
}

/* Retransmissions and sequence numbers in, at and beyond the window. */
static void tcp_disturb(struct kt_step *s, struct fe_rng *rng)
{
	static const int32_t offs[] = {
	    -1,	   1,	   -100,  100,	  -8192,   8191,       8192,  8193,
	    20000, -20000, 70000, -70000, 1 << 30, -(1 << 30), 500000};

	if (below(rng, 9) == 0)
		s->seq_off = offs[below(rng, sizeof(offs) / sizeof(*offs))];
	else if (below(rng, 10) == 0)
		s->seq_off = -(int32_t)s->len;
	if (below(rng, 12) == 0)
		s->ack_off = offs[below(rng, sizeof(offs) / sizeof(*offs))];
	if (below(rng, 12) == 0)
		s->window = (uint16_t)(below(rng, 2) ? 0 : below(rng, 65536));
}

static void dgram_talk(struct steps *out, struct fe_rng *rng, size_t flow,
		       unsigned op)
{
	unsigned n = 1 + below(rng, 6);

	for (unsigned i = 0; i < n; i++) {
		struct kt_step s = step_base(rng, flow, op, i & 1);

		if (below(rng, 5) == 0)
			s.dir = (uint8_t)below(rng, 2);
		fe_vec_push(out, s);
	}
}

static void icmp_talk(struct steps *out, struct fe_rng *rng, size_t flow,
		      unsigned family)
{
	static const uint8_t odd4[] = {13, 14, 17, 18, 15, 16, 5, 9, 10, 40};
	static const uint8_t odd6[] = {130, 133, 134, 135, 136,
				       137, 139, 143, 200, 151};
	unsigned n = 1 + below(rng, 5);

	for (unsigned i = 0; i < n; i++) {
		struct kt_step s = step_base(rng, flow, KT_ICMP, i & 1);

		if (below(rng, 6) == 0)
			s.dir = (uint8_t)below(rng, 2);
		s.type = family == 4 ? (s.dir ? 0 : 8) : (s.dir ? 129 : 128);
		if (below(rng, 8) == 0)
			s.type = family == 4 ? odd4[below(rng, 10)]
					     : odd6[below(rng, 10)];
		if (below(rng, 12) == 0)
			s.code = (uint8_t)below(rng, 3);
		fe_vec_push(out, s);
	}
}

static void error_step(struct steps *out, struct fe_rng *rng, size_t flow,
		       unsigned family)
{
	static const uint8_t types4[] = {3, 3, 3, 3, 11, 12, 4, 5};
	static const uint8_t types6[] = {1, 1, 2, 3, 4};
	struct kt_step s = step_base(rng, flow, KT_ERROR, below(rng, 2));

	s.type = family == 4 ? types4[below(rng, 8)] : types6[below(rng, 5)];
	s.code = (uint8_t)below(rng, s.type == 3 && family == 4 ? 5 : 2);
	s.len = (uint16_t)((family == 4 ? 28 : 48) + below(rng, 100));
	if (below(rng, 10) == 0)
		s.len = (uint16_t)((family == 4 ? 20 : 40) + below(rng, 8));
	fe_vec_push(out, s);
}

static void flow_steps(const struct kt_flow *f, struct fe_rng *rng, size_t flow,
		       struct steps *out)
{
	size_t n;

	if (f->proto == IPPROTO_TCP)
		tcp_talk(out, rng, flow);
	else if (f->proto == IPPROTO_UDP)
		dgram_talk(out, rng, flow, KT_UDP);
	else if (f->proto == IPPROTO_ICMP || f->proto == IPPROTO_ICMPV6)
		icmp_talk(out, rng, flow, f->family);
	else
		dgram_talk(out, rng, flow, KT_OTHER);
	n = out->n;
	for (unsigned i = 0; i < 2; i++)
		if (n && below(rng, 4) == 0)
			error_step(out, rng, flow, f->family);
}

/* A fifth of all steps are odd in some way. */
static void step_disturb(struct kt_step *s, struct fe_rng *rng)
{
	static const uint16_t mods[] = {KT_BADSUM, KT_TRUNC,  KT_LOWTTL,
					KT_SPOOF,  KT_NOSUM,  KT_BADIP,
					KT_PADDED, KT_OTHERIF};

	if (s->op == KT_TCP)
		tcp_disturb(s, rng);
	if (below(rng, 14) == 0)
		s->mods = mods[below(rng, 8)];
	if (s->mods & KT_TRUNC && s->op != KT_TCP && s->op != KT_UDP)
		s->mods = 0;
}

static void interleave(struct kt_case *c, struct fe_rng *rng,
		       struct steps *lists, size_t n)
{
	size_t left = 0, *at = fe_new_n(c->arena, size_t, n);

	for (size_t i = 0; i < n; i++)
		left += lists[i].n;
	while (left) {
		size_t i = below(rng, (unsigned)n);
		unsigned run = 1 + below(rng, 4);

		while (run-- && at[i] < lists[i].n) {
			fe_vec_push(&c->steps, lists[i].data[at[i]++]);
			left--;
		}
	}
}

/* Short timeouts and pauses that pass them; few cases, for they take time. */
static void add_gaps(struct kt_case *c, struct fe_rng *rng)
{
	static const char *const keys[] = {
	    "nf_conntrack_udp_timeout",
	    "nf_conntrack_udp_timeout_stream",
	    "nf_conntrack_icmp_timeout",
	    "nf_conntrack_icmpv6_timeout",
	    "nf_conntrack_tcp_timeout_syn_sent",
	    "nf_conntrack_tcp_timeout_syn_recv",
	    "nf_conntrack_tcp_timeout_time_wait",
	    "nf_conntrack_tcp_timeout_close",
	    "nf_conntrack_tcp_timeout_unacknowledged",
	    "nf_conntrack_tcp_timeout_established",
	    "nf_conntrack_generic_timeout",
	};
	unsigned gaps = 1 + below(rng, 3);

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (below(rng, 2))
			fe_vec_push(
			    &c->sysctls,
			    (struct kt_sysctl){keys[i], 1 + below(rng, 2)});
	while (gaps-- && c->steps.n)
		c->steps.data[below(rng, (unsigned)c->steps.n)].gap_ms =
		    below(rng, 2) ? 1500 : 2500;
}

static void add_sysctls(struct kt_case *c, struct fe_rng *rng)
{
	static const char *const keys[] = {"nf_conntrack_tcp_loose",
					   "nf_conntrack_checksum",
					   "nf_conntrack_tcp_be_liberal"};
	static const unsigned values[] = {0, 0, 1};

	for (size_t i = 0; i < 3; i++)
		if (below(rng, 8) == 0)
			fe_vec_push(&c->sysctls,
				    (struct kt_sysctl){keys[i], values[i]});
}

void kt_traffic_random(struct kt_case *c, struct fe_rng *rng)
{
	size_t n = 1 + below(rng, 7);
	struct steps *lists = fe_new_n(c->arena, struct steps, n);

	for (size_t i = 0; i < n; i++) {
		flow_random(c, rng);
		flow_steps(&c->flows.data[i], rng, i, &lists[i]);
		for (size_t k = 0; k < lists[i].n; k++)
			step_disturb(&lists[i].data[k], rng);
	}
	interleave(c, rng, lists, n);
	for (size_t i = 0; i < n; i++)
		fe_vec_free(&lists[i]);
	add_sysctls(c, rng);
	if (below(rng, 60) == 0 && !c->for_plan)
		add_gaps(c, rng);
}
