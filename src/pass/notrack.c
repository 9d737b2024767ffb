/*
 * The NOTRACK planner's driver (notrack.h).
 *
 * For each family: is tracking on, which candidates are there, which of them
 * can be proved. Candidates come broad first; one that lies within what is
 * taken already is skipped. Classes are independent of one another: every
 * condition speaks of single packets, so proved classes may stand together
 * (companions are kept apart explicitly).
 */
#include "pass/notrack.h"

#include <netinet/in.h>
#include <string.h>

#include "pass/plan_priv.h"

const char *const fe_plan_reason_names[FE_N_REASONS] = {
	[FE_REFUSED_CLOSED] = "closed",
	[FE_REFUSED_COVERED] = "covered",
	[FE_REFUSED_ALIKE] = "alike",
	[FE_REFUSED_SHARED] = "shared-state",
	[FE_REFUSED_NAT] = "nat",
	[FE_REFUSED_MAPPING] = "nat-mapping",
	[FE_REFUSED_ICMP] = "icmp-errors",
	[FE_REFUSED_HEADERS] = "headers",
	[FE_REFUSED_READERS] = "readers",
	[FE_REFUSED_BUDGET] = "budget",
	[FE_REFUSED_MAX_RULES] = "max-rules",
};

/* Nodes of the algebra: for one family's plan, somewhat less than a second's
 * work, and for one candidate, so that broad ones leave some to the others. */
enum { BUDGET = 600000, BROAD_SHARE = 25000, SHARE = 60000 };

static void assume(struct fe_planner *p, const char *text)
{
	fe_vec_push(&p->fam->assumptions, text);
}

static void assumptions(struct fe_planner *p, bool ports)
{
	const struct fe_host *host = p->context->host;

	assume(p, "alone: no other nft table or back end, OVS, IPVS, tc or "
		  "bridge hook looks at conntrack");
	assume(p, "local: packets with this host's addresses as source arrive "
		  "over lo only (accept_local is off), and packets to them "
		  "leave by lo");
	if (p->addresses)
		assume(p, "addresses: this host's addresses stay those of the "
			  "snapshot");
	if (!fe_plan_forwards(host, p->family))
		assume(p, "forwarding: this host forwards nothing, as its "
			  "sysctls say");
	if (ports)
		assume(p, "headers: packets with IP options or extension "
			  "headers carry a whole transport header");
	if (p->rules->tables[FE_NAT].present)
		assume(p, "checksums: ICMP errors have right checksums; of a "
			  "tracked flow's, NAT drops those that have not and "
			  "that nf_conntrack_checksum lets pass");
	assume(p, "flushed: entries of the classes that exist when the plan "
		  "is loaded are flushed (flush.sh)");
	if (host && host->kernel < FE_KERNEL(4, 10))
		assume(p, "loaded: conntrack is loaded already; before 4.10 "
			  "NOTRACK itself would load it");
	if (host && host->kernel < FE_KERNEL(4, 7))
		assume(p, "helpers: none is assigned by itself "
			  "(net.netfilter.nf_conntrack_helper is 0)");
}

/* Whole headers in packets that are too short for them: there are none. */
static fe_set impossible(struct fe_planner *p, uint8_t proto)
{
	fe_set set = fe_set_range(p->space, FE_F_PROTO, fe_u128(proto),
				  fe_u128(proto));

	set = fe_set_and(p->space, set,
			 fe_set_range(p->space, FE_F_HDR, fe_u128(FE_HDR_WHOLE),
				      fe_u128(FE_HDR_WHOLE)));
	return fe_set_and(p->space, set,
			  fe_set_range(p->space, FE_F_LENGTH, fe_u128(0),
				       fe_u128(fe_plan_guard(p, proto))));
}

static bool within_done(struct fe_planner *p, const struct fe_class_sets *s)
{
	fe_set none = fe_set_or(p->space, impossible(p, IPPROTO_TCP),
				impossible(p, IPPROTO_UDP));

	return fe_set_minus(p->space, s->raw_pre,
			    fe_set_or(p->space, p->done_pre, none)) ==
		   FE_SET_EMPTY &&
	       fe_set_minus(p->space, s->raw_out,
			    fe_set_or(p->space, p->done_out, none)) ==
		   FE_SET_EMPTY;
}

static unsigned raw_rules(const struct fe_plan_class *class)
{
	unsigned n = 0;

	for (size_t i = 0; i < class->rules.n; i++)
		n += class->rules.data[i].table == FE_RAW;
	return n;
}

static unsigned rules_so_far(const struct fe_planner *p)
{
	unsigned n = 0;

	for (size_t i = 0; i < p->fam->classes.n; i++)
		n += raw_rules(&p->fam->classes.data[i]);
	return n;
}

static void refuse(struct fe_planner *p, const struct fe_cand *c,
		   const struct fe_proof *proof)
{
	struct fe_plan_refusal refusal = {
	    .name = c->name,
	    .reason = proof->reason,
	    .rule = proof->rule,
	    .from = c->from,
	    .text = proof->text,
	    .witness = proof->witness,
	};

	fe_vec_push(&p->fam->refusals, refusal);
}

static const char *price(struct fe_planner *p, const struct fe_proof *proof)
{
	bool companion = false;

	for (unsigned h = 0; h < FE_N_HOOKS; h++)
		companion |= proof->companion[h] != 0;
	if (companion)
		return "a companion rule in filter; no entries to look at "
		       "(conntrack -L, accounting)";
	(void)p;
	return "no entries to look at (conntrack -L, accounting)";
}

/* Adds a class to what is taken. */
static void note(struct fe_planner *p, const struct fe_plan_kept *kept,
		 const struct fe_class_sets *sets)
{
	p->done_pre = fe_set_or(p->space, p->done_pre, sets->raw_pre);
	p->done_out = fe_set_or(p->space, p->done_out, sets->raw_out);
	for (unsigned h = 0; h < FE_N_HOOKS; h++) {
		p->untracked[h] =
		    fe_set_or(p->space, p->untracked[h], sets->at[h]);
		if (kept->companion[h])
			p->accepted[h] =
			    fe_set_or(p->space, p->accepted[h],
				      sets->box[h]);
	}
}

static void keep(struct fe_planner *p, const struct fe_cand *c,
		 const struct fe_proof *proof)
{
	struct fe_plan_kept kept = {.cand = *c};

	memcpy(kept.companion, proof->companion, sizeof(kept.companion));
	fe_vec_push(&p->kept, kept);
}

/* false: proved, but --max-rules leaves no room for it. */
static bool take(struct fe_planner *p, const struct fe_cand *c,
		 const struct fe_class_sets *sets, struct fe_proof *proof)
{
	struct fe_plan_class class = {.name = c->name};

	fe_plan_rules(p, c, proof, &class);
	if (p->options->max_rules &&
	    rules_so_far(p) + raw_rules(&class) > p->options->max_rules) {
		proof->reason = FE_REFUSED_MAX_RULES;
		proof->text = "proved, but --max-rules leaves no room for it";
		proof->rule = NULL;
		proof->witness = NULL;
		fe_vec_free(&class.rules);
		fe_vec_free(&class.flush);
		return false;
	}
	class.removes = fe_arena_printf(p->arena, "every entry of %s", c->name);
	class.price = price(p, proof);
	fe_vec_push(&p->fam->classes, class);
	for (size_t i = 0; i < proof->differences.n; i++) {
		struct fe_plan_difference d = proof->differences.data[i];

		d.what = fe_arena_printf(p->arena, "%s: %s", c->name, d.what);
		fe_vec_push(&p->fam->differences, d);
	}
	keep(p, c, proof);
	note(p, &p->kept.data[p->kept.n - 1], sets);
	return true;
}

/* Whether a refused class is worth a line: broad ones only if all fails. */
static bool worth_telling(const struct fe_cand *c)
{
	return c->from != NULL;
}

static void start(struct fe_planner *p);

/* The work of the current space, in nodes. */
static uint32_t spent(const struct fe_planner *p)
{
	return fe_space_used(p->space) +
	       (uint32_t)(fe_behave_steps(p->behave) / 4);
}

/* A new space, when the old one has used up its share. */
static void renew(struct fe_planner *p)
{
	p->spent += spent(p);
	fe_behave_free(p->behave);
	start(p);
	for (size_t i = 0; i < p->kept.n; i++) {
		struct fe_class_sets sets;

		fe_plan_sets(p, &p->kept.data[i].cand, &sets);
		note(p, &p->kept.data[i], &sets);
	}
}

/* Gives a candidate its share, or what is left of the budget. */
static void allow(struct fe_planner *p, const struct fe_cand *c)
{
	uint32_t share = c->from || c->a.ports.n ? SHARE : BROAD_SHARE;
	uint32_t used, left;

	if (fe_space_exhausted(p->space))
		renew(p);
	used = fe_space_used(p->space);
	left = p->spent + spent(p) < BUDGET ? BUDGET - p->spent - spent(p) : 1;
	fe_space_budget(p->space, used + (left < share ? left : share));
}

static void try_all(struct fe_planner *p, struct fe_cands *cands)
{
	bool ports = false, forward = false, lo_taken = false;
	struct fe_proof broadest = {0};
	const struct fe_cand *broad = NULL;

	for (size_t i = 0; i < cands->list.n; i++) {
		struct fe_cand *c = &cands->list.data[i];
		struct fe_class_sets sets;
		struct fe_proof proof;

		if (lo_taken && c->local) {
			c->lo = false;
			c->lo_taken = true;
		}
		allow(p, c);
		fe_plan_sets(p, c, &sets);
		if (within_done(p, &sets)) {
			p->fam->n_already += !p->fam->classes.n;
			lo_taken |= c->lo_only && !c->a.mask.lo;
			fe_vec_push(&p->taken, c->from);
			continue;
		}
		fe_plan_prove(p, c, &sets, &proof);
		if (proof.ok && take(p, c, &sets, &proof)) {
			ports |= c->a.ports.n || c->b.ports.n;
			forward |= !c->local && !c->lo_only;
			p->fam->foreign_errors |= !sets.all_icmp;
			lo_taken |= c->lo_only && !c->a.mask.lo;
			fe_vec_push(&p->taken, c->from);
		} else if (worth_telling(c)) {
			refuse(p, c, &proof);
		} else if (!broad) {
			broad = c;
			broadest = proof;
		}
		fe_vec_free(&proof.differences);
	}
	if (broad && !p->fam->classes.n && !p->fam->refusals.n &&
	    !p->fam->n_already)
		refuse(p, broad, &broadest);
	if (p->fam->foreign_errors) {
		renew(p);
		fe_plan_icmp_companions(p, forward);
	}
	if (p->fam->classes.n)
		assumptions(p, ports);
}

/* One line for each rule that suggested a class, about the narrowest shape,
 * which is the last; and none where another shape of it was taken. */
static void tidy_refusals(struct fe_planner *p)
{
	struct fe_plan_family *fam = p->fam;
	size_t n = 0;

	for (size_t i = 0; i < fam->refusals.n; i++) {
		const struct fe_plan_refusal *r = &fam->refusals.data[i];
		bool again = false;

		for (size_t k = 0; k < p->taken.n && !again; k++)
			again = r->from && p->taken.data[k] == r->from;
		for (size_t k = i + 1; k < fam->refusals.n && !again; k++)
			again =
			    r->from && fam->refusals.data[k].from == r->from;
		if (!again)
			fam->refusals.data[n++] = *r;
	}
	fam->refusals.n = n;
	fe_vec_free(&p->taken);
}

/*
 * Why tracking is on where no rule of the family is a trigger; NULL: it is
 * not, as far as anybody can tell. Until 4.10 it was on once conntrack was
 * loaded.
 */
static const char *why_tracked(const struct fe_planner *p)
{
	const struct fe_host *host = p->context->host;

	if (p->options->assume_tracked)
		return "--assume-tracked";
	if (host && host->kernel < FE_KERNEL(4, 10) && host->conntrack_loaded)
		return host->evidence ? host->evidence : "conntrack is loaded";
	return NULL;
}

/* What a raw chain surely untracks as it is, fewer packets rather than more:
 * only rules of the chain itself that nothing before them can hide. */
static fe_set untracks(struct fe_planner *p, enum fe_hook hook)
{
	const struct fe_chain *chain = fe_plan_chain(p, FE_RAW, hook);
	fe_set reach = FE_SET_ALL, set = FE_SET_EMPTY;

	for (size_t i = 0; chain && i < chain->rules.n; i++) {
		const struct fe_rule *rule = chain->rules.data[i];

		if (rule->action == FE_ACT_NOTRACK)
			set = fe_set_or(
			    p->space, set,
			    fe_set_and(p->space, reach,
				       fe_behave_must(p->behave, rule)));
		else if (rule->action != FE_ACT_LOG &&
			 rule->action != FE_ACT_NONE)
			reach = fe_set_minus(p->space, reach,
					     fe_behave_may(p->behave, rule));
	}
	return set;
}

static void start(struct fe_planner *p)
{
	p->addresses = fe_plan_by_address(p);
	/* Sets change while a plan is loaded: their members are not asked. */
	p->behave = fe_behave_new(p->rules, NULL, BUDGET);
	p->space = fe_behave_space(p->behave);
	if (p->family == 4) {
		fe_set icmp = fe_set_range(p->space, FE_F_PROTO, fe_u128(1),
					   fe_u128(1));
		fe_set types = fe_set_range(p->space, FE_F_ICMP_TYPE,
					    fe_u128(3), fe_u128(5));

		types = fe_set_or(p->space, types,
				  fe_set_range(p->space, FE_F_ICMP_TYPE,
					       fe_u128(11), fe_u128(12)));
		p->errors = fe_set_and(p->space, icmp, types);
	} else {
		p->errors = fe_set_and(
		    p->space,
		    fe_set_range(p->space, FE_F_PROTO, fe_u128(58),
				 fe_u128(58)),
		    fe_set_range(p->space, FE_F_ICMP_TYPE, fe_u128(0),
				 fe_u128(127)));
	}
	p->errors = fe_set_and(
	    p->space, p->errors,
	    fe_set_range(p->space, FE_F_HDR, fe_u128(FE_HDR_WHOLE),
			 fe_u128(FE_HDR_WHOLE)));
	/* No NAT binding that translates, no expectation: conditions 5, 8. */
	p->plain = fe_set_mask(p->space, FE_F_CTSTATUS, fe_u128(0),
			       fe_u128(FE_IPS_EXPECTED | FE_IPS_SRC_NAT |
				       FE_IPS_DST_NAT));
	p->done_pre = untracks(p, FE_PREROUTING);
	p->done_out = untracks(p, FE_OUTPUT);
	for (unsigned h = 0; h < FE_N_HOOKS; h++)
		p->untracked[h] = p->accepted[h] = FE_SET_EMPTY;
}

static void plan_family(struct fe_planner *p)
{
	struct fe_cands cands = {0};

	p->fam->given = true;
	fe_track(p->rules, p->arena, &p->fam->track);
	if (!fe_track_is_on(&p->fam->track))
		p->fam->on_because = why_tracked(p);
	p->fam->tracked =
	    fe_track_is_on(&p->fam->track) || p->fam->on_because;
	if (!p->fam->tracked)
		return;
	start(p);
	fe_plan_candidates(p, &cands);
	try_all(p, &cands);
	tidy_refusals(p);
	fe_vec_free(&cands.list);
	fe_vec_free(&p->kept);
	fe_behave_free(p->behave);
}

static struct fe_plan *checked(struct fe_plan *plan,
			       const struct fe_pass_context *context,
			       const struct fe_plan_options *options)
{
	const char *why = NULL;

	if (options->no_check || fe_plan_check(plan, context, &why))
		return plan;
	fe_diag(context->diags, FE_ERROR, NULL, FE_NO_SPAN,
		"the plan fails its own check and is not printed: %s", why);
	fe_plan_free(plan);
	return NULL;
}

struct fe_plan *fe_plan_make(const struct fe_pass_context *context,
			     const struct fe_plan_options *options)
{
	const struct fe_ruleset *rules[] = {context->rules->v4,
					    context->rules->v6};
	struct fe_arena *arena = fe_arena_new();
	struct fe_plan *plan = fe_new(arena, struct fe_plan);

	plan->arena = arena;
	plan->level = options->level;
	plan->sources = context->sources;
	for (unsigned i = 0; i < 2; i++) {
		struct fe_planner p = {
		    .context = context,
		    .options = options,
		    .plan = plan,
		    .fam = &plan->families[i],
		    .rules = rules[i],
		    .arena = arena,
		    .family = i ? 6 : 4,
		};

		plan->families[i].family = p.family;
		if (rules[i])
			plan_family(&p);
	}
	return checked(plan, context, options);
}

bool fe_plan_has_rules(const struct fe_plan *plan, unsigned family)
{
	return plan->families[family == 6].classes.n > 0;
}

void fe_plan_free(struct fe_plan *plan)
{
	if (!plan)
		return;
	for (unsigned i = 0; i < 2; i++) {
		struct fe_plan_family *fam = &plan->families[i];

		for (size_t c = 0; c < fam->classes.n; c++) {
			fe_vec_free(&fam->classes.data[c].rules);
			fe_vec_free(&fam->classes.data[c].flush);
		}
		fe_vec_free(&fam->classes);
		fe_vec_free(&fam->refusals);
		fe_vec_free(&fam->differences);
		fe_vec_free(&fam->shared);
		fe_vec_free(&fam->assumptions);
		fe_track_free(&fam->track);
	}
	fe_arena_free(plan->arena);
}

static bool is_icmp_error(const struct fe_packet *packet)
{
	uint8_t type = packet->icmp_type;

	if (packet->family == 4)
		return packet->proto == 1 && ((type >= 3 && type <= 5) ||
					      type == 11 || type == 12);
	return packet->proto == 58 && type < 128;
}

bool fe_plan_may_differ(const struct fe_plan *plan,
			const struct fe_packet *packet, uint8_t before,
			uint8_t after)
{
	if (plan->level == FE_LEVEL_NONE)
		return false;
	/* A packet of a class that conntrack called INVALID. */
	if (before == FE_CT_INVALID && after == FE_CT_UNTRACKED)
		return true;
	/* An error, or a RST of REJECT, about a flow that was tracked; and an
	 * INVALID error that a companion lets in. */
	if (is_icmp_error(packet))
		return before == FE_CT_RELATED || before == FE_CT_INVALID;
	return packet->proto == 6 && (packet->tcp_flags & FE_TCP_RST) &&
	       before == FE_CT_RELATED;
}
