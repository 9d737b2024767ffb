/* Fer: words and what most statements hold: numbers, times, addresses. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "option/types.h"
#include "packet/wire.h"
#include "scenario/fer.h"

struct fe_diag *fe_fer_error(struct fe_fer *fer, struct fe_span span,
			     const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	fer->failed = true;
	return fe_diag(fer->diags, FE_ERROR, NULL, span, "%s", text);
}

bool fe_cursor_peek(const struct fe_cursor *c, struct fe_script_word *word)
{
	if (c->at >= c->words->n)
		return false;
	*word = c->words->data[c->at];
	return true;
}

bool fe_cursor_next(struct fe_cursor *c, struct fe_script_word *word)
{
	if (!fe_cursor_peek(c, word))
		return false;
	c->at++;
	return true;
}

bool fe_cursor_take(struct fe_cursor *c, const char *word)
{
	struct fe_script_word next;

	if (!fe_cursor_peek(c, &next) || next.quoted ||
	    !fe_str_is(next.text, word))
		return false;
	c->at++;
	return true;
}

bool fe_cursor_want(struct fe_cursor *c, const char *what,
		    struct fe_script_word *word)
{
	struct fe_span end = c->span;

	if (fe_cursor_next(c, word))
		return true;
	end.off += end.len;
	end.len = 0;
	fe_fer_error(c->fer, end, "%s is missing here", what);
	return false;
}

bool fe_cursor_number(struct fe_cursor *c, const char *what, uint64_t max,
		      uint64_t *out)
{
	struct fe_script_word word;

	if (!fe_cursor_want(c, what, &word))
		return false;
	if (fe_str_u64(word.text, 0, max, out))
		return true;
	fe_fer_error(c->fer, word.span, "%s is a number up to %llu, not '%.*s'",
		     what, (unsigned long long)max, (int)word.text.len,
		     word.text.s);
	return false;
}

static const struct {
	const char *name;
	int64_t ns;
} units[] = {
	{"ms", 1000000}, {"us", 1000}, {"ns", 1}, {"s", 1000000000},
	{"m", 60000000000}, {"min", 60000000000}, {"h", 3600000000000},
	{"d", 86400000000000},
};

bool fe_cursor_time(struct fe_cursor *c, int64_t *ns)
{
	struct fe_script_word word;
	struct fe_str number, unit;
	uint64_t n;

	if (!fe_cursor_want(c, "a time", &word))
		return false;
	number = unit = word.text;
	for (number.len = 0; number.len < word.text.len &&
	     number.s[number.len] >= '0' && number.s[number.len] <= '9';)
		number.len++;
	unit.s += number.len;
	unit.len -= number.len;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		uint64_t max = (uint64_t)(INT64_MAX / 8 / units[i].ns);
		if (!fe_str_is(unit, units[i].name) ||
		    !fe_str_u64(number, 10, max, &n))
			continue;
		*ns = (int64_t)n * units[i].ns;
		return true;
	}
	fe_diag_hint(c->fer->diags,
		     fe_fer_error(c->fer, word.span, "'%.*s' is not a time",
				  (int)word.text.len, word.text.s),
		     "write 130s, 5m, 10ms, 2h or 1d");
	return false;
}

static const char *next_name(void *arg)
{
	const char *const **names = arg;

	return **names ? *(*names)++ : NULL;
}

void fe_cursor_unknown(struct fe_cursor *c, const struct fe_script_word *word,
		       const char *what, const char *const *names)
{
	const char *const *rest = names;
	const char *near = fe_str_nearest(word->text, next_name, &rest);
	struct fe_diag *diag;

	diag = fe_fer_error(c->fer, word->span, "unknown %s '%.*s'", what,
			    (int)word->text.len, word->text.s);
	if (near)
		fe_diag_hint(c->fer->diags, diag, "did you mean '%s'?", near);
}

void fe_cursor_end(struct fe_cursor *c)
{
	struct fe_script_word word;

	if (fe_cursor_next(c, &word))
		fe_fer_error(c->fer, word.span, "'%.*s' is not expected here",
			     (int)word.text.len, word.text.s);
}

uint8_t fe_fer_proto(struct fe_str text)
{
	static const struct {
		const char *name;
		uint8_t proto;
	} protos[] = {
		{"tcp", 6}, {"udp", 17}, {"icmp", 1}, {"icmpv6", 58},
		{"icmp6", 58}, {"ping", 1}, {"sctp", 132}, {"gre", 47},
		{"esp", 50}, {"udplite", 136},
	};
	uint64_t number;

	for (size_t i = 0; i < sizeof(protos) / sizeof(*protos); i++)
		if (fe_str_is(text, protos[i].name))
			return protos[i].proto;
	return fe_str_u64(text, 10, 255, &number) ? (uint8_t)number : 0;
}

bool fe_fer_ports_read(struct fe_str text, struct fe_fer_ports *ports)
{
	struct fe_str lo = text, hi = text;
	const char *cut = memchr(text.s, '-', text.len);
	uint64_t a, b;

	if (!cut)
		cut = memchr(text.s, ':', text.len);
	if (cut) {
		lo.len = (size_t)(cut - text.s);
		hi.s = cut + 1;
		hi.len = text.len - lo.len - 1;
	}
	if (!fe_str_u64(lo, 10, 65535, &a) || !fe_str_u64(hi, 10, 65535, &b) ||
	    a > b)
		return false;
	*ports = (struct fe_fer_ports){(uint16_t)a, (uint16_t)b};
	return true;
}

static bool addr_read(struct fe_str text, struct fe_fer_net *net)
{
	uint8_t bytes[16];
	char copy[64];

	if (text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.s, text.len);
	copy[text.len] = '\0';
	if (inet_pton(AF_INET, copy, bytes) == 1) {
		net->family = 4;
		net->addr = fe_u128(fe_get32(bytes));
		return true;
	}
	if (inet_pton(AF_INET6, copy, bytes) != 1)
		return false;
	net->family = 6;
	net->addr = fe_get128(bytes);
	return true;
}

bool fe_fer_net_read(struct fe_str text, struct fe_fer_net *net)
{
	struct fe_str addr = text, len;
	const char *slash = memchr(text.s, '/', text.len);
	uint64_t n;

	if (slash)
		addr.len = (size_t)(slash - text.s);
	if (!addr_read(addr, net))
		return false;
	net->prefix_len = net->family == 4 ? 32 : 128;
	if (!slash)
		return true;
	len = (struct fe_str){slash + 1, text.len - addr.len - 1};
	if (!fe_str_u64(len, 10, net->prefix_len, &n))
		return false;
	net->prefix_len = (uint8_t)n;
	return true;
}

/* Cuts ":22" off; not inside an IPv6 address that has no brackets. */
static bool cut_port(struct fe_str *text, struct fe_str *port)
{
	const char *colon = memrchr(text->s, ':', text->len);

	if (text->len && *text->s == '[') {
		const char *close = memchr(text->s, ']', text->len);
		if (!close)
			return false;
		*port = (struct fe_str){
		    close + 1, (size_t)(text->s + text->len - close - 1)};
		text->s++;
		text->len = (size_t)(close - text->s);
		if (port->len && *port->s != ':')
			return false;
		if (port->len) {
			port->s++;
			port->len--;
		}
		return true;
	}
	port->len = 0;
	if (colon && !memchr(text->s, ':', (size_t)(colon - text->s))) {
		*port = (struct fe_str){
		    colon + 1, (size_t)(text->s + text->len - colon - 1)};
		text->len = (size_t)(colon - text->s);
	}
	return true;
}

/* The value of a `let` of one word, or the text itself. */
static struct fe_str value_of(const struct fe_fer *fer, struct fe_str text)
{
	for (size_t i = fer->lets.n; i-- > 0;)
		if (fe_str_eq(fer->lets.data[i].name, text) &&
		    fer->lets.data[i].words.n == 1)
			return fer->lets.data[i].words.data[0].text;
	return text;
}

bool fe_cursor_net(struct fe_cursor *c, struct fe_fer_net *net,
		   struct fe_fer_ports *ports)
{
	struct fe_script_word word;
	struct fe_str text, port = {0};

	if (!fe_cursor_want(c, "an address", &word))
		return false;
	text = value_of(c->fer, word.text);
	if (ports && !cut_port(&text, &port))
		text.len = 0;
	text = value_of(c->fer, text);
	if (!fe_fer_net_read(text, net)) {
		fe_fer_error(c->fer, word.span,
			     "'%.*s' is neither an address nor a name that "
			     "`let` made", (int)word.text.len, word.text.s);
		return false;
	}
	port = value_of(c->fer, port);
	if (!port.len || fe_fer_ports_read(port, ports))
		return true;
	fe_fer_error(c->fer, word.span, "'%.*s' is not a port",
		     (int)port.len, port.s);
	return false;
}

bool fe_cursor_iface(struct fe_cursor *c, uint16_t *iface)
{
	const struct fe_host *host = c->fer->host;
	struct fe_script_word word;
	struct fe_diag *diag;

	if (!fe_cursor_want(c, "an interface", &word))
		return false;
	*iface = fe_host_find_iface(host, word.text);
	if (*iface)
		return true;
	if (!host->known) {
		*iface = fe_host_iface(c->fer->host, word.text);
		return true;
	}
	diag = fe_fer_error(c->fer, word.span, "the host has no interface '%.*s'",
			    (int)word.text.len, word.text.s);
	if (host->ifaces.n > 1)
		fe_diag_hint(c->fer->diags, diag, "it has %s%s%s",
			     host->ifaces.data[1].name,
			     host->ifaces.n > 2 ? ", " : "",
			     host->ifaces.n > 2 ? host->ifaces.data[2].name
						: "");
	return false;
}
