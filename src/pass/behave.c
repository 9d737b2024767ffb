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
#include "pass/behave.h"

#include <assert.h>
#include <string.h>

#include "ext/ipset.h"
#include "ext/target_mark.h"
#include "ruleset/ruleset.h"

enum node_kind { NODE_EFFECT, NODE_FORK, NODE_QUEUE };

struct node {                   /* an interned behaviour */
	enum node_kind kind;
	const struct fe_rule *rule;
	uint32_t part;          /* FORK: which part answers */
	uint32_t state;         /* the state it depends on + 1, or 0 */
	uint32_t yes, no;       /* FORK: both ways; EFFECT: yes is what follows */
	/* What follows from these, of the whole tree: */
	unsigned leaves;        /* as fe_behave_leaves() */
	const struct fe_rule *ct;
	bool shares;            /* as fe_behave_shares() */
};

struct part_set {               /* what a part says */
	fe_set known;           /* clauses that fields decide */
	fe_set cut;             /* hotdrop: packets that it drops */
	bool unknown;           /* and an answer besides */
	bool ct;                /* that may depend on the entry */
	bool shares;            /* asking changes state that others see */
	bool reads_ct;          /* known depends on ctstate */
};

struct rule_sets {
	struct part_set *parts; /* n_parts, target left out; NULL: not made */
	unsigned n;
};

struct fe_behave {
	const struct fe_ruleset *ruleset;
	const struct fe_ipsets *ipsets;
	struct fe_arena *arena;
	struct fe_space *space;
	FE_VEC(const char *) ifaces;     /* [0] none, [1] "lo", ... */
	FE_VEC(struct node) nodes;       /* number - FE_N_LEAVES */
	uint32_t *buckets;               /* of nodes: open addressing */
	size_t n_buckets;
	struct rule_sets **rules[FE_N_TABLES]; /* [chain index][rule index-1] */
	uint8_t *reads_ct[FE_N_TABLES];  /* per chain: 0 unasked 1 no 2 yes */
	bool reads_mark[FE_N_TABLES];
	fe_set truncated;
};

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
}

static void scan_chain(struct fe_behave *b, const struct fe_chain *chain,
		       struct scan_sink *scan)
{
	for (size_t r = 0; r < chain->rules.n; r++) {
		const struct fe_rule *rule = chain->rules.data[r];

		for (unsigned p = 0; p < rule->n_parts; p++)
			if (&rule->parts[p] != rule->target)
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

		b->rules[t] = fe_new_n(b->arena, struct rule_sets *,
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

/* Nodes. */

static bool node_eq(const struct node *a, const struct node *b)
{
	return a->kind == b->kind && a->rule == b->rule && a->part == b->part &&
	       a->state == b->state && a->yes == b->yes && a->no == b->no;
}

static size_t node_hash(const struct node *n)
{
	uint64_t h = (uint64_t)(uintptr_t)n->rule * 0x9e3779b97f4a7c15u;

	h ^= ((uint64_t)n->yes << 32 | n->no) * 0xbf58476d1ce4e5b9u;
	h ^= ((uint64_t)n->kind << 40 | (uint64_t)n->part << 8 | n->state) *
	     0x94d049bb133111ebu;
	return (size_t)(h ^ h >> 29);
}

static void node_enter(struct fe_behave *b, uint32_t index)
{
	size_t i = node_hash(&b->nodes.data[index]) & (b->n_buckets - 1);

	while (b->buckets[i])
		i = (i + 1) & (b->n_buckets - 1);
	b->buckets[i] = index + 1;
}

static void nodes_grow(struct fe_behave *b)
{
	b->n_buckets = b->n_buckets ? b->n_buckets * 2 : 256;
	free(b->buckets);
	b->buckets = fe_calloc(b->n_buckets, sizeof(*b->buckets));
	for (size_t i = 0; i < b->nodes.n; i++)
		node_enter(b, (uint32_t)i);
}

static const struct node *node_of(const struct fe_behave *b, uint32_t behaviour)
{
	return &b->nodes.data[behaviour - FE_N_LEAVES];
}

/* Adds to a node what a branch of it can come to. */
static void node_sum(const struct fe_behave *b, struct node *n, uint32_t branch)
{
	if (fe_behave_is_leaf(branch)) {
		n->leaves |= 1u << branch;
		return;
	}
	n->leaves |= node_of(b, branch)->leaves;
	n->shares |= node_of(b, branch)->shares;
	if (!n->ct)
		n->ct = node_of(b, branch)->ct;
}

static void node_sums(const struct fe_behave *b, struct node *n)
{
	n->shares = n->kind == NODE_FORK && n->part;
	if (n->kind == NODE_QUEUE) {
		n->leaves = 1u << FE_LEAF_ACCEPT;
		return;
	}
	if (n->kind == NODE_EFFECT && n->rule->action == FE_ACT_CT)
		n->ct = n->rule;
	node_sum(b, n, n->yes);
	if (n->kind == NODE_FORK)
		node_sum(b, n, n->no);
}

static uint32_t node(struct fe_behave *b, struct node n)
{
	if (b->nodes.n * 2 >= b->n_buckets)
		nodes_grow(b);
	size_t i = node_hash(&n) & (b->n_buckets - 1);

	for (; b->buckets[i]; i = (i + 1) & (b->n_buckets - 1))
		if (node_eq(&b->nodes.data[b->buckets[i] - 1], &n))
			return b->buckets[i] - 1 + FE_N_LEAVES;
	node_sums(b, &n);
	fe_vec_push(&b->nodes, n);
	b->buckets[i] = (uint32_t)b->nodes.n;
	return (uint32_t)b->nodes.n - 1 + FE_N_LEAVES;
}

/* Parts as sets. */

struct set_sink {
	struct fe_sink sink;
	struct fe_behave *b;
	fe_set all, clause;    /* clauses closed so far; the open one */
	bool open, clause_unknown, unknown, reads_ct;
};

static void close_clause(struct set_sink *s)
{
	if (s->open && s->clause_unknown)
		s->unknown = true;
	else if (s->open)
		s->all = fe_set_and(s->b->space, s->all, s->clause);
	s->open = false;
}

static void set_clause(struct fe_sink *sink)
{
	struct set_sink *s = (struct set_sink *)sink;

	close_clause(s);
	s->open = true;
	s->clause = FE_SET_EMPTY;
	s->clause_unknown = false;
}

struct member_sink {
	struct fe_behave *b;
	const struct fe_ipset_test *test;
	fe_set set;
	bool unknown;
	uint32_t n;
};

/* More members than this are "unknown": the proof would cost too much. */
enum { MAX_MEMBERS = 4096 };

static void add_member(void *arg, const struct fe_ipset_member *m)
{
	struct member_sink *ms = arg;
	struct fe_space *space = ms->b->space;
	bool src = ms->test->is_src & 1;
	bool port_src = ms->test->is_src & 2;
	fe_set set;

	/* ICMP's "port" is its type and code: not worth a set. */
	if (m->no_match || ++ms->n > MAX_MEMBERS ||
	    (m->port_hi - m->port_lo != 65535 &&
	     (m->proto_lo == 1 || m->proto_lo == 58))) {
		ms->unknown = true;
		return;
	}
	set = fe_set_range(space, src ? FE_F_SADDR : FE_F_DADDR, m->lo, m->hi);
	if (m->proto_hi - m->proto_lo != 255)
		set = fe_set_and(space, set,
				 fe_set_range(space, FE_F_PROTO,
					      fe_u128(m->proto_lo),
					      fe_u128(m->proto_hi)));
	if (m->port_hi - m->port_lo != 65535)
		set = fe_set_and(
		    space, set,
		    fe_set_range(space, port_src ? FE_F_SPORT : FE_F_DPORT,
				 fe_u128(m->port_lo), fe_u128(m->port_hi)));
	if (m->port_hi - m->port_lo != 65535)
		set = fe_set_and(space, set,
				 fe_set_range(space, FE_F_HDR,
					      fe_u128(FE_HDR_WHOLE),
					      fe_u128(FE_HDR_WHOLE)));
	ms->set = fe_set_or(space, ms->set, set);
}

static bool ipset_set(struct fe_behave *b, const struct fe_ipset_test *test,
		      fe_set *set)
{
	struct member_sink ms = {.b = b, .test = test, .set = FE_SET_EMPTY};
	const struct fe_ipset *ipset =
	    b->ipsets ? fe_ipsets_find(b->ipsets, fe_str(test->name)) : NULL;

	/* A test with too few directions never matches. */
	if (ipset && test->n_dims < fe_ipset_dims(ipset)) {
		*set = FE_SET_EMPTY;
		return true;
	}
	if (!ipset ||
	    !fe_ipset_members(b->ipsets, test->name, b->ruleset->family,
			      add_member, &ms))
		return false;
	*set = ms.set;
	return !ms.unknown;
}

static void set_atom(struct fe_sink *sink, const struct fe_atom *atom)
{
	struct set_sink *s = (struct set_sink *)sink;
	struct fe_space *space = s->b->space;
	fe_set set = FE_SET_EMPTY;

	switch (atom->kind) {
	case FE_ATOM_RANGE:
		set = fe_set_range(space, atom->field, atom->u.range.lo,
				   atom->u.range.hi);
		break;
	case FE_ATOM_MASK:
		set = fe_set_mask(space, atom->field, atom->u.mask.value,
				  atom->u.mask.mask);
		break;
	case FE_ATOM_IFACE:
		set = fe_behave_iface(s->b, atom->field, atom->u.iface);
		break;
	case FE_ATOM_IPSET:
		if (!ipset_set(s->b, atom->u.ipset, &set))
			s->clause_unknown = true;
		break;
	case FE_ATOM_UNKNOWN:
		s->clause_unknown = true;
		break;
	}
	if (atom->field >= FE_F_CTSTATE && atom->field <= FE_F_CTEXPIRE)
		s->reads_ct = true;
	if (atom->neg)
		set = fe_set_not(space, set);
	s->clause = fe_set_or(space, s->clause, set);
}

static void make_part(struct fe_behave *b, const struct fe_part *part,
		      struct part_set *ps)
{
	struct set_sink s = {
	    .sink = {.clause = set_clause, .atom = set_atom},
	    .b = b,
	    .all = FE_SET_ALL,
	};
	unsigned effects = fe_part_effects(part);

	fe_part_cover(part, b->ruleset->family, &s.sink);
	close_clause(&s);
	*ps = (struct part_set){
	    .known = s.all,
	    .cut = FE_SET_EMPTY,
	    /* A match with state of its own is asked where fields decide too. */
	    .unknown = s.unknown || (effects & FE_SHARES),
	    .ct = s.unknown && (effects & (FE_READS_CT | FE_WRITES_CT)),
	    .shares = (effects & FE_SHARES) != 0,
	    .reads_ct = s.reads_ct,
	};
	if (part->ext->l4_size)
		ps->cut = b->truncated;
}

static struct rule_sets *rule_sets(struct fe_behave *b,
				   const struct fe_rule *rule)
{
	const struct fe_chain *chain = rule->chain;
	struct rule_sets **of = &b->rules[chain->table->id][chain->index];
	struct rule_sets *rs;

	if (!*of)
		*of = fe_new_n(b->arena, struct rule_sets,
			       chain->rules.n + 1);
	rs = &(*of)[rule->index - 1];
	if (rs->parts)
		return rs;
	rs->n = rule->n_parts - (rule->target ? 1u : 0u);
	rs->parts = fe_new_n(b->arena, struct part_set, rs->n + 1);
	for (unsigned i = 0; i < rs->n; i++)
		make_part(b, &rule->parts[i], &rs->parts[i]);
	return rs;
}

fe_set fe_behave_may(struct fe_behave *b, const struct fe_rule *rule)
{
	const struct rule_sets *rs = rule_sets(b, rule);
	fe_set set = FE_SET_ALL;

	for (unsigned i = 0; i < rs->n; i++)
		set = fe_set_and(b->space, set, rs->parts[i].known);
	return set;
}

/* Of parts that read transport headers only packets that have one match. */
static fe_set matched(struct fe_behave *b, const struct fe_rule *rule,
		      bool surely)
{
	const struct rule_sets *rs = rule_sets(b, rule);
	fe_set whole = fe_set_range(b->space, FE_F_HDR, fe_u128(FE_HDR_WHOLE),
				    fe_u128(FE_HDR_WHOLE));
	fe_set set = FE_SET_ALL;

	for (unsigned i = 0; i < rs->n; i++) {
		const struct part_set *ps = &rs->parts[i];
		if (surely && ps->unknown)
			return FE_SET_EMPTY;
		set = fe_set_and(b->space, set, ps->known);
		if (ps->cut != FE_SET_EMPTY)
			set = fe_set_and(b->space, set, whole);
	}
	return set;
}

fe_set fe_behave_hits(struct fe_behave *b, const struct fe_rule *rule)
{
	return matched(b, rule, false);
}

fe_set fe_behave_must(struct fe_behave *b, const struct fe_rule *rule)
{
	return matched(b, rule, true);
}

/* A part's packets in one state: the state's slice, ctstate forgotten. */
static fe_set in_state(struct fe_behave *b, const struct part_set *ps,
		       enum fe_ctstate state)
{
	fe_set slice;

	if (!ps->reads_ct)
		return ps->known;
	slice = fe_set_range(b->space, FE_F_CTSTATE, fe_u128(state),
			     fe_u128(state));
	return fe_set_exists(b->space,
			     fe_set_and(b->space, ps->known, slice),
			     FE_F_CTSTATE);
}

/* Chains as maps. */

struct walk {
	struct fe_behave *b;
	fe_set within;
	enum fe_ctstate state;
	unsigned depth;
};

struct terminal_step {
	struct fe_behave *b;
	struct node node; /* yes or no is filled in */
	bool fill_no;
	bool merge;       /* a fork whose ways agree is no fork */
};

static uint32_t terminal_step(void *arg, uint32_t t)
{
	struct terminal_step *step = arg;
	struct node n = step->node;

	if (step->fill_no)
		n.no = t;
	else
		n.yes = t;
	if (step->merge && n.yes == n.no)
		return n.yes;
	return node(step->b, n);
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
		       const struct part_set *ps, fe_set yes, fe_set no)
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
	if (rule->target && fe_target_connmark(rule->target).mode !=
				FE_CONNMARK_RESTORE)
		return next;
	return effect(w, rule, true, next);
}

/* What a rule does once it matches. ret: where RETURN goes. */
static fe_set action_map(struct walk *w, const struct fe_rule *rule,
			 fe_set next, fe_set ret)
{
	struct fe_space *space = w->b->space;
	struct node stop = {.kind = NODE_QUEUE, .rule = rule};

	switch ((enum fe_action)rule->action) {
	case FE_ACT_ACCEPT:
		return fe_map_const(space, FE_LEAF_ACCEPT);
	case FE_ACT_DROP:
		return fe_map_const(space, FE_LEAF_DROP);
	case FE_ACT_QUEUE:
		return fe_map_const(space, node(w->b, stop));
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
static bool may_match(struct walk *w, const struct rule_sets *rs)
{
	fe_set set = w->within;

	for (unsigned i = 0; i < rs->n && set != FE_SET_EMPTY; i++) {
		if (rs->parts[i].shares ||
		    fe_set_and(w->b->space, set, rs->parts[i].cut) !=
			FE_SET_EMPTY)
			return true;
		set = fe_set_and(w->b->space, set,
				 in_state(w->b, &rs->parts[i], w->state));
	}
	return set != FE_SET_EMPTY;
}

static fe_set rule_map(struct walk *w, const struct fe_rule *rule, fe_set next,
		       fe_set ret)
{
	struct fe_space *space = w->b->space;
	struct rule_sets *rs = rule_sets(w->b, rule);
	fe_set map;

	if (!may_match(w, rs))
		return next;
	map = action_map(w, rule, next, ret);
	for (unsigned i = rs->n; i-- > 0;) {
		const struct part_set *ps = &rs->parts[i];
		fe_set where = fe_set_and(space, w->within,
					  in_state(w->b, ps, w->state));

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
	fe_set map = end;

	for (size_t i = chain->rules.n; i-- > 0;) {
		map = rule_map(w, chain->rules.data[i], map, ret);
		if (fe_space_exhausted(w->b->space))
			break;
	}
	return map;
}

fe_set fe_behave_chain(struct fe_behave *b, const struct fe_chain *chain,
		       fe_set within, enum fe_ctstate state, uint32_t end)
{
	struct walk w = {.b = b, .within = within, .state = state};
	uint32_t ret = end == FE_LEAF_END ? FE_LEAF_ACCEPT : end;

	return chain_map(&w, chain, fe_map_const(b->space, end),
			 fe_map_const(b->space, ret));
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

/* Looking into trees. */

unsigned fe_behave_leaves(const struct fe_behave *b, uint32_t behaviour,
			  const struct fe_rule **ct)
{
	if (fe_behave_is_leaf(behaviour))
		return 1u << behaviour;
	if (node_of(b, behaviour)->ct)
		*ct = node_of(b, behaviour)->ct;
	return node_of(b, behaviour)->leaves;
}

bool fe_behave_shares(const struct fe_behave *b, uint32_t behaviour)
{
	return !fe_behave_is_leaf(behaviour) && node_of(b, behaviour)->shares;
}

const struct fe_rule *fe_behave_first_rule(const struct fe_behave *b,
					   uint32_t behaviour)
{
	return fe_behave_is_leaf(behaviour) ? NULL
					    : node_of(b, behaviour)->rule;
}

const struct fe_rule *fe_behave_first_difference(const struct fe_behave *b,
						 uint32_t x, uint32_t y)
{
	while (x != y && !fe_behave_is_leaf(x) && !fe_behave_is_leaf(y)) {
		const struct node *n = node_of(b, x), *m = node_of(b, y);

		if (n->rule != m->rule || n->kind != m->kind ||
		    n->state != m->state)
			return n->rule->index <= m->rule->index ||
				       n->rule->chain != m->rule->chain
				   ? n->rule
				   : m->rule;
		if (n->yes != m->yes) {
			x = n->yes;
			y = m->yes;
		} else {
			x = n->no;
			y = m->no;
		}
	}
	if (x == y || (fe_behave_is_leaf(x) && fe_behave_is_leaf(y)))
		return NULL;
	return node_of(b, fe_behave_is_leaf(x) ? y : x)->rule;
}

/* Whether a rule's known parts all hold for a point in a state. */
static bool point_matches(struct fe_behave *b, const struct fe_rule *rule,
			  const struct fe_box *point, enum fe_ctstate state)
{
	const struct rule_sets *rs = rule_sets(b, rule);

	for (unsigned i = 0; i < rs->n; i++)
		if (!fe_map_at(b->space, in_state(b, &rs->parts[i], state),
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
