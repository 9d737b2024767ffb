/*
 * CT and NOTRACK: what conntrack is to do with a packet it has not seen yet.
 *
 * --notrack wins over everything else beside it, and does not switch tracking
 * on; any other form does. Of several zone options the last number counts, but
 * the directions of all of them, and "mark" stays once it was said; zone 0 is
 * the default zone, which is not saved.
 */
#include "ext/target_ct.h"

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

#define HOOKS (1u << FE_PREROUTING | 1u << FE_OUTPUT)

static const struct fe_name events[] = {
	{"new", 1 << 0},     {"related", 1 << 1},    {"destroy", 1 << 2},
	{"reply", 1 << 3},   {"assured", 1 << 4},    {"protoinfo", 1 << 5},
	{"helper", 1 << 6},  {"mark", 1 << 7},       {"natseqinfo", 1 << 8},
	{"secmark", 1 << 9}, {NULL, 0},
};

static const struct fe_name expect_events[] = {{"new", 1 << 0}, {NULL, 0}};

enum {
	NOTRACK, HELPER, TIMEOUT, EVENTS, EXPECT_EVENTS, ZONE_ORIG, ZONE_REPLY,
	ZONE
};

#define ZONE_ROW(NAME, HELP)                                                   \
	{.name = NAME, .n_args = 1, .type = &fe_type_zone, .help = HELP}

static const struct fe_opt opts[] = {
	[NOTRACK] = {
		.name = "notrack",
		.help = "the packet is not tracked: its state is UNTRACKED",
	},
	[HELPER] = {
		.name = "helper",
		.n_args = 1,
		.type = &fe_type_text,
		.limits = {.max = 15},
		.variant = FE_TEXT_STRICT,
		.help = "the connection tracking helper, such as ftp",
	},
	[TIMEOUT] = {
		.name = "timeout",
		.n_args = 1,
		.type = &fe_type_text,
		.limits = {.min = 1, .max = 31},
		.variant = FE_TEXT_STRICT,
		.help = "the timeout policy, by name",
	},
	[EVENTS] = {
		.name = "ctevents",
		.n_args = 1,
		.type = &fe_type_words,
		.names = events,
		.variant = FE_WORDS_EXACT,
		.help = "only these conntrack events are reported",
	},
	[EXPECT_EVENTS] = {
		.name = "expevents",
		.n_args = 1,
		.type = &fe_type_words,
		.names = expect_events,
		.variant = FE_WORDS_EXACT,
		.help = "only these expectation events are reported",
	},
	[ZONE_ORIG] = ZONE_ROW("zone-orig",
			       "the zone of the original direction"),
	[ZONE_REPLY] = ZONE_ROW("zone-reply",
				"the zone of the reply direction"),
	[ZONE] = ZONE_ROW("zone", "the conntrack zone, or \"mark\""),
	{.name = NULL},
};

static bool is_notrack_part(const struct fe_part *part);

static void read_zones(const struct fe_part *part, struct fe_ct_target *ct)
{
	bool orig = false, reply = false;

	for (uint32_t i = 0; i < part->n; i++) {
		const struct fe_setting *setting = &fe_settings(part)[i];
		uint64_t u = setting->value.u;

		if (setting->opt < ZONE_ORIG)
			continue;
		orig |= setting->opt == ZONE_ORIG;
		reply |= setting->opt == ZONE_REPLY;
		if (u == FE_ZONE_MARK)
			ct->zone_from_mark = true;
		else
			ct->zone = (uint16_t)u;
	}
	if (ct->zone_from_mark)
		ct->zone = 0;
	ct->has_zone = ct->zone_from_mark || ct->zone != 0;
	ct->zone_orig = ct->has_zone && (orig || !reply);
	ct->zone_reply = ct->has_zone && (reply || !orig);
}

struct fe_ct_target fe_target_ct(const struct fe_part *part)
{
	struct fe_ct_target ct = {.notrack = is_notrack_part(part)};

	for (uint32_t i = 0; i < part->n; i++) {
		const struct fe_setting *setting = &fe_settings(part)[i];
		uint64_t u = setting->value.u;

		switch (setting->opt) {
		case NOTRACK:
			break;
		case HELPER:
			ct.helper = setting->value.text[0] != '\0' ?
					    setting->value.text : NULL;
			break;
		case TIMEOUT:
			ct.timeout = setting->value.text;
			break;
		case EVENTS:
			ct.events = (unsigned)u;
			break;
		case EXPECT_EVENTS:
			ct.expect_events = (unsigned)u;
			break;
		default:
			break; /* a zone */
		}
	}
	read_zones(part, &ct);
	return ct;
}

static enum fe_action action_of(const struct fe_part *part)
{
	return is_notrack_part(part) ? FE_ACT_NOTRACK : FE_ACT_CT;
}

static unsigned effects_of(const struct fe_part *part)
{
	return is_notrack_part(part) ? FE_WRITES_CT :
				       FE_TRIGGERS | FE_WRITES_CT;
}

static void print_zone(const struct fe_ct_target *ct, struct fe_buf *buf)
{
	if (!ct->has_zone)
		return;
	fe_buf_puts(buf, ct->zone_orig && ct->zone_reply ? " --zone " :
			 ct->zone_orig ? " --zone-orig " : " --zone-reply ");
	if (ct->zone_from_mark)
		fe_buf_puts(buf, "mark");
	else
		fe_buf_uint(buf, ct->zone);
}

/* In table order, but all zone options together as one. */
static void print(const struct fe_part *part, unsigned family,
		  struct fe_buf *buf)
{
	struct fe_ct_target ct = fe_target_ct(part);

	for (unsigned row = NOTRACK; row < ZONE_ORIG; row++) {
		const struct fe_setting *setting = fe_part_find(part, row);

		if (setting == NULL || (row == HELPER && ct.helper == NULL))
			continue;
		fe_buf_printf(buf, " --%s", opts[row].name);
		if (opts[row].type == &fe_type_text)
			fe_buf_printf(buf, " %s", setting->value.text);
		else if (opts[row].type != NULL)
			opts[row].type->print(&opts[row], setting, family,
					      buf);
	}
	print_zone(&ct, buf);
}

static bool check(struct fe_check_context *context)
{
	const struct fe_setting *setting;
	bool neg, any;

	any = fe_rule_proto(context->rule, &neg) == 0 || neg;
	setting = fe_part_find(context->part, HELPER);
	if (setting != NULL && setting->value.text[0] == '\0')
		setting = NULL;
	if (setting == NULL)
		setting = fe_part_find(context->part, TIMEOUT);
	if (setting != NULL && any && !is_notrack_part(context->part))
		return fe_check_refused(context, setting, NULL, "--%s needs a "
				    "protocol (-p)", opts[setting->opt].name);
	return true;
}

const struct fe_ext fe_target_ct_ext = {
	.name = "CT",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = 1u << FE_RAW,
	.hooks = HOOKS,
	.effects = FE_TRIGGERS | FE_WRITES_CT,
	.effects_known = true,
	.action = FE_ACT_CT,
	.summary = "says how conntrack is to treat the packet",
	.opts = opts,
	.check = check,
	.action_of = action_of,
	.effects_of = effects_of,
	.print = print,
};

static const struct fe_opt no_opts[] = {{.name = NULL}};

const struct fe_ext fe_target_notrack = {
	.name = "NOTRACK",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = 1u << FE_RAW,
	.hooks = HOOKS,
	.effects = FE_WRITES_CT,
	.effects_known = true,
	.action = FE_ACT_NOTRACK,
	.summary = "the packet is not tracked: its state is UNTRACKED",
	.opts = no_opts,
};

static bool is_notrack_part(const struct fe_part *part)
{
	return part->ext == &fe_target_notrack ||
	       fe_part_find(part, NOTRACK) != NULL;
}
