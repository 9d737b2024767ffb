/*
 * devgroup and realm: groups of interfaces and of routes. Names for them
 * stand in files of iproute2; only those of a host as installed are known
 * ("default", "cosmos"). No capture tells groups or realms: unknown.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

/* VALUE[/MASK], hex; a name stands for its number. opt->names knows names. */
static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct fe_str number, mask;
	uint64_t n, m = UINT32_MAX;

	for (const struct fe_name *name = opt->names; name->name; name++) {
		if (!fe_str_is(words[0], name->name))
			continue;
		value->masked.value = (uint32_t)name->value;
		value->masked.mask = UINT32_MAX;
		return true;
	}
	if ((fe_str_cut(words[0], '/', &number, &mask) &&
	     !fe_number_read(mask, UINT32_MAX, &m)) ||
	    !fe_number_read(number, UINT32_MAX, &n))
		return fe_opt_bad(opt, context, "\"%.*s\" is no number or name",
				  (int)words[0].len, words[0].s);
	value->masked.value = (uint32_t)n;
	value->masked.mask = (uint32_t)m;
	return true;
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	uint32_t n = setting->value.masked.value;
	uint32_t mask = setting->value.masked.mask;

	(void)family;
	for (const struct fe_name *name = opt->names; name->name; name++) {
		if (name->value == n && mask == UINT32_MAX) {
			fe_buf_printf(buf, " %s", name->name);
			return;
		}
	}
	fe_buf_printf(buf, " 0x%x", n);
	if (mask != UINT32_MAX)
		fe_buf_printf(buf, "/0x%x", mask);
}

static const struct fe_type type_group = {
	.name = "group",
	.usage = "NUMBER[/MASK]|NAME",
	.parse = parse,
	.print = print,
};

enum { SRC, DST };

static const struct fe_name groups[] = {{"default", 0}, {NULL, 0}};
static const struct fe_name realms[] = {{"cosmos", 0}, {NULL, 0}};

static const struct fe_opt devgroup_opts[] = {
	[SRC] = {
		.name = "src-group",
		.n_args = 1,
		.type = &type_group,
		.flags = FE_NEG,
		.names = groups,
		.help = "the group of the interface that it came in by",
	},
	[DST] = {
		.name = "dst-group",
		.n_args = 1,
		.type = &type_group,
		.flags = FE_NEG,
		.names = groups,
		.help = "the group of the interface that it leaves by",
	},
	{.name = NULL},
};

static bool check_devgroup(struct fe_check_context *context)
{
	return context->part->n > 0 ||
	       fe_check_bad(context, NULL, NULL,
			    "-m devgroup needs --src-group or --dst-group");
}

static bool check_devgroup_hooks(struct fe_check_context *context,
				 unsigned hooks)
{
	const struct fe_setting *src = fe_part_find(context->part, SRC);
	const struct fe_setting *dst = fe_part_find(context->part, DST);

	if (src != NULL &&
	    (hooks & (1u << FE_OUTPUT | 1u << FE_POSTROUTING)) != 0)
		return fe_check_bad(context, src, NULL, "there a packet has no "
				    "interface that it came in by");
	if (dst != NULL &&
	    (hooks & (1u << FE_PREROUTING | 1u << FE_INPUT)) != 0)
		return fe_check_bad(context, dst, NULL, "there a packet has no "
				    "interface that it leaves by");
	return true;
}

const struct fe_ext fe_match_devgroup = {
	.name = "devgroup",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "the group of a packet's interface",
	.opts = devgroup_opts,
	.check = check_devgroup,
	.check_hooks = check_devgroup_hooks,
	.lower = fe_lower_always_unknown,
};

static const struct fe_opt realm_opts[] = {
	{
		.name = "realm",
		.n_args = 1,
		.type = &type_group,
		.flags = FE_NEG | FE_REQUIRED,
		.names = realms,
		.help = "the realm of the packet's route",
	},
	{.name = NULL},
};

const struct fe_ext fe_match_realm = {
	.name = "realm",
	.kind = FE_MATCH,
	.families = FE_V4,
	.hooks = 1u << FE_INPUT | 1u << FE_FORWARD | 1u << FE_OUTPUT |
		 1u << FE_POSTROUTING,
	.effects_known = true,
	.summary = "the realm of the packet's route",
	.opts = realm_opts,
	.lower = fe_lower_always_unknown,
};
