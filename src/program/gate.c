/* Gates ahead of rules (gate.h). */
#include "program/gate.h"

#include <netinet/in.h>

const struct fe_gate fe_gate_open = {.span = {UINT32_MAX, UINT32_MAX}};

/* By index of a value; wide: addresses, which only IPv4 rules narrow. */
static const struct {
	enum fe_field field;
	uint64_t most;
} fields[FE_GATE_FIELDS] = {
	[1] = {FE_F_DPORT, 65535},
	[2] = {FE_F_SPORT, 65535},
	[3] = {FE_F_SADDR, UINT32_MAX},
	[4] = {FE_F_DADDR, UINT32_MAX},
	[5] = {FE_F_PROTO, 255},
	[6] = {FE_F_CTSTATE, 4},
};

/* Enough for each rule of the packet's protocol to read what it asks for. */
static bool is_whole(const struct fe_packet *p)
{
	if (p->later_fragment)
		return false;
	switch (p->proto) {
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return p->l4_size >= 8;
	default:
		return p->l4_size >= 20;
	}
}

void fe_gate_values(struct fe_gate_values *v, const struct fe_packet *p)
{
	v->value[0] = 0;
	v->value[1] = p->dport;
	v->value[2] = p->sport;
	v->value[3] = (uint32_t)p->src.lo;
	v->value[4] = (uint32_t)p->dst.lo;
	v->value[5] = p->proto;
	v->value[6] = p->ctstate;
	v->none = !is_whole(p);
}

/* How much of its field a gate's half lets through, of 2^32. */
static uint64_t width(uint8_t field, uint64_t span)
{
	return field == 0 ? UINT64_MAX
			  : ((span + 1) << 32) / (fields[field].most + 1);
}

void fe_gate_add(struct fe_gate *gate, unsigned family, enum fe_field field,
		 uint64_t lo, uint64_t hi)
{
	uint8_t i = 1;
	unsigned half;

	while (i < FE_GATE_FIELDS && fields[i].field != field)
		i++;
	if (i == FE_GATE_FIELDS || lo > hi || hi > fields[i].most ||
	    (family != 4 && (field == FE_F_SADDR || field == FE_F_DADDR)))
		return;
	half = width(gate->field[0], gate->span[0]) <
	       width(gate->field[1], gate->span[1]);
	if (width(i, hi - lo) >= width(gate->field[half], gate->span[half]))
		return;
	gate->field[half] = i;
	gate->lo[half] = (uint32_t)lo;
	gate->span[half] = (uint32_t)(hi - lo);
}
