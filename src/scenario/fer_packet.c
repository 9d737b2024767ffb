/* Packets of flows: headers with right checksums (or wrong, if asked). */
#include "scenario/fer_packet.h"

#include <string.h>

#include "packet/wire.h"

enum { ICMP_ECHO = 8, ICMP_ECHO_REPLY = 0, ICMP6_ECHO = 128,
       ICMP6_ECHO_REPLY = 129 };

static const uint32_t first_seq = 1000; /* of either side */

static struct fe_ip_header ip_header(const struct fe_send *send, bool reply)
{
	const struct fe_fer_ends *e = &send->flow->ends;
	uint8_t ttl = send->ttl ? send->ttl : e->ttl;

	return (struct fe_ip_header){
	    .family = e->src.family, .proto = e->proto,
	    .ttl = ttl ? ttl : 64, .tos = e->tos, .id = send->flow->n,
	    .df = e->proto == 6,
	    .src = reply ? e->dst.addr : e->src.addr,
	    .dst = reply ? e->src.addr : e->dst.addr,
	};
}

static size_t build_tcp(const struct fe_send *send,
			const struct fe_ip_header *ip, uint8_t *bytes)
{
	const struct fe_fer_flow *f = send->flow;
	bool r = send->reply;
	struct fe_tcp_header tcp = {
	    .sport = r ? f->ends.dports[0].lo : f->ends.sports.lo,
	    .dport = r ? f->ends.sports.lo : f->ends.dports[0].lo,
	    .seq = first_seq + (send->has_seq ? send->seq : f->seq[r]),
	    .flags = send->flags, .window = 65535,
	};

	if (send->flags & FE_TCP_ACK)
		tcp.ack = first_seq + (send->has_ack ? send->ack : f->seq[!r]);
	return fe_build_tcp(bytes, ip, &tcp, NULL, send->len);
}

static size_t build_echo(const struct fe_send *send,
			 const struct fe_ip_header *ip, uint8_t *bytes)
{
	bool v4 = ip->family == 4;
	struct fe_icmp_header icmp = {
	    .rest = (uint32_t)send->flow->id << 16 | send->flow->n};

	if (send->reply)
		icmp.type = v4 ? ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY;
	else
		icmp.type = v4 ? ICMP_ECHO : ICMP6_ECHO;
	if (send->has_type) {
		icmp.type = send->icmp_type;
		icmp.code = send->icmp_code;
	}
	return fe_build_icmp(bytes, ip, &icmp, NULL, send->len);
}

static size_t build_plain(const struct fe_send *send, bool reply,
			  uint8_t *bytes)
{
	const struct fe_fer_ends *e = &send->flow->ends;
	struct fe_ip_header ip = ip_header(send, reply);
	struct fe_send turned = *send;

	turned.reply = reply;
	switch (e->proto) {
	case 6:
		return build_tcp(&turned, &ip, bytes);
	case 17:
		return fe_build_udp(
		    bytes, &ip, reply ? e->dports[0].lo : e->sports.lo,
		    reply ? e->sports.lo : e->dports[0].lo, NULL, send->len);
	case 1:
	case 58:
		return build_echo(&turned, &ip, bytes);
	}
	return fe_build_ip(bytes, &ip, NULL, send->len < 8 ? 8 : send->len);
}

/* The packet of the other direction that an error is about: the one that
 * arrived, NAT included, or one like it. */
static size_t find_inner(const struct fe_send *send, uint8_t *inner)
{
	const struct fe_fer_flow *f = send->flow;
	struct fe_send about = *send;

	if (f->wire_size[!send->reply]) {
		memcpy(inner, f->wire[!send->reply],
		       f->wire_size[!send->reply]);
		return f->wire_size[!send->reply];
	}
	about.kind = FE_SEND_PLAIN;
	about.flags = about.flags ? about.flags : FE_TCP_ACK;
	about.has_seq = about.has_ack = false;
	return build_plain(&about, !send->reply, inner);
}

/* Goes from the inner packet's destination, or `from`, to its source, with
 * its header and eight bytes, or for ICMPv6 more. */
static size_t build_error(const struct fe_send *send, uint8_t *bytes)
{
	struct fe_ip_header ip = ip_header(send, send->reply);
	struct fe_icmp_header icmp = {.type = send->icmp_type,
				      .code = send->icmp_code};
	uint8_t inner[FE_FER_MOST];
	size_t size = find_inner(send, inner);

	if (size > fe_ip_size(ip.family) + 8 && ip.family == 4)
		size = fe_ip_size(ip.family) + 8;
	ip.proto = ip.family == 4 ? 1 : 58;
	if (ip.family == 4) {
		ip.src = fe_u128(fe_get32(inner + 16));
		ip.dst = fe_u128(fe_get32(inner + 12));
	} else {
		ip.src = fe_get128(inner + 24);
		ip.dst = fe_get128(inner + 8);
	}
	if (send->from.hi || send->from.lo)
		ip.src = send->from;
	if ((ip.family == 4 && icmp.type == 3 && icmp.code == 4) ||
	    (ip.family == 6 && icmp.type == 2))
		icmp.rest = 1400;
	return fe_build_icmp(bytes, &ip, &icmp, inner, size);
}

void fe_fer_build(const struct fe_send *send, int64_t time, uint8_t *bytes,
		  struct fe_record *record)
{
	const struct fe_fer_ends *e = &send->flow->ends;
	/* `out` without `in`: it begins here. */
	bool out = e->out && !e->in && !send->reply && !send->iface;
	size_t size = send->kind == FE_SEND_ERROR
			  ? build_error(send, bytes)
			  : build_plain(send, send->reply, bytes);

	if (send->bad_checksum)
		bytes[size - 1] ^= 0x55;
	*record = (struct fe_record){
	    .data = bytes, .size = (uint32_t)size, .caught = (uint32_t)size,
	    .time = time, .is_ip = true, .uid = e->uid, .mark = e->mark,
	    .reply = send->reply, .seen = out ? FE_SEEN_OUT : FE_SEEN_UNKNOWN,
	    .iface = send->iface ? send->iface
		     : send->reply || out ? e->out : e->in,
	};
}

void fe_fer_advance(const struct fe_send *send)
{
	struct fe_fer_flow *f = send->flow;

	if (send->kind != FE_SEND_PLAIN)
		return;
	if (!send->reply || f->ends.proto == 6)
		f->n++;
	if (send->has_seq)
		return;
	f->seq[send->reply] += send->len + !!(send->flags & FE_TCP_SYN) +
			       !!(send->flags & FE_TCP_FIN);
}
