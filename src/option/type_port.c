/*
 * One port or a range of ports.
 *
 * The extensions of iptables read them in two ways, and both are kept: tcp,
 * sctp and multiport take numbers in C's bases (010 is 8) and refuse a range
 * that is upside down; udp, dccp and conntrack ask getaddrinfo, which knows
 * decimal only (010 is 10), wraps at 65536, and any order will do.
 * The whole range says nothing and is not saved, even negated, but by
 * conntrack (FE_PORTS_SHOWN).
 */
#include "option/types.h"

#include <netdb.h>
#include <string.h>

#include "option/value.h"

/* Looks a service up in /etc/services; proto NULL: any protocol's. */
static bool by_service(struct fe_str word, const char *proto, uint32_t *port)
{
	char name[64], space[1024];
	struct servent ent, *found;

	if (word.len == 0 || word.len >= sizeof(name))
		return false;
	memcpy(name, word.s, word.len);
	name[word.len] = '\0';
	if (getservbyname_r(name, proto, &ent, space, sizeof(space),
			    &found) != 0 || found == NULL)
		return false;
	*port = (uint32_t)((found->s_port >> 8 & 0xff) |
			   (found->s_port & 0xff) << 8);
	return true;
}

bool fe_service_read(struct fe_str word, uint16_t *port)
{
	uint32_t n;

	if (!by_service(word, NULL, &n))
		return false;
	*port = (uint16_t)n;
	return true;
}

bool fe_port_read(struct fe_opt_context *context, struct fe_str word,
		  uint32_t *port)
{
	uint64_t n;

	if (fe_number_read(word, 65535, &n)) {
		*port = (uint32_t)n;
		return true;
	}
	return by_service(word,
			  context->proto ? fe_proto_name(context->proto) : NULL,
			  port);
}

static bool bad_port(const struct fe_opt *opt, struct fe_opt_context *context,
		     struct fe_str word)
{
	struct fe_diag *diag = fe_diag(
		context->diags, FE_ERROR, NULL, context->span,
		"--%s: \"%.*s\" is not a port or service", opt->name,
		(int)word.len, word.s);
	struct fe_str lo, hi;
	uint64_t n;

	if (memchr(word.s, ',', word.len) != NULL &&
	    strcmp(opt->name + 1, "port") == 0) /* dport, sport */
		fe_diag_hint(context->diags, diag, "for several ports use "
			     "-m multiport --%ss %.*s", opt->name,
			     (int)word.len, word.s);
	else if (fe_str_cut(word, '-', &lo, &hi) &&
		 fe_number_read(lo, 65535, &n) && fe_number_read(hi, 65535, &n))
		fe_diag_hint(context->diags, diag, "a range is written "
			     "%.*s:%.*s", (int)lo.len, lo.s, (int)hi.len, hi.s);
	else if (fe_number_read(word, UINT64_MAX, &n))
		fe_diag_hint(context->diags, diag, "ports are 0 to 65535");
	else
		fe_diag_hint(context->diags, diag, "--%s %s", opt->name,
			     opt->type->usage);
	return false;
}

static bool parse_tcp(const struct fe_opt *opt, struct fe_opt_context *context,
		      const struct fe_str *words, union fe_value *value)
{
	struct fe_str lo, hi;
	bool range = fe_str_cut(words[0], ':', &lo, &hi);

	value->range.lo = 0;
	value->range.hi = 65535;
	if ((lo.len > 0 || !range) &&
	    !fe_port_read(context, lo, &value->range.lo))
		return bad_port(opt, context, lo);
	if (!range)
		value->range.hi = value->range.lo;
	else if (hi.len > 0 && !fe_port_read(context, hi, &value->range.hi))
		return bad_port(opt, context, hi);
	if (value->range.lo > value->range.hi)
		return fe_opt_bad(opt, context, "the range is upside down");
	return true;
}

/* As getaddrinfo: decimal, taken modulo 65536. */
bool fe_port_read_decimal(const struct fe_opt *opt,
			  struct fe_opt_context *context, struct fe_str word,
			  uint32_t *port)
{
	uint64_t n;

	word = fe_str_skip_blanks(word);
	if (word.len == 0) {
		*port = 0;
		return true;
	}
	if (word.len > 1 && word.s[0] == '+') {
		word.s++;
		word.len--;
	}
	if (fe_str_u64(word, 10, INT32_MAX, &n)) {
		*port = (uint32_t)(n & 0xffff);
		if (n > 65535)
			fe_opt_warn(opt, context, "%llu is read as port %u",
				    (unsigned long long)n, *port);
		return true;
	}
	return by_service(word, fe_proto_name(context->proto), port) ||
	       by_service(word, NULL, port) || bad_port(opt, context, word);
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct fe_str lo, hi;
	bool range = fe_str_cut(words[0], ':', &lo, &hi);

	value->range.lo = 0;
	value->range.hi = 65535;
	if ((lo.len > 0 || !range) &&
	    !fe_port_read_decimal(opt, context, lo, &value->range.lo))
		return false;
	if (!range)
		value->range.hi = value->range.lo;
	else if (hi.len > 0 &&
		 !fe_port_read_decimal(opt, context, hi, &value->range.hi))
		return false;
	return true;
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	uint32_t lo = setting->value.range.lo, hi = setting->value.range.hi;

	(void)family;
	if (lo == 0 && hi == 65535 && opt->variant != FE_PORTS_SHOWN)
		return;
	fe_buf_putc(buf, ' ');
	fe_buf_uint(buf, lo);
	if (lo == hi)
		return;
	fe_buf_putc(buf, ':');
	fe_buf_uint(buf, hi);
}

static void cover(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_sink *sink)
{
	(void)family;
	fe_cover_one(sink, opt->field, setting->neg, setting->value.range.lo,
		     setting->value.range.hi);
}

const struct fe_type fe_type_tcp_ports = {
	.name = "ports",
	.usage = "PORT[:PORT]",
	.parse = parse_tcp,
	.print = print,
	.cover = cover,
};

const struct fe_type fe_type_ports = {
	.name = "ports",
	.usage = "PORT[:PORT]",
	.parse = parse,
	.print = print,
	.cover = cover,
};

static bool parse_one(const struct fe_opt *opt, struct fe_opt_context *context,
		      const struct fe_str *words, union fe_value *value)
{
	uint32_t port;

	if (!fe_port_read_decimal(opt, context, words[0], &port))
		return false;
	value->u = port;
	return true;
}

static void print_one(const struct fe_opt *opt,
		      const struct fe_setting *setting, unsigned family,
		      struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_buf_printf(buf, " %u", (unsigned)setting->value.u);
}

const struct fe_type fe_type_one_port = {
	.name = "port",
	.usage = "PORT",
	.parse = parse_one,
	.print = print_one,
};
