/*
 * The engine: plays packets through rules, conntrack, NAT and routing of one
 * host, as the kernel does.
 *
 * Input is a batch of packets at their hook inputs: an incoming one enters
 * PREROUTING by its iif, an outgoing one (iif 0) enters OUTPUT. Each packet's
 * whole life is played before the next begins: loopback, REJECT's answers
 * and ICMP errors of routing included. The local stack stays silent.
 */
#ifndef FE_ENGINE_H
#define FE_ENGINE_H

#include "conntrack/conntrack.h"
#include "lang/read.h"

enum fe_fate { FE_FATE_ACCEPT, FE_FATE_DROP, FE_FATE_REJECT, FE_FATE_STOLEN,
	       FE_FATE_QUEUE };

/* Who decided. rule and chain NULL: not a rule (see why). */
struct fe_decision {
	const struct fe_rule *rule;   /* NULL: the policy, or not a rule */
	const struct fe_chain *chain; /* where the rule or policy stands */
	const char *why; /* "conntrack: table full", "no route", "ttl", ... or
			    NULL where a rule or policy decided */
	enum fe_hook hook;
};

/* All that why may say; ends with NULL. */
extern const char *const fe_engine_reasons[];

struct fe_result {
	enum fe_fate fate;
	struct fe_decision by; /* of the drop; else the last accept in filter */
	uint8_t ctstate;       /* enum fe_ctstate as filter saw it */
	bool tracking;         /* false: tracking is off for the family */
	bool local;            /* delivered to this host */
	uint16_t oif;          /* interface it left by; 0: none */
	uint32_t mark;         /* when it left or was delivered */
	int32_t cause;         /* index of the packet in its batch that this
				  generated packet answers, or -1 */
};

/* Everything that someone can observe, in order. Members may be NULL. */
struct fe_observer {
	void *arg;
	/* A packet enters a chain, matches a rule, or meets a policy (rule
	 * NULL). For traces; costs time, so only where it is set. */
	void (*step)(void *arg, const struct fe_packet *packet,
		     enum fe_hook hook, const struct fe_chain *chain,
		     const struct fe_rule *rule);
	/* Bytes leave by an interface, or are delivered locally (oif 0). */
	void (*emit)(void *arg, const struct fe_packet *packet, uint16_t oif);
	/* A line that the kernel would log, without newline. */
	void (*log)(void *arg, int64_t time, const char *line);
	/* The end of a packet's life; generated ones follow their cause. */
	void (*result)(void *arg, const struct fe_packet *packet,
		       const struct fe_result *result);
	/* At the first packet of each second of packet time. */
	void (*second)(void *arg, int64_t second,
		       const struct fe_conntrack *ct);
};

struct fe_engine_options {
	bool naive;          /* the linear interpreted evaluator */
	bool assume_tracked; /* conntrack is on whatever the rules */
	fe_nat_port_fn *nat_port; /* NULL: a seeded choice */
	void *nat_port_arg;
	uint64_t seed;       /* of random choices (NAT ports, statistic) */
};

struct fe_engine;

/* All arguments are borrowed and must outlive the engine. */
struct fe_engine *fe_engine_new(const struct fe_rules *rules,
				struct fe_host *host,
				const struct fe_engine_options *options);
void fe_engine_free(struct fe_engine *engine);
void fe_engine_observe(struct fe_engine *engine,
		       const struct fe_observer *observer);

/*
 * Plays n packets in order; results[i] is packet i's (generated packets are
 * seen by the observer only). Time stamps must not go back; one that does is
 * played at the time of its predecessor.
 */
void fe_engine_play(struct fe_engine *engine, struct fe_packet *packets,
		    struct fe_result *results, size_t n);
/* Lets time pass without packets. */
void fe_engine_wait(struct fe_engine *engine, int64_t now);

/* Counters now: of a rule; of a builtin chain's policy. */
void fe_engine_rule_counters(const struct fe_engine *engine,
			     const struct fe_rule *rule, uint64_t *packets,
			     uint64_t *bytes);
void fe_engine_policy_counters(const struct fe_engine *engine,
			       const struct fe_chain *chain, uint64_t *packets,
			       uint64_t *bytes);
/* Writes them into the rulesets, for fe_ruleset_print(). */
void fe_engine_store_counters(const struct fe_engine *engine,
			      struct fe_rules *rules);
struct fe_conntrack *fe_engine_conntrack(struct fe_engine *engine);
/* False after reporting what was not played as the kernel does: packets that
 * found no end of jumps (FE_MAX_JUMPS), which were dropped like all later
 * ones, and fragments under tracking, which the kernel puts together first. */
bool fe_engine_report(const struct fe_engine *engine, struct fe_diags *diags);
/* Whether rules or options switch tracking on for the family. */
bool fe_engine_tracks(const struct fe_engine *engine, unsigned family);

#endif
