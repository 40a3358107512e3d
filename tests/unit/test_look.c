/* SPDX-License-Identifier: MIT */
/* The bookkeeping of the last look before a claim: whom a look serves, and that it ends. */
#include "vrrpd/look.h"

#include "tests/unit/unit.h"

#define MS NS_PER_MS
/* More than any look may take. */
#define SLICES 1000

static struct mono at(int ms)
{
	return (struct mono){NS_PER_S + ms * MS};
}

static void one_look_serves_all_that_are_due(void **state)
{
	struct look look = {0};

	(void)state;
	assert_true(look_wants_slice(&look, at(10), at(12)));
	look_end_slice(&look, true);
	assert_false(look_wants_slice(&look, at(10), at(13)));
	assert_false(look_wants_slice(&look, at(12), at(13)));
	/* Whoever is due later has one of its own. */
	assert_true(look_wants_slice(&look, at(13), at(13)));
}

static void it_goes_on_until_nothing_waits(void **state)
{
	struct look look = {0};

	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_true(look_wants_slice(&look, at(10), at(12 + i)));
		look_end_slice(&look, i == 4);
	}
	assert_false(look_wants_slice(&look, at(10), at(20)));
	/* It covers what had come when it began, and no more. */
	assert_false(look_wants_slice(&look, at(12), at(20)));
	assert_true(look_wants_slice(&look, at(13), at(20)));
}

static void a_flood_does_not_keep_it_going(void **state)
{
	struct look look = {0};
	int slices = 0;

	(void)state;
	while (look_wants_slice(&look, at(10), at(12 + slices))) {
		look_end_slice(&look, false);
		assert_true(++slices < SLICES);
	}
	/* Less than what fits into a socket's buffer would leave something unseen. */
	assert_true(slices >= 43);
	assert_int_equal(look.covers.ns, at(12).ns);
}

static void who_comes_late_to_a_look_waits_for_the_next(void **state)
{
	struct look look = {0};

	(void)state;
	assert_true(look_wants_slice(&look, at(10), at(12)));
	look_end_slice(&look, false);
	/* Due behind the look's beginning: what came in between may stand behind its end. */
	assert_true(look_wants_slice(&look, at(14), at(15)));
	look_end_slice(&look, true);
	assert_true(look_wants_slice(&look, at(14), at(16)));
	look_end_slice(&look, true);
	assert_false(look_wants_slice(&look, at(14), at(17)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_look_serves_all_that_are_due),
		cmocka_unit_test(it_goes_on_until_nothing_waits),
		cmocka_unit_test(a_flood_does_not_keep_it_going),
		cmocka_unit_test(who_comes_late_to_a_look_waits_for_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
