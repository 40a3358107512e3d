/* SPDX-License-Identifier: MIT */
#include "lbd/split.h"

#include "common/pure/hash.h"
#include "tests/unit/unit.h"

#include <math.h>

#define DRAWS 200000
#define SIDES 3

static struct split split_of(struct split_side sides[static SIDES], const unsigned parts[static SIDES])
{
	static const char *const names[SIDES] = {"blue", "green", "red"};
	struct split split = {.sides = sides};

	for (uint32_t i = 0; i < SIDES; i++) {
		if (parts[i] > 0)
			sides[split.count++] = (struct split_side){hash_text(names[i]), i, parts[i]};
	}
	return split;
}

static uint64_t number_of(unsigned i)
{
	return hash_add(1, i);
}

/* Five standard deviations of a binomial share. */
static double tolerance(double share)
{
	return 5 * sqrt(share * (1 - share) / DRAWS);
}

static const unsigned rows[][SIDES] = {
	{100, 0, 0},
	{0, 7, 0},
	{90, 10, 0},
	{99, 0, 1},
	{1, 1, 1},
	{1000, 1, 0},
	{50, 30, 20},
	{1, 0, 0},
};

static void each_side_gets_its_share(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct split_side sides[SIDES];
		struct split split = split_of(sides, rows[i]);
		unsigned counts[SIDES] = {0}, sum = rows[i][0] + rows[i][1] + rows[i][2];

		for (unsigned j = 0; j < DRAWS; j++)
			counts[split_draw(&split, number_of(j))]++;
		for (size_t j = 0; j < SIDES; j++) {
			double wanted = (double)rows[i][j] / sum, got = (double)counts[j] / DRAWS;

			if (fabs(got - wanted) > tolerance(wanted))
				fail_msg("row %zu: side %zu got %f, not %f", i, j, got, wanted);
		}
	}
}

/* What moves, as a share of all, and where to; nothing moves elsewhere. */
static const struct {
	unsigned before[SIDES], after[SIDES];
	double moved;
	int only_to;   /* a side; -1: any */
	int only_from; /* the same */
} moves[] = {
	{{90, 10, 0}, {80, 20, 0}, 0.1, 1, 0},
	{{100, 0, 0}, {99, 1, 0}, 0.01, 1, 0},
	{{99, 1, 0}, {100, 0, 0}, 0.01, 0, 1},
	{{90, 10, 0}, {0, 100, 0}, 0.9, 1, 0},
	/* The same shares in other parts. */
	{{90, 10, 0}, {9, 1, 0}, 0, -1, -1},
	/* One grows: it takes from both. 20 of 100 and then 45 of 125. */
	{{50, 30, 20}, {50, 30, 45}, 0.16, 2, -1},
	/* One goes. */
	{{50, 30, 20}, {50, 30, 0}, 0.2, -1, 2},
};

static void growing_moves_only_the_difference(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
		struct split_side sides[2][SIDES];
		struct split before = split_of(sides[0], moves[i].before), after = split_of(sides[1], moves[i].after);
		unsigned moved = 0;

		for (unsigned j = 0; j < DRAWS; j++) {
			uint32_t from = split_draw(&before, number_of(j)), to = split_draw(&after, number_of(j));

			if (from == to)
				continue;
			moved++;
			assert_true(moves[i].only_to < 0 || (int)to == moves[i].only_to);
			assert_true(moves[i].only_from < 0 || (int)from == moves[i].only_from);
		}
		if (fabs((double)moved / DRAWS - moves[i].moved) > tolerance(moves[i].moved))
			fail_msg("row %zu: %u of %u moved", i, moved, DRAWS);
	}
}

static void the_order_of_the_sides_does_not_matter(void **state)
{
	struct split_side sides[SIDES], turned[SIDES];
	struct split split = split_of(sides, (const unsigned[]){50, 30, 20});
	struct split other = {.sides = turned, .count = SIDES};

	(void)state;
	for (size_t i = 0; i < SIDES; i++)
		turned[i] = sides[SIDES - 1 - i];
	for (unsigned j = 0; j < 1000; j++)
		assert_int_equal(split_draw(&split, number_of(j)), split_draw(&other, number_of(j)));
}

/* Numbers next to each other, and those whose upper or lower bits are all alike: hashes are not always good. */
static void poor_numbers_are_drawn_well(void **state)
{
	struct split_side sides[SIDES];
	struct split split = split_of(sides, (const unsigned[]){50, 50, 0});
	unsigned counts[2][SIDES] = {{0}};

	(void)state;
	for (uint64_t j = 0; j < DRAWS; j++) {
		counts[0][split_draw(&split, j)]++;
		counts[1][split_draw(&split, j << 40)]++;
	}
	for (size_t i = 0; i < 2; i++)
		assert_true(fabs((double)counts[i][0] / DRAWS - 0.5) < tolerance(0.5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_side_gets_its_share),
		cmocka_unit_test(growing_moves_only_the_difference),
		cmocka_unit_test(the_order_of_the_sides_does_not_matter),
		cmocka_unit_test(poor_numbers_are_drawn_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
