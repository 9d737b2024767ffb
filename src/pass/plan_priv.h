/*
 * What the planner's files share. notrack.c drives; plan_cand.c finds
 * candidates; plan_sets.c turns one into packet sets and raw rules;
 * plan_prove.c and plan_nat.c prove; plan_print.c and plan_json.c write.
 */
#ifndef FE_PLAN_PRIV_H
#define FE_PLAN_PRIV_H

#include "pass/behave.h"
#include "pass/notrack.h"

enum { FE_PLAN_MAX_PORTS = 15, FE_PLAN_MAX_CANDS = 96 };

struct fe_ports {                /* a set of ports; n 0: any */
	uint16_t lo[FE_PLAN_MAX_PORTS], hi[FE_PLAN_MAX_PORTS];
	unsigned n;
};

struct fe_end {                  /* one end of a class's flows */
	struct fe_u128 addr, mask; /* mask 0: any address */
	struct fe_ports ports;
};

/*
 * A candidate: flows between a (the host's end, if local) and b. Its packets
 * are a -> b and b -> a.
 */
struct fe_cand {
	uint8_t proto;           /* 0: any */
	bool local;              /* a's addresses are this host's */
	bool lo_only;            /* only what goes over lo */
	bool lo;                 /* loopback flows included */
	bool lo_taken;           /* they are untracked already, by lo_only */
	struct fe_end a, b;
	const char *name;
	const struct fe_rule *from; /* the rule that suggested it, or NULL */
};

/* A candidate's packets at each place; ctstate left open. */
struct fe_class_sets {
	fe_set raw_pre;          /* where raw PREROUTING must untrack */
	fe_set raw_out;          /* where raw OUTPUT must */
	fe_set at[FE_N_HOOKS];   /* untracked packets that meet the hook */
	fe_set
	    box[FE_N_HOOKS]; /* what a companion there matches, if UNTRACKED */
	bool all_icmp;           /* ICMP errors are in the class themselves */
};

struct fe_plan_kept {            /* a class that was taken */
	struct fe_cand cand;
	uint32_t companion[FE_N_HOOKS];
};

struct fe_planner {
	const struct fe_pass_context *context;
	const struct fe_plan_options *options;
	struct fe_plan *plan;
	struct fe_plan_family *fam;
	const struct fe_ruleset *rules;
	struct fe_arena *arena;
	struct fe_behave *behave;
	struct fe_space *space;
	unsigned family;
	bool addresses;          /* rules name the snapshot's addresses */
	fe_set errors;           /* ICMP errors */
	fe_set plain;            /* no NAT, not expected: what holds for T */
	fe_set done_pre, done_out; /* raw sets of classes taken so far */
	fe_set untracked[FE_N_HOOKS]; /* what they leave untracked there */
	fe_set accepted[FE_N_HOOKS];  /* what their companions accept there */
	FE_VEC(struct fe_plan_kept) kept;
	uint32_t spent;          /* nodes of the spaces before this one */
	FE_VEC(const struct fe_rule *) taken; /* rules that suggested them */
	bool icmp_asked, icmp_alike; /* condition 6, asked once */
	struct fe_plan_refusal icmp; /* why not */
};

/* What a proof says. */
struct fe_proof {
	bool ok;
	bool head_pre, head_out;        /* raw rules must go to the head */
	uint32_t companion[FE_N_HOOKS]; /* filter wants one there, ahead of that
					   rule of its; 0: none */
	enum fe_plan_reason reason;     /* when not ok */
	const struct fe_rule *rule;
	const char *text, *witness;
	FE_VEC(struct fe_plan_difference) differences; /* level invalid */
};

/* plan_cand.c: candidates, broad ones first; returns how many were left out. */
struct fe_cands {
	FE_VEC(struct fe_cand) list;
	size_t left_out;
};
void fe_plan_candidates(struct fe_planner *p, struct fe_cands *cands);
/* Names a candidate: "udp port 53, served here". */
const char *fe_plan_name(struct fe_planner *p, const struct fe_cand *c);

/* plan_sets.c */
void fe_plan_sets(struct fe_planner *p, const struct fe_cand *c,
		  struct fe_class_sets *sets);
/* Adds the raw rules, companions and flush lines of a class. */
void fe_plan_rules(struct fe_planner *p, const struct fe_cand *c,
		   const struct fe_proof *proof, struct fe_plan_class *class);
/* The greatest length that is too short for the header: the guard of
 * condition 7. */
unsigned fe_plan_guard(const struct fe_planner *p, uint8_t proto);
/* The addresses LOCAL stands for in rules: NULL-terminated texts. */
bool fe_plan_by_address(struct fe_planner *p);

/* plan_prove.c */
void fe_plan_prove(struct fe_planner *p, const struct fe_cand *c,
		   const struct fe_class_sets *sets, struct fe_proof *proof);
/* Refuses: fills in the proof; returns false. */
bool fe_plan_refuse(struct fe_planner *p, struct fe_proof *proof,
		    enum fe_plan_reason reason, const struct fe_rule *rule,
		    fe_set where, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* A packet of the set, as text; NULL: none. */
const char *fe_plan_witness(struct fe_planner *p, fe_set set);
/* A builtin chain, or NULL. */
const struct fe_chain *fe_plan_chain(const struct fe_planner *p,
				     enum fe_table_id id, enum fe_hook hook);
/* "filter/INPUT:4" in the arena. */
const char *fe_plan_place(struct fe_planner *p, const struct fe_rule *rule);
/* Whether the host may forward packets: unless its sysctl says no. */
bool fe_plan_forwards(const struct fe_host *host, unsigned family);
/* Companions for ICMP errors, once some class is taken (level invalid). */
void fe_plan_icmp_companions(struct fe_planner *p, bool forward);

/* plan_nat.c: conditions 4 (nat chains without effect) and 5. */
bool fe_plan_no_nat(struct fe_planner *p, const struct fe_class_sets *sets,
		    struct fe_proof *proof);
bool fe_plan_no_mapping(struct fe_planner *p,
			const struct fe_class_sets *sets,
			struct fe_proof *proof);

/* check_plan.c: the independent checker; false: the plan is wrong. */
bool fe_plan_check(struct fe_plan *plan, const struct fe_pass_context *context,
		   const char **why);

#endif
