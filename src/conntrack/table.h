/*
 * The table of flows: slabs of entries, a hash index, and timers.
 *
 * Private to conntrack/. An entry is named by a 32-bit ref (its slab and its
 * place there) so that the index and the timer lists cost 8 bytes a link
 * pair. The index is an open hash of {tag, ref}: the tag is the upper hash,
 * its top bits give the slot, so growing and deleting never touch an entry.
 * Tuples are hashed without regard to direction: a flow that NAT leaves
 * alone needs one slot for both of its tuples, a translated one has two.
 */
#ifndef FE_TABLE_H
#define FE_TABLE_H

#include "base/rng.h"
#include "base/vec.h"
#include "conntrack/conntrack.h"

/* One side of a TCP connection, in the kernel's terms. */
struct fe_tcp_side {
	uint32_t end;     /* highest sequence number sent, plus one */
	uint32_t maxend;  /* highest that the other side's window lets in */
	uint32_t maxwin;  /* largest window seen; 0: side not seen yet */
	uint32_t maxack;
};

struct fe_tcp {
	struct fe_tcp_side side[2]; /* by direction */
	uint8_t scale[2];  /* window scales */
	uint8_t flags[2];  /* enum fe_tcp_side_flag */
	uint32_t last_seq, last_ack, last_end;
	uint16_t last_win;
	uint8_t last_wscale, last_flags;
	uint8_t last_index : 4, last_dir : 1;
	uint8_t retrans;
};

struct fe_flow4_tcp {
	struct fe_flow4 base;
	struct fe_tcp tcp;
};
struct fe_flow6_tcp {
	struct fe_flow6 base;
	struct fe_tcp tcp;
};

/* Only of a flow whose proto is TCP. */
static inline struct fe_tcp *fe_flow_tcp(struct fe_flow *flow)
{
	if (flow->family == 4)
		return &((struct fe_flow4_tcp *)flow)->tcp;
	return &((struct fe_flow6_tcp *)flow)->tcp;
}

enum { FE_SLABS = 4, FE_SLAB_SHIFT = 29, FE_CHUNK_SHIFT = 10 };
#define FE_CHUNK (1u << FE_CHUNK_SHIFT)

struct fe_slab { /* entries of one size, in chunks that never move */
	FE_VEC(uint8_t *) chunks;
	size_t size;     /* of an entry */
	uint32_t used;   /* entries ever handed out; the first is never used */
	uint32_t free;   /* list through flow->next; 0 ends */
};

struct fe_slot {
	uint32_t tag; /* the hash's upper half */
	uint32_t ref; /* 0: free */
};

/* Room behind the last slot, so that a probe need not wrap. */
enum { FE_INDEX_SPILL = 4096 };

struct fe_index {
	struct fe_slot *slots; /* cap, a power of two, plus a few to spill */
	uint32_t bits;         /* cap is 1 << bits */
	size_t n;
};

/*
 * Timers: a wheel of four levels, 512 slots each, ticks of 65.5 us. An entry
 * stands at or before its expiry; a refreshed one is moved only when its slot
 * comes up, so a packet touches no list.
 */
enum { FE_WHEEL_LEVELS = 4, FE_WHEEL_BITS = 9, FE_TICK_SHIFT = 16 };
#define FE_WHEEL_SLOTS (1u << FE_WHEEL_BITS)

struct fe_wheel {
	uint64_t tick;  /* the tick that is being played */
	int64_t check;  /* nothing expires before this time */
	uint32_t heads[FE_WHEEL_LEVELS][FE_WHEEL_SLOTS];
	uint64_t busy[FE_WHEEL_LEVELS][FE_WHEEL_SLOTS / 64];
};

/* Source mappings by original source, newest first: "bysource". */
struct fe_by_source {
	FE_VEC(struct fe_source_node {
		uint32_t flow; /* ref */
		uint32_t next; /* node, 0 ends; free list too */
	}) nodes;              /* [0] is never used */
	uint32_t *heads;       /* n_heads, a power of two */
	uint32_t n_heads, free, n;
};

enum { FE_GRAVES = 64 };

struct fe_conntrack {
	const struct fe_host *host;
	struct fe_conntrack_stats stats;
	struct fe_slab slabs[FE_SLABS];
	struct fe_index index;
	struct fe_wheel wheel;
	struct fe_by_source by_source;
	int64_t now;
	uint32_t max, buckets;
	uint32_t serial;
	/* Deleted entries that a packet may still point to; freed in turn. */
	uint32_t graves[FE_GRAVES];
	uint32_t n_graves;
	struct fe_rng rng;
	fe_nat_port_fn *port_fn;
	void *port_arg;
	fe_conntrack_log_fn *log_fn;
	void *log_arg;
	int64_t log_begin;   /* of the rate limit's interval */
	uint32_t log_done, log_missed;
};

/* Direction-free hash of a tuple; never 0. */
uint32_t fe_tuple_tag(const struct fe_tuple *tuple);

static inline struct fe_flow *fe_flow_at(const struct fe_conntrack *ct,
					 uint32_t ref)
{
	const struct fe_slab *slab = &ct->slabs[ref >> FE_SLAB_SHIFT];
	uint32_t i = ref & ((1u << FE_SLAB_SHIFT) - 1);

	return (struct fe_flow *)(slab->chunks.data[i >> FE_CHUNK_SHIFT] +
				  (i & (FE_CHUNK - 1)) * slab->size);
}

static inline bool fe_flow_is(const struct fe_flow *flow, unsigned dir,
			      const struct fe_tuple *t)
{
	if (flow->proto != t->proto || flow->family != t->family)
		return false;
	if (flow->family == 4) {
		const struct fe_ends4 *e =
		    &((const struct fe_flow4 *)flow)->ends[dir];
		return e->src == (uint32_t)t->src.lo &&
		       e->dst == (uint32_t)t->dst.lo &&
		       e->sport == t->sport && e->dport == t->dport &&
		       fe_flow_zone(flow, dir) == t->zone;
	}
	struct fe_tuple own = fe_flow_tuple(flow, dir);
	return fe_tuple_eq(&own, t);
}

void fe_flows_init(struct fe_conntrack *ct);
void fe_flows_free(struct fe_conntrack *ct);

/* A zeroed entry with the original tuple; its reply is the caller's. */
struct fe_flow *fe_flows_alloc(struct fe_conntrack *ct,
			       const struct fe_tuple *tuple);
/* Gives the entry back; it stands in no list. */
void fe_flows_release(struct fe_conntrack *ct, struct fe_flow *flow);
void fe_flow_set_tuple(struct fe_flow *flow, unsigned dir,
		       const struct fe_tuple *tuple);

/* The confirmed entry that has the tuple, and in which direction. */
struct fe_flow *fe_flows_find(const struct fe_conntrack *ct,
			      const struct fe_tuple *tuple, uint32_t tag,
			      unsigned *dir);
void fe_flows_insert(struct fe_conntrack *ct, struct fe_flow *flow);
void fe_flows_remove(struct fe_conntrack *ct, struct fe_flow *flow);

/* Sets flow->expires of a confirmed flow, and its timer. */
void fe_timer_set(struct fe_conntrack *ct, struct fe_flow *flow,
		  int64_t expires);
void fe_timer_add(struct fe_conntrack *ct, struct fe_flow *flow);
void fe_timer_del(struct fe_conntrack *ct, struct fe_flow *flow);
/* Calls fe_flow_expire() for all that is due, in order of ticks. */
void fe_timer_advance(struct fe_conntrack *ct, int64_t now);

/* Deletes a confirmed entry. Its memory stays for the packet at hand. */
void fe_flow_kill(struct fe_conntrack *ct, struct fe_flow *flow);
/* The timer's: deletes and counts it as expired. */
void fe_flow_expire(struct fe_conntrack *ct, struct fe_flow *flow);

/* by_source: flows with SRC_NAT, from binding to death. */
void fe_source_add(struct fe_conntrack *ct, const struct fe_flow *flow);
void fe_source_del(struct fe_conntrack *ct, const struct fe_flow *flow);
uint32_t fe_source_first(const struct fe_conntrack *ct,
			 const struct fe_tuple *original);

#endif
