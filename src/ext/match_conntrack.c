/*
 * conntrack and state: what connection tracking knows of a packet.
 *
 * The match is evaluated as a whole (doc/semantics.md). A packet without an
 * entry (INVALID, UNTRACKED, tracking off) is decided by the --ctstate bits
 * alone and every other option is ignored; without --ctstate it never
 * matches, inverted options included. In fields: "has no entry" is ctstate
 * INVALID or UNTRACKED.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

#define STATE(s) (1u << FE_CT_##s)
#define STATE_SNAT (1u << 5)
#define STATE_DNAT (1u << 6)

static const struct fe_name state_names[] = {
	{"INVALID", STATE(INVALID)},
	{"NEW", STATE(NEW)},
	{"RELATED", STATE(RELATED)},
	{"ESTABLISHED", STATE(ESTABLISHED)},
	{"UNTRACKED", STATE(UNTRACKED)},
	{NULL, 0},
};

static const struct fe_name ctstate_names[] = {
	{"INVALID", STATE(INVALID)},
	{"NEW", STATE(NEW)},
	{"RELATED", STATE(RELATED)},
	{"ESTABLISHED", STATE(ESTABLISHED)},
	{"UNTRACKED", STATE(UNTRACKED)},
	{"SNAT", STATE_SNAT},
	{"DNAT", STATE_DNAT},
	{NULL, 0},
};

static const struct fe_name status_names[] = {
	{"NONE", 0},
	{"EXPECTED", FE_IPS_EXPECTED},
	{"SEEN_REPLY", FE_IPS_SEEN_REPLY},
	{"ASSURED", FE_IPS_ASSURED},
	{"CONFIRMED", FE_IPS_CONFIRMED},
	{NULL, 0},
};

static const struct fe_name dir_names[] = {
	{"ORIGINAL", 0},
	{"REPLY", 1},
	{NULL, 0},
};

enum {
	CTSTATE, CTPROTO, CTORIGSRC, CTORIGDST, CTREPLSRC, CTREPLDST,
	CTORIGSRCPORT, CTORIGDSTPORT, CTREPLSRCPORT, CTREPLDSTPORT, CTSTATUS,
	CTEXPIRE, CTDIR
};

#define ADDRESS(NAME, FIELD, HELP)                                             \
	{.name = NAME, .n_args = 1, .type = &fe_type_host, .field = FIELD,     \
	 .flags = FE_NEG, .help = HELP}
#define PORT(NAME, FIELD, HELP)                                                \
	{.name = NAME, .n_args = 1, .type = &fe_type_ports, .field = FIELD,    \
	 .flags = FE_NEG, .variant = FE_PORTS_SHOWN, .help = HELP}

static const struct fe_opt opts[] = {
	[CTSTATE] = {
		.name = "ctstate",
		.n_args = 1,
		.type = &fe_type_words,
		.field = FE_F_CTSTATE,
		.flags = FE_NEG,
		.names = ctstate_names,
		.help = "the packet's state is one of these",
	},
	[CTPROTO] = {
		.name = "ctproto",
		.n_args = 1,
		.type = &fe_type_ctproto,
		.field = FE_F_CTPROTO,
		.flags = FE_NEG,
		.help = "the protocol of the connection",
	},
	[CTORIGSRC] = ADDRESS("ctorigsrc", FE_F_CTORIGSRC,
			      "the first packet's source"),
	[CTORIGDST] = ADDRESS("ctorigdst", FE_F_CTORIGDST,
			      "the first packet's destination, before NAT"),
	[CTREPLSRC] = ADDRESS("ctreplsrc", FE_F_CTREPLSRC,
			      "the source that replies have"),
	[CTREPLDST] = ADDRESS("ctrepldst", FE_F_CTREPLDST,
			      "the destination that replies have"),
	[CTORIGSRCPORT] = PORT("ctorigsrcport", FE_F_CTORIGSRCPORT,
			       "the first packet's source port"),
	[CTORIGDSTPORT] = PORT("ctorigdstport", FE_F_CTORIGDSTPORT,
			       "the first packet's destination port"),
	[CTREPLSRCPORT] = PORT("ctreplsrcport", FE_F_CTREPLSRCPORT,
			       "the source port that replies have"),
	[CTREPLDSTPORT] = PORT("ctrepldstport", FE_F_CTREPLDSTPORT,
			       "the destination port that replies have"),
	[CTSTATUS] = {
		.name = "ctstatus",
		.n_args = 1,
		.type = &fe_type_words,
		.field = FE_F_CTSTATUS,
		.flags = FE_NEG,
		.names = status_names,
		.help = "one of these status bits is set",
	},
	[CTEXPIRE] = {
		.name = "ctexpire",
		.n_args = 1,
		.type = &fe_type_range,
		.field = FE_F_CTEXPIRE,
		.flags = FE_NEG,
		.help = "seconds until the entry expires",
	},
	[CTDIR] = {
		.name = "ctdir",
		.n_args = 1,
		.type = &fe_type_word,
		.field = FE_F_CTDIR,
		.names = dir_names,
		.variant = FE_WORDS_WHOLE,
		.help = "the packet's direction in its connection",
	},
	{.name = NULL},
};

/* Opens a clause that already holds for packets without an entry. */
static void clause(struct fe_sink *sink, bool or_no_entry)
{
	sink->clause(sink);
	if (!or_no_entry)
		return;
	fe_cover_range(sink, FE_F_CTSTATE, false, FE_CT_INVALID,
		       FE_CT_INVALID);
	fe_cover_range(sink, FE_F_CTSTATE, false, FE_CT_UNTRACKED,
		       FE_CT_UNTRACKED);
}

static void state_atom(struct fe_sink *sink, unsigned bit, bool neg)
{
	if (bit == 5)
		fe_cover_mask(sink, FE_F_CTSTATUS, neg, FE_IPS_SRC_NAT,
			      FE_IPS_SRC_NAT);
	else if (bit == 6)
		fe_cover_mask(sink, FE_F_CTSTATUS, neg, FE_IPS_DST_NAT,
			      FE_IPS_DST_NAT);
	else
		fe_cover_range(sink, FE_F_CTSTATE, neg, bit, bit);
}

static void cover_state(const struct fe_setting *setting, struct fe_sink *sink)
{
	if (!setting->neg)
		sink->clause(sink);
	for (unsigned bit = 0; bit < 7; bit++) {
		if ((setting->value.u >> bit & 1) == 0)
			continue;
		if (setting->neg)
			sink->clause(sink);
		state_atom(sink, bit, setting->neg);
	}
}

/* A sink that opens clause() where the type's cover opens its own. */
struct entry_sink {
	struct fe_sink sink;
	struct fe_sink *to;
	bool or_no_entry;
};

static void entry_clause(struct fe_sink *sink)
{
	struct entry_sink *entry = (struct entry_sink *)sink;

	clause(entry->to, entry->or_no_entry);
}

static void entry_atom(struct fe_sink *sink, const struct fe_atom *atom)
{
	struct entry_sink *entry = (struct entry_sink *)sink;

	entry->to->atom(entry->to, atom);
}

static void lower(const struct fe_part *part, unsigned family,
		  struct fe_sink *sink)
{
	const struct fe_setting *state = fe_part_find(part, CTSTATE);
	struct entry_sink entry = {
		.sink = {.clause = entry_clause, .atom = entry_atom},
		.to = sink,
		.or_no_entry = state != NULL,
	};

	if (state != NULL)
		cover_state(state, sink);
	else
		fe_cover_one(sink, FE_F_CTSTATE, false, FE_CT_NEW,
			     FE_CT_ESTABLISHED);
	for (uint32_t i = 0; i < part->n; i++) {
		const struct fe_setting *setting = &fe_settings(part)[i];
		const struct fe_opt *opt = &part->ext->opts[setting->opt];

		if (setting->opt == CTSTATUS) {
			/* Some bit of the mask is set: not (none is). */
			clause(sink, entry.or_no_entry);
			fe_cover_mask(sink, FE_F_CTSTATUS, !setting->neg, 0,
				      setting->value.u);
		} else if (setting->opt != CTSTATE) {
			opt->type->cover(opt, setting, family, &entry.sink);
		}
	}
}

static bool check(struct fe_check_context *context)
{
	if (context->part->n == 0)
		return fe_check_bad(context, NULL, "for example --ctstate "
				    "RELATED,ESTABLISHED",
				    "-m conntrack needs an option");
	return true;
}

const struct fe_ext fe_match_conntrack = {
	.name = "conntrack",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects = FE_TRIGGERS | FE_READS_CT,
	.effects_known = true,
	.summary = "what connection tracking knows of the packet",
	.doc = "Without an entry (INVALID, UNTRACKED) only --ctstate decides; "
	       "without --ctstate such packets never match, inverted options "
	       "included.",
	.opts = opts,
	.check = check,
	.lower = lower,
};

static const struct fe_opt state_opts[] = {
	{
		.name = "state",
		.n_args = 1,
		.type = &fe_type_words,
		.field = FE_F_CTSTATE,
		.flags = FE_NEG | FE_REQUIRED,
		.names = state_names,
		.help = "the packet's state is one of these",
	},
	{.name = NULL},
};

static void lower_state(const struct fe_part *part, unsigned family,
			struct fe_sink *sink)
{
	(void)family;
	for (uint32_t i = 0; i < part->n; i++)
		cover_state(&fe_settings(part)[i], sink);
}

const struct fe_ext fe_match_state = {
	.name = "state",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects = FE_TRIGGERS | FE_READS_CT,
	.effects_known = true,
	.summary = "the packet's state by connection tracking",
	.doc = "The older form of -m conntrack --ctstate.",
	.opts = state_opts,
	.lower = lower_state,
};
