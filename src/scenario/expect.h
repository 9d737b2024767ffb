/*
 * Expectations: the conditions behind `expect`, as read. They are judged by
 * judge.c when their packet was played.
 */
#ifndef FE_EXPECT_H
#define FE_EXPECT_H

#include "program/engine.h"
#include "scenario/script.h"

struct fe_fer;
struct fe_fer_flow;
struct fe_test;

enum fe_condition_kind {
	FE_WANT_VERDICT,  /* value: enum fe_fate */
	FE_WANT_BY,       /* table, chain, rule; what decided */
	FE_WANT_STATE,    /* value: enum fe_ctstate */
	FE_WANT_LOCAL,    /* delivered to this host */
	FE_WANT_LEAVES,   /* by an interface: name */
	FE_WANT_FROM,     /* source address and port at the end of its way */
	FE_WANT_TO,       /* destination likewise */
	FE_WANT_MARK,     /* value */
	FE_WANT_ANSWER,   /* the host answers with this protocol: name */
	FE_WANT_TRACKING, /* value: on or off */
	FE_WANT_ENTRY,    /* the flow's entry says these words */
	FE_WANT_LOG,      /* a line was logged that holds name */
	FE_WANT_COUNT,    /* what op value */
};

enum fe_compare { FE_EQ, FE_NE, FE_LT, FE_LE, FE_GT, FE_GE };

enum fe_countable {
	FE_COUNT_ENTRIES,  /* of the flow, or of all */
	FE_COUNT_PEAK, FE_COUNT_DROPPED_FULL, FE_COUNT_EARLY_DROP,
	FE_COUNT_NEW, FE_COUNT_EXPIRED, FE_COUNT_INVALID,
	FE_COUNT_ACCEPTED, FE_COUNT_DROPPED, FE_COUNT_REJECTED,
	FE_COUNT_PACKETS,  /* that were sent; or that a rule counted */
};

struct fe_condition {
	enum fe_condition_kind kind;
	struct fe_span span;
	bool negated;              /* "not" stands before it */
	uint64_t value;
	enum fe_compare op;
	enum fe_countable what;
	const struct fe_fer_flow *flow; /* or NULL */
	struct fe_str name;
	enum fe_table_id table;    /* BY, PACKETS */
	struct fe_str chain;       /* "" : not said */
	uint32_t rule;             /* 0: not said */
	uint32_t line;             /* of the rules' file; 0: not said */
	bool policy;
	struct fe_u128 addr;       /* FROM, TO */
	uint8_t family;
	uint16_t port;             /* 0: not said */
	struct fe_script_words words; /* ENTRY; borrowed */
};

/* Reads one condition's words into one or more conditions, which are pushed
 * to the step's. False after reporting. */
struct fe_step;
void fe_expect_read(struct fe_fer *fer, struct fe_test *test,
		    const struct fe_script_words *words, struct fe_step *step);

#endif
