/*
 * Witnesses as text (witness.h).
 */
#include "pass/witness.h"

#include <netinet/in.h>

#include "base/buf.h"

static void put_addr(unsigned family, struct fe_u128 a, struct fe_buf *buf)
{
	if (family == 4) {
		fe_buf_printf(buf, "%u.%u.%u.%u", (unsigned)(a.lo >> 24) & 255,
			      (unsigned)(a.lo >> 16) & 255,
			      (unsigned)(a.lo >> 8) & 255,
			      (unsigned)a.lo & 255);
		return;
	}
	for (unsigned i = 0; i < 8; i++)
		fe_buf_printf(buf, "%s%x", i ? ":" : "",
			      (unsigned)((i < 4 ? a.hi : a.lo) >>
					 (48 - 16 * (i & 3))) & 0xffff);
}

/* As a flow's protocol is written in a test file. */
static void put_proto(unsigned proto, struct fe_buf *buf)
{
	switch (proto) {
	case IPPROTO_TCP:
		fe_buf_puts(buf, "tcp ");
		return;
	case IPPROTO_UDP:
		fe_buf_puts(buf, "udp ");
		return;
	case IPPROTO_ICMP:
		fe_buf_puts(buf, "icmp ");
		return;
	case IPPROTO_ICMPV6:
		fe_buf_puts(buf, "icmpv6 ");
		return;
	case IPPROTO_GRE:
		fe_buf_puts(buf, "gre ");
		return;
	case IPPROTO_ESP:
		fe_buf_puts(buf, "esp ");
		return;
	}
	fe_buf_printf(buf, "%u ", proto);
}

static void put_transport(unsigned family, const struct fe_box *w,
			  struct fe_buf *buf)
{
	unsigned proto = (unsigned)w->lo[FE_F_PROTO].lo;
	bool ports = proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
		     proto == IPPROTO_SCTP || proto == IPPROTO_UDPLITE;

	put_proto(proto, buf);
	put_addr(family, w->lo[FE_F_SADDR], buf);
	if (ports)
		fe_buf_printf(buf, ":%u", (unsigned)w->lo[FE_F_SPORT].lo);
	fe_buf_puts(buf, " -> ");
	put_addr(family, w->lo[FE_F_DADDR], buf);
	if (ports)
		fe_buf_printf(buf, ":%u", (unsigned)w->lo[FE_F_DPORT].lo);
	if (proto == (family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		fe_buf_printf(buf, " type %u code %u",
			      (unsigned)w->lo[FE_F_ICMP_TYPE].lo,
			      (unsigned)w->lo[FE_F_ICMP_CODE].lo);
}

static void put_flags(uint64_t set, struct fe_buf *buf)
{
	static const char *const flags[] = {"FIN", "SYN", "RST", "PSH",
					    "ACK", "URG", "ECE", "CWR"};
	const char *between = " ";

	for (unsigned i = 0; i < 8; i++) {
		if (!(set >> i & 1))
			continue;
		fe_buf_printf(buf, "%s%s", between, flags[i]);
		between = ",";
	}
}

static void put_iface(struct fe_behave *behave, const char *way, uint64_t index,
		      struct fe_buf *buf)
{
	if (index)
		fe_buf_printf(buf, " %s %s", way,
			      fe_behave_iface_name(behave, (unsigned)index));
}

const char *fe_witness(struct fe_behave *behave, struct fe_arena *arena,
		       unsigned family, fe_set set)
{
	struct fe_box w;
	struct fe_buf buf = {0};
	const char *text;

	if (fe_set_is_empty(set) ||
	    !fe_set_witness(fe_behave_space(behave), set, &w))
		return NULL;
	put_transport(family, &w, &buf);
	if (w.lo[FE_F_PROTO].lo == IPPROTO_TCP)
		put_flags(w.lo[FE_F_TCP_FLAGS].lo, &buf);
	put_iface(behave, "in", w.lo[FE_F_IIF].lo, &buf);
	put_iface(behave, "out", w.lo[FE_F_OIF].lo, &buf);
	text = fe_arena_strdup(arena, fe_buf_text(&buf));
	fe_buf_free(&buf);
	return text;
}
