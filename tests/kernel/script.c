/*
 * Scripts: from the steps of a case to packets.
 *
 * A flow's originator writes to the address it knows; the responder answers
 * what really reached it (after NAT, as the kernel emitted it), on the
 * interface by which it came. An ICMP error quotes a packet that really
 * arrived. So a step means the same when others are removed.
 */
#include <netinet/in.h>
#include <string.h>

#include "kt.h"

struct draft { /* a packet being built */
	uint8_t data[2048];
	size_t size;
	size_t l4;
	unsigned family;
};

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static void put_addr(uint8_t *p, unsigned family, struct fe_u128 a)
{
	if (family == 4) {
		put32(p, (uint32_t)a.lo);
		return;
	}
	put32(p, (uint32_t)(a.hi >> 32));
	put32(p + 4, (uint32_t)a.hi);
	put32(p + 8, (uint32_t)(a.lo >> 32));
	put32(p + 12, (uint32_t)a.lo);
}

static void draft_ip(struct draft *d, const struct kt_step *s,
		     const struct kt_view *v, unsigned serial)
{
	unsigned ttl = s->mods & KT_LOWTTL ? 1 : s->ttl;

	memset(d, 0, sizeof(*d));
	d->family = v->family;
	d->l4 = d->size = v->family == 4 ? 20 : 40;
	if (v->family == 4) {
		d->data[0] = 0x45;
		d->data[1] = s->tos;
		put16(d->data + 4, 1 + (serial & 0x7fff));
		d->data[8] = (uint8_t)ttl;
		d->data[9] = v->proto;
		put_addr(d->data + 12, 4, v->src);
		put_addr(d->data + 16, 4, v->dst);
		return;
	}
	d->data[0] = (uint8_t)(0x60 | s->tos >> 4);
	d->data[1] = (uint8_t)(s->tos << 4);
	d->data[6] = v->proto;
	d->data[7] = (uint8_t)ttl;
	put_addr(d->data + 8, 6, v->src);
	put_addr(d->data + 24, 6, v->dst);
}

static void draft_payload(struct draft *d, unsigned len)
{
	for (unsigned i = 0; i < len && d->size < sizeof(d->data) - 64; i++)
		d->data[d->size++] = (uint8_t)('a' + i % 26);
}

static size_t tcp_options(uint8_t *p, const struct kt_flow *f, unsigned dir)
{
	size_t n = 0;

	put32(p, 0x020405b4);
	n = 4;
	if (f->sack) {
		put32(p + n, 0x01010402);
		n += 4;
	}
	if (f->wscale[dir] != 255) {
		put32(p + n, 0x01030300u | f->wscale[dir]);
		n += 4;
	}
	return n;
}

static void draft_tcp(struct draft *d, const struct kt_script *script,
		      const struct kt_step *s, const struct kt_view *v)
{
	const struct kt_flow *f = &script->c->flows.data[s->flow];
	const struct kt_talk *t = &script->talks[s->flow];
	uint8_t *p = d->data + d->l4;
	size_t options = 0;

	put16(p, v->sport);
	put16(p + 2, v->dport);
	put32(p + 4, t->next[s->dir] + (uint32_t)s->seq_off);
	if (s->tcp_flags & FE_TCP_ACK)
		put32(p + 8, t->next[!s->dir] + (uint32_t)s->ack_off);
	if (s->tcp_flags & FE_TCP_SYN)
		options = tcp_options(p + 20, f, s->dir);
	p[12] = (uint8_t)((20 + options) << 2);
	p[13] = s->tcp_flags;
	put16(p + 14, s->window);
	d->size += 20 + options;
	draft_payload(d, s->len);
}

static void draft_udp(struct draft *d, const struct kt_step *s,
		      const struct kt_view *v)
{
	uint8_t *p = d->data + d->l4;

	put16(p, v->sport);
	put16(p + 2, v->dport);
	put16(p + 4, 8u + s->len);
	d->size += 8;
	draft_payload(d, s->len);
}

static void draft_icmp(struct draft *d, struct kt_talk *t,
		       const struct kt_step *s, const struct kt_view *v)
{
	uint8_t *p = d->data + d->l4;

	p[0] = s->type;
	p[1] = s->code;
	put16(p + 4, v->sport);
	put16(p + 6, t->icmp_seq);
	if (s->dir == 0)
		t->icmp_seq++;
	d->size += 8;
	draft_payload(d, s->len);
}

static size_t sum_place(const struct draft *d, unsigned proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return d->l4 + 16;
	case IPPROTO_UDP:
		return d->l4 + 6;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return d->l4 + 2;
	default:
		return 0;
	}
}

/* Lengths and checksums, then whatever shall be wrong. */
static void draft_finish(struct draft *d, unsigned proto, unsigned mods)
{
	size_t at = sum_place(d, proto);
	uint16_t sum;

	if (mods & KT_TRUNC)
		d->size = d->l4 + (proto == IPPROTO_TCP ? 13 : 5);
	if (d->family == 4)
		put16(d->data + 2, (unsigned)d->size);
	else
		put16(d->data + 4, (unsigned)(d->size - 40));
	if (at && !(mods & KT_TRUNC)) {
		sum = kt_l4_sum(d->data, d->size, d->l4, d->family, proto);
		if (proto == IPPROTO_UDP && sum == 0)
			sum = 0xffff;
		if (mods & KT_BADSUM)
			sum = (uint16_t)(sum ^ 0x5a5a);
		if (mods & KT_NOSUM && proto == IPPROTO_UDP)
			sum = 0;
		put16(d->data + at, sum);
	}
	if (d->family == 4) {
		put16(d->data + 10, 0);
		sum = kt_sum(d->data, 20, 0);
		put16(d->data + 10, mods & KT_BADIP ? sum ^ 0x1111u : sum);
	}
	if (mods & KT_PADDED)
		draft_payload(d, 7);
}

/* Who writes to whom: as the flow began, or in answer to what arrived. */
static void step_view(const struct kt_script *script, const struct kt_step *s,
		      struct kt_view *v, uint8_t *iif)
{
	const struct kt_flow *f = &script->c->flows.data[s->flow];
	const struct kt_talk *t = &script->talks[s->flow];
	struct kt_view o = {.family = f->family,
			    .proto = f->proto,
			    .src = f->src,
			    .dst = f->dst,
			    .sport = f->sport,
			    .dport = f->dport};

	*v = o;
	*iif = f->in_if;
	if (f->proto == IPPROTO_ICMP || f->proto == IPPROTO_ICMPV6)
		o.dport = o.sport;
	if (s->dir == 0)
		return;
	if (t->seen)
		o = t->view;
	v->src = o.dst;
	v->dst = o.src;
	v->sport = o.dport;
	v->dport = o.sport;
	*iif = t->seen_if;
	if (!t->seen) {
		unsigned out =
		    kt_host_route(&script->c->host, f->family, f->dst);

		*iif = out == KT_LO ? KT_NO_IFACE : (uint8_t)out;
	}
}

static void step_odd(const struct kt_script *script, const struct kt_step *s,
		     struct kt_view *v, uint8_t *iif)
{
	const struct kt_host *h = &script->c->host;

	if (s->mods & KT_SPOOF)
		v->src.lo ^= 0x2a;
	if (s->mods & KT_OTHERIF && *iif != KT_NO_IFACE)
		*iif = (uint8_t)(KT_ETH0 + (*iif - KT_ETH0 + 1u) % h->n_eth);
}

static bool draft_error(struct draft *d, const struct kt_script *script,
			const struct kt_step *s, struct kt_view *v,
			uint8_t *iif)
{
	const struct kt_talk *t = &script->talks[s->flow];
	const struct kt_bytes *quoted = &t->out[s->dir];
	size_t n = s->len < quoted->size ? s->len : quoted->size;
	struct kt_view q;
	uint8_t *p;

	if (!quoted->data || !kt_view(quoted, &q))
		return false;
	v->family = q.family;
	v->proto = q.family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	v->src = q.dst;
	v->dst = q.src;
	*iif = t->out_if[s->dir];
	step_odd(script, s, v, iif);
	draft_ip(d, s, v, s->flow);
	p = d->data + d->l4;
	p[0] = s->type;
	p[1] = s->code;
	put32(p + 4, s->type == (q.family == 4 ? 3 : 2) ? 1400 : 0);
	if (n > sizeof(d->data) - 128)
		n = sizeof(d->data) - 128;
	memcpy(p + 8, quoted->data, n);
	d->size += 8 + n;
	return true;
}

static void step_done(struct kt_script *script, const struct kt_step *s)
{
	struct kt_talk *t = &script->talks[s->flow];
	uint32_t end = t->next[s->dir] + (uint32_t)s->seq_off + s->len +
		       !!(s->tcp_flags & FE_TCP_SYN) +
		       !!(s->tcp_flags & FE_TCP_FIN);

	if (s->op == KT_TCP && s->seq_off == 0 &&
	    !(s->mods & (KT_BADSUM | KT_TRUNC)))
		t->next[s->dir] = end;
}

void kt_script_start(struct kt_script *script, struct kt_case *c)
{
	script->c = c;
	script->talks = fe_new_n(c->arena, struct kt_talk, c->flows.n);
	for (size_t i = 0; i < c->flows.n; i++)
		for (unsigned dir = 0; dir < 2; dir++)
			script->talks[i].next[dir] = c->flows.data[i].isn[dir];
}

bool kt_script_packet(struct kt_script *script, const struct kt_step *s,
		      struct kt_sent *sent)
{
	struct draft d;
	struct kt_view v;
	uint8_t iif;

	step_view(script, s, &v, &iif);
	if (s->op == KT_ERROR) {
		if (!draft_error(&d, script, s, &v, &iif))
			return false;
	} else {
		step_odd(script, s, &v, &iif);
		draft_ip(&d, s, &v, sent->step * 64u + s->flow);
		switch ((enum kt_op)s->op) {
		case KT_TCP:
			draft_tcp(&d, script, s, &v);
			break;
		case KT_UDP:
			draft_udp(&d, s, &v);
			break;
		case KT_ICMP:
			draft_icmp(&d, &script->talks[s->flow], s, &v);
			break;
		case KT_OTHER:
			draft_payload(&d, 8u + s->len);
			break;
		case KT_ERROR:
			break;
		}
	}
	/* A raw socket rewrites length and header checksum itself. */
	draft_finish(&d, v.proto,
		     iif == KT_NO_IFACE
			 ? s->mods & ~(unsigned)(KT_BADIP | KT_PADDED)
			 : s->mods);
	sent->bytes.size = (uint32_t)d.size;
	sent->bytes.data = fe_arena_memdup(script->c->arena, d.data, d.size);
	sent->iif = iif;
	sent->mark = iif == KT_NO_IFACE ? s->mark : 0;
	step_done(script, s);
	return true;
}

void kt_script_heard(struct kt_script *script, const struct kt_step *s,
		     const struct kt_sent *sent)
{
	struct kt_talk *t = &script->talks[s->flow];
	const struct kt_life *life;
	struct kt_view v;

	if (s->op == KT_ERROR || sent->lives.n == 0)
		return;
	life = &sent->lives.data[0];
	if (life->end == KT_VANISHED || !kt_view(&life->bytes, &v))
		return;
	t->out[s->dir] = life->bytes;
	t->out_if[s->dir] = life->end == KT_SENT ? life->oif : KT_NO_IFACE;
	if (s->dir != 0 || s->mods & (KT_SPOOF | KT_TRUNC))
		return;
	t->seen = true;
	t->view = v;
	t->seen_if = t->out_if[0];
}
