/* SPDX-License-Identifier: MIT */
#include "lbd/wheel.h"

#include "tests/unit/unit.h"

#define TIMERS 3000

static struct wheel wheel;
static struct mono now;
static struct mono last;

struct item {
	struct wheel_timer timer;
	struct mono due;
	unsigned fired;
};

static struct item items[TIMERS];

static unsigned mixed(unsigned i)
{
	i = (i ^ i >> 15) * 2246822519u;
	return i ^ i >> 13;
}

static int setup(void **state)
{
	(void)state;
	now = (struct mono){123456789012345};
	wheel_init(&wheel, now);
	for (size_t i = 0; i < TIMERS; i++) {
		items[i] = (struct item){0};
		wheel_timer_init(&items[i].timer);
	}
	return 0;
}

static void set(struct item *item, int64_t span_ns)
{
	item->due = mono_add(now, span_ns);
	wheel_set(&wheel, &item->timer, item->due);
}

static void on_due(struct wheel_timer *timer, void *context)
{
	struct item *item = CONTAINER_OF(timer, struct item, timer);

	assert_ptr_equal(context, &wheel);
	assert_true(mono_reached(item->due, now));
	/* It was not due when the wheel was advanced last, but for the tick that a moment is rounded up by. */
	assert_true(mono_diff(item->due, last) > -WHEEL_TICK_NS);
	item->fired++;
}

static void advance_to(struct mono at)
{
	last = now;
	now = at;
	wheel_advance(&wheel, now, on_due, &wheel);
}

/* Spans from 0 to some hours, with every level among them. */
static int64_t some_span(unsigned i)
{
	return (int64_t)(mixed(i) % (1u << (4 + i % 22))) * NS_PER_MS;
}

static void each_fires_once_and_in_time(void **state)
{
	struct mono end;
	size_t steps = 0;

	(void)state;
	for (unsigned i = 0; i < TIMERS; i++)
		set(&items[i], some_span(i));
	for (unsigned i = 0; i < TIMERS; i += 3)
		wheel_clear(&items[i].timer);
	for (unsigned i = 1; i < TIMERS; i += 3)
		set(&items[i], some_span(i + 11));
	end = mono_add(now, (int64_t)(1u << 26) * NS_PER_MS);
	while (mono_before(now, end))
		advance_to(mono_add(now, (int64_t)(1 + mixed((unsigned)steps++) % 500) * 20 * NS_PER_MS));
	for (unsigned i = 0; i < TIMERS; i++)
		assert_int_equal(items[i].fired, i % 3 == 0 ? 0 : 1);
}

static void never_and_beyond_reach(void **state)
{
	const int64_t reach_ns = ((INT64_C(1) << (WHEEL_BITS * WHEEL_LEVELS)) - 1) * WHEEL_TICK_NS;

	(void)state;
	set(&items[0], NS_PER_MS);
	wheel_set(&wheel, &items[0].timer, MONO_NEVER);
	set(&items[1], 3 * reach_ns);
	items[1].due = mono_add(now, reach_ns - WHEEL_TICK_NS);
	/* One long sleep, as of a machine that was stopped. */
	advance_to(mono_add(now, WHEEL_TICK_NS * 100000));
	assert_int_equal(items[0].fired, 0);
	assert_int_equal(items[1].fired, 0);
	assert_false(list_is_empty(&items[1].timer.link));
}

static void on_due_again(struct wheel_timer *timer, void *context)
{
	struct item *item = CONTAINER_OF(timer, struct item, timer);

	(void)context;
	item->fired++;
	/* The callback may set the timer again for a moment that has passed, and clear another that is due too. */
	wheel_set(&wheel, timer, now);
	wheel_clear(&items[item == &items[0] ? 1 : 0].timer);
}

static void the_callback_may_do_anything(void **state)
{
	(void)state;
	set(&items[0], 5 * WHEEL_TICK_NS);
	set(&items[1], 5 * WHEEL_TICK_NS);
	now = mono_add(now, 10 * WHEEL_TICK_NS);
	wheel_advance(&wheel, now, on_due_again, NULL);
	assert_true(items[0].fired > 0);
	assert_int_equal(items[1].fired, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_fires_once_and_in_time, setup),
		cmocka_unit_test_setup(never_and_beyond_reach, setup),
		cmocka_unit_test_setup(the_callback_may_do_anything, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
