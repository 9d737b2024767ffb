/*
 * Targets that write a packet's IP header: TTL, HL, TOS, DSCP, ECN (TCP's
 * flags too), DNPT, SNPT.
 *
 * Checksums are changed by as much as the header is, as the kernel does: a
 * wrong one stays wrong. The engine does not do DNPT and SNPT, which change
 * addresses: they may do anything.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"
#include "packet/wire.h"
#include "ruleset/rule.h"

static bool is_tcp(const struct fe_check_context *context)
{
	bool neg;

	return fe_rule_proto(context->rule, &neg) == 6 && !neg;
}

static bool check_tcp(struct fe_check_context *context)
{
	return is_tcp(context) ||
	       fe_check_refused(context, NULL, "add -p tcp", "-j %s needs -p tcp",
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

enum { SET, DEC, INC }; /* rows of both tables */

static enum fe_answer mangle_hops(const struct fe_part *part,
				  struct fe_mangling *m)
{
	const struct fe_setting *s = &fe_settings(part)[0];
	struct fe_packet *p = m->packet;
	int now = p->ttl, n = (int)s->value.u;
	uint16_t old;

	if (s->opt == DEC)
		n = now > n ? now - n : 0;
	else if (s->opt == INC)
		n = now + n < 255 ? now + n : 255;
	if (n == now)
		return FE_YES;
	p->ttl = (uint8_t)n;
	if (p->family == 6) {
		m->data[7] = p->ttl;
		return FE_YES;
	}
	old = fe_get16(m->data + 8);
	m->data[8] = p->ttl;
	fe_sum_replace16(m->data + 10, old, fe_get16(m->data + 8));
	return FE_YES;
}

const struct fe_ext fe_target_ttl = {
	.name = "TTL",
	.kind = FE_TARGET,
	.families = FE_V4,
	.tables = 1u << FE_MANGLE,
	.effects = FE_MANGLES,
	.effects_known = true,
	.action = FE_ACT_MANGLE,
	.summary = "changes the time to live",
	.opts = ttl_opts,
	.mangle = mangle_hops,
};

const struct fe_ext fe_target_hl = {
	.name = "HL",
	.kind = FE_TARGET,
	.families = FE_V6,
	.tables = 1u << FE_MANGLE,
	.effects = FE_MANGLES,
	.effects_known = true,
	.action = FE_ACT_MANGLE,
	.summary = "changes the hop limit",
	.opts = hl_opts,
	.mangle = mangle_hops,
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

/* Writes the TOS octet or traffic class. */
static void put_tos(struct fe_mangling *m, uint8_t tos)
{
	uint16_t old = fe_get16(m->data);

	m->packet->tos = tos;
	if (m->packet->family == 6) {
		m->data[0] = (uint8_t)((m->data[0] & 0xf0) | tos >> 4);
		m->data[1] = (uint8_t)((m->data[1] & 0x0f) | tos << 4);
		return;
	}
	m->data[1] = tos;
	fe_sum_replace16(m->data + 10, old, fe_get16(m->data));
}

static enum fe_answer mangle_tos(const struct fe_part *part,
				 struct fe_mangling *m)
{
	const union fe_value *v = &fe_settings(part)[0].value;

	put_tos(m, (uint8_t)((m->packet->tos & ~v->masked.mask) ^
			     v->masked.value));
	return FE_YES;
}

static enum fe_answer mangle_dscp(const struct fe_part *part,
				  struct fe_mangling *m)
{
	uint64_t dscp = fe_settings(part)[0].value.u;

	put_tos(m, (uint8_t)((m->packet->tos & 3) | dscp << 2));
	return FE_YES;
}

const struct fe_ext fe_target_tos = {
	.name = "TOS",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = 1u << FE_MANGLE,
	.effects = FE_MANGLES | FE_REROUTES,
	.effects_known = true,
	.action = FE_ACT_MANGLE,
	.summary = "writes the TOS octet or traffic class",
	.opts = tos_opts,
	.mangle = mangle_tos,
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
	.effects = FE_MANGLES | FE_REROUTES,
	.effects_known = true,
	.action = FE_ACT_MANGLE,
	.summary = "writes the upper six bits of the TOS octet",
	.opts = dscp_opts,
	.mangle = mangle_dscp,
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

/* ECE and CWR, where the options set them; the kernel reads a TCP header
 * whatever the fragment. */
static enum fe_answer mangle_flags(const struct fe_part *part,
				   struct fe_mangling *m)
{
	const struct fe_setting *ece = fe_part_find(part, ECE);
	const struct fe_setting *cwr = fe_part_find(part, CWR);
	bool clear = fe_part_find(part, REMOVE) != NULL;
	struct fe_packet *p = m->packet;
	uint8_t *tcp = m->data + p->l4, flags;
	uint16_t old;

	if (!clear && ece == NULL && cwr == NULL)
		return FE_YES;
	if (p->l4_size < 20)
		return FE_HOTDROP;
	if (p->l4 + 20u > p->caught)
		return FE_DUNNO;
	flags = tcp[13];
	if (clear || ece != NULL)
		flags &= (uint8_t)~FE_TCP_ECE;
	if (clear || cwr != NULL)
		flags &= (uint8_t)~FE_TCP_CWR;
	if (ece != NULL && ece->value.u != 0)
		flags |= FE_TCP_ECE;
	if (cwr != NULL && cwr->value.u != 0)
		flags |= FE_TCP_CWR;
	old = fe_get16(tcp + 12);
	tcp[13] = flags;
	fe_sum_replace16(tcp + 16, old, fe_get16(tcp + 12));
	if (!p->later_fragment)
		p->tcp_flags = flags;
	return FE_YES;
}

static enum fe_answer mangle_ecn(const struct fe_part *part,
				 struct fe_mangling *m)
{
	const struct fe_setting *ect = fe_part_find(part, ECT);

	if (ect != NULL)
		put_tos(m, (uint8_t)((m->packet->tos & ~3u) | ect->value.u));
	return mangle_flags(part, m);
}

const struct fe_ext fe_target_ecn = {
	.name = "ECN",
	.kind = FE_TARGET,
	.families = FE_V4,
	.tables = 1u << FE_MANGLE,
	.effects = FE_MANGLES | FE_REROUTES,
	.effects_known = true,
	.action = FE_ACT_MANGLE,
	.summary = "writes the bits of explicit congestion notification",
	.opts = ecn_opts,
	.check = check_ecn,
	.mangle = mangle_ecn,
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
