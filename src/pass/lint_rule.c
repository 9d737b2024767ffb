/*
 * Checks of single rules: what they say, and what it means where they stand.
 */
#include "pass/lint.h"

#include <string.h>

#include "option/types.h"
#include "option/value.h"
#include "ruleset/ruleset.h"

/* FE202, FE203: which conntrack states a setting asks for. */

struct state_sink {
	struct fe_sink sink;
	unsigned states; /* mask of 1 << enum fe_ctstate */
	unsigned clause; /* of the open clause */
	bool asks, mixed; /* it has atoms about states; about other things */
};

static void close_clause(struct state_sink *s)
{
	if (s->asks && !s->mixed)
		s->states &= s->clause;
	s->clause = 0;
	s->mixed = s->asks = false;
}

static void on_clause(struct fe_sink *sink)
{
	close_clause((struct state_sink *)sink);
}

static bool atom_holds(const struct fe_atom *atom, uint64_t v)
{
	bool in = atom->kind == FE_ATOM_MASK
		      ? (v & atom->u.mask.mask.lo) == atom->u.mask.value.lo
		      : v >= atom->u.range.lo.lo && v <= atom->u.range.hi.lo;

	return in != atom->neg;
}

static void on_atom(struct fe_sink *sink, const struct fe_atom *atom)
{
	struct state_sink *s = (struct state_sink *)sink;

	if (atom->field != FE_F_CTSTATE) {
		s->mixed = true;
		return;
	}
	s->asks = true;
	for (unsigned v = FE_CT_INVALID; v <= FE_CT_UNTRACKED; v++)
		if (atom_holds(atom, v))
			s->clause |= 1u << v;
}

enum { ALL_STATES = (1 << (FE_CT_UNTRACKED + 1)) - 1 };

/* The states in which a match can say yes. */
static unsigned states_of(const struct fe_part *part, unsigned family)
{
	struct state_sink s = {.sink = {on_clause, on_atom},
			       .states = ALL_STATES};

	fe_part_cover(part, family, &s.sink);
	close_clause(&s);
	return s.states;
}

/* A CT target makes packets NEW for the rest of raw. */
static bool raw_has_ct(const struct fe_ruleset *ruleset)
{
	const struct fe_table *raw = &ruleset->tables[FE_RAW];

	for (size_t c = 0; c < raw->chains.n; c++)
		for (size_t i = 0; i < raw->chains.data[c]->rules.n; i++)
			if (raw->chains.data[c]->rules.data[i]->action ==
			    FE_ACT_CT)
				return true;
	return false;
}

static void state_in_raw(struct fe_lint *l, const struct fe_rule *rule,
			 struct fe_span span, unsigned states)
{
	if (raw_has_ct(l->ruleset))
		return;
	if (!(states & (1u << FE_CT_INVALID | 1u << FE_CT_UNTRACKED)))
		fe_lint_report(l, FE_LINT_FE202, rule, span,
			       "in raw a packet from outside is in no such "
			       "state yet: only packets over lo and answers "
			       "of this host can be");
	else if (states & 1u << FE_CT_INVALID)
		fe_lint_report(l, FE_LINT_FE202, rule, span,
			       "in raw a packet from outside is INVALID, "
			       "unless a rule before untracked it: this "
			       "matches them all");
}

static void state_in_nat(struct fe_lint *l, const struct fe_rule *rule,
			 struct fe_span span, unsigned states)
{
	const unsigned seen = 1u << FE_CT_NEW | 1u << FE_CT_RELATED;

	if (!(states & seen))
		fe_lint_report(l, FE_LINT_FE203, rule, span,
			       "nat sees the first packet of a flow only: the "
			       "rule never matches");
	else if (states & 1u << FE_CT_ESTABLISHED && !(states & 1u))
		fe_lint_report(l, FE_LINT_FE203, rule, span,
			       "nat sees the first packet of a flow only: "
			       "ESTABLISHED never matches here");
}

static void check_state(struct fe_lint *l, const struct fe_rule *rule,
			const struct fe_part *part)
{
	unsigned states;

	if (part == fe_rule_target(rule))
		return;
	states = states_of(part, l->ruleset->family);
	if (states == ALL_STATES)
		return;
	if (rule->chain->table->id == FE_RAW)
		state_in_raw(l, rule, fe_part_span(rule, part), states);
	if (rule->chain->table->id == FE_NAT)
		state_in_nat(l, rule, fe_part_span(rule, part), states);
}

/* FE111: the text says more than the mask leaves. */

static bool has_host_bits(struct fe_str item, unsigned family,
			  struct fe_net net)
{
	struct fe_str word, len;
	struct fe_u128 addr;

	return fe_str_cut(item, '/', &word, &len) &&
	       fe_addr_read(word, family, &addr) &&
	       (addr.hi & net.mask.hi) == net.addr.hi &&
	       (addr.lo & net.mask.lo) == net.addr.lo &&
	       !fe_u128_eq(addr, net.addr);
}

static void check_address(struct fe_lint *l, const struct fe_rule *rule,
			  const struct fe_setting *setting)
{
	struct fe_span span = fe_setting_span(rule, setting);
	const struct fe_source *source =
	    fe_source(l->context->sources, span.source);
	struct fe_net net = fe_net_value(setting->value, l->ruleset->family);
	struct fe_str item, text;
	struct fe_items items;

	if (!source)
		return;
	text = (struct fe_str){source->text.s + span.off, span.len};
	while (text.len && memchr(text.s, ' ', text.len))
		text.s++, text.len--;
	items = fe_items(text);
	while (fe_items_next(&items, ',', &item))
		if (has_host_bits(item, l->ruleset->family, net)) {
			fe_lint_report(l, FE_LINT_FE111, rule, span,
				       "'%.*s' has bits set behind its mask, "
				       "which are cleared", (int)item.len,
				       item.s);
			return;
		}
}

static void check_base(struct fe_lint *l, const struct fe_rule *rule,
		       const struct fe_part *base)
{
	for (uint32_t i = 0; i < base->n; i++) {
		const struct fe_setting *s = &fe_settings(base)[i];
		if (s->opt == FE_BASE_SOURCE || s->opt == FE_BASE_DESTINATION)
			check_address(l, rule, s);
		if ((s->opt == FE_BASE_IN || s->opt == FE_BASE_OUT) &&
		    s->value.text[0] == '!')
			fe_lint_report(l, FE_LINT_FE113, rule,
				       fe_setting_span(rule, s),
				       "this asks for an interface named '%s', "
				       "it does not negate", s->value.text);
	}
}

/* FE119 */
static void check_old(struct fe_lint *l, const struct fe_rule *rule,
		      const struct fe_part *part)
{
	struct fe_diag *d = NULL;

	if (part->ext->kind == FE_MATCH && !strcmp(part->ext->name, "state")) {
		d = fe_lint_report(l, FE_LINT_FE119, rule,
				   fe_part_span(rule, part),
				   "-m state is an old name");
		if (d)
			d->hint = "-m conntrack --ctstate";
	}
	if (part == fe_rule_target(rule) && !strcmp(part->ext->name, "NOTRACK")) {
		d = fe_lint_report(l, FE_LINT_FE119, rule,
				   fe_part_span(rule, part),
				   "-j NOTRACK is an old name");
		if (d)
			d->hint = "-j CT --notrack";
	}
}

/* FE502, FE601 */
static void check_target(struct fe_lint *l, const struct fe_rule *rule)
{
	const struct fe_setting *in = fe_part_find(&rule->parts[0], FE_BASE_IN);
	bool out = fe_part_find(&rule->parts[0], FE_BASE_OUT) != NULL;
	bool dst = fe_part_find(&rule->parts[0], FE_BASE_DESTINATION) != NULL;
	struct fe_diag *d;

	if (rule->action == FE_ACT_NOTRACK && in && !in->neg &&
	    !strcmp(in->value.text, "lo")) {
		d = fe_lint_report(l, FE_LINT_FE502, rule, FE_NO_SPAN,
				   "a loopback packet was tracked in OUTPUT "
				   "already: this does nothing");
		if (d)
			d->hint = "-A OUTPUT -o lo -j CT --notrack";
	}
	if ((rule->action == FE_ACT_MASQUERADE ||
	     rule->action == FE_ACT_SNAT) &&
	    !out && !dst && rule->chain->hooks & 1u << FE_POSTROUTING) {
		d = fe_lint_report(l, FE_LINT_FE601, rule, FE_NO_SPAN,
				   "without -o the sources of packets on every "
				   "interface are rewritten, the loopback "
				   "interface included");
		if (d)
			d->hint = "name the interface that leads outside: -o";
	}
}

void fe_lint_rules(struct fe_lint *l)
{
	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		const struct fe_table *table = &l->ruleset->tables[t];
		for (size_t c = 0; table->present && c < table->chains.n; c++) {
			const struct fe_chain *chain = table->chains.data[c];
			for (size_t i = 0; i < chain->rules.n; i++) {
				const struct fe_rule *rule =
				    chain->rules.data[i];
				check_base(l, rule, &rule->parts[0]);
				check_target(l, rule);
				for (unsigned p = 1; p < rule->n_parts; p++) {
					check_state(l, rule, &rule->parts[p]);
					check_old(l, rule, &rule->parts[p]);
				}
			}
		}
	}
}
