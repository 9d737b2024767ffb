/*
 * The independent checker of plans (doc/semantics.md 5).
 *
 * It shares neither sets nor behaviours with the planner. The plan's text is
 * printed, joined with the original's and read again; then packets are played
 * through both rulesets, chain by chain, by an evaluator of its own that asks
 * each match's cover for membership. Packets are corner values of the fields
 * that rules name, mixed at random; the conntrack state is forced to each one
 * that a packet can have, the entry's fields are random. What fields don't
 * decide is answered by a coin, the same one for a rule in both runs; that
 * both ask the same questions in the same order is compared as well.
 */
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "ext/target_mark.h"
#include "pass/plan_priv.h"
#include "ruleset/ruleset.h"

enum {
	MAX_WORK = 12000000, /* matches to evaluate, about 0.2 s */
	MIN_PACKETS = 300,
	MAX_PACKETS = 20000,
	MAX_TRACE = 512,     /* effects of one life */
	MAX_VALUES = 96,     /* corner values kept of a field */
};

/* A rule's parts, read once. */
struct atoms {
	FE_VEC(struct fe_atom) list;
	FE_VEC(uint32_t) clauses;      /* first atom of each clause */
};

struct side {                          /* a ruleset in play */
	const struct fe_ruleset *rules;
	struct atoms **parts[FE_N_TABLES]; /* [chain][rule's first part + i] */
	uint32_t **first[FE_N_TABLES];     /* [chain][rule] */
	unsigned added_head[FE_N_TABLES][FE_N_HOOKS]; /* the plan's rules */
	unsigned original[FE_N_TABLES][FE_N_HOOKS];   /* the input's rules */
};

struct values {                        /* corners of one field */
	struct fe_u128 v[MAX_VALUES];
	unsigned n;
};

struct event {                         /* what a life leaves behind */
	const char *chain;
	uint32_t table, index, what;
};

struct life {
	struct fe_u128 field[FE_N_FIELDS];
	const char *in, *out;          /* interface names; "" none */
	struct event trace[MAX_TRACE];
	unsigned n;
	uint64_t coin;                 /* seed of unknown answers */
	bool untracked;                /* NOTRACK met it */
	bool ct;                       /* another CT target came first */
	bool overflow;
};

struct checker {
	struct fe_plan *plan;
	const struct fe_pass_context *context;
	unsigned family;
	struct side before, after;
	struct values values[FE_N_FIELDS];
	FE_VEC(const char *) ifaces;
	struct fe_rng rng;
	struct fe_arena *arena;
	const char *why;
	uint64_t n_rules;
};

/* Reading covers. */

struct atom_sink {
	struct fe_sink sink;
	struct atoms *atoms;
};

static void atom_clause(struct fe_sink *sink)
{
	struct atoms *a = ((struct atom_sink *)sink)->atoms;

	fe_vec_push(&a->clauses, (uint32_t)a->list.n);
}

static void atom_atom(struct fe_sink *sink, const struct fe_atom *atom)
{
	struct atoms *a = ((struct atom_sink *)sink)->atoms;

	fe_vec_push(&a->list, *atom);
}

static void corner(struct checker *k, enum fe_field f, struct fe_u128 v)
{
	struct values *values = &k->values[f];

	for (unsigned i = 0; i < values->n; i++)
		if (fe_u128_eq(values->v[i], v))
			return;
	if (values->n < MAX_VALUES)
		values->v[values->n++] = v;
	else
		values->v[fe_rng_below(&k->rng, MAX_VALUES)] = v;
}

static void corners(struct checker *k, const struct fe_atom *atom)
{
	struct fe_u128 v;

	if (atom->kind == FE_ATOM_IFACE) {
		fe_vec_push(&k->ifaces, atom->u.iface);
		return;
	}
	if (atom->kind == FE_ATOM_MASK) {
		corner(k, atom->field, atom->u.mask.value);
		return;
	}
	if (atom->kind != FE_ATOM_RANGE)
		return;
	corner(k, atom->field, v = atom->u.range.lo);
	v.lo--;
	corner(k, atom->field, v);
	corner(k, atom->field, v = atom->u.range.hi);
	v.lo++;
	corner(k, atom->field, v);
}

static void read_side(struct checker *k, struct side *side)
{
	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		const struct fe_table *table = &side->rules->tables[t];

		side->parts[t] = fe_new_n(k->arena, struct atoms *,
					  table->chains.n + 1);
		side->first[t] =
		    fe_new_n(k->arena, uint32_t *, table->chains.n + 1);
		for (size_t c = 0; c < table->chains.n; c++) {
			const struct fe_chain *chain = table->chains.data[c];
			uint32_t n = 0;

			side->first[t][c] = fe_new_n(k->arena, uint32_t,
						     chain->rules.n + 1);
			for (size_t r = 0; r < chain->rules.n; r++) {
				side->first[t][c][r] = n;
				n += chain->rules.data[r]->n_parts;
			}
			k->n_rules += chain->rules.n;
			side->parts[t][c] =
			    fe_new_n(k->arena, struct atoms, n + 1);
		}
	}
}

/* The atoms of a part, read at first use; corners are gathered then. */
static struct atoms *part_atoms(struct checker *k, struct side *side,
				const struct fe_rule *rule, unsigned part)
{
	const struct fe_chain *chain = rule->chain;
	unsigned t = chain->table->id;
	uint32_t first = side->first[t][chain->index][rule->index - 1];
	struct atoms *a = &side->parts[t][chain->index][first + part];
	struct atom_sink sink = {
	    .sink = {.clause = atom_clause, .atom = atom_atom}, .atoms = a};

	if (a->clauses.cap)
		return a;
	fe_vec_reserve(&a->clauses, 1);
	fe_part_cover(&rule->parts[part], k->family, &sink.sink);
	for (size_t i = 0; i < a->list.n; i++)
		corners(k, &a->list.data[i]);
	return a;
}

static void read_all(struct checker *k, struct side *side)
{
	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		const struct fe_table *table = &side->rules->tables[t];

		for (size_t c = 0; c < table->chains.n; c++) {
			const struct fe_chain *chain = table->chains.data[c];

			for (size_t r = 0; r < chain->rules.n; r++) {
				const struct fe_rule *rule =
				    chain->rules.data[r];

				for (unsigned i = 0; i < rule->n_parts; i++)
					if (&rule->parts[i] != rule->target)
						part_atoms(k, side, rule, i);
			}
		}
	}
}

static void free_side(struct side *side)
{
	for (unsigned t = 0; t < FE_N_TABLES && side->parts[t]; t++) {
		const struct fe_table *table = &side->rules->tables[t];

		for (size_t c = 0; c < table->chains.n; c++) {
			const struct fe_chain *chain = table->chains.data[c];
			uint32_t n = 0;

			for (size_t r = 0; r < chain->rules.n; r++)
				n += chain->rules.data[r]->n_parts;
			for (uint32_t i = 0; i < n; i++) {
				fe_vec_free(&side->parts[t][c][i].list);
				fe_vec_free(&side->parts[t][c][i].clauses);
			}
		}
	}
}

/* Evaluation. */

static bool name_matches(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	if (n && pattern[n - 1] == '+')
		return !strncmp(pattern, name, n - 1);
	return !strcmp(pattern, name);
}

/* FE_YES, FE_NO, or FE_DUNNO for what fields don't decide. */
static enum fe_answer atom_holds(const struct fe_atom *a,
				 const struct life *life)
{
	struct fe_u128 v = life->field[a->field];
	bool yes = false;

	switch (a->kind) {
	case FE_ATOM_RANGE:
		yes = fe_u128_le(a->u.range.lo, v) &&
		      fe_u128_le(v, a->u.range.hi);
		break;
	case FE_ATOM_MASK:
		yes = (v.lo & a->u.mask.mask.lo) == a->u.mask.value.lo &&
		      (v.hi & a->u.mask.mask.hi) == a->u.mask.value.hi;
		break;
	case FE_ATOM_IFACE:
		yes = name_matches(a->u.iface, a->field == FE_F_IIF
						   ? life->in : life->out);
		break;
	case FE_ATOM_IPSET: /* it may change while the plan is loaded */
	case FE_ATOM_UNKNOWN:
		return FE_DUNNO;
	}
	return yes != a->neg ? FE_YES : FE_NO;
}

static enum fe_answer part_holds(const struct atoms *a, const struct life *life)
{
	enum fe_answer all = FE_YES;

	for (size_t c = 0; c < a->clauses.n; c++) {
		size_t end = c + 1 < a->clauses.n ? a->clauses.data[c + 1]
						  : a->list.n;
		enum fe_answer some = FE_NO;

		for (size_t i = a->clauses.data[c]; i < end; i++) {
			enum fe_answer one =
			    atom_holds(&a->list.data[i], life);

			/* One unknown makes the clause unknown. */
			if (one == FE_DUNNO || some == FE_DUNNO)
				some = FE_DUNNO;
			else if (one == FE_YES)
				some = FE_YES;
		}
		if (some == FE_NO)
			return FE_NO;
		if (some == FE_DUNNO)
			all = FE_DUNNO;
	}
	return all;
}

static void record(struct life *life, const struct fe_rule *rule,
		   uint32_t index, uint32_t what)
{
	struct event e = {rule->chain->name, rule->chain->table->id, index,
			  what};

	if (life->n == MAX_TRACE) {
		life->overflow = true;
		return;
	}
	life->trace[life->n++] = e;
}

enum outcome { GO_ON, ACCEPTED, DROPPED, RETURNED };

enum { WHAT_ACTION = 0, WHAT_CT = 100, WHAT_ASKED = 200 };

struct run {
	struct checker *k;
	struct side *side;
	struct life *life;
	unsigned depth;
};

/* A rule's number in the original, whatever the plan inserted before it. */
static uint32_t index_of(const struct run *run, const struct fe_rule *rule)
{
	const struct fe_chain *c = rule->chain;

	if (!c->builtin)
		return rule->index;
	return rule->index - run->side->added_head[c->table->id][c->hook];
}

/*
 * What fields don't decide is answered by a coin: one for each part of a rule
 * of the original, and one for each state where the answer is the entry's.
 */
static bool toss(const struct run *run, const struct fe_rule *rule,
		 unsigned part, uint64_t state)
{
	struct fe_rng rng = {run->life->coin ^ state << 56};

	for (const char *c = rule->chain->name; *c; c++)
		rng.state = fe_rng_next(&rng) ^ (uint8_t)*c;
	rng.state = fe_rng_next(&rng) ^ (rule->chain->table->id << 16 | part);
	rng.state = fe_rng_next(&rng) ^ index_of(run, rule);
	return fe_rng_next(&rng) & 1;
}

static enum fe_answer rule_matches(struct run *run, const struct fe_rule *rule)
{
	for (unsigned i = 0; i < rule->n_parts; i++) {
		const struct fe_part *part = &rule->parts[i];
		unsigned effects;
		uint64_t state;
		enum fe_answer answer;

		if (part == rule->target)
			continue;
		effects = fe_part_effects(part);
		if (part->ext->l4_size &&
		    run->life->field[FE_F_HDR].lo == FE_HDR_TRUNCATED)
			return FE_HOTDROP;
		answer = part_holds(part_atoms(run->k, run->side, rule, i),
				    run->life);
		if (answer == FE_NO)
			return FE_NO;
		if (answer != FE_DUNNO && !(effects & FE_SHARES))
			continue;
		state = effects & FE_READS_CT
			    ? run->life->field[FE_F_CTSTATE].lo + 1
			    : 0;
		if (effects & (FE_SHARES | FE_READS_CT))
			record(run->life, rule, index_of(run, rule),
			       WHAT_ASKED + i + (uint32_t)state * 1000);
		if (!toss(run, rule, i, state))
			return FE_NO;
	}
	return FE_YES;
}

static enum outcome run_chain(struct run *run, const struct fe_chain *chain);

static void set_mark(struct run *run, const struct fe_rule *rule)
{
	struct fe_mark_op op = fe_target_mark(rule->target);
	uint32_t mark = (uint32_t)run->life->field[FE_F_MARK].lo;

	run->life->field[FE_F_MARK] =
	    fe_u128((mark & ~op.mask) ^ op.value);
}

/* An effect of a target that doesn't end the chain. */
static void act(struct run *run, const struct fe_rule *rule)
{
	uint32_t what = WHAT_ACTION + rule->action;

	if (rule->action == FE_ACT_MARK)
		set_mark(run, rule);
	if (rule->action == FE_ACT_NOTRACK) {
		if (!run->life->ct)
			run->life->untracked = true;
		return;
	}
	if (rule->action == FE_ACT_CT && !run->life->untracked)
		run->life->ct = true;
	if (rule->action == FE_ACT_CONNMARK &&
	    fe_target_connmark(rule->target).mode != FE_CONNMARK_RESTORE)
		return;
	/* What depends on the entry is not the same without one. */
	if (rule->action == FE_ACT_CONNMARK || rule->action == FE_ACT_OPAQUE)
		what = WHAT_CT + (uint32_t)run->life->field[FE_F_CTSTATE].lo;
	record(run->life, rule, index_of(run, rule), what);
}

static enum outcome do_target(struct run *run, const struct fe_rule *rule)
{
	enum outcome outcome;

	switch ((enum fe_action)rule->action) {
	case FE_ACT_ACCEPT:
		return ACCEPTED;
	case FE_ACT_DROP:
		return DROPPED;
	case FE_ACT_QUEUE:
	case FE_ACT_REJECT:
		act(run, rule);
		return DROPPED;
	case FE_ACT_RETURN:
		return RETURNED;
	case FE_ACT_NONE:
	case FE_ACT_CONTINUE:
		return GO_ON;
	case FE_ACT_JUMP:
	case FE_ACT_GOTO:
		if (!rule->jump || run->depth > 100)
			return GO_ON;
		run->depth++;
		outcome = run_chain(run, rule->jump);
		run->depth--;
		if (outcome == RETURNED || outcome == GO_ON)
			return rule->action == FE_ACT_GOTO ? RETURNED : GO_ON;
		return outcome;
	case FE_ACT_OPAQUE:
	case FE_ACT_LOG:
	case FE_ACT_MARK:
	case FE_ACT_CONNMARK:
	case FE_ACT_NOTRACK:
	case FE_ACT_CT:
	case FE_ACT_SNAT:
	case FE_ACT_DNAT:
	case FE_ACT_MASQUERADE:
	case FE_ACT_REDIRECT:
	case FE_ACT_NETMAP:
		act(run, rule);
		return GO_ON;
	}
	return GO_ON;
}

static enum outcome run_chain(struct run *run, const struct fe_chain *chain)
{
	for (size_t i = 0; i < chain->rules.n; i++) {
		const struct fe_rule *rule = chain->rules.data[i];
		enum fe_answer answer = rule_matches(run, rule);

		if (answer == FE_HOTDROP)
			return DROPPED;
		if (answer != FE_YES)
			continue;
		enum outcome outcome = do_target(run, rule);
		if (outcome != GO_ON)
			return outcome;
	}
	return GO_ON;
}

static const struct fe_chain *builtin_of(const struct fe_ruleset *rules,
					 enum fe_table_id t, enum fe_hook hook)
{
	const struct fe_table *table = &rules->tables[t];

	for (size_t i = 0; table->present && i < table->chains.n; i++)
		if (table->chains.data[i]->builtin &&
		    table->chains.data[i]->hook == hook)
			return table->chains.data[i];
	return NULL;
}

/* A builtin chain; false: the packet is dropped there. */
static bool pass_chain(struct run *run, enum fe_table_id t, enum fe_hook hook)
{
	const struct fe_chain *chain =
	    builtin_of(run->side->rules, t, hook);
	enum outcome outcome;

	if (!chain)
		return true;
	outcome = run_chain(run, chain);
	if (outcome == GO_ON || outcome == RETURNED)
		return chain->policy != FE_POLICY_DROP;
	return outcome == ACCEPTED;
}

/* A life: the hooks in order; raw comes with the state still open. */
static const struct step {
	enum fe_table_id table;
	enum fe_hook hook;
} lives[][14] = {
	{{FE_RAW, FE_PREROUTING}, {FE_MANGLE, FE_PREROUTING},
	 {FE_NAT, FE_PREROUTING}, {FE_MANGLE, FE_INPUT}, {FE_FILTER, FE_INPUT},
	 {FE_SECURITY, FE_INPUT}, {FE_NAT, FE_INPUT}, {0, FE_N_HOOKS}},
	{{FE_RAW, FE_PREROUTING}, {FE_MANGLE, FE_PREROUTING},
	 {FE_NAT, FE_PREROUTING}, {FE_MANGLE, FE_FORWARD},
	 {FE_FILTER, FE_FORWARD}, {FE_SECURITY, FE_FORWARD},
	 {FE_MANGLE, FE_POSTROUTING}, {FE_NAT, FE_POSTROUTING},
	 {0, FE_N_HOOKS}},
	{{FE_RAW, FE_OUTPUT}, {FE_MANGLE, FE_OUTPUT}, {FE_NAT, FE_OUTPUT},
	 {FE_FILTER, FE_OUTPUT}, {FE_SECURITY, FE_OUTPUT},
	 {FE_MANGLE, FE_POSTROUTING}, {FE_NAT, FE_POSTROUTING},
	 {0, FE_N_HOOKS}},
	{{FE_RAW, FE_OUTPUT}, {FE_MANGLE, FE_OUTPUT}, {FE_NAT, FE_OUTPUT},
	 {FE_FILTER, FE_OUTPUT}, {FE_SECURITY, FE_OUTPUT},
	 {FE_MANGLE, FE_POSTROUTING}, {FE_NAT, FE_POSTROUTING},
	 {FE_RAW, FE_PREROUTING}, {FE_MANGLE, FE_PREROUTING},
	 {FE_MANGLE, FE_INPUT},
	 {FE_FILTER, FE_INPUT}, {FE_SECURITY, FE_INPUT}, {0, FE_N_HOOKS}},
};

enum life_kind { LIFE_IN, LIFE_FORWARD, LIFE_OUT, LIFE_LO, N_LIVES };

/* Which interfaces a hook sees. */
static void see_interfaces(struct life *life, const struct life *whole,
			   enum fe_hook hook)
{
	bool in = hook <= FE_FORWARD, out = hook >= FE_FORWARD;

	life->in = in ? whole->in : "";
	life->out = out ? whole->out : "";
}

static bool is_error(const struct checker *k, const struct life *life)
{
	uint64_t type = life->field[FE_F_ICMP_TYPE].lo;

	if (life->field[FE_F_HDR].lo != FE_HDR_WHOLE)
		return false;
	if (k->family == 4)
		return life->field[FE_F_PROTO].lo == 1 &&
		       ((type >= 3 && type <= 5) || type == 11 || type == 12);
	return life->field[FE_F_PROTO].lo == 58 && type < 128;
}

/* ICMP errors follow the mapping of their flow and see no nat chain. */
static bool skips_nat(const struct checker *k, const struct life *life,
		      enum fe_ctstate state)
{
	return life->untracked || state == FE_CT_INVALID ||
	       (state == FE_CT_RELATED && is_error(k, life));
}

/* Raw in the second half of a life over lo: the state is there already, and
 * NOTRACK is ignored, unless there is no state. */
static bool pass_raw_again(struct run *run, enum fe_ctstate state)
{
	bool untracked = run->life->untracked;
	bool passed = pass_chain(run, FE_RAW, FE_PREROUTING);

	if (state != FE_CT_INVALID)
		run->life->untracked = untracked;
	return passed;
}

/* Plays a life; fate: 0 lived, else the step where it was dropped + 1. */
static unsigned play(struct checker *k, struct side *side, struct life *life,
		     enum life_kind kind, enum fe_ctstate state)
{
	const struct life whole = *life;
	struct run run = {.k = k, .side = side, .life = life};

	life->field[FE_F_CTSTATE] = fe_u128(FE_CT_INVALID);
	for (unsigned i = 0; lives[kind][i].hook != FE_N_HOOKS; i++) {
		const struct step *s = &lives[kind][i];
		bool raw = s->table == FE_RAW;

		see_interfaces(life, &whole, s->hook);
		if (s->table == FE_NAT && skips_nat(k, life, state))
			continue;
		if (raw && i ? !pass_raw_again(&run, state)
			     : !pass_chain(&run, s->table, s->hook))
			return i + 1;
		if (raw)
			life->field[FE_F_CTSTATE] = fe_u128(
			    life->untracked ? FE_CT_UNTRACKED : state);
	}
	return 0;
}

/* Packets. */

static struct fe_u128 pick(struct checker *k, enum fe_field f)
{
	struct values *values = &k->values[f];
	struct fe_u128 v;

	if (values->n && fe_rng_below(&k->rng, 4))
		v = values->v[fe_rng_below(&k->rng, values->n)];
	else
		v = (struct fe_u128){fe_rng_next(&k->rng),
				     fe_rng_next(&k->rng)};
	struct fe_u128 ones = fe_u128_ones(
	    fe_fields[f].bits == 128 && k->family == 4 ? 32
						       : fe_fields[f].bits);
	v.hi &= ones.hi;
	v.lo &= ones.lo;
	return v;
}

static const char *pick_iface(struct checker *k, bool lo)
{
	const char *name;
	size_t n;

	if (lo)
		return "lo";
	if (!k->ifaces.n || !fe_rng_below(&k->rng, 4))
		return "other0";
	name = k->ifaces.data[fe_rng_below(&k->rng, (uint32_t)k->ifaces.n)];
	n = strlen(name);
	if (!strcmp(name, "lo"))
		return "other0";
	if (n && name[n - 1] == '+')
		return fe_arena_printf(k->arena, "%.*s7", (int)n - 1, name);
	return name;
}

static void set(struct life *life, enum fe_field f, uint64_t v)
{
	life->field[f] = fe_u128(v);
}

static uint64_t min_length(struct checker *k, uint64_t proto)
{
	return (k->family == 4 ? 20u : 40u) + (proto == 6 ? 20u : 8u);
}

/* Keeps what the kernel's own packets keep, and the plan's assumptions. */
static void plausible(struct checker *k, struct life *life,
		      enum life_kind kind)
{
	static const uint8_t protos[] = {6, 6, 6, 17, 17, 17, 1, 47};
	uint64_t proto = life->field[FE_F_PROTO].lo;
	bool local_dst = kind == LIFE_IN || kind == LIFE_LO;
	bool local_src = kind == LIFE_OUT || kind == LIFE_LO;

	if (fe_rng_below(&k->rng, 2))
		proto = protos[fe_rng_below(&k->rng, sizeof(protos))];
	if (k->family == 6 && proto == 1)
		proto = 58;
	set(life, FE_F_PROTO, proto);
	set(life, FE_F_FRAG, 0);
	set(life, FE_F_SRC_TYPE, local_src ? 2 : 1);
	set(life, FE_F_DST_TYPE, local_dst ? 2 : 1);
	set(life, FE_F_HDR, FE_HDR_WHOLE);
	if (!fe_rng_below(&k->rng, 16)) {
		set(life, FE_F_HDR, FE_HDR_TRUNCATED);
		set(life, FE_F_LENGTH, (k->family == 4 ? 20 : 40) +
				       fe_rng_below(&k->rng, 8));
	} else if (life->field[FE_F_LENGTH].lo < min_length(k, proto)) {
		set(life, FE_F_LENGTH, min_length(k, proto));
	}
	if (proto != 6)
		set(life, FE_F_TCP_FLAGS, 0);
	if (proto != 6 && proto != 17 && proto != 132 && proto != 33 &&
	    proto != 136) {
		set(life, FE_F_SPORT, 0);
		set(life, FE_F_DPORT, 0);
	}
	if (proto != 1 && proto != 58) {
		set(life, FE_F_ICMP_TYPE, 0);
		set(life, FE_F_ICMP_CODE, 0);
	}
	life->in = local_src ? "lo" : pick_iface(k, false);
	life->out = pick_iface(k, kind == LIFE_LO);
	/* Neither translated nor expected (conditions 5 and 8). */
	life->field[FE_F_CTSTATUS].lo &=
	    ~(uint64_t)(FE_IPS_SRC_NAT | FE_IPS_DST_NAT | FE_IPS_EXPECTED);
}

static void make_packet(struct checker *k, struct life *life,
			enum life_kind kind)
{
	memset(life, 0, sizeof(*life));
	for (unsigned f = 1; f < FE_N_FIELDS; f++)
		life->field[f] = pick(k, (enum fe_field)f);
	plausible(k, life, kind);
	life->coin = fe_rng_next(&k->rng);
}

/* One of the host's own addresses, by chance; NULL: none are known. */
static const struct fe_host_addr *own_address(struct checker *k)
{
	const struct fe_host *host = k->context->host;
	const struct fe_host_addr *found = NULL;
	uint32_t n = 0;

	for (size_t i = 0; host && host->known && i < host->addrs.n; i++) {
		const struct fe_host_addr *a = &host->addrs.data[i];

		if (a->family == k->family &&
		    !host->ifaces.data[a->iface].loopback &&
		    !fe_rng_below(&k->rng, ++n))
			found = a;
	}
	return found;
}

static bool is_own(const struct checker *k, struct fe_u128 addr)
{
	const struct fe_host *host = k->context->host;

	for (size_t i = 0; host && host->known && i < host->addrs.n; i++)
		if (host->addrs.data[i].family == k->family &&
		    fe_u128_eq(host->addrs.data[i].addr, addr))
			return true;
	return false;
}

/*
 * Where the snapshot has the host's addresses, an end is local exactly when it
 * has one of them. An address next to an own one serves as a foreign one.
 */
static void own_addresses(struct checker *k, struct life *life,
			  enum life_kind kind)
{
	const bool local[] = {kind == LIFE_OUT || kind == LIFE_LO,
			      kind == LIFE_IN || kind == LIFE_LO};

	for (unsigned end = 0; end < 2; end++) {
		struct fe_u128 *addr =
		    &life->field[end ? FE_F_DADDR : FE_F_SADDR];
		const struct fe_host_addr *own = own_address(k);

		if (local[end] && own)
			*addr = own->addr;
		while (!local[end] && is_own(k, *addr))
			addr->lo = (addr->lo + 1) & UINT32_MAX;
	}
}

/* Comparing. */

static bool same_event(const struct event *x, const struct event *y)
{
	return x->table == y->table && x->index == y->index &&
	       x->what == y->what && !strcmp(x->chain, y->chain);
}

static bool same_trace(const struct life *a, const struct life *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!same_event(&a->trace[i], &b->trace[i]))
			return false;
	return true;
}

/* Where two lives part: "at filter/INPUT:4 without the plan". */
static const char *parting(struct checker *k, const struct life *a,
			   const struct life *b)
{
	const struct life *longer = a->n > b->n ? a : b;
	unsigned i = 0;

	while (i < a->n && i < b->n && same_event(&a->trace[i], &b->trace[i]))
		i++;
	if (i == longer->n)
		return "in the verdict";
	return fe_arena_printf(k->arena, "at %s/%s:%u %s the plan",
			       fe_table_names[longer->trace[i].table],
			       longer->trace[i].chain, longer->trace[i].index,
			       longer == a ? "without" : "with");
}

static void complain(struct checker *k, const struct life *life,
		     enum life_kind kind, enum fe_ctstate before,
		     enum fe_ctstate after, const char *what)
{
	static const char *const names[] = {"in", "forward", "out", "lo"};

	k->why = fe_arena_printf(
	    k->plan->arena,
	    "%s (%s: protocol %u, %llx:%u -> %llx:%u, flags %u, type %u, in "
	    "'%s' out '%s', state %u before, %u now)",
	    what, names[kind], (unsigned)life->field[FE_F_PROTO].lo,
	    (unsigned long long)life->field[FE_F_SADDR].lo,
	    (unsigned)life->field[FE_F_SPORT].lo,
	    (unsigned long long)life->field[FE_F_DADDR].lo,
	    (unsigned)life->field[FE_F_DPORT].lo,
	    (unsigned)life->field[FE_F_TCP_FLAGS].lo,
	    (unsigned)life->field[FE_F_ICMP_TYPE].lo, life->in, life->out,
	    (unsigned)before, (unsigned)after);
}

/* Plays one packet in one pair of states; true: as the level promises. */
static bool compare(struct checker *k, const struct life *packet,
		    enum life_kind kind, enum fe_ctstate before,
		    enum fe_ctstate after, bool must)
{
	struct life a = *packet, b = *packet;
	unsigned fate_a = play(k, &k->before, &a, kind, before);
	unsigned fate_b = play(k, &k->after, &b, kind, after);

	k->plan->n_checks++;
	if (a.overflow || b.overflow)
		return true;
	/* Where a NAT rule or nat chain touches a class, effects differ. */
	if (fate_a == fate_b && same_trace(&a, &b) &&
	    a.field[FE_F_MARK].lo == b.field[FE_F_MARK].lo)
		return true;
	/* The untracked half skips nat: its steps are numbered alike. */
	if (!must && (b.untracked || is_error(k, packet)))
		return true;
	if (!must && packet->field[FE_F_HDR].lo != FE_HDR_WHOLE)
		return true;
	complain(k, packet, kind, before, after,
		 fe_arena_printf(k->arena, "a packet fares differently %s",
				 parting(k, &a, &b)));
	return false;
}

/* The reply of a life's packet, as it meets its own first hook. */
static bool reply_untracked(struct checker *k, const struct life *packet,
			    enum life_kind kind)
{
	static const enum life_kind back[] = {LIFE_OUT, LIFE_FORWARD, LIFE_IN,
					      LIFE_LO};
	struct life r = *packet;

	r.n = 0;
	r.field[FE_F_SADDR] = packet->field[FE_F_DADDR];
	r.field[FE_F_DADDR] = packet->field[FE_F_SADDR];
	r.field[FE_F_SPORT] = packet->field[FE_F_DPORT];
	r.field[FE_F_DPORT] = packet->field[FE_F_SPORT];
	r.field[FE_F_SRC_TYPE] = packet->field[FE_F_DST_TYPE];
	r.field[FE_F_DST_TYPE] = packet->field[FE_F_SRC_TYPE];
	r.in = packet->out;
	r.out = packet->in;
	if (kind == LIFE_IN || kind == LIFE_OUT)
		r.in = r.out = kind == LIFE_IN ? packet->in : packet->out;
	/* What raw drops is not tracked either. */
	return play(k, &k->after, &r, back[kind], FE_CT_NEW) == 1 ||
	       r.untracked;
}

static bool check_packet(struct checker *k, const struct life *packet,
			 enum life_kind kind)
{
	bool none = k->plan->level == FE_LEVEL_NONE;
	bool foreign = k->plan->families[k->family == 6].foreign_errors;
	bool truncated = packet->field[FE_F_HDR].lo != FE_HDR_WHOLE;
	struct life probe = *packet, plain = *packet;

	play(k, &k->after, &probe, kind, FE_CT_INVALID);
	play(k, &k->before, &plain, kind, FE_CT_INVALID);
	if (!compare(k, packet, kind, FE_CT_INVALID, FE_CT_INVALID,
		     none || (!probe.untracked && !is_error(k, packet))))
		return false;
	if (truncated)
		return true;
	if (is_error(k, packet)) {
		/* Related to a flow that may be untracked now. */
		return !foreign || compare(k, packet, kind, FE_CT_RELATED, FE_CT_INVALID,
			       none);
	}
	if (!compare(k, packet, kind, FE_CT_NEW, FE_CT_NEW, true) ||
	    !compare(k, packet, kind, FE_CT_ESTABLISHED, FE_CT_ESTABLISHED,
		     true))
		return false;
	if (!probe.untracked || plain.untracked ||
	    reply_untracked(k, packet, kind))
		return true;
	if (packet->field[FE_F_PROTO].lo == 1 ||
	    packet->field[FE_F_PROTO].lo == 58)
		return true; /* replies of another type */
	complain(k, packet, kind, FE_CT_NEW, FE_CT_UNTRACKED,
		 "the reply to an untracked packet is tracked");
	return false;
}

/* Joining original and plan. */

static void splice(struct fe_buf *to, const struct fe_ruleset *rules,
		   const struct fe_plan *plan, unsigned family)
{
	struct fe_buf original = {0}, extra = {0};
	struct fe_out out;

	fe_out_init(&out, fe_write_buf, &original);
	fe_ruleset_print(rules, 0, &out);
	fe_out_close(&out);
	fe_out_init(&out, fe_write_buf, &extra);
	fe_plan_print(plan, family, true, &out);
	fe_out_close(&out);
	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		char head[32];
		const char *at, *rest, *end;

		snprintf(head, sizeof(head), "*%s\n", fe_table_names[t]);
		at = strstr(fe_buf_text(&original), head);
		rest = strstr(fe_buf_text(&extra), head);
		if (!at && !rest)
			continue;
		fe_buf_puts(to, head);
		if (at) {
			at += strlen(head);
			end = strstr(at, "COMMIT\n");
			fe_buf_add(to, at, end ? (size_t)(end - at)
					       : strlen(at));
		}
		if (rest) {
			rest += strlen(head);
			end = strstr(rest, "COMMIT\n");
			fe_buf_add(to, rest, end ? (size_t)(end - rest)
						 : strlen(rest));
		}
		fe_buf_puts(to, "COMMIT\n");
	}
	fe_buf_free(&original);
	fe_buf_free(&extra);
}

static void count_added(struct checker *k)
{
	const struct fe_plan_family *fam =
	    &k->plan->families[k->family == 6];

	for (unsigned t = 0; t < FE_N_TABLES; t++)
		for (unsigned h = 0; h < FE_N_HOOKS; h++) {
			const struct fe_chain *c = builtin_of(
			    k->before.rules, (enum fe_table_id)t,
			    (enum fe_hook)h);

			k->before.original[t][h] = k->after.original[t][h] =
			    c ? (unsigned)c->rules.n : 0;
		}
	for (size_t i = 0; i <= fam->classes.n; i++) {
		const struct fe_plan_rule *rules =
		    i < fam->classes.n ? fam->classes.data[i].rules.data
				       : fam->shared.data;
		size_t n = i < fam->classes.n ? fam->classes.data[i].rules.n
					      : fam->shared.n;

		for (size_t r = 0; r < n; r++)
			for (unsigned h = 0; h < FE_N_HOOKS; h++)
				if (rules[r].head &&
				    !strcmp(rules[r].chain, fe_hook_names[h]))
					k->after.added_head[rules[r].table][h]++;
	}
}

static bool check_family(struct checker *k)
{
	uint64_t n = MAX_WORK / (k->n_rules * 6 + 1);

	if (n < MIN_PACKETS)
		n = MIN_PACKETS;
	if (n > MAX_PACKETS)
		n = MAX_PACKETS;
	for (uint64_t i = 0; i < n; i++) {
		enum life_kind kind = (enum life_kind)(i % N_LIVES);
		struct life packet;

		if (kind == LIFE_FORWARD && 
		    !fe_plan_forwards(k->context->host, k->family))
			continue;
		make_packet(k, &packet, kind);
		own_addresses(k, &packet, kind);
		if (!check_packet(k, &packet, kind))
			return false;
	}
	return true;
}

static bool check_one(struct fe_plan *plan,
		      const struct fe_pass_context *context, unsigned family,
		      const char **why)
{
	const struct fe_ruleset *rules =
	    family == 6 ? context->rules->v6 : context->rules->v4;
	struct fe_sources *sources = fe_sources_new();
	struct fe_diags *diags = fe_diags_new();
	struct fe_rules planned = {.ipsets = NULL};
	const struct fe_read_options options = {.input = FE_INPUT_SAVE,
						.family = family};
	struct fe_buf text = {0};
	struct checker k = {
	    .plan = plan,
	    .context = context,
	    .family = family,
	    .rng = {20240917},
	    .arena = fe_arena_new(),
	};
	bool ok = false;

	splice(&text, rules, plan, family);
	fe_read(sources,
		fe_sources_add(sources, "plan", fe_buf_text(&text), text.size),
		&options, &planned, diags);
	k.before.rules = rules;
	k.after.rules = family == 6 ? planned.v6 : planned.v4;
	if (diags->n_errors || !k.after.rules) {
		*why = "the plan's text does not read as rules";
	} else {
		read_side(&k, &k.before);
		read_side(&k, &k.after);
		read_all(&k, &k.before);
		read_all(&k, &k.after);
		count_added(&k);
		ok = check_family(&k);
		*why = k.why;
		free_side(&k.before);
		free_side(&k.after);
	}
	fe_vec_free(&k.ifaces);
	fe_buf_free(&text);
	fe_rules_free(&planned);
	fe_diags_free(diags);
	fe_sources_free(sources);
	fe_arena_free(k.arena);
	return ok;
}

bool fe_plan_check(struct fe_plan *plan, const struct fe_pass_context *context,
		   const char **why)
{
	for (unsigned i = 0; i < 2; i++)
		if (plan->families[i].classes.n &&
		    !check_one(plan, context, i ? 6 : 4, why))
			return false;
	plan->checked = true;
	return true;
}
