/*
 * Random matches: base options, then up to three extensions that are legal
 * in the table, hooks and protocol at hand.
 *
 * Left out, since time decides them: --ctexpire near real timeouts, and limit
 * at rates that refill within a case (an hour is far away).
 */
#include <netinet/in.h>

#include "rules.h"

#define IN_HOOKS (1u << FE_PREROUTING | 1u << FE_INPUT | 1u << FE_FORWARD)
#define OUT_HOOKS (1u << FE_FORWARD | 1u << FE_OUTPUT | 1u << FE_POSTROUTING)

#define PUT(...) fe_buf_printf(g->buf, __VA_ARGS__)
#define N_OF(a) (sizeof(a) / sizeof((a)[0]))
#define PICK(a) ((a)[kt_below(g, N_OF(a))])

void kt_neg(struct kt_gen *g)
{
	fe_buf_puts(g->buf, kt_once(g, 5) ? " !" : "");
}

/* A flow of the case, so that rules meet traffic; NULL now and then. */
static const struct kt_flow *flow_of_interest(struct kt_gen *g)
{
	const struct kt_flow *f;

	if (!g->c->flows.n || kt_once(g, 3))
		return NULL;
	f = &g->c->flows.data[kt_below(g, (unsigned)g->c->flows.n)];
	return f->family == g->family ? f : NULL;
}

unsigned kt_port(struct kt_gen *g)
{
	static const uint16_t ports[] = {22,   53,   80,   123,	  443,
					 1024, 5000, 8080, 33333, 40000};

	const struct kt_flow *f = flow_of_interest(g);

	if (f && f->proto != IPPROTO_ICMP && f->proto != IPPROTO_ICMPV6)
		return kt_once(g, 3) ? f->sport : f->dport;
	return PICK(ports);
}

static struct fe_u128 addr_value(struct kt_gen *g)
{
	const struct kt_host *h = &g->c->host;
	const struct kt_flow *f = flow_of_interest(g);
	unsigned iface = KT_ETH0 + kt_below(g, h->n_eth);

	if (f)
		return kt_once(g, 2) ? f->src : f->dst;

	if (kt_once(g, 3))
		return kt_host_local(h, g->rng, g->family, KT_NO_IFACE);
	return kt_host_remote(h, g->rng, g->family, iface);
}

void kt_addr(struct kt_gen *g)
{
	kt_addr_text(g->family, addr_value(g), g->buf);
}

static void base_addr(struct kt_gen *g, char option)
{
	struct fe_u128 a = addr_value(g);
	static const uint8_t bits4[] = {32, 32, 31, 30, 24, 16, 8};
	static const uint8_t bits6[] = {128, 128, 127, 124, 64, 48, 32};
	unsigned bits = g->family == 4 ? PICK(bits4) : PICK(bits6);

	if (g->family == 4)
		a.lo &= ~0ull << (32 - bits);
	else if (bits <= 64)
		a.lo = 0, a.hi &= ~0ull << (64 - bits);
	else
		a.lo &= ~0ull << (128 - bits);
	kt_neg(g);
	PUT(" -%c ", option);
	kt_addr_text(g->family, a, g->buf);
	PUT("/%u", bits);
}

static void base_iface(struct kt_gen *g, char option)
{
	static const char *const names[] = {"lo",   "eth0", "eth0",   "eth1",
					    "eth2", "eth+", "nosuch0"};
	unsigned legal = option == 'i' ? IN_HOOKS : OUT_HOOKS;

	if (g->builtin && !kt_only_hooks(g, legal))
		return;
	kt_neg(g);
	PUT(" -%c %s", option, PICK(names));
}

static void base_proto(struct kt_gen *g)
{
	static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_TCP,  IPPROTO_UDP,
					 IPPROTO_UDP, IPPROTO_ICMP, 50};
	static const char *const names[] = {"tcp", "tcp",  "udp",
					    "udp", "icmp", "50"};
	unsigned i = kt_below(g, 6);

	g->proto = protos[i];
	g->proto_neg = kt_once(g, 12);
	if (g->family == 6 && g->proto == IPPROTO_ICMP)
		g->proto = IPPROTO_ICMPV6;
	PUT("%s -p %s", g->proto_neg ? " !" : "",
	    g->proto == IPPROTO_ICMPV6 ? "ipv6-icmp" : names[i]);
}

static void port_range(struct kt_gen *g)
{
	unsigned a = kt_port(g), b = kt_port(g);

	if (a == b || kt_once(g, 2))
		PUT("%u", a);
	else
		PUT("%u:%u", a < b ? a : b, a < b ? b : a);
}

static void m_ports(struct kt_gen *g)
{
	PUT(" -m %s", g->proto == IPPROTO_TCP ? "tcp" : "udp");
	if (kt_once(g, 2)) {
		kt_neg(g);
		PUT(" --sport ");
		port_range(g);
	}
	if (!kt_once(g, 3)) {
		kt_neg(g);
		PUT(" --dport ");
		port_range(g);
	}
}

static void m_tcp_flags(struct kt_gen *g)
{
	static const char *const masks[] = {
	    "FIN,SYN,RST,ACK SYN", "SYN,RST RST",    "FIN FIN",
	    "SYN,ACK SYN,ACK",	   "ALL NONE",	     "ALL SYN,ACK",
	    "PSH,ACK ACK",	   "SYN,FIN SYN,FIN"};

	PUT(" -m tcp");
	if (kt_once(g, 4)) {
		kt_neg(g);
		PUT(" --tcp-option %u", 2 + kt_below(g, 3));
		return;
	}
	kt_neg(g);
	PUT(" --tcp-flags %s", PICK(masks));
}

static void m_icmp(struct kt_gen *g)
{
	static const char *const v4[] = {"8",	"0",   "3",   "3/3", "11",
					 "any", "3/1", "8/0", "13"};
	static const char *const v6[] = {"128", "129", "1", "1/4",
					 "3",	"135", "2", "4/0"};

	PUT(" -m %s", g->family == 4 ? "icmp" : "icmp6");
	kt_neg(g);
	PUT(" --%s-type %s", g->family == 4 ? "icmp" : "icmpv6",
	    g->family == 4 ? PICK(v4) : PICK(v6));
}

static void m_multiport(struct kt_gen *g)
{
	static const char *const which[] = {"sports", "dports", "ports"};
	unsigned n = 1 + kt_below(g, 4);

	PUT(" -m multiport");
	kt_neg(g);
	PUT(" --%s ", PICK(which));
	while (n--) {
		port_range(g);
		fe_buf_puts(g->buf, n ? "," : "");
	}
}

static const char *const states[] = {
    "NEW",	  "ESTABLISHED",     "RELATED,ESTABLISHED", "INVALID",
    "UNTRACKED",  "NEW,ESTABLISHED", "INVALID,UNTRACKED",   "RELATED",
    "NEW,RELATED"};

static void m_state(struct kt_gen *g)
{
	PUT(" -m state");
	kt_neg(g);
	PUT(" --state %s", PICK(states));
}

static void m_ctstate(struct kt_gen *g)
{
	static const char *const more[] = {"SNAT", "DNAT", "NEW,DNAT",
					   "ESTABLISHED,SNAT"};

	PUT(" -m conntrack");
	kt_neg(g);
	PUT(" --ctstate %s", kt_once(g, 6) ? PICK(more) : PICK(states));
}

static void ct_tuple(struct kt_gen *g)
{
	static const char *const addrs[] = {"ctorigsrc", "ctorigdst",
					    "ctreplsrc", "ctrepldst"};
	static const char *const ports[] = {"ctorigsrcport", "ctorigdstport",
					    "ctreplsrcport", "ctrepldstport"};

	kt_neg(g);
	if (kt_once(g, 2)) {
		PUT(" --%s ", PICK(addrs));
		kt_addr(g);
	} else {
		PUT(" --%s ", PICK(ports));
		port_range(g);
	}
}

static void m_conntrack(struct kt_gen *g)
{
	static const char *const status[] = {"SEEN_REPLY",	  "ASSURED",
					     "CONFIRMED",	  "EXPECTED",
					     "ASSURED,CONFIRMED", "NONE"};

	PUT(" -m conntrack");
	if (kt_once(g, 4)) {
		kt_neg(g);
		PUT(" --ctstate %s", PICK(states));
	}
	switch (kt_below(g, 6)) {
	case 0:
		kt_neg(g);
		PUT(" --ctproto %s", kt_once(g, 2) ? "tcp" : "udp");
		break;
	case 1:
		kt_neg(g);
		PUT(" --ctstatus %s", PICK(status));
		break;
	case 2:
		PUT(" --ctdir %s", kt_once(g, 2) ? "ORIGINAL" : "REPLY");
		break;
	case 3:
		kt_neg(g);
		PUT(" --ctexpire %s",
		    kt_once(g, 2) ? "0:1000000" : "5000:6000");
		break;
	default:
		ct_tuple(g);
		break;
	}
}

static void m_mark(struct kt_gen *g)
{
	static const char *const values[] = {"0x1", "0x2",     "0x0/0x1",
					     "0x3", "0x1/0x1", "0x0"};

	PUT(" -m mark");
	kt_neg(g);
	PUT(" --mark %s", PICK(values));
}

static void m_connmark(struct kt_gen *g)
{
	static const char *const values[] = {"0x1", "0x0", "0x2/0x2", "0x5"};

	PUT(" -m connmark");
	kt_neg(g);
	PUT(" --mark %s", PICK(values));
}

static void m_iprange(struct kt_gen *g)
{
	struct fe_u128 a = addr_value(g), b = a;

	a.lo -= a.lo > 3 ? kt_below(g, 3) : 0;
	b.lo += kt_below(g, 4);
	PUT(" -m iprange");
	kt_neg(g);
	PUT(" --%s-range ", kt_once(g, 2) ? "src" : "dst");
	kt_addr_text(g->family, a, g->buf);
	PUT("-");
	kt_addr_text(g->family, b, g->buf);
}

static void m_addrtype(struct kt_gen *g)
{
	static const char *const types[] = {"LOCAL", "UNICAST", "BROADCAST",
					    "MULTICAST", "LOCAL,UNICAST"};
	const char *type = PICK(types);

	PUT(" -m addrtype");
	kt_neg(g);
	PUT(" --%s-type %s", kt_once(g, 2) ? "src" : "dst",
	    /* IPv6 has no broadcast; the kernel refuses it. */
	    g->family == 6 && type[0] == 'B' ? "LOCAL" : type);
}

static void m_length(struct kt_gen *g)
{
	static const char *const ranges[] = {
	    "40", "0:100", "28:60", "100:65535", "60", "48", "1000:1500"};

	PUT(" -m length");
	kt_neg(g);
	PUT(" --length %s", PICK(ranges));
}

static void m_ttl(struct kt_gen *g)
{
	static const char *const ops[] = {"eq", "lt", "gt"};
	static const uint8_t values[] = {64, 63, 1, 128, 255, 100};
	unsigned op = kt_below(g, 3);

	PUT(" -m %s", g->family == 4 ? "ttl" : "hl");
	if (op == 0)
		kt_neg(g);
	PUT(" --%s-%s %u", g->family == 4 ? "ttl" : "hl", ops[op],
	    PICK(values));
}

static void m_pkttype(struct kt_gen *g)
{
	static const char *const types[] = {"unicast", "broadcast",
					    "multicast"};

	PUT(" -m pkttype");
	kt_neg(g);
	PUT(" --pkt-type %s", PICK(types));
}

static void m_dscp(struct kt_gen *g)
{
	static const char *const values[] = {"0x00", "0x04", "0x0a", "0x2e"};

	PUT(" -m dscp");
	kt_neg(g);
	PUT(" --dscp %s", PICK(values));
}

static void m_tos(struct kt_gen *g)
{
	static const char *const values[] = {"0x00", "0x10/0x3f", "0x10",
					     "0x28/0xff", "0x02/0x03"};

	PUT(" -m tos");
	kt_neg(g);
	PUT(" --tos %s", PICK(values));
}

static void m_limit(struct kt_gen *g)
{
	PUT(" -m limit --limit 1/hour --limit-burst %u", 1 + kt_below(g, 5));
}

static void m_comment(struct kt_gen *g)
{
	PUT(" -m comment --comment \"%s\"", kt_once(g, 2) ? "a b" : "x");
}

static void m_mac(struct kt_gen *g)
{
	PUT(" -m mac");
	kt_neg(g);
	PUT(" --mac-source 00:11:22:33:44:55");
}

static void m_statistic(struct kt_gen *g)
{
	unsigned every = 1 + kt_below(g, 4);

	PUT(" -m statistic --mode nth");
	kt_neg(g);
	PUT(" --every %u --packet %u", every, kt_below(g, every));
}

static void m_quota(struct kt_gen *g)
{
	PUT(" -m quota");
	kt_neg(g);
	PUT(" --quota %u", 40 * kt_below(g, 20));
}

/* Names are the case's own: the kernel's lists outlive rulesets, but not the
 * namespace. */
static void m_recent(struct kt_gen *g)
{
	static const char *const modes[] = {
	    "--set", "--rcheck", "--update", "--remove", "--rcheck --hitcount 2",
	    "--update --hitcount 3", "--update --seconds 3600 --hitcount 2",
	    "--rcheck --seconds 3600 --reap", "--rcheck --rttl"};

	PUT(" -m recent");
	kt_neg(g);
	PUT(" %s --name r%u %s", PICK(modes), kt_below(g, 2),
	    kt_once(g, 3) ? "--rdest" : "--rsource");
}

static void m_hashlimit(struct kt_gen *g)
{
	static const char *const limits[] = {"1/hour", "2/hour", "5/day"};
	static const char *const keys[] = {
	    "", " --hashlimit-mode srcip", " --hashlimit-mode dstip,dstport",
	    " --hashlimit-mode srcip,srcport",
	    " --hashlimit-mode srcip --hashlimit-srcmask 24"};
	unsigned n = kt_below(g, N_OF(keys));

	/* One configuration a name: it is the first rule's that counts. */
	PUT(" -m hashlimit --hashlimit-%s %s --hashlimit-burst %u%s"
	    " --hashlimit-name h%u", kt_once(g, 2) ? "upto" : "above",
	    limits[n % 3], 1 + n, keys[n], n);
}

static void m_u32(struct kt_gen *g)
{
	static const char *const v4[] = {
	    "6&0xFF=6,17", "0>>22&0x3C@0&0xFFFF=0:1023", "0&0xFFFF=40:100",
	    "0>>22&0x3C@4=0:0x7FFFFFFF", "8>>24=0:63&&4&0x3FFF=0", "60=0"};
	static const char *const v6[] = {
	    "4>>8&0xFF=6,17", "40&0xFFFF=0:1023", "4>>16=0:40",
	    "44=0:0x7FFFFFFF", "4&0xFF=0:63", "80=0"};

	PUT(" -m u32");
	kt_neg(g);
	PUT(" --u32 \"%s\"", g->family == 4 ? PICK(v4) : PICK(v6));
}

static void m_string(struct kt_gen *g)
{
	static const char *const patterns[] = {
	    "--hex-string \"|0000|\"", "--hex-string \"|0a|\" --from 12",
	    "--hex-string \"|0035|\"", "--string \"x\" --icase",
	    "--hex-string \"|00|\" --from 20 --to 40"};

	PUT(" -m string --algo %s", kt_once(g, 2) ? "bm" : "kmp");
	kt_neg(g);
	PUT(" %s", PICK(patterns));
}

static void m_ecn(struct kt_gen *g)
{
	bool tcp = g->proto == IPPROTO_TCP && !g->proto_neg;

	PUT(" -m ecn");
	kt_neg(g);
	if (tcp && kt_once(g, 2))
		PUT(kt_once(g, 2) ? " --ecn-tcp-cwr" : " --ecn-tcp-ece");
	else
		PUT(" --ecn-ip-ect %u", kt_below(g, 4));
}

static void m_tcpmss(struct kt_gen *g)
{
	PUT(" -m tcpmss");
	kt_neg(g);
	PUT(" --mss %s", kt_once(g, 2) ? "0:1460" : "536");
}

static void m_connbytes(struct kt_gen *g)
{
	static const char *const dirs[] = {"original", "reply", "both"};
	static const char *const modes[] = {"packets", "bytes", "avgpkt"};
	unsigned mode = kt_below(g, 3), lo = kt_below(g, 4);

	if (mode > 0)
		lo *= 40;
	PUT(" -m connbytes");
	kt_neg(g);
	PUT(" --connbytes %u:%u --connbytes-mode %s --connbytes-dir %s", lo,
	    lo + 1 + kt_below(g, mode ? 200 : 4), modes[mode], PICK(dirs));
}

enum need { ANY, PORTS, TCP, ICMP, MULTI, INHOOKS };

/* Weighted: a row per ticket. */
static const struct {
	void (*put)(struct kt_gen *g);
	enum need need;
	unsigned weight;
} matches[] = {
    {m_ports, PORTS, 9},     {m_tcp_flags, TCP, 4},  {m_icmp, ICMP, 8},
    {m_multiport, MULTI, 4}, {m_state, ANY, 3},	     {m_ctstate, ANY, 4},
    {m_conntrack, ANY, 3},   {m_mark, ANY, 2},	     {m_connmark, ANY, 1},
    {m_iprange, ANY, 1},     {m_addrtype, ANY, 1},   {m_length, ANY, 1},
    {m_ttl, ANY, 1},	     {m_pkttype, ANY, 1},    {m_dscp, ANY, 1},
    {m_tos, ANY, 1},	     {m_limit, ANY, 1},	     {m_comment, ANY, 1},
    {m_mac, INHOOKS, 1},     {kt_match_set, ANY, 2}, {m_statistic, ANY, 1},
    {m_quota, ANY, 1},	     {m_u32, ANY, 1},	     {m_string, ANY, 1},
    {m_ecn, ANY, 1},	     {m_tcpmss, TCP, 1},     {m_connbytes, ANY, 1}, {m_recent, ANY, 2},
    {m_hashlimit, ANY, 1},
};

static bool need_met(const struct kt_gen *g, enum need need)
{
	bool tcp = g->proto == IPPROTO_TCP && !g->proto_neg;
	bool udp = g->proto == IPPROTO_UDP && !g->proto_neg;

	switch (need) {
	case ANY:
		return true;
	case PORTS:
	case MULTI:
		return tcp || udp;
	case TCP:
		return tcp;
	case ICMP:
		return !g->proto_neg &&
		       (g->proto == IPPROTO_ICMP || g->proto == IPPROTO_ICMPV6);
	case INHOOKS:
		return kt_only_hooks(g, IN_HOOKS);
	}
	return false;
}

static void random_match(struct kt_gen *g, uint32_t *used)
{
	unsigned total = 0, ticket;

	for (size_t i = 0; i < N_OF(matches); i++)
		total += matches[i].weight;
	ticket = kt_below(g, total);
	for (size_t i = 0; i < N_OF(matches); i++) {
		if (ticket >= matches[i].weight) {
			ticket -= matches[i].weight;
			continue;
		}
		/* The two of tcp would be one match with repeated options. */
		if (need_met(g, matches[i].need) && !(*used >> i & 1)) {
			*used |= 1u << i;
			if (i < 2)
				*used |= 3;
			matches[i].put(g);
		}
		return;
	}
}

void kt_matches(struct kt_gen *g)
{
	uint32_t used = 0;
	unsigned n = kt_below(g, 2) + kt_once(g, 4);

	if (kt_once(g, 6))
		base_addr(g, 's');
	if (kt_once(g, 6))
		base_addr(g, 'd');
	if (kt_once(g, 8))
		base_iface(g, 'i');
	if (kt_once(g, 8))
		base_iface(g, 'o');
	if (!kt_once(g, 3))
		base_proto(g);
	if (g->proto && kt_once(g, 2))
		n++;
	while (n--)
		random_match(g, &used);
}
