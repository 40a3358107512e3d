/* SPDX-License-Identifier: MIT */
#include "common/system/loop.h"

#include "common/system/clock.h"
#include "common/system/fd.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/eventfd.h>

#define TIMERS 500

struct fixture {
	struct loop *loop;
	struct loop_timer timers[TIMERS];
	struct mono last;
	size_t fired;
	size_t expected;
};

static void on_ordered_timer(struct loop_timer *timer, struct mono now);

static struct fixture fixture;

static void on_ordered_timer(struct loop_timer *timer, struct mono now)
{
	assert_false(mono_before(timer->at, fixture.last));
	assert_false(mono_before(now, timer->at));
	fixture.last = timer->at;
	if (++fixture.fired == fixture.expected)
		loop_stop(fixture.loop);
}

static int setup(void **state)
{
	(void)state;
	fixture = (struct fixture){0};
	return loop_new(&fixture.loop);
}

static int teardown(void **state)
{
	(void)state;
	loop_free(fixture.loop);
	return 0;
}

/* A small generator, so that the order of the insertions is mixed and the same each time. */
static unsigned mixed(unsigned i)
{
	return i * 2654435761u >> 16;
}

static void timers_fire_in_order(void **state)
{
	struct mono start = clock_mono();

	(void)state;
	for (unsigned i = 0; i < TIMERS; i++) {
		struct mono at = mono_add(start, (int64_t)(mixed(i) % 20000) * NS_PER_US);

		assert_int_equal(loop_timer_set(fixture.loop, &fixture.timers[i], at, on_ordered_timer), 0);
	}
	fixture.expected = TIMERS;
	for (unsigned i = 0; i < TIMERS; i += 3) {
		loop_timer_clear(fixture.loop, &fixture.timers[i]);
		fixture.expected--;
	}
	for (unsigned i = 1; i < TIMERS; i += 3) {
		struct mono at = mono_add(start, (int64_t)(mixed(i + 7) % 20000) * NS_PER_US);

		assert_int_equal(loop_timer_set(fixture.loop, &fixture.timers[i], at, on_ordered_timer), 0);
	}
	assert_int_equal(loop_run(fixture.loop), 0);
	assert_int_equal(fixture.fired, fixture.expected);
	for (unsigned i = 0; i < TIMERS; i++)
		assert_false(loop_timer_is_set(&fixture.timers[i]));
}

enum { TIMER_LONG, TIMER_SECOND, TIMER_URGENT, TIMER_LATER_URGENT, NAMED_TIMERS };

static char fired_names[NAMED_TIMERS + 1];

static void note_timer(const struct loop_timer *timer)
{
	fired_names[fixture.fired++] = "LSUu"[timer - fixture.timers];
	if (fixture.fired == NAMED_TIMERS)
		loop_stop(fixture.loop);
}

static void on_named_timer(struct loop_timer *timer, struct mono now)
{
	assert_true(mono_reached(timer->at, now));
	note_timer(timer);
}

/* An urgent one falls due which was not when the round began. */
static void make_urgent_due(void)
{
	assert_int_equal(
		loop_timer_set_urgent(fixture.loop, &fixture.timers[TIMER_LATER_URGENT], clock_mono(), on_named_timer),
		0);
}

static void on_long_timer(struct loop_timer *timer, struct mono now)
{
	(void)now;
	note_timer(timer);
	make_urgent_due();
}

static void urgent_timers_wait_for_one_other_at_most(void **state)
{
	struct mono start = clock_mono();

	(void)state;
	assert_int_equal(loop_timer_set(fixture.loop, &fixture.timers[TIMER_LONG], start, on_long_timer), 0);
	assert_int_equal(
		loop_timer_set(fixture.loop, &fixture.timers[TIMER_SECOND], mono_add(start, 1), on_named_timer), 0);
	/* Set as another one first: it changes over. */
	assert_int_equal(loop_timer_set(fixture.loop, &fixture.timers[TIMER_URGENT], start, on_named_timer), 0);
	assert_int_equal(
		loop_timer_set_urgent(fixture.loop, &fixture.timers[TIMER_URGENT], mono_add(start, 2), on_named_timer),
		0);
	assert_int_equal(loop_run(fixture.loop), 0);
	assert_string_equal(fired_names, "ULuS");
}

static void on_io_takes_long(struct loop_io *io, unsigned events)
{
	(void)events;
	loop_io_remove(fixture.loop, io);
	note_timer(&fixture.timers[TIMER_LONG]);
	if (fixture.fired == 2)
		make_urgent_due();
}

static void an_urgent_timer_goes_between_two_descriptors(void **state)
{
	AUTO_FD a = eventfd(1, EFD_CLOEXEC);
	AUTO_FD b = eventfd(1, EFD_CLOEXEC);
	static struct loop_io first, second;

	(void)state;
	fixture.fired = 1;
	assert_int_equal(loop_io_add(fixture.loop, &first, a, LOOP_READ, on_io_takes_long), 0);
	assert_int_equal(loop_io_add(fixture.loop, &second, b, LOOP_READ, on_io_takes_long), 0);
	assert_int_equal(loop_run(fixture.loop), 0);
	assert_string_equal(fired_names + 1, "LuL");
}

static struct loop_io ios[2];
static int io_calls;

static void on_io_removes_both(struct loop_io *io, unsigned events)
{
	(void)io;
	assert_true(events & LOOP_READ);
	io_calls++;
	for (size_t i = 0; i < ARRAY_LEN(ios); i++)
		loop_io_remove(fixture.loop, &ios[i]);
	loop_stop(fixture.loop);
}

static void a_removed_watch_is_not_called(void **state)
{
	AUTO_FD a = eventfd(1, EFD_CLOEXEC);
	AUTO_FD b = eventfd(1, EFD_CLOEXEC);

	(void)state;
	io_calls = 0;
	assert_int_equal(loop_io_add(fixture.loop, &ios[0], a, LOOP_READ, on_io_removes_both), 0);
	assert_int_equal(loop_io_add(fixture.loop, &ios[1], b, LOOP_READ, on_io_removes_both), 0);
	assert_int_equal(loop_run(fixture.loop), 0);
	assert_int_equal(io_calls, 1);
}

static int order[2];
static size_t order_count;

static void on_io_notes_order(struct loop_io *io, unsigned events)
{
	(void)events;
	order[order_count++] = io == &ios[0] ? 0 : 1;
	loop_io_remove(fixture.loop, io);
	if (order_count == ARRAY_LEN(order))
		loop_stop(fixture.loop);
}

static void priority_comes_first(void **state)
{
	AUTO_FD a = eventfd(1, EFD_CLOEXEC);
	AUTO_FD b = eventfd(1, EFD_CLOEXEC);

	(void)state;
	order_count = 0;
	assert_int_equal(loop_io_add(fixture.loop, &ios[0], a, LOOP_READ, on_io_notes_order), 0);
	assert_int_equal(loop_io_add(fixture.loop, &ios[1], b, LOOP_READ | LOOP_PRIORITY, on_io_notes_order), 0);
	assert_int_equal(loop_run(fixture.loop), 0);
	assert_int_equal(order[0], 1);
	assert_int_equal(order[1], 0);
}

static int signals_seen;

static void on_signal(void *context, int signal_number)
{
	assert_ptr_equal(context, &signals_seen);
	assert_int_equal(signal_number, SIGUSR1);
	signals_seen++;
	loop_stop(fixture.loop);
}

static void signals_come_through_the_loop(void **state)
{
	static const int numbers[] = {SIGUSR1};

	(void)state;
	signals_seen = 0;
	assert_int_equal(loop_signals(fixture.loop, numbers, 1, on_signal, &signals_seen), 0);
	raise(SIGUSR1);
	assert_int_equal(loop_run(fixture.loop), 0);
	assert_int_equal(signals_seen, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(timers_fire_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(urgent_timers_wait_for_one_other_at_most, setup, teardown),
		cmocka_unit_test_setup_teardown(an_urgent_timer_goes_between_two_descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(a_removed_watch_is_not_called, setup, teardown),
		cmocka_unit_test_setup_teardown(priority_comes_first, setup, teardown),
		cmocka_unit_test_setup_teardown(signals_come_through_the_loop, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
