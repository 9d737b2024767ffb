/*
 * Timelines: what the table held when a second of packet time began, and what
 * happened since the row before. Seconds without packets have no row.
 */
#include "scenario/timeline.h"

#include <string.h>

/* Columns by protocol and state; the last of each protocol takes the rest. */
static const struct {
	uint8_t proto;     /* 0: any other */
	const char *state; /* NULL: any other */
	const char *column;
} columns[] = {
	{6, "SYN_SENT", "tcp_syn_sent"}, {6, "SYN_RECV", "tcp_syn_recv"},
	{6, "ESTABLISHED", "tcp_established"}, {6, "FIN_WAIT", "tcp_fin_wait"},
	{6, "CLOSE_WAIT", "tcp_close_wait"}, {6, "LAST_ACK", "tcp_last_ack"},
	{6, "TIME_WAIT", "tcp_time_wait"}, {6, "CLOSE", "tcp_close"},
	{6, NULL, "tcp_other"}, {17, NULL, "udp"}, {1, NULL, "icmp"},
	{58, NULL, "icmpv6"}, {0, NULL, "other"},
};

enum { N_COLUMNS = sizeof(columns) / sizeof(*columns) };

static void count(void *arg, const struct fe_flow *flow)
{
	uint64_t *counts = arg;
	const char *state = fe_flow_state_name(flow);

	for (size_t i = 0; i < N_COLUMNS; i++) {
		if (columns[i].proto && columns[i].proto != flow->proto)
			continue;
		if (columns[i].state && strcmp(columns[i].state, state) != 0)
			continue;
		counts[i]++;
		return;
	}
}

static void put_head(struct fe_out *out)
{
	fe_out_puts(out, "time,entries,new,expired,early_drop,dropped_full");
	for (size_t i = 0; i < N_COLUMNS; i++)
		fe_out_printf(out, ",%s", columns[i].column);
	fe_out_putc(out, '\n');
}

void fe_timeline_row(struct fe_timeline *t, int64_t second,
		     const struct fe_conntrack *ct)
{
	const struct fe_conntrack_stats *now = fe_conntrack_stats(ct);
	uint64_t counts[N_COLUMNS] = {0};

	if (!t->begun)
		put_head(t->out);
	t->begun = true;
	fe_conntrack_each(ct, count, counts);
	fe_out_printf(t->out, "%lld,%u,%llu,%llu,%llu,%llu",
		      (long long)second, now->entries,
		      (unsigned long long)(now->created - t->last.created),
		      (unsigned long long)(now->expired - t->last.expired),
		      (unsigned long long)(now->early_drop -
					   t->last.early_drop),
		      (unsigned long long)(now->table_full -
					   t->last.table_full));
	for (size_t i = 0; i < N_COLUMNS; i++)
		fe_out_printf(t->out, ",%llu", (unsigned long long)counts[i]);
	fe_out_putc(t->out, '\n');
	t->last = *now;
}
