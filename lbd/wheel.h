/* SPDX-License-Identifier: MIT */
/*
 * A hierarchical timer wheel: setting, moving and clearing a timer costs the same with one as with a million.
 *
 * Time is counted in ticks of WHEEL_TICK_NS. A timer fires in the first wheel_advance at or after its moment, never
 * before it, and at most one tick of time later than a precise one would. Moments beyond the wheel's reach (over five
 * days) fire at its end; the owner looks at its own deadline and sets the timer again.
 */
#ifndef LBPAIR_LBD_WHEEL_H
#define LBPAIR_LBD_WHEEL_H

#include "common/pure/list.h"
#include "common/pure/mono.h"

#define WHEEL_TICK_NS (8 * NS_PER_MS)
#define WHEEL_BITS 6
#define WHEEL_SLOTS (1u << WHEEL_BITS)
#define WHEEL_LEVELS 5

struct wheel_timer {
	struct list link;
	uint64_t tick;
};

struct wheel {
	uint64_t tick; /* all up to and with this one have fired */
	struct list slots[WHEEL_LEVELS][WHEEL_SLOTS];
};

typedef void wheel_fn(struct wheel_timer *timer, void *context);

void wheel_init(struct wheel *wheel, struct mono now);
/* To be called once before anything else is done with the timer. */
void wheel_timer_init(struct wheel_timer *timer);
/* Replaces an earlier setting. MONO_NEVER clears it. */
void wheel_set(struct wheel *wheel, struct wheel_timer *timer, struct mono at);
void wheel_clear(struct wheel_timer *timer);
/* Calls `fn` for each timer that is due, which is cleared before; `fn` may set, clear and free any timer. */
void wheel_advance(struct wheel *wheel, struct mono now, wheel_fn *fn, void *context);

#endif
