/*
 * Connection tracking and NAT of one network namespace.
 *
 * Knows packets, knows no rules: whoever runs the hooks calls these functions
 * where the kernel calls nf_conntrack_in, nf_nat_packet and nf_confirm.
 * Behaviour is that of doc/semantics.md and tests/kernel.
 *
 * Time is packet time; nothing here asks a clock. Entries are found by a
 * batch with prefetch.
 *
 * Table full: nf_conntrack_max is compared with all entries, new ones that
 * are not confirmed yet included. A packet that would make one more looks at
 * eight hash buckets from its own tuple's on; the first that holds entries
 * which are not ASSURED loses those (early drop); else the packet is dropped
 * and the kernel's rate-limited message is logged. The kernel's hash is
 * seeded at random, so which entry is hit is chance there; here it is a
 * function of the addresses. The kernel's garbage collector, which above 95 %
 * also removes closing TCP entries now and then, runs by the wall clock and
 * is not played.
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
	uint64_t clash_resolve;
	uint64_t created, expired, deleted;
	uint64_t table_full;     /* packets dropped for want of room */
	uint32_t entries, peak;  /* now, and the most there were */
};

/* The host is borrowed; its sysctls are read as packets come. */
struct fe_conntrack *fe_conntrack_new(const struct fe_host *host);
void fe_conntrack_free(struct fe_conntrack *ct);
const struct fe_conntrack_stats *
fe_conntrack_stats(const struct fe_conntrack *ct);

/* What the kernel would write to its log: without newline. */
typedef void fe_conntrack_log_fn(void *arg, int64_t time, const char *line);
void fe_conntrack_set_log(struct fe_conntrack *ct, fe_conntrack_log_fn *fn,
			  void *arg);
/* Seed of random choices: NAT ports and ICMP ids. */
void fe_conntrack_seed(struct fe_conntrack *ct, uint64_t seed);
/* nf_conntrack_max in force, the sysctl or the kernel profile's default; 0 is
 * no limit, as in the kernel. */
uint32_t fe_conntrack_max(const struct fe_host *host);

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
/*
 * Gives a packet that this host generated in answer to another (REJECT) the
 * flow of that other: RELATED, the other way round.
 */
void fe_conntrack_attach(struct fe_packet *packet,
			 const struct fe_packet *cause);
/* A reset answers the packet: its TCP entry, once in the table, is CLOSE. */
void fe_conntrack_close(struct fe_conntrack *ct,
			const struct fe_packet *packet);
/* The confirmed entry that has the tuple, and in which direction; or NULL. */
const struct fe_flow *fe_conntrack_find(const struct fe_conntrack *ct,
					const struct fe_tuple *tuple,
					unsigned *dir);
/* Deletes the entry that has the tuple, in either direction. */
bool fe_conntrack_delete(struct fe_conntrack *ct,
			 const struct fe_tuple *tuple);

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
 * bytes[0..packet->caught-1], which packet->data points to, and the fields
 * read from them. ICMP errors have their inner header translated. DROP:
 * cannot. fe_nat_translates() says beforehand whether any byte changes.
 */
bool fe_nat_translates(const struct fe_packet *packet, enum fe_hook hook);
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

/*
 * What `conntrack -L` and /proc/net/nf_conntrack tell of an entry. Visits
 * confirmed entries, oldest first.
 */
typedef void fe_flow_fn(void *arg, const struct fe_flow *flow);
void fe_conntrack_each(const struct fe_conntrack *ct, fe_flow_fn *fn,
		       void *arg);
/* "ESTABLISHED", "" for protocols without states. */
const char *fe_flow_state_name(const struct fe_flow *flow);
/* One line of /proc/net/nf_conntrack, newline included. */
void fe_flow_print(const struct fe_conntrack *ct, const struct fe_flow *flow,
		   int64_t now, struct fe_buf *buf);

#endif
