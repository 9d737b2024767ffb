/*
 * The inside of the engine: what its files share.
 *
 * walk.c runs one table's chain for a packet, act.c does what targets say,
 * log.c writes LOG's lines, route.c knows the ways between hooks, life.c
 * leads a packet from hook to hook, answer.c makes the packets that the host
 * answers with, engine.c is the public face.
 */
#ifndef FE_MACHINE_H
#define FE_MACHINE_H

#include "base/map.h"
#include "program/engine.h"

struct fe_life;
struct fe_program;

/* Rules of one family, prepared for a run. */
struct fe_side {
	unsigned family;                /* 4 or 6 */
	const struct fe_ruleset *rules; /* NULL: none */
	bool tracks;                    /* conntrack is on */
	bool has_nat;                   /* the nat table is there */
	bool wants_types;               /* rules ask for address types */
	const struct fe_chain *entry[FE_N_TABLES][FE_N_HOOKS];
	uint32_t *base[FE_N_TABLES];    /* number of a chain's first rule */
	uint32_t n_rules;
	uint64_t *counters;             /* packets, bytes of each rule */
	uint64_t (*policies[FE_N_TABLES])[2]; /* of each builtin chain */
	void ***states;                 /* [rule][part], NULL: stateless */
	struct fe_map named;            /* states that rules share, by
					   "EXTENSION NAME" */
	struct fe_arena *arena;
	struct fe_program *program;     /* compiled; NULL: naive */
};

enum fe_verdict { FE_V_ACCEPT, FE_V_DROP, FE_V_REJECT, FE_V_QUEUE };

struct fe_frame { /* where to go on after a user chain */
	const struct fe_chain *chain;
	uint32_t next;
};

/*
 * Something seen while a cause was still being played. Answers are played in
 * the middle of their cause's life, as in the kernel, and told after it.
 */
struct fe_deferred {
	uint32_t life;            /* number of the life, in order of births */
	bool is_result;           /* else an emission */
	uint16_t oif;
	struct fe_packet packet;
	uint8_t *bytes;           /* owned; packet.data points there */
	struct fe_result result;
};

enum {
	FE_MAX_JUMPS = 1 << 18,   /* of a packet in one builtin chain */
	FE_MAX_DEPTH = 6,         /* answers to answers to answers ... */
	FE_SCRATCH = 65536 + 64,  /* the largest packet, and room to build */
};

struct fe_engine {
	const struct fe_rules *rules;
	struct fe_host *host;
	struct fe_engine_options options;
	struct fe_observer observer;
	struct fe_conntrack *ct;
	struct fe_side sides[2];       /* v4, v6 */
	FE_VEC(struct fe_frame) stack; /* of chains, during a walk */
	FE_VEC(struct fe_deferred) deferred;
	unsigned depth;                /* 1 while a batch's packet is played,
					  more for what it causes */
	uint32_t births;               /* lives begun for that packet */
	uint8_t *scratch[FE_MAX_DEPTH]; /* private bytes of each depth's
					  packet, FE_SCRATCH each */
	int64_t now;
	int64_t second;                /* last one told to the observer */
	int32_t current;               /* index of the packet in its batch */
	const struct fe_rule *stuck;   /* the jump that was one too many */
	uint64_t n_fragments;          /* played one by one, though tracked */
	uint64_t n_unknown;            /* answers that nothing could give */
};

/* A packet on its way. */
struct fe_life {
	struct fe_engine *e;
	struct fe_side *side;
	struct fe_packet *p;
	uint8_t *own;         /* private copy of the bytes, or NULL */
	enum fe_hook hook;
	uint32_t number;      /* in order of births */
	uint16_t new_oif;     /* OUTPUT: where it goes after the hook */
	uint16_t zone;        /* from a CT target */
	bool has_template;    /* a CT target was here first, and */
	struct fe_flow6 template; /* rules in raw see this for a flow */
	bool decided;         /* answers an untracked packet: CT and NOTRACK
				 leave it alone */
	bool generated;       /* by this host, in answer to another */
	struct fe_result r;
};

/* A family's side (side.c); rules NULL: none. */
void fe_side_init(struct fe_side *side, unsigned family,
		  const struct fe_ruleset *rules);
void fe_side_free(struct fe_side *side);
void fe_side_store_counters(const struct fe_side *side,
			    struct fe_ruleset *ruleset);

/* Whether the rule matches; naive.c. FE_DUNNO: nothing tells. */
enum fe_answer fe_naive_match(struct fe_engine *e, struct fe_side *side,
			      const struct fe_rule *rule, uint32_t number,
			      const struct fe_packet *p);
/* One part, as the match or base that it is. */
enum fe_answer fe_naive_part(const struct fe_host *host,
			     const struct fe_ipsets *ipsets,
			     const struct fe_part *part, unsigned family,
			     const struct fe_packet *p, void *state);

/* The table's chain at the life's hook. */
enum fe_verdict fe_walk(struct fe_life *l, enum fe_table_id table);

/* What a target does; *go_on: the walk continues with the next rule. */
enum fe_verdict fe_act(struct fe_life *l, const struct fe_rule *rule,
		       bool *go_on);
/* The line that LOG writes. */
void fe_act_log(struct fe_life *l, const struct fe_rule *rule);

/* Answers to a packet (answer.c); each is played at once. */
void fe_answer_reject(struct fe_life *l, const struct fe_rule *rule);
/* rest: the four bytes behind the checksum. */
void fe_answer_icmp(struct fe_life *l, uint8_t type, uint8_t code,
		    uint32_t rest);
/* Whether the transport checksum is right; a snapped packet's is. */
bool fe_answer_checksum_ok(const struct fe_packet *p);

/* Plays a whole life (life.c). */
void fe_life_play(struct fe_engine *e, struct fe_packet *p, bool outgoing,
		  struct fe_result *result);
/* Plays a packet of n bytes that answers the life's, which has its flow for
 * conntrack; it leaves if there is a route. */
void fe_life_answer(struct fe_life *cause, const uint8_t *bytes, size_t n);
/* Makes the bytes writable. */
uint8_t *fe_life_own(struct fe_life *l);

/* Tells the observer, at once or after the cause (engine.c). */
void fe_tell_emit(struct fe_life *l, uint16_t oif);
void fe_tell_result(struct fe_life *l);

/* Where a packet to dst leaves; 0: nowhere. The loopback interface for this
 * host's own addresses. (route.c) */
uint16_t fe_route_out(const struct fe_host *host, unsigned family,
		      struct fe_u128 dst, struct fe_u128 *prefsrc);

enum fe_way { /* of an incoming packet behind PREROUTING */
	FE_WAY_LOCAL, FE_WAY_FORWARD,
	FE_WAY_MARTIAN,     /* source or destination that can't be */
	FE_WAY_NO_ROUTE,    /* an error goes back where there is one */
	FE_WAY_SILENT,      /* not for us, and we don't forward */
};
enum fe_way fe_route_in(const struct fe_host *host, const struct fe_packet *p,
			uint16_t *oif);
/* What ip_rcv and ip6_rcv drop ahead of PREROUTING. */
bool fe_route_refuses(const struct fe_host *host, const struct fe_packet *p);

static inline struct fe_side *fe_side_of(struct fe_engine *e, unsigned family)
{
	return &e->sides[family == 6];
}

static inline uint32_t fe_rule_number(const struct fe_side *side,
				      const struct fe_rule *rule)
{
	const struct fe_chain *chain = rule->chain;

	return side->base[chain->table->id][chain->index] + rule->index - 1;
}

static inline bool fe_iface_matches(const char *pattern, const char *name)
{
	size_t i = 0;

	if (!*name)
		return false;
	for (; pattern[i] && pattern[i] == name[i]; i++)
		;
	return (pattern[i] == '+' && !pattern[i + 1]) || pattern[i] == name[i];
}

#endif
