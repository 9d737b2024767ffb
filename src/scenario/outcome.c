/*
 * Outcomes: what the engine tells of a packet, kept for judging, and its way
 * through the chains as text for who reads of a failure.
 */
#include <arpa/inet.h>
#include <string.h>

#include "packet/wire.h"
#include "report/trace.h"
#include "scenario/runner.h"

static void put_place(const struct fe_runner *r, struct fe_span span,
		      struct fe_buf *buf)
{
	struct fe_place place = fe_source_place(r->fer->sources, span);

	if (place.name)
		fe_buf_printf(buf, "%s:%u", place.name, place.line);
}

void fe_outcome_decision(const struct fe_runner *r,
			 const struct fe_result *result, struct fe_buf *buf)
{
	const struct fe_decision *by = &result->by;

	fe_buf_puts(buf, fe_fate_names[result->fate]);
	if (by->why) {
		fe_buf_printf(buf, " by %s", by->why);
		return;
	}
	if (!by->chain)
		return;
	fe_buf_printf(buf, " by %s/%s:", fe_table_names[by->chain->table->id],
		      by->chain->name);
	if (by->rule)
		fe_buf_printf(buf, "%u", by->rule->index);
	else
		fe_buf_puts(buf, "policy");
	struct fe_span span = by->rule ? by->rule->span : by->chain->span;
	if (span.source == UINT32_MAX)
		return;
	fe_buf_puts(buf, " (");
	put_place(r, span, buf);
	fe_buf_putc(buf, ')');
}

static void put_addr(struct fe_buf *buf, unsigned family, struct fe_u128 a)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	fe_put_addr(bytes, family, a);
	inet_ntop(family == 4 ? AF_INET : AF_INET6, bytes, text, sizeof(text));
	fe_buf_puts(buf, text);
}

static void put_end(struct fe_buf *buf, const struct fe_packet *p,
		    struct fe_u128 addr, uint16_t port)
{
	bool v6 = p->family == 6 && port;

	if (v6)
		fe_buf_putc(buf, '[');
	put_addr(buf, p->family, addr);
	if (v6)
		fe_buf_putc(buf, ']');
	if (port)
		fe_buf_printf(buf, ":%u", port);
}

static void put_flags(struct fe_buf *buf, uint8_t flags)
{
	static const char *const names[] = {"FIN", "SYN", "RST", "PSH",
					    "ACK", "URG", "ECE", "CWR"};
	char before = ' ';

	for (unsigned i = 0; i < 8; i++) {
		if (!(flags >> i & 1))
			continue;
		fe_buf_printf(buf, "%c%s", before, names[i]);
		before = ',';
	}
}

static void put_packet(const struct fe_runner *r, const struct fe_packet *p,
		       struct fe_buf *buf)
{
	const struct fe_iface *ifaces = r->fer->host->ifaces.data;
	char number[16];
	const char *name = p->proto == 6    ? "tcp"
			   : p->proto == 17 ? "udp"
			   : p->proto == 1  ? "icmp"
			   : p->proto == 58 ? "icmpv6"
					    : NULL;

	snprintf(number, sizeof(number), "proto %u", p->proto);
	fe_buf_printf(buf, "%s ", name ? name : number);
	put_end(buf, p, p->src, p->sport);
	fe_buf_puts(buf, " -> ");
	put_end(buf, p, p->dst, p->dport);
	if (p->proto == 6)
		put_flags(buf, p->tcp_flags);
	if (p->proto == 1 || p->proto == 58)
		fe_buf_printf(buf, " type %u code %u", p->icmp_type,
			      p->icmp_code);
	if (p->iif)
		fe_buf_printf(buf, " in %s", ifaces[p->iif].name);
	else
		fe_buf_puts(buf, " sent by the host");
	fe_buf_printf(buf, ", %u bytes, at %lld.%06lld s\n", p->length,
		      (long long)(p->time / 1000000000),
		      (long long)(p->time / 1000 % 1000000));
}

static void on_step(void *arg, const struct fe_packet *packet,
		    enum fe_hook hook, const struct fe_chain *chain,
		    const struct fe_rule *rule)
{
	struct fe_runner *r = arg;
	struct fe_buf *buf = &r->last.trace, text = {0};
	bool answer = packet != r->last.packet;

	if (!r->tracing)
		return;
	fe_buf_printf(buf, "%s%-11s %s/%s", answer ? "  answer: " : "  ",
		      fe_hook_names[hook], fe_table_names[chain->table->id],
		      chain->name);
	if (!rule) {
		fe_buf_printf(buf, ": policy %s",
			      chain->policy == FE_POLICY_DROP ? "DROP"
							      : "ACCEPT");
		if (chain->span.source != UINT32_MAX) {
			fe_buf_puts(buf, " (");
			put_place(r, chain->span, buf);
			fe_buf_putc(buf, ')');
		}
		if (chain->rules.n)
			fe_buf_printf(buf, ", none of %zu rules decided",
				      chain->rules.n);
		fe_buf_putc(buf, '\n');
		return;
	}
	fe_rule_print(rule, &text);
	while (text.size && text.data[text.size - 1] == '\n')
		text.data[--text.size] = '\0';
	fe_buf_printf(buf, ":%u (", rule->index);
	put_place(r, rule->span, buf);
	fe_buf_printf(buf, ") %s\n", fe_buf_text(&text));
	fe_buf_free(&text);
}

/* Keeps the wire form of what is sent, for ICMP errors about it. */
static void keep_wire(struct fe_runner *r, const struct fe_packet *p)
{
	struct fe_fer_flow *flow = r->sending;
	uint32_t n = p->caught;

	if (!flow)
		return;
	if (n > sizeof(flow->wire[0]))
		n = sizeof(flow->wire[0]);
	memcpy(flow->wire[r->sending_dir], p->data, n);
	flow->wire_size[r->sending_dir] = (uint16_t)n;
}

static void on_emit(void *arg, const struct fe_packet *packet, uint16_t oif)
{
	struct fe_runner *r = arg;

	(void)oif;
	r->pending = *packet;
	r->has_pending = true;
	if (packet == r->last.packet)
		keep_wire(r, packet);
}

static void on_result(void *arg, const struct fe_packet *packet,
		      const struct fe_result *result)
{
	struct fe_runner *r = arg;

	if (result->cause >= 0) {
		fe_vec_push(&r->last.answers, packet->proto);
	} else {
		r->fates[result->fate]++;
		r->last.out = r->has_pending;
		r->last.src = r->pending.src;
		r->last.dst = r->pending.dst;
		r->last.sport = r->pending.sport;
		r->last.dport = r->pending.dport;
	}
	r->has_pending = false;
}

static void on_log(void *arg, int64_t time, const char *line)
{
	struct fe_runner *r = arg;

	(void)time;
	fe_vec_push(&r->log, fe_strdup(line));
}

void fe_outcome_observe(struct fe_runner *r)
{
	const struct fe_observer observer = {
	    .arg = r, .step = on_step, .emit = on_emit,
	    .result = on_result, .log = on_log};

	fe_engine_observe(r->engine, &observer);
}

void fe_outcome_begin(struct fe_runner *r, const struct fe_packet *packet)
{
	r->last.packet = packet;
	r->last.played = true;
	r->last.out = false;
	r->last.answers.n = 0;
	r->has_pending = false;
	fe_buf_clear(&r->last.trace);
	if (r->tracing)
		put_packet(r, packet, &r->last.trace);
}
