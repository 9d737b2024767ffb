/*
 * The public face of runs: traffic goes in batches through the engine, whose
 * observer writes what was asked for.
 */
#include <ferrule/run.h>

#include <stdlib.h>
#include <string.h>

#include "api/host.h"
#include "api/rules.h"
#include "report/chart.h"
#include "report/summary.h"
#include "report/trace.h"
#include "scenario/emit.h"
#include "scenario/timeline.h"

struct ferrule_run {
	struct ferrule *ferrule;
	struct ferrule_rules *rules;
	struct ferrule_run_options options;
	struct fe_host *host;
	struct fe_engine *engine;   /* made when the first traffic is open */
	struct fe_summary summary;
	struct fe_timeline timeline;
	struct fe_chart chart;
	struct fe_out trace, emit, log, rows;
	bool has_trace, has_emit, has_log, has_rows;
	/* While a file is played. */
	struct fe_traffic *traffic;
	struct fe_batch batch;
	uint16_t iifs[FE_TRAFFIC_BATCH];
	size_t told;                /* results of this batch */
};

static void on_emit(void *arg, const struct fe_packet *packet, uint16_t oif)
{
	struct ferrule_run *run = arg;

	fe_traffic_emitted(run->traffic, packet, oif);
	if (run->has_emit && oif)
		fe_emit_packet(&run->emit, run->host, packet, oif);
}

static void on_result(void *arg, const struct fe_packet *packet,
		      const struct fe_result *result)
{
	struct ferrule_run *run = arg;
	bool generated = result->cause >= 0;
	size_t i = generated ? (size_t)result->cause : run->told++;
	const struct fe_trace_line line = {
	    .n = run->batch.numbers[i], .generated = generated,
	    .iif = generated ? 0 : run->iifs[i], .time = packet->time,
	    .result = result};

	if (generated)
		run->summary.generated++;
	else
		fe_summary_count(&run->summary, line.n, packet, result);
	if (run->has_trace)
		fe_trace_put(&line, run->host, run->ferrule->sources,
			     &run->trace);
}

static void on_log(void *arg, int64_t time, const char *line)
{
	struct ferrule_run *run = arg;

	fe_out_printf(&run->log, "[%5lld.%06lld] %s\n",
		      (long long)(time / 1000000000),
		      (long long)(time / 1000 % 1000000), line);
}

static void on_second(void *arg, int64_t second, const struct fe_conntrack *ct)
{
	struct ferrule_run *run = arg;

	if (run->has_rows)
		fe_timeline_row(&run->timeline, second, ct);
	if (run->options.chart)
		fe_chart_add(&run->chart, second, ct);
}

static bool open_out(struct fe_out *out, const struct ferrule_out *to)
{
	if (to)
		fe_out_from_public(out, to);
	return to != NULL;
}

static void open_outputs(struct ferrule_run *run,
			 const struct ferrule_run_outputs *outputs)
{
	run->has_trace = open_out(&run->trace, outputs->trace);
	run->has_emit = open_out(&run->emit, outputs->emit);
	run->has_log = open_out(&run->log, outputs->log);
	run->has_rows = open_out(&run->rows, outputs->timeline);
	run->timeline.out = &run->rows;
	if (run->has_emit)
		fe_emit_head(&run->emit);
}

struct ferrule_run *ferrule_run_new(struct ferrule_rules *rules,
				    const struct ferrule_run_options *options,
				    const struct ferrule_run_outputs *outputs,
				    int *status)
{
	struct ferrule_run *run = fe_calloc(1, sizeof(*run));

	run->ferrule = rules->ferrule;
	run->rules = rules;
	run->options = *options;
	run->host = fe_host_new();
	fe_summary_init(&run->summary);
	run->summary.keeps_outcomes = options->outcomes;
	open_outputs(run, outputs);
	*status = FERRULE_OK;
	/* The kernel refuses such a table whole; a loop would never end. */
	if (run->ferrule->diags->n_errors) {
		ferrule_error(run->ferrule,
			      "nothing is played through rules with errors");
		*status = FERRULE_UNREADABLE;
	} else if (!fe_host_snapshot(run->ferrule, run->host, &options->host)) {
		*status = FERRULE_UNREADABLE;
	} else if (!fe_host_options(run->ferrule, run->host, &options->host)) {
		*status = FERRULE_USAGE;
	}
	if (!*status)
		return run;
	ferrule_run_free(run);
	return NULL;
}

void ferrule_run_free(struct ferrule_run *run)
{
	if (!run)
		return;
	fe_engine_free(run->engine);
	fe_host_free(run->host);
	fe_summary_free(&run->summary);
	fe_chart_free(&run->chart);
	fe_buf_free(&run->trace.buf);
	fe_buf_free(&run->emit.buf);
	fe_buf_free(&run->log.buf);
	fe_buf_free(&run->rows.buf);
	free(run);
}

/* Behind the opening of the traffic, which may add interfaces. */
static void make_engine(struct ferrule_run *run)
{
	const struct fe_engine_options options = {
	    .naive = run->options.naive,
	    .assume_tracked = run->options.assume_tracked,
	    .seed = run->options.seed};
	const struct fe_observer observer = {
	    .arg = run, .emit = on_emit, .result = on_result,
	    .log = run->has_log ? on_log : NULL,
	    .second = run->has_rows || run->options.chart ? on_second
							  : NULL};

	run->engine = fe_engine_new(&run->rules->rules, run->host, &options);
	fe_engine_observe(run->engine, &observer);
}

static enum fe_capture capture_of(enum ferrule_capture capture)
{
	switch (capture) {
	case FERRULE_CAPTURE_AUTO:
		break;
	case FERRULE_CAPTURE_INJECT:
		return FE_CAPTURE_INJECT;
	case FERRULE_CAPTURE_OBSERVED:
		return FE_CAPTURE_OBSERVED;
	}
	return FE_CAPTURE_AUTO;
}

static enum fe_checksums checksums_of(enum ferrule_checksums checksums)
{
	switch (checksums) {
	case FERRULE_CHECKSUMS_AUTO:
		break;
	case FERRULE_CHECKSUMS_TRUST:
		return FE_CHECKSUMS_TRUST;
	case FERRULE_CHECKSUMS_VERIFY:
		return FE_CHECKSUMS_VERIFY;
	}
	return FE_CHECKSUMS_AUTO;
}

static void add_stats(struct fe_traffic_stats *sum,
		      const struct fe_traffic_stats *s)
{
	sum->records += s->records;
	sum->played += s->played;
	sum->not_ip += s->not_ip;
	sum->malformed += s->malformed;
	sum->not_ours += s->not_ours;
	sum->loop_copies += s->loop_copies;
	sum->forwarded += s->forwarded;
	sum->translated += s->translated;
	sum->guessed_direction += s->guessed_direction;
}

static void play_all(struct ferrule_run *run)
{
	struct fe_result results[FE_TRAFFIC_BATCH];
	const struct ferrule *ferrule = run->ferrule;

	while (fe_traffic_next(run->traffic, &run->batch)) {
		run->told = 0;
		for (size_t i = 0; i < run->batch.n; i++)
			run->iifs[i] = run->batch.packets[i].iif;
		fe_engine_play(run->engine, run->batch.packets, results,
			       run->batch.n);
		if (ferrule->progress)
			ferrule->progress(ferrule->progress_arg, "playing",
					  fe_traffic_stats(run->traffic)
					      ->records,
					  0, "records");
	}
}

int ferrule_run_play(struct ferrule_run *run, const char *path)
{
	struct ferrule *ferrule = run->ferrule;
	const struct fe_traffic_options options = {
	    .capture = capture_of(run->options.capture),
	    .checksums = checksums_of(run->options.checksums),
	    .iface = run->options.iface, .seed = run->options.seed};
	int status;

	run->traffic = fe_traffic_open(path, &options, run->host,
				       ferrule->sources, ferrule->diags);
	if (!run->traffic)
		return FERRULE_UNREADABLE;
	/* What is told on the command line goes before a host block. */
	status = fe_host_options(ferrule, run->host, &run->options.host)
		     ? FERRULE_OK
		     : FERRULE_USAGE;
	if (!run->engine)
		make_engine(run);
	fe_traffic_attach(run->traffic, run->engine);
	play_all(run);
	add_stats(&run->summary.traffic, fe_traffic_stats(run->traffic));
	fe_traffic_report(run->traffic);
	if (!fe_engine_report(run->engine, ferrule->diags) ||
	    fe_traffic_is_damaged(run->traffic))
		status = FERRULE_UNREADABLE;
	fe_traffic_close(run->traffic);
	run->traffic = NULL;
	return status;
}

static void finish_summary(struct ferrule_run *run)
{
	struct fe_summary *s = &run->summary;

	s->ct_max = fe_conntrack_max(run->host);
	s->has[0] = run->rules->rules.v4 != NULL;
	s->has[1] = run->rules->rules.v6 != NULL;
	if (!run->engine)
		return;
	s->ct = *fe_conntrack_stats(fe_engine_conntrack(run->engine));
	s->tracks[0] = fe_engine_tracks(run->engine, 4);
	s->tracks[1] = fe_engine_tracks(run->engine, 6);
}

static int close_out(struct ferrule_run *run, struct fe_out *out, bool is_open)
{
	return is_open ? fe_out_finish(run->ferrule, out) : FERRULE_OK;
}

int ferrule_run_finish(struct ferrule_run *run)
{
	int status = FERRULE_OK;

	finish_summary(run);
	if (run->engine && run->summary.packets)
		on_second(run, run->summary.last / 1000000000 + 1,
			  fe_engine_conntrack(run->engine));
	if (close_out(run, &run->trace, run->has_trace) ||
	    close_out(run, &run->emit, run->has_emit) ||
	    close_out(run, &run->log, run->has_log) ||
	    close_out(run, &run->rows, run->has_rows))
		status = FERRULE_UNREADABLE;
	return status;
}

void ferrule_run_store_counters(struct ferrule_run *run)
{
	if (run->engine)
		fe_engine_store_counters(run->engine, &run->rules->rules);
}

struct entries {
	struct ferrule_run *run;
	struct fe_out out;
	struct fe_buf line;
};

static void put_entry(void *arg, const struct fe_flow *flow)
{
	struct entries *e = arg;
	struct ferrule_run *run = e->run;

	fe_buf_clear(&e->line);
	fe_flow_print(fe_engine_conntrack(run->engine), flow,
		      run->summary.last, &e->line);
	fe_out_puts(&e->out, fe_buf_text(&e->line));
}

int ferrule_run_write_conntrack(struct ferrule_run *run,
				const struct ferrule_out *to)
{
	struct entries e = {.run = run};

	fe_out_from_public(&e.out, to);
	if (run->engine)
		fe_conntrack_each(fe_engine_conntrack(run->engine), put_entry,
				  &e);
	fe_buf_free(&e.line);
	return fe_out_finish(run->ferrule, &e.out);
}

int ferrule_run_write_summary(struct ferrule_run *run,
			      enum ferrule_run_format format,
			      const struct ferrule_out *to)
{
	const struct fe_sources *sources = run->ferrule->sources;
	struct fe_out out;

	if (!run->engine)
		return FERRULE_OK; /* no traffic could be opened */
	fe_out_from_public(&out, to);
	switch (format) {
	case FERRULE_RUN_TEXT:
		fe_summary_text(&run->summary, sources, &out);
		break;
	case FERRULE_RUN_JSON:
		fe_summary_json(&run->summary, sources, &out);
		break;
	}
	return fe_out_finish(run->ferrule, &out);
}

int ferrule_run_write_chart(struct ferrule_run *run, const char *title,
			    const struct ferrule_out *to)
{
	struct fe_out out;

	fe_out_from_public(&out, to);
	fe_chart_text(&run->chart, title, &run->summary.ct,
		      run->summary.ct_max, &out);
	return fe_out_finish(run->ferrule, &out);
}

int ferrule_run_write_comparison(struct ferrule_run *before,
				 struct ferrule_run *after,
				 enum ferrule_run_format format,
				 const struct ferrule_out *to)
{
	const struct fe_sources *sources = before->ferrule->sources;
	struct fe_out out;

	fe_out_from_public(&out, to);
	switch (format) {
	case FERRULE_RUN_TEXT:
		fe_summary_compare_text(&before->summary, &after->summary,
					sources, &out);
		break;
	case FERRULE_RUN_JSON:
		fe_summary_compare_json(&before->summary, &after->summary,
					sources, &out);
		break;
	}
	return fe_out_finish(before->ferrule, &out);
}
