/*
 * Matches as packet sets (behave.h): what a match's fields decide, and whether
 * something else decides besides.
 */
#include "ext/ipset.h"
#include "pass/behave_priv.h"
#include "ruleset/ruleset.h"

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
		      struct behave_part *ps)
{
	struct set_sink s = {
	    .sink = {.clause = set_clause, .atom = set_atom},
	    .b = b,
	    .all = FE_SET_ALL,
	};
	unsigned effects = fe_part_effects(part);

	fe_part_cover(part, b->ruleset->family, &s.sink);
	close_clause(&s);
	*ps = (struct behave_part){
	    .known = s.all,
	    .cut = FE_SET_EMPTY,
	    /* A match with state of its own is asked where fields decide too.
	     */
	    .unknown = s.unknown || (effects & FE_SHARES),
	    .ct = s.unknown && (effects & (FE_READS_CT | FE_WRITES_CT)),
	    .shares = (effects & FE_SHARES) != 0,
	    .reads_ct = s.reads_ct,
	};
	if (part->ext->l4_size)
		ps->cut = b->truncated;
}

struct behave_rule *fe_behave_rule(struct fe_behave *b,
				   const struct fe_rule *rule)
{
	const struct fe_chain *chain = rule->chain;
	struct behave_rule **of = &b->rules[chain->table->id][chain->index];
	struct behave_rule *rs;

	if (!*of)
		*of = fe_new_n(b->arena, struct behave_rule,
			       chain->rules.n + 1);
	rs = &(*of)[rule->index - 1];
	if (rs->parts)
		return rs;
	rs->n = rule->n_parts - (fe_rule_target(rule) ? 1u : 0u);
	rs->parts = fe_new_n(b->arena, struct behave_part, rs->n + 1);
	for (unsigned i = 0; i < rs->n; i++)
		make_part(b, &rule->parts[i], &rs->parts[i]);
	return rs;
}

fe_set fe_behave_may(struct fe_behave *b, const struct fe_rule *rule)
{
	const struct behave_rule *rs = fe_behave_rule(b, rule);
	fe_set set = FE_SET_ALL;

	for (unsigned i = 0; i < rs->n; i++)
		set = fe_set_and(b->space, set, rs->parts[i].known);
	return set;
}

/* Of parts that read transport headers only packets that have one match. */
static fe_set matched(struct fe_behave *b, const struct fe_rule *rule,
		      bool surely)
{
	const struct behave_rule *rs = fe_behave_rule(b, rule);
	fe_set whole = fe_set_range(b->space, FE_F_HDR, fe_u128(FE_HDR_WHOLE),
				    fe_u128(FE_HDR_WHOLE));
	fe_set set = FE_SET_ALL;

	for (unsigned i = 0; i < rs->n; i++) {
		const struct behave_part *ps = &rs->parts[i];
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

fe_set fe_behave_in_state(struct fe_behave *b, const struct behave_part *ps,
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
