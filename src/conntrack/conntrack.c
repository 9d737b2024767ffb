/*
 * The life of a packet in conntrack: lookup, new entries, confirmation.
 *
 * The order of things is the kernel's, for it shows: an entry is allocated
 * (and the limit checked) before its protocol looks at the packet, and
 * SEEN_REPLY is set only after the protocol has.
 */
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "conntrack/l4.h"
#include "packet/wire.h"

/* Entries and buckets that a kernel of the profile has on a common host. */
static uint32_t default_buckets(const struct fe_host *host)
{
	if (host->sysctls.nf_conntrack_buckets != 0)
		return host->sysctls.nf_conntrack_buckets;
	if (host->kernel >= FE_KERNEL(5, 15))
		return 262144;
	return host->kernel >= FE_KERNEL(4, 7) ? 65536 : 16384;
}

uint32_t fe_conntrack_max(const struct fe_host *host)
{
	uint64_t max = host->sysctls.nf_conntrack_max;

	if (max == 0 && !host->sysctls.max_given) {
		max = default_buckets(host);
		if (host->kernel < FE_KERNEL(5, 15))
			max *= 4;
	}
	return max < UINT32_MAX ? (uint32_t)max : UINT32_MAX;
}

struct fe_conntrack *fe_conntrack_new(const struct fe_host *host)
{
	struct fe_conntrack *ct = fe_calloc(1, sizeof(*ct));

	ct->host = host;
	ct->max = fe_conntrack_max(host);
	ct->buckets = default_buckets(host);
	fe_flows_init(ct);
	return ct;
}

void fe_conntrack_free(struct fe_conntrack *ct)
{
	if (ct == NULL)
		return;
	fe_flows_free(ct);
	free(ct);
}

const struct fe_conntrack_stats *
fe_conntrack_stats(const struct fe_conntrack *ct)
{
	return &ct->stats;
}

void fe_conntrack_set_log(struct fe_conntrack *ct, fe_conntrack_log_fn *fn,
			  void *arg)
{
	ct->log_fn = fn;
	ct->log_arg = arg;
}

void fe_conntrack_seed(struct fe_conntrack *ct, uint64_t seed)
{
	ct->rng.state = seed;
}

void fe_conntrack_advance(struct fe_conntrack *ct, int64_t now)
{
	if (now > ct->now || ct->now == 0)
		ct->now = now;
	fe_timer_advance(ct, ct->now);
}

/* Frees an entry that is in no list, later: a packet may point to it. */
static void bury(struct fe_conntrack *ct, struct fe_flow *flow)
{
	uint32_t *grave = &ct->graves[ct->n_graves++ % FE_GRAVES];

	flow->status |= FE_IPS_DYING;
	if (*grave != 0)
		fe_flows_release(ct, fe_flow_at(ct, *grave));
	*grave = flow->ref;
	ct->stats.entries--;
}

static void unlink_flow(struct fe_conntrack *ct, struct fe_flow *flow)
{
	fe_flows_remove(ct, flow);
	if (flow->status & FE_IPS_SRC_NAT)
		fe_source_del(ct, flow);
	bury(ct, flow);
}

void fe_flow_kill(struct fe_conntrack *ct, struct fe_flow *flow)
{
	fe_timer_del(ct, flow);
	unlink_flow(ct, flow);
	ct->stats.deleted++;
}

void fe_flow_expire(struct fe_conntrack *ct, struct fe_flow *flow)
{
	unlink_flow(ct, flow);
	ct->stats.expired++;
}

/* The kernel's rate limit: ten lines in five seconds. */
static void log_line(struct fe_conntrack *ct, int64_t now, const char *line)
{
	const int64_t interval = 5000000000;
	char text[64];

	if (ct->log_fn == NULL)
		return;
	if (ct->log_done == 0 || now - ct->log_begin > interval) {
		if (ct->log_missed > 0) {
			snprintf(text, sizeof(text),
				 "net_ratelimit: %u callbacks suppressed",
				 ct->log_missed);
			ct->log_fn(ct->log_arg, now, text);
		}
		ct->log_begin = now;
		ct->log_done = ct->log_missed = 0;
	}
	if (ct->log_done >= 10) {
		ct->log_missed++;
		return;
	}
	ct->log_done++;
	ct->log_fn(ct->log_arg, now, line);
}

/* Kills the entries with tags in lo .. lo + width - 1 that aren't ASSURED. */
static bool drop_range(struct fe_conntrack *ct, uint32_t lo, uint64_t width)
{
	uint32_t doomed[64], shift = 32 - ct->index.bits;
	uint64_t last = lo + width - 1;
	size_t end = last > UINT32_MAX ? UINT32_MAX >> shift : last >> shift;
	size_t n = 0;

	for (size_t i = lo >> shift; n < 64; i++) {
		struct fe_slot s = ct->index.slots[i];
		if (s.ref == 0 && i >= end)
			break;
		if (s.ref == 0 || s.tag < lo || s.tag > last)
			continue;
		if (!(fe_flow_at(ct, s.ref)->status & FE_IPS_ASSURED))
			doomed[n++] = s.ref;
	}
	for (size_t k = 0; k < n; k++) {
		struct fe_flow *flow = fe_flow_at(ct, doomed[k]);
		if (flow->status & FE_IPS_DYING)
			continue; /* met by both of its tuples */
		fe_flow_kill(ct, flow);
		ct->stats.early_drop++;
	}
	return n > 0;
}

/*
 * Early drop: see conntrack.h. The index stands in the order of its hash, so
 * a bucket is a range of tags. A plain flow stands here once, in the kernel
 * in two buckets: hence ranges of double width.
 */
static bool early_drop(struct fe_conntrack *ct, uint32_t tag)
{
	uint64_t width = ((uint64_t)2 << 32) / (ct->buckets ? ct->buckets : 1);
	uint64_t at = tag - tag % (width ? width : 1);

	for (unsigned bucket = 0; bucket < 8; bucket++, at += width) {
		if (drop_range(ct, (uint32_t)at, width))
			return true;
	}
	return false;
}

/* Whether one more entry may be made. */
static bool make_room(struct fe_conntrack *ct, uint32_t tag)
{
	const char *line =
	    "nf_conntrack: nf_conntrack: table full, dropping packet";

	if (ct->max == 0 || ct->stats.entries < ct->max)
		return true;
	if (early_drop(ct, tag))
		return true;
	ct->stats.table_full++;
	/* The prefix came with pr_fmt() in Linux 4.0. */
	if (ct->host->kernel < FE_KERNEL(4, 0))
		line += strlen("nf_conntrack: ");
	log_line(ct, ct->now, line);
	return false;
}

/* NULL with *full: no room; NULL without: the packet is INVALID. */
static struct fe_flow *new_flow(struct fe_conntrack *ct,
				const struct fe_tuple *tuple, uint32_t tag,
				bool *full)
{
	struct fe_tuple reply;
	struct fe_flow *flow;

	*full = false;
	if (!fe_tuple_invert(&reply, tuple))
		return NULL;
	if (!make_room(ct, tag)) {
		*full = true;
		return NULL;
	}
	flow = fe_flows_alloc(ct, tuple);
	fe_flow_set_tuple(flow, FE_REPLY, &reply);
	flow->zone = tuple->zone;
	flow->zone_dirs = 3;
	flow->serial = ++ct->serial;
	ct->stats.entries++;
	ct->stats.created++;
	if (ct->stats.entries > ct->stats.peak)
		ct->stats.peak = ct->stats.entries;
	return flow;
}

/* Frees a flow that never was in the table. */
static void drop_new(struct fe_conntrack *ct, struct fe_flow *flow)
{
	if (flow->status & FE_IPS_SRC_NAT)
		fe_source_del(ct, flow);
	bury(ct, flow);
}

static fe_l4_fn *protocol(uint8_t proto, unsigned family)
{
	switch (proto) {
	case IPPROTO_TCP:
		return fe_l4_tcp;
	case IPPROTO_UDP:
		return fe_l4_udp;
	case IPPROTO_UDPLITE:
		return fe_l4_udplite;
	case IPPROTO_ICMP:
		return family == 4 ? fe_l4_icmp : fe_l4_generic;
	case IPPROTO_ICMPV6:
		return family == 6 ? fe_l4_icmpv6 : fe_l4_generic;
	case IPPROTO_GRE:
		return fe_l4_gre;
	case IPPROTO_SCTP:
		return fe_l4_sctp;
	}
	return fe_l4_generic;
}

static void set_state(struct fe_packet *packet, struct fe_flow *flow,
		      unsigned dir)
{
	packet->flow = flow;
	packet->ctdir = (uint8_t)dir;
	if (dir == FE_REPLY || flow->status & FE_IPS_SEEN_REPLY)
		packet->ctstate = FE_CT_ESTABLISHED;
	else if (flow->status & FE_IPS_EXPECTED)
		packet->ctstate = FE_CT_RELATED;
	else
		packet->ctstate = FE_CT_NEW;
}

static void set_invalid(struct fe_packet *packet)
{
	packet->flow = NULL;
	packet->ctdir = 0;
	packet->ctstate = FE_CT_INVALID;
}

/* Looks the tuple up or makes its flow; sets the packet's. */
static enum fe_ct_verdict resolve(struct fe_conntrack *ct,
				  struct fe_packet *packet,
				  const struct fe_tuple *tuple, uint32_t tag)
{
	struct fe_flow *flow;
	unsigned dir = FE_ORIGINAL;
	bool full = false;

	set_invalid(packet);
	flow = fe_flows_find(ct, tuple, tag, &dir);
	if (flow == NULL)
		flow = new_flow(ct, tuple, tag, &full);
	if (full) {
		ct->stats.drop++;
		return FE_CT_DROP;
	}
	if (flow != NULL)
		set_state(packet, flow, dir);
	return FE_CT_ACCEPT;
}

static void tuple_of(const struct fe_packet *packet, uint16_t zone,
		     struct fe_tuple *tuple)
{
	*tuple = (struct fe_tuple){
		.src = packet->src, .dst = packet->dst,
		.proto = packet->proto, .family = packet->family,
		.zone = zone,
	};
}

static enum fe_ct_verdict track(struct fe_conntrack *ct,
				struct fe_packet *packet, bool verify,
				uint16_t zone)
{
	struct fe_l4_packet p = {
		.ct = ct, .packet = packet, .data = packet->data + packet->l4,
		.size = packet->l4_size, .verify = verify,
	};
	struct fe_tuple tuple;
	enum fe_l4_result result;
	uint32_t tag;

	p.have = packet->caught > packet->l4 ? packet->caught - packet->l4 : 0;
	tuple_of(packet, zone, &tuple);
	if (!fe_tuple_read(&tuple, p.data, p.have)) {
		ct->stats.invalid++;
		set_invalid(packet);
		return FE_CT_ACCEPT;
	}
	tag = packet->ct_tag ? packet->ct_tag : fe_tuple_tag(&tuple);
	do {
		if (resolve(ct, packet, &tuple, tag) == FE_CT_DROP)
			return FE_CT_DROP;
		p.flow = packet->flow;
		if (p.flow == NULL) {
			ct->stats.invalid++;
			return FE_CT_ACCEPT;
		}
		p.dir = packet->ctdir;
		p.is_new = !(p.flow->status & FE_IPS_CONFIRMED);
		result = protocol(packet->proto, packet->family)(&p);
	} while (result == FE_L4_REPEAT);
	if (result == FE_L4_INVALID) {
		if (p.is_new)
			drop_new(ct, p.flow);
		set_invalid(packet);
		ct->stats.invalid++;
	} else if (p.dir == FE_REPLY) {
		p.flow->status |= FE_IPS_SEEN_REPLY;
	}
	return FE_CT_ACCEPT;
}

static bool is_icmp(const struct fe_packet *packet)
{
	return packet->proto ==
	       (packet->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

enum fe_ct_verdict fe_conntrack_in(struct fe_conntrack *ct,
				   struct fe_packet *packet,
				   enum fe_hook hook, uint16_t zone)
{
	bool verify = hook == FE_PREROUTING && ct->host->sysctls.checksum &&
		      !packet->trust_checksum;

	if (packet->time > ct->now)
		ct->now = packet->time;
	if (packet->ctstate == FE_CT_UNTRACKED || packet->flow != NULL)
		return FE_CT_ACCEPT;
	set_invalid(packet);
	if (packet->later_fragment || packet->hdr == FE_HDR_NONE) {
		ct->stats.invalid++;
		return FE_CT_ACCEPT;
	}
	if (is_icmp(packet)) {
		switch (fe_icmp_classify(ct, packet, verify, zone)) {
		case FE_ICMP_PLAIN:
			break;
		case FE_ICMP_INVALID:
			ct->stats.error++;
			return FE_CT_ACCEPT;
		case FE_ICMP_UNTRACKED:
			fe_conntrack_untrack(packet);
			return FE_CT_ACCEPT;
		case FE_ICMP_RELATED:
			packet->ctstate = FE_CT_RELATED;
			return FE_CT_ACCEPT;
		}
	}
	return track(ct, packet, verify, zone);
}

void fe_conntrack_untrack(struct fe_packet *packet)
{
	/* NOTRACK does nothing to a packet that has its flow (loopback). */
	if (packet->flow != NULL)
		return;
	packet->ctstate = FE_CT_UNTRACKED;
	packet->ctdir = 0;
}

void fe_conntrack_attach(struct fe_packet *packet,
			 const struct fe_packet *cause)
{
	packet->flow = cause->flow;
	if (cause->flow == NULL) {
		/* An untracked cause leaves the answer to conntrack. */
		packet->ctstate = FE_CT_INVALID;
		return;
	}
	packet->ctstate = FE_CT_RELATED;
	packet->ctdir = !cause->ctdir;
}

/* Whether another entry stands in the way of a new one's tuples. */
static bool clashes(const struct fe_conntrack *ct, const struct fe_flow *flow)
{
	for (unsigned dir = 0; dir < 2; dir++) {
		struct fe_tuple t = fe_flow_tuple(flow, dir);
		unsigned d;
		if (fe_flows_find(ct, &t, fe_tuple_tag(&t), &d) != NULL)
			return true;
	}
	return false;
}

enum fe_ct_verdict fe_conntrack_confirm(struct fe_conntrack *ct,
					struct fe_packet *packet)
{
	struct fe_flow *flow = packet->flow;

	if (flow == NULL || flow->status & (FE_IPS_CONFIRMED | FE_IPS_DYING))
		return FE_CT_ACCEPT;
	/* The answer that REJECT attached to a new flow confirms nothing. */
	if (packet->ctdir != FE_ORIGINAL)
		return FE_CT_ACCEPT;
	if (clashes(ct, flow)) {
		ct->stats.insert_failed++;
		ct->stats.drop++;
		return FE_CT_DROP;
	}
	flow->expires += ct->now;
	flow->status |= FE_IPS_CONFIRMED;
	fe_flows_insert(ct, flow);
	fe_timer_add(ct, flow);
	ct->stats.insert++;
	return FE_CT_ACCEPT;
}

void fe_conntrack_forget(struct fe_conntrack *ct, struct fe_packet *packet)
{
	struct fe_flow *flow = packet->flow;

	packet->flow = NULL;
	if (flow == NULL || flow->status & (FE_IPS_CONFIRMED | FE_IPS_DYING))
		return;
	/* REJECT's answer goes first; the flow is its cause's. */
	if (packet->ctstate == FE_CT_RELATED && packet->ctdir != FE_ORIGINAL)
		return;
	drop_new(ct, flow);
}

const struct fe_flow *fe_conntrack_find(const struct fe_conntrack *ct,
					const struct fe_tuple *tuple,
					unsigned *dir)
{
	return fe_flows_find(ct, tuple, fe_tuple_tag(tuple), dir);
}

bool fe_conntrack_delete(struct fe_conntrack *ct,
			 const struct fe_tuple *tuple)
{
	unsigned dir;
	struct fe_flow *flow =
	    fe_flows_find(ct, tuple, fe_tuple_tag(tuple), &dir);

	if (flow == NULL)
		return false;
	fe_flow_kill(ct, flow);
	return true;
}

void fe_conntrack_prefetch(struct fe_conntrack *ct,
			   struct fe_packet *const *packets, size_t n)
{
	const struct fe_index *index = &ct->index;

	for (size_t i = 0; i < n; i++) {
		struct fe_packet *packet = packets[i];
		const uint8_t *l4 = packet->data + packet->l4;
		struct fe_tuple tuple;
		uint32_t have = packet->caught > packet->l4
		    ? packet->caught - packet->l4 : 0;

		packet->ct_tag = 0;
		tuple_of(packet, 0, &tuple);
		if (packet->later_fragment ||
		    !fe_tuple_read(&tuple, l4, have))
			continue;
		packet->ct_tag = fe_tuple_tag(&tuple);
		__builtin_prefetch(
		    &index->slots[packet->ct_tag >> (32 - index->bits)]);
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t tag = packets[i]->ct_tag;
		const struct fe_slot *s;

		if (tag == 0)
			continue;
		s = &index->slots[tag >> (32 - index->bits)];
		while (s->ref != 0 && s->tag != tag)
			s++;
		if (s->ref != 0) {
			const char *flow = (const char *)fe_flow_at(ct, s->ref);
			__builtin_prefetch(flow, 1);
			__builtin_prefetch(flow + 64, 1);
			__builtin_prefetch(flow + 128, 1);
		}
	}
}
