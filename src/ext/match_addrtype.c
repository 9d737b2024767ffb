/*
 * addrtype: what the routing table calls an address.
 *
 * IPv4 asks the table once, and any type of the list will do. IPv6 differs
 * (the kernel's match_type6): MULTICAST, UNICAST and UNSPEC are tests of the
 * address itself and must all hold; only LOCAL, ANYCAST and UNREACHABLE ask
 * the table, and any of them will do. With --limit-iface-* the answer depends
 * on one interface's addresses, which no field tells.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

/* Bits are 1 << RTN_*. */
enum {
	UNSPEC, UNICAST, LOCAL, BROADCAST, ANYCAST, MULTICAST, BLACKHOLE,
	UNREACHABLE, PROHIBIT, THROW, NAT, XRESOLVE, N_TYPES
};

static const struct fe_name names[] = {
	{"UNSPEC", 1u << UNSPEC},       {"UNICAST", 1u << UNICAST},
	{"LOCAL", 1u << LOCAL},         {"BROADCAST", 1u << BROADCAST},
	{"ANYCAST", 1u << ANYCAST},     {"MULTICAST", 1u << MULTICAST},
	{"BLACKHOLE", 1u << BLACKHOLE}, {"UNREACHABLE", 1u << UNREACHABLE},
	{"PROHIBIT", 1u << PROHIBIT},   {"THROW", 1u << THROW},
	{"NAT", 1u << NAT},             {"XRESOLVE", 1u << XRESOLVE},
	{NULL, 0},
};

#define ROUTED6 (1u << LOCAL | 1u << ANYCAST | 1u << UNREACHABLE)
#define KNOWN6 (ROUTED6 | 1u << UNSPEC | 1u << UNICAST | 1u << MULTICAST)

enum { SRC, DST, IFACE_IN, IFACE_OUT };

static const struct fe_opt opts[] = {
	[SRC] = {
		.name = "src-type",
		.n_args = 1,
		.type = &fe_type_words,
		.field = FE_F_SRC_TYPE,
		.flags = FE_NEG,
		.names = names,
		.help = "the source address is of one of these types",
	},
	[DST] = {
		.name = "dst-type",
		.n_args = 1,
		.type = &fe_type_words,
		.field = FE_F_DST_TYPE,
		.flags = FE_NEG,
		.names = names,
		.help = "the destination address is of one of these types",
	},
	[IFACE_IN] = {
		.name = "limit-iface-in",
		.excludes = 1u << IFACE_OUT,
		.help = "only addresses of the input interface are LOCAL",
	},
	[IFACE_OUT] = {
		.name = "limit-iface-out",
		.excludes = 1u << IFACE_IN,
		.help = "only addresses of the output interface are LOCAL",
	},
	{.name = NULL},
};

static void cover4(struct fe_sink *sink, enum fe_field type, bool neg,
		   uint64_t mask)
{
	if (!neg)
		sink->clause(sink);
	for (unsigned t = 0; t < N_TYPES; t++) {
		if ((mask >> t & 1) == 0)
			continue;
		if (neg)
			sink->clause(sink);
		fe_cover_range(sink, type, neg, t, t);
	}
}

/* Tests of the address: all of those whose bit is in mask must be as said. */
static const struct {
	unsigned type;
	bool in; /* the address must be in net, else outside */
	struct fe_net net;
} tests6[] = {
	{MULTICAST, true, {{0xffull << 56, 0}, {0xffull << 56, 0}}},
	{UNSPEC, true, {{0, 0}, {UINT64_MAX, UINT64_MAX}}},
	/* Unicast is what is not multicast, unspecified or v4-mapped. */
	{UNICAST, false, {{0xffull << 56, 0}, {0xffull << 56, 0}}},
	{UNICAST, false, {{0, 0}, {UINT64_MAX, UINT64_MAX}}},
	{UNICAST, false, {{0, 0xffffull << 32}, {UINT64_MAX, ~0xffffffffull}}},
};

static void tests(struct fe_sink *sink, enum fe_field addr, bool neg,
		  uint64_t mask)
{
	for (size_t i = 0; i < sizeof(tests6) / sizeof(tests6[0]); i++) {
		if ((mask >> tests6[i].type & 1) == 0)
			continue;
		if (!neg)
			sink->clause(sink);
		fe_net_atom(tests6[i].net, 6, addr, tests6[i].in == neg, sink);
	}
}

static void cover6(struct fe_sink *sink, enum fe_field addr,
		   enum fe_field type, bool neg, uint64_t mask)
{
	if (!neg) {
		tests(sink, addr, false, mask);
		if ((mask & ROUTED6) != 0)
			cover4(sink, type, false, mask & ROUTED6);
		return;
	}
	/* Some test fails, or the table's answer is none of those. */
	if ((mask & ROUTED6) == 0) {
		sink->clause(sink);
		tests(sink, addr, true, mask);
		return;
	}
	for (unsigned t = 0; t < N_TYPES; t++) {
		if ((mask & ROUTED6) >> t & 1) {
			sink->clause(sink);
			tests(sink, addr, true, mask);
			fe_cover_range(sink, type, true, t, t);
		}
	}
}

static void lower(const struct fe_part *part, unsigned family,
		  struct fe_sink *sink)
{
	for (uint32_t i = 0; i < part->n; i++) {
		const struct fe_setting *setting = &fe_settings(part)[i];

		if (setting->opt > DST) {
			sink->clause(sink);
			fe_cover_unknown(sink, opts[setting->opt].name);
			return;
		}
	}
	for (uint32_t i = 0; i < part->n; i++) {
		const struct fe_setting *setting = &fe_settings(part)[i];
		bool src = setting->opt == SRC;

		if (family == 4)
			cover4(sink, opts[setting->opt].field, setting->neg,
			       setting->value.u);
		else
			cover6(sink, src ? FE_F_SADDR : FE_F_DADDR,
			       opts[setting->opt].field, setting->neg,
			       setting->value.u);
	}
}

static bool check(struct fe_check_context *context)
{
	const struct fe_part *part = context->part;
	const struct fe_setting *src = fe_part_find(part, SRC);
	const struct fe_setting *dst = fe_part_find(part, DST);

	if (src == NULL && dst == NULL)
		return fe_check_bad(context, NULL, NULL, "-m addrtype needs "
				    "--src-type or --dst-type");
	if (context->family == 6 &&
	    ((src != NULL && (src->value.u & ~(uint64_t)KNOWN6) != 0) ||
	     (dst != NULL && (dst->value.u & ~(uint64_t)KNOWN6) != 0)))
		return fe_check_bad(context, NULL, NULL, "IPv6 knows UNSPEC, "
				    "UNICAST, LOCAL, ANYCAST, MULTICAST and "
				    "UNREACHABLE only");
	return true;
}

/* There is no such interface to limit the question to. */
static bool check_hooks(struct fe_check_context *context, unsigned hooks)
{
	const struct fe_setting *in = fe_part_find(context->part, IFACE_IN);
	const struct fe_setting *out = fe_part_find(context->part, IFACE_OUT);

	if (in && (hooks & (1u << FE_OUTPUT | 1u << FE_POSTROUTING)))
		return fe_check_bad(context, in, NULL,
				    "--limit-iface-in is refused where OUTPUT "
				    "or POSTROUTING reach the rule");
	if (out && (hooks & (1u << FE_PREROUTING | 1u << FE_INPUT)))
		return fe_check_bad(context, out, NULL,
				    "--limit-iface-out is refused where "
				    "PREROUTING or INPUT reach the rule");
	return true;
}

const struct fe_ext fe_match_addrtype = {
	.name = "addrtype",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "what the routing table calls an address",
	.doc = "LOCAL stands for all addresses of the host. In IPv6 "
	       "MULTICAST, UNICAST and UNSPEC look at the address alone, and "
	       "all that are listed must hold.",
	.opts = opts,
	.check = check,
	.check_hooks = check_hooks,
	.lower = lower,
};
