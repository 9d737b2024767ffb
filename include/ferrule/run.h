/*
 * Runs: traffic played through rules, connection tracking and NAT.
 */
#ifndef FERRULE_RUN_H
#define FERRULE_RUN_H

#include <ferrule/host.h>
#include <ferrule/ruleset.h>

#ifdef __cplusplus
extern "C" {
#endif

enum ferrule_capture {
	FERRULE_CAPTURE_AUTO,     /* observed; inject for .fer files */
	FERRULE_CAPTURE_INJECT,   /* each record is a hook input */
	FERRULE_CAPTURE_OBSERVED, /* the host's own capture */
};

enum ferrule_checksums {
	FERRULE_CHECKSUMS_AUTO,   /* trust when observed, else verify */
	FERRULE_CHECKSUMS_TRUST,
	FERRULE_CHECKSUMS_VERIFY,
};

/* Where a run writes while it plays; members may be NULL. */
struct ferrule_run_outputs {
	const struct ferrule_out *trace;    /* NDJSON, one object a packet */
	const struct ferrule_out *emit;     /* pcap (SLL2) of what left */
	const struct ferrule_out *log;      /* the kernel's log */
	const struct ferrule_out *timeline; /* CSV, one row a second */
};

struct ferrule_run_options {
	struct ferrule_host_options host;
	enum ferrule_capture capture;
	enum ferrule_checksums checksums;
	const char *iface;   /* of records that do not say it, or NULL */
	uint64_t seed;       /* of NAT ports and generated traffic */
	bool naive;          /* the interpreted evaluator */
	bool assume_tracked; /* conntrack is on whatever the rules say */
	bool chart;          /* for ferrule_run_write_chart() */
	bool outcomes;       /* 8 bytes a record, for a comparison that tells
				which packets fare otherwise */
};

/*
 * Makes of the rules what `iptables-restore --noflush FILE` makes of them: a
 * plan on top. FERRULE_UNREADABLE when not all of the file was understood.
 */
int ferrule_rules_apply(struct ferrule_rules *rules, const char *path);

struct ferrule_run;

/* NULL after an error, which is among the diagnostics; *status says which.
 * The rules must outlive the run. */
struct ferrule_run *ferrule_run_new(struct ferrule_rules *rules,
				    const struct ferrule_run_options *options,
				    const struct ferrule_run_outputs *outputs,
				    int *status);
void ferrule_run_free(struct ferrule_run *run); /* NULL is fine */

/* Plays a capture or a .fer file; several follow one another. */
int ferrule_run_play(struct ferrule_run *run, const char *path);
/* Ends the outputs; call it once, behind the last one played. */
int ferrule_run_finish(struct ferrule_run *run);

/* Stores counters into the rules, for ferrule_rules_print(). */
void ferrule_run_store_counters(struct ferrule_run *run);
/* Writes the table as /proc/net/nf_conntrack has it. */
int ferrule_run_write_conntrack(struct ferrule_run *run,
				const struct ferrule_out *out);

enum ferrule_run_format { FERRULE_RUN_TEXT, FERRULE_RUN_JSON };

/* Writes the summary. */
int ferrule_run_write_summary(struct ferrule_run *run,
			      enum ferrule_run_format format,
			      const struct ferrule_out *out);
/* Draws how full the table was over time; the run's option chart must be
 * set. */
int ferrule_run_write_chart(struct ferrule_run *run, const char *title,
			    const struct ferrule_out *out);
/* Writes two runs side by side: before and after a plan. With the option
 * outcomes, also which packets were decided otherwise, and by whom. */
int ferrule_run_write_comparison(struct ferrule_run *before,
				 struct ferrule_run *after,
				 enum ferrule_run_format format,
				 const struct ferrule_out *out);

/*
 * Leads one packet through the rules, hook by hook, and writes its way:
 * "tcp 10.1.2.3:40000 -> 10.0.0.5:22 SYN in eth0". Packets that go before it
 * are separated by ';': "...; SYN,ACK reply; ACK".
 */
int ferrule_trace(struct ferrule_rules *rules,
		  const struct ferrule_host_options *host, const char *packet,
		  const struct ferrule_out *out);

#ifdef __cplusplus
}
#endif

#endif
