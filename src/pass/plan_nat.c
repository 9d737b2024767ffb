/*
 * NAT and plans: a class may meet no nat rule, and contain no packet that a
 * mapping could produce (doc/semantics.md 3, conditions 4 and 5).
 *
 * The second part is about packets that no rule's text names. A reply to
 * `-s LAN -o wan -j MASQUERADE` arrives at this host's address, from any
 * server, at whatever port the LAN client chose, since the mapping keeps a
 * port that is free. Each NAT rule is turned into the set of replies that its
 * mappings can get, larger rather than smaller: its jumps' conditions are
 * ignored, unknown answers count as yes.
 */
#include <netinet/in.h>
#include <string.h>

#include "ext/target_nat.h"
#include "pass/plan_priv.h"

enum { LOCAL = 2 /* RTN_LOCAL */ };

static fe_set meet(struct fe_planner *p, fe_set a, fe_set b)
{
	return fe_set_and(p->space, a, b);
}

static const struct fe_chain *nat_chain(const struct fe_planner *p,
					enum fe_hook hook)
{
	const struct fe_table *nat = &p->rules->tables[FE_NAT];

	for (size_t i = 0; nat->present && i < nat->chains.n; i++)
		if (nat->chains.data[i]->builtin &&
		    nat->chains.data[i]->hook == hook)
			return nat->chains.data[i];
	return NULL;
}

/* An untracked packet skips the nat chains: they must do nothing to it. */
static bool does_nothing(struct fe_planner *p, const struct fe_chain *chain,
			 fe_set within, struct fe_proof *proof)
{
	static const enum fe_ctstate states[] = {FE_CT_NEW, FE_CT_ESTABLISHED,
						 FE_CT_RELATED};
	fe_set nothing = fe_map_const(p->space, FE_LEAF_ACCEPT);

	if (!chain || within == FE_SET_EMPTY || !chain->rules.n)
		return true;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		fe_set map = fe_behave_chain(p->behave, chain, within,
					     states[i], FE_LEAF_ACCEPT);
		fe_set where = meet(p, within,
				    fe_map_differ(p->space, map, nothing));
		const struct fe_rule *rule = NULL;
		struct fe_box point;

		if (fe_space_exhausted(p->space))
			return fe_plan_refuse(p, proof, FE_REFUSED_BUDGET, NULL,
					      FE_SET_EMPTY,
					      "not decided: nat %s is too "
					      "large for the budget",
					      chain->name);
		if (where == FE_SET_EMPTY)
			continue;
		if (fe_set_witness(p->space, where, &point))
			rule = fe_behave_first_rule(
			    p->behave, fe_map_at(p->space, map, &point));
		return fe_plan_refuse(p, proof, FE_REFUSED_NAT, rule, where,
				      "its packets meet %s%s, which untracked "
				      "packets skip",
				      rule ? "" : "nat/",
				      rule ? fe_plan_place(p, rule)
					   : chain->name);
	}
	return true;
}

bool fe_plan_no_nat(struct fe_planner *p, const struct fe_class_sets *sets,
		    struct fe_proof *proof)
{
	static const enum fe_hook hooks[] = {FE_PREROUTING, FE_INPUT, FE_OUTPUT,
					     FE_POSTROUTING};
	fe_set in_lo = fe_behave_iface(p->behave, FE_F_IIF, "lo");

	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		fe_set within = meet(p, sets->at[hooks[i]], p->plain);

		/* What comes by lo has passed nat in OUTPUT. */
		if (hooks[i] == FE_PREROUTING || hooks[i] == FE_INPUT)
			within = fe_set_minus(p->space, within, in_lo);
		if (!does_nothing(p, nat_chain(p, hooks[i]), within, proof))
			return false;
	}
	return true;
}

/* Mappings. */

/* Fields that say nothing about the reply are forgotten. */
static const enum fe_field forgotten[] = {
	FE_F_IIF,       FE_F_OIF,       FE_F_HDR,      FE_F_FRAG,
	FE_F_TCP_FLAGS, FE_F_ICMP_TYPE, FE_F_ICMP_CODE, FE_F_LENGTH,
	FE_F_TTL,       FE_F_TOS,       FE_F_PKTTYPE,  FE_F_MAC,
	FE_F_HAS_MAC,   FE_F_MARK,      FE_F_CTSTATE,  FE_F_CTSTATUS,
	FE_F_CTDIR,     FE_F_CTMARK,    FE_F_CTPROTO,  FE_F_CTORIGSRC,
	FE_F_CTORIGDST, FE_F_CTREPLSRC, FE_F_CTREPLDST,
	FE_F_CTORIGSRCPORT, FE_F_CTORIGDSTPORT, FE_F_CTREPLSRCPORT,
	FE_F_CTREPLDSTPORT, FE_F_CTEXPIRE,
};

static fe_set forget(struct fe_planner *p, fe_set set)
{
	for (size_t i = 0; i < sizeof(forgotten) / sizeof(forgotten[0]); i++)
		set = fe_set_exists(p->space, set, forgotten[i]);
	return set;
}

static fe_set swapped(struct fe_planner *p, fe_set set)
{
	set = fe_set_swap(p->space, set, FE_F_SADDR, FE_F_DADDR);
	set = fe_set_swap(p->space, set, FE_F_SPORT, FE_F_DPORT);
	return fe_set_swap(p->space, set, FE_F_SRC_TYPE, FE_F_DST_TYPE);
}

/* The kernel keeps a port within its class when it must change it. */
static const uint16_t port_classes[][2] = {{0, 511}, {512, 1023},
					   {1024, 65535}};

/* The ports that `field` can have after a mapping, for packets of set. */
static fe_set mapped_port(struct fe_planner *p, fe_set set, enum fe_field field,
			  const struct fe_nat_range *range)
{
	fe_set all = FE_SET_EMPTY;

	if (range->flags & FE_NAT_MAP_PORTS)
		return meet(p, fe_set_exists(p->space, set, field),
			    fe_set_range(p->space, field,
					 fe_u128(range->port_min),
					 fe_u128(range->port_max)));
	for (size_t i = 0; i < 3; i++) {
		fe_set class = fe_set_range(p->space, field,
					    fe_u128(port_classes[i][0]),
					    fe_u128(port_classes[i][1]));
		fe_set some = fe_set_exists(p->space, meet(p, set, class),
					    field);

		all = fe_set_or(p->space, all, meet(p, some, class));
	}
	return all;
}

static fe_set mapped_addr(struct fe_planner *p, fe_set set, enum fe_field addr,
			  enum fe_field type, const struct fe_nat_range *range)
{
	set = fe_set_exists(p->space, set, addr);
	set = fe_set_exists(p->space, set, type);
	if (!(range->flags & FE_NAT_MAP_ADDRS))
		return set; /* an address of an interface: any */
	return meet(p, set,
		    fe_set_range(p->space, addr, range->min, range->max));
}

/* Packets by lo cannot be told apart by address where OIF is not named. */
static fe_set not_local(struct fe_planner *p, fe_set set, enum fe_field type)
{
	return meet(p, set,
		    fe_set_not(p->space, fe_set_range(p->space, type,
						      fe_u128(LOCAL),
						      fe_u128(LOCAL))));
}

struct mapping {           /* replies to what a rule translates */
	const struct fe_rule *rule;
	fe_set pre, out;   /* as they meet raw PREROUTING and OUTPUT */
};

/* SNAT and MASQUERADE, NETMAP of sources. */
static void source_mapping(struct fe_planner *p, struct mapping *m, fe_set may,
			   const struct fe_nat_range *range)
{
	unsigned hooks = m->rule->chain->hooks;
	fe_set by_lo = meet(p, may, fe_behave_iface(p->behave, FE_F_OIF, "lo"));
	fe_set rest = fe_set_minus(
	    p->space, may, fe_behave_iface(p->behave, FE_F_OIF, "lo"));
	fe_set reply = mapped_port(p, forget(p, rest), FE_F_SPORT, range);

	reply = mapped_addr(p, reply, FE_F_SADDR, FE_F_SRC_TYPE, range);
	if (hooks & 1u << FE_POSTROUTING)
		m->pre = swapped(p, not_local(p, reply, FE_F_DST_TYPE));
	if (hooks & 1u << FE_INPUT)
		m->out = swapped(p, reply);
	if (by_lo != FE_SET_EMPTY && (hooks & 1u << FE_POSTROUTING)) {
		reply = mapped_port(p, forget(p, by_lo), FE_F_SPORT, range);
		reply = mapped_addr(p, reply, FE_F_SADDR, FE_F_SRC_TYPE, range);
		m->out = fe_set_or(p->space, m->out, swapped(p, reply));
	}
}

/* DNAT and REDIRECT, NETMAP of destinations. */
static void destination_mapping(struct fe_planner *p, struct mapping *m,
				fe_set may, const struct fe_nat_range *range)
{
	unsigned hooks = m->rule->chain->hooks;
	fe_set reply = forget(p, may);

	if (range->flags & FE_NAT_MAP_PORTS)
		reply = mapped_port(p, reply, FE_F_DPORT, range);
	reply = mapped_addr(p, reply, FE_F_DADDR, FE_F_DST_TYPE, range);
	if (m->rule->action == FE_ACT_REDIRECT)
		reply = meet(p, reply,
			     fe_set_range(p->space, FE_F_DST_TYPE,
					  fe_u128(LOCAL), fe_u128(LOCAL)));
	if (hooks & 1u << FE_OUTPUT) {
		/* Our own packets: replies come back to us, or by lo. */
		m->pre = swapped(p, not_local(p, reply, FE_F_DST_TYPE));
		m->out = swapped(p, reply);
	}
	if (hooks & 1u << FE_PREROUTING) {
		/* Others' packets: their sources are not this host's. */
		fe_set back = swapped(p, not_local(p, reply, FE_F_SRC_TYPE));

		m->out = fe_set_or(p->space, m->out, back);
		if (m->rule->action != FE_ACT_REDIRECT)
			m->pre = fe_set_or(p->space, m->pre, back);
	}
	if (m->rule->action == FE_ACT_REDIRECT)
		m->pre = FE_SET_EMPTY;
}

static bool mapping_of(struct fe_planner *p, const struct fe_rule *rule,
		       struct mapping *m)
{
	struct fe_nat_range range = {0};
	fe_set may;

	*m = (struct mapping){rule, FE_SET_EMPTY, FE_SET_EMPTY};
	if (rule->opaque)
		may = FE_SET_ALL;
	else
		may = fe_behave_may(p->behave, rule);
	switch ((enum fe_action)rule->action) {
	case FE_ACT_SNAT:
	case FE_ACT_MASQUERADE:
		fe_target_nat_range(fe_rule_target(rule), p->family, &range);
		source_mapping(p, m, may, &range);
		return true;
	case FE_ACT_DNAT:
	case FE_ACT_REDIRECT:
		fe_target_nat_range(fe_rule_target(rule), p->family, &range);
		destination_mapping(p, m, may, &range);
		return true;
	case FE_ACT_NETMAP:
		fe_target_nat_range(fe_rule_target(rule), p->family, &range);
		range.flags |= FE_NAT_MAP_ADDRS;
		if (rule->chain->hooks &
		    (1u << FE_PREROUTING | 1u << FE_OUTPUT))
			destination_mapping(p, m, may, &range);
		else
			source_mapping(p, m, may, &range);
		return true;
	case FE_ACT_OPAQUE:
		m->pre = m->out = FE_SET_ALL;
		return true;
	case FE_ACT_ACCEPT:
	case FE_ACT_DROP:
	case FE_ACT_QUEUE:
	case FE_ACT_RETURN:
	case FE_ACT_REJECT:
	case FE_ACT_LOG:
	case FE_ACT_MARK:
	case FE_ACT_CONNMARK:
	case FE_ACT_NOTRACK:
	case FE_ACT_CT:
	case FE_ACT_MANGLE:
	case FE_ACT_CONTINUE:
	case FE_ACT_JUMP:
	case FE_ACT_GOTO:
	case FE_ACT_NONE:
		return false;
	}
	return false;
}

static bool apart(struct fe_planner *p, const struct fe_class_sets *sets,
		  const struct fe_rule *rule, struct fe_proof *proof)
{
	struct mapping m;
	fe_set met;

	if (!rule->chain->hooks || !mapping_of(p, rule, &m))
		return true;
	met = fe_set_or(p->space, meet(p, sets->raw_pre, m.pre),
			meet(p, sets->raw_out, m.out));
	if (fe_space_exhausted(p->space))
		return fe_plan_refuse(p, proof, FE_REFUSED_BUDGET, rule,
				      FE_SET_EMPTY,
				      "not decided: the mappings of %s",
				      fe_plan_place(p, rule));
	if (met == FE_SET_EMPTY)
		return true;
	return fe_plan_refuse(p, proof, FE_REFUSED_MAPPING, rule, met,
			      "a reply to a connection that %s translates "
			      "could look like its packets",
			      fe_plan_place(p, rule));
}

bool fe_plan_no_mapping(struct fe_planner *p,
			const struct fe_class_sets *sets,
			struct fe_proof *proof)
{
	const struct fe_table *nat = &p->rules->tables[FE_NAT];

	for (size_t c = 0; nat->present && c < nat->chains.n; c++) {
		const struct fe_chain *chain = nat->chains.data[c];

		for (size_t r = 0; r < chain->rules.n; r++)
			if (!apart(p, sets, chain->rules.data[r], proof))
				return false;
	}
	return true;
}
