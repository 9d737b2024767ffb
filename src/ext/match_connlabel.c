/*
 * connlabel: a label bit of the connection. Labels have names in
 * /etc/xtables/connlabel.conf, which is not read: only numbers are
 * understood. The engine keeps no labels, so what matches is unknown.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

enum { LABEL, SET };
enum { LAST_LABEL = 127 };

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	return fe_str_u64(words[0], 0, LAST_LABEL, &value->u) ||
	       fe_opt_bad(opt, context,
			  "\"%.*s\" is no label number from 0 to %d",
			  (int)words[0].len, words[0].s, LAST_LABEL);
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_buf_printf(buf, " \"%u\"", (unsigned)setting->value.u);
}

static const struct fe_type type_label = {
	.name = "label",
	.usage = "NUMBER",
	.parse = parse,
	.print = print,
};

static const struct fe_opt opts[] = {
	[LABEL] = {
		.name = "label",
		.n_args = 1,
		.type = &type_label,
		.flags = FE_NEG | FE_REQUIRED,
		.help = "the label's bit, 0 to 127",
	},
	[SET] = {
		.name = "set",
		.help = "set the label first; matches where that worked",
	},
	{.name = NULL},
};

static unsigned effects_of(const struct fe_part *part)
{
	unsigned effects = FE_TRIGGERS | FE_READS_CT;

	return fe_part_find(part, SET) != NULL ? effects | FE_WRITES_CT :
						 effects;
}

const struct fe_ext fe_match_connlabel = {
	.name = "connlabel",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "a label of the connection",
	.opts = opts,
	.effects_of = effects_of,
	.lower = fe_lower_always_unknown,
};
