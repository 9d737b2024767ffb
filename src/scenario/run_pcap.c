/*
 * `pcap` in tests: plays a capture, and compares the trace with the one kept
 * in a file. That is the output of `ferrule run --trace`; with --update the
 * runner writes it.
 */
#include <string.h>
#include "base/replace.h"

#include "report/trace.h"
#include "scenario/runner.h"

struct playing {
	struct fe_runner *r;
	struct fe_traffic *traffic;
	struct fe_batch batch;
	uint16_t iifs[FE_TRAFFIC_BATCH];
	size_t n_results;       /* told of this batch */
	struct fe_buf text;     /* the trace */
	struct fe_out out;
};

static void on_emit(void *arg, const struct fe_packet *packet, uint16_t oif)
{
	struct playing *p = arg;

	fe_traffic_emitted(p->traffic, packet, oif);
}

static void on_result(void *arg, const struct fe_packet *packet,
		      const struct fe_result *result)
{
	struct playing *p = arg;
	size_t i = result->cause >= 0 ? (size_t)result->cause : p->n_results++;
	const struct fe_trace_line line = {
	    .n = p->batch.numbers[i], .generated = result->cause >= 0,
	    .iif = result->cause >= 0 ? 0 : p->iifs[i],
	    .time = packet->time, .result = result};

	if (result->cause < 0)
		p->r->fates[result->fate]++;
	fe_trace_put(&line, p->r->fer->host, p->r->fer->sources, &p->out);
}

static void play(struct playing *p)
{
	struct fe_result results[FE_TRAFFIC_BATCH];
	struct fe_runner *r = p->r;

	while (fe_traffic_next(p->traffic, &p->batch)) {
		p->n_results = 0;
		for (size_t i = 0; i < p->batch.n; i++)
			p->iifs[i] = p->batch.packets[i].iif;
		fe_engine_play(r->engine, p->batch.packets, results,
			       p->batch.n);
		r->result->n_packets += p->batch.n;
		r->now = p->batch.packets[p->batch.n - 1].time;
	}
	fe_out_flush(&p->out);
}

static void failed(struct fe_runner *r, const struct fe_step *step,
		   const char *wanted, const char *text)
{
	/* Results outlive the file that the path stands in. */
	struct fe_failure failure = {
	    .span = step->line->span,
	    .wanted = fe_arena_strdup(r->arena, wanted),
	    .text = fe_arena_strdup(r->arena, text)};

	fe_vec_push(&r->result->failures, failure);
}

static struct fe_str next_line(struct fe_str *text)
{
	const char *end = memchr(text->s, '\n', text->len);
	struct fe_str line = *text;

	if (end)
		line.len = (size_t)(end - text->s);
	text->s += line.len + (end ? 1 : 0);
	text->len -= line.len + (end ? 1 : 0);
	return line;
}

/* The first line that differs, both ways; NULL: none. */
static const char *difference(struct fe_runner *r, struct fe_str want,
			      struct fe_str got)
{
	for (unsigned n = 1; want.len || got.len; n++) {
		struct fe_str a = next_line(&want), b = next_line(&got);
		if (!fe_str_eq(a, b))
			return fe_arena_printf(
			    r->arena, "line %u is\n  %.*s\n  and was to be\n"
			    "  %.*s", n, (int)b.len, b.s, (int)a.len, a.s);
	}
	return NULL;
}

static void compare(struct fe_runner *r, const struct fe_step *step,
		    const struct fe_buf *text)
{
	const char *path = step->pcap->golden, *text_of_difference;
	struct fe_str got = {fe_buf_text(text), text->size};
	uint32_t index;
	int error;

	r->result->n_conditions++;
	if (r->options->update) {
		error = fe_replace_file(path, fe_buf_text(text), text->size);
		if (error)
			failed(r, step, "to write the trace",
			       strerror(error));
		return;
	}
	error = fe_sources_read(r->fer->sources, path, &index);
	if (error) {
		failed(r, step, path,
		       fe_arena_printf(r->arena, "none: %s", strerror(error)));
		return;
	}
	text_of_difference = difference(
	    r, fe_source(r->fer->sources, index)->text, got);
	if (text_of_difference)
		failed(r, step, path, text_of_difference);
}

void fe_run_pcap(struct fe_runner *r, const struct fe_step *step)
{
	const struct fe_traffic_options options = {
	    .capture = step->pcap->observed ? FE_CAPTURE_OBSERVED
					    : FE_CAPTURE_INJECT,
	    .iface = step->pcap->iface};
	struct playing p = {.r = r};
	const struct fe_observer observer = {.arg = &p, .emit = on_emit,
					     .result = on_result};

	p.traffic = fe_traffic_open(step->pcap->path, &options, r->fer->host,
				    r->fer->sources, r->fer->diags);
	if (!p.traffic) {
		r->fer->failed = true;
		failed(r, step, "a capture", "none that can be played");
		return;
	}
	fe_out_init(&p.out, fe_write_buf, &p.text);
	fe_traffic_attach(p.traffic, r->engine);
	fe_engine_observe(r->engine, &observer);
	play(&p);
	fe_outcome_observe(r);
	if (fe_traffic_is_damaged(p.traffic)) {
		r->fer->failed = true;
		failed(r, step, "a whole capture", "one that is damaged");
	}
	if (step->pcap->golden)
		compare(r, step, &p.text);
	fe_traffic_close(p.traffic);
	fe_out_close(&p.out);
	fe_buf_free(&p.text);
}
