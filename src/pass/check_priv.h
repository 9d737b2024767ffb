/*
 * What the checker's two files share: check_play.c evaluates rules on forced
 * states, check_plan.c makes packets and compares.
 */
#ifndef FE_CHECK_PRIV_H
#define FE_CHECK_PRIV_H

#include "base/rng.h"
#include "pass/plan_priv.h"

enum {
	MAX_TRACE = 512,     /* effects of one life */
	MAX_VALUES = 96,     /* corner values kept of a field */
};

/* A rule's parts, read once. */
struct check_atoms {
	FE_VEC(struct fe_atom) list;
	FE_VEC(uint32_t) clauses;      /* first atom of each clause */
};

struct check_side {                          /* a ruleset in play */
	const struct fe_ruleset *rules;
	struct check_atoms *
	    *parts[FE_N_TABLES];	   /* [chain][rule's first part + i] */
	uint32_t **first[FE_N_TABLES];     /* [chain][rule] */
	/* The plan's rules: at the head, and ahead of a later rule, `late` of
	 * the original. */
	unsigned added_head[FE_N_TABLES][FE_N_HOOKS];
	unsigned added_late[FE_N_TABLES][FE_N_HOOKS];
	unsigned late[FE_N_TABLES][FE_N_HOOKS];
	unsigned original[FE_N_TABLES][FE_N_HOOKS];   /* the input's rules */
};

struct check_values {                        /* corners of one field */
	struct fe_u128 v[MAX_VALUES];
	unsigned n;
};

struct check_event {                         /* what a life leaves behind */
	const char *chain;
	uint32_t table, index, what;
};

struct check_life {                          /* of a packet, and what it did */
	struct fe_u128 field[FE_N_FIELDS];
	const char *in, *out;          /* interface names; "" none */
	struct check_event trace[MAX_TRACE];
	unsigned n;
	uint64_t coin;                 /* seed of unknown answers */
	bool untracked;                /* NOTRACK met it */
	bool ct;                       /* another CT target came first */
	bool overflow;
};

/* The check of one family. */
struct fe_check {
	struct fe_plan *plan;
	const struct fe_pass_context *context;
	unsigned family;
	struct check_side before, after;
	struct check_values values[FE_N_FIELDS];
	FE_VEC(const char *) ifaces;
	struct fe_rng rng;
	struct fe_arena *arena;
	const char *why;
	uint64_t n_rules;
};

/* How a packet lives: which hooks it meets. */
enum check_life_kind { LIFE_IN, LIFE_FORWARD, LIFE_OUT, LIFE_LO, N_LIVES };

/* Reads all covers of a side's rules; gathers corner values. */
void fe_check_read(struct fe_check *k, struct check_side *side);
void fe_check_side_free(struct check_side *side);
const struct fe_chain *fe_check_builtin(const struct fe_ruleset *rules,
					enum fe_table_id t, enum fe_hook hook);
/* Plays a life with the state forced; 0: it lived, else the step where it was
 * dropped + 1, so that 1 is raw. */
unsigned fe_check_play(struct fe_check *k, struct check_side *side,
		       struct check_life *life, enum check_life_kind kind,
		       enum fe_ctstate state);
bool fe_check_is_error(const struct fe_check *k, const struct check_life *life);

#endif
