/*
 * The proof: one function for each condition of doc/semantics.md 3.
 *
 * Each either holds for the whole class or fills in why not: the reason, the
 * rule in the way, a packet that shows it. Cheap conditions come first. What
 * the algebra can't decide within its budget is refused.
 */
#include "pass/plan_ask.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>

#include "ext/target_ct.h"
#include "ext/target_reject.h"
#include "ruleset/ruleset.h"

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
		proof->text = fe_plan_undecided;
		proof->witness = NULL;
	}
	return false;
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
		return fe_ask_budget_left(p, proof);
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

/*
 * Whether a rule would see a NOTRACK rule ahead of it. Targets that say
 * themselves how to track leave an untracked packet as it is.
 */
static bool sees_untracked(const struct fe_rule *rule)
{
	bool tracks = rule->action == FE_ACT_NOTRACK ||
		      rule->action == FE_ACT_CT;

	if (rule->opaque)
		return true;
	if (!tracks)
		return rule->effects & (FE_READS_CT | FE_WRITES_CT);
	for (unsigned i = 0; i < rule->n_parts; i++)
		if (&rule->parts[i] != fe_rule_target(rule) &&
		    fe_part_effects(&rule->parts[i]) & FE_READS_CT)
			return true;
	return false;
}

/* Whether any chain of raw does, called from a hook's or not. */
static bool raw_sees_untracked(const struct fe_planner *p)
{
	const struct fe_table *raw = &p->rules->tables[FE_RAW];

	for (size_t c = 0; c < raw->chains.n; c++) {
		const struct fe_chain *chain = raw->chains.data[c];

		for (size_t r = 0; r < chain->rules.n; r++)
			if (sees_untracked(chain->rules.data[r]))
				return true;
	}
	return false;
}

static bool covered(struct fe_planner *p, enum fe_hook hook, fe_set within,
		    bool *head, struct fe_proof *proof)
{
	const struct fe_chain *chain = fe_plan_chain(p, FE_RAW, hook);
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
	if (!fe_ask_budget_left(p, proof))
		return false;
	if (scan.ct)
		return fe_plan_refuse(
		    p, proof, FE_REFUSED_READERS, scan.ct,
		    where_is(p, map, scan.at, within),
		    "a CT target says how to track its packets (%s)",
		    fe_plan_place(p, scan.ct));
	if (!scan.hides)
		return true;
	if (raw_sees_untracked(p))
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
				    fe_target_reject(fe_rule_target(rule), p->family)
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
			return fe_ask_proto(p, helper_protos[i].proto);
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
			const char *helper = fe_target_ct(fe_rule_target(rule)).helper;
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

/* RSTs that REJECT may make. */
static fe_set resets(struct fe_planner *p)
{
	if (!rejects_with_rst(p))
		return FE_SET_EMPTY;
	return meet(p, fe_ask_proto(p, IPPROTO_TCP),
		    fe_set_mask(p->space, FE_F_TCP_FLAGS, fe_u128(FE_TCP_RST),
				fe_u128(FE_TCP_RST)));
}

static bool alike(struct fe_planner *p, const struct fe_class_sets *sets,
		  struct fe_proof *proof)
{
	bool invalid = p->options->level == FE_LEVEL_INVALID;
	fe_set rst = resets(p);
	const struct plan_compare compares[] = {
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

	return fe_ask_all(p, sets->at, compares,
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
	const struct plan_compare cmp = {
	    FE_CT_RELATED, FE_CT_INVALID, FE_SET_ALL,
	    p->options->level == FE_LEVEL_INVALID, what};
	struct plan_question q = {
	    .site = {FE_RAW, FE_OUTPUT, fe_plan_chain(p, FE_RAW, FE_OUTPUT)},
	    .compares = &cmp,
	    .n = 1,
	};

	q.within = meet(p, meet(p, made, p->plain),
			fe_set_range(p->space, FE_F_IIF, fe_u128(0),
				     fe_u128(0)));
	return !q.site.chain || !fe_behave_reads_ct(p->behave, q.site.chain) ||
	       fe_ask_one(p, &q, proof);
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
	const struct plan_compare compares[] = {
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
	       fe_ask_all(p, at, compares, 2, proof);
}

static bool icmp_alike(struct fe_planner *p, struct fe_proof *proof)
{
	bool invalid = p->options->level == FE_LEVEL_INVALID;
	const struct plan_compare cmp = {FE_CT_RELATED, FE_CT_INVALID,
					 p->errors, invalid,
					 "ICMP errors about the class"};
	fe_set at[FE_N_HOOKS];

	/* At level invalid fe_plan_icmp_companions() lists what differs; here
	 * only shared state counts. */
	if (!p->icmp_asked) {
		struct fe_proof own = {.ok = true};

		errors_at(p, fe_plan_forwards(p->context->host, p->family), at);
		p->icmp_alike = fe_ask_all(p, at, &cmp, 1, &own);
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
			   uint32_t at, uint8_t type)
{
	struct fe_plan_rule rule = {
	    .table = FE_FILTER,
	    .chain = chain,
	    .at = at,
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

static void list_errors(struct fe_planner *p, const struct plan_site *site,
			const struct plan_compare *cmp, fe_set where)
{
	struct fe_proof proof = {.ok = true};

	fe_ask_list(p, site, cmp, where, &proof);
	fe_vec_push(&p->fam->differences, proof.differences.data[0]);
	fe_vec_free(&proof.differences);
}

/* What companions for errors cost: they can't tell those about untracked
 * flows from those that nobody asked for. */
static void list_let_in(struct fe_planner *p, const struct plan_site *site,
			fe_set where)
{
	struct fe_plan_difference d;

	if (where == FE_SET_EMPTY)
		return;
	d.what = fe_arena_printf(
	    p->arena, "%s/%s: ICMP errors about flows of the classes, RELATED "
	    "before, INVALID now, are accepted by companion rules, and so are "
	    "unsolicited ones of these types, INVALID before and now, which "
	    "the rules may have dropped",
	    fe_table_names[site->table], site->chain->name);
	d.witness = fe_plan_witness(p, where);
	fe_vec_push(&p->fam->differences, d);
}

/* At one site: lists the difference; adds companions where they help. */
static void icmp_site(struct fe_planner *p, const struct plan_site *site,
		      fe_set within)
{
	const uint8_t *types = p->family == 4 ? error_types4 : error_types6;
	size_t n = p->family == 4 ? sizeof(error_types4) : sizeof(error_types6);
	const struct plan_compare cmp = {
	    FE_CT_RELATED, FE_CT_INVALID, p->errors, true,
	    "ICMP errors about flows of the classes"};
	struct plan_question q = {.site = *site, .within = within,
			     .compares = &cmp, .n = 1};
	fe_set related = fe_ask_map(p, &q, FE_CT_RELATED);
	fe_set invalid = fe_ask_map(p, &q, FE_CT_INVALID);
	fe_set where = meet(p, within,
			    fe_map_differ(p->space, related, invalid));
	fe_set let_in = FE_SET_EMPTY;

	if (where == FE_SET_EMPTY)
		return;
	/* What is not decided may differ. */
	if (fe_space_exhausted(p->space)) {
		list_errors(p, site, &cmp, FE_SET_EMPTY);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		fe_set type = meet(p, within, error_type(p, types[i]));
		uint32_t at = 0;

		if (site->table == FE_FILTER &&
		    meet(p, where, type) != FE_SET_EMPTY &&
		    !fe_ask_shares(p, invalid, type))
			at = fe_ask_position(p, &q, FE_CT_RELATED, type);
		if (!at)
			continue;
		icmp_companion(p, site->chain->name, at, types[i]);
		let_in = fe_set_or(p->space, let_in, meet(p, where, type));
	}
	list_let_in(p, site, let_in);
	where = fe_set_minus(p->space, where, let_in);
	if (where != FE_SET_EMPTY)
		list_errors(p, site, &cmp, where);
}

void fe_plan_icmp_companions(struct fe_planner *p, bool forward)
{
	fe_set at[FE_N_HOOKS];

	if (p->options->level != FE_LEVEL_INVALID)
		return;
	errors_at(p, forward && fe_plan_forwards(p->context->host, p->family),
		  at);
	for (unsigned i = 0; i < FE_ASK_N_SITES; i++) {
		struct plan_site site = fe_ask_site(p, i);
		fe_set within = fe_ask_within(p, i, at);

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
	    meet(p, box, fe_ask_proto(p, IPPROTO_ICMPV6)) != FE_SET_EMPTY)
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
	fe_ask_budget_left(p, proof);
}
