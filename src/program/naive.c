/*
 * The naive evaluator: asks each part's cover for membership, one atom at a
 * time. It is the oracle beside the compiled program and stays slow and
 * plain; what a rule means stands in the extensions alone.
 */
#include "program/machine.h"

#include "ext/ipset.h"

struct ask {
	struct fe_sink sink;
	const struct fe_host *host;
	const struct fe_ipsets *ipsets;
	const struct fe_packet *p;
	bool open;           /* a clause is open */
	bool holds;          /* the open clause has a true atom */
	bool clause_unknown; /* the open clause has an unknown atom */
	bool failed;         /* a clause was false */
	bool unknown;        /* a clause was neither */
};

static void close_clause(struct ask *ask)
{
	if (ask->open && !ask->holds) {
		ask->failed |= !ask->clause_unknown;
		ask->unknown |= ask->clause_unknown;
	}
	ask->open = ask->holds = ask->clause_unknown = false;
}

static void on_clause(struct fe_sink *sink)
{
	struct ask *ask = (struct ask *)sink;

	close_clause(ask);
	ask->open = true;
}

static enum fe_answer atom_answer(const struct ask *ask,
				  const struct fe_atom *atom)
{
	struct fe_u128 v;
	uint16_t iface;

	switch (atom->kind) {
	case FE_ATOM_RANGE:
		v = fe_packet_field(ask->p, atom->field);
		return fe_u128_le(atom->u.range.lo, v) &&
			       fe_u128_le(v, atom->u.range.hi)
			   ? FE_YES : FE_NO;
	case FE_ATOM_MASK:
		v = fe_packet_field(ask->p, atom->field);
		return (v.hi & atom->u.mask.mask.hi) == atom->u.mask.value.hi &&
			       (v.lo & atom->u.mask.mask.lo) ==
				   atom->u.mask.value.lo
			   ? FE_YES : FE_NO;
	case FE_ATOM_IFACE:
		iface = atom->field == FE_F_IIF ? ask->p->iif : ask->p->oif;
		return fe_iface_matches(atom->u.iface,
					ask->host->ifaces.data[iface].name)
			   ? FE_YES : FE_NO;
	case FE_ATOM_IPSET:
		return (enum fe_answer)fe_ipset_test(ask->ipsets, atom->u.ipset,
						     ask->p);
	case FE_ATOM_UNKNOWN:
		return FE_DUNNO;
	}
	return FE_DUNNO;
}

static void on_atom(struct fe_sink *sink, const struct fe_atom *atom)
{
	struct ask *ask = (struct ask *)sink;
	enum fe_answer answer;

	if (ask->holds || ask->failed)
		return;
	answer = atom_answer(ask, atom);
	if (answer == FE_DUNNO)
		ask->clause_unknown = true;
	else
		ask->holds = (answer == FE_YES) != atom->neg;
}

enum fe_answer fe_naive_part(const struct fe_host *host,
			     const struct fe_ipsets *ipsets,
			     const struct fe_part *part, unsigned family,
			     const struct fe_packet *p, void *state)
{
	struct ask ask = {.sink = {on_clause, on_atom}, .host = host,
			  .ipsets = ipsets, .p = p};

	if (part->ext->l4_size && p->later_fragment)
		return FE_NO;
	if (part->ext->l4_size > p->l4_size)
		return FE_HOTDROP;
	fe_part_cover(part, family, &ask.sink);
	close_clause(&ask);
	if (ask.failed)
		return FE_NO;
	if (!ask.unknown)
		return FE_YES;
	return part->ext->eval ? part->ext->eval(part, p, state) : FE_DUNNO;
}

enum fe_answer fe_naive_match(struct fe_engine *e, struct fe_side *side,
			      const struct fe_rule *rule, uint32_t number,
			      const struct fe_packet *p)
{
	void **states = side->states[number];

	for (uint16_t i = 0; i < rule->n_parts; i++) {
		const struct fe_part *part = &rule->parts[i];
		enum fe_answer answer;

		if (part->ext->kind == FE_TARGET)
			break;
		answer = fe_naive_part(e->host, e->rules->ipsets, part,
				       side->family, p,
				       states ? states[i] : NULL);
		if (answer != FE_YES)
			return answer;
	}
	return FE_YES;
}
