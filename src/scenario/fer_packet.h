/*
 * Packets of flows: what `send` and bursts put on the wire.
 *
 * Replies are built with the ends that the source sees; where NAT changed
 * them, the adapter gives them the ends that the other side sees.
 */
#ifndef FE_FER_PACKET_H
#define FE_FER_PACKET_H

#include "scenario/fer.h"
#include "scenario/record.h"

enum { FE_FER_MOST = 2048 }; /* bytes of a packet made here */

/* Builds the packet into bytes (FE_FER_MOST) and fills the record; the
 * flow's sequence numbers stay: fe_fer_advance() moves them. */
void fe_fer_build(const struct fe_send *send, int64_t time, uint8_t *bytes,
		  struct fe_record *record);
/* The packet got through: the next one of its direction follows it. */
void fe_fer_advance(const struct fe_send *send);

/* A burst while it is played: hands out packets in order of time. */
struct fe_burst_run;
struct fe_burst_run *fe_burst_run_new(const struct fe_burst *burst,
				      int64_t begin, uint64_t seed);
void fe_burst_run_free(struct fe_burst_run *run);
/* When the next packet is due; INT64_MAX: none. */
int64_t fe_burst_run_due(const struct fe_burst_run *run);
void fe_burst_run_next(struct fe_burst_run *run, uint8_t *bytes,
		       struct fe_record *record);

#endif
