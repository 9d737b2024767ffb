/* ttl (IPv4) and hl (IPv6): how many hops a packet may still go. */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"

/* Less or greater than a number: opt->variant says which. */
enum { LESS, GREATER };

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	return fe_type_number.parse(opt, context, words, value);
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_buf_printf(buf, " %u", (unsigned)setting->value.u);
}

static void cover(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_sink *sink)
{
	unsigned n = (unsigned)setting->value.u;

	(void)family;
	if (opt->variant == GREATER)
		fe_cover_one(sink, opt->field, false, n + 1, 255);
	else if (n == 0)
		fe_cover_never(sink);
	else
		fe_cover_one(sink, opt->field, false, 0, n - 1);
}

static const struct fe_type type_bound = {
	.name = "hops",
	.usage = "NUMBER",
	.parse = parse,
	.print = print,
	.cover = cover,
};

enum { EQ, LT, GT };

#define HOPS(ROW, NAME, ALIAS, TYPE, FLAGS, VARIANT, HELP)                     \
	[ROW] = {.name = NAME, .n_args = 1, .aliases = {ALIAS},                \
		 .type = &(TYPE), .field = FE_F_TTL,                           \
		 .flags = (FLAGS) | FE_EXCLUSIVE,                              \
		 .limits = {.max = 255}, .variant = VARIANT, .help = HELP}

static const struct fe_opt ttl_opts[] = {
	HOPS(EQ, "ttl-eq", "ttl", fe_type_number, FE_NEG, FE_NUMBER_DECIMAL,
	     "the time to live is this"),
	HOPS(LT, "ttl-lt", NULL, type_bound, 0, LESS,
	     "the time to live is less"),
	HOPS(GT, "ttl-gt", NULL, type_bound, 0, GREATER,
	     "the time to live is greater"),
	{.name = NULL},
};

static const struct fe_opt hl_opts[] = {
	HOPS(EQ, "hl-eq", "hl", fe_type_number, FE_NEG, FE_NUMBER_DECIMAL,
	     "the hop limit is this"),
	HOPS(LT, "hl-lt", NULL, type_bound, 0, LESS,
	     "the hop limit is less"),
	HOPS(GT, "hl-gt", NULL, type_bound, 0, GREATER,
	     "the hop limit is greater"),
	{.name = NULL},
};

const struct fe_ext fe_match_ttl = {
	.name = "ttl",
	.kind = FE_MATCH,
	.families = FE_V4,
	.effects_known = true,
	.summary = "the time to live",
	.opts = ttl_opts,
};

const struct fe_ext fe_match_hl = {
	.name = "hl",
	.kind = FE_MATCH,
	.families = FE_V6,
	.effects_known = true,
	.summary = "the hop limit",
	.opts = hl_opts,
};
