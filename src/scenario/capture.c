/*
 * The adapter: what was captured where is not what enters which hook.
 *
 * `inject` takes each record as a hook input. `observed` takes the host's own
 * capture: incoming records are hook inputs, since captures are made ahead of
 * PREROUTING; outgoing ones were taken behind POSTROUTING, so that
 *   - those that the engine emitted itself, while it played an incoming
 *     packet, are copies (forwarded packets, REJECT's answers): skipped;
 *   - those that NAT translated are translated back through the table;
 *   - the rest are hook inputs of OUTPUT.
 * On the loopback interface an incoming record is the copy of an outgoing one,
 * or, since libpcap leaves those out, stands for it: then it is the input of
 * OUTPUT. What the host dropped in OUTPUT was never recorded. Each
 * guess is counted (struct fe_traffic_stats).
 */
#include <string.h>

#include "conntrack/l4.h"
#include "packet/wire.h"
#include "program/machine.h"
#include "scenario/record.h"

enum { MOST_ECHOES = 4096 };

static const int64_t echo_life = 2000000000; /* ns */

/* What the engine emitted and the capture is still to show. */
struct fe_echoes {
	struct {
		uint64_t key;  /* 0: met already */
		int64_t time;
	} ring[MOST_ECHOES];
	uint32_t head, tail;   /* count up; places are modulo MOST_ECHOES */
};

static bool is_local(const struct fe_capture_adapter *a,
		     const struct fe_packet *p)
{
	return fe_host_is_local(a->host, p->family, p->src);
}

/* The first interface that is not lo; there is one where packets come in. */
static uint16_t first_iface(struct fe_host *host)
{
	for (size_t i = 1; i < host->ifaces.n; i++)
		if (!host->ifaces.data[i].loopback)
			return (uint16_t)i;
	return fe_host_iface(host, FE_STR("eth0"));
}

static bool is_loopback(const struct fe_capture_adapter *a, uint16_t iface)
{
	return iface && a->host->ifaces.data[iface].loopback;
}

bool fe_capture_waits(const struct fe_capture_adapter *a,
		      const struct fe_record *record)
{
	if (a->made)
		return a->feedback && record->reply;
	if (!a->observed || !a->feedback || record->seen == FE_SEEN_OTHER)
		return false;
	return record->seen != FE_SEEN_IN || is_loopback(a, record->iface);
}

/*
 * Names the bytes, but for what differs between the two: TTL, id, and
 * checksums, which offload leaves unfinished.
 */
static uint64_t echo_key(const struct fe_packet *p)
{
	uint8_t head[128];
	uint32_t n = p->caught < sizeof(head) ? p->caught : sizeof(head);
	uint32_t sum = p->l4;

	memcpy(head, p->data, n);
	if (p->family == 4 && n >= 20) {
		memset(head + 4, 0, 2);
		head[8] = 0;
		memset(head + 10, 0, 2);
	} else if (n >= 40) {
		head[7] = 0;
	}
	switch (p->proto) {
	case 6:
		sum += 16;
		break;
	case 17:
		sum += 6;
		break;
	default:
		sum += 2;
	}
	if (!p->later_fragment && sum + 2 <= n)
		memset(head + sum, 0, 2);
	return fe_hash(head, n) | 1;
}

static void add_echo(struct fe_capture_adapter *a, const struct fe_packet *p)
{
	struct fe_echoes *e = a->echoes;
	uint32_t place;

	if (!e)
		e = a->echoes = fe_calloc(1, sizeof(*e));
	if (e->tail - e->head == MOST_ECHOES)
		e->head++;
	place = e->tail++ % MOST_ECHOES;
	e->ring[place].key = echo_key(p);
	e->ring[place].time = p->time;
}

void fe_capture_emitted(struct fe_capture_adapter *a, const struct fe_packet *p)
{
	if (a->observed && a->feedback)
		add_echo(a, p);
}

static bool is_echo(struct fe_capture_adapter *a, const struct fe_packet *p)
{
	struct fe_echoes *e = a->echoes;
	uint64_t key;

	if (!e)
		return false;
	for (; e->head != e->tail; e->head++) {
		uint32_t place = e->head % MOST_ECHOES;
		if (e->ring[place].key &&
		    e->ring[place].time + echo_life > p->time)
			break;
	}
	if (e->head == e->tail)
		return false;
	key = echo_key(p);
	for (uint32_t i = e->head; i != e->tail; i++) {
		if (e->ring[i % MOST_ECHOES].key != key)
			continue;
		e->ring[i % MOST_ECHOES].key = 0;
		return true;
	}
	return false;
}

static bool packet_tuple(const struct fe_packet *p, struct fe_tuple *t)
{
	*t = (struct fe_tuple){.src = p->src, .dst = p->dst,
			       .proto = p->proto, .family = p->family};
	return !p->later_fragment && p->caught > p->l4 &&
	       fe_tuple_read(t, p->data + p->l4, p->caught - p->l4);
}

static void write_tuple(struct fe_packet *p, const struct fe_tuple *t,
			uint8_t *bytes)
{
	unsigned at = p->family == 4 ? 12 : 8, size = p->family == 4 ? 4 : 16;

	fe_put_addr(bytes + at, p->family, t->src);
	fe_put_addr(bytes + at + size, p->family, t->dst);
	switch (p->proto) {
	case 1:
	case 58:
		fe_put16(bytes + p->l4 + 4, t->sport);
		break;
	default:
		fe_put16(bytes + p->l4, t->sport);
		fe_put16(bytes + p->l4 + 2, t->dport);
	}
	if (p->caught == p->size)
		fe_wire_fix(bytes, p->size);
	fe_packet_parse(p);
}

/* Undoes what NAT did to an outgoing packet on its way here. */
static void translate_back(struct fe_capture_adapter *a, struct fe_packet *p,
			   uint8_t *bytes)
{
	struct fe_tuple seen, answer, before;
	const struct fe_flow *flow;
	unsigned dir;

	if (!a->ct || !packet_tuple(p, &seen) ||
	    !fe_tuple_invert(&answer, &seen) || p->caught < p->l4 + 8u)
		return;
	flow = fe_conntrack_find(a->ct, &answer, &dir);
	if (!flow || !(flow->status & (FE_IPS_SRC_NAT | FE_IPS_DST_NAT)))
		return;
	before = fe_flow_tuple(flow, !dir);
	if (fe_tuple_eq(&before, &seen))
		return;
	write_tuple(p, &before, bytes);
	a->stats->translated++;
}

static enum fe_adapted adapt_out(struct fe_capture_adapter *a,
				 const struct fe_record *record,
				 struct fe_packet *p, uint8_t *bytes)
{
	p->iif = 0;
	p->oif = record->iface;
	p->has_mac = false;
	p->pkttype = 0;
	if (!a->observed)
		return FE_ADAPT_PLAY;
	if (is_loopback(a, record->iface)) {
		if (record->seen == FE_SEEN_OUT)
			add_echo(a, p);
		translate_back(a, p, bytes);
		return FE_ADAPT_PLAY;
	}
	if (is_echo(a, p)) {
		a->stats->forwarded++;
		return FE_ADAPT_SKIP;
	}
	translate_back(a, p, bytes);
	if (a->host->known && !is_local(a, p)) {
		a->stats->forwarded++; /* not made here */
		return FE_ADAPT_SKIP;
	}
	return FE_ADAPT_PLAY;
}

/*
 * Who has a packet's source sends it; so does, where it is said to go out, a
 * host of which nothing else is known or that doesn't forward.
 */
static bool goes_out(struct fe_capture_adapter *a,
		     const struct fe_record *record, const struct fe_packet *p)
{
	if (is_local(a, p))
		return true;
	if (record->seen != FE_SEEN_OUT ||
	    (a->host->known && (p->family == 4 ? a->host->sysctls.ip_forward
					       : a->host->sysctls.ip6_forward)))
		return false;
	if (!a->host->known)
		fe_host_add_addr(a->host, record->iface, p->family, p->src,
				 p->family == 4 ? 32 : 128);
	return true;
}

/* Packets made here. */
static enum fe_adapted adapt_made(struct fe_capture_adapter *a,
				  const struct fe_record *record,
				  struct fe_packet *p, uint8_t *bytes)
{
	struct fe_u128 ignored;

	if (record->reply)
		translate_back(a, p, bytes);
	p->oif = 0;
	if (goes_out(a, record, p)) {
		if (record->seen == FE_SEEN_OUT)
			p->oif = record->iface;
		return FE_ADAPT_PLAY;
	}
	p->iif = record->seen == FE_SEEN_OUT ? 0 : record->iface;
	if (!p->iif)
		p->iif = fe_host_oif(a->host, p->family, p->src, &ignored);
	if (!p->iif)
		p->iif = first_iface(a->host);
	/* Where nothing tells, packets are meant for this host. */
	if (!a->host->known && !a->host->sysctls.ip_forward &&
	    !fe_host_is_local(a->host, p->family, p->dst))
		fe_host_add_addr(a->host, p->iif, p->family, p->dst,
				 p->family == 4 ? 32 : 128);
	return FE_ADAPT_PLAY;
}

enum fe_adapted fe_capture_adapt(struct fe_capture_adapter *a,
				 const struct fe_record *record,
				 struct fe_packet *p, uint8_t *bytes)
{
	enum fe_seen seen = record->seen;

	p->trust_checksum = a->trust;
	if (a->made)
		return adapt_made(a, record, p, bytes);
	if (seen == FE_SEEN_UNKNOWN) {
		seen = is_local(a, p) ? FE_SEEN_OUT : FE_SEEN_IN;
		a->stats->guessed_direction++;
	} else if (a->observed && seen == FE_SEEN_IN &&
		   is_loopback(a, record->iface)) {
		if (!is_echo(a, p))
			return adapt_out(a, record, p, bytes);
		a->stats->loop_copies++;
		return FE_ADAPT_SKIP;
	}
	if (seen == FE_SEEN_OTHER) {
		a->stats->not_ours++;
		return FE_ADAPT_SKIP;
	}
	if (seen == FE_SEEN_OUT)
		return adapt_out(a, record, p, bytes);
	p->iif = record->iface;
	p->oif = 0;
	return FE_ADAPT_PLAY;
}

/* Whether rules of the side make the host answer packets. */
static bool answers(const struct fe_side *side)
{
	if (!side->rules)
		return false;
	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		const struct fe_table *table = &side->rules->tables[t];
		for (size_t c = 0; c < table->chains.n; c++) {
			const struct fe_chain *chain = table->chains.data[c];
			for (size_t i = 0; i < chain->rules.n; i++)
				if (chain->rules.data[i]->action ==
				    FE_ACT_REJECT)
					return true;
		}
	}
	return false;
}

void fe_capture_attach(struct fe_capture_adapter *a, struct fe_engine *engine)
{
	const struct fe_sysctls *sysctls = &a->host->sysctls;

	a->ct = fe_engine_conntrack(engine);
	a->feedback = !a->made && (sysctls->ip_forward || sysctls->ip6_forward);
	for (int i = 0; i < 2; i++)
		a->feedback |= engine->sides[i].has_nat ||
			       (!a->made && answers(&engine->sides[i]));
}

void fe_capture_free(struct fe_capture_adapter *a)
{
	free(a->echoes);
}
