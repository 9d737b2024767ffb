/* Summaries of runs, as text and JSON, alone and side by side. */
#include "report/summary.h"

#include <string.h>

#include "report/differ.h"
#include "report/trace.h"

void fe_summary_init(struct fe_summary *s)
{
	memset(s, 0, sizeof(*s));
	s->first = INT64_MAX;
	s->last = INT64_MIN;
}

void fe_summary_free(struct fe_summary *s)
{
	fe_vec_free(&s->drops);
	fe_vec_free(&s->outcomes);
}

static bool same(const struct fe_summary_drop *d, const struct fe_result *r)
{
	return d->fate == r->fate && d->by.rule == r->by.rule &&
	       d->by.chain == r->by.chain && d->by.why == r->by.why;
}

static void count_drop(struct fe_summary *s, const struct fe_result *r)
{
	size_t i = s->last_drop;

	if (i >= s->drops.n || !same(&s->drops.data[i], r)) {
		for (i = 0; i < s->drops.n; i++)
			if (same(&s->drops.data[i], r))
				break;
		if (i == s->drops.n)
			fe_vec_push(&s->drops, (struct fe_summary_drop){
						   r->fate, r->by, 0});
		s->last_drop = i;
	}
	s->drops.data[i].packets++;
}

void fe_summary_count(struct fe_summary *s, uint64_t number,
		      const struct fe_packet *packet, const struct fe_result *r)
{
	s->packets++;
	s->bytes += packet->length;
	s->fates[r->fate]++;
	if (packet->time < s->first)
		s->first = packet->time;
	if (packet->time > s->last)
		s->last = packet->time;
	if (r->fate != FE_FATE_ACCEPT)
		count_drop(s, r);
	else if (r->local)
		s->local++;
	else
		s->left++;
	if (s->keeps_outcomes)
		fe_vec_push(&s->outcomes,
			    (struct fe_outcome_of){
				(uint32_t)number,
				r->fate == FE_FATE_ACCEPT
				    ? FE_ACCEPTED : (uint32_t)s->last_drop});
}

static double seconds(const struct fe_summary *s)
{
	return s->last >= s->first ? (double)(s->last - s->first) / 1e9 : 0;
}

void fe_summary_put_decision(const struct fe_decision *by,
			     const struct fe_sources *sources,
			     struct fe_out *out)
{
	struct fe_place place;
	struct fe_span span;

	if (by->why || !by->chain) {
		fe_out_puts(out, by->why ? by->why : "nothing that is known");
		return;
	}
	fe_out_printf(out, "%s/%s:", fe_table_names[by->chain->table->id],
		      by->chain->name);
	if (by->rule)
		fe_out_printf(out, "%u", by->rule->index);
	else
		fe_out_puts(out, "policy");
	span = by->rule ? by->rule->span : by->chain->span;
	place = fe_source_place(sources, span);
	if (place.name && place.made)
		fe_out_printf(out, " (%s)", place.name);
	else if (place.name)
		fe_out_printf(out, " (%s:%u)", place.name, place.line);
}

#define LLU(n) ((unsigned long long)(n))

static void put_table_text(const struct fe_summary *s, struct fe_out *out)
{
	static const char *const names[] = {"IPv4", "IPv6"};

	fe_out_puts(out, "tracking   ");
	for (int i = 0; i < 2; i++)
		if (s->has[i])
			fe_out_printf(out, " %s %s", names[i],
				      s->tracks[i] ? "on" : "off");
	fe_out_printf(out, "\nentries     %u at the end, %u at most, ",
		      s->ct.entries, s->ct.peak);
	if (s->ct_max != 0)
		fe_out_printf(out, "room for %u\n", s->ct_max);
	else
		fe_out_puts(out, "no limit\n");
	fe_out_printf(out, "            new %llu, expired %llu, early drops "
			   "%llu, invalid %llu, dropped for a full table "
			   "%llu\n",
		      LLU(s->ct.created), LLU(s->ct.expired),
		      LLU(s->ct.early_drop), LLU(s->ct.invalid),
		      LLU(s->ct.table_full));
}

void fe_summary_text(const struct fe_summary *s,
		     const struct fe_sources *sources, struct fe_out *out)
{
	fe_out_printf(out, "packets     %llu played of %llu records, %llu "
			   "bytes, %.3f s\n",
		      LLU(s->packets), LLU(s->traffic.records), LLU(s->bytes),
		      seconds(s));
	fe_out_puts(out, "verdicts   ");
	for (unsigned i = 0; i <= FE_FATE_QUEUE; i++)
		if (s->fates[i] || i <= FE_FATE_DROP)
			fe_out_printf(out, "%s %s %llu", i ? "," : "",
				      fe_fate_names[i], LLU(s->fates[i]));
	fe_out_printf(out, "\ndelivered   %llu to this host, %llu left it; it "
			   "made %llu answers\n",
		      LLU(s->local), LLU(s->left), LLU(s->generated));
	for (size_t i = 0; i < s->drops.n; i++) {
		const struct fe_summary_drop *d = &s->drops.data[i];
		fe_out_printf(out, "%-11s %llu by ", fe_fate_names[d->fate],
			      LLU(d->packets));
		fe_summary_put_decision(&d->by, sources, out);
		fe_out_putc(out, '\n');
	}
	put_table_text(s, out);
}

static void put_drops_json(const struct fe_summary *s,
			   const struct fe_sources *sources,
			   struct fe_out *out)
{
	for (size_t i = 0; i < s->drops.n; i++) {
		const struct fe_summary_drop *d = &s->drops.data[i];
		struct fe_buf text = {0};
		struct fe_out inner;
		fe_out_init(&inner, fe_write_buf, &text);
		fe_summary_put_decision(&d->by, sources, &inner);
		fe_out_close(&inner);
		fe_out_printf(out, "%s{\"verdict\":\"%s\",\"by\":",
			      i ? "," : "", fe_fate_names[d->fate]);
		fe_trace_put_string(out, fe_buf_text(&text));
		fe_out_printf(out, ",\"packets\":%llu}", LLU(d->packets));
		fe_buf_free(&text);
	}
}

static void put_json(const struct fe_summary *s,
		     const struct fe_sources *sources, struct fe_out *out)
{
	fe_out_printf(out, "{\"packets\":%llu,\"records\":%llu,\"bytes\":%llu,"
			   "\"seconds\":%.6f,\"generated\":%llu,"
			   "\"verdicts\":{",
		      LLU(s->packets), LLU(s->traffic.records), LLU(s->bytes),
		      seconds(s), LLU(s->generated));
	for (unsigned i = 0; i <= FE_FATE_QUEUE; i++)
		fe_out_printf(out, "%s\"%s\":%llu", i ? "," : "",
			      fe_fate_names[i], LLU(s->fates[i]));
	fe_out_printf(out, "},\"delivered\":{\"local\":%llu,\"left\":%llu},"
			   "\"stopped\":[", LLU(s->local), LLU(s->left));
	put_drops_json(s, sources, out);
	fe_out_printf(out, "],\"conntrack\":{\"tracking\":{\"ipv4\":%s,"
			   "\"ipv6\":%s},\"max\":%u,\"entries\":%u,"
			   "\"peak\":%u,\"new\":%llu,\"expired\":%llu,"
			   "\"early_drop\":%llu,\"dropped_full\":%llu,"
			   "\"invalid\":%llu,\"insert_failed\":%llu}}",
		      s->tracks[0] ? "true" : "false",
		      s->tracks[1] ? "true" : "false", s->ct_max,
		      s->ct.entries, s->ct.peak, LLU(s->ct.created),
		      LLU(s->ct.expired), LLU(s->ct.early_drop),
		      LLU(s->ct.table_full), LLU(s->ct.invalid),
		      LLU(s->ct.insert_failed));
}

void fe_summary_json(const struct fe_summary *s,
		     const struct fe_sources *sources, struct fe_out *out)
{
	put_json(s, sources, out);
	fe_out_putc(out, '\n');
}

static void row(struct fe_out *out, const char *what, uint64_t before,
		uint64_t after)
{
	fe_out_printf(out, "%-26s %14llu %14llu\n", what, LLU(before),
		      LLU(after));
}

void fe_summary_compare_text(const struct fe_summary *a,
			     const struct fe_summary *b,
			     const struct fe_sources *sources,
			     struct fe_out *out)
{
	fe_out_printf(out, "%-26s %14s %14s\n", "", "before", "after");
	row(out, "packets", a->packets, b->packets);
	for (unsigned i = 0; i <= FE_FATE_QUEUE; i++)
		if (a->fates[i] || b->fates[i] || i <= FE_FATE_DROP)
			row(out, fe_fate_names[i], a->fates[i], b->fates[i]);
	row(out, "entries at the end", a->ct.entries, b->ct.entries);
	row(out, "entries at most", a->ct.peak, b->ct.peak);
	row(out, "new entries", a->ct.created, b->ct.created);
	row(out, "early drops", a->ct.early_drop, b->ct.early_drop);
	row(out, "dropped for a full table", a->ct.table_full,
	    b->ct.table_full);
	row(out, "invalid", a->ct.invalid, b->ct.invalid);
	if (a->keeps_outcomes && b->keeps_outcomes)
		fe_differ_text(a, b, sources, out);
}

void fe_summary_compare_json(const struct fe_summary *a,
			     const struct fe_summary *b,
			     const struct fe_sources *sources,
			     struct fe_out *out)
{
	fe_out_puts(out, "{\"before\":");
	put_json(a, sources, out);
	fe_out_puts(out, ",\"after\":");
	put_json(b, sources, out);
	if (a->keeps_outcomes && b->keeps_outcomes) {
		fe_out_puts(out, ",\"differ\":");
		fe_differ_json(a, b, sources, out);
	}
	fe_out_puts(out, "}\n");
}
