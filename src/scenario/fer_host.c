/*
 * Fer: the `host` block.
 *
 *	host web01 {
 *		eth0 10.0.0.5/24 2001:db8::5/64 mtu 9000
 *		route default via 10.0.0.1 dev eth0
 *		forward on; kernel 3.10; conntrack loaded
 *		sysctl nf_conntrack_max=65536
 *	}
 *
 * Without a `route` line, all other networks are behind the first interface.
 */
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "scenario/fer.h"

typedef void host_line_fn(struct fe_cursor *c);

static void read_forward(struct fe_cursor *c)
{
	static const char *const names[] = {"on", "off", NULL};
	struct fe_sysctls *sysctls = &c->fer->host->sysctls;
	struct fe_script_word word;

	if (!fe_cursor_want(c, "on or off", &word))
		return;
	if (!fe_str_is(word.text, "on") && !fe_str_is(word.text, "off"))
		fe_cursor_unknown(c, &word, "setting", names);
	sysctls->ip_forward = sysctls->ip6_forward =
	    fe_str_is(word.text, "on");
}

static void read_kernel(struct fe_cursor *c)
{
	struct fe_script_word word;
	unsigned major, minor = 0;
	char text[32], end;

	if (!fe_cursor_want(c, "a version", &word))
		return;
	snprintf(text, sizeof(text), "%.*s", (int)word.text.len, word.text.s);
	if (sscanf(text, "%2u.%3u%c", &major, &minor, &end) < 1 ||
	    minor > 255) {
		fe_fer_error(c->fer, word.span, "'%s' is not a kernel version "
			     "such as 3.10", text);
		return;
	}
	fe_host_use_kernel(c->fer->host, FE_KERNEL(major, minor));
}

static void read_conntrack(struct fe_cursor *c)
{
	static const char *const names[] = {"loaded", NULL};
	struct fe_script_word word;

	if (!fe_cursor_want(c, "'loaded'", &word))
		return;
	if (!fe_str_is(word.text, "loaded")) {
		fe_cursor_unknown(c, &word, "setting", names);
		return;
	}
	c->fer->host->conntrack_loaded = true;
	c->fer->host->evidence = "the host block says so";
}

static void read_sysctl(struct fe_cursor *c)
{
	struct fe_script_word word;
	struct fe_str key, value, last;
	const char *cut;

	while (fe_cursor_next(c, &word)) {
		cut = memchr(word.text.s, '=', word.text.len);
		if (!cut) {
			fe_fer_error(c->fer, word.span, "'%.*s' is not "
				     "KEY=VALUE", (int)word.text.len,
				     word.text.s);
			continue;
		}
		key = (struct fe_str){word.text.s,
				      (size_t)(cut - word.text.s)};
		value = (struct fe_str){cut + 1, word.text.len - key.len - 1};
		last = key;
		if (!memchr(key.s, '.', key.len) && !memchr(key.s, '/', key.len))
			last = fe_str(fe_arena_printf(
			    c->fer->arena, "net.netfilter.%.*s", (int)key.len,
			    key.s));
		if (fe_host_sysctl(c->fer->host, last, value, c->fer->diags))
			continue;
		struct fe_diags *diags = c->fer->diags;
		if (diags->list.data[diags->list.n - 1]->span.source ==
		    UINT32_MAX)
			diags->list.data[diags->list.n - 1]->span = word.span;
		c->fer->failed = true;
	}
}

static bool read_default(struct fe_cursor *c, struct fe_fer_net *net)
{
	if (!fe_cursor_take(c, "default"))
		return false;
	*net = (struct fe_fer_net){0};
	return true;
}

/* route NET [via ADDR] [dev IFACE] [src ADDR] */
static void read_route(struct fe_cursor *c)
{
	struct fe_route route = {.type = RTN_UNICAST, .table = RT_TABLE_MAIN};
	struct fe_fer_net net, via = {0}, src = {0};
	struct fe_script_word word;
	struct fe_u128 ignored;

	if (!read_default(c, &net) && !fe_cursor_net(c, &net, NULL))
		return;
	while (fe_cursor_peek(c, &word)) {
		bool ok;
		if (fe_cursor_take(c, "via"))
			ok = fe_cursor_net(c, &via, NULL);
		else if (fe_cursor_take(c, "dev"))
			ok = fe_cursor_iface(c, &route.oif);
		else if (fe_cursor_take(c, "src"))
			ok = fe_cursor_net(c, &src, NULL);
		else
			break;
		if (!ok)
			return;
	}
	route.family = net.family ? net.family : via.family ? via.family : 4;
	route.dst = net.addr;
	route.prefix_len = net.prefix_len;
	route.gateway = via.addr;
	route.prefsrc = src.addr;
	if (!route.oif && via.family)
		route.oif = fe_host_oif(c->fer->host, via.family, via.addr,
					&ignored);
	if (!route.oif)
		fe_fer_error(c->fer, c->span, "no interface leads there: say "
					      "which with 'dev'");
	else
		fe_vec_push(&c->fer->host->routes, route);
}

static void read_iface(struct fe_cursor *c)
{
	struct fe_host *host = c->fer->host;
	struct fe_script_word word;
	struct fe_fer_net net;
	uint64_t mtu;
	uint16_t iface;

	if (!fe_cursor_want(c, "an interface", &word))
		return;
	if (word.text.len > 15) {
		fe_fer_error(c->fer, word.span, "names of interfaces have at "
						"most 15 characters");
		return;
	}
	iface = fe_host_iface(host, word.text);
	if (!host->ifaces.data[iface].loopback)
		host->ifaces.data[iface].ethernet = true;
	while (fe_cursor_peek(c, &word)) {
		if (fe_cursor_take(c, "mtu")) {
			if (!fe_cursor_number(c, "the MTU", 65536, &mtu))
				return;
			host->ifaces.data[iface].mtu = (uint32_t)mtu;
			continue;
		}
		if (!fe_cursor_net(c, &net, NULL))
			return;
		fe_host_add_addr(host, iface, net.family, net.addr,
				 net.prefix_len);
	}
}

static const struct {
	const char *word;
	host_line_fn *read;
} host_lines[] = {
	{"forward", read_forward}, {"sysctl", read_sysctl},
	{"route", read_route}, {"kernel", read_kernel},
	{"conntrack", read_conntrack}, {"iface", read_iface},
};

static void read_line(struct fe_fer *fer, const struct fe_script_line *line)
{
	struct fe_cursor c = {.fer = fer, .words = &line->words,
			      .span = line->span};

	if (line->block || line->expects.n || !line->words.n) {
		fe_fer_error(fer, line->span, "this is no line of a host");
		return;
	}
	for (size_t i = 0; i < sizeof(host_lines) / sizeof(*host_lines); i++) {
		if (!fe_cursor_take(&c, host_lines[i].word))
			continue;
		host_lines[i].read(&c);
		fe_cursor_end(&c);
		return;
	}
	read_iface(&c);
	fe_cursor_end(&c);
}

/* A default route by the first interface that has addresses of the family. */
static void default_route(struct fe_host *host, uint8_t family)
{
	for (size_t i = 0; i < host->addrs.n; i++) {
		const struct fe_host_addr *addr = &host->addrs.data[i];
		struct fe_route route = {
		    .family = family, .type = RTN_UNICAST, .oif = addr->iface,
		    .table = RT_TABLE_MAIN};
		if (addr->family != family ||
		    host->ifaces.data[addr->iface].loopback)
			continue;
		fe_vec_push(&host->routes, route);
		return;
	}
}

void fe_fer_host(struct fe_fer *fer, const struct fe_script_line *line)
{
	if (fer->has_host) {
		fe_fer_error(fer, line->span, "there is a host block already");
		return;
	}
	if (!line->block) {
		fe_fer_error(fer, line->span, "a host is a block: "
					      "host NAME { ... }");
		return;
	}
	fer->has_host = true;
	if (fer->host->known)
		return; /* told by --host */
	for (size_t i = 0; i < line->body.n; i++)
		read_line(fer, line->body.data[i]);
	if (!fer->host->routes.n) {
		default_route(fer->host, 4);
		default_route(fer->host, 6);
	}
	fer->host->known = true;
}
