/* SPDX-License-Identifier: MIT */
#include "lbd/outlier.h"

#include "tests/unit/unit.h"

static const struct outlier_conf conf = {
	.failures = 3, .within_ns = 10 * NS_PER_S, .eject_ns = 30 * NS_PER_S, .max_ejected = 50};

/* Failures as they come, and whether the server is ejected after them. */
struct turn {
	int seconds;
	unsigned failures;
	bool may_eject;
	bool ejected;
};

static void play(const struct turn *turns, size_t count)
{
	struct outlier outlier = {0};

	for (size_t i = 0; i < count; i++) {
		bool before = outlier.ejected;
		struct mono now = {(100 + turns[i].seconds) * NS_PER_S};
		bool changed = outlier_step(&outlier, &conf, turns[i].failures, turns[i].may_eject, now);

		assert_int_equal(outlier.ejected, turns[i].ejected);
		assert_int_equal(changed, before != turns[i].ejected);
	}
}

static void failures_within_the_time_eject(void **state)
{
	static const struct turn turns[] = {{0, 1, true, false}, {4, 1, true, false}, {8, 1, true, true},
		{20, 5, true, true}, {37, 0, true, true}, {38, 0, true, false}, {39, 2, true, false},
		{40, 1, true, true}};

	(void)state;
	play(turns, ARRAY_LEN(turns));
}

static void old_failures_are_forgotten(void **state)
{
	static const struct turn turns[] = {{0, 2, true, false}, {10, 1, true, false}, {11, 1, true, false},
		{20, 1, true, false}, {1000, 2, true, false}, {1005, 0, true, false}, {1009, 1, true, true}};

	(void)state;
	play(turns, ARRAY_LEN(turns));
}

static void one_that_cannot_be_spared_stays(void **state)
{
	static const struct turn turns[] = {{0, 9, false, false}, {1, 0, false, false}, {2, 0, true, true}};

	(void)state;
	play(turns, ARRAY_LEN(turns));
}

static void never_more_than_the_share_is_ejected(void **state)
{
	static const struct {
		unsigned max_ejected;
		size_t servers;
		size_t most;
	} cases[] = {
		{50, 2, 1}, {50, 3, 1}, {50, 1, 0}, {100, 3, 3}, {0, 10, 0}, {33, 3, 0}, {34, 3, 1}, {10, 100, 10}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct outlier_conf pool = {.max_ejected = cases[i].max_ejected};
		size_t ejected = 0;

		while (ejected <= cases[i].servers && outlier_spares(&pool, cases[i].servers, ejected))
			ejected++;
		assert_int_equal(ejected, cases[i].most);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_within_the_time_eject),
		cmocka_unit_test(old_failures_are_forgotten),
		cmocka_unit_test(one_that_cannot_be_spared_stays),
		cmocka_unit_test(never_more_than_the_share_is_ejected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
