/*
 * Behaviours of chains (behave.h).
 *
 * Chains are read backwards: the map of "from rule i on" is made from the map
 * of "from rule i + 1 on", so jumps are calls with a continuation and there is
 * no path explosion. Within a rule the parts are read from the last to the
 * first, which gives the kernel's order: a part that says no hides the parts
 * behind it. Everything is cut to the packets of interest first, which makes
 * most rules vanish.
 */
#include <assert.h>
#include <string.h>

#include "ext/target_mark.h"
#include "pass/behave_priv.h"
#include "ruleset/ruleset.h"

/* Interfaces. A pattern's representative is a name that only it matches. */

static bool iface_matches(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	if (n && pattern[n - 1] == '+')
		return !strncmp(pattern, name, n - 1);
	return !strcmp(pattern, name);
}

static void add_iface(struct fe_behave *b, const char *name)
{
	for (size_t i = 0; i < b->ifaces.n; i++)
		if (!strcmp(b->ifaces.data[i], name))
			return;
	fe_vec_push(&b->ifaces, name);
}

struct scan_sink {
	struct fe_sink sink;
	struct fe_behave *b;
	bool reads_mark;
	bool reads_header;
};

static void scan_clause(struct fe_sink *sink)
{
	(void)sink;
}

static void scan_atom(struct fe_sink *sink, const struct fe_atom *atom)
{
	struct scan_sink *scan = (struct scan_sink *)sink;

	if (atom->kind == FE_ATOM_IFACE) {
		size_t n = strlen(atom->u.iface);

		if (n && atom->u.iface[n - 1] == '+')
			add_iface(scan->b,
				  fe_arena_printf(scan->b->arena, "%.*s~",
						  (int)(n - 1),
						  atom->u.iface));
		else
			add_iface(scan->b, atom->u.iface);
	}
	if (atom->field == FE_F_MARK)
		scan->reads_mark = true;
	/* What FE_ACT_MANGLE may write. */
	if (atom->field >= FE_F_TCP_FLAGS && atom->field <= FE_F_TOS)
		scan->reads_header = true;
}

static void scan_chain(struct fe_behave *b, const struct fe_chain *chain,
		       struct scan_sink *scan)
{
	b->n_rules += chain->rules.n;
	for (size_t r = 0; r < chain->rules.n; r++) {
		const struct fe_rule *rule = chain->rules.data[r];

		for (unsigned p = 0; p < rule->n_parts; p++)
			if (&rule->parts[p] != fe_rule_target(rule))
				fe_part_cover(&rule->parts[p],
					      b->ruleset->family, &scan->sink);
	}
}

static void scan_tables(struct fe_behave *b)
{
	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		const struct fe_table *table = &b->ruleset->tables[t];
		struct scan_sink scan = {
		    .sink = {.clause = scan_clause, .atom = scan_atom},
		    .b = b,
		};

		for (size_t c = 0; c < table->chains.n; c++)
			scan_chain(b, table->chains.data[c], &scan);
		b->reads_mark[t] = scan.reads_mark;
		b->reads_header[t] = scan.reads_header;
	}
}

struct fe_behave *fe_behave_new(const struct fe_ruleset *ruleset,
				const struct fe_ipsets *ipsets,
				uint32_t budget)
{
	struct fe_behave *b = fe_calloc(1, sizeof(*b));

	b->ruleset = ruleset;
	b->ipsets = ipsets;
	b->arena = fe_arena_new();
	b->space = fe_space_new(ruleset->family);
	fe_space_budget(b->space, budget);
	add_iface(b, "none");
	add_iface(b, "lo");
	add_iface(b, "any-other");
	scan_tables(b);
	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		const struct fe_table *table = &ruleset->tables[t];

		b->rules[t] = fe_new_n(b->arena, struct behave_rule *,
				       table->chains.n + 1);
		b->reads_ct[t] =
		    fe_new_n(b->arena, uint8_t, table->chains.n + 1);
	}
	b->truncated =
	    fe_set_range(b->space, FE_F_HDR, fe_u128(FE_HDR_TRUNCATED),
			 fe_u128(FE_HDR_TRUNCATED));
	return b;
}

void fe_behave_free(struct fe_behave *b)
{
	if (!b)
		return;
	fe_space_free(b->space);
	fe_vec_free(&b->ifaces);
	fe_vec_free(&b->nodes);
	free(b->buckets);
	fe_arena_free(b->arena);
	free(b);
}

struct fe_space *fe_behave_space(struct fe_behave *b)
{
	return b->space;
}

fe_set fe_behave_iface(struct fe_behave *b, enum fe_field field,
		       const char *pattern)
{
	fe_set set = FE_SET_EMPTY;

	for (size_t i = 1; i < b->ifaces.n; i++)
		if (iface_matches(pattern, b->ifaces.data[i]))
			set = fe_set_or(b->space, set,
					fe_set_range(b->space, field,
						     fe_u128(i), fe_u128(i)));
	return set;
}

const char *fe_behave_iface_name(const struct fe_behave *b, unsigned index)
{
	return index < b->ifaces.n ? b->ifaces.data[index] : "any-other";
}

/* Chains as maps. */

struct walk {
	struct fe_behave *b;
	fe_set within;
	enum fe_ctstate state;
	unsigned depth;
	uint64_t last;                   /* step at which to give up */
};

struct terminal_step {
	struct fe_behave *b;
	struct behave_node node; /* yes or no is filled in */
	bool fill_no;
	bool merge;       /* a fork whose ways agree is no fork */
};

static uint32_t terminal_step(void *arg, uint32_t t)
{
	struct terminal_step *step = arg;
	struct behave_node n = step->node;

	if (step->fill_no)
		n.no = t;
	else
		n.yes = t;
	if (step->merge && n.yes == n.no)
		return n.yes;
	return fe_behave_node(step->b, n);
}

static fe_set effect(struct walk *w, const struct fe_rule *rule, bool by_state,
		     fe_set next)
{
	struct terminal_step step = {
	    .b = w->b,
	    .node = {.kind = NODE_EFFECT,
		     .rule = rule,
		     .state = by_state ? (uint32_t)w->state + 1 : 0},
	};

	return fe_map_terminals(w->b->space, next, terminal_step, &step);
}

struct terminals { /* the distinct ones of a map */
	FE_VEC(uint32_t) list;
};

static uint32_t collect(void *arg, uint32_t t)
{
	struct terminals *ts = arg;

	for (size_t i = 0; i < ts->list.n; i++)
		if (ts->list.data[i] == t)
			return t;
	fe_vec_push(&ts->list, t);
	return t;
}

static uint32_t is_terminal(void *arg, uint32_t t)
{
	return t == *(uint32_t *)arg;
}

/* More outcomes than this on one side of a fork: undecided. */
enum { MAX_OUTCOMES = 512 };

/* The map of a fork: each pair of outcomes becomes a node. */
static fe_set fork_map(struct walk *w, const struct fe_rule *rule, unsigned p,
		       const struct behave_part *ps, fe_set yes, fe_set no)
{
	struct fe_space *space = w->b->space;
	struct terminals ts = {{0}};
	fe_set map = no;

	if (yes == no && !ps->shares && !ps->ct)
		return no;
	fe_map_terminals(space, yes, collect, &ts);
	for (size_t i = 0; i < ts.list.n && i < MAX_OUTCOMES; i++) {
		struct terminal_step step = {
		    .b = w->b,
		    .node = {.kind = NODE_FORK,
			     .rule = rule,
			     .part = ps->shares ? p + 1 : 0,
			     .state = ps->ct ? (uint32_t)w->state + 1 : 0,
			     .yes = ts.list.data[i]},
		    .fill_no = true,
		    .merge = !ps->shares && !ps->ct,
		};
		fe_set where = fe_map_terminals(space, yes, is_terminal,
						&ts.list.data[i]);

		map = fe_map_if(space, where,
				fe_map_terminals(space, no, terminal_step,
						 &step),
				map);
	}
	fe_vec_free(&ts.list);
	return map;
}

static fe_set chain_map(struct walk *w, const struct fe_chain *chain,
			fe_set end, fe_set ret);
static fe_set rules_map(struct walk *w, const struct fe_chain *chain, size_t n,
			fe_set end, fe_set ret);

static fe_set jump_map(struct walk *w, const struct fe_rule *rule, fe_set end)
{
	fe_set map;

	/* Deeper nesting than the kernel's own jump stack is not decided. */
	if (w->depth > 64 || !rule->jump)
		return effect(w, rule, true, end);
	w->depth++;
	map = chain_map(w, rule->jump, end, end);
	w->depth--;
	return map;
}

static fe_set connmark_map(struct walk *w, const struct fe_rule *rule,
			   fe_set next)
{
	/* The entry's mark is arbitrary in the proof, so that writing it has
	 * no effect that counts; reading it into the packet has. */
	if (fe_rule_target(rule) && fe_target_connmark(fe_rule_target(rule)).mode !=
				FE_CONNMARK_RESTORE)
		return next;
	return effect(w, rule, true, next);
}

/* What a rule does once it matches. ret: where RETURN goes. */
static fe_set action_map(struct walk *w, const struct fe_rule *rule,
			 fe_set next, fe_set ret)
{
	struct fe_space *space = w->b->space;
	struct behave_node stop = {.kind = NODE_QUEUE, .rule = rule};

	switch ((enum fe_action)rule->action) {
	case FE_ACT_ACCEPT:
		return fe_map_const(space, FE_LEAF_ACCEPT);
	case FE_ACT_DROP:
		return fe_map_const(space, FE_LEAF_DROP);
	case FE_ACT_QUEUE:
		return fe_map_const(space, fe_behave_node(w->b, stop));
	case FE_ACT_RETURN:
		return ret;
	case FE_ACT_JUMP:
		return jump_map(w, rule, next);
	case FE_ACT_GOTO:
		return jump_map(w, rule, ret);
	case FE_ACT_NONE:
	case FE_ACT_CONTINUE:
	case FE_ACT_NOTRACK:
		return next;
	case FE_ACT_REJECT:
		return effect(w, rule, false,
			      fe_map_const(space, FE_LEAF_DROP));
	case FE_ACT_LOG:
	case FE_ACT_CT:
		return effect(w, rule, false, next);
	case FE_ACT_MARK:
		return effect(w, rule,
			      w->b->reads_mark[rule->chain->table->id], next);
	case FE_ACT_MANGLE: /* what it writes depends on the packet alone */
		return effect(w, rule,
			      w->b->reads_header[rule->chain->table->id], next);
	case FE_ACT_CONNMARK:
		return connmark_map(w, rule, next);
	case FE_ACT_SNAT:
	case FE_ACT_DNAT:
	case FE_ACT_MASQUERADE:
	case FE_ACT_REDIRECT:
	case FE_ACT_NETMAP:
	case FE_ACT_OPAQUE:
		return effect(w, rule, true, next);
	}
	return effect(w, rule, true, next);
}

/* Whether packets of `within` may match the rule in the walk's state, or be
 * cut or counted by one of its parts, whatever stands behind that part. */
static bool may_match(struct walk *w, const struct behave_rule *rs)
{
	fe_set set = w->within;

	for (unsigned i = 0; i < rs->n && set != FE_SET_EMPTY; i++) {
		if (rs->parts[i].shares ||
		    fe_set_and(w->b->space, set, rs->parts[i].cut) !=
			FE_SET_EMPTY)
			return true;
		set = fe_set_and(
		    w->b->space, set,
		    fe_behave_in_state(w->b, &rs->parts[i], w->state));
	}
	return set != FE_SET_EMPTY;
}

static fe_set rule_map(struct walk *w, const struct fe_rule *rule, fe_set next,
		       fe_set ret)
{
	struct fe_space *space = w->b->space;
	struct behave_rule *rs = fe_behave_rule(w->b, rule);
	fe_set map;

	if (!may_match(w, rs))
		return next;
	map = action_map(w, rule, next, ret);
	for (unsigned i = rs->n; i-- > 0;) {
		const struct behave_part *ps = &rs->parts[i];
		fe_set where = fe_set_and(
		    space, w->within, fe_behave_in_state(w->b, ps, w->state));

		if (ps->unknown)
			map = fork_map(w, rule, i, ps, map, next);
		map = fe_map_if(space, where, map, next);
		if (ps->cut) {
			fe_set cut = fe_set_and(space, w->within, ps->cut);

			if (cut != FE_SET_EMPTY)
				map = fe_map_if(
				    space, cut,
				    fe_map_const(space, FE_LEAF_DROP), map);
		}
	}
	return map;
}

/* end: behind the last rule; ret: where RETURN, or the end of a chain that
 * was gone to, leads. They are one but in a builtin chain. */
static fe_set chain_map(struct walk *w, const struct fe_chain *chain,
			fe_set end, fe_set ret)
{
	return rules_map(w, chain, chain->rules.n, end, ret);
}

/* The same of the first n rules. */
static fe_set rules_map(struct walk *w, const struct fe_chain *chain, size_t n,
			fe_set end, fe_set ret)
{
	fe_set map = end;

	for (size_t i = n; i-- > 0;) {
		/* Chains that call one another twice take for ever. */
		if (++w->b->steps > w->last)
			fe_space_exhaust(w->b->space);
		map = rule_map(w, chain->rules.data[i], map, ret);
		if (fe_space_exhausted(w->b->space))
			break;
	}
	return map;
}

uint64_t fe_behave_steps(const struct fe_behave *b)
{
	return b->steps;
}

/* Rules to read at least before a walk gives up. */
enum { MIN_STEPS = 50000 };

fe_set fe_behave_chain(struct fe_behave *b, const struct fe_chain *chain,
		       fe_set within, enum fe_ctstate state, uint32_t end)
{
	struct walk w = {.b = b, .within = within, .state = state,
			 .last = b->steps + MIN_STEPS + 2 * b->n_rules};
	uint32_t ret = end == FE_LEAF_END ? FE_LEAF_ACCEPT : end;

	return chain_map(&w, chain, fe_map_const(b->space, end),
			 fe_map_const(b->space, ret));
}

fe_set fe_behave_prefix(struct fe_behave *b, const struct fe_chain *chain,
			size_t n, fe_set within, enum fe_ctstate state,
			uint32_t end)
{
	struct walk w = {.b = b, .within = within, .state = state,
			 .last = b->steps + MIN_STEPS + 2 * b->n_rules};

	return rules_map(&w, chain, n, fe_map_const(b->space, end),
			 fe_map_const(b->space, fe_behave_policy(chain)));
}

uint32_t fe_behave_policy(const struct fe_chain *chain)
{
	return chain->policy == FE_POLICY_DROP ? FE_LEAF_DROP : FE_LEAF_ACCEPT;
}

struct ct_frame {
	const struct fe_chain *chain;
	size_t next; /* the rule to look at next */
};

/* Goes on with a chain: 2 it reads, 1 it does not, 0 *callee must be known
 * first. */
static uint8_t look_for_ct(struct fe_behave *b, struct ct_frame *frame,
			   const struct fe_chain **callee)
{
	const unsigned ct = FE_READS_CT | FE_WRITES_CT;
	const struct fe_chain *chain = frame->chain;
	const uint8_t *known = b->reads_ct[chain->table->id];

	for (; frame->next < chain->rules.n; frame->next++) {
		const struct fe_rule *rule = chain->rules.data[frame->next];

		if ((rule->effects & ct) != 0 || rule->opaque)
			return 2;
		if (!rule->jump)
			continue;
		*callee = rule->jump;
		if (known[rule->jump->index] != 1)
			return known[rule->jump->index];
	}
	return 1;
}

/* With a stack of its own: chains may nest a hundred thousand deep. */
bool fe_behave_reads_ct(struct fe_behave *b, const struct fe_chain *chain)
{
	uint8_t *known = b->reads_ct[chain->table->id];
	FE_VEC(struct ct_frame) stack = {0};

	if (known[chain->index])
		return known[chain->index] == 2;
	/* 1 while it is on the stack ends loops, which the kernel refuses. */
	known[chain->index] = 1;
	fe_vec_push(&stack, (struct ct_frame){.chain = chain});
	while (stack.n > 0) {
		struct ct_frame *top = &stack.data[stack.n - 1];
		const struct fe_chain *callee = NULL;
		uint8_t reads = look_for_ct(b, top, &callee);

		if (reads) {
			known[top->chain->index] = reads;
			stack.n--;
			continue;
		}
		known[callee->index] = 1;
		fe_vec_push(&stack, (struct ct_frame){.chain = callee});
	}
	fe_vec_free(&stack);
	return known[chain->index] == 2;
}

size_t fe_behave_stateless(struct fe_behave *b, const struct fe_chain *chain)
{
	for (size_t i = 0; i < chain->rules.n; i++) {
		const struct fe_rule *rule = chain->rules.data[i];

		if (rule->opaque ||
		    (rule->effects & (FE_READS_CT | FE_WRITES_CT)) ||
		    (rule->jump && fe_behave_reads_ct(b, rule->jump)))
			return i;
	}
	return chain->rules.n;
}

/* Which rule tells two states apart. */

/* Whether a rule's known parts all hold for a point in a state. */
static bool point_matches(struct fe_behave *b, const struct fe_rule *rule,
			  const struct fe_box *point, enum fe_ctstate state)
{
	const struct behave_rule *rs = fe_behave_rule(b, rule);

	for (unsigned i = 0; i < rs->n; i++)
		if (!fe_map_at(b->space,
			       fe_behave_in_state(b, &rs->parts[i], state),
			       point))
			return false;
	return true;
}

struct split {
	struct fe_behave *b;
	const struct fe_box *point;
	enum fe_ctstate a, other;
	unsigned depth;
	const struct fe_rule *found;
};

/* Follows the point in state a; true: the walk ended (verdict or found). */
static bool split_chain(struct split *s, const struct fe_chain *chain)
{
	for (size_t i = 0; i < chain->rules.n; i++) {
		const struct fe_rule *rule = chain->rules.data[i];
		bool yes = point_matches(s->b, rule, s->point, s->a);

		if (yes != point_matches(s->b, rule, s->point, s->other)) {
			s->found = rule;
			return true;
		}
		if (!yes)
			continue;
		if (rule->jump && s->depth < 64) {
			s->depth++;
			bool ended = split_chain(s, rule->jump);
			s->depth--;
			if (ended)
				return true;
			if (rule->action == FE_ACT_GOTO)
				return false;
		}
		if (rule->action == FE_ACT_RETURN)
			return false;
		if (rule->action == FE_ACT_ACCEPT ||
		    rule->action == FE_ACT_DROP ||
		    rule->action == FE_ACT_REJECT)
			return true;
	}
	return false;
}

const struct fe_rule *fe_behave_splits(struct fe_behave *b,
				       const struct fe_chain *chain,
				       const struct fe_box *point,
				       enum fe_ctstate a, enum fe_ctstate other)
{
	struct split s = {.b = b, .point = point, .a = a, .other = other};

	split_chain(&s, chain);
	return s.found;
}
