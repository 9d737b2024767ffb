/*
 * Reading a host's snapshot: a directory of what usual commands print.
 *
 * Every file is optional, and what a file leaves out keeps its default. Rules
 * and sets of the snapshot are read by who wants them (lang/).
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host/host.h"
#include "packet/wire.h"

struct reading {
	struct fe_host *host;
	struct fe_sources *sources;
	const char *path;
	struct fe_diags *diags;
	bool ok;
};

static void complain(struct reading *r, const char *file, const char *what)
{
	fe_diag(r->diags, FE_ERROR, NULL, FE_NO_SPAN, "%s/%s: %s", r->path,
		file, what);
	r->ok = false;
}

/* A file's text; NULL: there is none, or it can't be read. */
static const struct fe_source *text_of(struct reading *r, const char *file)
{
	const char *path = fe_arena_printf(r->host->arena, "%s/%s", r->path,
					   file);
	uint32_t index;
	int error = fe_sources_read(r->sources, path, &index);

	if (!error)
		return fe_source(r->sources, index);
	if (error != ENOENT)
		complain(r, file, strerror(error));
	return NULL;
}

static json_t *json_of(struct reading *r, const char *file)
{
	const struct fe_source *s = text_of(r, file);
	json_error_t error;
	json_t *root;

	if (!s)
		return NULL;
	root = json_loadb(s->text.s, s->text.len, 0, &error);
	if (root && json_is_array(root))
		return root;
	complain(r, file, root ? "not an array, as ip -j prints it"
			       : error.text);
	json_decref(root);
	return NULL;
}

/* "10.0.0.1", "2001:db8::1/64", "default"; false: not an address. */
static bool read_addr(const char *text, unsigned *family, struct fe_u128 *addr,
		      unsigned *prefix_len)
{
	char copy[64];
	uint8_t bytes[16];
	const char *slash;
	size_t n;

	if (!text)
		return false;
	slash = strchr(text, '/');
	n = slash ? (size_t)(slash - text) : strlen(text);
	if (n >= sizeof(copy))
		return false;
	memcpy(copy, text, n);
	copy[n] = '\0';
	if (inet_pton(AF_INET, copy, bytes) == 1) {
		*family = 4;
		*addr = fe_u128(fe_get32(bytes));
	} else if (inet_pton(AF_INET6, copy, bytes) == 1) {
		*family = 6;
		*addr = fe_get128(bytes);
	} else {
		return false;
	}
	*prefix_len = *family == 4 ? 32 : 128;
	if (slash) {
		unsigned long len = strtoul(slash + 1, NULL, 10);

		if (len > *prefix_len)
			return false;
		*prefix_len = (unsigned)len;
	}
	return true;
}

static const char *string_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static uint32_t number_of(const json_t *o, const char *key, uint32_t otherwise)
{
	const json_t *v = json_object_get(o, key);
	json_int_t n = json_integer_value(v);

	return json_is_integer(v) && n >= 0 && n <= UINT32_MAX ? (uint32_t)n
							       : otherwise;
}

/* addr.json */

static void read_link_addr(struct fe_host *host, uint16_t iface,
			   const json_t *info)
{
	unsigned family, bits, len;
	struct fe_u128 addr;

	if (!read_addr(string_of(info, "local"), &family, &addr, &bits))
		return;
	len = number_of(info, "prefixlen", bits);
	/* The loopback addresses are there from the start. */
	if (fe_host_is_local(host, family, addr) &&
	    host->ifaces.data[iface].loopback)
		return;
	fe_host_add_addr(host, iface, family, addr, len <= bits ? len : bits);
}

static void read_link(struct fe_host *host, const json_t *link)
{
	const char *name = string_of(link, "ifname");
	const char *type = string_of(link, "link_type");
	const json_t *info;
	struct fe_iface *iface;
	uint16_t index;
	size_t i;

	if (!name)
		return;
	index = fe_host_iface(host, fe_str(name));
	iface = &host->ifaces.data[index];
	iface->number = number_of(link, "ifindex", iface->number);
	iface->mtu = number_of(link, "mtu", iface->mtu);
	iface->ethernet = type && !strcmp(type, "ether");
	json_array_foreach(json_object_get(link, "addr_info"), i, info)
		read_link_addr(host, index, info);
}

static void read_addrs(struct reading *r)
{
	json_t *root = json_of(r, "addr.json");
	const json_t *link;
	size_t i;

	if (!root)
		return;
	json_array_foreach(root, i, link)
		read_link(r->host, link);
	/* Now addresses and interfaces are all there are. */
	r->host->known = true;
	json_decref(root);
}

/* route.json */

static const struct {
	const char *name;
	uint8_t type;
} route_types[] = {
	{"unicast", RTN_UNICAST},         {"blackhole", RTN_BLACKHOLE},
	{"unreachable", RTN_UNREACHABLE}, {"prohibit", RTN_PROHIBIT},
	{"throw", RTN_THROW},
};

/* RTN_UNSPEC: a kind that follows from the addresses, or is not known. */
static uint8_t route_type(const json_t *o)
{
	const char *name = string_of(o, "type");

	if (!name)
		return RTN_UNICAST;
	for (size_t i = 0; i < sizeof(route_types) / sizeof(*route_types); i++)
		if (!strcmp(name, route_types[i].name))
			return route_types[i].type;
	return RTN_UNSPEC;
}

static uint32_t route_table(const json_t *o)
{
	const char *name = string_of(o, "table");
	uint64_t number;

	if (!name || !strcmp(name, "main"))
		return RT_TABLE_MAIN;
	if (!strcmp(name, "local"))
		return RT_TABLE_LOCAL;
	if (!strcmp(name, "default"))
		return RT_TABLE_DEFAULT;
	return fe_str_u64(fe_str(name), 10, UINT32_MAX, &number)
		   ? (uint32_t)number : RT_TABLE_UNSPEC;
}

/* Whether the route follows from an interface's address. */
static bool route_is_derived(const json_t *o)
{
	const char *protocol = string_of(o, "protocol");

	return protocol && !strcmp(protocol, "kernel") &&
	       !string_of(o, "gateway");
}

static void read_route(struct fe_host *host, const json_t *o)
{
	struct fe_route route = {.type = route_type(o),
				 .table = route_table(o)};
	const char *dst = string_of(o, "dst"), *dev = string_of(o, "dev");
	unsigned family = 4, len = 0, ignored;
	struct fe_u128 addr = {0};

	if (route.type == RTN_UNSPEC || route.table == RT_TABLE_LOCAL ||
	    route_is_derived(o))
		return;
	if (read_addr(string_of(o, "gateway"), &family, &addr, &ignored))
		route.gateway = addr;
	if (read_addr(string_of(o, "prefsrc"), &family, &addr, &ignored))
		route.prefsrc = addr;
	if (dst && !strcmp(dst, "default"))
		len = 0;
	else if (read_addr(dst, &family, &addr, &len))
		route.dst = addr;
	else
		return;
	route.family = (uint8_t)family;
	route.prefix_len = (uint8_t)len;
	route.metric = number_of(o, "metric", 0);
	route.oif = dev ? fe_host_iface(host, fe_str(dev)) : 0;
	fe_vec_push(&host->routes, route);
}

static void read_routes(struct reading *r)
{
	json_t *root = json_of(r, "route.json");
	const json_t *route;
	size_t i;

	if (!root)
		return;
	json_array_foreach(root, i, route)
		read_route(r->host, route);
	json_decref(root);
}

/* Lines. */

static struct fe_str next_line(struct fe_str *rest)
{
	const char *end = memchr(rest->s, '\n', rest->len);
	size_t n = end ? (size_t)(end - rest->s) : rest->len;
	struct fe_str line = {rest->s, n};

	rest->s += end ? n + 1 : n;
	rest->len -= end ? n + 1 : n;
	return line;
}

static struct fe_str trim(struct fe_str s)
{
	while (s.len && isspace((unsigned char)*s.s)) {
		s.s++;
		s.len--;
	}
	while (s.len && isspace((unsigned char)s.s[s.len - 1]))
		s.len--;
	return s;
}

/* sysctl.conf: `sysctl -a`. The ones that matter; most of them don't. */
static void read_sysctls(struct reading *r)
{
	const struct fe_source *s = text_of(r, "sysctl.conf");
	struct fe_str rest = s ? s->text : (struct fe_str){"", 0};

	while (rest.len) {
		struct fe_str line = trim(next_line(&rest)), key, value;
		const char *sign = memchr(line.s, '=', line.len);

		if (!sign || *line.s == '#')
			continue;
		key = trim((struct fe_str){line.s, (size_t)(sign - line.s)});
		value = trim((struct fe_str){
		    sign + 1, line.len - (size_t)(sign - line.s) - 1});
		if (fe_host_sysctl_is_known(key) &&
		    !fe_host_sysctl(r->host, key, value, r->diags))
			r->ok = false;
	}
}

/* uname.txt: `uname -a`, or -r. */
static void read_uname(struct reading *r)
{
	const struct fe_source *s = text_of(r, "uname.txt");
	size_t i = 0;

	if (!s)
		return;
	/* The release is the first word that looks like a version. */
	while (i < s->text.len) {
		unsigned major, minor;
		bool begins = !i || isspace((unsigned char)s->text.s[i - 1]);

		if (begins &&
		    sscanf(s->text.s + i, "%2u.%3u", &major, &minor) == 2) {
			fe_host_use_kernel(
			    r->host,
			    FE_KERNEL(major, minor < 255 ? minor : 255));
			return;
		}
		i++;
	}
	complain(r, "uname.txt", "holds no kernel version");
}

/* Evidence that conntrack is loaded. */
static void read_evidence(struct reading *r)
{
	const struct fe_source *s = text_of(r, "lsmod.txt");
	struct fe_str rest = s ? s->text : (struct fe_str){"", 0};
	struct stat st;

	while (rest.len) {
		struct fe_str line = next_line(&rest);

		if (!fe_str_starts(line, "nf_conntrack ") &&
		    !fe_str_starts(line, "nf_conntrack\t"))
			continue;
		r->host->conntrack_loaded = true;
		r->host->evidence = "lsmod.txt lists nf_conntrack";
	}
	r->host->conntrack_dump = fe_arena_printf(
	    r->host->arena, "%s/conntrack.txt", r->path);
	if (stat(r->host->conntrack_dump, &st) || !S_ISREG(st.st_mode)) {
		r->host->conntrack_dump = NULL;
	} else if (st.st_size > 0) {
		r->host->conntrack_loaded = true;
		r->host->evidence = "conntrack.txt holds entries";
	}
}

bool fe_host_read(struct fe_host *host, struct fe_sources *sources,
		  const char *path, struct fe_diags *diags)
{
	struct reading r = {host, sources, path, diags, true};
	const struct fe_source *nft;
	struct stat st;

	if (stat(path, &st)) {
		fe_diag(diags, FE_ERROR, NULL, FE_NO_SPAN, "%s: %s", path,
			strerror(errno));
		return false;
	}
	if (!S_ISDIR(st.st_mode)) {
		struct fe_diag *d =
		    fe_diag(diags, FE_ERROR, NULL, FE_NO_SPAN,
			    "%s: a snapshot is read from a directory", path);
		fe_diag_hint(diags, d, "unpack the archive first");
		return false;
	}
	read_uname(&r);
	read_addrs(&r);
	read_routes(&r);
	read_sysctls(&r);
	read_evidence(&r);
	nft = text_of(&r, "nft.txt");
	host->nft = nft ? nft->text.s : NULL;
	return r.ok;
}
