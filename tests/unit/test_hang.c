/* SPDX-License-Identifier: MIT */
#include "vrrpd/hang.h"

#include "tests/unit/unit.h"

/* Each row: so many looks, so far apart, with these loops beating at each; and whether some loop hangs after the last.
 */
struct row {
	unsigned looks;
	int64_t apart_ms;
	unsigned beating; /* a bit each */
	unsigned loops;
	bool hangs;
};

#define ALL 7

static const struct row beating_is_alive[] = {{1, 25, 0, 3, false}, {1000, 25, ALL, 3, false}, {0}};
static const struct row all_stand_still[] = {
	{1, 25, 0, 3, false}, {40, 25, ALL, 3, false}, {9, 25, 0, 3, false}, {1, 25, 0, 3, true}, {0}};
static const struct row one_of_three_stands_still[] = {
	{5, 25, ALL, 3, false}, {9, 25, 3, 3, false}, {1, 25, 3, 3, true}, {0}};
static const struct row the_first_of_three_stands_still[] = {
	{5, 25, ALL, 3, false}, {9, 25, 6, 3, false}, {1, 25, 6, 3, true}, {0}};
static const struct row it_goes_on[] = {
	{5, 25, ALL, 3, false}, {20, 25, 0, 3, true}, {1, 25, ALL, 3, false}, {9, 25, 0, 3, false}, {0}};
static const struct row it_goes_on_in_time[] = {
	{5, 25, ALL, 3, false}, {9, 25, 0, 3, false}, {1, 25, ALL, 3, false}, {9, 25, 0, 3, false}, {0}};
/* Looks that come a little late still count in full. */
static const struct row somewhat_late[] = {{5, 25, ALL, 3, false}, {5, 45, 0, 3, false}, {1, 45, 0, 3, true}, {0}};
/* The machine was paused: lbd gets its own time. */
static const struct row a_pause_says_nothing[] = {{5, 25, ALL, 3, false}, {9, 25, 0, 3, false}, {3, 10000, 0, 3, false},
	{1, 50, 0, 3, false}, {1, 25, 0, 3, true}, {0}};
static const struct row a_beat_in_a_pause_counts[] = {
	{5, 25, ALL, 3, false}, {9, 25, 0, 3, false}, {1, 10000, ALL, 3, false}, {9, 25, 0, 3, false}, {0}};
/* Another number of loops is another lbd. */
static const struct row other_loops_begin_anew[] = {
	{5, 25, ALL, 3, false}, {9, 25, 0, 3, false}, {10, 25, 0, 2, false}, {1, 25, 0, 2, true}, {0}};
/* A page that was cut short has none: the lock, not the counters, says that lbd has gone. */
static const struct row no_loops[] = {{100, 25, 0, 0, false}, {0}};
/* More often than asked for: time counts, not looks. */
static const struct row eager_looks[] = {{5, 25, ALL, 3, false}, {249, 1, 0, 3, false}, {1, 1, 0, 3, true}, {0}};

static const struct row *const stories[] = {
	beating_is_alive,
	all_stand_still,
	one_of_three_stands_still,
	the_first_of_three_stands_still,
	it_goes_on,
	it_goes_on_in_time,
	somewhat_late,
	a_pause_says_nothing,
	a_beat_in_a_pause_counts,
	other_loops_begin_anew,
	no_loops,
	eager_looks,
};

static void stories_end_as_told(void **state)
{
	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(stories); s++) {
		struct hang hang = {0};
		struct liveness_state live = {0};
		struct mono now = {NS_PER_S};

		for (const struct row *row = stories[s]; row->looks > 0; row++) {
			bool hangs = false;

			live.loops = row->loops;
			for (unsigned look = 0; look < row->looks; look++) {
				now = mono_add(now, row->apart_ms * NS_PER_MS);
				for (unsigned i = 0; i < row->loops; i++)
					live.beats[i] += row->beating >> i & 1;
				hangs = hang_sample(&hang, &live, now);
			}
			if (hangs != row->hangs)
				fail_msg("story %zu, row %td: %d", s, row - stories[s], hangs);
		}
	}
}

static void a_reset_begins_anew(void **state)
{
	struct hang hang = {0};
	struct liveness_state live = {.loops = LIVENESS_LOOPS_MAX};
	struct mono now = {0};

	(void)state;
	for (unsigned i = 0; i <= 10; i++, now = mono_add(now, HANG_SAMPLE_NS))
		assert_int_equal(hang_sample(&hang, &live, now), i == 10);
	hang_reset(&hang);
	for (unsigned i = 0; i <= 10; i++, now = mono_add(now, HANG_SAMPLE_NS))
		assert_int_equal(hang_sample(&hang, &live, now), i == 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stories_end_as_told),
		cmocka_unit_test(a_reset_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
