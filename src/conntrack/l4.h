/*
 * Protocols: what each does with a packet of its flow.
 *
 * One function per protocol, in a table by protocol number; protocols that
 * are not listed are generic. The word flow->l4 is: UDP: millisecond (mod
 * 2^32) from which on the flow is a stream; TCP: the timer's note; else 0.
 */
#ifndef FE_L4_H
#define FE_L4_H

#include "conntrack/table.h"
#include "host/host.h"

enum fe_timeout { /* indices of struct fe_sysctls' timeouts */
#define T(NAME, name, now, old) FE_T_##NAME,
#include "host/timeouts.def"
#undef T
	FE_N_TIMEOUTS
};

enum fe_l4_result {
	FE_L4_ACCEPT,
	FE_L4_INVALID, /* the packet is no part of the flow */
	FE_L4_REPEAT,  /* the entry was deleted: look the packet up again */
};

struct fe_l4_packet {
	struct fe_conntrack *ct;
	const struct fe_packet *packet;
	const uint8_t *data; /* the transport header; size bytes, of which */
	uint32_t size;       /* have were caught */
	uint32_t have;
	struct fe_flow *flow;
	unsigned dir;
	bool is_new;         /* the flow is not confirmed yet */
	bool verify;         /* checksums count: PREROUTING, sysctl, capture */
};

typedef enum fe_l4_result fe_l4_fn(struct fe_l4_packet *p);

fe_l4_fn fe_l4_tcp, fe_l4_udp, fe_l4_udplite, fe_l4_icmp, fe_l4_icmpv6,
	 fe_l4_gre, fe_l4_generic, fe_l4_sctp;

/* A timeout in ns, as long as the kernel's jiffies can count. */
int64_t fe_l4_timeout(const struct fe_conntrack *ct, enum fe_timeout which);
/* Counts the packet and lets the flow live for timeout from now. */
void fe_l4_refresh(struct fe_l4_packet *p, int64_t timeout);
/* Counts the packet only. */
void fe_l4_account(struct fe_l4_packet *p);
/* Whether the transport checksum over n bytes is right; proto as the pseudo
 * header has it, 0: no pseudo header. Truncated captures count as right. */
bool fe_l4_sum_ok(const struct fe_l4_packet *p, uint32_t n, uint8_t proto);

/* The names of TCP's and SCTP's states. */
const char *fe_tcp_state_name(unsigned state);
const char *fe_sctp_state_name(unsigned state);

/* The tuple of a packet whose transport header is at data. False: none. */
bool fe_tuple_read(struct fe_tuple *tuple, const uint8_t *l4, uint32_t size);
/* The tuple of an answer; false: there is no answer (ICMP). */
bool fe_tuple_invert(struct fe_tuple *inverse, const struct fe_tuple *tuple);

/* ICMP errors: inet_error.c. */
enum fe_icmp_kind {
	FE_ICMP_PLAIN,     /* not an error: look up its own tuple */
	FE_ICMP_INVALID,
	FE_ICMP_UNTRACKED, /* neighbour discovery and the like */
	FE_ICMP_RELATED,   /* packet->flow and ctdir are set */
};
enum fe_icmp_kind fe_icmp_classify(struct fe_conntrack *ct,
				   struct fe_packet *packet, bool verify,
				   uint16_t zone);

#endif
