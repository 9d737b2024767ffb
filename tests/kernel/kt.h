/*
 * Kernel tests: the same random case played by the kernel, in a network
 * namespace, and by the engine; every difference is a failure.
 *
 *	host, rules, traffic   random cases from a seed (host.c rules*.c
 *	                       traffic.c), or rows of a table (rows.c)
 *	ns, nl, inject         the kernel side: namespaces, netlink, TUN
 *	script                 steps -> packets, answering what came out
 *	play_kernel            plays a case, records everything observable
 *	play_engine            plays the same bytes through libcore
 *	compare, shrink        differences, and the smallest case with one
 *
 * Everything of one case lives in its arena. Interfaces are numbered 0 none,
 * 1 lo, 2 eth0, 3 eth1, 4 eth2, on both sides.
 */
#ifndef KT_H
#define KT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/rng.h"
#include "base/vec.h"
#include "packet/packet.h"

enum { KT_NO_IFACE, KT_LO, KT_ETH0, KT_ETH1, KT_ETH2, KT_N_IFACES };

#define KT_GROUP 4242 /* NFLOG group of the observer */
#define KT_MAX_ADDRS 8

extern const char *const kt_iface_names[KT_N_IFACES];

/* ---- hosts -------------------------------------------------------------- */

struct kt_addr {
	uint8_t family, prefix_len, iface;
	struct fe_u128 addr;
};

struct kt_host {
	unsigned n_eth; /* 1 to 3 */
	struct kt_addr addrs[2 * KT_MAX_ADDRS];
	unsigned n_addrs;
	bool forward4, forward6;
	unsigned rp_filter;		   /* 0, 1, 2 */
	struct fe_u128 gateway4, gateway6; /* default routes, by eth0 */
};

/* Host number n of a seed's handful. */
void kt_host_make(struct kt_host *host, uint64_t seed, unsigned n);
/* A random host address, or a remote one behind an interface. */
struct fe_u128 kt_host_local(const struct kt_host *host, struct fe_rng *rng,
			     unsigned family, unsigned iface);
struct fe_u128 kt_host_remote(const struct kt_host *host, struct fe_rng *rng,
			      unsigned family, unsigned iface);
bool kt_host_has(const struct kt_host *host, unsigned family,
		 struct fe_u128 addr);
/* The interface a packet to addr leaves by (KT_LO for own addresses). */
unsigned kt_host_route(const struct kt_host *host, unsigned family,
		       struct fe_u128 addr);
void kt_addr_text(unsigned family, struct fe_u128 addr, struct fe_buf *buf);

/* ---- cases -------------------------------------------------------------- */

enum kt_table {
	KT_RAW,
	KT_MANGLE,
	KT_NAT,
	KT_FILTER,
	KT_SECURITY,
	KT_N_TABLES
};
extern const char *const kt_table_names[KT_N_TABLES];

struct kt_chain {
	const char *name;
	bool builtin;
	bool drop;	      /* policy */
	FE_VEC(char *) rules; /* "-A NAME ...", without newline */
};

struct kt_rules { /* one family's */
	bool present[KT_N_TABLES];
	struct fe_chains_vec {
		struct kt_chain *data;
		size_t n, cap;
	} chains[KT_N_TABLES];
};

struct kt_sysctl {
	const char *key; /* "nf_conntrack_udp_timeout" */
	unsigned value;
};

enum kt_op { KT_TCP, KT_UDP, KT_ICMP, KT_OTHER, KT_ERROR };
enum kt_mod {			/* what is odd about a packet */
	      KT_BADSUM = 1,	/* wrong transport checksum */
	      KT_TRUNC = 2,	/* cut within the transport header */
	      KT_LOWTTL = 4,	/* TTL 1 */
	      KT_SPOOF = 8,	/* another source address */
	      KT_NOSUM = 16,	/* UDP checksum 0 */
	      KT_BADIP = 32,	/* wrong IPv4 header checksum */
	      KT_PADDED = 64,	/* bytes behind the IP length */
	      KT_OTHERIF = 128, /* comes in by another interface */
};

struct kt_flow { /* what a pair of hosts says to each other */
	uint8_t family, proto;
	uint8_t in_if; /* where the originator is; 0: this host */
	struct fe_u128 src, dst;
	uint16_t sport, dport; /* ICMP: id, unused */
	uint32_t isn[2];
	uint8_t wscale[2]; /* 255: option absent */
	bool sack;
};

struct kt_step {
	uint16_t flow;
	uint8_t op;  /* enum kt_op */
	uint8_t dir; /* 0 as the flow began, 1 reply */
	uint8_t tcp_flags;
	uint8_t type, code; /* ICMP and errors */
	uint16_t mods;	    /* enum kt_mod */
	uint16_t len;	    /* payload bytes; errors: quoted bytes */
	int32_t seq_off, ack_off;
	uint16_t window;
	uint8_t tos, ttl;
	uint32_t mark;	 /* of a packet this host sends */
	uint32_t gap_ms; /* waits before */
};

/* The level at which the planted class is safe by construction. */
enum kt_planted { KT_NO_PLANT, KT_PLANT_NONE, KT_PLANT_INVALID };

struct kt_case {
	struct fe_arena *arena;
	uint64_t seed;
	unsigned number;
	unsigned host_number;
	struct kt_host host;
	struct kt_rules rules[2]; /* v4, v6 */
	const char *ipsets;	  /* ipset restore text, or NULL */
	FE_VEC(struct kt_sysctl) sysctls;
	FE_VEC(struct kt_flow) flows;
	FE_VEC(struct kt_step) steps;
	const char *plan[2];	 /* loaded on top, --noflush; or NULL */
	bool trace;		 /* record the rules packets meet */
	bool for_plan;                 /* see kt_case_plan() */
	enum kt_planted planted; /* a class that a plan must cover */
	uint16_t planted_port;
	uint8_t planted_family;
};

struct kt_case *kt_case_new(uint64_t seed, unsigned number);
struct kt_case *kt_case_random(uint64_t seed, unsigned number);
/* For plans: nothing is left to chance, a class may be planted. */
struct kt_case *kt_case_plan(uint64_t seed, unsigned number);
void kt_case_free(struct kt_case *c);
void kt_rules_random(struct kt_case *c, struct fe_rng *rng, unsigned family);
void kt_ipsets_random(struct kt_case *c, struct fe_rng *rng);
void kt_ipsets_restore(const char *save, struct fe_buf *out);
/* Adds a UDP service that is safe to untrack by construction. */
void kt_plant(struct kt_case *c, struct fe_rng *rng);
void kt_traffic_random(struct kt_case *c, struct fe_rng *rng);
/* The save text; whole: also the tables that are not present, empty. */
void kt_rules_print(const struct kt_rules *rules, bool whole, bool nat,
		    struct fe_buf *buf);
/* Whether a family has a nat table: then both get one, in the namespace. */
bool kt_case_nat(const struct kt_case *c);
/* The chain's rule list grows; name must outlive the case. */
struct kt_chain *kt_rules_chain(struct kt_rules *rules, enum kt_table table,
				const char *name);
void kt_rules_table(struct kt_rules *rules, enum kt_table table);
unsigned kt_table_hooks(enum kt_table table); /* mask of enum fe_hook */
extern const char *const kt_hook_names[];

/* ---- what happened ------------------------------------------------------ */

struct kt_bytes {
	uint8_t *data;
	uint32_t size;
};

struct kt_event {     /* the observer saw a packet enter or leave a hook */
	uint8_t hook; /* enum fe_hook */
	bool leaving;
	uint8_t iif, oif;
	uint32_t mark;
	struct kt_bytes bytes;
};

enum kt_end { KT_VANISHED, KT_SENT, KT_DELIVERED };

struct kt_life { /* of one packet, from its first hook to its end */
	enum kt_end end;
	int hook;	       /* VANISHED: in this hook, or -1 between hooks */
	uint8_t oif;	       /* SENT */
	bool generated;	       /* made by the kernel in answer */
	uint32_t mark;	       /* SENT and DELIVERED */
	struct kt_bytes bytes; /* as sent or delivered */
	/* The reader's scratch: */
	int last_hook;
	bool last_leaving;
	uint8_t last_oif;
	uint8_t hooks[16]; /* entered, in order */
	unsigned n_hooks;
	struct kt_bytes after[FE_N_HOOKS]; /* leaving each hook */
};

struct kt_entry { /* of conntrack */
	struct fe_tuple tuple[2];
	uint32_t status, mark, timeout;
	uint8_t tcp_state; /* 255: not TCP */
	uint64_t packets[2], bytes[2];
};

struct kt_sent { /* one injected packet and what followed */
	unsigned step;
	struct kt_bytes bytes;
	uint8_t iif; /* 0: sent by this host */
	uint32_t mark;
	int64_t time; /* ns */
	FE_VEC(struct kt_event) events;
	FE_VEC(struct kt_life) lives;
	FE_VEC(struct kt_entry) made; /* conntrack entries confirmed */
	uint8_t ctstate;      /* as the engine's filter saw it */
	FE_VEC(char *) trace; /* "filter:INPUT:rule:1", when asked for */
};

struct kt_counter {
	uint64_t packets, bytes;
};

struct kt_stats {
	uint64_t invalid, insert_failed, drop, early_drop, error;
};

struct kt_play { /* one side's account of a case */
	FE_VEC(struct kt_sent) sent;
	FE_VEC(struct kt_entry) entries;
	const char *save[2]; /* iptables-save -c */
	const char *lines; /* /proc/net/nf_conntrack */
	int64_t end;       /* when the entries were read */
	struct kt_stats stats;
	const char *error; /* could not be played */
};

/* ---- bytes -------------------------------------------------------------- */

struct kt_view { /* the headers of some bytes, for tests only */
	uint8_t family, proto;
	struct fe_u128 src, dst;
	uint16_t sport, dport; /* ICMP echo: id, id */
	uint32_t l4;
};

bool kt_view(const struct kt_bytes *bytes, struct kt_view *view);
uint16_t kt_sum(const uint8_t *data, size_t size, uint32_t start);
/* The right transport checksum of these bytes. */
uint16_t kt_l4_sum(const uint8_t *data, size_t size, size_t l4, unsigned family,
		   unsigned proto);
/* For comparing packets the host made: IPv4 id and header checksum -> 0. */
void kt_normalise(struct kt_bytes *bytes);
/* "IP 10.0.0.1:53 > ... S seq 1 len 0" */
void kt_packet_text(const struct kt_bytes *bytes, struct fe_buf *buf);

struct kt_script { /* how far the flows of a case have come */
	struct kt_case *c;
	struct kt_talk {
		uint32_t next[2]; /* TCP sequence number */
		uint16_t icmp_seq;
		bool seen;		/* the responder got a packet */
		uint8_t seen_if;	/* by this interface; 0 this host */
		struct kt_view view;	/* with these addresses */
		struct kt_bytes out[2]; /* last packet that arrived, by dir */
		uint8_t out_if[2];
	} * talks;
};

void kt_script_start(struct kt_script *script, struct kt_case *c);
/* Makes the packet of a step; false: nothing to send. */
bool kt_script_packet(struct kt_script *script, const struct kt_step *step,
		      struct kt_sent *sent);
/* Tells it what became of the packet. */
void kt_script_heard(struct kt_script *script, const struct kt_step *step,
		     const struct kt_sent *sent);

/* ---- the kernel --------------------------------------------------------- */

struct kt_ns {	/* a namespace made like a host; kept and used again */
	int fd; /* of the namespace */
	int tun[KT_N_IFACES];
	unsigned ifindex[KT_N_IFACES];
	int raw4, raw6;	  /* IPPROTO_RAW sockets */
	int log, ct, ask; /* netlink: NFLOG, conntrack news, requests */
	unsigned host_number;
	bool traces; /* every rule a packet meets is logged */
	bool nat; /* nat tables exist, of both families */
	unsigned uses;
	bool sysctls_changed;
	bool named_state[2];  /* a list or buckets of the last rules */
	struct kt_stats stats; /* at the last reading */
};

/* Why the kernel tests cannot run here, or NULL. */
const char *kt_kernel_missing(void);
struct kt_ns *kt_ns_new(const struct kt_host *host, unsigned host_number);
void kt_ns_free(struct kt_ns *ns);
bool kt_ns_enter(const struct kt_ns *ns);
bool kt_ns_sysctl(const char *path, const char *value);
/* Switches the kernel's own tracing of rules on or off. */
/* Runs a program with text as its input; output and errors into out. */
void kt_ns_trace(struct kt_ns *ns, bool on);
int kt_run(const char *const *argv, const char *input, struct fe_buf *out);

bool kt_nl_open(struct kt_ns *ns);
void kt_nl_close(struct kt_ns *ns);
/* Reads what the observer and conntrack said since. */
void kt_nl_read(struct kt_ns *ns, struct kt_case *c, struct kt_sent *sent);
void kt_nl_entries(struct kt_ns *ns, struct kt_play *play);
/* The text of the namespace's /proc/net/nf_conntrack. */
const char *kt_proc_entries(struct kt_case *c);
void kt_nl_flush(struct kt_ns *ns);
void kt_nl_stats(struct kt_ns *ns, struct kt_stats *stats);

/* 0 or an errno value. */
int kt_inject(struct kt_ns *ns, const struct kt_sent *sent);
/* Collects what left by the TUN devices into the lives that were sent. */
void kt_collect(struct kt_ns *ns, struct kt_case *c, struct kt_sent *sent);
void kt_lives(struct fe_arena *arena, struct kt_sent *sent);

struct kt_pool;
struct kt_pool *kt_pool_new(void);
void kt_pool_free(struct kt_pool *pool);
void kt_play_kernel(struct kt_pool *pool, struct kt_case *c,
		    struct kt_play *play);
/* Plays given packets (of an earlier play) instead of the case's steps. */
void kt_play_free(struct kt_play *play);
void kt_replay_kernel(struct kt_pool *pool, struct kt_case *c,
		      const struct kt_play *from, struct kt_play *play);

/* ---- the engine --------------------------------------------------------- */

/*
 * Plays the same packets; sets error when the rules cannot be read. text:
 * other rules than the case's, of both families; or NULL. naive: by the
 * interpreted evaluator.
 */
void kt_play_engine(struct kt_case *c, const struct kt_play *kernel,
		    const char *const text[2], bool naive,
		    struct kt_play *play);

/* ---- comparing ---------------------------------------------------------- */

/* Writes the differences; returns their number. */
unsigned kt_compare(const struct kt_case *c, const struct kt_play *kernel,
		    const struct kt_play *engine, struct fe_buf *report);
bool kt_same_life(struct fe_arena *arena, const struct kt_life *a,
		  const struct kt_life *b);
/* Rules and packets of a case, readable. */
void kt_case_print(const struct kt_case *c, const struct kt_play *kernel,
		   struct fe_buf *buf);
/* The rules a packet met, a line each. */
void kt_trace_text(const struct kt_sent *sent, struct fe_buf *buf);
void kt_life_text(const struct kt_life *life, struct fe_buf *buf);

/* Removes rules and steps while the test still fails. */
typedef bool kt_fails_fn(void *arg, struct kt_case *c);
void kt_shrink(struct kt_case *c, kt_fails_fn *fails, void *arg);

#endif
