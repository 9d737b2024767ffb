/* LOG: writes a line to the kernel's log; the packet goes on. */
#include "ext/target_log.h"

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

#define DEFAULT_LEVEL 4

static const struct fe_name levels[] = {
	{"emerg", 0},   {"panic", 0}, {"alert", 1},  {"crit", 2},
	{"error", 3},   {"warning", 4}, {"notice", 5}, {"info", 6},
	{"debug", 7},   {NULL, 0},
};

static bool parse_level(const struct fe_opt *opt,
			struct fe_opt_context *context,
			const struct fe_str *words, union fe_value *value)
{
	if (fe_number_read(words[0], 7, &value->u))
		return true;
	for (const struct fe_name *n = levels; n->name != NULL; n++) {
		if (fe_str_is(words[0], n->name)) {
			value->u = n->value;
			return true;
		}
	}
	return fe_opt_unknown(opt, context, "level", words[0], levels);
}

static void print_level(const struct fe_opt *opt,
			const struct fe_setting *setting, unsigned family,
			struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	if (setting->value.u != DEFAULT_LEVEL)
		fe_buf_printf(buf, " %u", (unsigned)setting->value.u);
}

static const struct fe_type type_level = {
	.name = "level",
	.usage = "0-7|NAME",
	.parse = parse_level,
	.print = print_level,
};

static bool parse_prefix(const struct fe_opt *opt,
			 struct fe_opt_context *context,
			 const struct fe_str *words, union fe_value *value)
{
	for (size_t i = 0; i < words[0].len; i++) {
		if (words[0].s[i] == '\n')
			return fe_opt_bad(opt, context,
					  "a newline is not allowed");
	}
	return fe_type_text.parse(opt, context, words, value);
}

static void print_prefix(const struct fe_opt *opt,
			 const struct fe_setting *setting, unsigned family,
			 struct fe_buf *buf)
{
	fe_type_text.print(opt, setting, family, buf);
}

static const struct fe_type type_prefix = {
	.name = "text",
	.usage = "TEXT",
	.parse = parse_prefix,
	.print = print_prefix,
};

enum { PREFIX, LEVEL, SEQUENCE, TCP_OPTIONS, IP_OPTIONS, UID, MACDECODE };

static const struct fe_opt opts[] = {
	[PREFIX] = {
		.name = "log-prefix",
		.n_args = 1,
		.type = &type_prefix,
		.limits = {.min = 1, .max = 29},
		.help = "text before the line, at most 29 bytes",
	},
	[LEVEL] = {
		.name = "log-level",
		.n_args = 1,
		.type = &type_level,
		.help = "the level, 0 to 7 or a name; 4 (warning) by default",
	},
	[SEQUENCE] = {
		.name = "log-tcp-sequence",
		.help = "TCP sequence numbers are logged",
	},
	[TCP_OPTIONS] = {
		.name = "log-tcp-options",
		.help = "options of the TCP header are logged",
	},
	[IP_OPTIONS] = {
		.name = "log-ip-options",
		.help = "options of the IP header are logged",
	},
	[UID] = {
		.name = "log-uid",
		.help = "the user that sent the packet is logged",
	},
	[MACDECODE] = {
		.name = "log-macdecode",
		.help = "MAC addresses are logged one by one",
	},
	{.name = NULL},
};

struct fe_log fe_target_log(const struct fe_part *part)
{
	static const unsigned flags[] = {
		[SEQUENCE] = FE_LOG_TCP_SEQUENCE,
		[TCP_OPTIONS] = FE_LOG_TCP_OPTIONS,
		[IP_OPTIONS] = FE_LOG_IP_OPTIONS,
		[UID] = FE_LOG_UID,
		[MACDECODE] = FE_LOG_MACDECODE,
	};
	struct fe_log log = {.prefix = "", .level = DEFAULT_LEVEL};

	for (uint32_t i = 0; i < part->n; i++) {
		const struct fe_setting *setting = &fe_settings(part)[i];

		if (setting->opt == PREFIX)
			log.prefix = setting->value.text;
		else if (setting->opt == LEVEL)
			log.level = (unsigned)setting->value.u;
		else
			log.flags |= flags[setting->opt];
	}
	return log;
}

const struct fe_ext fe_target_log_ext = {
	.name = "LOG",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.effects = FE_EMITS,
	.effects_known = true,
	.action = FE_ACT_LOG,
	.summary = "writes a line to the kernel's log; the packet goes on",
	.opts = opts,
};
