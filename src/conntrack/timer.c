/*
 * The timer wheel: see table.h.
 *
 * Exact to the nanosecond though its slots are coarse: the slot of the tick
 * that is being played is looked at again whenever time reaches the earliest
 * expiry in it. Lists are doubly linked through refs; a list's first entry
 * has the slot's number, marked, as its prev.
 */
#include <assert.h>
#include <netinet/in.h>

#include "conntrack/table.h"

#define HEAD_MARK 0x80000000u
#define SLOT_MASK (FE_WHEEL_SLOTS - 1)

static uint64_t tick_of(int64_t time)
{
	return time > 0 ? (uint64_t)time >> FE_TICK_SHIFT : 0;
}

static int64_t tick_time(uint64_t tick)
{
	return (int64_t)(tick << FE_TICK_SHIFT);
}

/* TCP's timeouts shrink and grow with each packet: it remembers, coarsely
 * and rounded down, when its slot comes up. Others are moved at once. */
static void remember(struct fe_flow *flow, int64_t at)
{
	if (flow->proto == IPPROTO_TCP)
		flow->l4 = (uint32_t)(at >> 24);
}

void fe_timer_add(struct fe_conntrack *ct, struct fe_flow *flow)
{
	struct fe_wheel *w = &ct->wheel;
	uint64_t tick = tick_of(flow->expires), delta;
	unsigned level = 0, slot;

	if (tick < w->tick)
		tick = w->tick;
	delta = tick - w->tick;
	while (level < FE_WHEEL_LEVELS - 1 &&
	       delta >> (FE_WHEEL_BITS * (level + 1)) != 0)
		level++;
	if (delta >> (FE_WHEEL_BITS * FE_WHEEL_LEVELS) != 0)
		tick = w->tick +
		       ((1ull << (FE_WHEEL_BITS * FE_WHEEL_LEVELS)) - 1);
	slot = (unsigned)(tick >> (FE_WHEEL_BITS * level)) & SLOT_MASK;
	flow->next = w->heads[level][slot];
	flow->prev = HEAD_MARK | level << FE_WHEEL_BITS | slot;
	if (flow->next != 0)
		fe_flow_at(ct, flow->next)->prev = flow->ref;
	w->heads[level][slot] = flow->ref;
	w->busy[level][slot / 64] |= 1ull << slot % 64;
	remember(flow, flow->expires);
	if (flow->expires < w->check)
		w->check = flow->expires;
}

void fe_timer_del(struct fe_conntrack *ct, struct fe_flow *flow)
{
	struct fe_wheel *w = &ct->wheel;

	if (flow->next != 0)
		fe_flow_at(ct, flow->next)->prev = flow->prev;
	if (flow->prev & HEAD_MARK) {
		unsigned slot = flow->prev & SLOT_MASK;
		unsigned level = (flow->prev & ~HEAD_MARK) >> FE_WHEEL_BITS;
		w->heads[level][slot] = flow->next;
		if (flow->next == 0)
			w->busy[level][slot / 64] &= ~(1ull << slot % 64);
	} else {
		fe_flow_at(ct, flow->prev)->next = flow->next;
	}
	flow->next = flow->prev = 0;
}

void fe_timer_set(struct fe_conntrack *ct, struct fe_flow *flow,
		  int64_t expires)
{
	int64_t old = flow->expires;

	flow->expires = expires;
	if (expires >= old)
		return;
	if (flow->proto == IPPROTO_TCP &&
	    (int32_t)((uint32_t)(expires >> 24) - flow->l4) > 0)
		return;
	fe_timer_del(ct, flow);
	fe_timer_add(ct, flow);
}

/* The first busy slot of a level from slot on, or FE_WHEEL_SLOTS. */
static unsigned next_busy(const struct fe_wheel *w, unsigned level,
			  unsigned slot)
{
	unsigned word = slot / 64;
	uint64_t bits;

	if (slot >= FE_WHEEL_SLOTS)
		return FE_WHEEL_SLOTS;
	bits = w->busy[level][word] & ~0ull << slot % 64;
	while (bits == 0) {
		if (++word == FE_WHEEL_SLOTS / 64)
			return FE_WHEEL_SLOTS;
		bits = w->busy[level][word];
	}
	return word * 64 + (unsigned)__builtin_ctzll(bits);
}

/* Takes a slot's list; returns its first ref. */
static uint32_t take(struct fe_wheel *w, unsigned level, unsigned slot)
{
	uint32_t ref = w->heads[level][slot];

	w->heads[level][slot] = 0;
	w->busy[level][slot / 64] &= ~(1ull << slot % 64);
	return ref;
}

/* Plays a level-0 slot: the due expire, the refreshed move on. */
static void play_slot(struct fe_conntrack *ct, unsigned slot, int64_t now)
{
	uint32_t ref = take(&ct->wheel, 0, slot), next;

	for (; ref != 0; ref = next) {
		struct fe_flow *flow = fe_flow_at(ct, ref);

		next = flow->next;
		if (flow->expires > now) {
			fe_timer_add(ct, flow);
			continue;
		}
		flow->next = flow->prev = 0;
		fe_flow_expire(ct, flow);
	}
}

/* The tick begins a window of level 0: brings down the upper levels. */
static void cascade(struct fe_conntrack *ct)
{
	struct fe_wheel *w = &ct->wheel;
	unsigned top = 1;

	while (top < FE_WHEEL_LEVELS - 1 &&
	       (w->tick >> (FE_WHEEL_BITS * top) & SLOT_MASK) == 0)
		top++;
	for (unsigned level = top; level > 0; level--) {
		unsigned slot =
		    (unsigned)(w->tick >> (FE_WHEEL_BITS * level)) &
		    SLOT_MASK;
		uint32_t ref = take(w, level, slot), next;
		for (; ref != 0; ref = next) {
			struct fe_flow *flow = fe_flow_at(ct, ref);
			next = flow->next;
			fe_timer_add(ct, flow);
		}
	}
}

/* Moves on to the next window of level 0 that may hold something. */
static void next_window(struct fe_conntrack *ct, uint64_t target)
{
	struct fe_wheel *w = &ct->wheel;
	uint64_t next = (w->tick | SLOT_MASK) + 1;

	/* Level 0 is empty when nothing wrapped into the coming window:
	 * then level 1 says how far to jump. */
	if (next_busy(w, 0, 0) == FE_WHEEL_SLOTS) {
		unsigned slot = (unsigned)(next >> FE_WHEEL_BITS) & SLOT_MASK;
		uint64_t base = next >> FE_WHEEL_BITS & ~(uint64_t)SLOT_MASK;
		if (slot != 0)
			slot = next_busy(w, 1, slot);
		next = (base + slot) << FE_WHEEL_BITS;
	}
	w->tick = next <= target ? next : target;
	if ((w->tick & SLOT_MASK) == 0)
		cascade(ct);
}

/* Sets w->check to a time before which nothing can expire. */
static void set_check(struct fe_conntrack *ct)
{
	struct fe_wheel *w = &ct->wheel;
	unsigned here = (unsigned)w->tick & SLOT_MASK;
	unsigned slot = next_busy(w, 0, here);
	uint64_t base = w->tick & ~(uint64_t)SLOT_MASK;

	w->check = tick_time(base + slot);
	if (slot != here)
		return;
	w->check = INT64_MAX;
	for (uint32_t ref = w->heads[0][slot]; ref != 0;) {
		const struct fe_flow *flow = fe_flow_at(ct, ref);
		if (flow->expires < w->check)
			w->check = flow->expires;
		ref = flow->next;
	}
}

void fe_timer_advance(struct fe_conntrack *ct, int64_t now)
{
	struct fe_wheel *w = &ct->wheel;
	uint64_t target = tick_of(now);

	if (now < w->check)
		return;
	if (ct->index.n == 0 && target > w->tick)
		w->tick = target;
	for (;;) {
		unsigned here = (unsigned)w->tick & SLOT_MASK;
		unsigned slot = next_busy(w, 0, here);
		uint64_t tick = (w->tick & ~(uint64_t)SLOT_MASK) + slot;

		if (slot == FE_WHEEL_SLOTS) {
			if (tick > target) {
				w->tick = target;
				break;
			}
			next_window(ct, target);
			continue;
		}
		if (tick > target) {
			w->tick = target;
			break;
		}
		w->tick = tick;
		play_slot(ct, slot, now);
		/* What is left in this tick's slot expires after now. */
		if (tick == target)
			break;
	}
	set_check(ct);
}
