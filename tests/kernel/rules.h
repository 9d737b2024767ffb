/* Random rules: what the parts of the generator share. */
#ifndef KT_RULES_H
#define KT_RULES_H

#include "kt.h"

struct kt_gen {
	struct kt_case *c;
	struct fe_rng *rng;
	unsigned family;
	enum kt_table table;
	unsigned hooks; /* mask: hooks that reach the chain */
	bool builtin;	/* the chain is: iptables checks -i and -o there */
	unsigned proto; /* of the rule so far; 0: any */
	bool proto_neg;
	struct fe_buf *buf; /* the rule's text */
};

static inline unsigned kt_below(struct kt_gen *g, unsigned n)
{
	return fe_rng_below(g->rng, n);
}

/* True once in n. */
static inline bool kt_once(struct kt_gen *g, unsigned n)
{
	return fe_rng_below(g->rng, n) == 0;
}

static inline bool kt_only_hooks(const struct kt_gen *g, unsigned hooks)
{
	return (g->hooks & ~hooks) == 0;
}

/* "! " in front of a match, now and then. */
void kt_neg(struct kt_gen *g);
unsigned kt_port(struct kt_gen *g);
void kt_addr(struct kt_gen *g);	   /* an address of interest */
void kt_matches(struct kt_gen *g); /* -s ... -m ..., sets proto */
void kt_target(struct kt_gen *g);  /* -j ..., not jumps */

void kt_match_set(struct kt_gen *g);

#endif
