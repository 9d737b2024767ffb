/*
 * What the files of behave.h share: behave_part.c turns matches into sets,
 * behave_tree.c keeps the trees, behave.c makes the maps.
 */
#ifndef FE_BEHAVE_PRIV_H
#define FE_BEHAVE_PRIV_H

#include "pass/behave.h"

enum behave_node_kind { NODE_EFFECT, NODE_FORK, NODE_QUEUE };

struct behave_node {                   /* an interned behaviour */
	enum behave_node_kind kind;
	const struct fe_rule *rule;
	uint32_t part;          /* FORK: which part answers */
	uint32_t state;         /* the state it depends on + 1, or 0 */
	uint32_t yes, no; /* FORK: both ways; EFFECT: yes is what follows */
	/* What follows from these, of the whole tree: */
	unsigned leaves;        /* as fe_behave_leaves() */
	const struct fe_rule *ct;
	bool shares;            /* as fe_behave_shares() */
};

struct behave_part {               /* what a part says */
	fe_set known;           /* clauses that fields decide */
	fe_set cut;             /* hotdrop: packets that it drops */
	bool unknown;           /* and an answer besides */
	bool ct;                /* that may depend on the entry */
	bool shares;            /* asking changes state that others see */
	bool reads_ct;          /* known depends on ctstate */
};

struct behave_rule {
	struct behave_part
	    *parts; /* n_parts, target left out; NULL: not made */
	unsigned n;
};

struct fe_behave {
	const struct fe_ruleset *ruleset;
	const struct fe_ipsets *ipsets;
	struct fe_arena *arena;
	struct fe_space *space;
	FE_VEC(const char *) ifaces;     /* [0] none, [1] "lo", ... */
	FE_VEC(struct behave_node) nodes;       /* number - FE_N_LEAVES */
	uint32_t *buckets;               /* of nodes: open addressing */
	size_t n_buckets;
	struct behave_rule *
	    *rules[FE_N_TABLES];	 /* [chain index][rule index-1] */
	uint8_t *reads_ct[FE_N_TABLES];  /* per chain: 0 unasked 1 no 2 yes */
	bool reads_mark[FE_N_TABLES];
	bool reads_header[FE_N_TABLES]; /* ... a field that targets write */
	size_t n_rules;                  /* of the whole ruleset */
	uint64_t steps;                  /* rules read so far */
	fe_set truncated;
};

static inline const struct behave_node *
fe_behave_node_of(const struct fe_behave *b, uint32_t behaviour)
{
	return &b->nodes.data[behaviour - FE_N_LEAVES];
}

/* Interns a node; returns its behaviour. */
uint32_t fe_behave_node(struct fe_behave *b, struct behave_node n);
/* A rule's parts as sets, made once. */
struct behave_rule *fe_behave_rule(struct fe_behave *b,
				   const struct fe_rule *rule);
/* A part's packets in one state: the state's slice, ctstate forgotten. */
fe_set fe_behave_in_state(struct fe_behave *b, const struct behave_part *ps,
			  enum fe_ctstate state);

#endif
