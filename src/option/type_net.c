/*
 * Addresses and networks, as iptables reads and saves them.
 *
 * For -s and -d, IPv4 has one to four parts, each decimal, octal or hex; missing parts are
 * zeros at the end (10.1 is 10.1.0.0). A mask is dotted or a length, and may
 * have holes. Names are /etc/networks or DNS names: never asked for unless
 * --resolve was given.
 *
 * conntrack's addresses (fe_type_host) are read by other rules, those of
 * inet_aton: 10.1 is 10.0.0.1. Their host bits are kept and saved, a full mask
 * is not saved, and a mask with holes counts as a full one.
 */
#include "option/types.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

#include "option/value.h"

#define FULL(family) ((family) == 4 ? 32u : 128u)

struct fe_u128 fe_addr_mask(unsigned family, unsigned bits)
{
	struct fe_u128 m = {0, 0};

	if (family == 4) {
		if (bits > 0)
			m.lo = bits >= 32 ? UINT32_MAX
					  : (UINT32_MAX << (32 - bits)) &
						UINT32_MAX;
		return m;
	}
	if (bits > 0)
		m.hi = bits >= 64 ? UINT64_MAX : UINT64_MAX << (64 - bits);
	if (bits > 64)
		m.lo = UINT64_MAX << (128 - bits);
	return m;
}

/* The length of a mask without holes, or -1. */
static int mask_bits(struct fe_u128 mask, unsigned family)
{
	unsigned n = (unsigned)(__builtin_popcountll(mask.hi) +
				__builtin_popcountll(mask.lo));

	return fe_u128_eq(mask, fe_addr_mask(family, n)) ? (int)n : -1;
}

/* Four plain decimal parts, as nearly all addresses are written. */
static bool read_dotted(struct fe_str word, struct fe_u128 *addr)
{
	const char *s = word.s, *end = word.s + word.len;
	uint32_t value = 0;

	for (unsigned part = 0; part < 4; part++) {
		unsigned n = 0, digits = 0;

		for (; s < end && *s >= '0' && *s <= '9'; s++, digits++)
			n = n * 10 + (unsigned)(*s - '0');
		if (digits == 0 || digits > 3 || n > 255 ||
		    (digits > 1 && s[-(int)digits] == '0'))
			return false;
		value = value << 8 | n;
		if (part < 3 && (s == end || *s++ != '.'))
			return false;
	}
	*addr = fe_u128(value);
	return s == end;
}

static bool read_v4(struct fe_str word, bool whole, struct fe_u128 *addr)
{
	struct fe_items items = fe_items(word);
	struct fe_str part;
	uint64_t value = 0, n;
	unsigned parts = 0;

	if (read_dotted(word, addr))
		return true;
	while (fe_items_next(&items, '.', &part)) {
		if (parts == 4 || !fe_str_u64(part, 0, 255, &n))
			return false;
		value |= n << (24 - 8 * parts++);
	}
	*addr = fe_u128(value);
	return parts == 4 || !whole;
}

static bool read_v6(struct fe_str word, struct fe_u128 *addr)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	if (word.len >= sizeof(text))
		return false;
	memcpy(text, word.s, word.len);
	text[word.len] = '\0';
	if (inet_pton(AF_INET6, text, bytes) != 1)
		return false;
	*addr = (struct fe_u128){0, 0};
	for (unsigned i = 0; i < 8; i++) {
		addr->hi = addr->hi << 8 | bytes[i];
		addr->lo = addr->lo << 8 | bytes[8 + i];
	}
	return true;
}

bool fe_addr_read(struct fe_str word, unsigned family, struct fe_u128 *addr)
{
	return family == 4 ? read_v4(word, false, addr) : read_v6(word, addr);
}

void fe_addr_print(struct fe_u128 addr, unsigned family, struct fe_buf *buf)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	if (family == 4) {
		uint32_t a = (uint32_t)addr.lo;

		for (unsigned shift = 24; shift > 0; shift -= 8) {
			fe_buf_uint(buf, a >> shift & 255);
			fe_buf_putc(buf, '.');
		}
		fe_buf_uint(buf, a & 255);
		return;
	}
	for (unsigned i = 0; i < 8; i++) {
		bytes[i] = (uint8_t)(addr.hi >> (56 - 8 * i));
		bytes[8 + i] = (uint8_t)(addr.lo >> (56 - 8 * i));
	}
	inet_ntop(AF_INET6, bytes, text, sizeof(text));
	fe_buf_puts(buf, text);
}

static bool mask_read(struct fe_str word, unsigned family,
		      struct fe_u128 *mask)
{
	uint64_t bits;

	if (fe_str_u64(word, 0, FULL(family), &bits)) {
		*mask = fe_addr_mask(family, (unsigned)bits);
		return true;
	}
	return family == 4 ? read_v4(word, true, mask) : read_v6(word, mask);
}

/* /etc/networks goes before the hosts: "loopback" is 127.0.0.0. */
static bool by_network(struct fe_opt_context *context, struct fe_str word,
		       struct fe_str *out)
{
	const struct netent *net =
		getnetbyname(fe_arena_strndup(context->arena, word.s, word.len));
	struct in_addr addr;

	if (net == NULL || net->n_addrtype != AF_INET)
		return false;
	addr = inet_makeaddr(net->n_net, INADDR_ANY);
	*out = fe_str(fe_arena_strdup(context->arena, inet_ntoa(addr)));
	return true;
}

size_t fe_addr_resolve(struct fe_opt_context *context, struct fe_str word,
		       struct fe_str *out, size_t max)
{
	struct addrinfo hints = {0}, *list, *i;
	struct fe_u128 addr;
	size_t n = 0;

	if (!context->resolve || fe_addr_read(word, context->family, &addr) ||
	    memchr(word.s, '%', word.len) != NULL)
		return 0;
	if (context->family == 4 && by_network(context, word, out))
		return 1;
	hints.ai_family = context->family == 4 ? AF_INET : AF_INET6;
	hints.ai_socktype = SOCK_RAW;
	if (getaddrinfo(fe_arena_strndup(context->arena, word.s, word.len),
			NULL, &hints, &list) != 0)
		return 0;
	for (i = list; i != NULL && n < max; i = i->ai_next) {
		char text[INET6_ADDRSTRLEN];

		if (getnameinfo(i->ai_addr, i->ai_addrlen, text, sizeof(text),
				NULL, 0, NI_NUMERICHOST) != 0)
			continue;
		out[n].s = fe_arena_strdup(context->arena, text);
		out[n].len = strlen(text);
		n++;
	}
	freeaddrinfo(list);
	return n;
}

/* As inet_aton: the last part fills all bytes that are left. */
static bool read_aton(struct fe_str word, struct fe_u128 *addr)
{
	struct fe_items items = fe_items(word);
	struct fe_str part;
	uint64_t value = 0, n;
	unsigned parts = 0;

	if (read_dotted(word, addr))
		return true;
	while (fe_items_next(&items, '.', &part)) {
		unsigned left = 32 - 8 * parts++;

		if (left == 0 || (part.len > 0 && part.s[0] == '+') ||
		    !fe_str_u64(part, 0,
				items.more ? 255 : (1ull << left) - 1, &n))
			return false;
		value |= items.more ? n << (left - 8) : n;
	}
	*addr = fe_u128(value);
	return true;
}

/* An address that is not a number: resolved, or an error with a hint. */
static bool by_name(const struct fe_opt *opt, struct fe_opt_context *context,
		    struct fe_str word, struct fe_u128 *addr)
{
	struct fe_diag *diag;
	struct fe_str first;

	/* No name: numbers and dots that the name functions read alone. */
	if (context->family == 4 && read_aton(word, addr))
		return true;
	if (fe_addr_resolve(context, word, &first, 1) == 1)
		return fe_addr_read(first, context->family, addr);
	diag = fe_diag(context->diags, FE_ERROR, NULL, context->span,
		       "--%s: \"%.*s\" is not an IPv%u address", opt->name,
		       (int)word.len, word.s, context->family);
	if (strspn(word.s, "0123456789.") >= word.len)
		fe_diag_hint(context->diags, diag,
			     "an address is four numbers from 0 to 255");
	else if (memchr(word.s, ':', word.len) != NULL && context->family == 4)
		fe_diag_hint(context->diags, diag,
			     "an IPv6 address belongs in a file for ip6tables");
	else if (memchr(word.s, '-', word.len) != NULL)
		fe_diag_hint(context->diags, diag, "for a range use "
			     "-m iprange --src-range or --dst-range");
	else if (!context->resolve)
		fe_diag_hint(context->diags, diag, "host names are looked up "
			     "only with --resolve; write the address");
	return false;
}

static void keep_net(struct fe_opt_context *context, struct fe_net net,
		     union fe_value *value)
{
	struct fe_net *kept;

	if (context->family == 4) {
		value->masked.value = (uint32_t)net.addr.lo;
		value->masked.mask = (uint32_t)net.mask.lo;
		return;
	}
	kept = fe_new(context->arena, struct fe_net);
	*kept = net;
	value->ptr = kept;
}

/* Behind the last slash, as in iptables. */
static bool cut_mask(struct fe_str word, struct fe_str *addr,
		     struct fe_str *mask)
{
	const char *slash = memrchr(word.s, '/', word.len);

	*addr = word;
	if (slash == NULL)
		return false;
	addr->len = (size_t)(slash - word.s);
	*mask = (struct fe_str){slash + 1, word.len - addr->len - 1};
	return true;
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct fe_str addr, mask;
	struct fe_net net = {{0, 0}, {0, 0}};
	unsigned family = context->family;

	if (!cut_mask(words[0], &addr, &mask))
		net.mask = fe_addr_mask(family, FULL(family));
	else if (!mask_read(mask, family, &net.mask))
		return fe_opt_bad(opt, context, "\"%.*s\" is not a mask",
				  (int)mask.len, mask.s);
	/* iptables looks at no address whose mask is empty: any/0 is fine. */
	if ((net.mask.hi | net.mask.lo) != 0 &&
	    !fe_addr_read(addr, family, &net.addr) &&
	    !by_name(opt, context, addr, &net.addr))
		return false;
	net.addr.hi &= net.mask.hi;
	net.addr.lo &= net.mask.lo;
	keep_net(context, net, value);
	return true;
}

struct fe_net fe_net_value(union fe_value value, unsigned family)
{
	struct fe_net net;

	if (family != 4)
		return *(const struct fe_net *)value.ptr;
	net.addr = fe_u128(value.masked.value);
	net.mask = fe_u128(value.masked.mask);
	return net;
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	struct fe_net net = fe_net_value(setting->value, family);
	int bits = mask_bits(net.mask, family);

	(void)opt;
	if ((net.mask.hi | net.mask.lo) == 0 && !setting->neg)
		return;
	fe_buf_putc(buf, ' ');
	fe_addr_print(net.addr, family, buf);
	fe_buf_putc(buf, '/');
	if (bits >= 0)
		fe_buf_uint(buf, (unsigned)bits);
	else
		fe_addr_print(net.mask, family, buf);
}

void fe_net_atom(struct fe_net net, unsigned family, enum fe_field field,
		 bool neg, struct fe_sink *sink)
{
	struct fe_atom atom = {.field = field, .neg = neg};
	struct fe_u128 ones = fe_addr_mask(family, FULL(family));

	net.addr.hi &= net.mask.hi;
	net.addr.lo &= net.mask.lo;
	if (mask_bits(net.mask, family) >= 0) {
		atom.kind = FE_ATOM_RANGE;
		atom.u.range.lo = net.addr;
		atom.u.range.hi.hi = net.addr.hi | (ones.hi & ~net.mask.hi);
		atom.u.range.hi.lo = net.addr.lo | (ones.lo & ~net.mask.lo);
	} else {
		atom.kind = FE_ATOM_MASK;
		atom.u.mask.value = net.addr;
		atom.u.mask.mask = net.mask;
	}
	sink->atom(sink, &atom);
}

void fe_net_cover(struct fe_net net, unsigned family, enum fe_field field,
		  bool neg, struct fe_sink *sink)
{
	sink->clause(sink);
	fe_net_atom(net, family, field, neg, sink);
}

static void cover(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_sink *sink)
{
	fe_net_cover(fe_net_value(setting->value, family), family, opt->field,
		     setting->neg, sink);
}

const struct fe_type fe_type_net = {
	.name = "network",
	.usage = "ADDRESS[/MASK]",
	.parse = parse,
	.print = print,
	.cover = cover,
};

static bool parse_host(const struct fe_opt *opt,
		       struct fe_opt_context *context,
		       const struct fe_str *words, union fe_value *value)
{
	struct fe_str addr, mask;
	unsigned family = context->family;
	struct fe_net net = {.mask = fe_addr_mask(family, FULL(family))};

	if (fe_str_cut(words[0], '/', &addr, &mask)) {
		if (!mask_read(mask, family, &net.mask) &&
		    !(family == 4 && read_aton(mask, &net.mask)))
			return fe_opt_bad(opt, context,
					  "\"%.*s\" is not a mask",
					  (int)mask.len, mask.s);
		if (mask_bits(net.mask, family) < 0) {
			fe_opt_warn(opt, context, "a mask with holes is read "
				    "as no mask");
			net.mask = fe_addr_mask(family, FULL(family));
		}
	}
	if (!(family == 4 ? read_aton(addr, &net.addr) :
			    read_v6(addr, &net.addr)) &&
	    !by_name(opt, context, addr, &net.addr))
		return false;
	keep_net(context, net, value);
	return true;
}

static void print_host(const struct fe_opt *opt,
		       const struct fe_setting *setting, unsigned family,
		       struct fe_buf *buf)
{
	struct fe_net net = fe_net_value(setting->value, family);
	int bits = mask_bits(net.mask, family);

	(void)opt;
	fe_buf_putc(buf, ' ');
	fe_addr_print(net.addr, family, buf);
	if (bits != (int)FULL(family))
		fe_buf_printf(buf, "/%d", bits);
}

const struct fe_type fe_type_host = {
	.name = "network",
	.usage = "ADDRESS[/MASK]",
	.parse = parse_host,
	.print = print_host,
	.cover = cover,
};
