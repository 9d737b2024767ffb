/*
 * Targets after which a packet goes on, and that change nothing that rules or
 * the engine look at: CHECKSUM, NFLOG, TRACE, CLASSIFY.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"

static const struct fe_opt checksum_opts[] = {
	{
		.name = "checksum-fill",
		.flags = FE_REQUIRED,
		.help = "computes a checksum that was left to the hardware",
	},
	{.name = NULL},
};

const struct fe_ext fe_target_checksum = {
	.name = "CHECKSUM",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = 1u << FE_MANGLE,
	.effects = FE_MANGLES,
	.effects_known = true,
	.action = FE_ACT_CONTINUE,
	.summary = "fills in a checksum that was left to the hardware",
	.opts = checksum_opts,
};

/* A number that is not saved when it is 0. */
static bool parse_number(const struct fe_opt *opt,
			 struct fe_opt_context *context,
			 const struct fe_str *words, union fe_value *value)
{
	return fe_type_number.parse(opt, context, words, value);
}

static void print_number(const struct fe_opt *opt,
			 const struct fe_setting *setting, unsigned family,
			 struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	if (setting->value.u != 0)
		fe_buf_printf(buf, " %u", (unsigned)setting->value.u);
}

static const struct fe_type type_nonzero = {
	.name = "number",
	.usage = "NUMBER",
	.parse = parse_number,
	.print = print_number,
};

enum { NFLOG_PREFIX, NFLOG_GROUP, NFLOG_RANGE, NFLOG_SIZE, NFLOG_THRESHOLD };

static const struct fe_opt nflog_opts[] = {
	[NFLOG_PREFIX] = {
		.name = "nflog-prefix",
		.n_args = 1,
		.type = &fe_type_text,
		.limits = {.min = 1, .max = 63},
		.help = "text that goes with the packet, at most 63 bytes",
	},
	[NFLOG_GROUP] = {
		.name = "nflog-group",
		.n_args = 1,
		.type = &type_nonzero,
		.limits = {.max = 65535},
		.help = "the netlink group that receives it",
	},
	[NFLOG_RANGE] = {
		.name = "nflog-range",
		.n_args = 1,
		.flags = FE_NFT_DROPS,
		.type = &type_nonzero,
		.excludes = 1u << NFLOG_SIZE,
		.help = "bytes of the packet that are copied (no effect)",
	},
	[NFLOG_SIZE] = {
		.name = "nflog-size",
		.n_args = 1,
		.type = &fe_type_number,
		.excludes = 1u << NFLOG_RANGE,
		.help = "bytes of the packet that are copied",
	},
	[NFLOG_THRESHOLD] = {
		.name = "nflog-threshold",
		.n_args = 1,
		.type = &type_nonzero,
		.limits = {.max = 65535},
		.help = "packets that are gathered before they are sent",
	},
	{.name = NULL},
};

const struct fe_ext fe_target_nflog = {
	.name = "NFLOG",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.effects = FE_EMITS,
	.effects_known = true,
	.action = FE_ACT_CONTINUE,
	.summary = "sends a copy to a program; the packet goes on",
	.opts = nflog_opts,
};

static const struct fe_opt no_opts[] = {{.name = NULL}};

const struct fe_ext fe_target_trace = {
	.name = "TRACE",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = 1u << FE_RAW,
	.hooks = 1u << FE_PREROUTING | 1u << FE_OUTPUT,
	.effects = FE_EMITS,
	.effects_known = true,
	.action = FE_ACT_CONTINUE,
	.is_native = true,
	.summary = "logs every rule that the packet meets from here on",
	.opts = no_opts,
};

/* MAJOR:MINOR, hex; only the low 16 bits of each are kept. */
static bool parse_class(const struct fe_opt *opt,
			struct fe_opt_context *context,
			const struct fe_str *words, union fe_value *value)
{
	struct fe_str part[2];
	uint32_t n[2] = {0, 0};
	bool fine = fe_str_cut(words[0], ':', &part[0], &part[1]);

	for (unsigned i = 0; i < 2 && fine; i++) {
		if (fe_str_starts(part[i], "0x")) {
			part[i].s += 2;
			part[i].len -= 2;
		}
		fine = part[i].len > 0 && part[i].len <= 8;
		for (size_t j = 0; j < part[i].len && fine; j++) {
			char c = part[i].s[j];

			if (c >= '0' && c <= '9')
				n[i] = n[i] << 4 | (uint32_t)(c - '0');
			else if ((c | 32) >= 'a' && (c | 32) <= 'f')
				n[i] = n[i] << 4 |
				       (uint32_t)((c | 32) - 'a' + 10);
			else
				fine = false;
		}
	}
	value->u = (uint64_t)(n[0] & 0xffff) << 16 | (n[1] & 0xffff);
	return fine || fe_opt_bad(opt, context, "\"%.*s\" is not a class",
				  (int)words[0].len, words[0].s);
}

static void print_class(const struct fe_opt *opt,
			const struct fe_setting *setting, unsigned family,
			struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_buf_printf(buf, " %04x:%04x", (unsigned)(setting->value.u >> 16),
		      (unsigned)(setting->value.u & 0xffff));
}

static const struct fe_type type_class = {
	.name = "class",
	.usage = "MAJOR:MINOR",
	.parse = parse_class,
	.print = print_class,
};

static const struct fe_opt classify_opts[] = {
	{
		.name = "set-class",
		.n_args = 1,
		.type = &type_class,
		.flags = FE_REQUIRED,
		.help = "the traffic control class, in hex",
	},
	{.name = NULL},
};

const struct fe_ext fe_target_classify = {
	.name = "CLASSIFY",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.hooks = 1u << FE_FORWARD | 1u << FE_OUTPUT | 1u << FE_POSTROUTING,
	.effects = FE_MANGLES,
	.effects_known = true,
	.action = FE_ACT_CONTINUE,
	.summary = "puts the packet into a traffic control class",
	.opts = classify_opts,
};
