/*
 * NAT ranges: addresses, ports, or a network, by opt->variant.
 *
 * Ports may stand only where the rule's -p, which comes first, has some:
 * tcp, udp, sctp, dccp, icmp. IPv6 addresses stand in brackets where ports
 * follow; without brackets one colon is a port's, more are an address's.
 */
#include "option/types.h"

#include <arpa/inet.h>
#include <string.h>

#include "option/value.h"
#include "packet/nat.h"

static bool ports_allowed(const struct fe_opt_context *context)
{
	unsigned p = context->proto;

	return p == 6 || p == 17 || p == 132 || p == 33 || p == 1;
}

static bool bad_port(const struct fe_opt *opt, struct fe_opt_context *context,
		     struct fe_str word)
{
	return fe_opt_bad(opt, context, "\"%.*s\" is not a port",
			  (int)word.len, word.s);
}

/* A number, or a service of any protocol: iptables asks for none here. */
static bool read_port(struct fe_str word, uint32_t *port)
{
	uint64_t n;
	uint16_t service;

	if (fe_number_read(word, 65535, &n)) {
		*port = (uint32_t)n;
		return true;
	}
	if (!fe_service_read(word, &service))
		return false;
	*port = service;
	return true;
}

/* PORT[-PORT[/BASE]]; a service stands alone, or as the base. */
static bool read_ports(const struct fe_opt *opt,
		       struct fe_opt_context *context, struct fe_str word,
		       struct fe_nat_range *range)
{
	struct fe_str lo, hi, base;
	uint32_t port, c = 0;
	uint64_t a, b;
	bool shifted;

	if (!ports_allowed(context))
		return fe_opt_bad(opt, context, "ports need -p tcp, udp, "
				  "sctp, dccp or icmp before them");
	range->flags |= FE_NAT_MAP_PORTS;
	if (read_port(word, &port)) {
		range->port_min = range->port_max = (uint16_t)port;
		return true;
	}
	if (!fe_str_cut(word, '-', &lo, &hi) || !fe_number_read(lo, 65535, &a))
		return bad_port(opt, context, word);
	shifted = fe_str_cut(hi, '/', &hi, &base);
	if (!fe_number_read(hi, 65535, &b))
		return bad_port(opt, context, hi);
	if (b < a)
		return fe_opt_bad(opt, context, "the range is upside down");
	if (shifted && opt->variant == FE_NAT_TO_PORTS)
		return fe_opt_bad(opt, context, "a base port is for DNAT only");
	if (shifted && (!read_port(base, &c) || c == 0))
		return bad_port(opt, context, base);
	/* SNAT reads a base port, but loses it. */
	if (shifted && opt->variant == FE_NAT_TO_ADDR) {
		fe_opt_warn(opt, context, "the base port becomes 0");
		c = 0;
	}
	range->port_min = (uint16_t)a;
	range->port_max = (uint16_t)b;
	if (shifted) {
		range->flags |= FE_NAT_PORT_OFFSET;
		range->port_base = (uint16_t)c;
	}
	return true;
}

/* An address in full, as inet_pton reads it. */
static bool read_whole(const struct fe_opt *opt,
		       struct fe_opt_context *context, struct fe_str word,
		       struct fe_u128 *addr)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	if (word.len < sizeof(text)) {
		memcpy(text, word.s, word.len);
		text[word.len] = '\0';
		if (inet_pton(context->family == 4 ? AF_INET : AF_INET6, text,
			      bytes) == 1)
			return fe_addr_read(word, context->family, addr);
	}
	return fe_opt_bad(opt, context, "\"%.*s\" is not an IPv%u address",
			  (int)word.len, word.s, context->family);
}

/* Where the colon before the ports is; s.len: there is none. */
static size_t ports_at(struct fe_str s, size_t from)
{
	for (size_t i = from; i < s.len; i++) {
		if (s.s[i] == ':')
			return i;
	}
	return s.len;
}

/*
 * Cuts "ADDRS[:PORTS]" apart; brackets are taken off. False: a bracket is not
 * closed, or stands in IPv4.
 */
static bool cut_ports(struct fe_str s, unsigned family, struct fe_str *addrs,
		      struct fe_str *ports, bool *has_ports)
{
	const char *open = memchr(s.s, '[', s.len), *close;
	size_t colon;

	*addrs = s;
	if (open != NULL) {
		size_t at = (size_t)(open - s.s) + 1;

		close = memchr(s.s + at, ']', s.len - at);
		if (close == NULL || family == 4)
			return false;
		*addrs = (struct fe_str){s.s + at,
					 (size_t)(close - s.s) - at};
		colon = ports_at(s, (size_t)(close - s.s) + 1);
	} else {
		colon = ports_at(s, 0);
		if (colon < s.len && ports_at(s, colon + 1) < s.len &&
		    family == 6)
			colon = s.len;
		addrs->len = colon;
	}
	*has_ports = colon < s.len;
	if (*has_ports)
		*ports = (struct fe_str){s.s + colon + 1, s.len - colon - 1};
	return true;
}

static bool read_addrs(const struct fe_opt *opt,
		       struct fe_opt_context *context, struct fe_str word,
		       struct fe_nat_range *range)
{
	struct fe_str addrs, ports, lo, hi;
	bool has_ports;

	if (!cut_ports(word, context->family, &addrs, &ports, &has_ports))
		return fe_opt_bad(opt, context, "\"%.*s\" is not an address",
				  (int)word.len, word.s);
	if (has_ports && !read_ports(opt, context, ports, range))
		return false;
	if (has_ports && addrs.len == 0)
		return true;
	range->flags |= FE_NAT_MAP_ADDRS;
	if (!fe_str_cut(addrs, '-', &lo, &hi))
		hi = lo;
	return read_whole(opt, context, lo, &range->min) &&
	       read_whole(opt, context, hi, &range->max);
}

/* A network: its first and last address. */
static bool read_net(const struct fe_opt *opt, struct fe_opt_context *context,
		     const struct fe_str *words, struct fe_nat_range *range)
{
	union fe_value value;
	struct fe_u128 ones = fe_addr_mask(context->family,
					   context->family == 4 ? 32 : 128);
	struct fe_net net;

	if (!fe_type_host.parse(opt, context, words, &value))
		return false;
	net = fe_net_value(value, context->family);
	range->flags = FE_NAT_MAP_ADDRS | FE_NAT_NETMAP;
	range->min.hi = net.addr.hi & net.mask.hi;
	range->min.lo = net.addr.lo & net.mask.lo;
	range->max.hi = range->min.hi | (ones.hi & ~net.mask.hi);
	range->max.lo = range->min.lo | (ones.lo & ~net.mask.lo);
	return true;
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct fe_nat_range *range;

	range = fe_new(context->arena, struct fe_nat_range);
	value->ptr = range;
	switch (opt->variant) {
	case FE_NAT_TO_PORTS:
		return read_ports(opt, context, words[0], range);
	case FE_NAT_TO_NET:
		return read_net(opt, context, words, range);
	default:
		return read_addrs(opt, context, words[0], range);
	}
}

static void print_addrs(const struct fe_nat_range *range, unsigned family,
			struct fe_buf *buf)
{
	bool brackets = family == 6 && (range->flags & FE_NAT_MAP_PORTS) != 0;

	if (brackets)
		fe_buf_putc(buf, '[');
	fe_addr_print(range->min, family, buf);
	if (!fe_u128_eq(range->min, range->max)) {
		fe_buf_putc(buf, '-');
		fe_addr_print(range->max, family, buf);
	}
	if (brackets)
		fe_buf_putc(buf, ']');
}

static void print_bits(const struct fe_nat_range *range, unsigned family,
		       struct fe_buf *buf)
{
	unsigned bits = family == 4 ? 32 : 128;
	uint64_t lo = range->min.lo ^ range->max.lo;
	uint64_t hi = range->min.hi ^ range->max.hi;

	for (; (lo & 1) != 0; lo = lo >> 1 | hi << 63, hi >>= 1)
		bits--;
	fe_addr_print(range->min, family, buf);
	fe_buf_printf(buf, "/%u", bits);
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	const struct fe_nat_range *range = setting->value.ptr;

	fe_buf_putc(buf, ' ');
	if (opt->variant == FE_NAT_TO_NET) {
		print_bits(range, family, buf);
		return;
	}
	if ((range->flags & FE_NAT_MAP_ADDRS) != 0)
		print_addrs(range, family, buf);
	if ((range->flags & FE_NAT_MAP_PORTS) == 0)
		return;
	if (opt->variant != FE_NAT_TO_PORTS)
		fe_buf_putc(buf, ':');
	fe_buf_printf(buf, "%u", range->port_min);
	if (range->port_max != range->port_min)
		fe_buf_printf(buf, "-%u", range->port_max);
	if ((range->flags & FE_NAT_PORT_OFFSET) != 0)
		fe_buf_printf(buf, "/%u", range->port_base);
}

const struct fe_type fe_type_nat = {
	.name = "NAT range",
	.usage = "RANGE",
	.parse = parse,
	.print = print,
};
