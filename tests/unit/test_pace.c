/* SPDX-License-Identifier: MIT */
#include "lbd/pace.h"

#include "tests/unit/unit.h"

static struct mono at_ns(int64_t ns)
{
	return (struct mono){1000 * NS_PER_S + ns};
}

/* What may move at these moments, and some of which does. */
static void it_saves_up(void **state)
{
	static const struct {
		int64_t ms;
		uint64_t left;
		uint64_t moved;
	} steps[] = {
		{0, 125000, 25000},
		{0, 100000, 100000},
		{0, 0, 0},
		{1, 1000, 0},
		{20, 20000, 20000},
		{40, 20000, 20000},
		{60, 20000, 0},
		{10000, 125000, 125000},
		{10000, 0, 0},
		{10125, 125000, 0},
	};
	struct pace pace = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		pace_fill(&pace, 1000000, at_ns(steps[i].ms * NS_PER_MS));
		assert_int_equal(pace.left, steps[i].left);
		pace.left -= steps[i].moved;
	}
}

static const uint64_t rates[] = {1, 7, 100, 1000, 1461, 65537, 1000000, 999999937, UINT64_C(1) << 40};

/* Looked at as often and as irregularly as you like, it comes to the rate over a minute. */
static void it_keeps_its_rate(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		struct pace pace = {0};
		uint64_t moved = 0, wanted = rates[i] * 60;
		int64_t ns = 0;

		pace_fill(&pace, rates[i], at_ns(0));
		pace.left = 0;
		for (unsigned n = 0; ns < 60 * NS_PER_S; n++) {
			ns = MIN(ns + (n % 7 == 0 ? 20 * NS_PER_MS : NS_PER_MS * 1237 / 10000), 60 * NS_PER_S);
			pace_fill(&pace, rates[i], at_ns(ns));
			moved += pace.left;
			pace.left = 0;
		}
		assert_in_range(moved, wanted - wanted / 100000 - 1, wanted + wanted / 100000);
	}
}

/* The moment that is told is the one: there is something then, and no earlier look was worth it. */
static void it_tells_when_to_look(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		uint64_t worth = MAX(rates[i] / 50, MIN(rates[i], UINT64_C(1460)));
		struct pace pace = {0};
		struct mono ready;

		pace_fill(&pace, rates[i], at_ns(5));
		assert_true(mono_diff(pace_ready(&pace, rates[i]), at_ns(5)) <= 0);
		pace.left = 0;
		ready = pace_ready(&pace, rates[i]);
		assert_in_range(mono_diff(ready, at_ns(5)), 1, NS_PER_S);
		pace_fill(&pace, rates[i], mono_add(ready, -mono_diff(ready, at_ns(5)) / 100 - 1));
		assert_true(pace.left < worth);
		pace_fill(&pace, rates[i], ready);
		assert_in_range(pace.left, worth, worth + rates[i] / 1000000000 + 1);
	}
}

static void another_rate_holds_at_once(void **state)
{
	struct pace pace = {0};

	(void)state;
	pace_fill(&pace, UINT64_C(1) << 40, at_ns(0));
	pace_fill(&pace, 1000, at_ns(0));
	assert_int_equal(pace.left, 4096);
	pace.left = 0;
	pace_fill(&pace, 1000, at_ns(NS_PER_S));
	assert_int_equal(pace.left, 1000);
	pace_fill(&pace, 1000000, at_ns(NS_PER_S + NS_PER_MS));
	assert_int_equal(pace.left, 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_saves_up),
		cmocka_unit_test(it_keeps_its_rate),
		cmocka_unit_test(it_tells_when_to_look),
		cmocka_unit_test(another_rate_holds_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
