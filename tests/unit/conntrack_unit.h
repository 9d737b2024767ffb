/* What tests of conntrack share: a host of its own, and packets played. */
#ifndef CONNTRACK_UNIT_H
#define CONNTRACK_UNIT_H

#include <check.h>

#include "conntrack/conntrack.h"
#include "conntrack/l4.h"
#include "packets.h"

struct world {
	struct fe_host *host;
	struct fe_conntrack *ct;
	unsigned n_lines; /* logged */
};

static inline void world_log(void *arg, int64_t time, const char *line)
{
	struct world *w = arg;

	(void)time;
	ck_assert_ptr_nonnull(strstr(line, "table full, dropping packet"));
	w->n_lines++;
}

/* Makes conntrack anew, after sysctls changed. */
static inline void world_restart(struct world *w)
{
	fe_conntrack_free(w->ct);
	w->ct = fe_conntrack_new(w->host);
	fe_conntrack_set_log(w->ct, world_log, w);
}

static inline void world_begin(struct world *w)
{
	static const uint32_t timeouts[] = {
#define T(NAME, name, now, old) now,
#include "host/timeouts.def"
#undef T
	};

	*w = (struct world){.host = fe_calloc(1, sizeof(struct fe_host))};
	w->host->kernel = FE_KERNEL(6, 18);
	memcpy(w->host->sysctls.timeouts, timeouts, sizeof(timeouts));
	w->host->sysctls.checksum = 1;
	w->host->sysctls.tcp_loose = 1;
	w->host->sysctls.tcp_max_retrans = 3;
	world_restart(w);
}

static inline void world_end(struct world *w)
{
	fe_conntrack_free(w->ct);
	free(w->host);
}

static inline enum fe_ct_verdict enter_at(struct world *w,
					  struct test_packet *t,
					  enum fe_hook hook, uint16_t zone)
{
	fe_conntrack_advance(w->ct, t->packet.time);
	return fe_conntrack_in(w->ct, &t->packet, hook, zone);
}

static inline enum fe_ct_verdict enter(struct world *w, struct test_packet *t)
{
	return enter_at(w, t, FE_PREROUTING, 0);
}

/* Plays a packet from hook to its end; returns its state, -1 when dropped. */
static inline int play_at(struct world *w, struct test_packet *t,
			  enum fe_hook hook, uint16_t zone)
{
	if (enter_at(w, t, hook, zone) == FE_CT_DROP ||
	    fe_conntrack_confirm(w->ct, &t->packet) == FE_CT_DROP) {
		fe_conntrack_forget(w->ct, &t->packet);
		return -1;
	}
	return t->packet.ctstate;
}

static inline int play(struct world *w, struct test_packet *t)
{
	return play_at(w, t, FE_PREROUTING, 0);
}

static inline void take_flow(void *arg, const struct fe_flow *flow)
{
	const struct fe_flow **out = arg;

	ck_assert_ptr_null(*out);
	*out = flow;
}

/* The only entry there is. */
static inline struct fe_flow *only(const struct world *w)
{
	const struct fe_flow *flow = NULL;

	fe_conntrack_each(w->ct, take_flow, &flow);
	ck_assert_ptr_nonnull(flow);
	return (struct fe_flow *)(uintptr_t)flow;
}

/* Seconds that the only entry has left. */
static inline int left(const struct world *w)
{
	return (int)((only(w)->expires - w->ct->now) / SECOND);
}

#endif
