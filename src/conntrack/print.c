/*
 * Entries as text: the lines of /proc/net/nf_conntrack.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "conntrack/l4.h"
#include "packet/wire.h"

static const char *proto_name(const struct fe_flow *flow)
{
	switch (flow->proto) {
	case IPPROTO_TCP: return "tcp";
	case IPPROTO_UDP: return "udp";
	case IPPROTO_UDPLITE: return "udplite";
	case IPPROTO_ICMP: return "icmp";
	case IPPROTO_ICMPV6: return "icmpv6";
	case IPPROTO_SCTP: return "sctp";
	case IPPROTO_GRE: return "gre";
	}
	return "unknown";
}

const char *fe_flow_state_name(const struct fe_flow *flow)
{
	if (flow->proto == IPPROTO_TCP)
		return fe_tcp_state_name(flow->state);
	if (flow->proto == IPPROTO_SCTP)
		return fe_sctp_state_name(flow->state);
	return "";
}

static void print_addr(struct fe_buf *buf, const char *label, unsigned family,
		       struct fe_u128 addr)
{
	uint8_t bytes[16];

	fe_put_addr(bytes, family, addr);
	if (family == 4) {
		fe_buf_printf(buf, "%s=%u.%u.%u.%u ", label, bytes[0],
			      bytes[1], bytes[2], bytes[3]);
		return;
	}
	/* The kernel doesn't shorten here. */
	fe_buf_printf(buf, "%s=", label);
	for (int i = 0; i < 16; i += 2)
		fe_buf_printf(buf, "%04x%c", fe_get16(bytes + i),
			      i < 14 ? ':' : ' ');
}

static void print_l4(struct fe_buf *buf, const struct fe_tuple *t)
{
	switch (t->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
		fe_buf_printf(buf, "sport=%u dport=%u ", t->sport, t->dport);
		return;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		fe_buf_printf(buf, "type=%u code=%u id=%u ", t->dport >> 8,
			      t->dport & 255, t->sport);
		return;
	case IPPROTO_GRE:
		fe_buf_printf(buf, "srckey=0x%x dstkey=0x%x ", t->sport,
			      t->dport);
		return;
	}
}

static void print_tuple(const struct fe_conntrack *ct, struct fe_buf *buf,
			const struct fe_flow *flow, unsigned dir)
{
	struct fe_tuple t = fe_flow_tuple(flow, dir);

	print_addr(buf, "src", t.family, t.src);
	print_addr(buf, "dst", t.family, t.dst);
	print_l4(buf, &t);
	/* The zone of one direction only; see below for both. */
	if (flow->zone != 0 && flow->zone_dirs == 1u << dir)
		fe_buf_printf(buf, "zone-%s=%u ",
			      dir == FE_ORIGINAL ? "orig" : "reply",
			      flow->zone);
	if (ct->host->sysctls.acct)
		fe_buf_printf(buf, "packets=%u bytes=%llu ",
			      flow->packets[dir],
			      (unsigned long long)flow->bytes[dir]);
}

void fe_flow_print(const struct fe_conntrack *ct, const struct fe_flow *flow,
		   int64_t now, struct fe_buf *buf)
{
	int64_t left = (flow->expires - now) / 1000000000;
	const char *state = fe_flow_state_name(flow);

	fe_buf_printf(buf, "%-8s %u %-8s %u %lld ",
		      flow->family == 4 ? "ipv4" : "ipv6",
		      flow->family == 4 ? 2 : 10, proto_name(flow),
		      flow->proto, (long long)(left > 0 ? left : 0));
	if (state[0] != '\0')
		fe_buf_printf(buf, "%s ", state);
	if (flow->proto == IPPROTO_GRE)
		fe_buf_printf(buf, "timeout=%u, stream_timeout=%u ",
			      ct->host->sysctls.timeouts[FE_T_GRE],
			      ct->host->sysctls.timeouts[FE_T_GRE_STREAM]);
	print_tuple(ct, buf, flow, FE_ORIGINAL);
	if (!(flow->status & FE_IPS_SEEN_REPLY))
		fe_buf_puts(buf, "[UNREPLIED] ");
	print_tuple(ct, buf, flow, FE_REPLY);
	if (flow->status & FE_IPS_ASSURED)
		fe_buf_puts(buf, "[ASSURED] ");
	fe_buf_printf(buf, "mark=%u ", flow->mark);
	if (flow->zone_dirs == 3)
		fe_buf_printf(buf, "zone=%u ", flow->zone);
	/* In /proc the reader holds the entry itself. */
	fe_buf_puts(buf, "use=2\n");
}

struct order {
	uint32_t age; /* entries made since */
	uint32_t ref;
};

static int older_first(const void *a, const void *b)
{
	const struct order *x = a, *y = b;

	return x->age < y->age ? 1 : x->age > y->age ? -1 : 0;
}

void fe_conntrack_each(const struct fe_conntrack *ct, fe_flow_fn *fn,
		       void *arg)
{
	FE_VEC(struct order) list = {0};
	size_t end = ((size_t)1 << ct->index.bits) + FE_INDEX_SPILL;

	for (size_t i = 0; i < end; i++) {
		struct fe_slot s = ct->index.slots[i];
		const struct fe_flow *flow;
		struct fe_tuple t;

		if (s.ref == 0)
			continue;
		flow = fe_flow_at(ct, s.ref);
		t = fe_flow_tuple(flow, FE_ORIGINAL);
		/* A translated flow stands at two places. */
		if (fe_tuple_tag(&t) == s.tag)
			fe_vec_push(&list, (struct order){
				ct->serial - flow->serial, s.ref});
	}
	if (list.n > 0)
		qsort(list.data, list.n, sizeof(*list.data), older_first);
	for (size_t i = 0; i < list.n; i++)
		fn(arg, fe_flow_at(ct, list.data[i].ref));
	fe_vec_free(&list);
}
