/*
 * Bytes on the wire: reading and writing numbers, checksums, and building
 * headers with right checksums.
 *
 * Builders write into memory that the caller owns and return the size; they
 * serve REJECT's answers, scenario traffic and tests.
 */
#ifndef FE_WIRE_H
#define FE_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "packet/field.h"

static inline uint16_t fe_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t fe_get32(const uint8_t *p)
{
	return (uint32_t)fe_get16(p) << 16 | fe_get16(p + 2);
}

static inline uint64_t fe_get64(const uint8_t *p)
{
	return (uint64_t)fe_get32(p) << 32 | fe_get32(p + 4);
}

static inline struct fe_u128 fe_get128(const uint8_t *p)
{
	return (struct fe_u128){fe_get64(p), fe_get64(p + 8)};
}

static inline void fe_put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void fe_put32(uint8_t *p, uint32_t v)
{
	fe_put16(p, v >> 16);
	fe_put16(p + 2, v & 0xffff);
}

static inline void fe_put64(uint8_t *p, uint64_t v)
{
	fe_put32(p, (uint32_t)(v >> 32));
	fe_put32(p + 4, (uint32_t)v);
}

static inline void fe_put128(uint8_t *p, struct fe_u128 v)
{
	fe_put64(p, v.hi);
	fe_put64(p + 8, v.lo);
}

/* Writes an address as the family has it: 4 or 16 bytes. */
static inline void fe_put_addr(uint8_t *p, unsigned family, struct fe_u128 a)
{
	if (family == 4)
		fe_put32(p, (uint32_t)a.lo);
	else
		fe_put128(p, a);
}

/* Internet checksum: sums 16-bit words onto sum, without folding. */
uint64_t fe_sum(const uint8_t *data, size_t size, uint64_t sum);
/* Folds and complements: what stands in a header; 0 over a right one. */
uint16_t fe_sum_fold(uint64_t sum);
/* The pseudo header's part; length is that of the transport packet. */
uint64_t fe_sum_pseudo(unsigned family, struct fe_u128 src,
		       struct fe_u128 dst, uint8_t proto, uint32_t length);
/* Corrects a checksum at p for a 16-bit word that changed (RFC 1624). */
void fe_sum_replace16(uint8_t *p, uint16_t from, uint16_t to);
/* The same for an address of the family. */
void fe_sum_replace_addr(uint8_t *p, unsigned family, struct fe_u128 from,
			 struct fe_u128 to);
/* CRC-32C, as SCTP has it. */
uint32_t fe_crc32c(const uint8_t *data, size_t size, uint32_t crc);

/* What stands in an IP header; the rest has its usual values. */
struct fe_ip_header {
	uint8_t family;          /* 4 or 6 */
	uint8_t proto;
	uint8_t ttl, tos;
	uint16_t id;             /* IPv4 */
	bool df;                 /* IPv4: don't fragment */
	struct fe_u128 src, dst;
};

struct fe_tcp_header {
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t flags;           /* enum fe_tcp_flag */
	uint16_t window;
	const uint8_t *options;  /* options_size bytes, padded to four here */
	uint8_t options_size;    /* at most 40 */
};

/* Bytes that an IP header of the family takes here: 20 or 40. */
static inline size_t fe_ip_size(unsigned family)
{
	return family == 4 ? 20 : 40;
}

/*
 * Each writes IP header, transport header and payload (which may already be
 * in its place, or NULL for zeroes) into out and returns the size. out must
 * hold fe_ip_size() + 60 + size bytes.
 */
size_t fe_build_ip(uint8_t *out, const struct fe_ip_header *ip,
		   const uint8_t *payload, size_t size);
size_t fe_build_tcp(uint8_t *out, const struct fe_ip_header *ip,
		    const struct fe_tcp_header *tcp, const uint8_t *payload,
		    size_t size);
size_t fe_build_udp(uint8_t *out, const struct fe_ip_header *ip,
		    uint16_t sport, uint16_t dport, const uint8_t *payload,
		    size_t size);
/* rest: the four bytes behind the checksum (id and sequence, MTU, ...). */
struct fe_icmp_header {
	uint8_t type, code;
	uint32_t rest;
};
size_t fe_build_icmp(uint8_t *out, const struct fe_ip_header *ip,
		     const struct fe_icmp_header *icmp,
		     const uint8_t *payload, size_t size);

/* Subtracts one from TTL or hop limit and corrects the IPv4 checksum. */
void fe_wire_dec_ttl(uint8_t *ip);
/* Sets TTL or hop limit, TOS or traffic class; corrects the checksum. */
void fe_wire_set_ttl(uint8_t *ip, uint8_t ttl);
void fe_wire_set_tos(uint8_t *ip, uint8_t tos);
/*
 * Makes the checksums of a whole packet right: IPv4 header, TCP, UDP,
 * ICMP, ICMPv6. Fragments keep their transport checksum.
 */
void fe_wire_fix(uint8_t *ip, size_t size);

#endif
