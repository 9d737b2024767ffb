/*
 * Targets that write a TCP header: TCPMSS, TCPOPTSTRIP.
 *
 * Checksums are changed by as much as the header is, as the kernel does.
 */
#include "ext/ext.h"

#include <string.h>

#include "option/types.h"
#include "option/value.h"
#include "packet/wire.h"
#include "ruleset/rule.h"

static bool check_tcp(struct fe_check_context *context)
{
	bool neg;

	return (fe_rule_proto(context->rule, &neg) == 6 && !neg) ||
	       fe_check_refused(context, NULL, "add -p tcp", "-j %s needs -p tcp",
			    context->part->ext->name);
}

/* ----- TCPMSS */

enum { SET_MSS, CLAMP };
enum { LONGEST = 65535 }; /* bytes of a packet, the IP header's among them */

static const struct fe_opt tcpmss_opts[] = {
	[SET_MSS] = {
		.name = "set-mss",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_EXCLUSIVE | FE_LAST_WINS,
		.limits = {.max = LONGEST - 20},
		.help = "lowers the announced segment size to this",
	},
	[CLAMP] = {
		.name = "clamp-mss-to-pmtu",
		.flags = FE_EXCLUSIVE | FE_LAST_WINS,
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
	const struct fe_setting *mss = fe_part_find(context->part, SET_MSS);

	if (mss != NULL && context->family == 6 && mss->value.u > LONGEST - 40)
		return fe_check_bad(context, mss, NULL,
				    "no IPv6 segment is longer than %d bytes",
				    LONGEST - 40);
	return check_tcp(context) &&
	       (has_syn(context->rule) || context->backend == FE_NFT ||
		fe_check_refused(context, NULL, "add --syn",
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

/* An option's size; end and padding have one byte. */
static uint32_t option_size(const uint8_t *tcp, uint32_t i, uint32_t size)
{
	if (tcp[i] <= 1 || i + 1 >= size || tcp[i + 1] == 0)
		return 1;
	return tcp[i + 1];
}

/* There is no option: it goes first, if no data stand behind the header. */
static void add_option(struct fe_mangling *m, uint8_t *tcp, uint32_t size,
		       uint16_t mss)
{
	struct fe_packet *p = m->packet;
	uint16_t most = p->family == 4 ? 536 : 1220, old;
	uint32_t length = p->l4_size;
	uint8_t *ip = m->data;

	if (length > size || size >= 60 || p->size + 4 > m->room)
		return;
	if (mss > most)
		mss = most;
	memmove(tcp + 24, tcp + 20, length - 20);
	fe_sum_replace16(tcp + 16, (uint16_t)length, (uint16_t)(length + 4));
	tcp[20] = 2;
	tcp[21] = 4;
	fe_put16(tcp + 22, mss);
	fe_sum_replace16(tcp + 16, 0, fe_get16(tcp + 20));
	fe_sum_replace16(tcp + 16, 0, mss);
	old = fe_get16(tcp + 12);
	tcp[12] = (uint8_t)(tcp[12] + 0x10);
	fe_sum_replace16(tcp + 16, old, fe_get16(tcp + 12));
	p->size += 4;
	p->caught += 4;
	p->length += 4;
	p->l4_size += 4;
	if (p->family == 6) {
		fe_put16(ip + 4, (uint16_t)(fe_get16(ip + 4) + 4));
		return;
	}
	old = fe_get16(ip + 2);
	fe_put16(ip + 2, (uint16_t)p->length);
	fe_sum_replace16(ip + 10, old, (uint16_t)p->length);
}

static enum fe_answer set_mss(struct fe_mangling *m, uint16_t mss)
{
	struct fe_packet *p = m->packet;
	uint8_t *tcp = m->data + p->l4;
	uint32_t size = (uint32_t)(tcp[12] >> 4) * 4;

	if (size < 20 || size > p->l4_size)
		return FE_HOTDROP;
	for (uint32_t i = 20; i + 4 <= size; i += option_size(tcp, i, size)) {
		uint16_t old = fe_get16(tcp + i + 2);

		if (tcp[i] != 2 || tcp[i + 1] != 4)
			continue;
		if (old <= mss) /* never raised */
			return FE_YES;
		fe_put16(tcp + i + 2, mss);
		fe_sum_replace16(tcp + 16, old, mss);
		return FE_YES;
	}
	add_option(m, tcp, size, mss);
	return FE_YES;
}

static enum fe_answer mangle_tcpmss(const struct fe_part *part,
				    struct fe_mangling *m)
{
	const struct fe_setting *set = fe_part_find(part, SET_MSS);
	struct fe_packet *p = m->packet;
	uint32_t headers = p->family == 4 ? 40 : 60;

	if (p->later_fragment)
		return FE_YES;
	if (p->l4_size < 20)
		return FE_HOTDROP;
	if (p->caught < p->size)
		return FE_DUNNO;
	if (set != NULL)
		return set_mss(m, (uint16_t)set->value.u);
	return m->mtu <= headers ? FE_HOTDROP :
				   set_mss(m, (uint16_t)(m->mtu - headers));
}

const struct fe_ext fe_target_tcpmss = {
	.name = "TCPMSS",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.effects = FE_MANGLES,
	.effects_known = true,
	.action = FE_ACT_MANGLE,
	.summary = "lowers the segment size that a SYN announces",
	.opts = tcpmss_opts,
	.check = check_tcpmss,
	.check_hooks = check_tcpmss_hooks,
	.mangle = mangle_tcpmss,
};

/* ----- TCPOPTSTRIP */

struct strip_set {
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
	struct strip_set *set = fe_new(context->arena, struct strip_set);
	struct fe_items items = fe_items(words[0]);
	struct fe_str item;
	uint64_t kind;

	value->ptr = set;
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
		set->kinds[kind >> 6] |= UINT64_C(1) << (kind & 63);
	}
	return true;
}

static void print_strip(const struct fe_opt *opt,
			const struct fe_setting *setting, unsigned family,
			struct fe_buf *buf)
{
	const struct strip_set *set = setting->value.ptr;
	char separator = ' ';

	(void)opt;
	(void)family;
	for (unsigned kind = 0; kind < 256; kind++) {
		if (!(set->kinds[kind >> 6] >> (kind & 63) & 1))
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

/* Overwrites an option by padding, byte by byte for the checksum's sake. */
static void strip(uint8_t *tcp, uint32_t at, uint32_t size)
{
	for (uint32_t i = at; i < at + size; i++) {
		unsigned shift = i % 2 == 0 ? 8 : 0;

		fe_sum_replace16(tcp + 16, (uint16_t)(tcp[i] << shift),
				 (uint16_t)(1 << shift));
		tcp[i] = 1;
	}
}

static enum fe_answer mangle_strip(const struct fe_part *part,
				   struct fe_mangling *m)
{
	const struct fe_setting *s = fe_part_find(part, 0);
	const struct strip_set *kinds_of = s != NULL ? s->value.ptr : NULL;
	struct fe_packet *p = m->packet;
	uint8_t *tcp = m->data + p->l4;
	uint32_t size, n;

	if (p->later_fragment)
		return FE_YES;
	if (p->l4_size < 20)
		return FE_HOTDROP;
	if (p->l4 + 20u > p->caught)
		return FE_DUNNO;
	size = (uint32_t)(tcp[12] >> 4) * 4;
	if (size < 20 || size > p->l4_size)
		return FE_HOTDROP;
	if (p->l4 + size > p->caught)
		return FE_DUNNO;
	for (uint32_t i = 20; i + 1 < size; i += n) {
		n = option_size(tcp, i, size);
		if (i + n > size)
			break;
		if (kinds_of != NULL &&
		    (kinds_of->kinds[tcp[i] >> 6] >> (tcp[i] & 63) & 1) != 0)
			strip(tcp, i, n);
	}
	return FE_YES;
}

const struct fe_ext fe_target_tcpoptstrip = {
	.name = "TCPOPTSTRIP",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = 1u << FE_MANGLE,
	.effects = FE_MANGLES,
	.effects_known = true,
	.action = FE_ACT_MANGLE,
	.summary = "takes TCP options out",
	.opts = tcpoptstrip_opts,
	.check = check_tcp,
	.mangle = mangle_strip,
};
