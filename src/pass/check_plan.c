/*
 * The independent checker of plans (doc/semantics.md 5).
 *
 * It shares neither sets nor behaviours with the planner. The plan's text is
 * printed, joined with the original's and read again; then packets are played
 * through both rulesets, chain by chain (check_play.c). Packets are corner
 * values of the fields that rules name, mixed at random; the conntrack state
 * is forced to each one that a packet can have, the entry's fields are random.
 */
#include <stdio.h>
#include <assert.h>
#include <string.h>

#include "pass/check_priv.h"
#include "ruleset/ruleset.h"

enum {
	MAX_WORK = 12000000, /* matches to evaluate, about 0.2 s */
	MIN_PACKETS = 300,
	MAX_PACKETS = 20000,
};

/* Packets. */

static struct fe_u128 pick(struct fe_check *k, enum fe_field f)
{
	struct check_values *values = &k->values[f];
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

static const char *pick_iface(struct fe_check *k, bool lo)
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

static void set(struct check_life *life, enum fe_field f, uint64_t v)
{
	life->field[f] = fe_u128(v);
}

static uint64_t min_length(struct fe_check *k, uint64_t proto)
{
	return (k->family == 4 ? 20u : 40u) + (proto == 6 ? 20u : 8u);
}

/* Keeps what the kernel's own packets keep, and the plan's assumptions. */
static void plausible(struct fe_check *k, struct check_life *life,
		      enum check_life_kind kind)
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

static void make_packet(struct fe_check *k, struct check_life *life,
			enum check_life_kind kind)
{
	memset(life, 0, sizeof(*life));
	for (unsigned f = 1; f < FE_N_FIELDS; f++)
		life->field[f] = pick(k, (enum fe_field)f);
	plausible(k, life, kind);
	life->coin = fe_rng_next(&k->rng);
}

/* One of the host's own addresses, by chance; NULL: none are known. */
static const struct fe_host_addr *own_address(struct fe_check *k)
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

static bool is_own(const struct fe_check *k, struct fe_u128 addr)
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
static void own_addresses(struct fe_check *k, struct check_life *life,
			  enum check_life_kind kind)
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

static bool same_event(const struct check_event *x, const struct check_event *y)
{
	return x->table == y->table && x->index == y->index &&
	       x->what == y->what && !strcmp(x->chain, y->chain);
}

static bool same_trace(const struct check_life *a, const struct check_life *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!same_event(&a->trace[i], &b->trace[i]))
			return false;
	return true;
}

/* Where two lives part: "at filter/INPUT:4 without the plan". */
static const char *parting(struct fe_check *k, const struct check_life *a,
			   const struct check_life *b)
{
	const struct check_life *longer = a->n > b->n ? a : b;
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

static void complain(struct fe_check *k, const struct check_life *life,
		     enum check_life_kind kind, enum fe_ctstate before,
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
static bool compare(struct fe_check *k, const struct check_life *packet,
		    enum check_life_kind kind, enum fe_ctstate before,
		    enum fe_ctstate after, bool must)
{
	struct check_life a = *packet, b = *packet;
	unsigned fate_a = fe_check_play(k, &k->before, &a, kind, before);
	unsigned fate_b = fe_check_play(k, &k->after, &b, kind, after);

	if (a.overflow || b.overflow)
		return true;
	k->plan->n_checks++;
	/* Where a NAT rule or nat chain touches a class, effects differ. */
	if (fate_a == fate_b && same_trace(&a, &b) &&
	    a.field[FE_F_MARK].lo == b.field[FE_F_MARK].lo)
		return true;
	/* The untracked half skips nat: its steps are numbered alike. */
	if (!must && (b.untracked || fe_check_is_error(k, packet)))
		return true;
	if (!must && packet->field[FE_F_HDR].lo != FE_HDR_WHOLE)
		return true;
	complain(k, packet, kind, before, after,
		 fe_arena_printf(k->arena, "a packet fares differently %s",
				 parting(k, &a, &b)));
	return false;
}

/* The reply of a life's packet, as it meets its own first hook. */
static bool reply_untracked(struct fe_check *k, const struct check_life *packet,
			    enum check_life_kind kind)
{
	static const enum check_life_kind back[] = {LIFE_OUT, LIFE_FORWARD,
						    LIFE_IN, LIFE_LO};
	struct check_life r = *packet;

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
	return fe_check_play(k, &k->after, &r, back[kind], FE_CT_NEW) == 1 ||
	       r.untracked;
}

static bool check_packet(struct fe_check *k, const struct check_life *packet,
			 enum check_life_kind kind)
{
	bool none = k->plan->level == FE_LEVEL_NONE;
	bool foreign = k->plan->families[k->family == 6].foreign_errors;
	bool truncated = packet->field[FE_F_HDR].lo != FE_HDR_WHOLE;
	struct check_life probe = *packet, plain = *packet;

	fe_check_play(k, &k->after, &probe, kind, FE_CT_INVALID);
	fe_check_play(k, &k->before, &plain, kind, FE_CT_INVALID);
	if (!compare(k, packet, kind, FE_CT_INVALID, FE_CT_INVALID,
		     none ||
			 (!probe.untracked && !fe_check_is_error(k, packet))))
		return false;
	if (truncated)
		return true;
	if (fe_check_is_error(k, packet)) {
		/* Related to a flow that may be untracked now. */
		return !foreign || compare(k, packet, kind, FE_CT_RELATED,
					   FE_CT_INVALID, none);
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

/* Companions of one chain stand at its head or at one later place. */
static void note_added(struct check_side *side, const struct fe_plan_rule *rule,
		       unsigned hook)
{
	if (rule->at == 1) {
		side->added_head[rule->table][hook]++;
		return;
	}
	assert(!side->late[rule->table][hook] ||
	       side->late[rule->table][hook] == rule->at);
	side->late[rule->table][hook] = rule->at;
	side->added_late[rule->table][hook]++;
}

static void count_added(struct fe_check *k)
{
	const struct fe_plan_family *fam =
	    &k->plan->families[k->family == 6];

	for (unsigned t = 0; t < FE_N_TABLES; t++)
		for (unsigned h = 0; h < FE_N_HOOKS; h++) {
			const struct fe_chain *c = fe_check_builtin(
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
				if (rules[r].at &&
				    !strcmp(rules[r].chain, fe_hook_names[h]))
					note_added(&k->after, &rules[r], h);
	}
}

static bool check_family(struct fe_check *k)
{
	uint64_t n = MAX_WORK / (k->n_rules * 6 + 1);

	if (n < MIN_PACKETS)
		n = MIN_PACKETS;
	if (n > MAX_PACKETS)
		n = MAX_PACKETS;
	for (uint64_t i = 0; i < n; i++) {
		enum check_life_kind kind = (enum check_life_kind)(i % N_LIVES);
		struct check_life packet;

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
	struct fe_check k = {
	    .plan = plan,
	    .context = context,
	    .family = family,
	    .rng = {20240917},
	    .arena = fe_arena_new(),
	};
	bool ok = false;

	fe_plan_apply(plan, rules, &text);
	fe_read(sources,
		fe_sources_add(sources, "plan", fe_buf_text(&text), text.size),
		&options, &planned, diags);
	k.before.rules = rules;
	k.after.rules = family == 6 ? planned.v6 : planned.v4;
	if (diags->n_errors || !k.after.rules) {
		*why = "the plan's text does not read as rules";
	} else {
		fe_check_read(&k, &k.before);
		fe_check_read(&k, &k.after);
		count_added(&k);
		ok = check_family(&k);
		*why = k.why;
		fe_check_side_free(&k.before);
		fe_check_side_free(&k.after);
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
