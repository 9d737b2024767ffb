/*
 * Fuzz target: bytes as a packet at a hook, through rules that read every
 * header, NAT both ways, and REJECT's answers. The first byte says how the
 * packet comes; what follows may begin a second packet, so that an entry
 * made by the first is met.
 */
#include <string.h>

#include "program/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char rules4[] =
    "*raw\n-A PREROUTING -p gre -j NOTRACK\nCOMMIT\n"
    "*mangle\n-A PREROUTING -m tos --tos 0x10 -j MARK --set-mark 1\n"
    "-A FORWARD -m length --length 0:100 -j CONNMARK --save-mark\nCOMMIT\n"
    "*nat\n-A PREROUTING -p tcp -m multiport --dports 80,443 "
    "-j DNAT --to-destination 10.1.0.9\n"
    "-A PREROUTING -p udp -j REDIRECT --to-ports 53\n"
    "-A POSTROUTING -o eth1 -j MASQUERADE\nCOMMIT\n"
    "*filter\n-A INPUT -m conntrack --ctstate INVALID -j LOG --log-ip-options "
    "--log-tcp-options --log-tcp-sequence\n"
    "-A INPUT -p tcp --tcp-option 8 -j DROP\n"
    "-A INPUT -p icmp --icmp-type 8 -j ACCEPT\n"
    "-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n"
    "-A INPUT -j REJECT\n-A FORWARD -m ttl --ttl-lt 3 -j REJECT\nCOMMIT\n";
static const char rules6[] =
    "*nat\n-A POSTROUTING -o eth1 -j MASQUERADE\nCOMMIT\n"
    "*filter\n-A INPUT -m conntrack --ctstate INVALID -j LOG\n"
    "-A INPUT -p ipv6-icmp --icmpv6-type 128 -j ACCEPT\n"
    "-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n"
    "-A INPUT -j REJECT\nCOMMIT\n";

static void read_rules(struct fe_sources *sources, const char *text,
		       unsigned family, struct fe_rules *rules,
		       struct fe_diags *diags)
{
	const struct fe_read_options options = {.family = family};

	fe_read(sources, fe_sources_add(sources, "rules", text, strlen(text)),
		&options, rules, diags);
}

static void fill_host(struct fe_host *host)
{
	uint16_t eth0 = fe_host_iface(host, FE_STR("eth0"));
	uint16_t eth1 = fe_host_iface(host, FE_STR("eth1"));

	host->known = true;
	host->sysctls.ip_forward = host->sysctls.ip6_forward = 1;
	fe_host_add_addr(host, eth0, 4, fe_u128(0x0a000001), 24);
	fe_host_add_addr(host, eth1, 4, fe_u128(0x0a010001), 24);
	fe_host_add_addr(host, eth0, 6,
			 (struct fe_u128){0x20010db800000000, 1}, 64);
	fe_host_add_addr(host, eth1, 6,
			 (struct fe_u128){0x20010db800010000, 1}, 64);
}

/* Plays one packet; its flags byte and length stand before it. */
static size_t play_one(struct fe_engine *engine, const uint8_t *data,
		       size_t size, int64_t time)
{
	struct fe_packet p = {.data = data + 2, .time = time,
			      .uid = UINT32_MAX};
	struct fe_result result;
	size_t len = data[1] ? data[1] : size - 2;

	if (len > size - 2)
		len = size - 2;
	p.size = (uint32_t)len + (data[0] >> 6 == 3 ? 100 : 0);
	p.caught = (uint32_t)len;
	p.iif = data[0] & 3;
	p.trust_checksum = data[0] & 4;
	p.has_mac = data[0] & 8;
	if (fe_packet_parse(&p) == FE_PARSE_OK)
		fe_engine_play(engine, &p, &result, 1);
	return len + 2;
}

static void on_log(void *arg, int64_t time, const char *line)
{
	(void)arg;
	(void)time;
	if (strchr(line, '\n'))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fe_sources *sources = fe_sources_new();
	struct fe_diags *diags = fe_diags_new();
	struct fe_host *host = fe_host_new();
	struct fe_rules rules = {0};
	const struct fe_engine_options options = {.naive = true};
	const struct fe_observer observer = {.log = on_log};
	struct fe_engine *engine;
	int64_t time = 1000000000;

	fill_host(host);
	read_rules(sources, rules4, 4, &rules, diags);
	read_rules(sources, rules6, 6, &rules, diags);
	engine = fe_engine_new(&rules, host, &options);
	fe_engine_observe(engine, &observer);
	while (size > 2) {
		size_t used = play_one(engine, data, size, time += 1000000);
		data += used;
		size -= used;
	}
	fe_engine_free(engine);
	fe_host_free(host);
	fe_rules_free(&rules);
	fe_diags_free(diags);
	fe_sources_free(sources);
	return 0;
}
