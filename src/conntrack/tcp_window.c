/* TCP's window check: see tcp_window.h. */
#include "conntrack/tcp_window.h"
#include "packet/wire.h"

enum {
	OPT_EOL = 0, OPT_NOP = 1, OPT_SCALE = 3, OPT_SACK_PERM = 4,
	OPT_SACK = 5,
	MAX_SCALE = 14,
	MIN_ACK_WINDOW = 66000, /* how far back an ACK may lie, at least */
};

/* The next option with a length; size is set to all of it. NULL: no more. */
static const uint8_t *next_option(const uint8_t **at, uint32_t *left,
				  uint32_t *size)
{
	while (*left > 0) {
		const uint8_t *option = *at;

		if (option[0] == OPT_EOL)
			return NULL;
		if (option[0] == OPT_NOP) {
			++*at;
			--*left;
			continue;
		}
		if (*left < 2 || option[1] < 2 || option[1] > *left)
			return NULL;
		*size = option[1];
		*at += *size;
		*left -= *size;
		return option;
	}
	return NULL;
}

void fe_tcp_options(struct fe_tcp *tcp, unsigned side,
		    const struct fe_segment *s)
{
	const uint8_t *at = s->options, *option;
	uint32_t left = s->options_size, size;

	/* What the side said before is forgotten with its old options, but
	 * stays where there are none (measured). */
	if (left == 0)
		return;
	tcp->scale[side] = 0;
	tcp->flags[side] &= FE_TCP_LIBERAL;
	while ((option = next_option(&at, &left, &size)) != NULL) {
		if (option[0] == OPT_SACK_PERM && size == 2) {
			tcp->flags[side] |= FE_TCP_SACK_PERM;
		} else if (option[0] == OPT_SCALE && size == 3) {
			uint8_t scale = option[2];
			tcp->scale[side] =
			    scale < MAX_SCALE ? scale : MAX_SCALE;
			tcp->flags[side] |= FE_TCP_SCALE;
		}
	}
}

/* The highest number that the segment acknowledges, SACK blocks included. */
static uint32_t highest_ack(const struct fe_segment *s)
{
	const uint8_t *at = s->options, *option;
	uint32_t left = s->options_size, size, ack = s->ack;

	while ((option = next_option(&at, &left, &size)) != NULL) {
		if (option[0] != OPT_SACK || size < 10 || (size - 2) % 8 != 0)
			continue;
		for (uint32_t i = 2; i < size; i += 8) {
			uint32_t right = fe_get32(option + i + 4);
			if (fe_after(right, ack))
				ack = right;
		}
		break;
	}
	return ack;
}

static void init_sender(struct fe_tcp *tcp, unsigned dir,
			const struct fe_segment *s)
{
	struct fe_tcp_side *sender = &tcp->side[dir];

	sender->end = sender->maxend = s->end;
	sender->maxwin = s->win ? s->win : 1;
	fe_tcp_options(tcp, dir, s);
	/* Scaling counts when both sides ask for it (RFC 7323); only the
	 * answer tells. */
	if (dir == FE_REPLY && !(tcp->flags[0] & tcp->flags[1] & FE_TCP_SCALE))
		tcp->scale[0] = tcp->scale[1] = 0;
}

/* A side of which only the middle is seen. */
static void pick_up_sender(struct fe_tcp *tcp, unsigned dir,
			   const struct fe_segment *s, uint32_t sack)
{
	struct fe_tcp_side *sender = &tcp->side[dir];
	struct fe_tcp_side *receiver = &tcp->side[!dir];
	uint32_t win = (uint32_t)s->win << tcp->scale[dir];

	sender->end = s->end;
	sender->maxwin = win ? win : 1;
	sender->maxend = s->end + sender->maxwin;
	if (receiver->maxwin == 0)
		receiver->end = receiver->maxend = sack;
	else if (sack == receiver->end + 1)
		receiver->end++; /* likely the answer to a keepalive */
}

/* What a segment says, once the corner cases are straightened out. */
struct claim {
	uint32_t seq, end, ack, sack;
};

static void update(struct fe_tcp *tcp, unsigned dir,
		   const struct fe_segment *s, const struct claim *c)
{
	struct fe_tcp_side *sender = &tcp->side[dir];
	struct fe_tcp_side *receiver = &tcp->side[!dir];
	uint32_t win = s->win;

	if (!(s->flags & FE_TCP_SYN))
		win <<= tcp->scale[dir];
	if (sender->maxwin < win + (c->sack - c->ack))
		sender->maxwin = win + (c->sack - c->ack);
	if (fe_after(c->end, sender->end)) {
		sender->end = c->end;
		tcp->flags[dir] |= FE_TCP_UNACKED;
	}
	if (s->flags & FE_TCP_ACK) {
		if (!(tcp->flags[dir] & FE_TCP_MAXACK_SET)) {
			sender->maxack = c->ack;
			tcp->flags[dir] |= FE_TCP_MAXACK_SET;
		} else if (fe_after(c->ack, sender->maxack)) {
			sender->maxack = c->ack;
		}
	}
	if (receiver->maxwin != 0 && fe_after(c->end, sender->maxend))
		receiver->maxwin += c->end - sender->maxend;
	if (fe_after(c->sack + win, receiver->maxend - 1)) {
		receiver->maxend = c->sack + win;
		if (win == 0)
			receiver->maxend++;
	}
	if (c->ack == receiver->end)
		tcp->flags[!dir] &= (uint8_t)~FE_TCP_UNACKED;
}

static void count_retransmissions(struct fe_tcp *tcp, unsigned dir,
				  const struct fe_segment *s,
				  const struct claim *c)
{
	if (s->set != FE_TCP_SET_ACK)
		return;
	if (tcp->last_dir == dir && tcp->last_seq == c->seq &&
	    tcp->last_ack == c->ack && tcp->last_end == c->end &&
	    tcp->last_win == s->win) {
		tcp->retrans++;
		return;
	}
	tcp->last_dir = dir & 1;
	tcp->last_seq = c->seq;
	tcp->last_ack = c->ack;
	tcp->last_end = c->end;
	tcp->last_win = s->win;
	tcp->retrans = 0;
}

/* Gives a side its first values. True: nothing more is checked. */
static bool introduce(struct fe_flow *flow, unsigned dir,
		      const struct fe_segment *s, uint32_t sack)
{
	enum { SYN_SENT = 1, SYN_RECV = 2 };
	struct fe_tcp *tcp = fe_flow_tcp(flow);
	struct fe_tcp_side *sender = &tcp->side[dir];
	bool syn = s->flags & FE_TCP_SYN, ack = s->flags & FE_TCP_ACK;

	if (sender->maxwin == 0) {
		if (!syn) {
			pick_up_sender(tcp, dir, s, sack);
			return false;
		}
		init_sender(tcp, dir, s);
		return !ack; /* simultaneous open */
	}
	/* A connection that begins anew with higher numbers (RFC 793). */
	if (syn && fe_after(s->end, sender->end) &&
	    (flow->state == SYN_SENT || flow->state == SYN_RECV)) {
		init_sender(tcp, dir, s);
		return dir == FE_REPLY && !ack;
	}
	return false;
}

/* Where a segment falls that isn't in the window. */
static enum fe_window outside(struct fe_tcp *tcp, unsigned dir,
			      const struct claim *c)
{
	struct fe_tcp_side *sender = &tcp->side[dir];
	struct fe_tcp_side *receiver = &tcp->side[!dir];
	uint32_t ack_window = sender->maxwin > MIN_ACK_WINDOW
	    ? sender->maxwin : MIN_ACK_WINDOW;
	bool in_receive_window = receiver->maxwin == 0 ||
	    fe_after(c->end, sender->end - receiver->maxwin - 1);
	bool ack_recent = fe_after(c->sack, receiver->end - ack_window - 1);
	bool ack_known = fe_before(c->sack, receiver->end + 1);

	if (!fe_before(c->seq, sender->maxend + 1)) {
		/* More than the window lets in, but no more than it was
		 * once: the sender knows of a window that we missed. */
		if (in_receive_window && ack_recent && ack_known &&
		    c->end - sender->maxend + 1 <= receiver->maxwin) {
			sender->end = c->end;
			tcp->flags[dir] |= FE_TCP_UNACKED;
			return FE_WINDOW_IGNORE;
		}
		return FE_WINDOW_INVALID;
	}
	if (!ack_known)
		return FE_WINDOW_INVALID;
	/* Old data sent again, or an ACK that comes late: harmless. */
	if (!in_receive_window || !ack_recent)
		return FE_WINDOW_IGNORE;
	return FE_WINDOW_ACCEPT;
}

enum fe_window fe_tcp_in_window(struct fe_l4_packet *p,
				const struct fe_segment *s)
{
	enum { SYN_SENT = 1 };
	struct fe_tcp *tcp = fe_flow_tcp(p->flow);
	unsigned dir = p->dir;
	struct claim c = {s->seq, s->end, s->ack, s->ack};
	enum fe_window where;

	if (tcp->flags[!dir] & FE_TCP_SACK_PERM)
		c.sack = highest_ack(s);
	if (introduce(p->flow, dir, s, c.sack))
		return FE_WINDOW_ACCEPT;
	/* Without ACK, or with the 0 that some stacks put in a RST. */
	if (!(s->flags & FE_TCP_ACK) ||
	    (s->flags & FE_TCP_RST && s->ack == 0))
		c.ack = c.sack = tcp->side[!dir].end;
	/* A RST that answers a SYN has no number of its own. */
	if (s->flags & FE_TCP_RST && s->seq == 0 &&
	    p->flow->state == SYN_SENT)
		c.seq = c.end = tcp->side[dir].end;
	where = outside(tcp, dir, &c);
	if (where != FE_WINDOW_ACCEPT) {
		if (tcp->flags[dir] & FE_TCP_LIBERAL ||
		    p->ct->host->sysctls.tcp_be_liberal)
			return FE_WINDOW_ACCEPT;
		return where;
	}
	update(tcp, dir, s, &c);
	count_retransmissions(tcp, dir, s, &c);
	return FE_WINDOW_ACCEPT;
}
