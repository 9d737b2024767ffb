/*
 * Ferrule's answer to a packet, by what extensions say of themselves alone:
 * cover, eval and the header they read, over conntrack's own view of the
 * packets. No engine stands between, so that a wrong cover shows here.
 *
 * The host is that of ask_kernel.c: eth0 with 10.0.0.1/24 and fd00::1/64.
 */
#include <string.h>

#include "conntrack/conntrack.h"
#include "et.h"
#include "ext/ipset.h"
#include "ext/target_mark.h"
#include "lang/read.h"

enum { RTN_UNICAST = 1, RTN_LOCAL = 2, RTN_BROADCAST = 3, RTN_MULTICAST = 5 };

struct world {
	struct fe_host host;
	struct fe_sources *sources;
	struct fe_diags *diags;
	struct fe_rules rules;
	struct fe_ipsets *ipsets;
	struct fe_conntrack *ct;
	const struct fe_ruleset *set;
	void *states[16]; /* of the rule's parts */
};

/* A sink that answers for one packet. */
struct asking {
	struct fe_sink sink;
	const struct world *world;
	const struct fe_packet *packet;
	enum fe_answer clause; /* of the open clause; FE_DUNNO: unknown */
	enum fe_answer all;    /* of the clauses before it */
	bool open;
};

static void close_clause(struct asking *a)
{
	if (!a->open)
		return;
	if (a->clause == FE_NO)
		a->all = FE_NO;
	else if (a->clause == FE_DUNNO && a->all == FE_YES)
		a->all = FE_DUNNO;
	a->open = false;
}

static void next_clause(struct fe_sink *sink)
{
	struct asking *a = (struct asking *)sink;

	close_clause(a);
	a->open = true;
	a->clause = FE_NO;
}

static bool is_iface(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	if (pattern[len - 1] == '+')
		return strncmp(pattern, name, len - 1) == 0;
	return strcmp(pattern, name) == 0;
}

static enum fe_answer atom_holds(const struct asking *a,
				 const struct fe_atom *atom)
{
	struct fe_u128 v = {0, 0};
	bool is = false;

	if (atom->kind == FE_ATOM_RANGE || atom->kind == FE_ATOM_MASK)
		v = fe_packet_field(a->packet, atom->field);
	switch (atom->kind) {
	case FE_ATOM_UNKNOWN:
		return FE_DUNNO;
	case FE_ATOM_RANGE:
		is = fe_u128_le(atom->u.range.lo, v) &&
		     fe_u128_le(v, atom->u.range.hi);
		break;
	case FE_ATOM_MASK:
		is = (v.hi & atom->u.mask.mask.hi) == atom->u.mask.value.hi &&
		     (v.lo & atom->u.mask.mask.lo) == atom->u.mask.value.lo;
		break;
	case FE_ATOM_IFACE:
		is = is_iface(atom->u.iface,
			      atom->field == FE_F_IIF ? "eth0" : "");
		break;
	case FE_ATOM_IPSET:
		is = fe_ipset_test(a->world->ipsets, atom->u.ipset,
				   a->packet) == FE_YES;
		break;
	}
	return is != atom->neg ? FE_YES : FE_NO;
}

static void ask_atom(struct fe_sink *sink, const struct fe_atom *atom)
{
	struct asking *a = (struct asking *)sink;
	enum fe_answer answer = atom_holds(a, atom);

	if (answer == FE_YES || a->clause == FE_NO)
		a->clause = answer;
}

static enum fe_answer ask_part(const struct world *w,
			       const struct fe_part *part, void *state,
			       const struct fe_packet *packet)
{
	struct asking a = {
		.sink = {.clause = next_clause, .atom = ask_atom},
		.world = w,
		.packet = packet,
		.all = fe_ext_header(part->ext, packet),
	};

	if (a.all != FE_YES)
		return a.all;
	fe_part_cover(part, packet->family, &a.sink);
	close_clause(&a);
	if (a.all == FE_DUNNO && part->ext->eval != NULL)
		return part->ext->eval(part, packet, state);
	return a.all;
}

/* Parts of the same name share a state, as in a run. */
static void prepare_states(struct world *w, const struct fe_rule *rule)
{
	struct fe_arena *arena = rule->chain->table->ruleset->arena;

	for (unsigned i = 0; i < rule->n_parts; i++) {
		const struct fe_part *part = &rule->parts[i];
		const struct fe_ext *ext = part->ext;

		for (unsigned j = 0; j < i && ext->state_name != NULL; j++)
			if (rule->parts[j].ext == ext &&
			    strcmp(ext->state_name(&rule->parts[j]),
				   ext->state_name(part)) == 0)
				w->states[i] = w->states[j];
		if (w->states[i] == NULL)
			w->states[i] = fe_arena_alloc(arena,
						      ext->state_size + 1);
		if (ext->state_begin != NULL)
			ext->state_begin(part, arena, w->states[i]);
	}
}

static enum et_answer ask_rule(struct world *w, const struct fe_rule *rule,
			       const struct fe_packet *packet)
{
	if (w->states[0] == NULL)
		prepare_states(w, rule);
	for (unsigned i = 0; i < rule->n_parts; i++) {
		const struct fe_part *part = &rule->parts[i];

		if (part->ext->kind == FE_TARGET)
			continue;
		switch (ask_part(w, part, w->states[i], packet)) {
		case FE_YES:
			break;
		case FE_NO:
			return ET_NO;
		case FE_HOTDROP:
			return ET_HOTDROP;
		case FE_DUNNO:
			return ET_ERROR;
		}
	}
	return ET_YES;
}

static uint8_t type_of(struct fe_u128 addr, unsigned family)
{
	if (family == 6)
		return addr.hi == 0xfd00ull << 48 && addr.lo == 1 ? RTN_LOCAL :
		       addr.hi >> 56 == 0xff ? RTN_MULTICAST : RTN_UNICAST;
	return addr.lo == 0x0a000001 ? RTN_LOCAL :
	       addr.lo == 0x0a0000ff || addr.lo == 0xffffffff ? RTN_BROADCAST :
	       addr.lo >> 28 == 14 ? RTN_MULTICAST : RTN_UNICAST;
}

/* What the rules of raw PREROUTING do: they match every packet here. */
static void play_prelude(const struct world *w, struct fe_packet *packet)
{
	const struct fe_chain *raw;

	raw = fe_table_chain(&w->set->tables[FE_RAW], FE_STR("PREROUTING"));
	for (size_t i = 0; raw != NULL && i < raw->rules.n; i++) {
		const struct fe_rule *rule = raw->rules.data[i];

		if (rule->action == FE_ACT_NOTRACK) {
			fe_conntrack_untrack(packet);
		} else if (rule->action == FE_ACT_MARK) {
			struct fe_mark_op op = fe_target_mark(fe_rule_target(rule));

			packet->mark = (packet->mark & ~op.mask) ^ op.value;
		}
	}
}

static enum et_answer play(struct world *w, const struct fe_rule *rule,
			   const struct et_packet *bytes, int64_t time)
{
	struct fe_packet packet = {
		.data = bytes->data,
		.size = bytes->size,
		.caught = bytes->caught,
		.time = time,
		.iif = 2,
		.uid = UINT32_MAX,
	};
	enum et_answer answer;

	if (fe_packet_parse(&packet) != FE_PARSE_OK)
		return ET_ERROR;
	packet.src_type = type_of(packet.src, packet.family);
	packet.dst_type = type_of(packet.dst, packet.family);
	play_prelude(w, &packet);
	fe_conntrack_advance(w->ct, packet.time);
	if ((rule->effects & FE_TRIGGERS) != 0 &&
	    fe_conntrack_in(w->ct, &packet, FE_PREROUTING, 0) == FE_CT_DROP)
		return ET_ERROR;
	answer = ask_rule(w, rule, &packet);
	if (packet.flow != NULL)
		(void)fe_conntrack_confirm(w->ct, &packet);
	return answer;
}

static void open_host(struct fe_host *host)
{
	static const uint32_t timeouts[] = {
#define T(NAME, name, now, old) now,
#include "host/timeouts.def"
#undef T
	};

	memset(host, 0, sizeof(*host));
	host->kernel = FE_KERNEL(6, 18);
	memcpy(host->sysctls.timeouts, timeouts, sizeof(timeouts));
	host->sysctls.checksum = 1;
	host->sysctls.tcp_loose = 1;
	host->sysctls.tcp_max_retrans = 3;
}

static bool open_world(struct world *w, const struct et_place *place,
		       const char *rule)
{
	struct fe_read_options options = {.input = FE_INPUT_SAVE,
					  .family = place->family};
	struct fe_buf text = {0};
	const char *line;
	uint32_t index;
	bool ok;

	memset(w, 0, sizeof(*w));
	open_host(&w->host);
	w->ct = fe_conntrack_new(&w->host);
	w->sources = fe_sources_new();
	w->diags = fe_diags_new();
	w->ipsets = fe_ipsets_new();
	index = fe_sources_add(w->sources, "sets", place->ipsets,
			       strlen(place->ipsets));
	ok = fe_ipsets_read(w->ipsets, w->sources, index, w->diags);
	fe_buf_puts(&text, "*raw\n");
	for (line = place->prelude; *line != '\0';) {
		size_t len = strcspn(line, "\n");

		fe_buf_printf(&text, "-A PREROUTING %.*s\n", (int)len, line);
		line += len + 1;
	}
	fe_buf_printf(&text, "COMMIT\n*mangle\n-A PREROUTING %s\nCOMMIT\n",
		      rule);
	index = fe_sources_add(w->sources, "case", fe_buf_text(&text),
			       text.size);
	fe_buf_free(&text);
	ok &= fe_read(w->sources, index, &options, &w->rules, w->diags);
	w->set = place->family == 4 ? w->rules.v4 : w->rules.v6;
	return ok;
}

static void close_world(struct world *w)
{
	fe_conntrack_free(w->ct);
	fe_rules_free(&w->rules);
	fe_ipsets_free(w->ipsets);
	fe_diags_free(w->diags);
	fe_sources_free(w->sources);
}

enum et_answer et_ferrule_judge(const struct et_place *place, const char *rule,
				const struct et_packet *packets, size_t n)
{
	enum et_answer answer = ET_ERROR;
	const struct fe_chain *chain = NULL;
	struct world w;

	if (open_world(&w, place, rule))
		chain = fe_table_chain(&w.set->tables[FE_MANGLE],
				       FE_STR("PREROUTING"));
	for (size_t i = 0; chain != NULL && i < n; i++)
		answer = play(&w, chain->rules.data[0], &packets[i],
			      1000000000 + (int64_t)i * 1000000);
	close_world(&w);
	return answer;
}
