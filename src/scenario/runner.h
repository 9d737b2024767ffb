/*
 * The test runner: plays the tests of a .fer file on the engine and judges
 * their expectations. Each test has an engine, a conntrack table and a clock
 * of its own.
 */
#ifndef FE_RUNNER_H
#define FE_RUNNER_H

#include "base/out.h"
#include "scenario/fer_packet.h"

struct fe_failure {
	struct fe_span span;  /* of the condition */
	const char *wanted;   /* "accept", as the condition stands */
	const char *text;     /* what was instead: "got drop by ..." */
	const char *trace;    /* the packet's way, lines; or NULL */
};

struct fe_test_result {
	const char *file;     /* the .fer file */
	const char *name;
	struct fe_span span;
	uint64_t n_packets, n_conditions;
	FE_VEC(struct fe_failure) failures;
};

struct fe_test_results {
	struct fe_arena *arena;
	FE_VEC(struct fe_test_result *) list;
	size_t n_failed;      /* tests that have failures */
};

struct fe_run_options {
	const struct fe_rules *rules; /* instead of what is used, or NULL */
	bool naive;           /* the interpreted evaluator */
	bool update;          /* write golden traces instead of comparing */
	uint64_t seed;
};

/* Runs all tests of the file; results are added. */
void fe_run_tests(struct fe_fer *fer, const struct fe_run_options *options,
		  struct fe_test_results *results);
/* Plays the last packet of the file's only test, and tells its way. */
void fe_run_trace(struct fe_fer *fer, const struct fe_run_options *options,
		  struct fe_out *out);
void fe_test_results_free(struct fe_test_results *results);

/* --- private to the runner (runner.c, judge.c, outcome.c) --- */

/* What was seen of one packet. */
struct fe_outcome {
	const struct fe_packet *packet; /* that was played; NULL: none yet */
	bool played;
	struct fe_result result;
	bool out;                /* it was delivered or left: */
	struct fe_u128 src, dst; /* with these ends */
	uint16_t sport, dport;
	FE_VEC(uint8_t) answers; /* protocols of generated packets */
	struct fe_buf trace;
};

struct fe_runner {
	struct fe_fer *fer;
	const struct fe_rules *rules;
	const struct fe_run_options *options;
	struct fe_arena *arena;      /* of the results */
	struct fe_test_result *result;
	struct fe_engine *engine;
	struct fe_conntrack *ct;
	struct fe_capture_adapter adapter;
	struct fe_traffic_stats stats;
	int64_t now;
	struct fe_packet packet;     /* that is played, or was last */
	uint8_t bytes[FE_FER_MOST];
	struct fe_outcome last;
	bool tracing;
	FE_VEC(char *) log;
	uint64_t fates[5];           /* packets by enum fe_fate */
	/* An emission whose life's end is still to be told. */
	struct fe_packet pending;
	bool has_pending;
	struct fe_fer_flow *sending; /* whose wire form is to be kept */
	uint8_t sending_dir;
};

/* The observer that fills the outcome (outcome.c). */
void fe_outcome_begin(struct fe_runner *r, const struct fe_packet *packet);
void fe_outcome_observe(struct fe_runner *r);
/* "drop by filter/INPUT:policy (rules.v4:3)" */
void fe_outcome_decision(const struct fe_runner *r,
			 const struct fe_result *result, struct fe_buf *buf);

/* Plays a capture and compares its trace (run_pcap.c). */
void fe_run_pcap(struct fe_runner *r, const struct fe_step *step);

/* Whether what the condition names is there; else got says what isn't
 * (reference.c). */
bool fe_reference_exists(const struct fe_runner *r,
			 const struct fe_condition *c, struct fe_buf *got);

/* Whether the condition holds; else got says what was (judge.c). */
bool fe_judge(struct fe_runner *r, const struct fe_condition *condition,
	      struct fe_buf *got);

#endif
