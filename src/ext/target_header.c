/*
 * Targets that write a packet's headers: TTL, HL, TOS, DSCP, ECN, TCPMSS,
 * TCPOPTSTRIP, DNPT, SNPT.
 *
 * The engine does not do them yet, so to everybody else they may do anything
 * (FE_ACT_OPAQUE): a plan that needs to know refuses, a run says so.
 */
#include "ext/ext.h"

#include <string.h>

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

static bool is_tcp(const struct fe_check_context *context)
{
	bool neg;

	return fe_rule_proto(context->rule, &neg) == 6 && !neg;
}

static bool check_tcp(struct fe_check_context *context)
{
	return is_tcp(context) ||
	       fe_check_bad(context, NULL, "add -p tcp", "-j %s needs -p tcp",
			    context->part->ext->name);
}

/* ----- TTL and HL */

#define HOPS(NAME, MIN, HELP)                                                  \
	{.name = NAME, .n_args = 1, .type = &fe_type_number,                   \
	 .flags = FE_EXCLUSIVE, .limits = {.min = MIN, .max = 255},            \
	 .help = HELP}

static const struct fe_opt ttl_opts[] = {
	HOPS("ttl-set", 0, "sets the time to live"),
	HOPS("ttl-dec", 1, "takes so much off; a packet at 0 is not sent"),
	HOPS("ttl-inc", 1, "adds so much"),
	{.name = NULL},
};

static const struct fe_opt hl_opts[] = {
	HOPS("hl-set", 0, "sets the hop limit"),
	HOPS("hl-dec", 1, "takes so much off"),
	HOPS("hl-inc", 1, "adds so much"),
	{.name = NULL},
};

const struct fe_ext fe_target_ttl = {
	.name = "TTL",
	.kind = FE_TARGET,
	.families = FE_V4,
	.tables = 1u << FE_MANGLE,
	.action = FE_ACT_OPAQUE,
	.summary = "changes the time to live",
	.opts = ttl_opts,
};

const struct fe_ext fe_target_hl = {
	.name = "HL",
	.kind = FE_TARGET,
	.families = FE_V6,
	.tables = 1u << FE_MANGLE,
	.action = FE_ACT_OPAQUE,
	.summary = "changes the hop limit",
	.opts = hl_opts,
};

/* ----- TOS and DSCP */

#define TOS(NAME, VARIANT, HELP)                                               \
	{.name = NAME, .n_args = 1, .type = &fe_type_tos,                      \
	 .flags = FE_EXCLUSIVE, .variant = VARIANT, .saved = "set-tos",        \
	 .help = HELP}

static const struct fe_opt tos_opts[] = {
	TOS("set-tos", FE_MARK_XSET, "clears the mask's bits, then xors"),
	TOS("and-tos", FE_MARK_AND, "keeps these bits only"),
	TOS("or-tos", FE_MARK_OR, "sets these bits"),
	TOS("xor-tos", FE_MARK_XOR, "inverts these bits"),
	{.name = NULL},
};

const struct fe_ext fe_target_tos = {
	.name = "TOS",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = 1u << FE_MANGLE,
	.action = FE_ACT_OPAQUE,
	.summary = "writes the TOS octet or traffic class",
	.opts = tos_opts,
};

static const struct fe_opt dscp_opts[] = {
	{
		.name = "set-dscp",
		.n_args = 1,
		.type = &fe_type_dscp,
		.flags = FE_EXCLUSIVE,
		.help = "the DSCP value, 0 to 63",
	},
	{
		.name = "set-dscp-class",
		.n_args = 1,
		.type = &fe_type_dscp_class,
		.flags = FE_EXCLUSIVE,
		.saved = "set-dscp",
		.help = "the DSCP class: BE, EF, AFxx, CSx",
	},
	{.name = NULL},
};

const struct fe_ext fe_target_dscp = {
	.name = "DSCP",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = 1u << FE_MANGLE,
	.action = FE_ACT_OPAQUE,
	.summary = "writes the upper six bits of the TOS octet",
	.opts = dscp_opts,
};

/* ----- ECN */

enum { REMOVE, ECE, CWR, ECT };
#define ECN_BITS (1u << ECE | 1u << CWR | 1u << ECT)

static const struct fe_opt ecn_opts[] = {
	[REMOVE] = {
		.name = "ecn-tcp-remove",
		.excludes = 1u << ECE | 1u << CWR,
		.help = "clears ECE and CWR in the TCP header",
	},
	[ECE] = {
		.name = "ecn-tcp-ece",
		.n_args = 1,
		.type = &fe_type_number,
		.limits = {.max = 1},
		.excludes = 1u << REMOVE,
		.help = "sets ECE to 0 or 1",
	},
	[CWR] = {
		.name = "ecn-tcp-cwr",
		.n_args = 1,
		.type = &fe_type_number,
		.limits = {.max = 1},
		.excludes = 1u << REMOVE,
		.help = "sets CWR to 0 or 1",
	},
	[ECT] = {
		.name = "ecn-ip-ect",
		.n_args = 1,
		.type = &fe_type_number,
		.limits = {.max = 3},
		.help = "sets the codepoint in the IP header",
	},
	{.name = NULL},
};

static bool check_ecn(struct fe_check_context *context)
{
	const struct fe_part *part = context->part;

	if (part->n == 0)
		return fe_check_bad(context, NULL, NULL,
				    "-j ECN needs an option");
	return (part->n == 1 && fe_part_find(part, ECT) != NULL) ||
	       check_tcp(context);
}

const struct fe_ext fe_target_ecn = {
	.name = "ECN",
	.kind = FE_TARGET,
	.families = FE_V4,
	.tables = 1u << FE_MANGLE,
	.action = FE_ACT_OPAQUE,
	.summary = "writes the bits of explicit congestion notification",
	.opts = ecn_opts,
	.check = check_ecn,
};

/* ----- TCPMSS */

enum { SET_MSS, CLAMP };

static const struct fe_opt tcpmss_opts[] = {
	[SET_MSS] = {
		.name = "set-mss",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_EXCLUSIVE,
		.limits = {.max = 65535},
		.help = "lowers the announced segment size to this",
	},
	[CLAMP] = {
		.name = "clamp-mss-to-pmtu",
		.flags = FE_EXCLUSIVE,
		.help = "lowers it to what the path takes",
	},
	{.name = NULL},
};

/* A tcp match that only SYNs pass: the kernel asks for one. */
static bool has_syn(const struct fe_rule *rule)
{
	for (unsigned i = 0; i < rule->n_parts; i++) {
		const struct fe_part *part = &rule->parts[i];

		if (part->ext->kind != FE_MATCH ||
		    strcmp(part->ext->name, "tcp") != 0)
			continue;
		for (unsigned j = 0; j < part->n; j++) {
			const struct fe_setting *s = &fe_settings(part)[j];
			const struct fe_type *type =
				part->ext->opts[s->opt].type;

			if ((type == &fe_type_tcp_flags ||
			     type == &fe_type_syn) &&
			    (s->value.masked.value & FE_TCP_SYN) != 0 &&
			    !s->neg)
				return true;
		}
	}
	return false;
}

static bool check_tcpmss(struct fe_check_context *context)
{
	return check_tcp(context) &&
	       (has_syn(context->rule) ||
		fe_check_bad(context, NULL, "add --syn",
			     "-j TCPMSS works on SYNs only"));
}

static bool check_tcpmss_hooks(struct fe_check_context *context, unsigned hooks)
{
	const struct fe_setting *clamp = fe_part_find(context->part, CLAMP);

	return clamp == NULL ||
	       (hooks & (1u << FE_PREROUTING | 1u << FE_INPUT)) == 0 ||
	       fe_check_bad(context, clamp, NULL,
			    "the path is known in FORWARD, OUTPUT and "
			    "POSTROUTING only");
}

const struct fe_ext fe_target_tcpmss = {
	.name = "TCPMSS",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.action = FE_ACT_OPAQUE,
	.summary = "lowers the segment size that a SYN announces",
	.opts = tcpmss_opts,
	.check = check_tcpmss,
	.check_hooks = check_tcpmss_hooks,
};

/* ----- TCPOPTSTRIP */

struct strip {
	uint64_t kinds[4]; /* bit per option kind */
};

static const struct fe_name kinds[] = {
	{"wscale", 3}, {"mss", 2}, {"sack-permitted", 4}, {"sack", 5},
	{"timestamp", 8}, {"md5", 19}, {NULL, 0},
};

static bool parse_strip(const struct fe_opt *opt,
			struct fe_opt_context *context,
			const struct fe_str *words, union fe_value *value)
{
	struct strip *strip = fe_new(context->arena, struct strip);
	struct fe_items items = fe_items(words[0]);
	struct fe_str item;
	uint64_t kind;

	value->ptr = strip;
	while (fe_items_next(&items, ',', &item)) {
		const struct fe_name *n = kinds;

		while (n->name != NULL && !fe_str_is(item, n->name))
			n++;
		kind = n->value;
		if (n->name == NULL &&
		    (!fe_number_read(item, 255, &kind) || kind < 2))
			return fe_opt_bad(opt, context,
					  "\"%.*s\" is no option from 2 to 255",
					  (int)item.len, item.s);
		strip->kinds[kind >> 6] |= UINT64_C(1) << (kind & 63);
	}
	return true;
}

static void print_strip(const struct fe_opt *opt,
			const struct fe_setting *setting, unsigned family,
			struct fe_buf *buf)
{
	const struct strip *strip = setting->value.ptr;
	char separator = ' ';

	(void)opt;
	(void)family;
	for (unsigned kind = 0; kind < 256; kind++) {
		if (!(strip->kinds[kind >> 6] >> (kind & 63) & 1))
			continue;
		fe_buf_putc(buf, separator);
		fe_buf_uint(buf, kind);
		separator = ',';
	}
}

static const struct fe_type type_strip = {
	.name = "options",
	.usage = "OPTION[,OPTION...]",
	.parse = parse_strip,
	.print = print_strip,
};

static const struct fe_opt tcpoptstrip_opts[] = {
	{
		.name = "strip-options",
		.n_args = 1,
		.type = &type_strip,
		.help = "TCP options that are overwritten by padding",
	},
	{.name = NULL},
};

const struct fe_ext fe_target_tcpoptstrip = {
	.name = "TCPOPTSTRIP",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = 1u << FE_MANGLE,
	.action = FE_ACT_OPAQUE,
	.summary = "takes TCP options out",
	.opts = tcpoptstrip_opts,
	.check = check_tcp,
};

/* ----- DNPT and SNPT */

enum { SRC_PREFIX, DST_PREFIX };

/* ADDRESS/LENGTH, without bits behind the prefix. */
static bool parse_prefix(const struct fe_opt *opt,
			 struct fe_opt_context *context,
			 const struct fe_str *words, union fe_value *value)
{
	struct fe_net *net = fe_new(context->arena, struct fe_net);
	struct fe_str addr, length;
	uint64_t bits = 128;

	value->ptr = net;
	if ((fe_str_cut(words[0], '/', &addr, &length) &&
	     !fe_number_read(length, 128, &bits)) ||
	    !fe_addr_read(addr, 6, &net->addr))
		return fe_opt_bad(opt, context, "\"%.*s\" is no prefix",
				  (int)words[0].len, words[0].s);
	net->mask = fe_addr_mask(6, (unsigned)bits);
	if (bits > 64)
		return fe_opt_bad(opt, context, "a prefix has at most 64 bits");
	return ((net->addr.hi & ~net->mask.hi) == 0 && net->addr.lo == 0) ||
	       fe_opt_bad(opt, context, "the address has bits behind the "
			  "prefix's %u", (unsigned)bits);
}

static void print_prefix(const struct fe_opt *opt,
			 const struct fe_setting *setting, unsigned family,
			 struct fe_buf *buf)
{
	const struct fe_net *net = setting->value.ptr;

	(void)opt;
	(void)family;
	fe_buf_putc(buf, ' ');
	fe_addr_print(net->addr, 6, buf);
	fe_buf_printf(buf, "/%d", __builtin_popcountll(net->mask.hi));
}

static const struct fe_type type_prefix = {
	.name = "prefix",
	.usage = "ADDRESS/LENGTH",
	.parse = parse_prefix,
	.print = print_prefix,
};

static const struct fe_opt npt_opts[] = {
	[SRC_PREFIX] = {
		.name = "src-pfx",
		.n_args = 1,
		.type = &type_prefix,
		.flags = FE_REQUIRED,
		.help = "the prefix that is replaced",
	},
	[DST_PREFIX] = {
		.name = "dst-pfx",
		.n_args = 1,
		.type = &type_prefix,
		.flags = FE_REQUIRED,
		.help = "the prefix that is put in",
	},
	{.name = NULL},
};

const struct fe_ext fe_target_dnpt = {
	.name = "DNPT",
	.kind = FE_TARGET,
	.families = FE_V6,
	.tables = 1u << FE_MANGLE,
	.hooks = 1u << FE_PREROUTING | 1u << FE_OUTPUT,
	.action = FE_ACT_OPAQUE,
	.summary = "translates the destination's prefix, without state",
	.opts = npt_opts,
};

const struct fe_ext fe_target_snpt = {
	.name = "SNPT",
	.kind = FE_TARGET,
	.families = FE_V6,
	.tables = 1u << FE_MANGLE,
	.hooks = 1u << FE_INPUT | 1u << FE_POSTROUTING,
	.action = FE_ACT_OPAQUE,
	.summary = "translates the source's prefix, without state",
	.opts = npt_opts,
};
