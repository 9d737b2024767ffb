/*
 * The NOTRACK plan: which packets need no connection tracking, proved
 * (doc/semantics.md), and the rules that leave them untracked.
 *
 * fe_plan_make() reads a ruleset and a host and never changes them. The plan
 * holds the text of its rules; who loads it, and when, is the user's affair.
 */
#ifndef FE_NOTRACK_H
#define FE_NOTRACK_H

#include "base/out.h"
#include "pass/track.h"

enum fe_plan_level { FE_LEVEL_NONE, FE_LEVEL_INVALID };

/* The conditions of doc/semantics.md 3; why a class is refused. */
enum fe_plan_reason {
	FE_REFUSED_CLOSED,    /* a reply would be outside the class */
	FE_REFUSED_COVERED,   /* raw rules hide packets of the class */
	FE_REFUSED_ALIKE,     /* a rule tells UNTRACKED from tracked */
	FE_REFUSED_SHARED,    /* other packets' shared state would change */
	FE_REFUSED_NAT,       /* the class meets a nat rule */
	FE_REFUSED_MAPPING,   /* a NAT mapping could produce its packets */
	FE_REFUSED_ICMP,      /* ICMP errors about it would fare differently */
	FE_REFUSED_HEADERS,   /* truncated headers would be dropped in raw */
	FE_REFUSED_READERS,   /* CT, helpers, zones, opaque rules meet it */
	FE_REFUSED_BUDGET,    /* not decided within the budget */
	FE_REFUSED_MAX_RULES, /* proved, left out by --max-rules */
	FE_N_REASONS
};
/* "alike" */
extern const char *const fe_plan_reason_names[FE_N_REASONS];

struct fe_plan_options {
	enum fe_plan_level level;
	uint32_t max_rules; /* raw rules at most, a family; 0: no limit */
	bool assume_tracked; /* tracking is on whatever the rules say */
	bool no_check;      /* leave the independent check out */
};

/* One rule of the plan. */
struct fe_plan_rule {
	enum fe_table_id table;
	const char *chain; /* "PREROUTING" */
	const char *spec;  /* "-p udp -m udp --dport 53 -j CT --notrack" */
	uint32_t at;       /* inserted ahead of that rule of the original chain,
			      1 the first; 0: appended */
	const char *why;   /* what it is for, or NULL */
};

/* A class that the plan leaves untracked. */
struct fe_plan_class {
	const char *name;      /* "udp port 53, served here" */
	const char *removes;   /* which entries go */
	const char *price;     /* what it costs; NULL: nothing */
	FE_VEC(struct fe_plan_rule) rules; /* raw, then companions */
	FE_VEC(const char *) flush; /* conntrack -D lines */
};

struct fe_plan_refusal {
	const char *name;           /* as of a class */
	enum fe_plan_reason reason;
	const struct fe_rule *rule; /* the one in the way, or NULL */
	const struct fe_rule
	    *from; /* the one that suggested the class, or NULL */
	const char *text;           /* a sentence */
	const char *witness;        /* a packet, or NULL */
};

/* A kind of packet that may fare differently (level invalid). */
struct fe_plan_difference {
	const char *what;    /* a sentence */
	const char *witness; /* a packet, or NULL */
};

struct fe_plan_family {
	unsigned family;
	struct fe_track track;        /* its triggers */
	bool given;                   /* there are rules of this family */
	bool tracked;                 /* tracking is on, so a plan is due */
	const char *on_because;       /* when no rule of it is a trigger */
	bool foreign_errors;          /* ICMP errors about its classes can come
					 from outside the classes */
	unsigned n_already;           /* classes that rules untrack already */
	FE_VEC(struct fe_plan_class) classes;
	FE_VEC(struct fe_plan_refusal) refusals;
	FE_VEC(struct fe_plan_difference) differences;
	FE_VEC(struct fe_plan_rule) shared; /* companions of all classes */
	FE_VEC(const char *) assumptions;
	void *priv;                   /* the planner's own */
};

struct fe_plan {
	struct fe_arena *arena;
	enum fe_plan_level level;
	struct fe_sources *sources;   /* borrowed */
	struct fe_plan_family families[2]; /* IPv4, IPv6 */
	bool checked;                 /* the checker ran and agreed */
	uint64_t n_checks;            /* packets that it compared */
};

/*
 * Makes the plan. NULL after reporting when the checker found it wrong (an
 * internal error). context->diags gets nothing else.
 */
struct fe_plan *fe_plan_make(const struct fe_pass_context *context,
			     const struct fe_plan_options *options);
void fe_plan_free(struct fe_plan *plan);

/* Whether there is anything to load for the family (4 or 6). */
bool fe_plan_has_rules(const struct fe_plan *plan, unsigned family);

/*
 * Text for `iptables-restore --noflush` (ip6tables-): the rules, and the
 * report as comments. With rules_only, no comments. Undoing text with the
 * same command: fe_plan_print_rollback().
 */
void fe_plan_print(const struct fe_plan *plan, unsigned family,
		   bool rules_only, struct fe_out *out);
void fe_plan_print_rollback(const struct fe_plan *plan, unsigned family,
			    struct fe_out *out);
/* Adds the text of rules with the text of a plan loaded on top of them. */
void fe_plan_join(const struct fe_ruleset *rules, const char *extra,
		  struct fe_buf *to);
/* Adds the text of rules with the plan loaded on top of them. */
void fe_plan_apply(const struct fe_plan *plan, const struct fe_ruleset *rules,
		   struct fe_buf *to);
/* A shell script of conntrack -D lines. */
void fe_plan_print_flush(const struct fe_plan *plan, struct fe_out *out);
void fe_plan_print_json(const struct fe_plan *plan, struct fe_out *out);

/*
 * Whether the level allows a packet to fare differently, given the state that
 * conntrack gave it (enum fe_ctstate) without and with the plan. At level
 * none: never.
 */
bool fe_plan_may_differ(const struct fe_plan *plan,
			const struct fe_packet *packet, uint8_t before,
			uint8_t after);

#endif
