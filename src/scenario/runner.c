/*
 * The test runner: plays steps in order and judges what they expect.
 *
 * Packets of a test are a millisecond apart and begin at one second. Bursts
 * on consecutive lines are played together, so that served and outgoing
 * traffic can overlap; the expectations behind them see all of it.
 */
#include "scenario/runner.h"

#include <string.h>

#include "report/trace.h"

static const int64_t first_time = 1000000000; /* ns */
static const int64_t send_gap = 1000000;

/* --- playing --- */

/* Plays a record; false: it never reached a hook. */
static bool play_record(struct fe_runner *r, const struct fe_record *record)
{
	struct fe_packet *p = &r->packet;

	*p = (struct fe_packet){
	    .data = r->bytes, .size = record->size, .caught = record->caught,
	    .time = record->time, .uid = record->uid, .mark = record->mark};
	r->now = record->time;
	r->result->n_packets++;
	if (fe_packet_parse(p) != FE_PARSE_OK ||
	    fe_capture_adapt(&r->adapter, record, p, r->bytes) !=
		FE_ADAPT_PLAY)
		return false;
	fe_outcome_begin(r, p);
	fe_engine_play(r->engine, p, &r->last.result, 1);
	return true;
}

static void play_send(struct fe_runner *r, const struct fe_send *send)
{
	struct fe_record record;

	r->now += send_gap;
	fe_fer_build(send, r->now, r->bytes, &record);
	r->sending = send->kind == FE_SEND_PLAIN ? send->flow : NULL;
	r->sending_dir = send->reply;
	r->tracing = true;
	if (play_record(r, &record) &&
	    (r->last.result.fate == FE_FATE_ACCEPT ||
	     r->last.result.fate == FE_FATE_QUEUE))
		fe_fer_advance(send);
	r->tracing = false;
	r->sending = NULL;
}

/* Plays the bursts of steps from..to-1 at once. */
static void play_bursts(struct fe_runner *r, const struct fe_test *test,
			size_t from, size_t to)
{
	struct fe_burst_run **runs =
	    fe_calloc(to - from, sizeof(struct fe_burst_run *));
	int64_t begin = r->now + send_gap;
	struct fe_record record;

	for (size_t i = from; i < to; i++) {
		const struct fe_burst *b = test->steps.data[i]->burst;
		runs[i - from] = fe_burst_run_new(
		    b, begin + b->begin, r->options->seed + i * 7919);
	}
	for (;;) {
		size_t best = 0;
		for (size_t i = 1; i < to - from; i++)
			if (fe_burst_run_due(runs[i]) <
			    fe_burst_run_due(runs[best]))
				best = i;
		if (fe_burst_run_due(runs[best]) == INT64_MAX)
			break;
		fe_burst_run_next(runs[best], r->bytes, &record);
		play_record(r, &record);
	}
	for (size_t i = 0; i < to - from; i++)
		fe_burst_run_free(runs[i]);
	free(runs);
}

/* --- judging --- */

static const char *text_of(struct fe_runner *r, struct fe_span span)
{
	const struct fe_source *s = fe_source(r->fer->sources, span.source);

	return fe_arena_strndup(r->arena, s->text.s + span.off, span.len);
}

static struct fe_span condition_span(const struct fe_script_words *words)
{
	struct fe_span span = words->data[0].span;
	const struct fe_span *last = &words->data[words->n - 1].span;

	span.len = last->off + last->len - span.off;
	return span;
}

/* The condition as it stands in the file: from its word to the next one's. */
static struct fe_span written(const struct fe_step *step,
			      const struct fe_condition *c)
{
	const struct fe_script_line *line = step->line;

	for (size_t i = 0; i < line->expects.n; i++) {
		struct fe_span whole;
		if (!line->expects.data[i].n)
			continue;
		whole = condition_span(&line->expects.data[i]);
		if (c->span.off >= whole.off &&
		    c->span.off < whole.off + whole.len)
			return whole;
	}
	return c->span;
}

/* Conditions that stand together fail together; the longer text tells more. */
static bool join(struct fe_runner *r, struct fe_span span, const char *text)
{
	size_t n = r->result->failures.n;
	struct fe_failure *last;

	if (!n)
		return false;
	last = &r->result->failures.data[n - 1];
	if (last->span.off != span.off || last->span.source != span.source)
		return false;
	if (!strncmp(last->text, text, strlen(last->text)))
		last->text = text;
	else if (strncmp(last->text, text, strlen(text)) != 0)
		last->text = fe_arena_printf(r->arena, "%s, %s", last->text,
					     text);
	return true;
}

static void fail(struct fe_runner *r, struct fe_span span, const char *wanted,
		 const char *text, bool trace)
{
	struct fe_failure failure = {.span = span, .wanted = wanted,
				     .text = text};

	if (join(r, span, text))
		return;
	if (trace && r->last.trace.size)
		failure.trace = fe_arena_strdup(r->arena,
						fe_buf_text(&r->last.trace));
	fe_vec_push(&r->result->failures, failure);
}

static void judge_step(struct fe_runner *r, const struct fe_step *step)
{
	bool sent = step->kind == FE_STEP_SEND;

	for (size_t i = 0; i < step->conditions.n; i++) {
		const struct fe_condition *c = &step->conditions.data[i];
		struct fe_buf got = {0};
		struct fe_span span;
		r->result->n_conditions++;
		if (!fe_judge(r, c, &got)) {
			span = written(step, c);
			fail(r, span, text_of(r, span),
			     fe_arena_strdup(r->arena, fe_buf_text(&got)),
			     sent);
			sent = false; /* one trace for a packet */
		}
		fe_buf_free(&got);
	}
}

/* --- tests --- */

static void play_steps(struct fe_runner *r, const struct fe_test *test)
{
	for (size_t i = 0; i < test->steps.n; i++) {
		const struct fe_step *step = test->steps.data[i];
		size_t first = i;
		switch (step->kind) {
		case FE_STEP_SEND:
			play_send(r, &step->send);
			break;
		case FE_STEP_AFTER:
			r->now += step->wait;
			fe_engine_wait(r->engine, r->now);
			break;
		case FE_STEP_BURST:
			while (!step->conditions.n && i + 1 < test->steps.n &&
			       test->steps.data[i + 1]->kind == FE_STEP_BURST)
				step = test->steps.data[++i];
			play_bursts(r, test, first, i + 1);
			break;
		case FE_STEP_PCAP:
			fe_run_pcap(r, step);
			break;
		case FE_STEP_EXPECT:
			break;
		}
		judge_step(r, step);
	}
}

static void reset_flows(const struct fe_test *test)
{
	for (size_t i = 0; i < test->flows.n; i++) {
		struct fe_fer_flow *flow = test->flows.data[i];
		flow->seq[0] = flow->seq[1] = 0;
		flow->wire_size[0] = flow->wire_size[1] = 0;
		flow->n = 0;
	}
}

static void begin(struct fe_runner *r)
{
	const struct fe_engine_options options = {
	    .naive = r->options->naive, .seed = r->options->seed};

	r->engine = fe_engine_new(r->rules, r->fer->host, &options);
	r->ct = fe_engine_conntrack(r->engine);
	r->now = first_time;
	r->adapter = (struct fe_capture_adapter){
	    .host = r->fer->host, .stats = &r->stats, .made = true};
	fe_capture_attach(&r->adapter, r->engine);
	fe_outcome_observe(r);
}

static void end(struct fe_runner *r)
{
	fe_engine_free(r->engine);
	fe_capture_free(&r->adapter);
	fe_buf_free(&r->last.trace);
	fe_vec_free(&r->last.answers);
	for (size_t i = 0; i < r->log.n; i++)
		free(r->log.data[i]);
	fe_vec_free(&r->log);
}

static const struct fe_rules *rules_of(const struct fe_runner *r,
				       const struct fe_test *test)
{
	if (r->options->rules)
		return r->options->rules;
	return test->uses.n ? &test->rules : &r->fer->rules;
}

static void run_test(struct fe_runner *r, const struct fe_test *test)
{
	struct fe_test_result *result = fe_new(r->arena, struct fe_test_result);

	*r = (struct fe_runner){.fer = r->fer, .rules = rules_of(r, test),
				.options = r->options, .arena = r->arena,
				.result = result};
	result->file = fe_arena_strdup(r->arena, r->fer->path);
	result->name = fe_arena_strdup(r->arena, test->name);
	result->span = test->span;
	begin(r);
	reset_flows(test);
	play_steps(r, test);
	if (!fe_engine_report(r->engine, r->fer->diags))
		r->fer->failed = true;
	end(r);
}

void fe_run_tests(struct fe_fer *fer, const struct fe_run_options *options,
		  struct fe_test_results *results)
{
	struct fe_runner *r = fe_calloc(1, sizeof(*r));

	if (!results->arena)
		results->arena = fe_arena_new();
	*r = (struct fe_runner){.fer = fer, .options = options,
				.arena = results->arena};
	for (size_t i = 0; i < fer->tests.n; i++) {
		run_test(r, fer->tests.data[i]);
		fe_vec_push(&results->list, r->result);
		results->n_failed += r->result->failures.n > 0;
	}
	free(r);
}

static void put_fate(struct fe_runner *r, struct fe_out *out)
{
	const struct fe_result *result = &r->last.result;
	struct fe_buf text = {0};

	fe_outcome_decision(r, result, &text);
	fe_out_puts(out, fe_buf_text(&text));
	fe_buf_free(&text);
	if (result->tracking)
		fe_out_printf(out, ", state %s",
			      fe_ctstate_names[result->ctstate]);
	else
		fe_out_puts(out, ", tracking is off");
	if (result->mark)
		fe_out_printf(out, ", mark %#x", result->mark);
	if (result->fate == FE_FATE_ACCEPT && result->local)
		fe_out_puts(out, ", delivered to this host");
	else if (result->fate == FE_FATE_ACCEPT)
		fe_out_printf(out, ", leaves by %s",
			      r->fer->host->ifaces.data[result->oif].name);
	fe_out_putc(out, '\n');
	for (size_t i = 0; i < r->log.n; i++)
		fe_out_printf(out, "logged: %s\n", r->log.data[i]);
}

void fe_run_trace(struct fe_fer *fer, const struct fe_run_options *options,
		  struct fe_out *out)
{
	struct fe_runner *r = fe_calloc(1, sizeof(*r));
	struct fe_test_result result = {0};
	const struct fe_test *test = fer->tests.data[0];

	*r = (struct fe_runner){.fer = fer, .options = options,
				.arena = fer->arena, .result = &result};
	r->rules = rules_of(r, test);
	begin(r);
	play_steps(r, test);
	if (!fe_engine_report(r->engine, fer->diags)) {
		fer->failed = true;
	} else if (r->last.played) {
		fe_out_puts(out, fe_buf_text(&r->last.trace));
		put_fate(r, out);
	}
	end(r);
	fe_vec_free(&result.failures);
	free(r);
}

void fe_test_results_free(struct fe_test_results *results)
{
	for (size_t i = 0; i < results->list.n; i++)
		fe_vec_free(&results->list.data[i]->failures);
	fe_vec_free(&results->list);
	fe_arena_free(results->arena);
	results->arena = NULL;
}
