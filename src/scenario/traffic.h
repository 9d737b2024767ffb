/*
 * Traffic: where the packets of a run come from.
 *
 * A source is a capture file or the packets of a .fer file. It hands out
 * batches that are ready for fe_engine_play(): the adapter (capture.c) has
 * turned records into hook inputs, and kept an account of what it guessed.
 *
 *	struct fe_traffic *t = fe_traffic_open(path, &options, host, ...);
 *	... make the engine on host; let its observer's emit() also call
 *	    fe_traffic_emitted(t, packet, oif) ...
 *	fe_traffic_attach(t, engine);
 *	while (fe_traffic_next(t, &batch))
 *		fe_engine_play(engine, batch.packets, results, batch.n);
 *
 * What is wrong with the input is among the diagnostics; what is whole of it
 * is still played (fe_traffic_is_damaged() tells).
 */
#ifndef FE_TRAFFIC_H
#define FE_TRAFFIC_H

#include "base/diag.h"
#include "host/host.h"

struct fe_engine;
struct fe_traffic;

enum { FE_TRAFFIC_BATCH = 256 }; /* packets in a batch at most */

enum fe_capture {
	FE_CAPTURE_AUTO,     /* observed for captures, inject for scenarios */
	FE_CAPTURE_INJECT,   /* each record is a hook input */
	FE_CAPTURE_OBSERVED, /* the host's own capture (semantics 5) */
};

enum fe_checksums {
	FE_CHECKSUMS_AUTO,   /* trust when observed, verify when injected */
	FE_CHECKSUMS_TRUST,
	FE_CHECKSUMS_VERIFY,
};

struct fe_traffic_options {
	enum fe_capture capture;
	enum fe_checksums checksums;
	const char *iface; /* --iface: where packets were seen that do not
			      say it themselves; NULL: eth0 */
	uint64_t seed;     /* of generated traffic */
};

struct fe_batch { /* valid until the next call */
	struct fe_packet *packets; /* parsed; those with iif 0 are outgoing */
	const uint64_t *numbers;   /* of each one's record, from 0 */
	size_t n;
};

struct fe_traffic_stats {
	uint64_t records;      /* read so far */
	uint64_t played;       /* handed out */
	uint64_t not_ip;       /* ARP and others: not for iptables */
	uint64_t malformed;    /* IP that never reaches a hook */
	uint64_t not_ours;     /* promiscuous: another host's */
	uint64_t loop_copies;  /* loopback packets seen coming back in */
	uint64_t forwarded;    /* copies of what was forwarded or answered */
	uint64_t translated;   /* outgoing ones translated back through NAT */
	uint64_t guessed_direction; /* told by addresses alone */
	uint64_t bytes, size;  /* position in the file, and its size or 0 */
};

/*
 * Opens a capture ("-": standard input) or a .fer file. Interfaces that it
 * names are added to the host; a `host` block of a .fer file fills a host
 * that is not known yet, and for captures of an unknown host local addresses
 * are guessed (a diagnostic says so). NULL after reporting.
 */
struct fe_traffic *fe_traffic_open(const char *path,
				   const struct fe_traffic_options *options,
				   struct fe_host *host,
				   struct fe_sources *sources,
				   struct fe_diags *diags);
void fe_traffic_close(struct fe_traffic *traffic); /* NULL is fine */

/* The engine that plays the packets: the adapter translates with its table. */
void fe_traffic_attach(struct fe_traffic *traffic, struct fe_engine *engine);
/* Bytes left the engine: a later record may be the capture of just these. */
void fe_traffic_emitted(struct fe_traffic *traffic,
			const struct fe_packet *packet, uint16_t oif);

/* False at the end. Time stamps never go back. */
bool fe_traffic_next(struct fe_traffic *traffic, struct fe_batch *batch);

/* The input ended too early, or could not be read further. */
bool fe_traffic_is_damaged(const struct fe_traffic *traffic);
const struct fe_traffic_stats *
fe_traffic_stats(const struct fe_traffic *traffic);
/* Reports what was guessed and left out, as diagnostics; once, at the end. */
void fe_traffic_report(struct fe_traffic *traffic);

#endif
