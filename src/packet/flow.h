/*
 * What a rule may see of connection tracking.
 *
 * A packet's flow is NULL when it is untracked, INVALID, or tracking is off;
 * its ctstate then says which (doc/semantics.md). struct fe_flow is the head
 * of the entry that conntrack/ keeps; its fields are the kernel's nf_conn in
 * its own terms. The two tuples stand behind the head, compressed by family:
 * read them with fe_flow_tuple(). A million entries must fit a cache's
 * neighbourhood, so the head is one cache line and nothing is kept twice.
 */
#ifndef FE_FLOW_H
#define FE_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/field.h"

/* Values of FE_F_CTSTATE; the order is that of iptables-save. */
enum fe_ctstate {
	FE_CT_INVALID,
	FE_CT_NEW,
	FE_CT_RELATED,
	FE_CT_ESTABLISHED,
	FE_CT_UNTRACKED,
};

/* Bits of ct->status, as in the kernel's uapi nf_conntrack_common.h. */
enum fe_ctstatus {
	FE_IPS_EXPECTED = 1 << 0,
	FE_IPS_SEEN_REPLY = 1 << 1,
	FE_IPS_ASSURED = 1 << 2,
	FE_IPS_CONFIRMED = 1 << 3,
	FE_IPS_SRC_NAT = 1 << 4,
	FE_IPS_DST_NAT = 1 << 5,
	FE_IPS_SEQ_ADJUST = 1 << 6,
	FE_IPS_SRC_NAT_DONE = 1 << 7,
	FE_IPS_DST_NAT_DONE = 1 << 8,
	FE_IPS_DYING = 1 << 9,
	FE_IPS_FIXED_TIMEOUT = 1 << 10,
	FE_IPS_HELPER = 1 << 13,
};

/* One direction of a flow. */
struct fe_tuple {
	struct fe_u128 src, dst; /* addresses; IPv4 in lo */
	uint16_t sport;          /* ICMP: id; GRE: key; else 0 */
	uint16_t dport;          /* ICMP: type << 8 | code */
	uint8_t proto;
	uint8_t family;          /* 4 or 6 */
	uint16_t zone;           /* conntrack zone of this direction */
};

enum { FE_ORIGINAL, FE_REPLY }; /* directions */

struct fe_flow {
	int64_t expires;       /* ns of packet time; before the flow is
				  confirmed: ns from confirmation on */
	uint64_t bytes[2];     /* accounting, per direction */
	uint32_t packets[2];
	uint32_t mark;         /* connection mark */
	uint32_t ref;          /* conntrack's own name of the entry */
	uint32_t next, prev;   /* timer list, as refs */
	uint32_t serial;       /* order of creation */
	uint32_t l4;           /* the protocol's word: see conntrack/l4.h */
	uint16_t status;       /* enum fe_ctstatus */
	uint16_t zone;
	uint8_t proto, family;
	uint8_t state;         /* the protocol's state; 0: none */
	uint8_t zone_dirs;     /* bit per direction: zone counts there */
};

/* What stands behind the head. */
struct fe_ends4 {
	uint32_t src, dst;
	uint16_t sport, dport;
};
struct fe_ends6 {
	struct fe_u128 src, dst;
};
struct fe_flow4 { /* family 4 */
	struct fe_flow flow;
	struct fe_ends4 ends[2];
};
struct fe_flow6 { /* family 6 */
	struct fe_flow flow;
	struct fe_ends6 ends[2];
	uint16_t sport[2], dport[2];
};

static inline uint16_t fe_flow_zone(const struct fe_flow *flow, unsigned dir)
{
	return flow->zone_dirs >> dir & 1 ? flow->zone : 0;
}

/* The flow's original (0) or reply (1) tuple. */
static inline struct fe_tuple fe_flow_tuple(const struct fe_flow *flow,
					    unsigned dir)
{
	struct fe_tuple t = {.proto = flow->proto, .family = flow->family,
			     .zone = fe_flow_zone(flow, dir)};

	if (flow->family == 4) {
		const struct fe_ends4 *e =
		    &((const struct fe_flow4 *)flow)->ends[dir];
		t.src.lo = e->src;
		t.dst.lo = e->dst;
		t.sport = e->sport;
		t.dport = e->dport;
	} else {
		const struct fe_flow6 *f = (const struct fe_flow6 *)flow;
		t.src = f->ends[dir].src;
		t.dst = f->ends[dir].dst;
		t.sport = f->sport[dir];
		t.dport = f->dport[dir];
	}
	return t;
}

static inline bool fe_tuple_eq(const struct fe_tuple *a,
			       const struct fe_tuple *b)
{
	return fe_u128_eq(a->src, b->src) && fe_u128_eq(a->dst, b->dst) &&
	       a->sport == b->sport && a->dport == b->dport &&
	       a->proto == b->proto && a->family == b->family &&
	       a->zone == b->zone;
}

#endif
