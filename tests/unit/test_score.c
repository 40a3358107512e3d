/* SPDX-License-Identifier: MIT */
#include "lbd/score.h"

#include "tests/unit/unit.h"

/* Results are read from left to right, `+` and `-`, `!` for something else that is checked from now on; the health
 * after each stands below it: u(p), d(own). */
static const struct {
	const char *results;
	const char *health;
	unsigned rise;
	unsigned fall;
} cases[] = {
	{"+", "u", 2, 3},
	{"-", "d", 2, 3},
	{"+---+", "uuudd", 2, 3},
	{"+--+--+---", "uuuuuuuuud", 2, 3},
	{"-+-++-", "ddddud", 2, 1},
	{"-+", "du", 1, 1},
	{"+!-", "uud", 2, 3},
	{"--!+-", "dddud", 2, 1},
	{"+--!+--", "uuuuuuu", 2, 3},
	{"+!+-", "uuuu", 2, 3},
	{"!-", "?d", 2, 3},
	{"++--++++", "uuuddddu", 4, 2},
};

static void results_make_health(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct score score = {0};

		for (const char *result = cases[i].results, *health = cases[i].health; *result != '\0';
			result++, health++) {
			enum health before = score.health;
			bool changed = false;

			if (*result == '!')
				score_begin_anew(&score);
			else
				changed = score_step(&score, cases[i].rise, cases[i].fall, *result == '+');
			assert_int_equal(score.health, *health == 'u'   ? HEALTH_UP
						       : *health == 'd' ? HEALTH_DOWN
									: HEALTH_UNKNOWN);
			assert_int_equal(changed, before != score.health);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_make_health),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
