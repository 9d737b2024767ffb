/*
 * pkttype: how the link layer delivered the packet. One that this host looped
 * back to itself counts as multicast or broadcast by its destination, as in
 * the kernel.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

enum { HOST, TO_ALL, TO_GROUP, OTHER, LOOPED = 5 };

static const struct fe_name names[] = {
	{"unicast", HOST},         {"host", HOST},
	{"broadcast", TO_ALL},     {"bcast", TO_ALL},
	{"multicast", TO_GROUP},   {"mcast", TO_GROUP},
	{"otherhost", OTHER},
	{NULL, 0},
};

static const struct fe_opt opts[] = {
	{
		.name = "pkt-type",
		.n_args = 1,
		.type = &fe_type_word,
		.field = FE_F_PKTTYPE,
		.flags = FE_NEG | FE_REQUIRED,
		.names = names,
		.variant = FE_WORDS_WHOLE,
		.help = "unicast, broadcast, multicast or otherhost",
	},
	{.name = NULL},
};

static void is_group(struct fe_sink *sink, unsigned family, bool neg)
{
	struct fe_net net4 = {fe_u128(0xe0000000), fe_u128(0xf0000000)};
	struct fe_net net6 = {{0xffull << 56, 0}, {0xffull << 56, 0}};

	fe_net_atom(family == 4 ? net4 : net6, family, FE_F_DADDR, neg, sink);
}

static void type_is(struct fe_sink *sink, unsigned type, bool neg)
{
	fe_cover_range(sink, FE_F_PKTTYPE, neg, type, type);
}

/*
 * Multicast: type is TO_GROUP, or LOOPED with such a destination; broadcast:
 * TO_ALL, or LOOPED without.
 */
static void lower(const struct fe_part *part, unsigned family,
		  struct fe_sink *sink)
{
	unsigned want = (unsigned)fe_settings(part)[0].value.u;
	bool neg = fe_settings(part)[0].neg;

	sink->clause(sink);
	type_is(sink, want, neg);
	if (want != TO_ALL && want != TO_GROUP)
		return;
	if (neg) {
		sink->clause(sink);
		type_is(sink, LOOPED, true);
		is_group(sink, family, want == TO_GROUP);
		return;
	}
	type_is(sink, LOOPED, false);
	sink->clause(sink);
	type_is(sink, want, false);
	is_group(sink, family, want != TO_GROUP);
}

const struct fe_ext fe_match_pkttype = {
	.name = "pkttype",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "how the link layer delivered the packet",
	.opts = opts,
	.lower = lower,
};
