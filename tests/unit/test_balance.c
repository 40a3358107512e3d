/* SPDX-License-Identifier: MIT */
/* What every balancing algorithm owes, asked of each row of the table; then what is round robin's own. */
#include "lbd/balance.h"

#include "tests/unit/unit.h"

#include <string.h>

#define SERVERS 7

static const struct balance_query any_server = {0};

static void *new_state(const struct balance_ops *ops, const struct balance_server *servers, size_t count, uint32_t seed)
{
	void *state = malloc(ops->state_size(count));

	assert_non_null(state);
	memset(state, 0xa5, ops->state_size(count));
	ops->init(state, count, seed);
	ops->update(state, servers, count);
	return state;
}

static void nothing_usable_gives_none(const struct balance_ops *ops)
{
	static const struct balance_server servers[] = {{100, false}, {0, true}, {0, false}};

	for (size_t count = 0; count <= ARRAY_LEN(servers); count++) {
		AUTO_FREE void *state = new_state(ops, servers, count, 1);

		assert_true(ops->pick(state, &any_server) == BALANCE_NONE);
	}
}

static void only_usable_servers_are_picked(const struct balance_ops *ops)
{
	for (unsigned mask = 1; mask < 1u << SERVERS; mask++) {
		struct balance_server servers[SERVERS];
		AUTO_FREE void *state = NULL;

		for (size_t i = 0; i < SERVERS; i++)
			servers[i] = (struct balance_server){.weight = i == 3 ? 0 : 10, .usable = mask >> i & 1};
		state = new_state(ops, servers, SERVERS, mask);
		for (size_t i = 0; i < 50; i++) {
			size_t place = ops->pick(state, &any_server);

			if (mask == 1u << 3) {
				assert_true(place == BALANCE_NONE);
				continue;
			}
			assert_true(place < SERVERS);
			assert_true(servers[place].usable && servers[place].weight > 0);
		}
	}
}

static void the_excluded_are_passed_over(const struct balance_ops *ops)
{
	static const struct balance_server servers[] = {{1, true}, {256, true}, {3, true}, {9, false}, {5, true}};
	AUTO_FREE void *state = new_state(ops, servers, ARRAY_LEN(servers), 5);

	for (unsigned mask = 0; mask < 1u << ARRAY_LEN(servers); mask++) {
		uint32_t excluded[ARRAY_LEN(servers)];
		struct balance_query query = {.excluded = excluded};
		bool all = true;

		for (uint32_t i = 0; i < ARRAY_LEN(servers); i++) {
			if (mask >> i & 1)
				excluded[query.excluded_count++] = i;
			else
				all &= !servers[i].usable;
		}
		for (size_t i = 0; i < 20; i++) {
			size_t place = ops->pick(state, &query);

			if (all) {
				assert_true(place == BALANCE_NONE);
				continue;
			}
			assert_true(place < ARRAY_LEN(servers) && servers[place].usable);
			assert_false(mask >> place & 1);
		}
	}
}

static void a_server_that_comes_back_takes_part(const struct balance_ops *ops)
{
	struct balance_server servers[] = {{10, true}, {10, false}};
	AUTO_FREE void *state = new_state(ops, servers, 2, 3);
	size_t counts[2] = {0};

	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(ops->pick(state, &any_server), 0);
	servers[1].usable = true;
	ops->update(state, servers, 2);
	for (size_t i = 0; i < 100; i++)
		counts[ops->pick(state, &any_server)]++;
	/* It neither makes up for what it missed nor waits for it. */
	assert_in_range(counts[1], 48, 52);
}

static void each_row_keeps_the_contract(void **state)
{
	(void)state;
	for (size_t i = 0; i < BALANCE_COUNT; i++) {
		assert_non_null(balance_table[i]->name);
		nothing_usable_gives_none(balance_table[i]);
		only_usable_servers_are_picked(balance_table[i]);
		the_excluded_are_passed_over(balance_table[i]);
		a_server_that_comes_back_takes_part(balance_table[i]);
	}
}

static void shares_follow_the_weights_at_every_moment(void **test_state)
{
	static const struct balance_server servers[] = {{5, true}, {1, true}, {256, true}, {100, true}, {38, true}};
	const size_t total = 400;

	(void)test_state;
	for (uint32_t seed = 0; seed < 50; seed++) {
		AUTO_FREE void *state = new_state(&balance_round_robin, servers, ARRAY_LEN(servers), seed);
		size_t counts[ARRAY_LEN(servers)] = {0};

		for (size_t n = 1; n <= 10 * total; n++) {
			counts[balance_round_robin.pick(state, &any_server)]++;
			for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
				double fair = (double)n * servers[i].weight / (double)total;

				assert_true((double)counts[i] > fair - 3 && (double)counts[i] < fair + 3);
			}
		}
	}
}

static void workers_begin_with_different_servers(void **test_state)
{
	static const struct balance_server servers[] = {{100, true}, {100, true}, {100, true}};
	size_t first[3] = {0};

	(void)test_state;
	for (uint32_t seed = 0; seed < 300; seed++) {
		AUTO_FREE void *state = new_state(&balance_round_robin, servers, ARRAY_LEN(servers), seed);

		first[balance_round_robin.pick(state, &any_server)]++;
	}
	for (size_t i = 0; i < 3; i++)
		assert_in_range(first[i], 60, 140);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_keeps_the_contract),
		cmocka_unit_test(shares_follow_the_weights_at_every_moment),
		cmocka_unit_test(workers_begin_with_different_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
