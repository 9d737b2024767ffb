/*
 * A .fer file as traffic for `run`: what its tests send, one test after
 * another, and beside that all its bursts, each from its own `at` on.
 * Expectations are left to `ferrule test`; captures are given to `run` by
 * themselves.
 */
#include "scenario/fer_packet.h"

static const int64_t first_time = 1000000000; /* ns */
static const int64_t send_gap = 1000000;

struct fe_fer_traffic {
	struct fe_records records;
	struct fe_fer *fer;
	FE_VEC(struct fe_burst_run *) bursts;
	size_t test, step;  /* the next one to be sent */
	int64_t time;       /* of that */
	uint64_t seed;
	uint64_t position;
	uint8_t bytes[FE_FER_MOST];
};

static void start_bursts(struct fe_fer_traffic *t)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t->fer->tests.n; i++) {
		const struct fe_test *test = t->fer->tests.data[i];
		for (size_t j = 0; j < test->steps.n; j++) {
			const struct fe_burst *b = test->steps.data[j]->burst;
			if (b)
				fe_vec_push(&t->bursts,
					    fe_burst_run_new(
						b, first_time + b->begin,
						t->seed + n++ * 7919));
		}
	}
}

/* Goes to the next `send`; NULL: there is none. */
static const struct fe_send *next_send(struct fe_fer_traffic *t)
{
	for (; t->test < t->fer->tests.n; t->test++, t->step = 0) {
		const struct fe_test *test = t->fer->tests.data[t->test];
		for (; t->step < test->steps.n; t->step++) {
			const struct fe_step *step = test->steps.data[t->step];
			if (step->kind == FE_STEP_SEND)
				return &step->send;
			if (step->kind == FE_STEP_AFTER)
				t->time += step->wait;
		}
	}
	return NULL;
}

static struct fe_burst_run *next_burst(struct fe_fer_traffic *t, int64_t *due)
{
	struct fe_burst_run *best = NULL;

	*due = INT64_MAX;
	for (size_t i = 0; i < t->bursts.n; i++) {
		int64_t mine = fe_burst_run_due(t->bursts.data[i]);
		if (mine < *due) {
			*due = mine;
			best = t->bursts.data[i];
		}
	}
	return best;
}

static bool fer_next(struct fe_records *records, struct fe_record *record)
{
	struct fe_fer_traffic *t = (struct fe_fer_traffic *)records;
	const struct fe_send *send = next_send(t);
	struct fe_burst_run *burst;
	int64_t due;

	burst = next_burst(t, &due);
	if (!send && !burst)
		return false;
	if (send && t->time <= due) {
		fe_fer_build(send, t->time, t->bytes, record);
		fe_fer_advance(send);
		t->time += send_gap;
		t->step++;
	} else {
		fe_burst_run_next(burst, t->bytes, record);
	}
	t->position += record->size;
	return true;
}

static void stop_bursts(struct fe_fer_traffic *t)
{
	for (size_t i = 0; i < t->bursts.n; i++)
		fe_burst_run_free(t->bursts.data[i]);
	t->bursts.n = 0;
}

static void reset_flows(struct fe_fer *fer)
{
	for (size_t i = 0; i < fer->tests.n; i++) {
		struct fe_test *test = fer->tests.data[i];
		for (size_t j = 0; j < test->flows.n; j++) {
			struct fe_fer_flow *flow = test->flows.data[j];
			flow->seq[0] = flow->seq[1] = 0;
			flow->n = 0;
		}
	}
}

static bool fer_rewind(struct fe_records *records)
{
	struct fe_fer_traffic *t = (struct fe_fer_traffic *)records;

	stop_bursts(t);
	reset_flows(t->fer);
	t->test = t->step = 0;
	t->time = first_time;
	start_bursts(t);
	return true;
}

static void fer_free(struct fe_records *records)
{
	struct fe_fer_traffic *t = (struct fe_fer_traffic *)records;

	stop_bursts(t);
	fe_vec_free(&t->bursts);
	fe_fer_free(t->fer);
	free(t);
}

static bool fer_damaged(const struct fe_records *records)
{
	return ((const struct fe_fer_traffic *)records)->fer->failed;
}

static uint64_t fer_position(const struct fe_records *records)
{
	return ((const struct fe_fer_traffic *)records)->position;
}

static const struct fe_records_ops fer_ops = {
	.next = fer_next, .rewind = fer_rewind, .free = fer_free,
	.damaged = fer_damaged, .position = fer_position,
};

struct fe_records *fe_fer_open(const char *path, uint64_t seed,
			       struct fe_host *host,
			       struct fe_sources *sources,
			       struct fe_diags *diags)
{
	struct fe_fer *fer = fe_fer_read(path, host, sources, diags);
	struct fe_fer_traffic *t;

	if (!fer)
		return NULL;
	t = fe_calloc(1, sizeof(*t));
	t->records.ops = &fer_ops;
	t->fer = fer;
	t->seed = seed;
	fer_rewind(&t->records);
	return &t->records;
}
