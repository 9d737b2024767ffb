/* Random targets, legal in the table, hooks and protocol at hand. */
#include <netinet/in.h>

#include "rules.h"

#define PUT(...) fe_buf_printf(g->buf, __VA_ARGS__)
#define N_OF(a) (sizeof(a) / sizeof((a)[0]))
#define PICK(a) ((a)[kt_below(g, N_OF(a))])

#define HOOK(h) (1u << (h))
#define SRC_HOOKS (HOOK(FE_POSTROUTING) | HOOK(FE_INPUT))
#define DST_HOOKS (HOOK(FE_PREROUTING) | HOOK(FE_OUTPUT))

static void t_reject(struct kt_gen *g)
{
	static const char *const v4[] = {
	    "icmp-port-unreachable",  "icmp-host-prohibited",
	    "icmp-net-unreachable",   "icmp-admin-prohibited",
	    "icmp-proto-unreachable", "icmp-host-unreachable",
	    "icmp-net-prohibited"};
	static const char *const v6[] = {
	    "icmp6-port-unreachable", "icmp6-adm-prohibited",
	    "icmp6-no-route",	      "icmp6-addr-unreachable",
	    "icmp6-policy-fail",      "icmp6-reject-route"};

	PUT(" -j REJECT");
	if (g->proto == IPPROTO_TCP && !g->proto_neg && kt_once(g, 2))
		PUT(" --reject-with tcp-reset");
	else if (!kt_once(g, 3))
		PUT(" --reject-with %s", g->family == 4 ? PICK(v4) : PICK(v6));
}

static void t_mark(struct kt_gen *g)
{
	static const char *const ops[] = {"--set-xmark 0x1/0xffffffff",
					  "--set-mark 0x2",
					  "--or-mark 0x4",
					  "--and-mark 0x1",
					  "--xor-mark 0x3",
					  "--set-mark 0x1/0x3",
					  "--set-xmark 0x5/0xf"};

	PUT(" -j MARK %s", PICK(ops));
}

static void t_connmark(struct kt_gen *g)
{
	static const char *const ops[] = {
	    "--set-xmark 0x1/0xffffffff",
	    "--save-mark",
	    "--restore-mark",
	    "--set-mark 0x5",
	    "--or-mark 0x2",
	    "--save-mark --nfmask 0x1 --ctmask 0x3",
	    "--restore-mark --nfmask 0xff --ctmask 0x3",
	    "--and-mark 0x1"};

	PUT(" -j CONNMARK %s", PICK(ops));
}

static void t_ct(struct kt_gen *g)
{
	switch (kt_below(g, 5)) {
	case 0:
		PUT(" -j CT --zone %u", 1 + kt_below(g, 3));
		break;
	case 1:
		PUT(" -j CT --notrack");
		break;
	case 2:
		PUT(" -j CT");
		break;
	default:
		PUT(" -j NOTRACK");
		break;
	}
}

static void port_part(struct kt_gen *g, const char *before)
{
	unsigned a = kt_port(g);

	if (g->proto_neg ||
	    (g->proto != IPPROTO_TCP && g->proto != IPPROTO_UDP) ||
	    kt_once(g, 2))
		return;
	if (kt_once(g, 2) || g->c->for_plan)
		PUT("%s%u", before, a);
	else
		PUT("%s%u-%u", before, a, a + 1 + kt_below(g, 40));
}

/* An address with perhaps a port; IPv6 with a port needs brackets. */
static void nat_to(struct kt_gen *g, const char *option, struct fe_u128 a)
{
	struct fe_buf port = {0}, *whole = g->buf;
	struct fe_u128 b = a;
	bool range = kt_once(g, 5);

	g->buf = &port;
	port_part(g, ":");
	g->buf = whole;
	b.lo += 1 + kt_below(g, 3);
	PUT(" %s ", option);
	PUT("%s", g->family == 6 && port.size ? "[" : "");
	kt_addr_text(g->family, a, g->buf);
	if (range) {
		PUT("-");
		kt_addr_text(g->family, b, g->buf);
	}
	PUT("%s", g->family == 6 && port.size ? "]" : "");
	PUT("%s", fe_buf_text(&port));
	fe_buf_free(&port);
}

static void t_snat(struct kt_gen *g)
{
	const struct kt_host *h = &g->c->host;
	unsigned iface = KT_ETH0 + kt_below(g, h->n_eth);

	PUT(" -j SNAT");
	nat_to(g, "--to-source",
	       kt_once(g, 3) ? kt_host_remote(h, g->rng, g->family, iface)
			     : kt_host_local(h, g->rng, g->family, iface));
	if (kt_once(g, 8))
		PUT(" --persistent");
}

static void t_dnat(struct kt_gen *g)
{
	const struct kt_host *h = &g->c->host;
	unsigned iface = KT_ETH0 + kt_below(g, h->n_eth);

	PUT(" -j DNAT");
	nat_to(g, "--to-destination",
	       kt_once(g, 4) ? kt_host_local(h, g->rng, g->family, iface)
			     : kt_host_remote(h, g->rng, g->family, iface));
	if (kt_once(g, 8))
		PUT(" --persistent");
}

static void t_masquerade(struct kt_gen *g)
{
	PUT(" -j MASQUERADE");
	port_part(g, " --to-ports ");
}

static void t_redirect(struct kt_gen *g)
{
	PUT(" -j REDIRECT");
	port_part(g, " --to-ports ");
}

static void t_netmap(struct kt_gen *g)
{
	struct fe_u128 a =
	    kt_host_remote(&g->c->host, g->rng, g->family,
			   KT_ETH0 + kt_below(g, g->c->host.n_eth));

	a.lo &= ~0xfull;
	PUT(" -j NETMAP --to ");
	kt_addr_text(g->family, a, g->buf);
	PUT("/%u", g->family == 4 ? 28 : 124);
}

static void t_log(struct kt_gen *g)
{
	static const char *const options[] = {
	    "", " --log-prefix \"x: \"", " --log-level 7",
	    " --log-tcp-options --log-ip-options"};

	PUT(" -j LOG%s", PICK(options));
}

/* Targets that write headers; those for TCP bring their own test for SYNs. */
static void t_header(struct kt_gen *g)
{
	static const char *const hops[] = {"set 64", "set 2", "dec 1", "inc 5",
					   "dec 200", "inc 250"};
	static const char *const tos[] = {
	    "TOS --set-tos 0x10/0x3f", "TOS --or-tos 0x03",
	    "TOS --xor-tos 0x44",      "DSCP --set-dscp 46",
	    "DSCP --set-dscp-class CS1"};
	static const char *const tcp[] = {
	    "TCPOPTSTRIP --strip-options timestamp",
	    "TCPOPTSTRIP --strip-options mss,wscale,sack-permitted",
	    "TCPOPTSTRIP --strip-options 2,5,8,30"};
	static const char *const ecn[] = {
	    "ECN --ecn-tcp-remove", "ECN --ecn-tcp-cwr 1 --ecn-ip-ect 2",
	    "ECN --ecn-tcp-ece 1 --ecn-tcp-cwr 0"};
	static const char *const mss[] = {"--set-mss 500", "--set-mss 1400",
					  "--clamp-mss-to-pmtu"};
	bool is_tcp = g->proto == IPPROTO_TCP && !g->proto_neg;
	unsigned n = is_tcp ? 5 : 2;

	switch (kt_below(g, n)) {
	case 0:
		PUT(g->family == 4 ? " -j TTL --ttl-%s" : " -j HL --hl-%s",
		    PICK(hops));
		break;
	case 1:
		PUT(" -j %s", PICK(tos));
		break;
	case 2:
		PUT(" -j %s", PICK(tcp));
		break;
	case 3:
		PUT(" -j %s", g->family == 4 ? PICK(ecn) : PICK(tcp));
		break;
	default:
		PUT(" -m tcp --tcp-flags SYN,RST SYN -j TCPMSS %s",
		    kt_only_hooks(g, HOOK(FE_FORWARD) | HOOK(FE_OUTPUT) |
					 HOOK(FE_POSTROUTING))
			? PICK(mss) : mss[0]);
		break;
	}
}

static bool nat_target(struct kt_gen *g)
{
	bool src = kt_only_hooks(g, SRC_HOOKS),
	     dst = kt_only_hooks(g, DST_HOOKS);

	switch (kt_below(g, 6)) {
	case 0:
	case 1:
		if (src)
			t_snat(g);
		else if (dst)
			t_dnat(g);
		return src || dst;
	case 2:
	case 3:
		if (g->hooks == HOOK(FE_POSTROUTING))
			t_masquerade(g);
		else if (dst)
			t_redirect(g);
		else
			return false;
		return true;
	case 4:
		t_netmap(g);
		return true;
	default:
		return false;
	}
}

/* Targets that belong to the table; false: none was put. */
static bool table_target(struct kt_gen *g)
{
	switch (g->table) {
	case KT_RAW:
		t_ct(g);
		return true;
	case KT_NAT:
		return nat_target(g);
	case KT_MANGLE:
		if (kt_once(g, 3))
			t_header(g);
		else if (kt_once(g, 3))
			t_connmark(g);
		else
			t_mark(g);
		return true;
	case KT_FILTER:
		t_reject(g);
		return true;
	case KT_SECURITY:
	case KT_N_TABLES:
		break;
	}
	return false;
}

void kt_target(struct kt_gen *g)
{
	unsigned own = g->table == KT_FILTER ? 12
		       : g->table == KT_NAT  ? 60
					     : 40;
	unsigned r = kt_below(g, 100);

	if (r < own && table_target(g))
		return;
	r = kt_below(g, 100);
	if (r < 45)
		PUT(" -j ACCEPT");
	else if (r < 55 && g->table != KT_NAT)
		PUT(" -j DROP");
	else if (r < 65)
		PUT(" -j RETURN");
	else if (r < 72)
		t_log(g);
	else if (r < 78)
		t_mark(g);
	else if (r < 83)
		t_connmark(g);
	else if (r < 84 && g->table != KT_NAT)
		PUT(" -j QUEUE");
	/* else: a rule that only counts */
}
