/*
 * Bursts: thousands of flows at a steady rate, the same for the same seed.
 *
 * Flow i begins at begin + over * i / n, give or take a random part of one
 * step. What a flow sends is a short table per protocol; flows that are under
 * way stand in a heap by the time of their next packet, so that packets come
 * out in order and memory is that of the flows that overlap.
 */
#include <string.h>

#include "base/rng.h"
#include "scenario/fer_packet.h"

struct beat { /* one packet of a flow's life */
	uint8_t flags;  /* TCP */
	bool reply;
	bool data;      /* carries the burst's length */
	bool last_open; /* what follows closes the flow */
};

static const struct beat tcp_beats[] = {
	{FE_TCP_SYN, false, false, false},
	{FE_TCP_SYN | FE_TCP_ACK, true, false, false},
	{FE_TCP_ACK, false, false, false},
	{FE_TCP_PSH | FE_TCP_ACK, false, true, false}, /* the question */
	{FE_TCP_PSH | FE_TCP_ACK, true, true, false},
	{FE_TCP_ACK, false, false, true},
	{FE_TCP_FIN | FE_TCP_ACK, true, false, false},
	{FE_TCP_FIN | FE_TCP_ACK, false, false, false},
	{FE_TCP_ACK, true, false, false},
};

static const struct beat other_beats[] = {
	{0, false, true, false},
	{0, true, true, false},
};

static const int64_t beat_time = 10000000; /* ns between packets */

struct running {
	int64_t due;
	uint32_t order;  /* of birth: breaks ties */
	uint32_t beat;   /* the next one */
	struct fe_fer_flow flow;
};

struct fe_burst_run {
	const struct fe_burst *burst;
	const struct beat *beats;
	uint32_t n_beats;
	uint32_t born;   /* flows begun */
	int64_t begin;
	int64_t birth;   /* of the next flow */
	struct fe_rng rng;
	FE_VEC(struct running) heap;
};

static int64_t birth_of(struct fe_burst_run *run, uint32_t i)
{
	const struct fe_burst *b = run->burst;
	int64_t step = b->over / b->n, at;

	if (i >= b->n)
		return INT64_MAX;
	at = (int64_t)((__int128)b->over * i / b->n);
	if (step > 1)
		at += fe_rng_below(&run->rng, step > 1000000000
						  ? 1000000000
						  : (uint32_t)step);
	return run->begin + at;
}

struct fe_burst_run *fe_burst_run_new(const struct fe_burst *burst,
				      int64_t begin, uint64_t seed)
{
	struct fe_burst_run *run = fe_calloc(1, sizeof(*run));
	bool tcp = burst->ends.proto == 6;

	run->burst = burst;
	run->begin = begin;
	run->rng.state = seed;
	run->beats = tcp ? tcp_beats : other_beats;
	run->n_beats = tcp ? sizeof(tcp_beats) / sizeof(*tcp_beats)
			   : sizeof(other_beats) / sizeof(*other_beats);
	if (burst->unanswered)
		run->n_beats = 1;
	else if (burst->open && tcp)
		run->n_beats -= 3;
	run->birth = burst->n ? birth_of(run, 0) : INT64_MAX;
	return run;
}

void fe_burst_run_free(struct fe_burst_run *run)
{
	if (!run)
		return;
	fe_vec_free(&run->heap);
	free(run);
}

int64_t fe_burst_run_due(const struct fe_burst_run *run)
{
	int64_t due = run->heap.n ? run->heap.data[0].due : INT64_MAX;

	return run->birth < due ? run->birth : due;
}

static bool before(const struct running *a, const struct running *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void sift_up(struct fe_burst_run *run, size_t i)
{
	struct running *heap = run->heap.data, moved = heap[i];

	for (; i && before(&moved, &heap[(i - 1) / 2]); i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = moved;
}

static void sift_down(struct fe_burst_run *run)
{
	struct running *heap = run->heap.data, moved = heap[0];
	size_t n = run->heap.n, i = 0, child;

	while ((child = 2 * i + 1) < n) {
		if (child + 1 < n && before(&heap[child + 1], &heap[child]))
			child++;
		if (!before(&heap[child], &moved))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = moved;
}

/* A random address of the network, neither its first nor its last where it
 * has more. */
static struct fe_u128 pick_addr(struct fe_rng *rng,
				const struct fe_fer_net *net)
{
	unsigned bits = (net->family == 4 ? 32u : 128u) - net->prefix_len;
	struct fe_u128 mask = fe_u128_ones(bits), a = net->addr;
	uint64_t r = fe_rng_next(rng);

	if (!bits)
		return a;
	if (bits >= 2 && bits <= 31)
		r = 1 + r % ((1ull << bits) - 2);
	a.lo = (a.lo & ~mask.lo) | (r & mask.lo);
	a.hi = a.hi & ~mask.hi;
	if (bits > 64)
		a.hi |= fe_rng_next(rng) & mask.hi;
	return a;
}

static uint16_t pick_port(struct fe_rng *rng, const struct fe_fer_ports *ports)
{
	return (uint16_t)(ports->lo +
			  fe_rng_below(rng, (uint32_t)(ports->hi -
						       ports->lo) + 1));
}

static void give_birth(struct fe_burst_run *run)
{
	const struct fe_fer_ends *e = &run->burst->ends;
	struct running r = {.due = run->birth, .order = run->born};
	struct fe_fer_flow *flow = &r.flow;

	flow->ends = *e;
	flow->ends.src.addr = pick_addr(&run->rng, &e->src);
	flow->ends.dst.addr = pick_addr(&run->rng, &e->dst);
	flow->ends.sports.lo = pick_port(&run->rng, &e->sports);
	if (e->n_dports)
		flow->ends.dports[0].lo = pick_port(
		    &run->rng,
		    &e->dports[fe_rng_below(&run->rng, e->n_dports)]);
	flow->id = (uint16_t)fe_rng_next(&run->rng);
	run->born++;
	run->birth = birth_of(run, run->born);
	fe_vec_push(&run->heap, r);
	sift_up(run, run->heap.n - 1);
}

void fe_burst_run_next(struct fe_burst_run *run, uint8_t *bytes,
		       struct fe_record *record)
{
	const struct beat *beat;
	struct running *r;
	struct fe_send send;

	if (!run->heap.n || run->birth <= run->heap.data[0].due)
		give_birth(run);
	r = &run->heap.data[0];
	beat = &run->beats[r->beat];
	send = (struct fe_send){.flow = &r->flow, .reply = beat->reply,
				.flags = beat->flags,
				.len = beat->data ? run->burst->len : 0};
	fe_fer_build(&send, r->due, bytes, record);
	fe_fer_advance(&send);
	r->due += beat_time + (beat->last_open ? run->burst->hold : 0);
	if (++r->beat == run->n_beats)
		*r = run->heap.data[--run->heap.n];
	if (run->heap.n)
		sift_down(run);
}
