/*
 * Packets for tests of conntrack: a flow's two ends, and what they send.
 */
#ifndef PACKETS_H
#define PACKETS_H

#include <string.h>

#include "packet/packet.h"
#include "packet/wire.h"

#define SECOND ((int64_t)1000000000)

struct test_packet {
	uint8_t bytes[1600];
	size_t size;
	struct fe_packet packet;
};

struct test_ends {
	uint32_t src, dst; /* IPv4, host order */
	uint16_t sport, dport;
};

static inline struct test_ends test_reply(struct test_ends e)
{
	return (struct test_ends){e.dst, e.src, e.dport, e.sport};
}

static inline struct fe_ip_header test_ip(struct test_ends e, uint8_t proto)
{
	return (struct fe_ip_header){
		.family = 4, .proto = proto, .ttl = 64, .id = 1,
		.src = fe_u128(e.src), .dst = fe_u128(e.dst),
	};
}

/* Parses t's bytes; the packet is caught whole, at the time given. */
static inline void test_read(struct test_packet *t, int64_t time)
{
	t->packet = (struct fe_packet){
		.data = t->bytes, .size = (uint32_t)t->size,
		.caught = (uint32_t)t->size, .time = time, .iif = 1,
	};
	fe_packet_parse(&t->packet);
}

static inline void test_udp(struct test_packet *t, int64_t time,
			    struct test_ends e, size_t size)
{
	struct fe_ip_header ip = test_ip(e, 17);

	t->size = fe_build_udp(t->bytes, &ip, e.sport, e.dport, NULL, size);
	test_read(t, time);
}

struct test_segment {
	uint8_t flags;
	uint32_t seq, ack;
	uint16_t window; /* 0 means 1000; see closed */
	bool closed;     /* the window is really 0 */
	size_t size;
};

static inline void test_tcp(struct test_packet *t, int64_t time,
			    struct test_ends e, struct test_segment s)
{
	struct fe_ip_header ip = test_ip(e, 6);
	struct fe_tcp_header tcp = {
		.sport = e.sport, .dport = e.dport, .seq = s.seq,
		.ack = s.ack, .flags = s.flags,
		.window = s.window || s.closed ? s.window : 1000,
	};

	t->size = fe_build_tcp(t->bytes, &ip, &tcp, NULL, s.size);
	test_read(t, time);
}

static inline void test_icmp(struct test_packet *t, int64_t time,
			     struct test_ends e, struct fe_icmp_header icmp)
{
	struct fe_ip_header ip = test_ip(e, 1);

	t->size = fe_build_icmp(t->bytes, &ip, &icmp, NULL, 8);
	test_read(t, time);
}

/* An error about a packet, quoting n bytes of it. */
static inline void test_error(struct test_packet *t, int64_t time,
			      struct test_ends e, uint8_t type,
			      const struct test_packet *about, size_t n)
{
	struct fe_ip_header ip = test_ip(e, 1);
	struct fe_icmp_header icmp = {.type = type, .code = 1};

	t->size = fe_build_icmp(t->bytes, &ip, &icmp, about->bytes,
				n < about->size ? n : about->size);
	test_read(t, time);
}

#endif
