/*
 * set: membership in an IP set.
 *
 * The membership itself is one atom; counters and --return-nomatch make it
 * unknown. A set is taken to hold what the snapshot says: rules that write
 * sets (-j SET) have FE_SHARES.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "ruleset/rule.h"

enum {
	MATCH_SET, RETURN_NOMATCH, UPDATE, UPDATE_SUB, PACKETS_EQ, PACKETS_LT,
	PACKETS_GT, BYTES_EQ, BYTES_LT, BYTES_GT
};

#define PACKETS (1u << PACKETS_EQ | 1u << PACKETS_LT | 1u << PACKETS_GT)
#define BYTES (1u << BYTES_EQ | 1u << BYTES_LT | 1u << BYTES_GT)

#define COUNTER(ROW, NAME, FLAGS, GROUP, HELP)                                 \
	[ROW] = {.name = NAME, .n_args = 1, .type = &fe_type_number,           \
		 .flags = FLAGS, .excludes = (GROUP) & ~(1u << (ROW)),         \
		 .limits = {.max = UINT64_MAX}, .help = HELP}

static const struct fe_opt opts[] = {
	[MATCH_SET] = {
		.name = "match-set",
		.n_args = 2,
		.aliases = {"set"},
		.type = &fe_type_set,
		.flags = FE_NEG | FE_REQUIRED,
		.help = "the set holds the packet's addresses and ports",
	},
	[RETURN_NOMATCH] = {
		.name = "return-nomatch",
		.flags = FE_MULTI,
		.help = "an entry marked nomatch counts as a match",
	},
	[UPDATE] = {
		.name = "update-counters",
		.flags = FE_NEG | FE_MULTI,
		.help = "with !: the entry's counters are left alone",
	},
	[UPDATE_SUB] = {
		.name = "update-subcounters",
		.flags = FE_NEG | FE_MULTI,
		.help = "with !: counters of member sets are left alone",
	},
	COUNTER(PACKETS_EQ, "packets-eq", FE_NEG, PACKETS,
		"the entry's packet counter is this"),
	COUNTER(PACKETS_LT, "packets-lt", 0, PACKETS,
		"the entry's packet counter is less"),
	COUNTER(PACKETS_GT, "packets-gt", 0, PACKETS,
		"the entry's packet counter is greater"),
	COUNTER(BYTES_EQ, "bytes-eq", FE_NEG, BYTES,
		"the entry's byte counter is this"),
	COUNTER(BYTES_LT, "bytes-lt", 0, BYTES,
		"the entry's byte counter is less"),
	COUNTER(BYTES_GT, "bytes-gt", 0, BYTES,
		"the entry's byte counter is greater"),
	{.name = NULL},
};

static bool counts(const struct fe_part *part)
{
	for (uint32_t i = 0; i < part->n; i++) {
		if (fe_settings(part)[i].opt >= PACKETS_EQ)
			return true;
	}
	return false;
}

/* Once each, however often given; the counters only where inverted, since
 * they are updated anyway. */
static void print(const struct fe_part *part, unsigned family,
		  struct fe_buf *buf)
{
	for (unsigned row = 0; opts[row].name != NULL; row++) {
		bool is_flag = row >= RETURN_NOMATCH && row <= UPDATE_SUB;

		for (uint32_t i = 0; i < part->n; i++) {
			const struct fe_setting *s = &fe_settings(part)[i];

			if (s->opt != row || ((row == UPDATE ||
					       row == UPDATE_SUB) && !s->neg))
				continue;
			fe_buf_puts(buf, s->neg ? " ! --" : " --");
			fe_buf_puts(buf, opts[row].name);
			if (opts[row].type != NULL)
				opts[row].type->print(&opts[row], s, family,
						      buf);
			if (is_flag)
				break;
		}
	}
}

static unsigned effects_of(const struct fe_part *part)
{
	return counts(part) ? FE_SHARES : 0;
}

static void lower(const struct fe_part *part, unsigned family,
		  struct fe_sink *sink)
{
	const struct fe_setting *set = fe_part_find(part, MATCH_SET);

	if (set != NULL && !counts(part) &&
	    fe_part_find(part, RETURN_NOMATCH) == NULL) {
		fe_type_set.cover(&opts[MATCH_SET], set, family, sink);
		return;
	}
	sink->clause(sink);
	fe_cover_unknown(sink, "set");
}

const struct fe_ext fe_match_set = {
	.name = "set",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "membership in an IP set",
	.doc = "What sets hold is read from an `ipset save` file.",
	.opts = opts,
	.print = print,
	.effects_of = effects_of,
	.lower = lower,
};
