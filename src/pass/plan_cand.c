/*
 * Candidates: classes worth a proof.
 *
 * Nothing here needs to be right, only useful: the proof decides. Broad
 * classes come first (everything, everything local, a protocol), then what
 * rules of filter accept: their protocol and ports, with addresses dropped at
 * first. Conditions of jumps are carried along; states, marks, interfaces and
 * whatever else is dropped.
 */
#include "pass/plan_priv.h"

#include <netinet/in.h>
#include <string.h>

enum { MAX_VISITS = 20000, MAX_DEPTH = 12 };

/* Protocols whose candidates are a number only: no ports, no types. */
static bool has_ports(unsigned proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
}

struct want {               /* what a path of rules asks of a packet */
	unsigned proto;     /* 0: any */
	struct fe_end src, dst;
	bool hopeless;      /* only packets that need state, or lo */
};

struct finder {
	struct fe_planner *p;
	struct fe_cands *cands;
	enum fe_hook hook;
	unsigned visits;
};

/* Reading a part: clauses over one field only, nothing inverted. */
struct want_sink {
	struct fe_sink sink;
	struct want *want;
	enum fe_field field; /* of the open clause; FE_NOFIELD: several */
	bool open, odd;      /* odd: negated, unknown, too many */
	struct fe_ports ports;
	struct fe_u128 value, mask;
	unsigned atoms;
	unsigned states;     /* bits of 1 << enum fe_ctstate */
	const char *iface;
};

static void end_clause(struct want_sink *s)
{
	struct want *w = s->want;

	if (!s->open || s->odd)
		return;
	switch ((unsigned)s->field) {
	case FE_F_SPORT:
		w->src.ports = s->ports;
		break;
	case FE_F_DPORT:
		w->dst.ports = s->ports;
		break;
	case FE_F_PROTO:
		if (s->atoms == 1 && s->ports.lo[0] == s->ports.hi[0])
			w->proto = s->ports.lo[0];
		break;
	case FE_F_SADDR:
		if (s->atoms == 1) {
			w->src.addr = s->value;
			w->src.mask = s->mask;
		}
		break;
	case FE_F_DADDR:
		if (s->atoms == 1) {
			w->dst.addr = s->value;
			w->dst.mask = s->mask;
		}
		break;
	case FE_F_CTSTATE:
		if (!(s->states & (1u << FE_CT_NEW | 1u << FE_CT_UNTRACKED)))
			w->hopeless = true;
		break;
	case FE_F_IIF:
	case FE_F_OIF:
		if (s->iface && !strcmp(s->iface, "lo"))
			w->hopeless = true;
		break;
	default:
		break;
	}
}

static void want_clause(struct fe_sink *sink)
{
	struct want_sink *s = (struct want_sink *)sink;

	end_clause(s);
	s->open = true;
	s->odd = false;
	s->field = FE_NOFIELD;
	s->ports.n = 0;
	s->atoms = 0;
	s->states = 0;
	s->iface = NULL;
}

static void want_range(struct want_sink *s, const struct fe_atom *atom)
{
	uint64_t lo = atom->u.range.lo.lo, hi = atom->u.range.hi.lo;

	if (atom->field == FE_F_CTSTATE)
		for (uint64_t i = lo; i <= hi && i <= FE_CT_UNTRACKED; i++)
			s->states |= 1u << i;
	if (atom->field == FE_F_SADDR || atom->field == FE_F_DADDR) {
		if (!fe_u128_eq(atom->u.range.lo, atom->u.range.hi)) {
			s->odd = true;
			return;
		}
		s->value = atom->u.range.lo;
		s->mask = fe_u128_ones(s->want ? 128 : 0);
	}
	if (lo > 65535 || hi > 65535 || s->ports.n == FE_PLAN_MAX_PORTS) {
		s->odd = s->odd || (atom->field != FE_F_SADDR &&
				    atom->field != FE_F_DADDR);
		return;
	}
	s->ports.lo[s->ports.n] = (uint16_t)lo;
	s->ports.hi[s->ports.n++] = (uint16_t)hi;
}

static void want_atom(struct fe_sink *sink, const struct fe_atom *atom)
{
	struct want_sink *s = (struct want_sink *)sink;

	if (s->atoms++ && s->field != atom->field)
		s->odd = true;
	s->field = atom->field;
	if (atom->neg)
		s->odd = true;
	switch (atom->kind) {
	case FE_ATOM_RANGE:
		want_range(s, atom);
		break;
	case FE_ATOM_MASK:
		s->value = atom->u.mask.value;
		s->mask = atom->u.mask.mask;
		break;
	case FE_ATOM_IFACE:
		s->iface = atom->u.iface;
		break;
	case FE_ATOM_IPSET:
	case FE_ATOM_UNKNOWN:
		s->odd = true;
		break;
	}
}

static void read_rule(const struct fe_rule *rule, unsigned family,
		      struct want *want)
{
	for (unsigned i = 0; i < rule->n_parts; i++) {
		struct want_sink s = {
		    .sink = {.clause = want_clause, .atom = want_atom},
		    .want = want,
		};

		if (&rule->parts[i] == fe_rule_target(rule))
			continue;
		fe_part_cover(&rule->parts[i], family, &s.sink);
		end_clause(&s);
	}
}

static bool same_ports(const struct fe_ports *a, const struct fe_ports *b)
{
	return a->n == b->n && !memcmp(a->lo, b->lo, a->n * sizeof(a->lo[0])) &&
	       !memcmp(a->hi, b->hi, a->n * sizeof(a->hi[0]));
}

static bool same_end(const struct fe_end *a, const struct fe_end *b)
{
	return same_ports(&a->ports, &b->ports) &&
	       fe_u128_eq(a->mask, b->mask) && fe_u128_eq(a->addr, b->addr);
}

static bool same_cand(const struct fe_cand *a, const struct fe_cand *b)
{
	return a->proto == b->proto && a->local == b->local &&
	       a->lo_only == b->lo_only && a->lo == b->lo &&
	       same_end(&a->a, &b->a) && same_end(&a->b, &b->b);
}

static void add(struct fe_planner *p, struct fe_cands *cands, struct fe_cand c)
{
	for (size_t i = 0; i < cands->list.n; i++)
		if (same_cand(&cands->list.data[i], &c))
			return;
	if (cands->list.n >= FE_PLAN_MAX_CANDS) {
		cands->left_out++;
		return;
	}
	c.name = fe_plan_name(p, &c);
	fe_vec_push(&cands->list, c);
}

static bool any_addr(const struct fe_end *end)
{
	return !end->mask.hi && !end->mask.lo;
}

/* A rule accepts: what it accepts is a candidate, addresses dropped, then
 * with them. */
static void suggest(struct finder *f, const struct fe_rule *rule,
		    const struct want *w)
{
	bool out = f->hook == FE_OUTPUT;
	struct fe_cand c = {
	    .proto = (uint8_t)w->proto,
	    .local = f->hook != FE_FORWARD,
	    .lo = f->hook != FE_FORWARD,
	    .a = out ? w->src : w->dst,
	    .b = out ? w->dst : w->src,
	    .from = rule,
	};
	bool ports = c.a.ports.n || c.b.ports.n;
	bool addrs = !any_addr(&c.a) || !any_addr(&c.b);

	if (w->proto > 255 || w->hopeless || (ports && !has_ports(w->proto)))
		return;
	if (!ports && !addrs && !w->proto)
		return; /* a broad one, added before */
	if (w->proto == IPPROTO_ICMP || w->proto == IPPROTO_ICMPV6)
		return; /* queries and errors are not one class */
	if (ports) {
		struct fe_cand broad = c;

		memset(&broad.a.addr, 0, sizeof(broad.a.addr));
		memset(&broad.a.mask, 0, sizeof(broad.a.mask));
		memset(&broad.b.addr, 0, sizeof(broad.b.addr));
		memset(&broad.b.mask, 0, sizeof(broad.b.mask));
		add(f->p, f->cands, broad);
		broad.lo = false;
		if (broad.local)
			add(f->p, f->cands, broad);
	}
	if (!addrs)
		return;
	add(f->p, f->cands, c);
	c.lo = false;
	if (c.local)
		add(f->p, f->cands, c);
}

static void find_in(struct finder *f, const struct fe_chain *chain,
		    const struct want *above, unsigned depth)
{
	for (size_t i = 0; i < chain->rules.n; i++) {
		const struct fe_rule *rule = chain->rules.data[i];
		struct want want = *above;

		if (++f->visits > MAX_VISITS)
			return;
		if (rule->action != FE_ACT_ACCEPT && !rule->jump)
			continue;
		read_rule(rule, f->p->family, &want);
		if (want.hopeless)
			continue;
		if (rule->jump && depth < MAX_DEPTH)
			find_in(f, rule->jump, &want, depth + 1);
		else if (!rule->jump)
			suggest(f, rule, &want);
	}
}

/* Joins all candidates that differ in one port list only, so that one proof
 * and one rule may serve them; the single ones stay behind it. */
static void unite(struct fe_planner *p, struct fe_cands *cands,
		  unsigned proto, bool local, bool lo)
{
	struct fe_cand all = {
	    .proto = (uint8_t)proto, .local = local, .lo = lo};
	struct fe_ports *ports = &all.a.ports;
	unsigned words = 0;

	for (size_t i = 0; i < cands->list.n; i++) {
		const struct fe_cand *c = &cands->list.data[i];

		if (c->proto != proto || c->local != local || c->lo != lo ||
		    !c->a.ports.n || c->b.ports.n || !any_addr(&c->a) ||
		    !any_addr(&c->b))
			continue;
		for (unsigned k = 0; k < c->a.ports.n; k++) {
			unsigned cost = c->a.ports.lo[k] == c->a.ports.hi[k]
					    ? 1 : 2;
			bool known = false;

			for (unsigned j = 0; j < ports->n; j++)
				known |= ports->lo[j] == c->a.ports.lo[k] &&
					 ports->hi[j] == c->a.ports.hi[k];
			if (known)
				continue;
			if (words + cost > FE_PLAN_MAX_PORTS)
				return;
			words += cost;
			ports->lo[ports->n] = c->a.ports.lo[k];
			ports->hi[ports->n++] = c->a.ports.hi[k];
		}
	}
	if (ports->n < 2)
		return;
	all.name = fe_plan_name(p, &all);
	/* In front of the single ones. */
	fe_vec_push(&cands->list, all);
	memmove(cands->list.data + 1, cands->list.data,
		(cands->list.n - 1) * sizeof(all));
	cands->list.data[0] = all;
}

static void broad(struct fe_planner *p, struct fe_cands *cands)
{
	static const uint8_t protos[] = {0, IPPROTO_UDP, IPPROTO_TCP};
	static const struct fe_end loopback4 = {
	    .addr = {0, 0x7f000000}, .mask = {0, 0xff000000}};
	static const struct fe_end loopback6 = {
	    .addr = {0, 1}, .mask = {UINT64_MAX, UINT64_MAX}};
	const struct fe_end *loopback = p->family == 4 ? &loopback4
						       : &loopback6;

	for (size_t i = 0; i < sizeof(protos); i++) {
		add(p, cands, (struct fe_cand){.proto = protos[i]});
		add(p, cands, (struct fe_cand){.proto = protos[i],
					       .local = true, .lo = true});
		add(p, cands, (struct fe_cand){.proto = protos[i],
					       .local = true});
		if (!protos[i]) {
			add(p, cands, (struct fe_cand){.lo_only = true});
			add(p, cands, (struct fe_cand){.lo_only = true,
						       .a = *loopback,
						       .b = *loopback});
		}
	}
}

void fe_plan_candidates(struct fe_planner *p, struct fe_cands *cands)
{
	static const enum fe_hook hooks[] = {FE_INPUT, FE_FORWARD, FE_OUTPUT};
	const struct fe_table *filter = &p->rules->tables[FE_FILTER];
	struct fe_cands narrow = {0};
	const struct want none = {0};

	for (unsigned h = 0; h < 3; h++) {
		struct finder f = {.p = p, .cands = &narrow, .hook = hooks[h]};

		for (size_t c = 0; filter->present && c < filter->chains.n; c++)
			if (filter->chains.data[c]->builtin &&
			    filter->chains.data[c]->hook == hooks[h])
				find_in(&f, filter->chains.data[c], &none, 0);
	}
	for (unsigned i = 0; i < 8; i++)
		unite(p, &narrow, i & 4 ? IPPROTO_UDP : IPPROTO_TCP, i & 2,
		      (i & 1) && (i & 2));
	broad(p, cands);
	for (size_t i = 0; i < narrow.list.n; i++)
		fe_vec_push(&cands->list, narrow.list.data[i]);
	cands->left_out = narrow.left_out;
	fe_vec_free(&narrow.list);
}

/* Names. */

static void put_ports(const struct fe_ports *ports, struct fe_buf *buf)
{
	for (unsigned i = 0; i < ports->n; i++) {
		fe_buf_printf(buf, "%s%u", i ? "," : "", ports->lo[i]);
		if (ports->hi[i] != ports->lo[i])
			fe_buf_printf(buf, "-%u", ports->hi[i]);
	}
}

static void put_end(struct fe_planner *p, const char *what,
		    const struct fe_end *end, struct fe_buf *buf)
{
	unsigned bits;

	if (end->ports.n) {
		fe_buf_printf(buf, ", %s port ", what);
		put_ports(&end->ports, buf);
	}
	if (any_addr(end))
		return;
	bits = (unsigned)__builtin_popcountll(end->mask.hi) +
	       (unsigned)__builtin_popcountll(end->mask.lo);
	if (p->family == 4)
		fe_buf_printf(buf, ", %s address %u.%u.%u.%u/%u", what,
			      (unsigned)(end->addr.lo >> 24) & 255,
			      (unsigned)(end->addr.lo >> 16) & 255,
			      (unsigned)(end->addr.lo >> 8) & 255,
			      (unsigned)end->addr.lo & 255,
			      bits > 32 ? 32 : bits);
	else
		fe_buf_printf(buf, ", %s address %llx:%llx::/%u", what,
			      (unsigned long long)(end->addr.hi >> 48),
			      (unsigned long long)(end->addr.hi >> 32) & 0xffff,
			      bits);
}

const char *fe_plan_name(struct fe_planner *p, const struct fe_cand *c)
{
	struct fe_buf buf = {0};
	const char *name;

	if (c->proto == IPPROTO_TCP)
		fe_buf_puts(&buf, "tcp");
	else if (c->proto == IPPROTO_UDP)
		fe_buf_puts(&buf, "udp");
	else if (c->proto)
		fe_buf_printf(&buf, "protocol %u", c->proto);
	else
		fe_buf_puts(&buf, "all protocols");
	if (c->lo_only && c->a.mask.lo) {
		fe_buf_puts(&buf, " among loopback addresses");
	} else {
		put_end(p, c->local ? "local" : "one", &c->a, &buf);
		put_end(p, c->local ? "remote" : "other", &c->b, &buf);
	}
	if (c->lo_only)
		fe_buf_puts(&buf, ", over lo");
	else if (!c->local)
		fe_buf_puts(&buf, ", local and forwarded");
	else
		fe_buf_puts(&buf, c->lo ? ", of this host"
					: ", of this host without lo");
	name = fe_arena_strdup(p->arena, fe_buf_text(&buf));
	fe_buf_free(&buf);
	return name;
}
