/*
 * Asking chains whether they do the same in two conntrack states: conditions
 * 3 and 4 of doc/semantics.md, for plan_prove.c.
 */
#ifndef FE_PLAN_ASK_H
#define FE_PLAN_ASK_H

#include "pass/plan_priv.h"

struct plan_site {              /* a chain that the class meets */
	enum fe_table_id table;
	enum fe_hook hook;
	const struct fe_chain *chain;
};

struct plan_compare {           /* one comparison of two states */
	enum fe_ctstate tracked, now;
	fe_set among;      /* only these packets of the class */
	bool listed;       /* level invalid: a difference is only listed */
	const char *what;  /* for messages: "its packets" */
};

struct plan_question { /* a site with all comparisons of a class there */
	struct plan_site site;
	fe_set within;
	const struct plan_compare *compares;
	size_t n;
	fe_set maps[FE_CT_UNTRACKED + 1]; /* by state, once made */
	bool made[FE_CT_UNTRACKED + 1];
	fe_set late; /* with a companion ahead of the first rule that asks for
			the state, once made */
	bool late_made;
};

enum { FE_ASK_N_SITES = 12 };
/* The chains that a packet meets with its state known. */
struct plan_site fe_ask_site(const struct fe_planner *p, unsigned i);
/* The packets of `at` that site i sees so. */
fe_set fe_ask_within(struct fe_planner *p, unsigned i,
		     const fe_set at[FE_N_HOOKS]);
fe_set fe_ask_proto(struct fe_planner *p, unsigned proto);
extern const char fe_plan_undecided[];
bool fe_ask_budget_left(struct fe_planner *p, struct fe_proof *proof);

/* What the question's chain does in a state, made once. */
fe_set fe_ask_map(struct fe_planner *p, struct plan_question *q,
		  enum fe_ctstate state);
/* Whether all of a map's packets within a set are accepted, nothing else. */
bool fe_ask_accepts(struct fe_planner *p, fe_set map, fe_set within);
/* Ahead of which rule (1 the first) a companion would accept the packets of a
 * set as the chain accepts them in a state; 0: nowhere. */
uint32_t fe_ask_position(struct fe_planner *p, struct plan_question *q,
			 enum fe_ctstate state, fe_set within);
/* Whether a map asks shared matches about packets of a set. */
bool fe_ask_shares(struct fe_planner *p, fe_set map, fe_set set);
void fe_ask_list(struct fe_planner *p, const struct plan_site *site,
		 const struct plan_compare *cmp, fe_set where,
		 struct fe_proof *proof);
/* One question; every site's. false: refused. */
bool fe_ask_one(struct fe_planner *p, struct plan_question *q,
		struct fe_proof *proof);
bool fe_ask_all(struct fe_planner *p, const fe_set at[FE_N_HOOKS],
		const struct plan_compare *compares, size_t n,
		struct fe_proof *proof);

#endif
