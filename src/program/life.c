/*
 * A packet's life: from hook to hook, in the kernel's order of priorities.
 *
 * Between PREROUTING and FORWARD stand routing, TTL and MTU; a packet to the
 * loopback interface enters PREROUTING again and keeps its flow and mark.
 */
#include "program/machine.h"

#include <linux/rtnetlink.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "packet/wire.h"

/* What runs at a hook: tables by their numbers, and these. */
enum { CONNTRACK = FE_N_TABLES, CONFIRM, REROUTE_MANGLE, END };

static const uint8_t steps[FE_N_HOOKS][8] = {
	[FE_PREROUTING] = {FE_RAW, CONNTRACK, FE_MANGLE, FE_NAT, END},
	[FE_INPUT] = {FE_MANGLE, FE_FILTER, FE_SECURITY, FE_NAT, CONFIRM, END},
	[FE_FORWARD] = {FE_MANGLE, FE_FILTER, FE_SECURITY, END},
	[FE_OUTPUT] = {FE_RAW, CONNTRACK, REROUTE_MANGLE, FE_NAT, FE_FILTER,
		       FE_SECURITY, END},
	[FE_POSTROUTING] = {FE_MANGLE, FE_NAT, CONFIRM, END},
};

uint8_t *fe_life_own(struct fe_life *l)
{
	struct fe_packet *p = l->p;

	if (!l->own) {
		l->own = l->e->scratch[l->e->depth - 1];
		memcpy(l->own, p->data, p->caught);
		p->data = l->own;
	}
	return l->own;
}

/* The life ends here for another reason than a rule. */
static enum fe_verdict ends(struct fe_life *l, const char *why)
{
	l->r.by = (struct fe_decision){NULL, NULL, why, l->hook};
	return FE_V_DROP;
}

static void read_types(struct fe_life *l)
{
	const struct fe_host *host = l->e->host;
	struct fe_packet *p = l->p;

	if (!l->side->wants_types)
		return;
	p->src_type = (uint8_t)fe_host_addr_type(host, p->family, p->src);
	p->dst_type = (uint8_t)fe_host_addr_type(host, p->family, p->dst);
}

static enum fe_verdict track(struct fe_life *l)
{
	enum fe_ct_verdict v;
	uint64_t full = fe_conntrack_stats(l->e->ct)->table_full;

	if (!l->side->tracks)
		return FE_V_ACCEPT;
	if (l->has_template) {
		l->p->flow = NULL;
		l->p->ctstate = FE_CT_INVALID;
	}
	v = fe_conntrack_in(l->e->ct, l->p, l->hook, l->zone);
	l->has_template = false;
	l->zone = 0;
	l->r.ctstate = l->p->ctstate;
	if (l->p->proto != (l->p->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		l->decided = false;
	if (v == FE_CT_ACCEPT)
		return FE_V_ACCEPT;
	return ends(l, fe_conntrack_stats(l->e->ct)->table_full != full
			   ? "conntrack: table full" : "conntrack: refused");
}

static enum fe_verdict confirm(struct fe_life *l)
{
	if (!l->p->flow || fe_conntrack_confirm(l->e->ct, l->p) == FE_CT_ACCEPT)
		return FE_V_ACCEPT;
	return ends(l, "conntrack: clash");
}

/* An outgoing packet looks for its way; false: there is none. */
static bool find_way(const struct fe_life *l, uint16_t *oif)
{
	const struct fe_host *host = l->e->host;
	struct fe_u128 prefsrc;

	*oif = fe_route_out(host, l->p->family, l->p->dst, &prefsrc);
	return *oif || !host->known;
}

/*
 * Once more, in OUTPUT: addresses of IPv4's loopback network don't leave the
 * host then. The hook's other rules still see the first way.
 */
static enum fe_verdict reroute(struct fe_life *l)
{
	const struct fe_iface *ifaces = l->e->host->ifaces.data;

	if (!find_way(l, &l->new_oif) ||
	    (l->p->family == 4 && l->p->src.lo >> 24 == 127 &&
	     !ifaces[l->new_oif].loopback))
		return ends(l, "no route in OUTPUT");
	return FE_V_ACCEPT;
}

/* The way is looked for again where something changed that it may depend on:
 * the mark, the TOS, in IPv6 the hop limit as well. */
static enum fe_verdict mangle_output(struct fe_life *l)
{
	uint32_t mark = l->p->mark;
	uint8_t tos = l->p->tos, ttl = l->p->ttl;
	enum fe_verdict v = fe_walk(l, FE_MANGLE);
	bool changed = l->p->mark != mark || l->p->tos != tos ||
		       (l->p->family == 6 && l->p->ttl != ttl);

	return v == FE_V_ACCEPT && changed ? reroute(l) : v;
}

static enum fe_nat_kind nat_kind(enum fe_hook hook)
{
	return hook == FE_PREROUTING || hook == FE_OUTPUT ? FE_NAT_DST
							  : FE_NAT_SRC;
}

static enum fe_verdict translate(struct fe_life *l)
{
	struct fe_u128 dst = l->p->dst;

	if (!fe_nat_translates(l->p, l->hook))
		return FE_V_ACCEPT;
	if (fe_nat_packet(l->e->ct, l->p, l->hook, fe_life_own(l)) !=
	    FE_CT_ACCEPT)
		return ends(l, "nat: cannot translate");
	read_types(l);
	if (l->hook == FE_OUTPUT && !fe_u128_eq(dst, l->p->dst))
		return reroute(l);
	return FE_V_ACCEPT;
}

static enum fe_verdict nat(struct fe_life *l)
{
	struct fe_conntrack *ct = l->e->ct;

	if (!l->side->has_nat || !l->p->flow)
		return FE_V_ACCEPT;
	if (fe_nat_wants_rules(ct, l->p, l->hook)) {
		enum fe_verdict v = fe_walk(l, FE_NAT);
		if (v != FE_V_ACCEPT)
			return v;
		if (fe_nat_wants_rules(ct, l->p, l->hook) &&
		    fe_nat_bind(ct, l->p, nat_kind(l->hook), NULL) !=
			FE_CT_ACCEPT)
			return ends(l, "nat: no tuple free");
	}
	return translate(l);
}

static enum fe_verdict step(struct fe_life *l, uint8_t what)
{
	switch (what) {
	case CONNTRACK:
		return track(l);
	case CONFIRM:
		return confirm(l);
	case REROUTE_MANGLE:
		return mangle_output(l);
	case FE_NAT:
		return nat(l);
	default:
		return fe_walk(l, (enum fe_table_id)what);
	}
}

static enum fe_fate fate_of(enum fe_verdict v)
{
	switch (v) {
	case FE_V_ACCEPT:
		return FE_FATE_ACCEPT;
	case FE_V_DROP:
		return FE_FATE_DROP;
	case FE_V_REJECT:
		return FE_FATE_REJECT;
	case FE_V_QUEUE:
		return FE_FATE_QUEUE;
	}
	return FE_FATE_DROP;
}

/* Runs a hook; false: the packet's life ended there. */
static bool pass(struct fe_life *l, enum fe_hook hook)
{
	const uint8_t *s = steps[hook];
	enum fe_verdict v = FE_V_ACCEPT;

	l->hook = hook;
	for (; *s != END && v == FE_V_ACCEPT; s++)
		v = step(l, *s);
	l->r.fate = fate_of(v);
	return v == FE_V_ACCEPT;
}

static void refuse(struct fe_life *l, const char *why)
{
	l->r.fate = fate_of(ends(l, why));
}

static void deliver(struct fe_life *l)
{
	if (!pass(l, FE_INPUT))
		return;
	l->r.local = true;
	fe_tell_emit(l, 0);
}

static void go_on(struct fe_life *l);

/* In by the loopback interface; the route is known since it was sent, unless
 * NAT changes the destination. */
static void loop_back(struct fe_life *l)
{
	struct fe_packet *p = l->p;
	struct fe_u128 dst = p->dst;

	p->iif = p->oif;
	p->oif = 0;
	p->pkttype = 0;
	if (fe_route_refuses(l->e->host, p))
		refuse(l, "martian");
	else if (!pass(l, FE_PREROUTING))
		return;
	else if (fe_u128_eq(dst, p->dst))
		deliver(l);
	else
		go_on(l);
}

static void leave(struct fe_life *l)
{
	struct fe_packet *p = l->p;

	if (!pass(l, FE_POSTROUTING))
		return;
	if (l->e->host->ifaces.data[p->oif].loopback) {
		loop_back(l);
		return;
	}
	l->r.oif = p->oif;
	fe_tell_emit(l, p->oif);
}

static bool dont_fragment(const struct fe_packet *p)
{
	return p->family == 6 || p->data[6] & 0x40;
}

/*
 * Captures of hosts with offload hold what the card had joined: TCP segments
 * larger than any link, which leave in pieces and so fit.
 */
static bool is_joined(const struct fe_packet *p)
{
	return p->trust_checksum && p->proto == IPPROTO_TCP && !p->fragment;
}

/* TTL and MTU stand before FORWARD; what fails gets an ICMP error. */
static bool may_go_on(struct fe_life *l, uint32_t mtu)
{
	struct fe_packet *p = l->p;
	bool v4 = p->family == 4;

	if (p->ttl <= 1) {
		refuse(l, "ttl");
		fe_answer_icmp(l, v4 ? ICMP_TIME_EXCEEDED : ICMP6_TIME_EXCEEDED,
			       0, 0);
		return false;
	}
	if (p->length > mtu && dont_fragment(p) && !is_joined(p)) {
		refuse(l, "mtu");
		fe_answer_icmp(l, v4 ? ICMP_DEST_UNREACH : ICMP6_PACKET_TOO_BIG,
			       v4 ? ICMP_FRAG_NEEDED : 0, mtu);
		return false;
	}
	return true;
}

static void forward(struct fe_life *l, uint16_t oif)
{
	if (l->p->pkttype) {
		refuse(l, "not sent to this host");
		return;
	}
	if (!may_go_on(l, l->e->host->ifaces.data[oif].mtu))
		return;
	fe_wire_dec_ttl(fe_life_own(l));
	l->p->ttl--;
	l->p->oif = oif;
	if (pass(l, FE_FORWARD))
		leave(l);
}

static void no_route(struct fe_life *l)
{
	refuse(l, "no route");
	if (l->p->family == 4)
		fe_answer_icmp(l, ICMP_DEST_UNREACH, ICMP_NET_UNREACH, 0);
	else
		fe_answer_icmp(l, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE,
			       0);
}

/* Behind PREROUTING. */
static void go_on(struct fe_life *l)
{
	uint16_t oif;

	switch (fe_route_in(l->e->host, l->p, &oif)) {
	case FE_WAY_LOCAL:
		deliver(l);
		break;
	case FE_WAY_FORWARD:
		forward(l, oif);
		break;
	case FE_WAY_MARTIAN:
		refuse(l, "martian");
		break;
	case FE_WAY_NO_ROUTE:
		no_route(l);
		break;
	case FE_WAY_SILENT:
		refuse(l, "not for this host");
		break;
	}
}

static void incoming(struct fe_life *l)
{
	l->hook = FE_PREROUTING;
	if (fe_route_refuses(l->e->host, l->p))
		refuse(l, "martian");
	else if (pass(l, FE_PREROUTING))
		go_on(l);
}

static void outgoing(struct fe_life *l)
{
	l->hook = FE_OUTPUT;
	if (!l->p->oif && !find_way(l, &l->p->oif)) {
		refuse(l, "no route");
		return;
	}
	l->new_oif = l->p->oif;
	if (!pass(l, FE_OUTPUT))
		return;
	l->p->oif = l->new_oif;
	leave(l);
}

static void play(struct fe_life *l, bool out)
{
	struct fe_engine *e = l->e;

	l->side = fe_side_of(e, l->p->family);
	l->number = e->births++;
	l->r.tracking = l->side->tracks;
	e->depth++;
	e->n_fragments += l->side->tracks && l->p->fragment;
	read_types(l);
	if (out)
		outgoing(l);
	else
		incoming(l);
	l->r.mark = l->p->mark;
	if (l->r.fate != FE_FATE_ACCEPT)
		fe_conntrack_forget(e->ct, l->p);
	fe_tell_result(l);
	e->depth--;
}

void fe_life_play(struct fe_engine *e, struct fe_packet *p, bool out,
		  struct fe_result *result)
{
	const uint8_t *bytes = p->data;
	struct fe_life l = {.e = e, .p = p, .r.cause = -1};

	play(&l, out);
	p->data = bytes;
	if (result)
		*result = l.r;
}

/*
 * The answer to an untracked packet is not itself untracked: conntrack sees
 * it, but CT and NOTRACK take it for a packet that has been decided on.
 */
void fe_life_answer(struct fe_life *cause, const uint8_t *bytes, size_t n)
{
	struct fe_engine *e = cause->e;
	struct fe_packet p = {.data = bytes, .size = (uint32_t)n,
			      .caught = (uint32_t)n, .time = cause->p->time,
			      .uid = UINT32_MAX, .trust_checksum = true};
	struct fe_life l = {.e = e, .p = &p, .generated = true,
			    .r.cause = e->current};

	if (e->depth == FE_MAX_DEPTH || fe_packet_parse(&p) != FE_PARSE_OK)
		return;
	fe_conntrack_attach(&p, cause->p);
	l.decided = cause->p->ctstate == FE_CT_UNTRACKED;
	play(&l, true);
}
