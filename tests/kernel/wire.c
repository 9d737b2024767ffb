/*
 * Bytes: checksums, a view of headers, text for reports.
 *
 * Written apart from src/packet on purpose: the tests must not share a
 * mistake with what they test.
 */
#include <netinet/in.h>
#include <string.h>

#include "kt.h"

static uint32_t sum_add(const uint8_t *p, size_t size, uint32_t sum)
{
	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	if (size & 1)
		sum += (uint32_t)p[size - 1] << 8;
	return sum;
}

uint16_t kt_sum(const uint8_t *data, size_t size, uint32_t start)
{
	uint32_t sum = sum_add(data, size, start);

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/*
 * proto's bits from 8 on, when not zero, give the transport length of the
 * pseudo header, where it isn't that of the bytes.
 */
uint16_t kt_l4_sum(const uint8_t *data, size_t size, size_t l4, unsigned family,
		   unsigned proto)
{
	uint32_t len = proto >> 8 ? proto >> 8 : (uint32_t)(size - l4);
	uint32_t sum = 0;

	proto &= 0xff;
	if (proto == IPPROTO_ICMP && family == 4)
		return kt_sum(data + l4, size - l4, 0);
	sum = family == 4 ? sum_add(data + 12, 8, 0) : sum_add(data + 8, 32, 0);
	return kt_sum(data + l4, size - l4, sum + proto + len);
}

static struct fe_u128 get_addr(const uint8_t *p, unsigned n)
{
	struct fe_u128 v = {0, 0};

	for (unsigned i = 0; i < n; i++) {
		v.hi = v.hi << 8 | v.lo >> 56;
		v.lo = v.lo << 8 | p[i];
	}
	return v;
}

bool kt_view(const struct kt_bytes *b, struct kt_view *v)
{
	const uint8_t *p = b->data;

	memset(v, 0, sizeof(*v));
	if (b->size >= 20 && p[0] >> 4 == 4) {
		v->family = 4;
		v->proto = p[9];
		v->l4 = (uint32_t)(p[0] & 15) * 4;
		v->src = get_addr(p + 12, 4);
		v->dst = get_addr(p + 16, 4);
	} else if (b->size >= 40 && p[0] >> 4 == 6) {
		v->family = 6;
		v->proto = p[6];
		v->l4 = 40;
		v->src = get_addr(p + 8, 16);
		v->dst = get_addr(p + 24, 16);
	} else {
		return false;
	}
	if (b->size < v->l4 + 4)
		return true;
	p += v->l4;
	if (v->proto == IPPROTO_TCP || v->proto == IPPROTO_UDP) {
		v->sport = (uint16_t)(p[0] << 8 | p[1]);
		v->dport = (uint16_t)(p[2] << 8 | p[3]);
	} else if ((v->proto == IPPROTO_ICMP || v->proto == IPPROTO_ICMPV6) &&
		   b->size >= v->l4 + 8) {
		v->sport = v->dport = (uint16_t)(p[4] << 8 | p[5]);
	}
	return true;
}

void kt_normalise(struct kt_bytes *b)
{
	if (b->size < 20 || b->data[0] >> 4 != 4)
		return;
	b->data[4] = b->data[5] = 0;
	b->data[10] = b->data[11] = 0;
}

static void tcp_text(const uint8_t *p, size_t size, struct fe_buf *buf)
{
	static const char names[] = "FSRPAUEC";
	uint32_t seq, ack;

	if (size < 20) {
		fe_buf_puts(buf, " tcp cut");
		return;
	}
	seq = (uint32_t)get_addr(p + 4, 4).lo;
	ack = (uint32_t)get_addr(p + 8, 4).lo;
	fe_buf_puts(buf, " tcp ");
	for (unsigned i = 0; i < 8; i++)
		if (p[13] >> i & 1)
			fe_buf_putc(buf, names[i]);
	fe_buf_printf(buf, " seq %u ack %u win %u doff %u", seq, ack,
		      (unsigned)(p[14] << 8 | p[15]), p[12] >> 4);
}

static void icmp_text(const uint8_t *p, size_t size, struct fe_buf *buf)
{
	if (size < 8) {
		fe_buf_puts(buf, " icmp cut");
		return;
	}
	fe_buf_printf(buf, " icmp type %u code %u id %u seq %u", p[0], p[1],
		      (unsigned)(p[4] << 8 | p[5]),
		      (unsigned)(p[6] << 8 | p[7]));
}

void kt_packet_text(const struct kt_bytes *b, struct fe_buf *buf)
{
	struct kt_view v;
	const uint8_t *p = b->data;

	if (!b->data || !kt_view(b, &v)) {
		fe_buf_printf(buf, "not IP, %u bytes", b->size);
		return;
	}
	kt_addr_text(v.family, v.src, buf);
	if (v.proto == IPPROTO_TCP || v.proto == IPPROTO_UDP)
		fe_buf_printf(buf, ".%u", v.sport);
	fe_buf_puts(buf, " > ");
	kt_addr_text(v.family, v.dst, buf);
	if (v.proto == IPPROTO_TCP || v.proto == IPPROTO_UDP)
		fe_buf_printf(buf, ".%u", v.dport);
	if (v.l4 > b->size)
		fe_buf_puts(buf, " cut");
	else if (v.proto == IPPROTO_TCP)
		tcp_text(p + v.l4, b->size - v.l4, buf);
	else if (v.proto == IPPROTO_UDP)
		fe_buf_puts(buf, " udp");
	else if (v.proto == IPPROTO_ICMP || v.proto == IPPROTO_ICMPV6)
		icmp_text(p + v.l4, b->size - v.l4, buf);
	else
		fe_buf_printf(buf, " proto %u", v.proto);
	fe_buf_printf(
	    buf, " ttl %u tos 0x%x size %u", v.family == 4 ? p[8] : p[7],
	    v.family == 4 ? p[1] : (unsigned)((p[0] << 4 | p[1] >> 4) & 255),
	    b->size);
}
