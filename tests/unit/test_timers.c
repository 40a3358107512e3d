/* SPDX-License-Identifier: MIT */
#include "vrrpd/timers.h"

#include "common/pure/mono.h"
#include "tests/unit/unit.h"

static const struct {
	uint8_t priority;
	int64_t interval_ns;
	int64_t skew_ns;
	int64_t active_down_ns;
} table[] = {
	/* The skew that microseconds cannot hold (78.125 us). */
	{254, 10 * NS_PER_MS, 78125, 30 * NS_PER_MS + 78125},
	{255, 10 * NS_PER_MS, 39062, 30 * NS_PER_MS + 39062},
	{1, 10 * NS_PER_MS, 9960937, 39960937},
	{100, NS_PER_S, 609375000, 3609375000},
	{150, NS_PER_S, 414062500, 3414062500},
	{0, NS_PER_S, NS_PER_S, 4 * NS_PER_S},
	{150, 100 * NS_PER_MS, 41406250, 341406250},
	/* 4095 centiseconds, the longest that an advert can say. */
	{1, 40950 * NS_PER_MS, 40790039062, 163640039062},
};

static void spans_are_those_of_the_rfc(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		assert_int_equal(timers_skew_ns(3, table[i].priority, table[i].interval_ns), table[i].skew_ns);
		assert_int_equal(
			timers_active_down_ns(3, table[i].priority, table[i].interval_ns), table[i].active_down_ns);
	}
}

/* RFC 3768 6.1: of version 2 the skew is a part of a second. */
static void version_2_has_a_skew_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(timers_skew_ns(2, 100, 4 * NS_PER_S), 609375000);
	assert_int_equal(timers_active_down_ns(2, 100, 4 * NS_PER_S), 12609375000);
}

/* What the election rests on: of two backups the one with the greater priority wakes first. */
static void the_greater_priority_waits_less(void **state)
{
	(void)state;
	for (int priority = 1; priority < 255; priority++) {
		assert_true(timers_skew_ns(3, (uint8_t)(priority + 1), 10 * NS_PER_MS) <
			    timers_skew_ns(3, (uint8_t)priority, 10 * NS_PER_MS));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_those_of_the_rfc),
		cmocka_unit_test(version_2_has_a_skew_of_its_own),
		cmocka_unit_test(the_greater_priority_waits_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
