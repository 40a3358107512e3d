/* SPDX-License-Identifier: MIT */
#include "vrrpd/lease.h"

#include "tests/unit/unit.h"

#define VRIDS 255

static const struct {
	int64_t length_ns;
	int64_t period_ns;
} periods[] = {
	{1 * NS_PER_S, NS_PER_S / 2},
	{2 * NS_PER_S, NS_PER_S},
	{3 * NS_PER_S, NS_PER_S},
	{4 * NS_PER_S, 2 * NS_PER_S},
	{5 * NS_PER_S, 2 * NS_PER_S},
	{10 * NS_PER_S, 5 * NS_PER_S},
	{3600 * NS_PER_S, 1800 * NS_PER_S},
};

static struct mono at(int64_t ns)
{
	return (struct mono){.ns = ns};
}

static void it_is_renewed_twice_in_its_course(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(periods); i++) {
		for (int vrid = 1; vrid <= VRIDS; vrid++) {
			struct mono now = at(12345678901 * vrid);
			struct mono first = lease_next(periods[i].length_ns, (uint8_t)vrid, false, now);
			struct mono second = lease_next(periods[i].length_ns, (uint8_t)vrid, false, first);

			assert_true(mono_before(now, first));
			assert_true(mono_diff(first, now) <= periods[i].period_ns);
			assert_int_equal(mono_diff(second, first), periods[i].period_ns);
		}
	}
}

/* However late a vip was, and at the clock's beginning. */
static void those_that_go_together_meet(void **state)
{
	(void)state;
	assert_int_equal(lease_next(2 * NS_PER_S, 7, true, at(0)).ns, NS_PER_S);
	assert_int_equal(lease_next(2 * NS_PER_S, 7, false, at(0)).ns, lease_next(2 * NS_PER_S, 7, false, at(1)).ns);
	for (int vrid = 1; vrid <= VRIDS; vrid++)
		assert_int_equal(
			lease_next(2 * NS_PER_S, (uint8_t)vrid, true, at(50 * NS_PER_S + vrid)).ns, 51 * NS_PER_S);
}

/*
 * The kernel's looks, as lease.c describes them, after the process died at `killed`: when the last lease of `count`
 * vips has lapsed. A renewal takes some time, and the look may be rounded up by that much.
 */
static int64_t lapsed_ns(int count, bool together, int64_t killed, int64_t rounding_ns)
{
	const int64_t length_ns = 2 * NS_PER_S, forgiven_ns = 20 * NS_PER_MS, renewal_ns = NS_PER_MS / 2;
	int64_t expiry[VRIDS], look = INT64_MAX, last = 0;

	for (int i = 0; i < count; i++) {
		int64_t next = lease_next(length_ns, (uint8_t)(i + 1), together, at(killed)).ns;

		expiry[i] = next - NS_PER_S + (together ? i * renewal_ns : 0) + length_ns;
		look = MIN(look, expiry[i] + rounding_ns);
		last = MAX(last, expiry[i]);
	}
	while (look + forgiven_ns < last)
		look += NS_PER_S;
	return look - killed;
}

static void it_lapses_in_time_however_many_there_are(void **state)
{
	const int64_t bound_ns = 2 * NS_PER_S + NS_PER_S / 4 + 20 * NS_PER_MS;

	(void)state;
	for (int64_t killed = 10 * NS_PER_S; killed < 11 * NS_PER_S; killed += 7 * NS_PER_MS) {
		for (int64_t rounding_ns = 0; rounding_ns <= NS_PER_S / 4; rounding_ns += NS_PER_S / 16) {
			assert_true(lapsed_ns(200, false, killed, rounding_ns) <= bound_ns);
			assert_true(lapsed_ns(VRIDS, false, killed, rounding_ns) <= bound_ns);
			assert_true(lapsed_ns(LEASE_TOGETHER_MAX, true, killed, rounding_ns) <= bound_ns);
		}
	}
	/* What the spreading is for. */
	assert_true(lapsed_ns(200, true, 10 * NS_PER_S + 1, 0) > 3 * NS_PER_S - NS_PER_MS);
}

/* Of 200 vips no two are far closer than they have to be: their renewals go one by one. */
static void many_are_spread_evenly(void **state)
{
	(void)state;
	for (int i = 1; i <= 200; i++) {
		int64_t nearest = NS_PER_S;

		for (int k = 1; k <= 200; k++) {
			int64_t apart = lease_next(2 * NS_PER_S, (uint8_t)i, false, at(0)).ns -
					lease_next(2 * NS_PER_S, (uint8_t)k, false, at(0)).ns;

			if (k != i)
				nearest = MIN(nearest, apart < 0 ? -apart : apart);
		}
		assert_true(nearest >= NS_PER_S / 400);
	}
}

static void one_that_failed_comes_again_before_it_lapses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(periods); i++)
		assert_true(periods[i].period_ns + 3 * lease_retry_ns(periods[i].length_ns) < periods[i].length_ns);
}

static void it_is_whole_until_it_lapses_or_is_fenced(void **state)
{
	const struct lease lease = {.held = true, .renewed_boot_ns = 100, .length_ns = 2 * NS_PER_S, .epoch = 3};

	(void)state;
	assert_true(lease_is_whole(&lease, 3, 99 + 2 * NS_PER_S));
	assert_false(lease_is_whole(&lease, 3, 100 + 2 * NS_PER_S));
	assert_false(lease_is_whole(&lease, 4, 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_renewed_twice_in_its_course),
		cmocka_unit_test(those_that_go_together_meet),
		cmocka_unit_test(it_lapses_in_time_however_many_there_are),
		cmocka_unit_test(many_are_spread_evenly),
		cmocka_unit_test(one_that_failed_comes_again_before_it_lapses),
		cmocka_unit_test(it_is_whole_until_it_lapses_or_is_fenced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
