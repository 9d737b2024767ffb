/*
 * The options that every rule may have before any -m, in the order in which
 * iptables-save prints them.
 */
#include "ext/ext.h"

#include <string.h>

#include "option/types.h"
#include "ruleset/rule.h"

static bool in_chain(const struct fe_check_context *context, const char *a,
		     const char *b)
{
	const struct fe_chain *chain = context->rule->chain;

	return chain != NULL && (strcmp(chain->name, a) == 0 ||
				 strcmp(chain->name, b) == 0);
}

/* "! -s 0/0" matches nothing: nf_tables takes no such test. */
static bool check_never(struct fe_check_context *context, unsigned row)
{
	const struct fe_setting *s = fe_part_find(context->part, row);

	return context->backend != FE_NFT || s == NULL || !s->neg ||
	       !fe_u128_eq(fe_net_value(s->value, context->family).mask,
			   fe_u128(0)) ||
	       fe_check_refused(context, s, NULL, "iptables-nft refuses what no "
				"packet can match");
}

static bool check(struct fe_check_context *context)
{
	const struct fe_setting *in, *out, *proto;

	if (!check_never(context, FE_BASE_SOURCE) ||
	    !check_never(context, FE_BASE_DESTINATION))
		return false;

	in = fe_part_find(context->part, FE_BASE_IN);
	out = fe_part_find(context->part, FE_BASE_OUT);
	proto = fe_part_find(context->part, FE_BASE_PROTOCOL);
	if (proto != NULL && proto->neg && proto->value.u == 0)
		return fe_check_bad(context, proto, NULL,
				    "\"! -p all\" would never match");
	if (in != NULL && in_chain(context, "OUTPUT", "POSTROUTING"))
		return fe_check_bad(context, in,
				    "packets have no input interface there",
				    "-i cannot be used in chain %s",
				    context->rule->chain->name);
	if (out != NULL && in_chain(context, "INPUT", "PREROUTING"))
		return fe_check_bad(context, out,
				    "packets have no output interface there",
				    "-o cannot be used in chain %s",
				    context->rule->chain->name);
	return true;
}

/* -f has no words: a later fragment, or with "!" anything else. */
static bool parse_fragment(const struct fe_opt *opt,
			   struct fe_opt_context *context,
			   const struct fe_str *words, union fe_value *value)
{
	(void)opt;
	(void)context;
	(void)words;
	value->u = 1;
	return true;
}

static void print_fragment(const struct fe_opt *opt,
			   const struct fe_setting *setting, unsigned family,
			   struct fe_buf *buf)
{
	(void)opt;
	(void)setting;
	(void)family;
	(void)buf;
}

static void cover_fragment(const struct fe_opt *opt,
			   const struct fe_setting *setting, unsigned family,
			   struct fe_sink *sink)
{
	(void)opt;
	(void)family;
	sink->clause(sink);
	fe_cover_range(sink, FE_F_FRAG, setting->neg, 1, 1);
}

static const struct fe_type type_fragment = {
	.name = "fragment",
	.usage = "",
	.parse = parse_fragment,
	.print = print_fragment,
	.cover = cover_fragment,
};

#define SOURCE                                                                 \
	{.name = "source", .short_name = 's', .n_args = 1,                     \
	 .aliases = {"src"}, .type = &fe_type_net, .field = FE_F_SADDR,        \
	 .flags = FE_NEG, .help = "the source address or network"}
#define DESTINATION                                                            \
	{.name = "destination", .short_name = 'd', .n_args = 1,                \
	 .aliases = {"dst"}, .type = &fe_type_net, .field = FE_F_DADDR,        \
	 .flags = FE_NEG, .help = "the destination address or network"}
#define IN                                                                     \
	{.name = "in-interface", .short_name = 'i', .n_args = 1,               \
	 .type = &fe_type_iface, .field = FE_F_IIF, .flags = FE_NEG,           \
	 .help = "the interface that the packet came in by"}
#define OUT                                                                    \
	{.name = "out-interface", .short_name = 'o', .n_args = 1,              \
	 .type = &fe_type_iface, .field = FE_F_OIF, .flags = FE_NEG,           \
	 .help = "the interface that the packet will leave by"}
#define PROTOCOL                                                               \
	{.name = "protocol", .short_name = 'p', .n_args = 1,                   \
	 .type = &fe_type_proto, .field = FE_F_PROTO, .flags = FE_NEG,         \
	 .help = "the protocol, by name or number"}

static const struct fe_opt opts4[] = {
	[FE_BASE_SOURCE] = SOURCE,
	[FE_BASE_DESTINATION] = DESTINATION,
	[FE_BASE_IN] = IN,
	[FE_BASE_OUT] = OUT,
	[FE_BASE_PROTOCOL] = PROTOCOL,
	[FE_BASE_FRAGMENT] = {
		.name = "fragment",
		.short_name = 'f',
		.aliases = {"fragments"},
		.type = &type_fragment,
		.field = FE_F_FRAG,
		.flags = FE_NEG,
		.help = "a fragment other than the first",
	},
	{.name = NULL},
};

static const struct fe_opt opts6[] = {
	[FE_BASE_SOURCE] = SOURCE,
	[FE_BASE_DESTINATION] = DESTINATION,
	[FE_BASE_IN] = IN,
	[FE_BASE_OUT] = OUT,
	[FE_BASE_PROTOCOL] = PROTOCOL,
	{.name = NULL},
};

const struct fe_ext fe_base4 = {
	.name = "",
	.kind = FE_BASE,
	.families = FE_V4,
	.effects_known = true,
	.summary = "addresses, interfaces and protocol",
	.opts = opts4,
	.check = check,
};

const struct fe_ext fe_base6 = {
	.name = "",
	.kind = FE_BASE,
	.families = FE_V6,
	.effects_known = true,
	.summary = "addresses, interfaces and protocol",
	.opts = opts6,
	.check = check,
};
