/*
 * The checker's evaluator (check_plan.c): chains on one packet, with its
 * conntrack state forced.
 *
 * It is written apart from the engine's and the planner's, and asks nothing
 * but the covers of matches and the settings of targets. What fields don't
 * decide is answered by a coin, the same one for a rule in both runs; that
 * both ask the same questions in the same order is compared as well.
 */
#include <string.h>

#include "ext/target_mark.h"
#include "pass/check_priv.h"
#include "ruleset/ruleset.h"

/* Reading covers. */

struct atom_sink {
	struct fe_sink sink;
	struct check_atoms *atoms;
};

static void atom_clause(struct fe_sink *sink)
{
	struct check_atoms *a = ((struct atom_sink *)sink)->atoms;

	fe_vec_push(&a->clauses, (uint32_t)a->list.n);
}

static void atom_atom(struct fe_sink *sink, const struct fe_atom *atom)
{
	struct check_atoms *a = ((struct atom_sink *)sink)->atoms;

	fe_vec_push(&a->list, *atom);
}

static void corner(struct fe_check *k, enum fe_field f, struct fe_u128 v)
{
	struct check_values *values = &k->values[f];

	for (unsigned i = 0; i < values->n; i++)
		if (fe_u128_eq(values->v[i], v))
			return;
	if (values->n < MAX_VALUES)
		values->v[values->n++] = v;
	else
		values->v[fe_rng_below(&k->rng, MAX_VALUES)] = v;
}

static void corners(struct fe_check *k, const struct fe_atom *atom)
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

static void read_side(struct fe_check *k, struct check_side *side)
{
	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		const struct fe_table *table = &side->rules->tables[t];

		side->parts[t] = fe_new_n(k->arena, struct check_atoms *,
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
			    fe_new_n(k->arena, struct check_atoms, n + 1);
		}
	}
}

/* The atoms of a part, read at first use; corners are gathered then. */
static struct check_atoms *part_atoms(struct fe_check *k,
				      struct check_side *side,
				      const struct fe_rule *rule, unsigned part)
{
	const struct fe_chain *chain = rule->chain;
	unsigned t = chain->table->id;
	uint32_t first = side->first[t][chain->index][rule->index - 1];
	struct check_atoms *a = &side->parts[t][chain->index][first + part];
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

void fe_check_read(struct fe_check *k, struct check_side *side)
{
	read_side(k, side);
	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		const struct fe_table *table = &side->rules->tables[t];

		for (size_t c = 0; c < table->chains.n; c++) {
			const struct fe_chain *chain = table->chains.data[c];

			for (size_t r = 0; r < chain->rules.n; r++) {
				const struct fe_rule *rule =
				    chain->rules.data[r];

				for (unsigned i = 0; i < rule->n_parts; i++)
					if (&rule->parts[i] != fe_rule_target(rule))
						part_atoms(k, side, rule, i);
			}
		}
	}
}

void fe_check_side_free(struct check_side *side)
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
				 const struct check_life *life)
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

static enum fe_answer part_holds(const struct check_atoms *a,
				 const struct check_life *life)
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

static void record(struct check_life *life, const struct fe_rule *rule,
		   uint32_t index, uint32_t what)
{
	struct check_event e = {rule->chain->name, rule->chain->table->id,
				index, what};

	if (life->n == MAX_TRACE) {
		life->overflow = true;
		return;
	}
	life->trace[life->n++] = e;
}

enum outcome { GO_ON, ACCEPTED, DROPPED, RETURNED };

enum { WHAT_ACTION = 0, WHAT_CT = 100, WHAT_ASKED = 200 };

struct run {
	struct fe_check *k;
	struct check_side *side;
	struct check_life *life;
	unsigned depth;
	uint64_t steps;                /* rules asked in this life */
};

/* A life that asks so many rules more than there are is not compared: chains
 * that call one another twice take for ever. */
enum { MIN_STEPS = 20000 };

/* A rule's number in the original, whatever the plan inserted before it. */
static uint32_t index_of(const struct run *run, const struct fe_rule *rule)
{
	const struct fe_chain *c = rule->chain;
	uint32_t index, late;

	if (!c->builtin)
		return rule->index;
	index = rule->index - run->side->added_head[c->table->id][c->hook];
	late = run->side->late[c->table->id][c->hook];
	if (late && index >= late)
		index -= run->side->added_late[c->table->id][c->hook];
	return index;
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

		if (part == fe_rule_target(rule))
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
		/* Asking changes what is shared. What only reads the entry is
		 * tossed for each state anew: the ways then part, if any do. */
		if (effects & FE_SHARES)
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
	struct fe_mark_op op = fe_target_mark(fe_rule_target(rule));
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
	    fe_target_connmark(fe_rule_target(rule)).mode != FE_CONNMARK_RESTORE)
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
	case FE_ACT_MANGLE:
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
		enum fe_answer answer;

		if (++run->steps > MIN_STEPS + 2 * run->k->n_rules) {
			run->life->overflow = true;
			return DROPPED;
		}
		answer = rule_matches(run, rule);

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

const struct fe_chain *fe_check_builtin(const struct fe_ruleset *rules,
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
	    fe_check_builtin(run->side->rules, t, hook);
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

/* Which interfaces a hook sees. */
static void see_interfaces(struct check_life *life,
			   const struct check_life *whole, enum fe_hook hook)
{
	bool in = hook <= FE_FORWARD, out = hook >= FE_FORWARD;

	life->in = in ? whole->in : "";
	life->out = out ? whole->out : "";
}

bool fe_check_is_error(const struct fe_check *k, const struct check_life *life)
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
static bool skips_nat(const struct fe_check *k, const struct check_life *life,
		      enum fe_ctstate state)
{
	return life->untracked || state == FE_CT_INVALID ||
	       (state == FE_CT_RELATED && fe_check_is_error(k, life));
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

unsigned fe_check_play(struct fe_check *k, struct check_side *side,
		       struct check_life *life, enum check_life_kind kind,
		       enum fe_ctstate state)
{
	const struct check_life whole = *life;
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
