/*
 * The line that LOG writes, in the format of the kernel's nf_log_syslog, up
 * to the trailing blank.
 */
#include "program/machine.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "base/buf.h"
#include "ext/target_log.h"
#include "packet/wire.h"

/* A packet, or one quoted inside an ICMP error. */
struct dump {
	struct fe_buf *buf;
	const uint8_t *ip, *l4;
	uint32_t size, l4_size; /* bytes there from ip; from l4 */
	unsigned family, flags;
	struct fe_l4_place place;
	bool inner;
};

static void dump_packet(struct dump *d);

static bool incomplete(struct dump *d, uint32_t needs)
{
	if (d->l4_size >= needs)
		return false;
	fe_buf_printf(d->buf, "INCOMPLETE [%u bytes] ", d->l4_size);
	return true;
}

static void options(struct dump *d, const uint8_t *from, uint32_t n)
{
	fe_buf_printf(d->buf, "OPT (");
	for (uint32_t i = 0; i < n; i++)
		fe_buf_printf(d->buf, "%02X", from[i]);
	fe_buf_printf(d->buf, ") ");
}

static void dump_tcp(struct dump *d)
{
	static const char *const names[] = {"CWR", "ECE", "URG", "ACK",
					    "PSH", "RST", "SYN", "FIN"};
	const uint8_t *t = d->l4;
	uint32_t header;

	fe_buf_printf(d->buf, "PROTO=TCP ");
	if (d->place.later_fragment || incomplete(d, 20))
		return;
	fe_buf_printf(d->buf, "SPT=%u DPT=%u ", fe_get16(t), fe_get16(t + 2));
	if (d->flags & FE_LOG_TCP_SEQUENCE)
		fe_buf_printf(d->buf, "SEQ=%u ACK=%u ", fe_get32(t + 4),
			      fe_get32(t + 8));
	fe_buf_printf(d->buf, "WINDOW=%u RES=0x%02x ", fe_get16(t + 14),
		      (t[12] & 0x0f) << 2);
	for (unsigned i = 0; i < 8; i++)
		if (t[13] & 0x80 >> i)
			fe_buf_printf(d->buf, "%s ", names[i]);
	fe_buf_printf(d->buf, "URGP=%u ", fe_get16(t + 18));
	header = (uint32_t)(t[12] >> 4) * 4;
	if (d->flags & FE_LOG_TCP_OPTIONS && header > 20 &&
	    d->l4_size >= header)
		options(d, t + 20, header - 20);
}

static void dump_udp(struct dump *d)
{
	fe_buf_printf(d->buf, d->place.proto == IPPROTO_UDP
				  ? "PROTO=UDP " : "PROTO=UDPLITE ");
	if (d->place.later_fragment || incomplete(d, 8))
		return;
	fe_buf_printf(d->buf, "SPT=%u DPT=%u LEN=%u ", fe_get16(d->l4),
		      fe_get16(d->l4 + 2), fe_get16(d->l4 + 4));
}

static void dump_quoted(struct dump *d)
{
	struct dump inner = *d;

	if (d->inner)
		return;
	inner.ip = d->l4 + 8;
	inner.size = d->l4_size > 8 ? d->l4_size - 8 : 0;
	inner.inner = true;
	fe_buf_printf(d->buf, "[");
	dump_packet(&inner);
	fe_buf_printf(d->buf, "] ");
}

static void dump_icmp4(struct dump *d)
{
	const uint8_t *t = d->l4;

	fe_buf_printf(d->buf, "PROTO=ICMP ");
	if (d->place.later_fragment || incomplete(d, 8))
		return;
	fe_buf_printf(d->buf, "TYPE=%u CODE=%u ", t[0], t[1]);
	switch (t[0]) {
	case ICMP_ECHO: case ICMP_ECHOREPLY:
		fe_buf_printf(d->buf, "ID=%u SEQ=%u ", fe_get16(t + 4),
			      fe_get16(t + 6));
		return;
	case ICMP_PARAMETERPROB:
		fe_buf_printf(d->buf, "PARAMETER=%u ", t[4]);
		return;
	case ICMP_REDIRECT:
		fe_buf_printf(d->buf, "GATEWAY=%u.%u.%u.%u ", t[4], t[5], t[6],
			      t[7]);
		dump_quoted(d);
		return;
	case ICMP_DEST_UNREACH: case ICMP_SOURCE_QUENCH:
	case ICMP_TIME_EXCEEDED:
		dump_quoted(d);
		if (t[0] == ICMP_DEST_UNREACH && t[1] == ICMP_FRAG_NEEDED)
			fe_buf_printf(d->buf, "MTU=%u ", fe_get16(t + 6));
		return;
	default:
		return;
	}
}

static void dump_icmp6(struct dump *d)
{
	const uint8_t *t = d->l4;

	fe_buf_printf(d->buf, "PROTO=ICMPv6 ");
	if (d->place.later_fragment || incomplete(d, 8))
		return;
	fe_buf_printf(d->buf, "TYPE=%u CODE=%u ", t[0], t[1]);
	switch (t[0]) {
	case ICMP6_ECHO_REQUEST: case ICMP6_ECHO_REPLY:
		fe_buf_printf(d->buf, "ID=%u SEQ=%u ", fe_get16(t + 4),
			      fe_get16(t + 6));
		return;
	case ICMP6_PARAM_PROB:
		fe_buf_printf(d->buf, "POINTER=%08x ", fe_get32(t + 4));
		dump_quoted(d);
		return;
	case ICMP6_DST_UNREACH: case ICMP6_PACKET_TOO_BIG:
	case ICMP6_TIME_EXCEEDED:
		dump_quoted(d);
		if (t[0] == ICMP6_PACKET_TOO_BIG)
			fe_buf_printf(d->buf, "MTU=%u ", fe_get32(t + 4));
		return;
	default:
		return;
	}
}

static void dump_ipsec(struct dump *d)
{
	bool ah = d->place.proto == IPPROTO_AH;

	fe_buf_printf(d->buf, ah ? "PROTO=AH " : "PROTO=ESP ");
	if (!d->place.later_fragment && !incomplete(d, ah ? 12 : 8))
		fe_buf_printf(d->buf, "SPI=0x%x ",
			      fe_get32(d->l4 + (ah ? 4 : 0)));
}

static void dump_l4(struct dump *d)
{
	switch (d->place.proto) {
	case IPPROTO_TCP:
		dump_tcp(d);
		return;
	case IPPROTO_UDP: case IPPROTO_UDPLITE:
		dump_udp(d);
		return;
	case IPPROTO_ICMP:
		if (d->family == 4) {
			dump_icmp4(d);
			return;
		}
		break;
	case IPPROTO_ICMPV6:
		if (d->family == 6) {
			dump_icmp6(d);
			return;
		}
		break;
	case IPPROTO_AH: case IPPROTO_ESP:
		dump_ipsec(d);
		return;
	}
	fe_buf_printf(d->buf, "PROTO=%u ", d->place.proto);
}

static void dump_ip4(struct dump *d)
{
	const uint8_t *ip = d->ip;
	uint16_t frag = fe_get16(ip + 6);
	uint32_t header = (uint32_t)(ip[0] & 15) * 4;

	fe_buf_printf(d->buf, "SRC=%u.%u.%u.%u DST=%u.%u.%u.%u ", ip[12],
		      ip[13], ip[14], ip[15], ip[16], ip[17], ip[18], ip[19]);
	fe_buf_printf(d->buf, "LEN=%u TOS=0x%02X PREC=0x%02X TTL=%u ID=%u ",
		      fe_get16(ip + 2), ip[1] & 0x1e, ip[1] & 0xe0, ip[8],
		      fe_get16(ip + 4));
	if (frag & 0x8000)
		fe_buf_printf(d->buf, "CE ");
	if (frag & 0x4000)
		fe_buf_printf(d->buf, "DF ");
	if (frag & 0x2000)
		fe_buf_printf(d->buf, "MF ");
	if (frag & 0x1fff)
		fe_buf_printf(d->buf, "FRAG:%u ", frag & 0x1fff);
	if (d->flags & FE_LOG_IP_OPTIONS && header > 20 && d->size >= header)
		options(d, ip + 20, header - 20);
}

static void address6(struct fe_buf *buf, const uint8_t *a)
{
	for (unsigned i = 0; i < 16; i += 2)
		fe_buf_printf(buf, i ? ":%04x" : "%04x", fe_get16(a + i));
}

static void dump_ip6(struct dump *d)
{
	const uint8_t *ip = d->ip;
	uint32_t head = fe_get32(ip);

	fe_buf_printf(d->buf, "SRC=");
	address6(d->buf, ip + 8);
	fe_buf_printf(d->buf, " DST=");
	address6(d->buf, ip + 24);
	fe_buf_printf(d->buf, " LEN=%u TC=%u HOPLIMIT=%u FLOWLBL=%u ",
		      fe_get16(ip + 4) + 40u, head >> 20 & 0xff, ip[7],
		      head & 0xfffff);
}

static void dump_packet(struct dump *d)
{
	if (d->size < fe_ip_size(d->family) ||
	    !fe_l4_find(d->ip, d->size, d->family, &d->place)) {
		fe_buf_printf(d->buf, d->family == 4 ? "TRUNCATED"
						     : "INCOMPLETE ");
		return;
	}
	d->l4 = d->ip + d->place.offset;
	d->l4_size = d->size - d->place.offset;
	if (d->family == 4)
		dump_ip4(d);
	else
		dump_ip6(d);
	dump_l4(d);
}

static void dump_mac(const struct fe_life *l, struct fe_buf *buf,
		     unsigned flags)
{
	const uint8_t *m = l->p->mac;

	if (!l->p->has_mac) {
		if (!(flags & FE_LOG_MACDECODE))
			fe_buf_printf(buf, "MAC= ");
		return;
	}
	/* The destination's is not kept. */
	fe_buf_printf(buf, "%s%02x:%02x:%02x:%02x:%02x:%02x ",
		      flags & FE_LOG_MACDECODE ? "MACSRC=" : "MAC=", m[0],
		      m[1], m[2], m[3], m[4], m[5]);
}

void fe_act_log(struct fe_life *l, const struct fe_rule *rule)
{
	const struct fe_observer *o = &l->e->observer;
	const struct fe_packet *p = l->p;
	const struct fe_iface *ifaces = l->e->host->ifaces.data;
	struct fe_log log = fe_target_log(fe_rule_target(rule));
	struct fe_buf buf = {0};
	struct dump d = {.buf = &buf, .ip = p->data, .size = p->caught,
			 .family = p->family, .flags = log.flags};

	if (!o->log)
		return;
	fe_buf_printf(&buf, "%sIN=%s OUT=%s ", log.prefix, ifaces[p->iif].name,
		      ifaces[p->oif].name);
	if (p->iif)
		dump_mac(l, &buf, log.flags);
	dump_packet(&d);
	if (log.flags & FE_LOG_UID && p->uid != UINT32_MAX)
		fe_buf_printf(&buf, "UID=%u ", p->uid); /* no GID is known */
	if (p->mark)
		fe_buf_printf(&buf, "MARK=0x%x ", p->mark);
	o->log(o->arg, p->time, fe_buf_text(&buf));
	fe_buf_free(&buf);
}
