/*
 * What a rule may see of connection tracking.
 *
 * A packet's flow is NULL when it is untracked, INVALID, or tracking is off;
 * its ctstate then says which (doc/semantics.md). struct fe_flow is the head
 * of the entry that conntrack/ keeps; fields below are the kernel's nf_conn
 * in its own terms.
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

struct fe_flow {
	struct fe_tuple tuple[2];    /* original, reply */
	uint32_t status;             /* enum fe_ctstatus */
	uint32_t mark;               /* connection mark */
	int64_t expires;             /* ns of packet time */
	uint64_t packets[2], bytes[2]; /* accounting, per direction */
};

#endif
