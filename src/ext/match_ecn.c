/*
 * ecn: explicit congestion notification, in the IP header (the two lower bits
 * of the TOS octet or traffic class) and in TCP's CWR and ECE flags.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

enum { CWR, ECE, ECT };

/* --ecn-ip-ect N: the codepoint. */
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
	(void)family;
	sink->clause(sink);
	fe_cover_mask(sink, opt->field, setting->neg, setting->value.u, 3);
}

static const struct fe_type type_codepoint = {
	.name = "codepoint",
	.usage = "0..3",
	.parse = parse,
	.print = print,
	.cover = cover,
};

static bool parse_flag(const struct fe_opt *opt, struct fe_opt_context *context,
		       const struct fe_str *words, union fe_value *value)
{
	(void)context;
	(void)words;
	value->u = opt->variant;
	return true;
}

static void print_flag(const struct fe_opt *opt,
		       const struct fe_setting *setting, unsigned family,
		       struct fe_buf *buf)
{
	(void)opt;
	(void)setting;
	(void)family;
	(void)buf;
}

static void cover_flag(const struct fe_opt *opt,
		       const struct fe_setting *setting, unsigned family,
		       struct fe_sink *sink)
{
	(void)family;
	/* Without a whole header the kernel may read what isn't one. */
	sink->clause(sink);
	fe_cover_range(sink, FE_F_HDR, false, FE_HDR_WHOLE, FE_HDR_WHOLE);
	fe_cover_unknown(sink, opt->name);
	sink->clause(sink);
	fe_cover_mask(sink, opt->field, setting->neg, opt->variant,
		      opt->variant);
}

static const struct fe_type type_flag = {
	.name = "flag",
	.usage = "",
	.parse = parse_flag,
	.print = print_flag,
	.cover = cover_flag,
};

static const struct fe_opt opts[] = {
	[CWR] = {
		.name = "ecn-tcp-cwr",
		.type = &type_flag,
		.field = FE_F_TCP_FLAGS,
		.flags = FE_NEG,
		.variant = FE_TCP_CWR,
		.help = "TCP's flag CWR is set",
	},
	[ECE] = {
		.name = "ecn-tcp-ece",
		.type = &type_flag,
		.field = FE_F_TCP_FLAGS,
		.flags = FE_NEG,
		.variant = FE_TCP_ECE,
		.help = "TCP's flag ECE is set",
	},
	[ECT] = {
		.name = "ecn-ip-ect",
		.n_args = 1,
		.type = &type_codepoint,
		.field = FE_F_TOS,
		.flags = FE_NEG,
		.limits = {.max = 3},
		.help = "the codepoint in the IP header",
	},
	{.name = NULL},
};

static const unsigned print_order[] = {ECE, CWR, ECT};

static void print_all(const struct fe_part *part, unsigned family,
		      struct fe_buf *buf)
{
	for (unsigned i = 0; i < 3; i++) {
		unsigned row = print_order[i];
		const struct fe_setting *s = fe_part_find(part, row);

		if (s == NULL)
			continue;
		fe_buf_puts(buf, s->neg ? " ! --" : " --");
		fe_buf_puts(buf, opts[row].name);
		opts[row].type->print(&opts[row], s, family, buf);
	}
}

static bool check(struct fe_check_context *context)
{
	const struct fe_part *part = context->part;
	const struct fe_setting *flag = fe_part_find(part, CWR);
	bool neg;

	if (part->n == 0)
		return fe_check_bad(context, NULL, NULL,
				    "-m ecn needs an option");
	if (flag == NULL)
		flag = fe_part_find(part, ECE);
	return flag == NULL ||
	       (fe_rule_proto(context->rule, &neg) == 6 && !neg) ||
	       fe_check_bad(context, flag, "add -p tcp",
			    "TCP's flags need -p tcp");
}

const struct fe_ext fe_match_ecn = {
	.name = "ecn",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "explicit congestion notification of IP and TCP",
	.opts = opts,
	.check = check,
	.print = print_all,
};
