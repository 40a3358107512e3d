/* SPDX-License-Identifier: MIT */
#include "lbd/wheel.h"

#define SLOT_MASK (WHEEL_SLOTS - 1)
#define REACH ((UINT64_C(1) << (WHEEL_BITS * WHEEL_LEVELS)) - 1)

void wheel_init(struct wheel *wheel, struct mono now)
{
	wheel->tick = (uint64_t)(now.ns / WHEEL_TICK_NS);
	for (size_t level = 0; level < WHEEL_LEVELS; level++) {
		for (size_t slot = 0; slot < WHEEL_SLOTS; slot++)
			list_init(&wheel->slots[level][slot]);
	}
}

void wheel_timer_init(struct wheel_timer *timer)
{
	list_init(&timer->link);
}

/* Level N holds what is less than 64^(N+1) ticks away, in the slot of the N-th group of bits of its tick. */
static void place(struct wheel *wheel, struct wheel_timer *timer)
{
	uint64_t distance = timer->tick - wheel->tick;
	size_t level = 0;

	while (level + 1 < WHEEL_LEVELS && distance >> (WHEEL_BITS * (level + 1)) != 0)
		level++;
	list_append(&wheel->slots[level][timer->tick >> (WHEEL_BITS * level) & SLOT_MASK], &timer->link);
}

void wheel_set(struct wheel *wheel, struct wheel_timer *timer, struct mono at)
{
	uint64_t tick;

	list_remove(&timer->link);
	if (mono_is_never(at))
		return;
	tick = (uint64_t)(at.ns / WHEEL_TICK_NS) + (at.ns % WHEEL_TICK_NS != 0);
	/* What is due already waits for the next tick, and what is too far away for the last one in reach. */
	timer->tick = MIN(MAX(tick, wheel->tick + 1), wheel->tick + REACH);
	place(wheel, timer);
}

void wheel_clear(struct wheel_timer *timer)
{
	list_remove(&timer->link);
}

/* Deals the timers of the upper levels out to the lower ones where a group of bits has begun anew. */
static void cascade(struct wheel *wheel)
{
	for (size_t level = 1; level < WHEEL_LEVELS; level++) {
		uint64_t lower_bits = wheel->tick & ((UINT64_C(1) << (WHEEL_BITS * level)) - 1);
		struct list due;

		if (lower_bits != 0)
			return;
		list_take_all(&wheel->slots[level][wheel->tick >> (WHEEL_BITS * level) & SLOT_MASK], &due);
		while (!list_is_empty(&due)) {
			struct wheel_timer *timer = LIST_ENTRY(due.next, struct wheel_timer, link);

			list_remove(&timer->link);
			place(wheel, timer);
		}
	}
}

static void fire(struct wheel *wheel, wheel_fn *fn, void *context)
{
	struct list due;

	list_take_all(&wheel->slots[0][wheel->tick & SLOT_MASK], &due);
	while (!list_is_empty(&due)) {
		struct wheel_timer *timer = LIST_ENTRY(due.next, struct wheel_timer, link);

		list_remove(&timer->link);
		fn(timer, context);
	}
}

void wheel_advance(struct wheel *wheel, struct mono now, wheel_fn *fn, void *context)
{
	uint64_t target = (uint64_t)(now.ns / WHEEL_TICK_NS);

	while (wheel->tick < target) {
		wheel->tick++;
		cascade(wheel);
		fire(wheel, fn, context);
	}
}
