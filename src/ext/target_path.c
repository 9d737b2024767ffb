/*
 * Targets that decide where a packet goes, or who answers it: TEE, TPROXY,
 * SYNPROXY, CLUSTERIP, HMARK. The engine does not do them: they may do
 * anything.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

/* A bare address of the rule's family. */
static bool parse_addr(const struct fe_opt *opt, struct fe_opt_context *context,
		       const struct fe_str *words, union fe_value *value)
{
	struct fe_u128 *addr = fe_new(context->arena, struct fe_u128);

	value->ptr = addr;
	return fe_addr_read(words[0], context->family, addr) ||
	       fe_opt_bad(opt, context, "\"%.*s\" is no IPv%u address",
			  (int)words[0].len, words[0].s, context->family);
}

static void put_addr(const struct fe_setting *setting, unsigned family,
		     struct fe_buf *buf)
{
	struct fe_u128 none = {0, 0};

	fe_buf_putc(buf, ' ');
	fe_addr_print(setting != NULL ?
			      *(const struct fe_u128 *)setting->value.ptr :
			      none, family, buf);
}

static void print_addr(const struct fe_opt *opt,
		       const struct fe_setting *setting, unsigned family,
		       struct fe_buf *buf)
{
	(void)opt;
	put_addr(setting, family, buf);
}

static const struct fe_type type_addr = {
	.name = "address",
	.usage = "ADDRESS",
	.parse = parse_addr,
	.print = print_addr,
};

/* ----- TEE */

static bool parse_oif(const struct fe_opt *opt, struct fe_opt_context *context,
		      const struct fe_str *words, union fe_value *value)
{
	return fe_type_text.parse(opt, context, words, value);
}

static void print_oif(const struct fe_opt *opt,
		      const struct fe_setting *setting, unsigned family,
		      struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_word_print(setting->value.text, buf);
}

static const struct fe_type type_oif = {
	.name = "interface",
	.usage = "NAME",
	.parse = parse_oif,
	.print = print_oif,
};

/* Read as conntrack's addresses are, but without a mask. */
static bool parse_gateway(const struct fe_opt *opt,
			  struct fe_opt_context *context,
			  const struct fe_str *words, union fe_value *value)
{
	struct fe_str addr, mask;

	if (fe_str_cut(words[0], '/', &addr, &mask))
		return fe_opt_bad(opt, context, "a gateway has no mask");
	return fe_type_host.parse(opt, context, words, value);
}

static void print_gateway(const struct fe_opt *opt,
			  const struct fe_setting *setting, unsigned family,
			  struct fe_buf *buf)
{
	fe_type_host.print(opt, setting, family, buf);
}

static const struct fe_type type_gateway = {
	.name = "address",
	.usage = "ADDRESS",
	.parse = parse_gateway,
	.print = print_gateway,
};

static const struct fe_opt tee_opts[] = {
	{
		.name = "gateway",
		.n_args = 1,
		.type = &type_gateway,
		.flags = FE_REQUIRED,
		.help = "the host that the copy is sent to",
	},
	{
		.name = "oif",
		.n_args = 1,
		.type = &type_oif,
		.limits = {.min = 1, .max = 15},
		.variant = FE_TEXT_STRICT,
		.help = "the interface that it leaves by",
	},
	{.name = NULL},
};

const struct fe_ext fe_target_tee = {
	.name = "TEE",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.action = FE_ACT_OPAQUE,
	.summary = "sends a copy to another host; the packet goes on",
	.opts = tee_opts,
};

/* ----- TPROXY */

enum { ON_PORT, ON_IP, TPROXY_MARK };

static const struct fe_opt tproxy_opts[] = {
	[ON_PORT] = {
		.name = "on-port",
		.n_args = 1,
		.type = &fe_type_one_port,
		.flags = FE_REQUIRED,
		.help = "the port that the local socket listens on",
	},
	[ON_IP] = {
		.name = "on-ip",
		.n_args = 1,
		.type = &type_addr,
		.help = "its address; by default the interface's",
	},
	[TPROXY_MARK] = {
		.name = "tproxy-mark",
		.n_args = 1,
		.type = &fe_type_mark,
		.variant = FE_MARK_XSET,
		.help = "the mark that the packet gets",
	},
	{.name = NULL},
};

static bool check_tproxy(struct fe_check_context *context)
{
	bool neg;
	unsigned proto = fe_rule_proto(context->rule, &neg);

	return ((proto == 6 || proto == 17) && !neg) ||
	       fe_check_refused(context, NULL, "add -p tcp or -p udp",
			    "-j TPROXY needs -p tcp or -p udp");
}

/* All three are saved. */
static void print_tproxy(const struct fe_part *part, unsigned family,
			 struct fe_buf *buf)
{
	const struct fe_setting *mark = fe_part_find(part, TPROXY_MARK);

	fe_buf_printf(buf, " --on-port %u --on-ip",
		      (unsigned)fe_part_find(part, ON_PORT)->value.u);
	put_addr(fe_part_find(part, ON_IP), family, buf);
	fe_buf_printf(buf, " --tproxy-mark 0x%x/0x%x",
		      mark != NULL ? mark->value.masked.value : 0,
		      mark != NULL ? mark->value.masked.mask : 0);
}

const struct fe_ext fe_target_tproxy = {
	.name = "TPROXY",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = 1u << FE_MANGLE,
	.hooks = 1u << FE_PREROUTING,
	.action = FE_ACT_OPAQUE,
	.summary = "hands the packet to a local socket, unchanged",
	.opts = tproxy_opts,
	.check = check_tproxy,
	.print = print_tproxy,
};

/* ----- SYNPROXY */

/* A number that iptables cuts to fewer bits (opt->variant) without a word. */
static bool parse_wrapped(const struct fe_opt *opt,
			  struct fe_opt_context *context,
			  const struct fe_str *words, union fe_value *value)
{
	if (!fe_type_number.parse(opt, context, words, value))
		return false;
	if (value->u > opt->variant)
		fe_opt_warn(opt, context, "only %u of it is kept",
			    (unsigned)value->u & opt->variant);
	value->u &= opt->variant;
	return true;
}

static void print_wrapped(const struct fe_opt *opt,
			  const struct fe_setting *setting, unsigned family,
			  struct fe_buf *buf)
{
	fe_type_one_port.print(opt, setting, family, buf);
}

static const struct fe_type type_wrapped = {
	.name = "number",
	.usage = "NUMBER",
	.parse = parse_wrapped,
	.print = print_wrapped,
};

static const struct fe_opt synproxy_opts[] = {
	{
		.name = "sack-perm",
		.help = "offer selective acknowledgements",
	},
	{
		.name = "timestamp",
		.help = "offer time stamps",
	},
	{
		.name = "wscale",
		.n_args = 1,
		.type = &type_wrapped,
		.variant = 255,
		.help = "offer window scaling",
	},
	{
		.name = "mss",
		.n_args = 1,
		.type = &type_wrapped,
		.variant = 65535,
		.help = "announce this segment size",
	},
	{
		.name = "ecn",
		.help = "offer explicit congestion notification",
	},
	{.name = NULL},
};

static bool check_synproxy(struct fe_check_context *context)
{
	bool neg;

	return (fe_rule_proto(context->rule, &neg) == 6 && !neg) ||
	       fe_check_refused(context, NULL, "add -p tcp",
			    "-j SYNPROXY needs -p tcp");
}

const struct fe_ext fe_target_synproxy = {
	.name = "SYNPROXY",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.hooks = 1u << FE_INPUT | 1u << FE_FORWARD,
	.action = FE_ACT_OPAQUE,
	.summary = "answers SYNs itself, until the handshake is done",
	.opts = synproxy_opts,
	.check = check_synproxy,
};

/* ----- CLUSTERIP */

enum { NEW, HASHMODE, MAC, TOTAL, LOCAL, INIT };

static const struct fe_name hashmodes[] = {
	{"sourceip", 0}, {"sourceip-sourceport", 1},
	{"sourceip-sourceport-destport", 2}, {NULL, 0},
};

/* A MAC address that is saved in capitals. */
static bool parse_mac(const struct fe_opt *opt, struct fe_opt_context *context,
		      const struct fe_str *words, union fe_value *value)
{
	return fe_type_mac.parse(opt, context, words, value);
}

static void print_mac(const struct fe_opt *opt,
		      const struct fe_setting *setting, unsigned family,
		      struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	for (unsigned i = 0; i < 6; i++)
		fe_buf_printf(buf, "%c%02X", i == 0 ? ' ' : ':',
			      (unsigned)(setting->value.u >> (40 - 8 * i)) &
				      255);
}

static const struct fe_type type_upper_mac = {
	.name = "MAC address",
	.usage = "XX:XX:XX:XX:XX:XX",
	.parse = parse_mac,
	.print = print_mac,
};

static const struct fe_opt clusterip_opts[] = {
	[NEW] = {
		.name = "new",
		.help = "makes a new cluster",
	},
	[HASHMODE] = {
		.name = "hashmode",
		.n_args = 1,
		.type = &fe_type_word,
		.needs = 1u << NEW,
		.names = hashmodes,
		.variant = FE_WORDS_EXACT,
		.help = "what decides which node answers",
	},
	[MAC] = {
		.name = "clustermac",
		.n_args = 1,
		.type = &type_upper_mac,
		.needs = 1u << NEW,
		.help = "the cluster's multicast MAC address",
	},
	[TOTAL] = {
		.name = "total-nodes",
		.n_args = 1,
		.type = &fe_type_number,
		.needs = 1u << NEW,
		.limits = {.min = 1, .max = 16},
		.help = "the number of nodes",
	},
	[LOCAL] = {
		.name = "local-node",
		.n_args = 1,
		.type = &fe_type_number,
		.needs = 1u << NEW,
		.limits = {.max = 16},
		.help = "this node's number",
	},
	[INIT] = {
		.name = "hash-init",
		.n_args = 1,
		.type = &fe_type_number,
		.needs = 1u << NEW,
		.help = "the hash's seed",
	},
	{.name = NULL},
};

static bool check_clusterip(struct fe_check_context *context)
{
	const struct fe_part *part = context->part;
	const struct fe_setting *total = fe_part_find(part, TOTAL);
	const struct fe_setting *local = fe_part_find(part, LOCAL);
	const struct fe_setting *mac = fe_part_find(part, MAC);

	if (part->n == 0)
		return true;
	for (unsigned row = HASHMODE; row <= LOCAL; row++)
		if (fe_part_find(part, row) == NULL)
			return fe_check_bad(context, NULL, NULL,
					    "--new needs --%s",
					    clusterip_opts[row].name);
	if ((mac->value.u >> 40 & 1) == 0)
		return fe_check_bad(context, mac, NULL,
				    "this is no multicast MAC address");
	return (local->value.u >= 1 && local->value.u <= total->value.u) ||
	       fe_check_bad(context, local, NULL,
			    "the kernel takes nodes from 1 to %u",
			    (unsigned)total->value.u);
}

static void print_clusterip(const struct fe_part *part, unsigned family,
			    struct fe_buf *buf)
{
	const struct fe_setting *init = fe_part_find(part, INIT);

	if (part->n == 0)
		return;
	fe_buf_puts(buf, " --new");
	for (unsigned row = HASHMODE; row <= LOCAL; row++) {
		const struct fe_opt *opt = &clusterip_opts[row];

		fe_buf_printf(buf, " --%s", opt->name);
		opt->type->print(opt, fe_part_find(part, row), family, buf);
	}
	fe_buf_printf(buf, " --hash-init %u",
		      init != NULL ? (unsigned)init->value.u : 0);
}

const struct fe_ext fe_target_clusterip = {
	.name = "CLUSTERIP",
	.kind = FE_TARGET,
	.families = FE_V4,
	.tables = 1u << FE_FILTER,
	.hooks = 1u << FE_INPUT,
	.action = FE_ACT_OPAQUE,
	.summary = "shares an address among the nodes of a cluster",
	.opts = clusterip_opts,
	.check = check_clusterip,
	.print = print_clusterip,
};

/* ----- HMARK */

enum {
	SRC_PREFIX, DST_PREFIX, SPORT_MASK, DPORT_MASK, SPI_MASK, SPORT, DPORT,
	SPI, PROTO_MASK, RND, MOD, OFFSET, TUPLE
};
#define PORTS (1u << SPORT_MASK | 1u << DPORT_MASK)
#define SPIS (1u << SPI_MASK)

/* Bits of --hmark-tuple: by the row that each sets, and ct. */
enum { T_CT = 1u << 31 };
static const struct fe_name tuple_words[] = {
	{"src", 1u << SRC_PREFIX}, {"dst", 1u << DST_PREFIX},
	{"sport", 1u << SPORT_MASK}, {"dport", 1u << DPORT_MASK},
	{"spi", 1u << SPI_MASK}, {"proto", 1u << PROTO_MASK},
	{"ct", UINT64_C(1) << 31}, {NULL, 0},
};

#define HMARK(ROW, NAME, MAX, EXCLUDES, HELP)                                  \
	[ROW] = {.name = "hmark-" NAME, .n_args = 1, .type = &fe_type_number,  \
		 .excludes = EXCLUDES, .limits = {.max = MAX}, .help = HELP}

static const struct fe_opt hmark_opts[] = {
	HMARK(SRC_PREFIX, "src-prefix", UINT32_MAX, 0,
	      "the bits of the source address that count"),
	HMARK(DST_PREFIX, "dst-prefix", UINT32_MAX, 0,
	      "the bits of the destination address that count"),
	HMARK(SPORT_MASK, "sport-mask", 65535, SPIS,
	      "the bits of the source port that count"),
	HMARK(DPORT_MASK, "dport-mask", 65535, SPIS,
	      "the bits of the destination port that count"),
	HMARK(SPI_MASK, "spi-mask", UINT32_MAX, PORTS,
	      "the bits of the SPI that count"),
	HMARK(SPORT, "sport", 65535, 0, "bits set in the source port"),
	HMARK(DPORT, "dport", 65535, 0, "bits set in the destination port"),
	HMARK(SPI, "spi", UINT32_MAX, 0, "bits set in the SPI"),
	HMARK(PROTO_MASK, "proto-mask", 65535, 0,
	      "the bits of the protocol that count"),
	[RND] = {
		.name = "hmark-rnd",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_REQUIRED,
		.help = "the hash's seed",
	},
	[MOD] = {
		.name = "hmark-mod",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_REQUIRED,
		.limits = {.min = 1, .max = UINT32_MAX},
		.help = "the number of different marks",
	},
	HMARK(OFFSET, "offset", UINT32_MAX, 0, "the first mark"),
	[TUPLE] = {
		.name = "hmark-tuple",
		.n_args = 1,
		.type = &fe_type_words,
		.names = tuple_words,
		.variant = FE_WORDS_EXACT,
		.help = "what goes into the hash: src dst sport dport spi "
			"proto; ct: the flow's first addresses",
	},
	{.name = NULL},
};

static bool check_prefix(struct fe_check_context *context, unsigned row)
{
	const struct fe_setting *s = fe_part_find(context->part, row);

	return s == NULL || context->family == 4 || s->value.u <= 128 ||
	       fe_check_bad(context, s, NULL, "a prefix has at most 128 bits");
}

static bool check_hmark(struct fe_check_context *context)
{
	const struct fe_part *part = context->part;
	const struct fe_setting *tuple = fe_part_find(part, TUPLE);
	uint32_t given = tuple != NULL ? (uint32_t)tuple->value.u : 0;

	if (!check_prefix(context, SRC_PREFIX) ||
	    !check_prefix(context, DST_PREFIX))
		return false;
	for (unsigned row = SRC_PREFIX; row <= PROTO_MASK; row++) {
		const struct fe_setting *s = fe_part_find(part, row);

		if (s == NULL)
			continue;
		if ((given >> row & 1) != 0 && s > tuple)
			return fe_check_bad(context, s, NULL,
					    "--hmark-tuple has set this");
		given |= 1u << row;
	}
	if (given == 0)
		return fe_check_bad(context, NULL, NULL,
				    "-j HMARK needs something to hash, such as "
				    "--hmark-tuple");
	return (given & PORTS) == 0 || (given & SPIS) == 0 ||
	       fe_check_bad(context, NULL, NULL,
			    "ports and SPI exclude each other");
}

static void print_hmark(const struct fe_part *part, unsigned family,
			struct fe_buf *buf)
{
	static const char *const formats[] = {
		"%u", "%u", "0x%04x", "0x%04x", "0x%08x", "0x%04x", "0x%04x",
		"0x%08x", "0x%02x", "0x%08x", "%u", "%u",
	};
	const uint32_t full[] = {family == 4 ? 32 : 128,
				 family == 4 ? 32 : 128, 0xffff, 0xffff,
				 UINT32_MAX, 0, 0, 0, 0xffff};
	const struct fe_setting *tuple = fe_part_find(part, TUPLE);
	uint64_t words = tuple != NULL ? tuple->value.u : 0;

	for (unsigned row = SRC_PREFIX; row <= OFFSET; row++) {
		const struct fe_setting *s = fe_part_find(part, row);
		uint32_t n = s != NULL ? (uint32_t)s->value.u : 0;

		if (row <= PROTO_MASK && (words >> row & 1))
			n = full[row];
		else if (row <= DST_PREFIX && n > full[row])
			n = full[row];
		else if (s == NULL)
			continue;
		fe_buf_printf(buf, " --%s ", hmark_opts[row].name);
		if (formats[row][0] == '%')
			fe_buf_printf(buf, "%u", n);
		else
			fe_buf_printf(buf, "0x%0*x",
				      formats[row][4] - '0', n);
	}
	if (words & T_CT)
		fe_buf_puts(buf, " --hmark-tuple ct");
}

const struct fe_ext fe_target_hmark = {
	.name = "HMARK",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.action = FE_ACT_OPAQUE,
	.summary = "marks the packet by a hash of its addresses and ports",
	.opts = hmark_opts,
	.check = check_hmark,
	.print = print_hmark,
};
