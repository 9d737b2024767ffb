/*
 * Makes inputs for benchmarks, the same on every machine:
 *
 *	gen rules N     a filter table of N mixed rules, as iptables-save
 *	gen pcap N      N packets of TCP and UDP flows of a server, SLL2
 *
 * The traffic is that of 10.0.0.5 on eth0: served connections of seven to
 * fifteen packets with right sequence numbers, many open at a time, and UDP
 * questions with answers.
 */
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

static struct fe_rng rng = {1};

static uint32_t below(uint32_t n)
{
	return fe_rng_below(&rng, n);
}

static void put_net(const char *option)
{
	static const int lens[] = {8, 16, 16, 20, 24, 24, 24, 28, 32, 32};
	int len = lens[below(10)];
	uint32_t a = 10u << 24 | below(1u << 24);

	a &= 0xffffffffu << (32 - len);
	printf(" %s %u.%u.%u.%u/%d", option, a >> 24, a >> 16 & 255,
	       a >> 8 & 255, a & 255, len);
}

static void put_proto(void)
{
	uint32_t kind = below(10);

	if (kind < 4)
		printf(" -p tcp -m tcp --dport %u", 1 + below(65535));
	else if (kind < 7)
		printf(" -p udp -m udp --dport %u", 1 + below(65535));
	else if (kind < 8)
		printf(" -p tcp -m multiport --dports %u,%u", 1 + below(1000),
		       1001 + below(60000));
	else if (kind < 9)
		printf(" -p icmp -m icmp --icmp-type 8");
}

static void gen_rules(unsigned long n)
{
	static const char *const states[] = {"NEW", "RELATED,ESTABLISHED",
					     "INVALID"};
	unsigned long n_chains = n / 50 ? n / 50 : 1;

	printf("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n"
	       ":OUTPUT ACCEPT [0:0]\n");
	for (unsigned long i = 0; i < n_chains; i++)
		printf(":svc-%05lu - [0:0]\n", i);
	for (unsigned long i = 0; i < n; i++) {
		bool jump = i < n_chains;
		printf("-A ");
		if (jump)
			printf("INPUT");
		else
			printf("svc-%05lu", i % n_chains);
		if (below(100) < 55)
			put_net("-s");
		if (below(100) < 45)
			put_net("-d");
		put_proto();
		if (below(100) < 35)
			printf(" -m conntrack --ctstate %s", states[below(3)]);
		if (below(2))
			printf(" -m comment --comment \"rule %lu\"", i);
		if (jump)
			printf(" -j svc-%05lu\n", i);
		else
			printf(" -j %s\n", below(3) ? "ACCEPT" : "DROP");
	}
	printf("COMMIT\n");
}

enum { N_OPEN = 20000, SLL2 = 20, IP = 20, TCP = 20, UDP = 8 };

struct flow {
	uint32_t client;
	uint16_t port, step, n_data;
	bool udp;
	uint32_t seq[2]; /* next of client, of server */
};

static uint16_t sum16(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	if (n & 1)
		sum += (uint32_t)(p[n - 1] << 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void be32(uint8_t *p, uint32_t v)
{
	be16(p, v >> 16);
	be16(p + 2, v & 0xffff);
}

/* Writes a packet of the flow; dir 0: from the client. */
static void write_packet(pcap_dumper_t *dumper, uint64_t us, struct flow *f,
			 int dir, uint8_t flags, uint32_t payload)
{
	uint8_t b[SLL2 + IP + TCP + 512] = {0}, *ip = b + SLL2, *l4 = ip + IP;
	uint32_t server = 10u << 24 | 5, l4_size = (f->udp ? UDP : TCP) + payload;
	uint32_t src = dir ? server : f->client, dst = dir ? f->client : server;
	uint16_t service = f->udp ? 53 : 80;

	be16(b, 0x0800);
	be32(b + 4, 2); /* interface index */
	be16(b + 8, 1);
	b[10] = dir ? 4 : 0; /* outgoing : to this host */
	ip[0] = 0x45;
	be16(ip + 2, IP + l4_size);
	be16(ip + 4, 1 + below(65535));
	ip[8] = 64;
	ip[9] = f->udp ? 17 : 6;
	be32(ip + 12, src);
	be32(ip + 16, dst);
	be16(ip + 10, sum16(ip, IP, 0));
	be16(l4, dir ? service : f->port);
	be16(l4 + 2, dir ? f->port : service);
	if (f->udp) {
		be16(l4 + 4, l4_size);
	} else {
		be32(l4 + 4, f->seq[dir]);
		be32(l4 + 8, flags & 16 ? f->seq[!dir] : 0);
		l4[12] = 5 << 4;
		l4[13] = flags;
		be16(l4 + 14, 65535);
		f->seq[dir] += payload + !!(flags & 3);
	}
	uint32_t pseudo = (src >> 16) + (src & 0xffff) + (dst >> 16) +
			  (dst & 0xffff) + ip[9] + l4_size;
	be16(l4 + (f->udp ? 6 : 16), sum16(l4, l4_size, pseudo));
	uint32_t size = SLL2 + IP + l4_size;
	struct pcap_pkthdr h = {.ts = {(time_t)(us / 1000000),
				       (suseconds_t)(us % 1000000)},
				.caplen = size, .len = size};
	pcap_dump((u_char *)dumper, &h, b);
}

static void flow_begin(struct flow *f)
{
	f->client = 10u << 24 | 1u << 16 | below(1 << 16);
	f->port = (uint16_t)(1024 + below(64000));
	f->step = 0;
	f->udp = below(4) == 0;
	f->n_data = (uint16_t)(below(5) * 2);
	f->seq[0] = (uint32_t)fe_rng_next(&rng);
	f->seq[1] = (uint32_t)fe_rng_next(&rng);
}

/* Writes the flow's next packet; a flow that is over begins anew. */
static void flow_step(pcap_dumper_t *dumper, uint64_t us, struct flow *f)
{
	enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };
	unsigned step = f->step++;

	if (f->udp) {
		write_packet(dumper, us, f, (int)(step & 1), 0, 32 + below(64));
		if (step & 1)
			flow_begin(f);
	} else if (step < 3) {
		static const uint8_t flags[] = {SYN, SYN | ACK, ACK};
		write_packet(dumper, us, f, step == 1, flags[step], 0);
	} else if (step < 3u + f->n_data) {
		write_packet(dumper, us, f, (step - 3) & 1, PSH | ACK,
			     16 + below(400));
	} else {
		static const uint8_t flags[] = {FIN | ACK, ACK, FIN | ACK, ACK};
		unsigned k = step - 3 - f->n_data;
		write_packet(dumper, us, f, k == 1 || k == 2, flags[k], 0);
		if (k == 3)
			flow_begin(f);
	}
}

static void gen_pcap(unsigned long n)
{
	pcap_t *pcap = pcap_open_dead(DLT_LINUX_SLL2, 262144);
	pcap_dumper_t *dumper = pcap_dump_fopen(pcap, stdout);
	struct flow *flows = calloc(N_OPEN, sizeof(*flows));

	if (!dumper || !flows)
		abort();
	for (int i = 0; i < N_OPEN; i++)
		flow_begin(&flows[i]);
	for (unsigned long i = 0; i < n; i++)
		flow_step(dumper, 1000000000ull + i * 4, &flows[below(N_OPEN)]);
	pcap_dump_close(dumper);
	pcap_close(pcap);
	free(flows);
}

int main(int argc, char **argv)
{
	unsigned long n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	if (n && !strcmp(argv[1], "rules"))
		gen_rules(n);
	else if (n && !strcmp(argv[1], "pcap"))
		gen_pcap(n);
	else
		return fprintf(stderr, "usage: gen rules|pcap N\n"), 2;
	return 0;
}
