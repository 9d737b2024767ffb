/*
 * Compiled rules (compile.h).
 *
 * A part becomes a row of tests in conjunctive form: each test knows where
 * its clause ends, so that a test that holds skips the rest of the clause.
 * Values of 64 bits are compared inline; wider ones, IP sets and unknown
 * answers keep their atom. Interfaces are compared by name once, here, and by
 * number in a run; one that the host gains later is compared by name.
 */
#include "program/compile.h"

#include <stdlib.h>

#include "ext/ipset.h"

enum test_kind {
	TEST_RANGE, TEST_MASK, TEST_IFACE, TEST_WIDE, TEST_IPSET,
	TEST_UNKNOWN, TEST_NEVER
};

struct test {
	uint8_t kind, field;
	bool neg;
	uint32_t next;  /* the test behind its clause */
	uint64_t lo, hi; /* RANGE: bounds; MASK: value and mask; IFACE: the
			    numbers that match, as bits, of those below 64 */
	const struct fe_atom *atom; /* IFACE, WIDE, IPSET */
};

struct part {
	uint32_t first, end; /* tests */
	uint8_t l4_size;
	const struct fe_part *part;
	void *state;
};

struct fe_program {
	const struct fe_host *host;
	const struct fe_ipsets *ipsets;
	struct fe_arena *arena;
	uint16_t n_ifaces;           /* of the host when this was made */
	uint32_t *rules;             /* first part of each rule, and the end */
	struct fe_gate *gates;       /* of each rule */
	FE_VEC(struct part) parts;
	FE_VEC(struct test) tests;
};

struct maker {
	struct fe_sink sink;
	struct fe_program *program;
	uint32_t clause; /* first test of the open clause */
	bool open;
};

static void close_clause(struct maker *m)
{
	struct fe_program *g = m->program;

	if (!m->open)
		return;
	if (g->tests.n == m->clause)
		fe_vec_push(&g->tests, (struct test){.kind = TEST_NEVER});
	for (size_t i = m->clause; i < g->tests.n; i++)
		g->tests.data[i].next = (uint32_t)g->tests.n;
	m->open = false;
}

static void on_clause(struct fe_sink *sink)
{
	struct maker *m = (struct maker *)sink;

	close_clause(m);
	m->open = true;
	m->clause = (uint32_t)m->program->tests.n;
}

static bool is_narrow(const struct fe_atom *a)
{
	return a->kind == FE_ATOM_RANGE
		   ? !a->u.range.lo.hi && !a->u.range.hi.hi &&
			 fe_fields[a->field].bits <= 64
		   : !a->u.mask.mask.hi && !a->u.mask.value.hi;
}

/* IPv4 addresses are wide fields with narrow values. */
static bool fits(const struct fe_atom *a, unsigned family)
{
	return is_narrow(a) ||
	       (family == 4 && a->kind == FE_ATOM_RANGE &&
		!a->u.range.lo.hi && !a->u.range.hi.hi &&
		(a->field == FE_F_SADDR || a->field == FE_F_DADDR));
}

static uint64_t iface_bits(const struct fe_program *g, const char *pattern)
{
	uint64_t bits = 0;

	for (uint16_t i = 0; i < g->n_ifaces && i < 64; i++)
		if (fe_iface_matches(pattern, g->host->ifaces.data[i].name))
			bits |= 1ull << i;
	return bits;
}

static struct test test_of(struct maker *m, const struct fe_atom *a,
			   unsigned family)
{
	struct fe_program *g = m->program;
	struct test t = {.field = (uint8_t)a->field, .neg = a->neg,
			 .kind = TEST_UNKNOWN};

	switch (a->kind) {
	case FE_ATOM_RANGE:
		t.kind = fits(a, family) ? TEST_RANGE : TEST_WIDE;
		t.lo = a->u.range.lo.lo;
		t.hi = a->u.range.hi.lo;
		break;
	case FE_ATOM_MASK:
		t.kind = fits(a, family) ? TEST_MASK : TEST_WIDE;
		t.lo = a->u.mask.value.lo;
		t.hi = a->u.mask.mask.lo;
		break;
	case FE_ATOM_IFACE:
		t.kind = TEST_IFACE;
		t.lo = iface_bits(g, a->u.iface);
		break;
	case FE_ATOM_IPSET:
		t.kind = TEST_IPSET;
		break;
	case FE_ATOM_UNKNOWN:
		return t;
	}
	if (t.kind >= TEST_IFACE)
		t.atom = fe_arena_memdup(g->arena, a, sizeof(*a));
	return t;
}

struct family_maker {
	struct maker m;
	unsigned family;
};

static void on_atom(struct fe_sink *sink, const struct fe_atom *atom)
{
	struct family_maker *f = (struct family_maker *)sink;

	fe_vec_push(&f->m.program->tests, test_of(&f->m, atom, f->family));
}

/* The set that an atom asks for lives only while its cover is told. */
static void keep_ipsets(struct fe_program *g, size_t from)
{
	for (size_t i = from; i < g->tests.n; i++) {
		struct test *t = &g->tests.data[i];
		struct fe_atom *copy;
		if (t->kind != TEST_IPSET)
			continue;
		copy = fe_arena_memdup(g->arena, t->atom, sizeof(*copy));
		copy->u.ipset = fe_arena_memdup(g->arena, t->atom->u.ipset,
						sizeof(*t->atom->u.ipset));
		t->atom = copy;
	}
}

static void compile_rule(struct fe_program *g, const struct fe_side *side,
			 const struct fe_rule *rule, uint32_t number)
{
	void **states = side->states[number];

	for (uint16_t i = 0; i < rule->n_parts; i++) {
		const struct fe_part *part = &rule->parts[i];
		struct family_maker f = {.m = {.sink = {on_clause, on_atom},
					       .program = g},
					 .family = side->family};
		struct part p = {.first = (uint32_t)g->tests.n,
				 .l4_size = part->ext->l4_size, .part = part,
				 .state = states ? states[i] : NULL};
		if (part->ext->kind == FE_TARGET)
			break;
		fe_part_cover(part, side->family, &f.m.sink);
		close_clause(&f.m);
		keep_ipsets(g, p.first);
		p.end = (uint32_t)g->tests.n;
		if (p.end > p.first || p.l4_size)
			fe_vec_push(&g->parts, p);
	}
}

/*
 * The range that a clause asks a field for: all its tests are of one field,
 * and the least range that holds theirs. False: none.
 */
static bool clause_range(const struct fe_program *g, uint32_t first,
			 struct test *range)
{
	*range = g->tests.data[first];
	for (uint32_t i = first; i < g->tests.data[first].next; i++) {
		struct test t = g->tests.data[i];

		if (t.kind == TEST_MASK && t.lo == (t.lo & t.hi) &&
		    (t.hi | (t.hi - 1)) == UINT32_MAX && t.hi <= UINT32_MAX)
			t.hi = t.lo | (~t.hi & UINT32_MAX); /* a prefix */
		else if (t.kind != TEST_RANGE)
			return false;
		if (t.neg || t.field != range->field)
			return false;
		if (i == first)
			range->hi = t.hi;
		if (t.lo < range->lo)
			range->lo = t.lo;
		if (t.hi > range->hi)
			range->hi = t.hi;
	}
	return true;
}

/* False when one of the part's answers may be unknown, or has an effect. */
static bool gate_by_part(const struct fe_program *g, const struct part *part,
			 unsigned family, struct fe_gate *gate)
{
	struct test range;

	for (uint32_t i = part->first; i < part->end; i++)
		if (g->tests.data[i].kind == TEST_UNKNOWN ||
		    g->tests.data[i].kind == TEST_IPSET)
			return false;
	for (uint32_t i = part->first; i < part->end;
	     i = g->tests.data[i].next)
		if (clause_range(g, i, &range))
			fe_gate_add(gate, family, (enum fe_field)range.field,
				    range.lo, range.hi);
	return true;
}

static void make_gate(struct fe_program *g, const struct fe_side *side,
		      uint32_t number)
{
	struct fe_gate *gate = &g->gates[number];

	*gate = fe_gate_open;
	for (size_t i = g->rules[number]; i < g->parts.n; i++)
		if (!gate_by_part(g, &g->parts.data[i], side->family, gate))
			return;
}

static void compile_table(struct fe_program *g, const struct fe_side *side,
			  const struct fe_table *table)
{
	for (size_t c = 0; c < table->chains.n; c++) {
		const struct fe_chain *chain = table->chains.data[c];
		for (size_t i = 0; i < chain->rules.n; i++) {
			const struct fe_rule *rule = chain->rules.data[i];
			uint32_t number = fe_rule_number(side, rule);
			g->rules[number] = (uint32_t)g->parts.n;
			compile_rule(g, side, rule, number);
			make_gate(g, side, number);
		}
	}
}

/* Rules are numbered in the order of tables and chains, as they are here. */
struct fe_program *fe_program_new(const struct fe_side *side,
				  const struct fe_host *host,
				  const struct fe_ipsets *ipsets)
{
	struct fe_program *g = fe_calloc(1, sizeof(*g));

	g->host = host;
	g->ipsets = ipsets;
	g->arena = fe_arena_new();
	g->n_ifaces = (uint16_t)host->ifaces.n;
	g->rules = fe_calloc((size_t)side->n_rules + 1, sizeof(*g->rules));
	g->gates = fe_calloc((size_t)side->n_rules + 1, sizeof(*g->gates));
	for (unsigned t = 0; side->rules && t < FE_N_TABLES; t++)
		if (side->rules->tables[t].present)
			compile_table(g, side, &side->rules->tables[t]);
	g->rules[side->n_rules] = (uint32_t)g->parts.n;
	return g;
}

void fe_program_free(struct fe_program *g)
{
	if (!g)
		return;
	fe_arena_free(g->arena);
	fe_vec_free(&g->parts);
	fe_vec_free(&g->tests);
	free(g->rules);
	free(g->gates);
	free(g);
}

/* The fields that most tests ask for, without a call. */
static inline uint64_t field_of(const struct fe_packet *p, uint8_t field)
{
	switch (field) {
	case FE_F_SADDR:
		return p->src.lo;
	case FE_F_DADDR:
		return p->dst.lo;
	case FE_F_PROTO:
		return p->proto;
	case FE_F_SPORT:
		return p->sport;
	case FE_F_DPORT:
		return p->dport;
	case FE_F_CTSTATE:
		return p->ctstate;
	default:
		return fe_packet_field(p, (enum fe_field)field).lo;
	}
}

static bool wide_holds(const struct fe_atom *a, const struct fe_packet *p)
{
	struct fe_u128 v = fe_packet_field(p, a->field);

	if (a->kind == FE_ATOM_RANGE)
		return fe_u128_le(a->u.range.lo, v) &&
		       fe_u128_le(v, a->u.range.hi);
	return (v.hi & a->u.mask.mask.hi) == a->u.mask.value.hi &&
	       (v.lo & a->u.mask.mask.lo) == a->u.mask.value.lo;
}

static bool iface_holds(const struct fe_program *g, const struct test *t,
			const struct fe_packet *p)
{
	uint16_t i = t->field == FE_F_IIF ? p->iif : p->oif;

	if (i < 64 && i < g->n_ifaces)
		return t->lo >> i & 1;
	return fe_iface_matches(t->atom->u.iface,
				g->host->ifaces.data[i].name);
}

static enum fe_answer answer(const struct fe_program *g, const struct test *t,
			     const struct fe_packet *p)
{
	enum fe_answer a;
	uint64_t v;
	bool yes;

	switch ((enum test_kind)t->kind) {
	case TEST_RANGE:
		v = field_of(p, t->field);
		yes = v >= t->lo && v <= t->hi;
		break;
	case TEST_MASK:
		yes = (field_of(p, t->field) & t->hi) == t->lo;
		break;
	case TEST_IFACE:
		yes = iface_holds(g, t, p);
		break;
	case TEST_WIDE:
		yes = wide_holds(t->atom, p);
		break;
	case TEST_IPSET:
		a = (enum fe_answer)fe_ipset_test(g->ipsets, t->atom->u.ipset,
						  p);
		if (a == FE_DUNNO)
			return a;
		yes = a == FE_YES;
		break;
	case TEST_UNKNOWN:
		return FE_DUNNO;
	case TEST_NEVER:
		return FE_NO;
	default:
		return FE_DUNNO;
	}
	return yes != t->neg ? FE_YES : FE_NO;
}

static enum fe_answer part_matches(const struct fe_program *g,
				   const struct part *part,
				   const struct fe_packet *p)
{
	bool unknown = false;

	if (part->l4_size && p->later_fragment)
		return FE_NO;
	if (part->l4_size > p->l4_size)
		return FE_HOTDROP;
	for (uint32_t i = part->first; i < part->end;) {
		uint32_t end = g->tests.data[i].next;
		bool holds = false, dunno = false;
		for (; i < end && !holds; i++) {
			enum fe_answer a = answer(g, &g->tests.data[i], p);
			holds = a == FE_YES;
			dunno |= a == FE_DUNNO;
		}
		if (!holds && !dunno)
			return FE_NO;
		unknown |= !holds;
		i = end;
	}
	if (!unknown)
		return FE_YES;
	return part->part->ext->eval
		   ? part->part->ext->eval(part->part, p, part->state)
		   : FE_DUNNO;
}

uint32_t fe_program_skip(const struct fe_program *g, uint32_t number,
			 uint32_t end, const struct fe_gate_values *values)
{
	if (values->none)
		return number;
	while (number < end && !fe_gate_is_open(&g->gates[number], values))
		number++;
	return number;
}

enum fe_answer fe_program_match(const struct fe_program *g, uint32_t number,
				const struct fe_packet *p)
{
	for (uint32_t i = g->rules[number]; i < g->rules[number + 1]; i++) {
		enum fe_answer a = part_matches(g, &g->parts.data[i], p);
		if (a != FE_YES)
			return a;
	}
	return FE_YES;
}
