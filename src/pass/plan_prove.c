/*
 * The proof: one function for each condition of doc/semantics.md 3.
 *
 * Each either holds for the whole class or fills in why not: the reason, the
 * rule in the way, a packet that shows it. Cheap conditions come first. What
 * the algebra can't decide within its budget is refused.
 */
#include "pass/plan_priv.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>

#include "ext/target_ct.h"
#include "ext/target_reject.h"
#include "ruleset/ruleset.h"

static const char *const state_names[] = {
	[FE_CT_INVALID] = "INVALID",
	[FE_CT_NEW] = "NEW",
	[FE_CT_RELATED] = "RELATED",
	[FE_CT_ESTABLISHED] = "ESTABLISHED",
	[FE_CT_UNTRACKED] = "UNTRACKED",
};

static fe_set meet(struct fe_planner *p, fe_set a, fe_set b)
{
	return fe_set_and(p->space, a, b);
}

const char *fe_plan_place(struct fe_planner *p, const struct fe_rule *rule)
{
	struct fe_buf buf = {0};
	const char *text;

	fe_rule_place(rule, &buf);
	text = fe_arena_strdup(p->arena, fe_buf_text(&buf));
	fe_buf_free(&buf);
	return text;
}

static const char undecided[] = "not decided: the rules it meets are too many "
				"for the budget";

bool fe_plan_refuse(struct fe_planner *p, struct fe_proof *proof,
		    enum fe_plan_reason reason, const struct fe_rule *rule,
		    fe_set where, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	proof->ok = false;
	proof->reason = reason;
	proof->rule = rule;
	proof->text = fe_arena_strdup(p->arena, text);
	proof->witness = fe_plan_witness(p, where);
	/* Once the space is used up, its answers mean nothing. */
	if (fe_space_exhausted(p->space) && reason != FE_REFUSED_BUDGET) {
		proof->reason = FE_REFUSED_BUDGET;
		proof->rule = NULL;
		proof->text = undecided;
		proof->witness = NULL;
	}
	return false;
}

static bool budget_left(struct fe_planner *p, struct fe_proof *proof)
{
	if (!fe_space_exhausted(p->space))
		return true;
	return fe_plan_refuse(p, proof, FE_REFUSED_BUDGET, NULL, FE_SET_EMPTY,
			      "%s", undecided);
}

static const struct fe_chain *builtin(const struct fe_planner *p,
				      enum fe_table_id id, enum fe_hook hook)
{
	const struct fe_table *table = &p->rules->tables[id];

	for (size_t i = 0; table->present && i < table->chains.n; i++)
		if (table->chains.data[i]->builtin &&
		    table->chains.data[i]->hook == hook)
			return table->chains.data[i];
	return NULL;
}

/*
 * 1: closed. Replies are computed by exchanging the fields and must be in the
 * set of the hook that they meet; interfaces are forgotten on both sides.
 */
static fe_set reversed(struct fe_planner *p, fe_set set)
{
	struct fe_space *s = p->space;

	set = fe_set_exists(s, set, FE_F_IIF);
	set = fe_set_exists(s, set, FE_F_OIF);
	set = fe_set_swap(s, set, FE_F_SADDR, FE_F_DADDR);
	set = fe_set_swap(s, set, FE_F_SPORT, FE_F_DPORT);
	return fe_set_swap(s, set, FE_F_SRC_TYPE, FE_F_DST_TYPE);
}

static bool closed(struct fe_planner *p, const struct fe_class_sets *sets,
		   struct fe_proof *proof)
{
	struct fe_space *s = p->space;
	fe_set raw = fe_set_or(s, sets->raw_pre, sets->raw_out);
	fe_set any, open;

	raw = fe_set_exists(s, fe_set_exists(s, raw, FE_F_IIF), FE_F_OIF);
	any = reversed(p, raw);
	open = fe_set_minus(s, any, raw);
	if (open == FE_SET_EMPTY)
		return budget_left(p, proof);
	return fe_plan_refuse(p, proof, FE_REFUSED_CLOSED, NULL, open,
			      "a reply would be outside the class");
}

/* 2: covered, in one raw chain; *head is set when only the head does. */
struct cover_scan {
	const struct fe_behave *behave;
	bool hides;   /* some packet never reaches the chain's end */
	uint32_t hider; /* the behaviour that hides it */
	const struct fe_rule *ct; /* a CT target that some packet meets */
	uint32_t at;  /* the behaviour that meets it */
};

static uint32_t cover_scan(void *arg, uint32_t t)
{
	struct cover_scan *scan = arg;
	const struct fe_rule *ct = NULL;
	unsigned leaves;

	if (t < FE_LEAF_ACCEPT)
		return t;
	leaves = fe_behave_leaves(scan->behave, t, &ct);
	if ((leaves & 1u << FE_LEAF_ACCEPT) && !scan->hides) {
		scan->hides = true;
		scan->hider = t;
	}
	if (ct) {
		scan->ct = ct;
		scan->at = t;
	}
	return t;
}

static fe_set where_is(struct fe_planner *p, fe_set map, uint32_t terminal,
		       fe_set within);

static bool covered(struct fe_planner *p, enum fe_hook hook, fe_set within,
		    bool *head, struct fe_proof *proof)
{
	const struct fe_chain *chain = builtin(p, FE_RAW, hook);
	struct cover_scan scan = {.behave = p->behave};
	fe_set map;

	if (!chain || within == FE_SET_EMPTY || !chain->rules.n)
		return true;
	/* Outside the class the map says END, so that only T speaks. */
	map = fe_behave_chain(p->behave, chain, within, FE_CT_IN_RAW,
			      FE_LEAF_END);
	map = fe_map_if(p->space, within, map,
			fe_map_const(p->space, FE_LEAF_END));
	fe_map_terminals(p->space, map, cover_scan, &scan);
	if (!budget_left(p, proof))
		return false;
	if (scan.ct)
		return fe_plan_refuse(
		    p, proof, FE_REFUSED_READERS, scan.ct,
		    where_is(p, map, scan.at, within),
		    "a CT target says how to track its packets (%s)",
		    fe_plan_place(p, scan.ct));
	if (!scan.hides)
		return true;
	if (fe_behave_reads_ct(p->behave, chain))
		return fe_plan_refuse(
		    p, proof, FE_REFUSED_COVERED, NULL,
		    where_is(p, map, scan.hider, within),
		    "raw %s accepts some of its packets before a rule at the "
		    "end could untrack them, and rules there read ctstate",
		    chain->name);
	*head = true;
	return true;
}

struct where_is {
	uint32_t terminal;
};

static uint32_t is_it(void *arg, uint32_t t)
{
	return t == ((struct where_is *)arg)->terminal;
}

static fe_set where_is(struct fe_planner *p, fe_set map, uint32_t terminal,
		       fe_set within)
{
	struct where_is w = {terminal};

	return meet(p, within, fe_map_terminals(p->space, map, is_it, &w));
}

/* 3 and 4: alike. */

struct site {              /* a chain that the class meets */
	enum fe_table_id table;
	enum fe_hook hook;
	const struct fe_chain *chain;
};

static const struct {
	enum fe_table_id table;
	enum fe_hook hook;
} sites[] = {
	{FE_RAW, FE_PREROUTING}, /* of packets by lo, which have a state */
	{FE_MANGLE, FE_PREROUTING}, {FE_MANGLE, FE_INPUT},
	{FE_FILTER, FE_INPUT},      {FE_SECURITY, FE_INPUT},
	{FE_MANGLE, FE_FORWARD},    {FE_FILTER, FE_FORWARD},
	{FE_SECURITY, FE_FORWARD},  {FE_MANGLE, FE_OUTPUT},
	{FE_FILTER, FE_OUTPUT},     {FE_SECURITY, FE_OUTPUT},
	{FE_MANGLE, FE_POSTROUTING},
};

enum { N_SITES = sizeof(sites) / sizeof(sites[0]) };

struct compare {           /* one comparison of two states */
	enum fe_ctstate tracked, now;
	fe_set among;      /* only these packets of the class */
	bool listed;       /* level invalid: a difference is only listed */
	const char *what;  /* for messages: "its packets" */
};

static fe_set proto_is(struct fe_planner *p, unsigned proto)
{
	return fe_set_range(p->space, FE_F_PROTO, fe_u128(proto),
			    fe_u128(proto));
}

static bool rejects_with_rst(const struct fe_planner *p)
{
	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		const struct fe_table *table = &p->rules->tables[t];

		for (size_t c = 0; c < table->chains.n; c++) {
			const struct fe_chain *chain = table->chains.data[c];

			for (size_t r = 0; r < chain->rules.n; r++) {
				const struct fe_rule *rule =
				    chain->rules.data[r];

				if (rule->action == FE_ACT_REJECT &&
				    fe_target_reject(rule->target, p->family)
					.tcp_reset)
					return true;
			}
		}
	}
	return false;
}

/* Protocols that an assigned helper expects; the rest of the table: all. */
static const struct {
	const char *name;
	uint8_t proto;
} helper_protos[] = {
	{"ftp", IPPROTO_TCP}, {"irc", IPPROTO_TCP}, {"tftp", IPPROTO_UDP},
	{"netbios-ns", IPPROTO_UDP}, {"snmp", IPPROTO_UDP},
	{"sane", IPPROTO_TCP},
};

static fe_set helper_protos_of(struct fe_planner *p, const char *name)
{
	for (size_t i = 0; i < sizeof(helper_protos) / sizeof(*helper_protos);
	     i++)
		if (fe_str_is(fe_str(name), helper_protos[i].name))
			return proto_is(p, helper_protos[i].proto);
	return FE_SET_ALL;
}

/* Packets that a helper's expectation may make RELATED. */
static fe_set expected(struct fe_planner *p, const struct fe_rule **by)
{
	const struct fe_table *raw = &p->rules->tables[FE_RAW];
	fe_set set = FE_SET_EMPTY;

	for (size_t c = 0; c < raw->chains.n; c++) {
		const struct fe_chain *chain = raw->chains.data[c];

		for (size_t r = 0; r < chain->rules.n; r++) {
			const struct fe_rule *rule = chain->rules.data[r];

			if (rule->action != FE_ACT_CT)
				continue;
			const char *helper = fe_target_ct(rule->target).helper;
			if (!helper)
				continue;
			*by = rule;
			set = fe_set_or(p->space, set,
					helper_protos_of(p, helper));
		}
	}
	return set;
}

/* 8: helpers whose expected connections could be of the class. */
static bool no_readers(struct fe_planner *p, const struct fe_class_sets *sets,
		       struct fe_proof *proof)
{
	const struct fe_rule *by = NULL;
	fe_set set = expected(p, &by), met;

	if (set == FE_SET_EMPTY)
		return true;
	met = meet(p, set, fe_set_or(p->space, sets->raw_pre, sets->raw_out));
	if (met == FE_SET_EMPTY)
		return true;
	return fe_plan_refuse(p, proof, FE_REFUSED_READERS, by, met,
			      "a connection that the helper of %s expects "
			      "could be of the class",
			      fe_plan_place(p, by));
}

static const char *verdict(uint32_t behaviour)
{
	switch (behaviour) {
	case FE_LEAF_ACCEPT:
		return "accepted";
	case FE_LEAF_DROP:
		return "dropped";
	default:
		return "treated";
	}
}

/* Says how a difference looks, and files it as a refusal. */
static bool not_alike(struct fe_planner *p, const struct site *site,
		      const struct compare *cmp, fe_set maps[2], fe_set where,
		      struct fe_proof *proof)
{
	struct fe_box point;
	const struct fe_rule *rule = NULL;
	enum fe_plan_reason reason = cmp->listed ? FE_REFUSED_SHARED
						 : FE_REFUSED_ALIKE;
	uint32_t a = 0, b = 0;

	if (fe_set_witness(p->space, where, &point)) {
		a = fe_map_at(p->space, maps[0], &point);
		b = fe_map_at(p->space, maps[1], &point);
		rule = fe_behave_splits(p->behave, site->chain, &point,
					cmp->tracked, cmp->now);
		if (!rule)
			rule = fe_behave_first_difference(p->behave, a, b);
	}
	const struct fe_rule *ct = NULL;
	if (a && b && fe_behave_leaves(p->behave, a, &ct) &
			  fe_behave_leaves(p->behave, b, &ct)) {
		const struct fe_rule *fork =
		    fe_behave_first_difference(p->behave, a, b);

		if (fork && (fork->effects & FE_SHARES) && !fork->opaque)
			reason = FE_REFUSED_SHARED;
	}
	if (rule && rule->opaque)
		reason = FE_REFUSED_READERS;
	if (reason == FE_REFUSED_SHARED)
		return fe_plan_refuse(
		    p, proof, reason, rule, where,
		    "%s would be counted otherwise by a rule whose state "
		    "other packets share%s%s",
		    cmp->what, rule ? ": see " : "",
		    rule ? fe_plan_place(p, rule) : "");
	if (fe_behave_is_leaf(a) && fe_behave_is_leaf(b) && a != b)
		return fe_plan_refuse(
		    p, proof, reason, rule, where,
		    "%s/%s: %s are %s as %s, %s as %s",
		    fe_table_names[site->table], site->chain->name, cmp->what,
		    verdict(a), state_names[cmp->tracked], verdict(b),
		    state_names[cmp->now]);
	return fe_plan_refuse(p, proof, reason, rule, where,
			      "%s/%s: %s are treated otherwise as %s than as %s",
			      fe_table_names[site->table], site->chain->name,
			      cmp->what, state_names[cmp->tracked],
			      state_names[cmp->now]);
}

static void list_difference(struct fe_planner *p, const struct site *site,
			    const struct compare *cmp, fe_set where,
			    struct fe_proof *proof)
{
	struct fe_plan_difference d = {
	    .what = fe_arena_printf(
		p->arena, "%s/%s: %s, %s before, %s now",
		fe_table_names[site->table], site->chain->name, cmp->what,
		state_names[cmp->tracked], state_names[cmp->now]),
	    .witness = fe_plan_witness(p, where),
	};

	fe_vec_push(&proof->differences, d);
}

/* Whether all of a map's packets within a set are accepted, nothing else. */
static bool just_accepts(struct fe_planner *p, fe_set map, fe_set within)
{
	fe_set accept = fe_map_const(p->space, FE_LEAF_ACCEPT);

	return meet(p, within, fe_map_differ(p->space, map, accept)) ==
	       FE_SET_EMPTY;
}

struct share_scan {
	const struct fe_behave *behave;
	bool shares;
};

static uint32_t share_scan(void *arg, uint32_t t)
{
	struct share_scan *scan = arg;

	scan->shares |= t >= FE_LEAF_ACCEPT &&
			fe_behave_shares(scan->behave, t);
	return t;
}

/* Whether a map asks shared matches about packets of a set. */
static bool asks_shared(struct fe_planner *p, fe_set map, fe_set set)
{
	struct share_scan scan = {.behave = p->behave};

	map = fe_map_if(p->space, set, map,
			fe_map_const(p->space, FE_LEAF_END));
	fe_map_terminals(p->space, map, share_scan, &scan);
	return scan.shares;
}

struct question {          /* a site with all comparisons of a class there */
	struct site site;
	fe_set within;
	const struct compare *compares;
	size_t n;
	fe_set maps[FE_CT_UNTRACKED + 1]; /* by state, once made */
	bool made[FE_CT_UNTRACKED + 1];
};

static fe_set map_of(struct fe_planner *p, struct question *q,
		     enum fe_ctstate state)
{
	if (!q->made[state])
		q->maps[state] = fe_behave_chain(
		    p->behave, q->site.chain, q->within, state,
		    fe_behave_policy(q->site.chain));
	q->made[state] = true;
	return q->maps[state];
}

/* Whether a companion would do: every binding state is accepted anyway. If
 * not, *why is a comparison that is in the way, or NULL. */
static bool companion_does(struct fe_planner *p, struct question *q,
			   const struct compare **why)
{
	*why = NULL;
	if (q->site.table != FE_FILTER)
		return false;
	for (size_t i = 0; i < q->n; i++) {
		const struct compare *cmp = &q->compares[i];
		fe_set among = meet(p, q->within, cmp->among);

		if (cmp->listed || cmp->now != FE_CT_UNTRACKED)
			continue;
		if (among == FE_SET_EMPTY ||
		    just_accepts(p, map_of(p, q, cmp->tracked), among))
			continue;
		*why = cmp;
		return false;
	}
	return true;
}

/* Says in a refusal why a companion doesn't help: the rule that does more
 * than accept, or that it would accept what is dropped now. */
static void blame_companion(struct fe_planner *p, struct question *q,
			    const struct compare *cmp, struct fe_proof *proof)
{
	fe_set map = map_of(p, q, cmp->tracked);
	fe_set where = meet(p, meet(p, q->within, cmp->among),
			    fe_map_differ(p->space, map,
					  fe_map_const(p->space,
						       FE_LEAF_ACCEPT)));
	const struct fe_rule *rule = NULL;
	struct fe_box point;

	if (fe_set_witness(p->space, where, &point))
		rule = fe_behave_first_rule(
		    p->behave, fe_map_at(p->space, map, &point));
	if (!rule) {
		proof->text = fe_arena_printf(
		    p->arena,
		    "%s; a companion rule would accept what is dropped as %s",
		    proof->text, state_names[cmp->tracked]);
		return;
	}
	if (rule->opaque)
		proof->reason = FE_REFUSED_READERS;
	else if (rule->effects & FE_SHARES)
		proof->reason = FE_REFUSED_SHARED;
	proof->rule = rule;
	proof->witness = fe_plan_witness(p, where);
	proof->text = fe_arena_printf(
	    p->arena, "%s; a companion rule would keep them from %s",
	    proof->text, fe_plan_place(p, rule));
}

static bool compare_at(struct fe_planner *p, struct question *q,
		       const struct compare *cmp, bool companion,
		       struct fe_proof *proof)
{
	fe_set among = meet(p, q->within, cmp->among);
	fe_set maps[2], where;

	if (among == FE_SET_EMPTY)
		return true;
	maps[0] = map_of(p, q, cmp->tracked);
	maps[1] = companion && cmp->now == FE_CT_UNTRACKED
		      ? fe_map_const(p->space, FE_LEAF_ACCEPT)
		      : map_of(p, q, cmp->now);
	where = meet(p, among, fe_map_differ(p->space, maps[0], maps[1]));
	if (!budget_left(p, proof))
		return false;
	if (where == FE_SET_EMPTY)
		return true;
	/* What may differ must not touch state that others read. */
	if (cmp->listed && !asks_shared(p, maps[0], where) &&
	    !asks_shared(p, maps[1], where)) {
		list_difference(p, &q->site, cmp, where, proof);
		return true;
	}
	return not_alike(p, &q->site, cmp, maps, where, proof);
}

static bool answer(struct fe_planner *p, struct question *q,
		   struct fe_proof *proof)
{
	struct fe_proof first = {.ok = true};
	const struct compare *why = NULL;
	bool companion = false;

	for (size_t i = 0; i < q->n; i++) {
		if (compare_at(p, q, &q->compares[i], companion, &first))
			continue;
		if (companion || first.reason == FE_REFUSED_BUDGET ||
		    !companion_does(p, q, &why)) {
			if (why && q->compares[i].now == FE_CT_UNTRACKED)
				blame_companion(p, q, why, &first);
			first.head_pre = proof->head_pre;
			first.head_out = proof->head_out;
			fe_vec_free(&first.differences);
			fe_vec_free(&proof->differences);
			*proof = first;
			return false;
		}
		/* Once more from the start, with it. */
		companion = true;
		fe_vec_free(&first.differences);
		first = (struct fe_proof){.ok = true};
		i = (size_t)-1;
	}
	if (companion)
		proof->companion[q->site.hook] = true;
	for (size_t i = 0; i < first.differences.n; i++)
		fe_vec_push(&proof->differences, first.differences.data[i]);
	fe_vec_free(&first.differences);
	return true;
}

/* The packets that a site sees with their state known. */
static fe_set site_within(struct fe_planner *p, unsigned i,
			  const fe_set at[FE_N_HOOKS])
{
	fe_set within = meet(p, at[sites[i].hook], p->plain);

	if (sites[i].table == FE_RAW)
		within = meet(p, within,
			      fe_behave_iface(p->behave, FE_F_IIF, "lo"));
	return within;
}

static bool ask_sites(struct fe_planner *p, const fe_set at[FE_N_HOOKS],
		      const struct compare *compares, size_t n,
		      struct fe_proof *proof)
{
	for (unsigned i = 0; i < N_SITES; i++) {
		struct question q = {
		    .site = {sites[i].table, sites[i].hook,
			     builtin(p, sites[i].table, sites[i].hook)},
		    .within = site_within(p, i, at),
		    .compares = compares,
		    .n = n,
		};

		if (!q.site.chain || q.within == FE_SET_EMPTY ||
		    !fe_behave_reads_ct(p->behave, q.site.chain))
			continue;
		if (!answer(p, &q, proof))
			return false;
	}
	return true;
}

/* RSTs that REJECT may make. */
static fe_set resets(struct fe_planner *p)
{
	if (!rejects_with_rst(p))
		return FE_SET_EMPTY;
	return meet(p, proto_is(p, IPPROTO_TCP),
		    fe_set_mask(p->space, FE_F_TCP_FLAGS, fe_u128(FE_TCP_RST),
				fe_u128(FE_TCP_RST)));
}

static bool alike(struct fe_planner *p, const struct fe_class_sets *sets,
		  struct fe_proof *proof)
{
	bool invalid = p->options->level == FE_LEVEL_INVALID;
	fe_set rst = resets(p);
	const struct compare compares[] = {
	    {FE_CT_ESTABLISHED, FE_CT_UNTRACKED, FE_SET_ALL, false,
	     "its packets"},
	    {FE_CT_NEW, FE_CT_UNTRACKED, FE_SET_ALL, false, "its packets"},
	    {FE_CT_RELATED, FE_CT_UNTRACKED, p->errors, invalid,
	     "ICMP errors of the class"},
	    {FE_CT_INVALID, FE_CT_UNTRACKED, FE_SET_ALL, invalid,
	     "its packets that conntrack calls INVALID"},
	    {FE_CT_RELATED, FE_CT_UNTRACKED, rst, invalid,
	     "RSTs that REJECT makes"},
	};

	return ask_sites(p, sets->at, compares,
			 sizeof(compares) / sizeof(compares[0]), proof);
}

/* 6: ICMP errors about the class, which become INVALID. Asked once. */
static void errors_at(struct fe_planner *p, bool forward,
		      fe_set at[FE_N_HOOKS])
{
	fe_set no_in = fe_set_range(p->space, FE_F_IIF, fe_u128(0),
				    fe_u128(0));
	fe_set no_out = fe_set_range(p->space, FE_F_OIF, fe_u128(0),
				     fe_u128(0));

	at[FE_PREROUTING] = at[FE_INPUT] = meet(p, p->errors, no_out);
	at[FE_OUTPUT] = at[FE_POSTROUTING] = meet(p, p->errors, no_in);
	at[FE_FORWARD] = forward ? p->errors : FE_SET_EMPTY;
}

bool fe_plan_forwards(const struct fe_host *host, unsigned family)
{
	if (!host || !host->forward_given[family == 6])
		return true;
	return family == 6 ? host->sysctls.ip6_forward
			   : host->sysctls.ip_forward;
}

/* Answers that the kernel makes have their state in raw OUTPUT already. */
static bool made_alike(struct fe_planner *p, fe_set made, const char *what,
		       struct fe_proof *proof)
{
	const struct compare cmp = {
	    FE_CT_RELATED, FE_CT_INVALID, FE_SET_ALL,
	    p->options->level == FE_LEVEL_INVALID, what};
	struct question q = {
	    .site = {FE_RAW, FE_OUTPUT, builtin(p, FE_RAW, FE_OUTPUT)},
	    .compares = &cmp,
	    .n = 1,
	};

	q.within = meet(p, meet(p, made, p->plain),
			fe_set_range(p->space, FE_F_IIF, fe_u128(0),
				     fe_u128(0)));
	return !q.site.chain || !fe_behave_reads_ct(p->behave, q.site.chain) ||
	       answer(p, &q, proof);
}

/*
 * RSTs that answer the class. Their source is the other end, so that they may
 * leave by ways that the class does not cover: they are INVALID then, and were
 * RELATED, or ESTABLISHED where what they answer was INVALID.
 */
static bool rst_alike(struct fe_planner *p, const struct fe_class_sets *sets,
		      struct fe_proof *proof)
{
	const bool listed = p->options->level == FE_LEVEL_INVALID;
	const struct compare compares[] = {
	    {FE_CT_RELATED, FE_CT_INVALID, FE_SET_ALL, listed,
	     "RSTs that REJECT makes"},
	    {FE_CT_ESTABLISHED, FE_CT_INVALID, FE_SET_ALL, listed,
	     "RSTs that REJECT makes"},
	};
	fe_set no_in = fe_set_range(p->space, FE_F_IIF, fe_u128(0),
				    fe_u128(0));
	fe_set no_out = fe_set_range(p->space, FE_F_OIF, fe_u128(0),
				     fe_u128(0));
	fe_set rst = meet(p, resets(p),
			  fe_set_or(p->space, sets->raw_pre, sets->raw_out));
	fe_set at[FE_N_HOOKS] = {FE_SET_EMPTY};

	rst = fe_set_exists(p->space, rst, FE_F_IIF);
	rst = fe_set_exists(p->space, rst, FE_F_OIF);
	if (rst == FE_SET_EMPTY)
		return true;
	at[FE_OUTPUT] = at[FE_POSTROUTING] = meet(p, rst, no_in);
	at[FE_PREROUTING] = at[FE_INPUT] =
	    meet(p, meet(p, rst, no_out),
		 fe_behave_iface(p->behave, FE_F_IIF, "lo"));
	return made_alike(p, rst, compares[0].what, proof) &&
	       ask_sites(p, at, compares, 2, proof);
}

static bool icmp_alike(struct fe_planner *p, struct fe_proof *proof)
{
	bool invalid = p->options->level == FE_LEVEL_INVALID;
	const struct compare cmp = {FE_CT_RELATED, FE_CT_INVALID, p->errors,
				    invalid, "ICMP errors about the class"};
	fe_set at[FE_N_HOOKS];

	/* At level invalid fe_plan_icmp_companions() lists what differs; here
	 * only shared state counts. */
	if (!p->icmp_asked) {
		struct fe_proof own = {.ok = true};

		errors_at(p, fe_plan_forwards(p->context->host, p->family), at);
		p->icmp_alike = ask_sites(p, at, &cmp, 1, &own);
		p->icmp_asked = true;
		p->icmp.rule = own.rule;
		p->icmp.text = own.text;
		p->icmp.witness = own.witness;
		p->icmp.reason = own.reason == FE_REFUSED_BUDGET ||
					 own.reason == FE_REFUSED_SHARED
				     ? own.reason
				     : FE_REFUSED_ICMP;
		fe_vec_free(&own.differences);
	}
	if (p->icmp_alike)
		return true;
	proof->ok = false;
	proof->reason = p->icmp.reason;
	proof->rule = p->icmp.rule;
	proof->text = p->icmp.text;
	proof->witness = p->icmp.witness;
	return false;
}

/* Types of errors that a companion lets in, by family. */
static const uint8_t error_types4[] = {3, 11, 12};
static const uint8_t error_types6[] = {1, 2, 3, 4};

static void icmp_companion(struct fe_planner *p, const char *chain,
			   uint8_t type)
{
	struct fe_plan_rule rule = {
	    .table = FE_FILTER,
	    .chain = chain,
	    .head = true,
	    .spec = p->family == 4
			? fe_arena_printf(p->arena,
					  "-p icmp -m length ! --length 0:27 "
					  "-m icmp --icmp-type %u -m "
					  "conntrack --ctstate INVALID -j "
					  "ACCEPT", type)
			: fe_arena_printf(p->arena,
					  "-p ipv6-icmp -m length ! --length "
					  "0:47 -m icmp6 --icmpv6-type %u -m "
					  "conntrack --ctstate INVALID -j "
					  "ACCEPT", type),
	    .why = "ICMP errors about untracked flows are INVALID",
	};

	fe_vec_push(&p->fam->shared, rule);
}

static fe_set error_type(struct fe_planner *p, uint8_t type)
{
	return meet(p, p->errors,
		    fe_set_range(p->space, FE_F_ICMP_TYPE, fe_u128(type),
				 fe_u128(type)));
}

/* At one site: lists the difference; adds companions where they help. */
static void icmp_site(struct fe_planner *p, const struct site *site,
		      fe_set within)
{
	const uint8_t *types = p->family == 4 ? error_types4 : error_types6;
	size_t n = p->family == 4 ? sizeof(error_types4) : sizeof(error_types6);
	const struct compare cmp = {
	    FE_CT_RELATED, FE_CT_INVALID, p->errors, true,
	    "ICMP errors, about the classes or unsolicited"};
	struct question q = {.site = *site, .within = within,
			     .compares = &cmp, .n = 1};
	fe_set related = map_of(p, &q, FE_CT_RELATED);
	fe_set invalid = map_of(p, &q, FE_CT_INVALID);
	fe_set where = meet(p, within,
			    fe_map_differ(p->space, related, invalid));
	struct fe_proof proof = {.ok = true};

	if (where == FE_SET_EMPTY)
		return;
	/* What is not decided may differ. */
	list_difference(p, site, &cmp,
			fe_space_exhausted(p->space) ? FE_SET_EMPTY : where,
			&proof);
	fe_vec_push(&p->fam->differences, proof.differences.data[0]);
	fe_vec_free(&proof.differences);
	if (site->table != FE_FILTER || fe_space_exhausted(p->space))
		return;
	for (size_t i = 0; i < n; i++) {
		fe_set type = meet(p, within, error_type(p, types[i]));

		if (meet(p, where, type) != FE_SET_EMPTY &&
		    just_accepts(p, related, type) &&
		    !asks_shared(p, invalid, type))
			icmp_companion(p, site->chain->name, types[i]);
	}
}

void fe_plan_icmp_companions(struct fe_planner *p, bool forward)
{
	fe_set at[FE_N_HOOKS];

	if (p->options->level != FE_LEVEL_INVALID)
		return;
	errors_at(p, forward && fe_plan_forwards(p->context->host, p->family), at);
	for (unsigned i = 0; i < N_SITES; i++) {
		struct site site = {sites[i].table, sites[i].hook,
				    builtin(p, sites[i].table, sites[i].hook)};
		fe_set within = site_within(p, i, at);

		if (site.chain && within != FE_SET_EMPTY &&
		    fe_behave_reads_ct(p->behave, site.chain))
			icmp_site(p, &site, within);
	}
}

/* Companions match UNTRACKED packets of the class and no others. */
static bool companions_apart(struct fe_planner *p,
			     const struct fe_class_sets *sets,
			     struct fe_proof *proof)
{
	for (unsigned h = 0; h < FE_N_HOOKS; h++) {
		fe_set others = fe_set_minus(p->space, p->untracked[h],
					     sets->at[h]);
		fe_set met = FE_SET_EMPTY;

		if (proof->companion[h])
			met = meet(p, sets->box[h], others);
		else
			met = meet(p, sets->at[h], p->accepted[h]);
		if (met != FE_SET_EMPTY)
			return fe_plan_refuse(
			    p, proof, FE_REFUSED_ALIKE, NULL, met,
			    "a companion rule would meet untracked packets of "
			    "another class");
	}
	return true;
}

static bool any_companion(const struct fe_proof *proof)
{
	for (unsigned h = 0; h < FE_N_HOOKS; h++)
		if (proof->companion[h])
			return true;
	return false;
}

/* Rules of the original, or the kernel (ICMPv6), that untrack already. */
static bool untracked_before(struct fe_planner *p,
			     const struct fe_class_sets *sets)
{
	const struct fe_table *raw = &p->rules->tables[FE_RAW];
	fe_set box = FE_SET_EMPTY;

	/* Interfaces differ between raw and filter: they are forgotten. */
	for (unsigned h = 0; h < FE_N_HOOKS; h++)
		box = fe_set_or(p->space, box, sets->box[h]);
	box = fe_set_exists(p->space, box, FE_F_IIF);
	box = fe_set_exists(p->space, box, FE_F_OIF);
	if (p->family == 6 &&
	    meet(p, box, proto_is(p, IPPROTO_ICMPV6)) != FE_SET_EMPTY)
		return true;
	for (size_t c = 0; c < raw->chains.n; c++) {
		const struct fe_chain *chain = raw->chains.data[c];

		for (size_t r = 0; r < chain->rules.n; r++)
			if (chain->rules.data[r]->action == FE_ACT_NOTRACK &&
			    meet(p, box,
				 fe_behave_may(p->behave,
					       chain->rules.data[r])) !=
				FE_SET_EMPTY)
				return true;
	}
	return false;
}

static bool companions_harmless(struct fe_planner *p,
				const struct fe_class_sets *sets,
				struct fe_proof *proof)
{
	if (any_companion(proof) && untracked_before(p, sets))
		return fe_plan_refuse(p, proof, FE_REFUSED_ALIKE, NULL,
				      FE_SET_EMPTY,
				      "a companion rule would meet packets "
				      "that are untracked already");
	return companions_apart(p, sets, proof);
}

void fe_plan_prove(struct fe_planner *p, const struct fe_cand *c,
		   const struct fe_class_sets *sets, struct fe_proof *proof)
{
	(void)c;
	*proof = (struct fe_proof){.ok = true};
	if (!closed(p, sets, proof))
		return;
	if (!covered(p, FE_PREROUTING, sets->raw_pre, &proof->head_pre, proof))
		return;
	if (!covered(p, FE_OUTPUT, sets->raw_out, &proof->head_out, proof))
		return;
	if (!no_readers(p, sets, proof) || !fe_plan_no_nat(p, sets, proof) ||
	    !fe_plan_no_mapping(p, sets, proof))
		return;
	if (!alike(p, sets, proof) || !rst_alike(p, sets, proof) ||
	    !made_alike(p, p->errors, "ICMP errors that answer the class",
			proof))
		return;
	if (!sets->all_icmp && !icmp_alike(p, proof))
		return;
	if (!companions_harmless(p, sets, proof))
		return;
	budget_left(p, proof);
}
