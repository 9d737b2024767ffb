/*
 * A candidate as packet sets, and as rules.
 *
 * Both are made here, side by side, since they must say the same: sets[hook]
 * holds exactly the packets that the rules below leave untracked, under the
 * assumption `local` (packets to the host's own addresses leave by lo, and
 * such sources arrive by lo only).
 */
#include "pass/plan_priv.h"

#include <netinet/in.h>

enum { MAX_ADDRS = 4 };
enum { LOCAL = 2 /* RTN_LOCAL */ };

static fe_set field_is(struct fe_planner *p, enum fe_field field, uint64_t v)
{
	return fe_set_range(p->space, field, fe_u128(v), fe_u128(v));
}

static fe_set meet(struct fe_planner *p, fe_set a, fe_set b)
{
	return fe_set_and(p->space, a, b);
}

static fe_set ports_set(struct fe_planner *p, const struct fe_ports *ports,
			enum fe_field field)
{
	fe_set set = ports->n ? FE_SET_EMPTY : FE_SET_ALL;

	for (unsigned i = 0; i < ports->n; i++)
		set = fe_set_or(p->space, set,
				fe_set_range(p->space, field,
					     fe_u128(ports->lo[i]),
					     fe_u128(ports->hi[i])));
	return set;
}

/* Packets from one end to the other. */
static fe_set way(struct fe_planner *p, const struct fe_cand *c,
		  const struct fe_end *from, const struct fe_end *to)
{
	fe_set set = FE_SET_ALL;

	if (c->proto)
		set = field_is(p, FE_F_PROTO, c->proto);
	if (from->mask.hi || from->mask.lo)
		set = meet(p, set, fe_set_mask(p->space, FE_F_SADDR, from->addr,
					       from->mask));
	if (to->mask.hi || to->mask.lo)
		set = meet(p, set, fe_set_mask(p->space, FE_F_DADDR, to->addr,
					       to->mask));
	set = meet(p, set, ports_set(p, &from->ports, FE_F_SPORT));
	set = meet(p, set, ports_set(p, &to->ports, FE_F_DPORT));
	if (from->ports.n || to->ports.n)
		set = meet(p, set, field_is(p, FE_F_HDR, FE_HDR_WHOLE));
	else
		set = meet(p, set,
			   fe_set_not(p->space,
				      field_is(p, FE_F_HDR, FE_HDR_NONE)));
	return meet(p, set, field_is(p, FE_F_FRAG, 0));
}

/* The host's own addresses, as a set of a field. */
static fe_set own(struct fe_planner *p, enum fe_field addr, enum fe_field type)
{
	const struct fe_host *host = p->context->host;
	fe_set set = FE_SET_EMPTY;

	if (!p->addresses)
		return field_is(p, type, LOCAL);
	for (size_t i = 0; i < host->addrs.n; i++) {
		const struct fe_host_addr *a = &host->addrs.data[i];

		if (a->family != p->family ||
		    host->ifaces.data[a->iface].loopback)
			continue;
		set = fe_set_or(p->space, set,
				fe_set_range(p->space, addr, a->addr, a->addr));
	}
	return meet(p, set, field_is(p, type, LOCAL));
}

bool fe_plan_by_address(struct fe_planner *p)
{
	const struct fe_host *host = p->context->host;
	unsigned n = 0;

	if (!host || !host->known)
		return false;
	for (size_t i = 0; i < host->addrs.n; i++)
		if (host->addrs.data[i].family == p->family &&
		    !host->ifaces.data[host->addrs.data[i].iface].loopback)
			n++;
	/* IPv6 hosts speak from link-local and temporary addresses too. */
	return p->family == 4 && n >= 1 && n <= MAX_ADDRS;
}

static void any_path_sets(struct fe_planner *p, const struct fe_cand *c,
			  struct fe_class_sets *s)
{
	fe_set all = fe_set_or(p->space, way(p, c, &c->a, &c->b),
			       way(p, c, &c->b, &c->a));
	fe_set no_in = field_is(p, FE_F_IIF, 0);
	fe_set no_out = field_is(p, FE_F_OIF, 0);

	s->raw_pre = meet(p, all, no_out);
	s->raw_out = meet(p, all, no_in);
	s->at[FE_PREROUTING] = s->at[FE_INPUT] = s->raw_pre;
	s->at[FE_FORWARD] = all;
	s->at[FE_OUTPUT] = s->raw_out;
	s->at[FE_POSTROUTING] = all;
}

static void local_sets(struct fe_planner *p, const struct fe_cand *c,
		       struct fe_class_sets *s)
{
	fe_set dst_own = own(p, FE_F_DADDR, FE_F_DST_TYPE);
	fe_set src_own = own(p, FE_F_SADDR, FE_F_SRC_TYPE);
	fe_set dst_local = field_is(p, FE_F_DST_TYPE, LOCAL);
	fe_set src_local = field_is(p, FE_F_SRC_TYPE, LOCAL);
	fe_set in_lo = fe_behave_iface(p->behave, FE_F_IIF, "lo");
	fe_set out_lo = fe_behave_iface(p->behave, FE_F_OIF, "lo");
	fe_set no_in = field_is(p, FE_F_IIF, 0);
	fe_set no_out = field_is(p, FE_F_OIF, 0);
	fe_set to = way(p, c, &c->b, &c->a), from = way(p, c, &c->a, &c->b);
	fe_set looped = FE_SET_EMPTY;

	if (c->lo || c->lo_only)
		looped = meet(p, fe_set_or(p->space, to, from),
			      meet(p, dst_local, src_local));
	if (c->lo_only) {
		to = from = FE_SET_EMPTY;
	} else {
		to = meet(p, meet(p, to, dst_own),
			  fe_set_not(p->space, src_local));
		from = meet(p, meet(p, from, src_own),
			    fe_set_not(p->space, dst_local));
	}
	s->raw_pre = meet(p, meet(p, to, fe_set_not(p->space, in_lo)), no_out);
	s->at[FE_PREROUTING] = s->at[FE_INPUT] =
	    fe_set_or(p->space, s->raw_pre,
		      meet(p, meet(p, looped, in_lo), no_out));
	s->raw_out = fe_set_or(
	    p->space, meet(p, from, fe_set_not(p->space, out_lo)),
	    meet(p, looped, out_lo));
	s->raw_out = meet(p, s->raw_out, no_in);
	s->at[FE_OUTPUT] = s->at[FE_POSTROUTING] = s->raw_out;
	s->at[FE_FORWARD] = FE_SET_EMPTY;
}

/* Whether its packets look the same both ways. */
static bool symmetric(const struct fe_cand *c)
{
	return !c->a.ports.n && !c->b.ports.n && !c->a.mask.hi &&
	       !c->a.mask.lo && !c->b.mask.hi && !c->b.mask.lo;
}

static bool looped(const struct fe_cand *c)
{
	return c->lo || c->lo_only || !c->local;
}

/* What companions match: see companions(). */
static void boxes(struct fe_planner *p, const struct fe_cand *c,
		  struct fe_class_sets *sets)
{
	fe_set to = way(p, c, &c->b, &c->a), from = way(p, c, &c->a, &c->b);
	fe_set both = fe_set_or(p->space, to, from);
	fe_set not_in_lo = fe_set_not(
	    p->space, fe_behave_iface(p->behave, FE_F_IIF, "lo"));
	fe_set not_out_lo = fe_set_not(
	    p->space, fe_behave_iface(p->behave, FE_F_OIF, "lo"));

	for (unsigned h = 0; h < FE_N_HOOKS; h++)
		sets->box[h] = looped(c) && !c->lo_only ? both : FE_SET_EMPTY;
	if (c->lo_only) {
		sets->box[FE_INPUT] = fe_set_minus(p->space, both, not_in_lo);
		sets->box[FE_OUTPUT] = fe_set_minus(p->space, both, not_out_lo);
	} else if (!looped(c)) {
		sets->box[FE_INPUT] = meet(p, to, not_in_lo);
		sets->box[FE_OUTPUT] = meet(p, from, not_out_lo);
	}
}

static bool same_ends(const struct fe_cand *c)
{
	return !c->a.ports.n && !c->b.ports.n &&
	       fe_u128_eq(c->a.addr, c->b.addr) &&
	       fe_u128_eq(c->a.mask, c->b.mask);
}

void fe_plan_sets(struct fe_planner *p, const struct fe_cand *c,
		  struct fe_class_sets *sets)
{
	boxes(p, c, sets);
	/* Errors about flows among loopback addresses come over lo only. */
	sets->all_icmp = !c->proto && ((c->lo_only && c->a.mask.lo) ||
				       (!c->local && symmetric(c)));
	if (c->local || c->lo_only)
		local_sets(p, c, sets);
	else
		any_path_sets(p, c, sets);
}

/* Rules. */

struct spec {              /* what one raw rule says */
	const struct fe_end *from, *to;
	const char *iface;     /* " ! -o lo", or "" */
	const char *src, *dst; /* an own address, or NULL */
	bool src_type, dst_type; /* -m addrtype --src-type LOCAL ... */
};

static unsigned mask_len(struct fe_planner *p, struct fe_u128 mask)
{
	unsigned n = (unsigned)__builtin_popcountll(mask.hi) +
		     (unsigned)__builtin_popcountll(mask.lo);

	return p->family == 4 && n > 32 ? 32 : n;
}

static void put_addr(struct fe_planner *p, struct fe_u128 addr,
		     struct fe_buf *buf)
{
	if (p->family == 4) {
		fe_buf_printf(
		    buf, "%u.%u.%u.%u", (unsigned)(addr.lo >> 24) & 255,
		    (unsigned)(addr.lo >> 16) & 255,
		    (unsigned)(addr.lo >> 8) & 255, (unsigned)addr.lo & 255);
		return;
	}
	for (unsigned i = 0; i < 8; i++) {
		uint64_t half = i < 4 ? addr.hi : addr.lo;

		fe_buf_printf(buf, "%s%x", i ? ":" : "",
			      (unsigned)(half >> (48 - 16 * (i & 3))) & 0xffff);
	}
}

static void put_net(struct fe_planner *p, const char *option,
		    const struct fe_end *end, const char *own_addr,
		    struct fe_buf *buf)
{
	if (own_addr) {
		fe_buf_printf(buf, " %s %s", option, own_addr);
		return;
	}
	if (!end->mask.hi && !end->mask.lo)
		return;
	fe_buf_printf(buf, " %s ", option);
	put_addr(p, end->addr, buf);
	fe_buf_printf(buf, "/%u", mask_len(p, end->mask));
}

static void put_port_list(const struct fe_ports *ports, char between,
			  struct fe_buf *buf)
{
	for (unsigned i = 0; i < ports->n; i++) {
		fe_buf_printf(buf, "%s%u", i ? "," : "", ports->lo[i]);
		if (ports->hi[i] != ports->lo[i])
			fe_buf_printf(buf, "%c%u", between, ports->hi[i]);
	}
}

static const char *proto_name(struct fe_planner *p, uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "ipv6-icmp";
	default:
		return fe_arena_printf(p->arena, "%u", proto);
	}
}

unsigned fe_plan_guard(const struct fe_planner *p, uint8_t proto)
{
	return (p->family == 4 ? 20u : 40u) +
	       (proto == IPPROTO_TCP ? 20u : 8u) - 1;
}

static void put_ports(struct fe_planner *p, uint8_t proto,
		      const struct fe_ports *sports,
		      const struct fe_ports *dports, struct fe_buf *buf)
{
	bool multi = sports->n > 1 || dports->n > 1;

	if (!sports->n && !dports->n)
		return;
	fe_buf_printf(buf, " -m length ! --length 0:%u",
		      fe_plan_guard(p, proto));
	if (multi && sports->n && dports->n) {
		/* One multiport option each: two matches. */
		fe_buf_puts(buf, " -m multiport --sports ");
		put_port_list(sports, ':', buf);
		fe_buf_puts(buf, " -m multiport --dports ");
		put_port_list(dports, ':', buf);
		return;
	}
	fe_buf_printf(buf, " -m %s",
		      multi ? "multiport" : proto_name(p, proto));
	if (sports->n) {
		fe_buf_printf(buf, " --sport%s ", multi ? "s" : "");
		put_port_list(sports, ':', buf);
	}
	if (dports->n) {
		fe_buf_printf(buf, " --dport%s ", multi ? "s" : "");
		put_port_list(dports, ':', buf);
	}
}

static void put_spec(struct fe_planner *p, const struct fe_cand *c,
		     const struct spec *s, struct fe_buf *buf)
{
	put_net(p, "-s", s->from, s->src, buf);
	put_net(p, "-d", s->to, s->dst, buf);
	fe_buf_puts(buf, s->iface);
	if (c->proto)
		fe_buf_printf(buf, " -p %s", proto_name(p, c->proto));
	put_ports(p, c->proto, &s->from->ports, &s->to->ports, buf);
	if (s->src_type || s->dst_type)
		fe_buf_printf(buf, " -m addrtype%s%s",
			      s->src_type ? " --src-type LOCAL" : "",
			      s->dst_type ? " --dst-type LOCAL" : "");
}

static void add_rule(struct fe_planner *p, struct fe_plan_class *class,
		     enum fe_table_id table, const char *chain, uint32_t at,
		     const char *tail, struct fe_buf *buf)
{
	struct fe_plan_rule rule = {.table = table, .chain = chain,
				    .at = at};

	fe_buf_puts(buf, tail);
	rule.spec = fe_arena_strdup(p->arena, fe_buf_text(buf) + 1);
	fe_buf_clear(buf);
	fe_vec_push(&class->rules, rule);
}

/* One rule for each own address, or one with addrtype. */
static void add_local(struct fe_planner *p, const struct fe_cand *c,
		      struct fe_plan_class *class, const char *chain, uint32_t at,
		      struct spec spec, bool own_is_src, const char *tail,
		      enum fe_table_id table)
{
	const struct fe_host *host = p->context->host;
	struct fe_buf buf = {0}, addr = {0};

	if (!p->addresses) {
		spec.src_type = own_is_src;
		spec.dst_type = !own_is_src;
		put_spec(p, c, &spec, &buf);
		add_rule(p, class, table, chain, at, tail, &buf);
		fe_buf_free(&buf);
		return;
	}
	for (size_t i = 0; i < host->addrs.n; i++) {
		const struct fe_host_addr *a = &host->addrs.data[i];
		const struct fe_end *end = &c->a;

		if (a->family != p->family ||
		    host->ifaces.data[a->iface].loopback)
			continue;
		if ((a->addr.lo & end->mask.lo) !=
		    (end->addr.lo & end->mask.lo))
			continue;
		put_addr(p, a->addr, &addr);
		spec.src = own_is_src ? fe_buf_text(&addr) : NULL;
		spec.dst = own_is_src ? NULL : fe_buf_text(&addr);
		put_spec(p, c, &spec, &buf);
		add_rule(p, class, table, chain, at, tail, &buf);
		fe_buf_clear(&addr);
	}
	fe_buf_free(&addr);
	fe_buf_free(&buf);
}

static void add_plain(struct fe_planner *p, const struct fe_cand *c,
		      struct fe_plan_class *class, const char *chain, uint32_t at,
		      const struct spec *spec, const char *tail,
		      enum fe_table_id table)
{
	struct fe_buf buf = {0};

	put_spec(p, c, spec, &buf);
	add_rule(p, class, table, chain, at, tail, &buf);
	fe_buf_free(&buf);
}

static const char notrack[] = " -j CT --notrack";
static const char accept_tail[] =
    " -m conntrack --ctstate UNTRACKED -j ACCEPT";

/*
 * The loopback half of a class in OUTPUT. Both ends are asked to be this
 * host's: a RST that REJECT makes for a packet of ours comes by lo as well,
 * from a foreign address, and belongs to a flow outside.
 */
static void add_looped(struct fe_planner *p, const struct fe_cand *c,
		       struct fe_plan_class *class, bool both, bool head)
{
	struct spec spec = {.from = &c->b, .to = &c->a, .iface = " -o lo",
			    .src_type = true, .dst_type = true};

	add_plain(p, c, class, "OUTPUT", head, &spec, notrack, FE_RAW);
	if (!both)
		return;
	spec.from = &c->a;
	spec.to = &c->b;
	add_plain(p, c, class, "OUTPUT", head, &spec, notrack, FE_RAW);
}

static void local_rules(struct fe_planner *p, const struct fe_cand *c,
			const struct fe_proof *proof,
			struct fe_plan_class *class)
{
	bool same = symmetric(c) || same_ends(c);
	struct spec in = {.from = &c->b, .to = &c->a, .iface = ""};
	struct spec out = {.from = &c->a, .to = &c->b,
			   .iface = " ! -o lo"};

	/* Where loopback flows are untracked anyway, nobody need ask. */
	if (c->lo_taken || (c->lo && !p->addresses))
		out.iface = "";
	/* An INVALID packet comes by lo without a state: it is none of ours
	 * where its first half was not. */
	if (!c->lo && !c->lo_taken)
		in.iface = " ! -i lo";
	if (c->lo_only) {
		add_looped(p, c, class, !same, proof->head_out);
		return;
	}
	add_local(p, c, class, "PREROUTING", proof->head_pre, in, false,
		  notrack, FE_RAW);
	add_local(p, c, class, "OUTPUT", proof->head_out, out, true, notrack,
		  FE_RAW);
	/* Without addresses the rule above has the replies over lo already:
	 * only the requests are left. */
	if (c->lo && (p->addresses || !same))
		add_looped(p, c, class, p->addresses && !same,
			   proof->head_out);
}

static void any_path_rules(struct fe_planner *p, const struct fe_cand *c,
			   const struct fe_proof *proof,
			   struct fe_plan_class *class)
{
	struct spec spec = {.from = &c->b, .to = &c->a, .iface = ""};
	struct spec back = {.from = &c->a, .to = &c->b, .iface = ""};

	add_plain(p, c, class, "PREROUTING", proof->head_pre, &spec, notrack,
		  FE_RAW);
	if (!symmetric(c))
		add_plain(p, c, class, "PREROUTING", proof->head_pre, &back,
			  notrack, FE_RAW);
	add_plain(p, c, class, "OUTPUT", proof->head_out, &spec, notrack,
		  FE_RAW);
	if (!symmetric(c))
		add_plain(p, c, class, "OUTPUT", proof->head_out, &back,
			  notrack, FE_RAW);
}

/* Companions go to the head of filter, or ahead of the first rule that asks
 * for the state: what they match, they accept as every tracked state of the
 * class was accepted from there on, without effects. */
static void companions(struct fe_planner *p, const struct fe_cand *c,
		       const struct fe_proof *proof,
		       struct fe_plan_class *class)
{
	static const char *const chains[] = {
	    [FE_INPUT] = "INPUT",
	    [FE_FORWARD] = "FORWARD",
	    [FE_OUTPUT] = "OUTPUT",
	};
	struct spec to = {.from = &c->b, .to = &c->a, .iface = ""};
	struct spec from = {.from = &c->a, .to = &c->b, .iface = ""};

	for (unsigned h = FE_INPUT; h <= FE_OUTPUT; h++) {
		if (!proof->companion[h])
			continue;
		if (c->lo_only) {
			to.iface = from.iface =
			    h == FE_INPUT ? " -i lo" : " -o lo";
		} else if (!looped(c)) {
			to.iface = " ! -i lo";
			from.iface = " ! -o lo";
		}
		if (h != FE_OUTPUT || looped(c))
			add_plain(p, c, class, chains[h],
				  proof->companion[h], &to,
				  accept_tail, FE_FILTER);
		if (h == FE_OUTPUT ? !looped(c) || !symmetric(c)
				   : looped(c) && !symmetric(c))
			add_plain(p, c, class, chains[h],
				  proof->companion[h], &from,
				  accept_tail, FE_FILTER);
	}
}

static void put_range(const struct fe_ports *ports, unsigned i,
		      struct fe_buf *buf)
{
	fe_buf_printf(buf, " %u %u", ports->n ? ports->lo[i] : 0,
		      ports->n ? ports->hi[i] : 65535);
}

static void put_end(struct fe_planner *p, const struct fe_end *end,
		    struct fe_buf *buf)
{
	unsigned all = p->family == 4 ? 32 : 128;

	if (mask_len(p, end->mask) != all) {
		fe_buf_puts(buf, " any");
		return;
	}
	fe_buf_puts(buf, " ");
	put_addr(p, end->addr, buf);
}

/*
 * Calls of flush.sh's forget(), one for each pair of port ranges. A class of
 * a whole network is left out: its entries time out.
 */
static void flush_lines(struct fe_planner *p, const struct fe_cand *c,
			struct fe_plan_class *class)
{
	const char *ends = c->lo_only ? "both" : c->local ? "one" : "none";
	struct fe_buf buf = {0};
	unsigned len_a = mask_len(p, c->a.mask), len_b = mask_len(p, c->b.mask);
	unsigned all = p->family == 4 ? 32 : 128;

	if (!c->lo_only && ((len_a && len_a != all) || (len_b && len_b != all)))
		return;
	for (unsigned i = 0; i < (c->a.ports.n ? c->a.ports.n : 1); i++)
		for (unsigned k = 0; k < (c->b.ports.n ? c->b.ports.n : 1);
		     k++) {
			fe_buf_printf(
			    &buf, "forget %s %s %s",
			    p->family == 4 ? "ipv4" : "ipv6",
			    c->proto ? proto_name(p, c->proto) : "any", ends);
			put_end(p, &c->a, &buf);
			put_range(&c->a.ports, i, &buf);
			put_end(p, &c->b, &buf);
			put_range(&c->b.ports, k, &buf);
			fe_vec_push(&class->flush,
				    fe_arena_strdup(p->arena,
						    fe_buf_text(&buf)));
			fe_buf_clear(&buf);
		}
	fe_buf_free(&buf);
}

void fe_plan_rules(struct fe_planner *p, const struct fe_cand *c,
		   const struct fe_proof *proof, struct fe_plan_class *class)
{
	if (c->local || c->lo_only)
		local_rules(p, c, proof, class);
	else
		any_path_rules(p, c, proof, class);
	companions(p, c, proof, class);
	flush_lines(p, c, class);
}
