/*
 * Checksums and header builders: see wire.h.
 *
 * Sums are kept in 64 bits and folded once; 16-bit words are added in host
 * order as 32-bit pairs, which the one's complement allows.
 */
#include <assert.h>
#include <endian.h>
#include <netinet/in.h>

#include "packet/packet.h"
#include "packet/wire.h"

uint64_t fe_sum(const uint8_t *data, size_t size, uint64_t sum)
{
	uint64_t raw = 0; /* of words as they stand in memory */

	while (size >= 4) {
		uint32_t v;
		memcpy(&v, data, 4);
		raw += v;
		data += 4;
		size -= 4;
	}
	if (size >= 2) {
		uint16_t v;
		memcpy(&v, data, 2);
		raw += v;
		data += 2;
		size -= 2;
	}
	if (size > 0) {
		uint8_t last[2] = {data[0], 0};
		uint16_t v;
		memcpy(&v, last, 2);
		raw += v;
	}
	while (raw >> 16)
		raw = (raw & 0xffff) + (raw >> 16);
	return sum + be16toh((uint16_t)raw);
}

uint16_t fe_sum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint64_t fe_sum_pseudo(unsigned family, struct fe_u128 src,
		       struct fe_u128 dst, uint8_t proto, uint32_t length)
{
	uint8_t head[32];
	size_t n = family == 4 ? 4 : 16;

	fe_put_addr(head, family, src);
	fe_put_addr(head + n, family, dst);
	return fe_sum(head, 2 * n, 0) + proto + (length >> 16) +
	       (length & 0xffff);
}

void fe_sum_replace16(uint8_t *p, uint16_t from, uint16_t to)
{
	/* RFC 1624: HC' = ~(~HC + ~m + m'). */
	uint32_t sum = (uint16_t)~fe_get16(p);

	sum += (uint16_t)~from;
	sum += to;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	fe_put16(p, (uint16_t)~sum);
}

void fe_sum_replace_addr(uint8_t *p, unsigned family, struct fe_u128 from,
			 struct fe_u128 to)
{
	uint8_t a[16], b[16];
	size_t n = family == 4 ? 4 : 16;

	fe_put_addr(a, family, from);
	fe_put_addr(b, family, to);
	for (size_t i = 0; i < n; i += 2)
		fe_sum_replace16(p, fe_get16(a + i), fe_get16(b + i));
}

uint32_t fe_crc32c(const uint8_t *data, size_t size, uint32_t crc)
{
	crc = ~crc;
	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0x82f63b78u & (0u - (crc & 1)));
	}
	return ~crc;
}

static void put_ip(uint8_t *out, const struct fe_ip_header *ip, size_t size)
{
	if (ip->family == 4) {
		assert(size <= 65535 - 20);
		out[0] = 0x45;
		out[1] = ip->tos;
		fe_put16(out + 2, (uint32_t)(20 + size));
		fe_put16(out + 4, ip->id);
		fe_put16(out + 6, ip->df ? 0x4000 : 0);
		out[8] = ip->ttl;
		out[9] = ip->proto;
		fe_put16(out + 10, 0);
		fe_put32(out + 12, (uint32_t)ip->src.lo);
		fe_put32(out + 16, (uint32_t)ip->dst.lo);
		fe_put16(out + 10, fe_sum_fold(fe_sum(out, 20, 0)));
	} else {
		assert(size <= 65535);
		fe_put32(out, 6u << 28 | (uint32_t)ip->tos << 20);
		fe_put16(out + 4, (uint32_t)size);
		out[6] = ip->proto;
		out[7] = ip->ttl;
		fe_put128(out + 8, ip->src);
		fe_put128(out + 24, ip->dst);
	}
}

static void put_payload(uint8_t *at, const uint8_t *payload, size_t size)
{
	if (size == 0)
		return;
	if (payload == NULL)
		memset(at, 0, size);
	else
		memmove(at, payload, size);
}

size_t fe_build_ip(uint8_t *out, const struct fe_ip_header *ip,
		   const uint8_t *payload, size_t size)
{
	size_t head = fe_ip_size(ip->family);

	put_payload(out + head, payload, size);
	put_ip(out, ip, size);
	return head + size;
}

/* Fills the transport checksum at sum_at, an offset in the l4 bytes. */
static void put_sum(uint8_t *l4, size_t size, size_t sum_at,
		    const struct fe_ip_header *ip)
{
	uint64_t sum = fe_sum_pseudo(ip->family, ip->src, ip->dst, ip->proto,
				     (uint32_t)size);
	uint16_t v;

	fe_put16(l4 + sum_at, 0);
	v = fe_sum_fold(fe_sum(l4, size, sum));
	if (v == 0 && ip->proto == IPPROTO_UDP)
		v = 0xffff;
	fe_put16(l4 + sum_at, v);
}

size_t fe_build_tcp(uint8_t *out, const struct fe_ip_header *ip,
		    const struct fe_tcp_header *tcp, const uint8_t *payload,
		    size_t size)
{
	struct fe_ip_header head = *ip;
	uint8_t *l4 = out + fe_ip_size(ip->family);
	size_t options = (tcp->options_size + 3u) & ~3u;

	head.proto = IPPROTO_TCP;
	put_payload(l4 + 20 + options, payload, size);
	memset(l4, 0, 20 + options);
	fe_put16(l4, tcp->sport);
	fe_put16(l4 + 2, tcp->dport);
	fe_put32(l4 + 4, tcp->seq);
	fe_put32(l4 + 8, tcp->ack);
	l4[12] = (uint8_t)((20 + options) / 4 << 4);
	l4[13] = tcp->flags;
	fe_put16(l4 + 14, tcp->window);
	if (tcp->options_size > 0)
		memcpy(l4 + 20, tcp->options, tcp->options_size);
	put_sum(l4, 20 + options + size, 16, &head);
	put_ip(out, &head, 20 + options + size);
	return fe_ip_size(ip->family) + 20 + options + size;
}

size_t fe_build_udp(uint8_t *out, const struct fe_ip_header *ip,
		    uint16_t sport, uint16_t dport, const uint8_t *payload,
		    size_t size)
{
	struct fe_ip_header head = *ip;
	uint8_t *l4 = out + fe_ip_size(ip->family);

	head.proto = IPPROTO_UDP;
	put_payload(l4 + 8, payload, size);
	fe_put16(l4, sport);
	fe_put16(l4 + 2, dport);
	fe_put16(l4 + 4, (uint32_t)(8 + size));
	put_sum(l4, 8 + size, 6, &head);
	put_ip(out, &head, 8 + size);
	return fe_ip_size(ip->family) + 8 + size;
}

size_t fe_build_icmp(uint8_t *out, const struct fe_ip_header *ip,
		     const struct fe_icmp_header *icmp,
		     const uint8_t *payload, size_t size)
{
	struct fe_ip_header head = *ip;
	uint8_t *l4 = out + fe_ip_size(ip->family);

	head.proto = ip->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	put_payload(l4 + 8, payload, size);
	l4[0] = icmp->type;
	l4[1] = icmp->code;
	fe_put16(l4 + 2, 0);
	fe_put32(l4 + 4, icmp->rest);
	if (ip->family == 4)
		fe_put16(l4 + 2, fe_sum_fold(fe_sum(l4, 8 + size, 0)));
	else
		put_sum(l4, 8 + size, 2, &head);
	put_ip(out, &head, 8 + size);
	return fe_ip_size(ip->family) + 8 + size;
}

void fe_wire_set_ttl(uint8_t *ip, uint8_t ttl)
{
	if (ip[0] >> 4 == 4) {
		uint16_t old = fe_get16(ip + 8);
		ip[8] = ttl;
		fe_sum_replace16(ip + 10, old, fe_get16(ip + 8));
	} else {
		ip[7] = ttl;
	}
}

void fe_wire_dec_ttl(uint8_t *ip)
{
	fe_wire_set_ttl(ip, (uint8_t)(ip[ip[0] >> 4 == 4 ? 8 : 7] - 1));
}

void fe_wire_set_tos(uint8_t *ip, uint8_t tos)
{
	if (ip[0] >> 4 == 4) {
		uint16_t old = fe_get16(ip);
		ip[1] = tos;
		fe_sum_replace16(ip + 10, old, fe_get16(ip));
	} else {
		ip[0] = (uint8_t)((ip[0] & 0xf0) | tos >> 4);
		ip[1] = (uint8_t)((ip[1] & 0x0f) | tos << 4);
	}
}

/* Offset of a protocol's checksum in its header; 0: none is known. */
static size_t sum_offset(uint8_t proto, unsigned family)
{
	if (proto == IPPROTO_TCP)
		return 16;
	if (proto == IPPROTO_UDP)
		return 6;
	if (proto == (family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return 2;
	return 0;
}

void fe_wire_fix(uint8_t *ip, size_t size)
{
	struct fe_ip_header head = {.family = ip[0] >> 4};
	struct fe_l4_place place;
	size_t at, n;

	if ((head.family != 4 && head.family != 6) ||
	    !fe_l4_find(ip, (uint32_t)size, head.family, &place))
		return;
	if (head.family == 4) {
		fe_put16(ip + 10, 0);
		fe_put16(ip + 10, fe_sum_fold(fe_sum(ip, place.offset, 0)));
		head.src = fe_u128(fe_get32(ip + 12));
		head.dst = fe_u128(fe_get32(ip + 16));
	} else {
		head.src = fe_get128(ip + 8);
		head.dst = fe_get128(ip + 24);
	}
	head.proto = place.proto;
	at = sum_offset(head.proto, head.family);
	n = size - place.offset;
	if (at == 0 || place.fragment || n < at + 2)
		return;
	if (head.proto == IPPROTO_ICMP) {
		fe_put16(ip + place.offset + 2, 0);
		fe_put16(ip + place.offset + 2,
			 fe_sum_fold(fe_sum(ip + place.offset, n, 0)));
	} else {
		put_sum(ip + place.offset, n, at, &head);
	}
}
