/*
 * Judging: whether a condition holds after its packet, and if not, what was
 * instead. One function per kind of condition.
 */
#include <arpa/inet.h>
#include <string.h>

#include "packet/wire.h"
#include "report/trace.h"
#include "scenario/runner.h"

typedef bool judge_fn(struct fe_runner *r, const struct fe_condition *c,
		      struct fe_buf *got);

static bool judge_verdict(struct fe_runner *r, const struct fe_condition *c,
			  struct fe_buf *got)
{
	fe_outcome_decision(r, &r->last.result, got);
	return r->last.result.fate == (enum fe_fate)c->value;
}

static bool by_rule(const struct fe_runner *r, const struct fe_condition *c,
		    const struct fe_decision *by)
{
	if (by->why || !by->chain)
		return false;
	if (c->policy && by->rule)
		return false;
	if (c->chain.len && (by->chain->table->id != c->table ||
			     !fe_str_is(c->chain, by->chain->name)))
		return false;
	if (c->rule && (!by->rule || by->rule->index != c->rule))
		return false;
	if (!c->line)
		return true;
	return by->rule && fe_source_place(r->fer->sources, by->rule->span)
				   .line == c->line;
}

static const struct fe_chain *chain_of(const struct fe_runner *r,
				       const struct fe_condition *c);

/* Names the rule that was to decide, for who looks for what is wrong. */
static void put_expected(const struct fe_runner *r,
			 const struct fe_condition *c, struct fe_buf *got)
{
	const struct fe_chain *chain;
	const struct fe_rule *rule;
	struct fe_place place;

	if (!c->rule)
		return;
	chain = chain_of(r, c);
	fe_buf_printf(got, "\n  %s/%.*s:%u ", fe_table_names[c->table],
		      (int)c->chain.len, c->chain.s, c->rule);
	if (!chain) {
		fe_buf_puts(got, "does not exist");
		return;
	}
	rule = chain->rules.data[c->rule - 1];
	place = fe_source_place(r->fer->sources, rule->span);
	fe_buf_printf(got, "is %s:%u: ", place.name, place.line);
	fe_rule_print(rule, got);
	while (got->size && got->data[got->size - 1] == '\n')
		got->data[--got->size] = '\0';
}

static bool judge_by(struct fe_runner *r, const struct fe_condition *c,
		     struct fe_buf *got)
{
	const struct fe_decision *by = &r->last.result.by;
	char why[64];

	fe_outcome_decision(r, &r->last.result, got);
	if (!c->name.len) {
		bool same = by_rule(r, c, by);
		if (!same)
			put_expected(r, c, got);
		return same;
	}
	if (!by->why)
		return by->chain && fe_str_is(c->name, by->chain->name);
	snprintf(why, sizeof(why), "%.*s", (int)c->name.len, c->name.s);
	return !strncmp(by->why, why, strlen(why));
}

static bool judge_state(struct fe_runner *r, const struct fe_condition *c,
			struct fe_buf *got)
{
	if (!r->last.result.tracking) {
		fe_buf_puts(got, "tracking is off");
		return c->value == FE_CT_INVALID; /* what rules see then */
	}
	fe_buf_printf(got, "state %s", fe_ctstate_names[r->last.result.ctstate]);
	return r->last.result.ctstate == c->value;
}

static void put_fate(const struct fe_runner *r, struct fe_buf *got)
{
	const struct fe_result *result = &r->last.result;

	if (result->fate != FE_FATE_ACCEPT)
		fe_outcome_decision(r, result, got);
	else if (result->local)
		fe_buf_puts(got, "delivered to the host itself");
	else
		fe_buf_printf(got, "leaves by %s",
			      r->fer->host->ifaces.data[result->oif].name);
}

static bool judge_local(struct fe_runner *r, const struct fe_condition *c,
			struct fe_buf *got)
{
	(void)c;
	put_fate(r, got);
	return r->last.result.fate == FE_FATE_ACCEPT && r->last.result.local;
}

static bool judge_leaves(struct fe_runner *r, const struct fe_condition *c,
			 struct fe_buf *got)
{
	const struct fe_result *result = &r->last.result;

	put_fate(r, got);
	return result->fate == FE_FATE_ACCEPT && !result->local &&
	       fe_str_is(c->name,
			 r->fer->host->ifaces.data[result->oif].name);
}

static void put_end(struct fe_buf *buf, unsigned family, struct fe_u128 addr,
		    uint16_t port)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	fe_put_addr(bytes, family, addr);
	inet_ntop(family == 4 ? AF_INET : AF_INET6, bytes, text, sizeof(text));
	fe_buf_printf(buf, family == 4 ? "%s:%u" : "[%s]:%u", text, port);
}

static bool judge_end(struct fe_runner *r, const struct fe_condition *c,
		      struct fe_buf *got)
{
	bool from = c->kind == FE_WANT_FROM;
	struct fe_u128 addr = from ? r->last.src : r->last.dst;
	uint16_t port = from ? r->last.sport : r->last.dport;

	if (!r->last.out) {
		put_fate(r, got);
		return false;
	}
	fe_buf_puts(got, from ? "from " : "to ");
	put_end(got, r->pending.family, addr, port);
	return fe_u128_eq(addr, c->addr) && (!c->port || c->port == port) &&
	       r->pending.family == c->family;
}

static bool judge_mark(struct fe_runner *r, const struct fe_condition *c,
		       struct fe_buf *got)
{
	fe_buf_printf(got, "mark %#x", r->last.result.mark);
	return r->last.result.mark == c->value;
}

static bool judge_answer(struct fe_runner *r, const struct fe_condition *c,
			 struct fe_buf *got)
{
	uint8_t proto = fe_fer_proto(c->name);

	fe_buf_printf(got, "%zu answers", r->last.answers.n);
	for (size_t i = 0; i < r->last.answers.n; i++) {
		fe_buf_printf(got, ", protocol %u", r->last.answers.data[i]);
		if (r->last.answers.data[i] == proto)
			return true;
	}
	return false;
}

static bool judge_tracking(struct fe_runner *r, const struct fe_condition *c,
			   struct fe_buf *got)
{
	unsigned family = r->last.played ? r->last.packet->family : 4;
	bool on = fe_engine_tracks(r->engine, family);

	fe_buf_printf(got, "tracking is %s for IPv%u", on ? "on" : "off",
		      family);
	return on == (c->value != 0);
}

/* --- the table --- */

struct look { /* at all entries, for one flow's */
	struct fe_runner *r;
	const struct fe_fer_flow *flow; /* NULL: any */
	uint64_t n;
	struct fe_buf *text;            /* their lines, or NULL */
};

/* Entries that packets of the reply direction made count as well. */
static bool is_of(const struct fe_flow *entry, const struct fe_fer_flow *flow)
{
	const struct fe_fer_ends *e = &flow->ends;
	struct fe_tuple t = fe_flow_tuple(entry, FE_ORIGINAL);
	uint16_t sport = e->sports.lo, dport = e->dports[0].lo;

	if (t.proto != e->proto || t.family != e->src.family)
		return false;
	if (t.proto != 6 && t.proto != 17)
		t.sport = t.dport = sport = dport = 0;
	return (fe_u128_eq(t.src, e->src.addr) &&
		fe_u128_eq(t.dst, e->dst.addr) && t.sport == sport &&
		t.dport == dport) ||
	       (fe_u128_eq(t.src, e->dst.addr) &&
		fe_u128_eq(t.dst, e->src.addr) && t.sport == dport &&
		t.dport == sport);
}

static void look_at(void *arg, const struct fe_flow *entry)
{
	struct look *look = arg;

	if (look->flow && !is_of(entry, look->flow))
		return;
	look->n++;
	if (look->text)
		fe_flow_print(look->r->ct, entry, look->r->now, look->text);
}

static bool has_word(const char *text, struct fe_str word)
{
	const char *p = text;

	while ((p = memmem(p, strlen(p), word.s, word.len))) {
		bool begins = p == text || strchr(" [\n=", p[-1]);
		if (begins && strchr(" ]\n", p[word.len]))
			return true;
		p++;
	}
	return false;
}

static bool judge_entry(struct fe_runner *r, const struct fe_condition *c,
			struct fe_buf *got)
{
	struct look look = {.r = r, .flow = c->flow, .text = got};
	bool all = true;

	fe_conntrack_each(r->ct, look_at, &look);
	if (!look.n) {
		fe_buf_puts(got, "it has no entry");
		return false;
	}
	for (size_t i = 0; i < c->words.n; i++)
		all &= has_word(fe_buf_text(got), c->words.data[i].text);
	while (got->size && got->data[got->size - 1] == '\n')
		got->data[--got->size] = '\0';
	return all;
}

static bool judge_log(struct fe_runner *r, const struct fe_condition *c,
		      struct fe_buf *got)
{
	for (size_t i = 0; i < r->log.n; i++)
		if (memmem(r->log.data[i], strlen(r->log.data[i]), c->name.s,
			   c->name.len))
			return true;
	if (!r->log.n)
		fe_buf_puts(got, "nothing was logged");
	else
		fe_buf_printf(got, "%zu lines were logged, the last one: %s",
			      r->log.n, r->log.data[r->log.n - 1]);
	return false;
}

/* --- numbers --- */

static const struct fe_chain *chain_of(const struct fe_runner *r,
				       const struct fe_condition *c)
{
	const struct fe_ruleset *both[] = {r->rules->v4, r->rules->v6};
	bool v6 = r->last.played && r->last.packet->family == 6;

	for (int i = 0; i < 2; i++) {
		const struct fe_ruleset *rules = both[v6 ? !i : i];
		struct fe_chain *chain;
		if (!rules)
			continue;
		chain = fe_table_chain(&rules->tables[c->table], c->chain);
		if (chain && c->rule <= chain->rules.n)
			return chain;
	}
	return NULL;
}

static uint64_t rule_packets(struct fe_runner *r, const struct fe_condition *c)
{
	const struct fe_chain *chain = chain_of(r, c);
	uint64_t packets = 0, bytes;

	if (!chain)
		return 0;
	if (c->policy)
		fe_engine_policy_counters(r->engine, chain, &packets, &bytes);
	else
		fe_engine_rule_counters(
		    r->engine, chain->rules.data[c->rule - 1], &packets,
		    &bytes);
	return packets;
}

static uint64_t count(struct fe_runner *r, const struct fe_condition *c)
{
	const struct fe_conntrack_stats *stats = fe_conntrack_stats(r->ct);
	struct look look = {.r = r, .flow = c->flow};

	switch (c->what) {
	case FE_COUNT_ENTRIES:
		fe_conntrack_each(r->ct, look_at, &look);
		return look.n;
	case FE_COUNT_PEAK:
		return stats->peak;
	case FE_COUNT_DROPPED_FULL:
		return stats->table_full;
	case FE_COUNT_EARLY_DROP:
		return stats->early_drop;
	case FE_COUNT_NEW:
		return stats->created;
	case FE_COUNT_EXPIRED:
		return stats->expired;
	case FE_COUNT_INVALID:
		return stats->invalid;
	case FE_COUNT_ACCEPTED:
		return r->fates[FE_FATE_ACCEPT];
	case FE_COUNT_DROPPED:
		return r->fates[FE_FATE_DROP];
	case FE_COUNT_REJECTED:
		return r->fates[FE_FATE_REJECT];
	case FE_COUNT_PACKETS:
		if (c->chain.len)
			return rule_packets(r, c);
		return r->result->n_packets;
	}
	return 0;
}

static bool judge_count(struct fe_runner *r, const struct fe_condition *c,
			struct fe_buf *got)
{
	uint64_t n = count(r, c);

	fe_buf_printf(got, "%llu", (unsigned long long)n);
	switch (c->op) {
	case FE_EQ:
		return n == c->value;
	case FE_NE:
		return n != c->value;
	case FE_LT:
		return n < c->value;
	case FE_LE:
		return n <= c->value;
	case FE_GT:
		return n > c->value;
	case FE_GE:
		return n >= c->value;
	}
	return false;
}

static const struct {
	judge_fn *judge;
	bool needs_packet; /* speaks of the packet that was just sent */
} judges[] = {
	[FE_WANT_VERDICT] = {judge_verdict, true},
	[FE_WANT_BY] = {judge_by, true},
	[FE_WANT_STATE] = {judge_state, true},
	[FE_WANT_LOCAL] = {judge_local, true},
	[FE_WANT_LEAVES] = {judge_leaves, true},
	[FE_WANT_FROM] = {judge_end, true},
	[FE_WANT_TO] = {judge_end, true},
	[FE_WANT_MARK] = {judge_mark, true},
	[FE_WANT_ANSWER] = {judge_answer, true},
	[FE_WANT_TRACKING] = {judge_tracking, false},
	[FE_WANT_ENTRY] = {judge_entry, false},
	[FE_WANT_LOG] = {judge_log, false},
	[FE_WANT_COUNT] = {judge_count, false},
};

bool fe_judge(struct fe_runner *r, const struct fe_condition *c,
	      struct fe_buf *got)
{
	if (judges[c->kind].needs_packet && !r->last.played) {
		fe_buf_puts(got, "no packet was sent");
		return false;
	}
	if (!fe_reference_exists(r, c, got))
		return false;
	return judges[c->kind].judge(r, c, got) != c->negated;
}
