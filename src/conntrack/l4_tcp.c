/*
 * TCP: the state machine, as a table, around the window check.
 *
 * Follows Linux 6.18 as measured. A packet that the window check finds
 * neither right nor harmful is "ignored": it belongs to its flow for the
 * rules, but changes no state, no timeout, no counter.
 */
#include <netinet/in.h>

#include "conntrack/l4.h"
#include "conntrack/tcp_window.h"
#include "packet/wire.h"

enum tcp_state {
	NO, /* none */
	SS, /* SYN_SENT: SYN seen */
	SR, /* SYN_RECV: SYN and SYN/ACK seen */
	ES, /* ESTABLISHED: ACK of the SYN/ACK seen */
	FW, /* FIN_WAIT: FIN seen */
	CW, /* CLOSE_WAIT: ACK after FIN */
	LA, /* LAST_ACK: FIN from the other side, too */
	TW, /* TIME_WAIT: last ACK seen */
	CL, /* CLOSE: RST seen */
	S2, /* SYN_SENT2: SYN from both sides */
	N_STATES,
	IG, /* the packet is ignored: the flow may be out of step with it */
	IV, /* the packet is INVALID */
};

static const uint8_t transition[2][6][N_STATES] = {
	[FE_ORIGINAL] = {
		/* from:        NO  SS  SR  ES  FW  CW  LA  TW  CL  S2 */
		/* A SYN on a live flow may be a new one that we missed:
		 * remembered, ignored. On a dead one it opens anew. */
		[FE_TCP_SET_SYN]    = {SS, SS, IG, IG, IG, IG, IG, SS, SS, S2},
		/* A SYN/ACK comes from the originator only when both sides
		 * opened at once. */
		[FE_TCP_SET_SYNACK] = {IV, IV, SR, IV, IV, IV, IV, IV, IV, SR},
		/* The first FIN waits, the second one is the last. */
		[FE_TCP_SET_FIN]    = {IV, IV, FW, FW, LA, LA, LA, TW, CL, IV},
		/* An ACK finishes what is under way; the first packet of all
		 * picks a flow up (tcp_loose). */
		[FE_TCP_SET_ACK]    = {ES, IV, ES, ES, CW, CW, TW, TW, CL, IV},
		[FE_TCP_SET_RST]    = {IV, CL, CL, CL, CL, CL, CL, CL, CL, CL},
		[FE_TCP_SET_NONE]   = {IV, IV, IV, IV, IV, IV, IV, IV, IV, IV},
	},
	[FE_REPLY] = {
		/* from:        NO  SS  SR  ES  FW  CW  LA  TW  CL  S2 */
		/* Simultaneous open; in TIME_WAIT the other side opens. */
		[FE_TCP_SET_SYN]    = {IV, S2, IV, IV, IV, IV, IV, SS, IV, S2},
		/* Normal; later ones may answer a SYN that was ignored. */
		[FE_TCP_SET_SYNACK] = {IV, SR, IG, IG, IG, IG, IG, IG, IG, SR},
		[FE_TCP_SET_FIN]    = {IV, IV, FW, FW, LA, LA, LA, TW, CL, IV},
		/* An ACK to a SYN: the responder is still in an old
		 * connection; ignored, a RST may follow. */
		[FE_TCP_SET_ACK]    = {IV, IG, SR, ES, CW, CW, TW, TW, CL, IG},
		[FE_TCP_SET_RST]    = {IV, CL, CL, CL, CL, CL, CL, CL, CL, CL},
		[FE_TCP_SET_NONE]   = {IV, IV, IV, IV, IV, IV, IV, IV, IV, IV},
	},
};

static const struct {
	const char *name;
	enum fe_timeout timeout;
} states[N_STATES] = {
	[NO] = {"NONE", FE_T_TCP_SYN_SENT},
	[SS] = {"SYN_SENT", FE_T_TCP_SYN_SENT},
	[SR] = {"SYN_RECV", FE_T_TCP_SYN_RECV},
	[ES] = {"ESTABLISHED", FE_T_TCP_ESTABLISHED},
	[FW] = {"FIN_WAIT", FE_T_TCP_FIN_WAIT},
	[CW] = {"CLOSE_WAIT", FE_T_TCP_CLOSE_WAIT},
	[LA] = {"LAST_ACK", FE_T_TCP_LAST_ACK},
	[TW] = {"TIME_WAIT", FE_T_TCP_TIME_WAIT},
	[CL] = {"CLOSE", FE_T_TCP_CLOSE},
	[S2] = {"SYN_SENT2", FE_T_TCP_SYN_SENT},
};

const char *fe_tcp_state_name(unsigned state)
{
	return state < N_STATES ? states[state].name : "UNKNOWN";
}

/* Flag combinations without PSH, ECE and CWR that are no nonsense. */
static bool flags_valid(uint8_t flags)
{
	switch (flags & ~(FE_TCP_PSH | FE_TCP_ECE | FE_TCP_CWR)) {
	case FE_TCP_SYN:
	case FE_TCP_SYN | FE_TCP_URG:
	case FE_TCP_SYN | FE_TCP_ACK:
	case FE_TCP_RST:
	case FE_TCP_RST | FE_TCP_ACK:
	case FE_TCP_FIN | FE_TCP_ACK:
	case FE_TCP_FIN | FE_TCP_ACK | FE_TCP_URG:
	case FE_TCP_ACK:
	case FE_TCP_ACK | FE_TCP_URG:
		return true;
	}
	return false;
}

static enum fe_tcp_set set_of(uint8_t flags)
{
	if (flags & FE_TCP_RST)
		return FE_TCP_SET_RST;
	if (flags & FE_TCP_SYN)
		return flags & FE_TCP_ACK ? FE_TCP_SET_SYNACK : FE_TCP_SET_SYN;
	if (flags & FE_TCP_FIN)
		return FE_TCP_SET_FIN;
	if (flags & FE_TCP_ACK)
		return FE_TCP_SET_ACK;
	return FE_TCP_SET_NONE;
}

/* Reads the header; false: malformed. */
static bool read_header(const struct fe_l4_packet *p, struct fe_segment *s)
{
	const uint8_t *d = p->data;
	uint32_t header;

	if (p->size < 20 || p->have < 20)
		return false;
	header = (d[12] >> 4) * 4u;
	if (header < 20 || header > p->size)
		return false;
	if (!fe_l4_sum_ok(p, p->size, IPPROTO_TCP))
		return false;
	s->flags = d[13];
	if (!flags_valid(s->flags))
		return false;
	s->set = set_of(s->flags);
	s->seq = fe_get32(d + 4);
	s->ack = fe_get32(d + 8);
	s->win = fe_get16(d + 14);
	s->end = s->seq + (p->size - header) +
		 ((s->flags & FE_TCP_SYN) != 0) +
		 ((s->flags & FE_TCP_FIN) != 0);
	s->options = d + 20;
	s->options_size = (header <= p->have ? header : p->have) - 20;
	return true;
}

/* The first packet of a flow. */
static bool begin(struct fe_l4_packet *p, const struct fe_segment *s)
{
	struct fe_tcp *tcp = fe_flow_tcp(p->flow);
	struct fe_tcp_side *side = &tcp->side[0];
	uint8_t state = transition[FE_ORIGINAL][s->set][NO];

	if (state == IV)
		return false;
	side->end = s->end;
	side->maxwin = s->win ? s->win : 1;
	side->maxend = side->end;
	if (state == SS) {
		fe_tcp_options(tcp, FE_ORIGINAL, s);
	} else {
		if (!p->ct->host->sysctls.tcp_loose)
			return false;
		/* In the middle of a connection: its window scales are not
		 * known, so everything is let through. */
		side->maxend += side->maxwin;
		tcp->flags[0] = tcp->flags[1] =
		    FE_TCP_SACK_PERM | FE_TCP_LIBERAL;
	}
	tcp->last_index = FE_TCP_SET_NONE;
	return true;
}

/*
 * An ignored packet may be right, and our entry wrong: what it says is kept.
 * If it was a SYN and its SYN/ACK comes, the entry falls into step.
 */
static void annotate(struct fe_tcp *tcp, unsigned dir,
		     const struct fe_segment *s, unsigned old)
{
	tcp->last_index = s->set & 15;
	tcp->last_dir = dir & 1;
	tcp->last_seq = s->seq;
	tcp->last_end = s->end;
	tcp->last_win = s->win;
	if (s->set == FE_TCP_SET_SYN && dir == FE_ORIGINAL) {
		struct fe_tcp seen = {0};
		fe_tcp_options(&seen, 0, s);
		tcp->last_flags =
		    seen.flags[0] & (FE_TCP_SCALE | FE_TCP_SACK_PERM);
		tcp->last_wscale = seen.scale[0];
		/* The peer may answer with a challenge ACK (RFC 5961), which
		 * is not the ACK of the last FIN. */
		if (old == LA)
			tcp->last_flags |= FE_TCP_CHALLENGE;
	}
	if (old == SS && s->set == FE_TCP_SET_ACK && dir == FE_REPLY)
		tcp->last_ack = s->ack;
}

static bool answers_ignored_syn(const struct fe_tcp *tcp, unsigned dir,
				const struct fe_segment *s)
{
	return s->set == FE_TCP_SET_SYNACK &&
	       tcp->last_index == FE_TCP_SET_SYN && tcp->last_dir != dir &&
	       s->ack == tcp->last_end;
}

static void resync(struct fe_tcp *tcp, unsigned dir)
{
	unsigned other = tcp->last_dir;
	struct fe_tcp_side *side = &tcp->side[other];

	side->end = side->maxend = tcp->last_end;
	side->maxwin = tcp->last_win ? tcp->last_win : 1;
	tcp->scale[other] = tcp->last_wscale;
	tcp->last_flags &= (uint8_t)~FE_TCP_CHALLENGE;
	tcp->flags[other] = tcp->last_flags;
	tcp->side[dir] = (struct fe_tcp_side){0};
	tcp->scale[dir] = 0;
	tcp->flags[dir] &= FE_TCP_LIBERAL;
}

static bool is_closing(unsigned state)
{
	return state == FW || state == CW || state == LA || state == TW ||
	       state == CL;
}

enum rst_check { RST_CHECK_WINDOW, RST_GOOD, RST_BAD };

/*
 * A RST must have the very sequence number that is expected. One that is
 * only in the window leaves the state, since the peer may answer with a
 * challenge ACK; one below what the other side acknowledged is forged.
 */
static enum rst_check check_rst(const struct fe_l4_packet *p,
				const struct fe_segment *s, unsigned *new)
{
	const struct fe_tcp *tcp = fe_flow_tcp(p->flow);
	unsigned dir = p->dir, other = !dir, old = p->flow->state;
	bool seen_reply = p->flow->status & FE_IPS_SEEN_REPLY;
	bool assured = p->flow->status & FE_IPS_ASSURED;
	bool established = old == ES && assured;

	if (is_closing(old))
		return RST_GOOD;
	if (tcp->flags[other] & FE_TCP_MAXACK_SET &&
	    tcp->last_index != FE_TCP_SET_SYN) {
		uint32_t maxack = tcp->side[other].maxack;

		if (s->seq == 0 && !established)
			return RST_CHECK_WINDOW;
		if (fe_before(s->seq, maxack) &&
		    !p->ct->host->sysctls.tcp_ignore_invalid_rst)
			return RST_BAD;
		if (!established || s->seq == maxack)
			return RST_CHECK_WINDOW;
		/* It may follow data that is not acknowledged yet. */
		if (tcp->last_index == FE_TCP_SET_ACK &&
		    tcp->last_dir == dir && s->seq == tcp->last_end)
			return RST_CHECK_WINDOW;
		*new = old;
	}
	/* It answers a SYN or ACK that was let through; the SYN's sender
	 * does not answer itself (measured). */
	if (((seen_reply && tcp->last_index == FE_TCP_SET_SYN &&
	      tcp->last_dir != dir) ||
	     (!assured && tcp->last_index == FE_TCP_SET_ACK)) &&
	    s->ack == tcp->last_end)
		return RST_GOOD;
	/* It answers a challenge ACK that was let through. */
	if (old == SS && tcp->last_index == FE_TCP_SET_ACK &&
	    tcp->last_dir == FE_REPLY && s->seq == tcp->last_ack)
		return RST_GOOD;
	return RST_CHECK_WINDOW;
}

/*
 * FIN or RST of one side, then of the other, both out of window: the flow is
 * likely over, so it may not wait for days.
 */
static void handle_invalid(struct fe_l4_packet *p, const struct fe_segment *s)
{
	struct fe_tcp *tcp = fe_flow_tcp(p->flow);
	struct fe_conntrack *ct = p->ct;
	int64_t unack = fe_l4_timeout(ct, FE_T_TCP_UNACK);
	int64_t left = p->flow->expires - ct->now;

	if (!(p->flow->status & FE_IPS_ASSURED) ||
	    p->flow->status & FE_IPS_FIXED_TIMEOUT)
		return;
	if (s->set != FE_TCP_SET_RST && s->set != FE_TCP_SET_FIN)
		return;
	if (tcp->last_dir != p->dir && (tcp->last_index == FE_TCP_SET_FIN ||
					tcp->last_index == FE_TCP_SET_RST)) {
		if (left >= 120 * (int64_t)1000000000 && left > unack)
			fe_timer_set(ct, p->flow, ct->now + unack);
	} else {
		tcp->last_index = s->set & 15;
		tcp->last_dir = p->dir & 1;
	}
}

static int64_t timeout_of(const struct fe_l4_packet *p,
			  const struct fe_segment *s, unsigned state)
{
	const struct fe_tcp *tcp = fe_flow_tcp(p->flow);
	const struct fe_conntrack *ct = p->ct;
	int64_t normal = fe_l4_timeout(ct, states[state].timeout);
	int64_t retrans = fe_l4_timeout(ct, FE_T_TCP_MAX_RETRANS);
	int64_t unack = fe_l4_timeout(ct, FE_T_TCP_UNACK);

	if (tcp->retrans >= ct->host->sysctls.tcp_max_retrans &&
	    normal > retrans)
		return retrans;
	if (s->set == FE_TCP_SET_RST)
		return fe_l4_timeout(ct, FE_T_TCP_CLOSE);
	if ((tcp->flags[0] | tcp->flags[1]) & FE_TCP_UNACKED &&
	    normal > unack)
		return unack;
	/* A closed window: the receiver may be gone. */
	if (tcp->last_win == 0 && normal > retrans)
		return retrans;
	return normal;
}

/* The packet is in the window: state, timeout and status follow. */
static enum fe_l4_result accept_packet(struct fe_l4_packet *p,
				       const struct fe_segment *s,
				       unsigned old, unsigned new)
{
	struct fe_flow *flow = p->flow;
	struct fe_tcp *tcp = fe_flow_tcp(flow);
	int64_t timeout, unack = fe_l4_timeout(p->ct, FE_T_TCP_UNACK);

	tcp->last_index = s->set & 15;
	tcp->last_dir = p->dir & 1;
	flow->state = (uint8_t)new;
	if (old != new && new == FW)
		tcp->flags[p->dir] |= FE_TCP_CLOSE_INIT;
	timeout = timeout_of(p, s, new);
	if (!(flow->status & FE_IPS_SEEN_REPLY)) {
		/* A RST is the only answer: there is no connection. */
		if (s->flags & FE_TCP_RST) {
			fe_l4_account(p);
			if (!p->is_new)
				fe_flow_kill(p->ct, flow);
			return FE_L4_ACCEPT;
		}
		/* A repeated SYN doesn't prolong an entry's life. */
		if (s->set == FE_TCP_SET_SYN && old == SS)
			return FE_L4_ACCEPT;
		/* Picked up, and no answer yet. */
		if (new == ES && timeout > unack)
			timeout = unack;
	} else if ((old == SR || old == ES) && new == ES) {
		flow->status |= FE_IPS_ASSURED;
	}
	fe_l4_refresh(p, timeout);
	return FE_L4_ACCEPT;
}

/* A SYN on a flow that is over: the entry makes way for a new one. */
static bool reopens(const struct fe_l4_packet *p)
{
	const struct fe_tcp *tcp = fe_flow_tcp(p->flow);

	return (tcp->flags[0] | tcp->flags[1]) & FE_TCP_CLOSE_INIT ||
	       (tcp->last_dir == p->dir &&
		tcp->last_index == FE_TCP_SET_RST);
}

static enum fe_l4_result check_window(struct fe_l4_packet *p,
				      const struct fe_segment *s,
				      unsigned old, unsigned new)
{
	switch (fe_tcp_in_window(p, s)) {
	case FE_WINDOW_ACCEPT:
		break;
	case FE_WINDOW_IGNORE:
		return FE_L4_ACCEPT;
	case FE_WINDOW_INVALID:
		handle_invalid(p, s);
		return FE_L4_INVALID;
	}
	return accept_packet(p, s, old, new);
}

/* What the table says, and its exceptions. */
static enum fe_l4_result advance(struct fe_l4_packet *p,
				 const struct fe_segment *s)
{
	struct fe_tcp *tcp = fe_flow_tcp(p->flow);
	unsigned dir = p->dir, old = p->flow->state;
	unsigned new = transition[dir][s->set][old];

	if (new == SS && old >= TW) {
		if (reopens(p)) {
			fe_flow_kill(p->ct, p->flow);
			return FE_L4_REPEAT;
		}
		new = IG;
	}
	if (new == IG) {
		if (!answers_ignored_syn(tcp, dir, s)) {
			annotate(tcp, dir, s, old);
			return FE_L4_ACCEPT;
		}
		resync(tcp, dir);
		return check_window(p, s, SS, SR);
	}
	if (new == IV)
		return FE_L4_INVALID;
	if (new == TW && old == LA && s->set == FE_TCP_SET_ACK &&
	    tcp->last_dir != dir && tcp->last_index == FE_TCP_SET_SYN &&
	    tcp->last_flags & FE_TCP_CHALLENGE) {
		tcp->last_flags &= (uint8_t)~FE_TCP_CHALLENGE;
		return FE_L4_ACCEPT;
	}
	if (new == S2)
		tcp->last_flags |= FE_TCP_SIMULTANEOUS;
	if (new == SR && dir == FE_REPLY && s->set == FE_TCP_SET_ACK &&
	    tcp->last_flags & FE_TCP_SIMULTANEOUS)
		new = ES;
	if (new == CL && s->set == FE_TCP_SET_RST) {
		switch (check_rst(p, s, &new)) {
		case RST_CHECK_WINDOW:
			break;
		case RST_GOOD:
			return accept_packet(p, s, old, new);
		case RST_BAD:
			return FE_L4_INVALID;
		}
	}
	return check_window(p, s, old, new);
}

enum fe_l4_result fe_l4_tcp(struct fe_l4_packet *p)
{
	struct fe_segment s;

	if (!read_header(p, &s))
		return FE_L4_INVALID;
	if (p->is_new && !begin(p, &s))
		return FE_L4_INVALID;
	return advance(p, &s);
}

void fe_conntrack_close(struct fe_conntrack *ct,
			const struct fe_packet *packet)
{
	struct fe_flow *flow = packet->flow;

	if (flow == NULL || flow->proto != IPPROTO_TCP ||
	    !(flow->status & FE_IPS_CONFIRMED))
		return;
	flow->state = CL;
	fe_timer_set(ct, flow, ct->now + fe_l4_timeout(ct, FE_T_TCP_CLOSE));
}
