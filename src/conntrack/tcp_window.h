/*
 * TCP's window check: whether a segment fits what both sides have said.
 *
 * After G. van Rooij, "Real stateful TCP packet filtering in IP Filter"
 * (2001), with window scaling and SACK; private to conntrack/.
 */
#ifndef FE_TCP_WINDOW_H
#define FE_TCP_WINDOW_H

#include "conntrack/l4.h"

/* What a segment is, by its flags: row of the state table. */
enum fe_tcp_set {
	FE_TCP_SET_SYN,
	FE_TCP_SET_SYNACK,
	FE_TCP_SET_FIN,
	FE_TCP_SET_ACK,
	FE_TCP_SET_RST,
	FE_TCP_SET_NONE,
};

enum fe_tcp_side_flag { /* struct fe_tcp's flags and last_flags */
	FE_TCP_SCALE = 1,        /* the side sent a window scale */
	FE_TCP_SACK_PERM = 2,
	FE_TCP_CLOSE_INIT = 4,   /* the side closed first */
	FE_TCP_LIBERAL = 8,      /* picked up: nothing is out of window */
	FE_TCP_UNACKED = 16,     /* it sent data not acknowledged yet */
	FE_TCP_MAXACK_SET = 32,
	FE_TCP_CHALLENGE = 64,   /* a challenge ACK may come */
	FE_TCP_SIMULTANEOUS = 128,
};

struct fe_segment { /* a TCP header, read once */
	uint32_t seq, ack, end; /* end: first number behind it */
	uint16_t win;
	uint8_t flags;
	enum fe_tcp_set set;
	const uint8_t *options;
	uint32_t options_size;
};

static inline bool fe_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool fe_after(uint32_t a, uint32_t b)
{
	return fe_before(b, a);
}

/* Reads SACK-permitted and window scale into one side. */
void fe_tcp_options(struct fe_tcp *tcp, unsigned side,
		    const struct fe_segment *segment);

enum fe_window { FE_WINDOW_ACCEPT, FE_WINDOW_IGNORE, FE_WINDOW_INVALID };

/* Checks the segment and, where it is accepted, updates both sides. */
enum fe_window fe_tcp_in_window(struct fe_l4_packet *p,
				const struct fe_segment *segment);

#endif
