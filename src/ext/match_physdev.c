/*
 * physdev: the bridge ports that a packet goes through. Nothing of a bridge
 * is modelled, so it is unknown.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "ruleset/rule.h"

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	return fe_type_iface.parse(opt, context, words, value);
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_word_print(setting->value.text, buf);
}

static const struct fe_type type_port = {
	.name = "interface",
	.usage = "NAME[+]",
	.parse = parse,
	.print = print,
};

enum { IS_IN, IN, IS_OUT, OUT, BRIDGED };

static const struct fe_opt opts[] = {
	[IS_IN] = {
		.name = "physdev-is-in",
		.flags = FE_NEG,
		.help = "the packet came in by a bridge port",
	},
	[IN] = {
		.name = "physdev-in",
		.n_args = 1,
		.type = &type_port,
		.flags = FE_NEG,
		.help = "the bridge port that it came in by",
	},
	[IS_OUT] = {
		.name = "physdev-is-out",
		.flags = FE_NEG,
		.help = "the packet leaves by a bridge port",
	},
	[OUT] = {
		.name = "physdev-out",
		.n_args = 1,
		.type = &type_port,
		.flags = FE_NEG,
		.help = "the bridge port that it leaves by",
	},
	[BRIDGED] = {
		.name = "physdev-is-bridged",
		.flags = FE_NEG,
		.help = "the packet is bridged, not routed",
	},
	{.name = NULL},
};

static bool check(struct fe_check_context *context)
{
	return context->part->n > 0 ||
	       fe_check_bad(context, NULL, NULL, "-m physdev needs an option");
}

/* The kernel knows no bridge port yet when a packet of the host leaves. */
static bool check_hooks(struct fe_check_context *context, unsigned hooks)
{
	const struct fe_setting *bridged =
		fe_part_find(context->part, BRIDGED);
	const struct fe_setting *out = fe_part_find(context->part, OUT);

	if (out == NULL)
		out = fe_part_find(context->part, IS_OUT);
	return out == NULL || (hooks & 1u << FE_OUTPUT) == 0 ||
	       (bridged != NULL && !bridged->neg) ||
	       fe_check_bad(context, out, "add --physdev-is-bridged",
			    "in OUTPUT a packet has no bridge port to leave "
			    "by yet");
}

const struct fe_ext fe_match_physdev = {
	.name = "physdev",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "the bridge ports that a packet goes through",
	.opts = opts,
	.check = check,
	.check_hooks = check_hooks,
};
