/*
 * Random rules from the option tables, each read and saved by Ferrule and by
 * iptables in a network namespace: both must refuse it, or save the
 * same text. Values are good, odd and broken ones of each kind.
 *
 *	random_rules [--seed N] [--cases N] [--backend legacy|nft] [--verbose]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "et.h"
#include "ext/ext.h"
#include "option/types.h"
#include "ruleset/ruleset.h"

static uint64_t state;

static uint64_t next(void)
{
	/* xorshift64*: the same everywhere. */
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1du;
}

static unsigned below(unsigned n)
{
	return (unsigned)((next() >> 33) % n);
}

static bool one_in(unsigned n)
{
	return below(n) == 0;
}

#define PICK(list) ((list)[below(sizeof(list) / sizeof((list)[0]))])

static const char *const numbers[] = {
	"0", "1", "5", "6", "17", "22", "63", "64", "80", "255", "256", "443",
	"1023", "1500", "4294967295", "4294967296", "0x10", "0xff", "010",
	"007", "+5", " 7", "65535", "65536", "-1", "1.5", "", "abc", "1k", "+3", "99999",
};
static const char *const ranges[] = {
	"1:2", "0:65535", "80:", ":80", ":", "90:80", "5:5", "0:0", "1-2",
	"0x10:0x20", "64:128", "1:2:3", "0:4294967295", "100:1500",
};
static const char *const ports[] = {
	"80", "ssh", "http", "+80", "0", "65535", "65536", "22:80", "ssh:http",
	"1024:", ":1023", ":", "0:65535", "80:22", "domain", "nosuchport",
	"0x50", "010", "80,443", "22:22", "-1", "",
};
static const char *const port_lists[] = {
	"80", "80,443", "22,80:90,443", "ssh,http", "1:2,3:4,5:6,7:8,9:10",
	"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
	"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", "80,", ",80", "", "90:80",
	"80:80", "0", "65536", "1:2,3:4,5:6,7:8,9:10,11:12,13:14,15:16",
	"53,,54", "80: 90",
};
static const char *const addresses4[] = {
	"10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "192.168.1.77/24", "1.2.3.4/32",
	"10.0.0.0/255.0.0.0", "10.0.0.1/0.0.0.255", "10.1/16", "10", "1.2.3",
	"256.1.1.1", "10.0.0.0/33", "127.0.0.1/8", "255.255.255.255", "::1",
	"1.2.3.4/", "/8", "any/0", "10.0.0.1/255.0.255.0", "1.2.3.4/0",
	"01.02.03.04", "0x7f.1", "65536", "1.65535", "+3", "1e", "1.2.3.4.5", "",
	"10.0.0.0/08", "0/0", "224.0.0.0/4", "-1.2.3.4",
};
static const char *const addresses6[] = {
	"::1", "2001:db8::/32", "::/0", "fe80::1/64", "2001:db8::5/128",
	"::ffff:1.2.3.4", "2001:db8::/129", "1.2.3.4", "fe80::/ffff::",
	"2001:db8::1/ffff:ffff::", "::/ffff:0:ffff::", "2001:DB8::A", "gg::",
	"2001:db8:::1", "", "64:ff9b::1.2.3.4/96", "1:2:3:4:5:6:7:8",
	"2001:db8::1/0", "ff00::/8", "::1/",
};
static const char *const spans4[] = {
	"10.0.0.1-10.0.0.9", "10.0.0.1", "10.0.0.9-10.0.0.1", "10.0.0.1-",
	"-10.0.0.1", "0.0.0.0-255.255.255.255", "1.2.3.4-5", "::1-::2", "a-b",
	"10.0.0.1-10.0.0.1", "1.2.3.4-1.2.3.5-1.2.3.6",
};
static const char *const spans6[] = {
	"::1-::9", "::1", "::9-::1", "2001:db8::-2001:db8::ffff", "::1-",
	"1.2.3.4-1.2.3.5", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
};
static const char *const nats4[] = {
	"10.0.0.1", "10.0.0.1-10.0.0.9", "10.0.0.1:80", "10.0.0.1:80-90",
	"10.0.0.1-10.0.0.9:1000-2000", ":80", "10.0.0.9-10.0.0.1", "1.2.3.4:",
	"10.0.0.1:90-80", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:80-90/8080",
	"::1", "80", "80-90", "90-80", "1024-65535", "10.0.0.0/24", "",
	"10.0.0.1:http", "0-65535", "0",
};
static const char *const nats6[] = {
	"2001:db8::1", "2001:db8::1-2001:db8::9", "[2001:db8::1]:80",
	"[2001:db8::1]:80-90", "[2001:db8::1-2001:db8::9]:80", "[::1]", ":80",
	"[::1]:", "[::1", "80", "1024-2048", "2001:db8::/64", "10.0.0.1",
	"2001:db8::9-2001:db8::1", "[::1]:90-80",
};
static const char *const ifaces[] = {
	"eth0", "eth+", "+", "lo", "wlan0", "a-very-long-name", "123456789012345",
	"1234567890123456", "", "eth0.100", "br-lan", "eth/0", "!eth0",
	"veth:1", "+eth",
};
static const char *const protos[] = {
	"tcp", "udp", "icmp", "icmpv6", "ipv6-icmp", "all", "6", "17", "0",
	"TCP", "255", "256", "gre", "esp", "ah", "sctp", "dccp", "nosuch",
	"ipv6", "47", "0x6", "udplite", "igmp", "ip", "",
};
static const char *const texts[] = {
	"hello", "two words", "it's", "say \\\"hi\\\"", "back\\\\slash", "-dash",
	"a_b-c", "\xc3\xa9", "", "x: ", "{}", "$HOME", "a,b", "!", "#x", "tab\t",
	"0123456789012345678901234567890123456789",
};
static const char *const masks[] = {
	"0", "1", "0x1", "0x1/0x1", "1/0xff", "0xffffffff", "0xffffffff/0",
	"0x100/0xff", "/1", "1/", "5/5/5", "4294967296", "010/010", "0x0/0x0",
	"-1", "a", "0x", "16/255",
};
static const char *const rates[] = {
	"5/min", "1/s", "10/second", "3/hour", "1/day", "10", "0/s", "1/x",
	"10000/s", "10001/s", "5/minute", "7/h", "100/d", "1/", "/s", "1.5/s",
	"60/min", "3600/hour", "24/day", "1/sec", "6000/m", "-1/s", "999/hou",
};
static const char *const macs[] = {
	"00:11:22:33:44:55", "aa:BB:cc:DD:ee:ff", "0:1:2:3:4:5",
	"00:11:22:33:44", "00-11-22-33-44-55", "00:11:22:33:44:gg", "",
	"00:11:22:33:44:55:66", "00:11:22:33:44:55/ff:ff:ff:00:00:00",
};
static const char *const icmps4[] = {
	"8", "0", "echo-request", "echo-reply", "ping", "3/1", "any", "255",
	"host-unreachable", "3/256", "256", "time-exceeded", "8/0", "echo",
	"destination-unreachable/1", "11/", "/0", "Echo-Request", "pong",
	"fragmentation-needed", "TOS-host-unreachable", "255/255", "255/0",
};
static const char *const icmps6[] = {
	"128", "1", "echo-request", "echo-reply", "1/4", "packet-too-big",
	"router-solicitation", "neighbour-advertisement", "no-route", "any",
	"256", "ttl-exceeded", "port-unreachable", "135/0", "255", "redirect",
};
static const char *const tos[] = {
	"0x10", "16", "Minimize-Delay", "minimize-delay", "0x10/0x3f", "0xff",
	"256", "Normal-Service", "0x08/0xff", "nosuch", "0x0", "8/8", "/1",
};
static const char *const dscps[] = {
	"0", "46", "63", "64", "0x2e", "0x3f", "ef", "EF", "AF11", "cs1", "be",
	"BE", "af44", "AF45", "", "-1",
};
static const char *const flags[] = {
	"SYN", "SYN,ACK", "ALL", "NONE", "FIN,SYN,RST,ACK", "syn", "SYN,", "",
	"SYN,RST,ACK,FIN,URG,PSH", "URG", "XYZ", "PSH,PSH", "ECE", "ACK,NONE",
};
static const char *const sets4[] = {"s_ip", "s_net", "s_port"};
static const char *const sets6[] = {"s6_ip", "s6_net", "s6_port"};
static const char *const set_dirs[] = {
	"src", "dst", "src,dst", "dst,dst", "dst,src,src", "source", "",
	"src,", "src,dst,src,dst,src,dst", "src,dst,src,dst,src,dst,src",
};

static const char ipsets[] =
	"create s_ip hash:ip\ncreate s_net hash:net\n"
	"create s_port hash:ip,port\n"
	"create s6_ip hash:ip family inet6\n"
	"create s6_net hash:net family inet6\n"
	"create s6_port hash:ip,port family inet6\n";

struct pool {
	const char *type; /* its name */
	const char *const *words;
	unsigned n;
	unsigned family;  /* 0: both */
};

#define POOL(type, list, family) \
	{type, list, sizeof(list) / sizeof((list)[0]), family}

static const struct pool pools[] = {
	POOL("DSCP", dscps, 0), POOL("DSCP class", dscps, 0),
	POOL("ICMP type", icmps4, 4), POOL("ICMP type", icmps6, 6),
	POOL("interface", ifaces, 0), POOL("address range", spans4, 4),
	POOL("address range", spans6, 6), POOL("MAC address", macs, 0),
	POOL("mark", masks, 0), POOL("TOS", tos, 0),
	POOL("NAT range", nats4, 4), POOL("NAT range", nats6, 6),
	POOL("network", addresses4, 4), POOL("network", addresses6, 6),
	POOL("number", numbers, 0), POOL("range", ranges, 0),
	POOL("ports", ports, 0), POOL("protocol", protos, 0),
	POOL("rate", rates, 0), POOL("TCP flags", flags, 0),
	POOL("text", texts, 0), POOL("zone", numbers, 0),
};

/* Quoted as iptables-restore reads it, when it must be. */
static void put_word(struct fe_buf *buf, const char *word)
{
	bool quote = word[0] == '\0' || strpbrk(word, " \t\"\\") != NULL;

	fe_buf_puts(buf, quote ? " \"" : " ");
	fe_buf_puts(buf, word);
	fe_buf_puts(buf, quote ? "\"" : "");
}

/* A slip of the hand: a letter lost, doubled or raised. */
static void slip(char *word)
{
	size_t len = strlen(word), at;

	if (len == 0 || len > 100 || strchr(word, '\\') != NULL)
		return;
	at = below((unsigned)len);
	switch (below(3)) {
	case 0:
		memmove(word + at, word + at + 1, len - at);
		return;
	case 1:
		memmove(word + at + 1, word + at, len - at + 1);
		return;
	case 2:
		if (word[at] >= 'a' && word[at] <= 'z')
			word[at] = (char)(word[at] - 32);
		return;
	}
}

static void enumeration(const struct fe_name *names, bool list, char *word)
{
	unsigned n = 0, words = list ? 1 + below(3) : 1;

	while (names[n].name != NULL)
		n++;
	word[0] = '\0';
	for (unsigned i = 0; i < words; i++) {
		if (i > 0)
			strcat(word, ",");
		strcat(word, names[below(n)].name);
	}
}

static const char *from_pool(const char *type, unsigned family)
{
	for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++) {
		const struct pool *p = &pools[i];

		if (strcmp(p->type, type) == 0 &&
		    (p->family == 0 || p->family == family))
			return p->words[below(p->n)];
	}
	return PICK(texts);
}

static void value(struct fe_buf *buf, const struct fe_opt *opt, unsigned arg,
		  unsigned family)
{
	char word[512];

	if (opt->type == &fe_type_set)
		strcpy(word, arg > 0 ? PICK(set_dirs) :
			     family == 4 ? PICK(sets4) : PICK(sets6));
	else if (opt->names != NULL && opt->names[0].name != NULL)
		enumeration(opt->names, opt->type == &fe_type_words, word);
	else if (opt->type == &fe_type_port_list)
		strcpy(word, PICK(port_lists));
	else
		strcpy(word, from_pool(one_in(25) || opt->type == NULL ?
					       PICK(pools).type :
					       opt->type->name, family));
	if (one_in(15) && opt->type != &fe_type_set)
		slip(word);
	put_word(buf, word);
}

static void option(struct fe_buf *buf, const struct fe_opt *opt,
		   unsigned family)
{
	if ((opt->flags & FE_NEG) != 0 ? one_in(5) : one_in(40))
		fe_buf_puts(buf, " !");
	fe_buf_printf(buf, " --%s",
		      opt->aliases[0] != NULL && one_in(4) ? opt->aliases[0] :
							     opt->name);
	for (unsigned i = 0; i < opt->n_args; i++)
		value(buf, opt, i, family);
}

/* Some of an extension's options, those first that it can't do without. */
static void options(struct fe_buf *buf, const struct fe_ext *ext,
		    unsigned family)
{
	unsigned n = 0, given = 0;

	if (ext->opts == NULL)
		return;
	for (; ext->opts[n].name != NULL; n++) {
		if ((ext->opts[n].flags & FE_REQUIRED) != 0 && !one_in(20)) {
			option(buf, &ext->opts[n], family);
			given++;
		}
	}
	while (n > 0 && (given == 0 ? !one_in(12) : one_in(3))) {
		const struct fe_opt *opt = &ext->opts[below(n)];

		if ((opt->flags & FE_REQUIRED) == 0 || one_in(10))
			option(buf, opt, family);
		given++;
	}
}

static const struct fe_ext *extension(enum fe_ext_kind kind, unsigned family)
{
	unsigned bit = family == 4 ? FE_V4 : FE_V6, n = 0;

	while (fe_exts[n] != NULL)
		n++;
	for (;;) {
		const struct fe_ext *ext = fe_exts[below(n)];

		if (ext->kind == kind && (ext->families & bit) != 0)
			return ext;
	}
}

static void random_rule(struct fe_buf *buf, struct et_place *place)
{
	static const char *const hooks[][4] = {
		[FE_RAW] = {"PREROUTING", "OUTPUT", "c", "c"},
		[FE_MANGLE] = {"PREROUTING", "FORWARD", "POSTROUTING", "c"},
		[FE_NAT] = {"PREROUTING", "POSTROUTING", "OUTPUT", "c"},
		[FE_FILTER] = {"INPUT", "FORWARD", "OUTPUT", "c"},
		[FE_SECURITY] = {"INPUT", "FORWARD", "OUTPUT", "c"},
	};
	const struct fe_ext *base = place->family == 4 ? &fe_base4 : &fe_base6;
	const struct fe_ext *target = extension(FE_TARGET, place->family);
	unsigned matches = below(3), table = FE_FILTER;

	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		if (one_in(2) && (target->tables & 1u << t) != 0)
			table = t;
	}
	if (one_in(8))
		table = below(FE_N_TABLES);
	place->table = fe_table_names[table];
	place->chain = hooks[table][below(4)];
	for (unsigned i = below(3); i > 0; i--) {
		unsigned n = 0;

		while (base->opts[n].name != NULL)
			n++;
		option(buf, &base->opts[below(n)], place->family);
	}
	while (matches-- > 0) {
		const struct fe_ext *m = extension(FE_MATCH, place->family);

		if (m->proto != NULL && !one_in(10))
			fe_buf_printf(buf, " -p %s", m->proto);
		fe_buf_printf(buf, " -m %s", m->name);
		options(buf, m, place->family);
	}
	if (one_in(10))
		return;
	fe_buf_printf(buf, " -j %s", target->name);
	options(buf, target, place->family);
}

/*
 * Beyond a file of rules: whether the host has such a helper, policy, control
 * group or object, or the kernel of a test such an extension at all. A
 * policy's name beside --notrack is saved cut by iptables 1.8.9.
 */
static bool is_beyond(const char *rule)
{
	static const char *const words[] = {
		"--helper", "-m ipvs", "-m nfacct", "-m rateest",
		"--object-pinned", "--path", "-j LED", "-j ULOG", "SECMARK",
		"-interface ! ", "-j CLUSTERIP", "--map-set",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(rule, words[i]) != NULL)
			return true;
	/* An estimator has one interval, and those of other cases live. */
	if (strstr(rule, "-j RATEEST") != NULL)
		return true;
	/* One timer can't be of both kinds. */
	if (strstr(rule, "IDLETIMER") != NULL && strstr(rule, "--al") != NULL)
		return true;
	/* An empty bridge port is saved as nothing at all. */
	if (strstr(rule, "physdev") != NULL && strstr(rule, "\"\"") != NULL)
		return true;
	return strstr(rule, "-j CT") != NULL &&
	       strstr(rule, "--timeout") != NULL;
}

/*
 * iptables saves names and interfaces bare even where that reads as two
 * words. Ferrule quotes them: quotes are then no difference.
 */
static bool is_same(const char *ours, const char *theirs)
{
	if (strcmp(ours, theirs) == 0)
		return true;
	while (*ours != '\0' || *theirs != '\0') {
		if (*ours == *theirs) {
			ours++;
			theirs++;
		} else if (*ours == '"' || *ours == '\\') {
			ours++;
		} else {
			return false;
		}
	}
	return true;
}

/* Two native matches of one rule: what iptables-nft-save prints of them is
 * not what the kernel tests. */
static bool is_told_wrong(const struct et_place *place, const char *rule)
{
	static const char *const names[] = {"-m tcp ", "-m udp "};

	for (unsigned i = 0; i < 2; i++) {
		const char *first = strstr(rule, names[i]);

		if (first != NULL && strstr(first + 1, names[i]) != NULL)
			return place->backend == FE_NFT;
	}
	return false;
}

/* Whether both say the same; tells when not. */
static bool agree(const struct et_place *place, const char *rule, bool verbose,
		  unsigned *accepted)
{
	struct fe_buf ours = {0}, theirs = {0};
	bool we = et_ferrule_save(place, rule, &ours);
	bool they = et_kernel_save(place, rule, &theirs);
	bool same = we == they && is_same(fe_buf_text(&ours),
					  fe_buf_text(&theirs));

	*accepted += they;
	if (!same || verbose) {
		printf("# %s IPv%u *%s -A %s %s\n", same ? "same" : "DIFFER",
		       place->family, place->table, place->chain, rule);
		printf("#   ferrule:  %s\n",
		       we ? fe_buf_text(&ours) : "(refused)");
		printf("#   iptables: %s\n",
		       they ? fe_buf_text(&theirs) : "(refused)");
	}
	fe_buf_free(&ours);
	fe_buf_free(&theirs);
	return same;
}

static bool is_read(const struct et_place *place, const struct fe_buf *rule)
{
	struct fe_buf saved = {0};
	bool read = et_ferrule_save(place, fe_buf_text(rule) + (rule->size > 0),
				    &saved);

	fe_buf_free(&saved);
	return read;
}

/* Most random rules are wrong somewhere: three of four cases look for one that
 * Ferrule reads, so that as much is said about good rules as about bad ones. */
static void choose_rule(struct fe_buf *rule, struct et_place *place)
{
	bool good = !one_in(4);

	for (unsigned tries = 0; tries < 60; tries++) {
		fe_buf_clear(rule);
		random_rule(rule, place);
		if (!good || is_read(place, rule))
			return;
	}
}

/* Plays the cases of one back end; test number n says how it went. */
static bool play(enum fe_backend backend, uint64_t seed, unsigned long cases,
		 bool verbose, unsigned n)
{
	unsigned long differ = 0;
	unsigned accepted = 0;

	for (unsigned long i = 0; i < cases; i++) {
		struct et_place place = {.backend = backend, .prelude = "",
					 .ipsets = ipsets};
		struct fe_buf rule = {0};

		/* Each case by its own number: one can be played alone. */
		state = (seed + i) * 0x9e3779b97f4a7c15u + 1;
		next();
		place.family = one_in(3) ? 6 : 4;
		choose_rule(&rule, &place);
		if (!is_beyond(fe_buf_text(&rule)) &&
		    !is_told_wrong(&place, fe_buf_text(&rule)))
			differ += !agree(&place,
					 fe_buf_text(&rule) + (rule.size > 0),
					 verbose, &accepted);
		fe_buf_free(&rule);
	}
	printf("# %lu rules, %u accepted by iptables, %lu differ\n", cases,
	       accepted, differ);
	printf("%sok %u - random rules are read and saved alike, %s\n",
	       differ > 0 ? "not " : "", n, backend == FE_NFT ? "nft" : "legacy");
	return differ == 0;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1;
	unsigned long cases = 200;
	const char *backend = "both", *why;
	bool verbose = false, fine = true;
	unsigned n = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 0);
		else if (strcmp(argv[i], "--cases") == 0 && i + 1 < argc)
			cases = strtoul(argv[++i], NULL, 0);
		else if (strcmp(argv[i], "--backend") == 0 && i + 1 < argc)
			backend = argv[++i];
		else if (strcmp(argv[i], "--verbose") == 0)
			verbose = true;
		else
			return 99;
	}
	if (!et_kernel_open(&why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	et_kernel_ipsets(ipsets);
	printf("# seed %llu\n", (unsigned long long)seed);
	if (strcmp(backend, "nft") != 0)
		fine &= play(FE_LEGACY, seed, cases, verbose, ++n);
	if (strcmp(backend, "legacy") != 0)
		fine &= play(FE_NFT, seed, cases, verbose, ++n);
	et_kernel_close();
	printf("1..%u\n", n);
	return !fine;
}
