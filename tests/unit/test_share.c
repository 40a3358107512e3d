/* SPDX-License-Identifier: MIT */
#include "lbd/share.h"

#include "tests/unit/unit.h"

#define AT(ms) ((struct mono){(ms)*NS_PER_MS})

static const struct {
	unsigned weight;
	int64_t slow_start_ms;
	struct mono since;
	struct mono now;
	unsigned share;
	struct mono next;
} cases[] = {
	/* Without a slow start, and warm from the start. */
	{100, 0, AT(5), AT(5), 100, MONO_NEVER},
	{100, 10000, MONO_NEVER, AT(5), 100, MONO_NEVER},
	/* Twenty steps. */
	{100, 10000, AT(1000), AT(1000), 2, AT(1500)},
	{100, 10000, AT(1000), AT(1499), 2, AT(1500)},
	{100, 10000, AT(1000), AT(1500), 7, AT(2000)},
	{100, 10000, AT(1000), AT(6000), 52, AT(6500)},
	{100, 10000, AT(1000), AT(10999), 97, AT(11000)},
	{100, 10000, AT(1000), AT(11000), 100, MONO_NEVER},
	{100, 10000, AT(1000), AT(99999), 100, MONO_NEVER},
	/* Small weights are never nothing, and none stays none. */
	{1, 1000, AT(0), AT(0), 1, AT(50)},
	{5, 1000, AT(0), AT(100), 1, AT(150)},
	{0, 1000, AT(0), AT(0), 0, AT(50)},
	{256, 24 * 3600 * 1000, AT(0), AT(24 * 3600 * 1000 - 1), 249, AT(24 * 3600 * 1000)},
};

static void shares_grow_in_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t slow_start_ns = cases[i].slow_start_ms * NS_PER_MS;

		assert_int_equal(
			share_at(cases[i].weight, slow_start_ns, cases[i].since, cases[i].now), cases[i].share);
		assert_int_equal(share_next_step(slow_start_ns, cases[i].since, cases[i].now).ns, cases[i].next.ns);
	}
}

static void on_the_way_is_half_of_all(void **state)
{
	uint64_t sum = 0;

	(void)state;
	for (int64_t ms = 0; ms < 1000; ms++)
		sum += share_at(200, NS_PER_S, AT(0), AT(ms));
	assert_in_range(sum, 99 * 1000, 101 * 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_grow_in_steps),
		cmocka_unit_test(on_the_way_is_half_of_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
