/*
 * osf: the operating system that a SYN's options look like. The fingerprints
 * are loaded into the kernel by a program and are in no ruleset, so what
 * matches is unknown.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "ruleset/rule.h"

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	return fe_type_text.parse(opt, context, words, value);
}

/* Never quoted where it can be read back without. */
static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_word_print(setting->value.text, buf);
}

static const struct fe_type type_genre = {
	.name = "genre",
	.usage = "NAME",
	.parse = parse,
	.print = print,
};

static const struct fe_opt opts[] = {
	{
		.name = "genre",
		.n_args = 1,
		.type = &type_genre,
		.flags = FE_NEG | FE_REQUIRED,
		.limits = {.min = 1, .max = 31},
		.variant = FE_TEXT_CUT,
		.help = "the system's name in the fingerprint file",
	},
	{
		.name = "ttl",
		.n_args = 1,
		.type = &fe_type_number,
		.limits = {.max = 2},
		.help = "0: the fingerprint's TTL exactly, 1: at most that, "
			"2: any",
	},
	{
		.name = "log",
		.n_args = 1,
		.type = &fe_type_number,
		.limits = {.max = 2},
		.help = "0: log all fingerprints that match, 1: the first, 2: "
			"all known",
	},
	{.name = NULL},
};

static bool check(struct fe_check_context *context)
{
	bool neg;

	return (fe_rule_proto(context->rule, &neg) == 6 && !neg) ||
	       fe_check_refused(context, NULL, "add -p tcp",
			    "-m osf needs -p tcp");
}

const struct fe_ext fe_match_osf = {
	.name = "osf",
	.kind = FE_MATCH,
	.families = FE_V4,
	.hooks = 1u << FE_PREROUTING | 1u << FE_INPUT | 1u << FE_FORWARD,
	.effects = FE_EMITS,
	.effects_known = true,
	.summary = "the operating system that a SYN comes from",
	.opts = opts,
	.check = check,
	.lower = fe_lower_always_unknown,
};
