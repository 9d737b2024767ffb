/*
 * Targets: what each action does to a packet or its flow.
 */
#include "program/machine.h"

#include "ext/target_ct.h"
#include "ext/target_mark.h"
#include "ext/target_nat.h"

static void act_connmark(struct fe_packet *p, const struct fe_connmark_op *op)
{
	struct fe_flow *flow = p->flow;
	uint32_t v;

	if (!flow)
		return;
	switch (op->mode) {
	case FE_CONNMARK_SET:
		v = (flow->mark & ~op->ctmask) ^ op->value;
		flow->mark = fe_connmark_shift(op, v);
		break;
	case FE_CONNMARK_SAVE:
		v = fe_connmark_shift(op, p->mark & op->nfmask);
		flow->mark = (flow->mark & ~op->ctmask) ^ v;
		break;
	case FE_CONNMARK_RESTORE:
		v = fe_connmark_shift(op, flow->mark & op->ctmask);
		p->mark = (p->mark & ~op->nfmask) ^ v;
		break;
	}
}

/* The first CT or NOTRACK decides; later ones find a packet that has one. */
static void act_ct(struct fe_life *l, const struct fe_rule *rule, bool notrack)
{
	struct fe_packet *p = l->p;

	if (l->has_template || l->decided || p->flow || p->ctstate == FE_CT_UNTRACKED)
		return;
	if (notrack) {
		fe_conntrack_untrack(p);
		return;
	}
	struct fe_ct_target ct = fe_target_ct(fe_rule_target(rule));
	l->has_template = true;
	l->template.flow.status = FE_IPS_CONFIRMED;
	p->flow = &l->template.flow;
	p->ctstate = FE_CT_NEW;
	p->ctdir = FE_ORIGINAL;
	l->zone = ct.zone_from_mark ? (uint16_t)p->mark : ct.zone;
}

/* MASQUERADE asks by the next hop (IPv4) or the destination (IPv6). */
static bool masquerade_address(const struct fe_life *l, struct fe_u128 *addr)
{
	const struct fe_host *host = l->e->host;
	const struct fe_packet *p = l->p;
	const struct fe_route *route = fe_host_route(host, p->family, p->dst);
	struct fe_u128 hop = p->dst;

	if (p->family == 4 && route && route->oif == p->oif &&
	    (route->gateway.hi || route->gateway.lo))
		hop = route->gateway;
	return fe_host_select(host, p->oif, p->family, hop, addr);
}

/* The address that MASQUERADE and REDIRECT put in; false: there is none. */
static bool own_address(const struct fe_life *l, enum fe_action action,
			struct fe_u128 *addr)
{
	const struct fe_packet *p = l->p;
	struct fe_u128 none = {0, 0};

	if (action == FE_ACT_MASQUERADE)
		return masquerade_address(l, addr);
	if (l->hook == FE_OUTPUT) {
		*addr = p->family == 4 ? fe_u128(0x7f000001) : fe_u128(1);
		return true;
	}
	if (p->family == 6)
		return fe_host_last6(l->e->host, p->iif, p->dst, addr);
	return fe_host_iface_addr(l->e->host, p->iif, 4, none, addr);
}

static enum fe_verdict act_nat(struct fe_life *l, const struct fe_rule *rule,
			       enum fe_action action)
{
	bool at_dst = l->hook == FE_PREROUTING || l->hook == FE_OUTPUT;
	enum fe_nat_kind kind = at_dst ? FE_NAT_DST : FE_NAT_SRC;
	struct fe_nat_range range = {0};
	struct fe_u128 addr;

	fe_target_nat_range(fe_rule_target(rule), l->side->family, &range);
	if (action == FE_ACT_MASQUERADE || action == FE_ACT_REDIRECT) {
		if (!own_address(l, action, &addr))
			return FE_V_DROP;
		range.flags |= FE_NAT_MAP_ADDRS;
		range.min = range.max = addr;
	}
	return fe_nat_bind(l->e->ct, l->p, kind, &range) == FE_CT_DROP
		   ? FE_V_DROP : FE_V_ACCEPT;
}

/* What the way to the destination takes, and the way back to the source. */
static uint32_t path_mtu(const struct fe_life *l)
{
	const struct fe_host *host = l->e->host;
	const struct fe_packet *p = l->p;
	struct fe_u128 unused;
	uint16_t back = fe_route_out(host, p->family, p->src, &unused);
	uint32_t mtu = p->oif ? host->ifaces.data[p->oif].mtu : 65535;

	if (back && host->ifaces.data[back].mtu < mtu)
		mtu = host->ifaces.data[back].mtu;
	return mtu;
}

static enum fe_verdict act_mangle(struct fe_life *l, const struct fe_rule *rule,
				  bool *go_on)
{
	const struct fe_part *part = fe_rule_target(rule);
	struct fe_mangling m = {
		.packet = l->p,
		.data = fe_life_own(l),
		.room = FE_SCRATCH,
		.mtu = path_mtu(l),
	};

	switch (part->ext->mangle(part, &m)) {
	case FE_HOTDROP:
		return FE_V_DROP;
	case FE_DUNNO:
		l->e->n_unknown++;
		break;
	case FE_YES:
	case FE_NO:
		break;
	}
	*go_on = true;
	return FE_V_ACCEPT;
}

enum fe_verdict fe_act(struct fe_life *l, const struct fe_rule *rule,
		       bool *go_on)
{
	enum fe_action action = (enum fe_action)rule->action;
	struct fe_connmark_op cm;
	struct fe_mark_op m;

	*go_on = false;
	switch (action) {
	case FE_ACT_ACCEPT:
		return FE_V_ACCEPT;
	case FE_ACT_DROP:
		return FE_V_DROP;
	case FE_ACT_QUEUE:
		return FE_V_QUEUE;
	case FE_ACT_REJECT:
		fe_answer_reject(l, rule);
		return FE_V_REJECT;
	case FE_ACT_SNAT: case FE_ACT_DNAT: case FE_ACT_MASQUERADE:
	case FE_ACT_REDIRECT: case FE_ACT_NETMAP:
		return act_nat(l, rule, action);
	case FE_ACT_LOG:
		fe_act_log(l, rule);
		break;
	case FE_ACT_MARK:
		m = fe_target_mark(fe_rule_target(rule));
		l->p->mark = (l->p->mark & ~m.mask) ^ m.value;
		break;
	case FE_ACT_CONNMARK:
		cm = fe_target_connmark(fe_rule_target(rule));
		act_connmark(l->p, &cm);
		break;
	case FE_ACT_NOTRACK: case FE_ACT_CT:
		act_ct(l, rule, action == FE_ACT_NOTRACK);
		break;
	case FE_ACT_MANGLE:
		return act_mangle(l, rule, go_on);
	case FE_ACT_OPAQUE: /* what it does is not known: it is reported */
		l->e->n_unknown++;
		break;
	case FE_ACT_CONTINUE: case FE_ACT_NONE: case FE_ACT_RETURN:
	case FE_ACT_JUMP: case FE_ACT_GOTO:
		break;
	}
	*go_on = true;
	return FE_V_ACCEPT;
}
