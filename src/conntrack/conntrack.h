/*
 * Connection tracking and NAT of one network namespace.
 *
 * Knows packets, knows no rules: whoever runs the hooks calls these functions
 * where the kernel calls nf_conntrack_in, nf_nat_packet and nf_confirm.
 * Behaviour is that of doc/semantics.md and tests/kernel.
 *
 * Time is packet time; nothing here asks a clock. Entries are 96 bytes or
 * less for IPv4 without NAT and are found by a batch with prefetch.
 */
#ifndef FE_CONNTRACK_H
#define FE_CONNTRACK_H

#include "base/out.h"
#include "host/host.h"
#include "packet/nat.h"
#include "packet/packet.h"

struct fe_conntrack;

/* NF_ACCEPT and NF_DROP as conntrack itself returns them. */
enum fe_ct_verdict { FE_CT_ACCEPT, FE_CT_DROP };

struct fe_conntrack_stats { /* the kernel's conntrack -S, plus totals */
	uint64_t found, invalid, insert, insert_failed, drop, early_drop, error;
	uint64_t created, expired, deleted;
	uint64_t table_full;     /* packets dropped for want of room */
	uint32_t entries, peak;  /* now, and the most there were */
};

struct fe_conntrack *fe_conntrack_new(const struct fe_host *host);
void fe_conntrack_free(struct fe_conntrack *ct);
const struct fe_conntrack_stats *
fe_conntrack_stats(const struct fe_conntrack *ct);

/* Lets entries expire up to now; called before each packet's hooks. */
void fe_conntrack_advance(struct fe_conntrack *ct, int64_t now);

/* Fetches what the next n packets will touch. No visible effect. */
void fe_conntrack_prefetch(struct fe_conntrack *ct,
			   struct fe_packet *const *packets, size_t n);

/*
 * PREROUTING and OUTPUT, behind raw: finds or makes the packet's flow, sets
 * packet->flow, ctstate, ctdir, and advances the protocol's state machine.
 * A packet that is already UNTRACKED, or carries its flow from loopback,
 * passes. zone: from a CT target, else 0. DROP: table full, or ICMP error
 * that NAT cannot translate.
 */
enum fe_ct_verdict fe_conntrack_in(struct fe_conntrack *ct,
				   struct fe_packet *packet,
				   enum fe_hook hook, uint16_t zone);

/* Marks the packet untracked (NOTRACK). */
void fe_conntrack_untrack(struct fe_packet *packet);

/* INPUT and POSTROUTING, last: enters a new flow into the table. */
enum fe_ct_verdict fe_conntrack_confirm(struct fe_conntrack *ct,
					struct fe_packet *packet);
/* The packet is dropped: an unconfirmed flow goes with it. */
void fe_conntrack_forget(struct fe_conntrack *ct, struct fe_packet *packet);

/* NAT. */
enum fe_nat_kind { FE_NAT_SRC, FE_NAT_DST }; /* manip type */

/*
 * Whether the nat chain of this hook must be walked for the packet: it is the
 * first of its flow and has no binding of this kind yet.
 */
bool fe_nat_wants_rules(const struct fe_conntrack *ct,
			const struct fe_packet *packet, enum fe_hook hook);
/*
 * Binds the flow, as SNAT, DNAT, MASQUERADE, REDIRECT and NETMAP do; range
 * NULL is the null binding after a chain that chose none. DROP: no tuple is
 * free.
 */
enum fe_ct_verdict fe_nat_bind(struct fe_conntrack *ct,
			       struct fe_packet *packet, enum fe_nat_kind kind,
			       const struct fe_nat_range *range);
/*
 * Translates the packet by its flow's bindings at this hook: rewrites
 * bytes[0..packet->size-1], which packet->data points to, and parses anew.
 * ICMP errors have their inner header translated. DROP: cannot.
 */
enum fe_ct_verdict fe_nat_packet(struct fe_conntrack *ct,
				 struct fe_packet *packet, enum fe_hook hook,
				 uint8_t *bytes);

/*
 * The choice of a random port, for who must reproduce the kernel's: asked for
 * each bound tuple that needs one; returns false to let conntrack choose.
 * Conntrack checks that the choice is legal and free.
 */
typedef bool fe_nat_port_fn(void *arg, const struct fe_tuple *original,
			    enum fe_nat_kind kind, uint16_t *port);
void fe_nat_set_port_chooser(struct fe_conntrack *ct, fe_nat_port_fn *fn,
			     void *arg);

/* Visits confirmed entries, oldest first. */
typedef void fe_flow_fn(void *arg, const struct fe_flow *flow);
void fe_conntrack_each(const struct fe_conntrack *ct, fe_flow_fn *fn,
		       void *arg);
/* "ESTABLISHED", "" for protocols without states. */
const char *fe_flow_state_name(const struct fe_flow *flow);
/* One line of /proc/net/nf_conntrack, newline included. */
void fe_flow_print(const struct fe_conntrack *ct, const struct fe_flow *flow,
		   int64_t now, struct fe_buf *buf);

#endif
