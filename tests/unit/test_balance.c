/* SPDX-License-Identifier: MIT */
/* What every balancing algorithm owes, asked of each row of the table; then what is each one's own. */
#include "lbd/balance.h"

#include "common/pure/hash.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define SERVERS_MAX 1000
#define WORKERS 4

/* A pool with its workers, as snapshots and pickers would have it. */
struct bench {
	const struct balance_ops *ops;
	struct balance_server servers[SERVERS_MAX];
	uint32_t ends[SERVERS_MAX];
	uint64_t active[SERVERS_MAX / 64 + 1];
	struct board board;
	struct board_pool *on_board;
	uint32_t limits[SERVERS_MAX];
	struct balance_pool pool;
	void *states[WORKERS];
	uint64_t sources;
};

static void bench_shares(struct bench *bench)
{
	uint32_t end = 0;

	memset(bench->active, 0, sizeof bench->active);
	for (size_t i = 0; i < bench->pool.count; i++) {
		bench->ends[i] = end += bench->servers[i].share;
		if (bench->servers[i].share > 0)
			bench->active[i / 64] |= UINT64_C(1) << i % 64;
	}
	for (size_t i = 0; bench->ops->update != NULL && i < WORKERS; i++)
		bench->ops->update(bench->states[i], &bench->pool);
}

static void bench_share(struct bench *bench, size_t place, unsigned share)
{
	bench->servers[place].share = share;
	bench_shares(bench);
}

/* As bench->limits has them from now on. */
static void bench_limits(struct bench *bench)
{
	uint32_t servers[SERVERS_MAX];

	for (uint32_t i = 0; i < SERVERS_MAX; i++)
		servers[i] = i;
	board_pool_unref(bench->on_board);
	assert_int_equal(
		board_pool_new(&bench->board, 0, servers, bench->limits, bench->pool.count, &bench->on_board), 0);
}

/* All servers are up; those of `weights`, or `count` equal ones. */
static struct bench *bench_new(const struct balance_ops *ops, const unsigned *weights, size_t count, uint32_t seed)
{
	size_t size = MAX(ops->state_size(count), (size_t)1);
	struct bench *bench = aligned_alloc(_Alignof(struct bench), sizeof *bench);
	char name[32];

	assert_non_null(bench);
	memset(bench, 0, sizeof *bench);
	bench->ops = ops;
	for (size_t i = 0; i < count; i++) {
		snprintf(name, sizeof name, "app%zu", i);
		bench->servers[i] = (struct balance_server){.key = hash_text(name)};
		bench->servers[i].weight = bench->servers[i].share = weights != NULL ? weights[i] : 100;
	}
	bench->pool = (struct balance_pool){.servers = bench->servers, .count = count, .active = bench->active};
	board_init(&bench->board);
	assert_int_equal(board_reserve(&bench->board, &(struct board_size){0, 1, count}), 0);
	bench_limits(bench);
	bench->pool.lots = (struct lots){.ends = bench->ends, .count = count};
	assert_int_equal(balance_plan_new(ops, bench->servers, count, &bench->pool.plan), 0);
	for (uint32_t i = 0; i < WORKERS; i++) {
		bench->states[i] = malloc(size);
		assert_non_null(bench->states[i]);
		memset(bench->states[i], 0xa5, size);
		ops->init(bench->states[i], count, seed + i);
	}
	bench_shares(bench);
	return bench;
}

static void bench_free(struct bench **bench)
{
	if (*bench == NULL)
		return;
	balance_plan_unref((*bench)->pool.plan);
	for (size_t i = 0; i < WORKERS; i++)
		free((*bench)->states[i]);
	board_pool_unref((*bench)->on_board);
	board_free(&(*bench)->board);
	free(*bench);
}
#define AUTO_BENCH AUTO(bench_free) struct bench

static size_t ask(struct bench *bench, size_t worker, struct balance_query query)
{
	query.board = bench->on_board->servers;
	query.full = bench->on_board->full;
	return bench->ops->pick(bench->states[worker], &bench->pool, &query);
}

static bool take(struct bench *bench, size_t place)
{
	struct board_place at = board_place(bench->on_board, place);

	return board_enter(&at);
}

static void give(struct bench *bench, size_t place)
{
	struct board_place at = board_place(bench->on_board, place);

	board_leave(&at);
}

/* A connection from a source that was not there before, which stays. */
static size_t enter(struct bench *bench, size_t worker)
{
	size_t place = ask(bench, worker, (struct balance_query){.source = hash_mix(++bench->sources)});

	/* Nobody else is there who could have taken the last. */
	assert_true(place == BALANCE_NONE || take(bench, place));
	return place;
}

static void leave(struct bench *bench, size_t worker, size_t place)
{
	give(bench, place);
	if (bench->ops->changed != NULL)
		bench->ops->changed(bench->states[worker], &bench->pool, bench->on_board->servers, place);
}

/* One that ends at once. */
static size_t visit(struct bench *bench, size_t worker)
{
	size_t place = enter(bench, worker);

	if (place != BALANCE_NONE)
		leave(bench, worker, place);
	return place;
}

/* The contract. */

static void without_shares_it_is_none(const struct balance_ops *ops)
{
	static const unsigned weights[] = {100, 0, 256};

	for (size_t count = 0; count <= ARRAY_LEN(weights); count++) {
		AUTO_BENCH *bench = bench_new(ops, weights, count, 1);

		for (size_t i = 0; i < count; i++)
			bench_share(bench, i, 0);
		assert_true(visit(bench, 0) == BALANCE_NONE);
	}
	/* And where the configuration gives none. */
	for (size_t count = 1; count <= 2; count++) {
		AUTO_BENCH *bench = bench_new(ops, (const unsigned[]){0, 0}, count, 1);

		assert_true(visit(bench, 0) == BALANCE_NONE);
	}
}

static void only_servers_with_a_share_are_picked(const struct balance_ops *ops)
{
	static const unsigned weights[] = {10, 10, 10, 0, 10, 1, 256};

	for (unsigned mask = 1; mask < 1u << ARRAY_LEN(weights); mask++) {
		AUTO_BENCH *bench = bench_new(ops, weights, ARRAY_LEN(weights), mask);

		for (size_t i = 0; i < ARRAY_LEN(weights); i++)
			bench->servers[i].share = mask >> i & 1 ? weights[i] : 0;
		bench_shares(bench);
		for (size_t i = 0; i < 50; i++) {
			size_t place = visit(bench, 0);

			if (mask == 1u << 3) {
				assert_true(place == BALANCE_NONE);
				continue;
			}
			assert_true(place < ARRAY_LEN(weights));
			assert_true(bench->servers[place].share > 0);
		}
	}
}

static void one_of_very_many_is_found(const struct balance_ops *ops)
{
	AUTO_BENCH *bench = bench_new(ops, NULL, SERVERS_MAX, 1);

	for (size_t i = 0; i < SERVERS_MAX; i++)
		bench->servers[i].share = i == 777 ? 1 : 0;
	bench_shares(bench);
	for (size_t i = 0; i < 50; i++)
		assert_int_equal(visit(bench, 0), 777);
}

static void the_excluded_are_passed_over(const struct balance_ops *ops)
{
	static const unsigned weights[] = {1, 256, 3, 9, 5};
	AUTO_BENCH *bench = bench_new(ops, weights, ARRAY_LEN(weights), 5);

	bench_share(bench, 3, 0);
	for (unsigned mask = 0; mask < 1u << ARRAY_LEN(weights); mask++) {
		uint32_t excluded[ARRAY_LEN(weights)];
		struct balance_query query = {.excluded = excluded};
		bool all = true;

		for (uint32_t i = 0; i < ARRAY_LEN(weights); i++) {
			if (mask >> i & 1)
				excluded[query.excluded_count++] = i;
			else
				all &= bench->servers[i].share == 0;
		}
		for (size_t i = 0; i < 20; i++) {
			size_t place;

			query.source = hash_mix(i);
			place = ask(bench, 0, query);
			if (all) {
				assert_true(place == BALANCE_NONE);
				continue;
			}
			assert_true(place < ARRAY_LEN(weights) && bench->servers[place].share > 0);
			assert_false(mask >> place & 1);
		}
	}
}

static void assert_share(size_t count, size_t total, double share)
{
	double expected = (double)total * share, off = (double)count - expected;

	/* Five standard deviations, squared. */
	if (off * off > 25 * expected * (1 - share) + 4)
		fail_msg("%zu of %zu, and %.1f were its due", count, total, expected);
}

/* Connections that end at once, and such as stay, dealt by several workers. */
static void shares_follow_the_weights(const struct balance_ops *ops)
{
	static const unsigned weights[] = {5, 1, 256, 0, 100, 38};
	const size_t total = 40000;

	for (int stay = 0; stay < 2; stay++) {
		AUTO_BENCH *bench = bench_new(ops, weights, ARRAY_LEN(weights), 7);
		size_t counts[ARRAY_LEN(weights)] = {0};

		for (size_t i = 0; i < total; i++)
			counts[stay ? enter(bench, i % WORKERS) : visit(bench, i % WORKERS)]++;
		for (size_t i = 0; i < ARRAY_LEN(weights); i++)
			assert_share(counts[i], total, weights[i] / 400.0);
	}
}

static void a_server_that_comes_back_takes_part(const struct balance_ops *ops)
{
	AUTO_BENCH *bench = bench_new(ops, NULL, 2, 3);
	size_t counts[2] = {0};

	bench_share(bench, 1, 0);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(visit(bench, 0), 0);
	bench_share(bench, 1, 100);
	for (size_t i = 0; i < 1000; i++)
		counts[visit(bench, 0)]++;
	/* It neither makes up for what it missed nor waits for it. */
	assert_share(counts[1], 1000, 0.5);
}

static void a_smaller_share_is_kept_to(const struct balance_ops *ops)
{
	AUTO_BENCH *bench = bench_new(ops, NULL, 3, 3);
	size_t counts[3] = {0};

	bench_share(bench, 1, 50);
	for (size_t i = 0; i < 10000; i++)
		counts[visit(bench, 0)]++;
	/* What it does not get is dealt out anew, a part of it to itself where it goes by the source. */
	assert_in_range(counts[1], 1600, 2100);
}

static void by_source_it_is_always_the_same(const struct balance_ops *ops)
{
	static const unsigned weights[] = {5, 1, 256, 0, 100, 38};
	AUTO_BENCH *one = bench_new(ops, weights, ARRAY_LEN(weights), 1);
	AUTO_BENCH *other = bench_new(ops, weights, ARRAY_LEN(weights), 99);

	if (!ops->by_source)
		return;
	assert_true(one->pool.plan->digest == other->pool.plan->digest);
	for (uint64_t i = 0; i < 1000; i++) {
		struct balance_query query = {.source = hash_mix(i)};
		size_t place = ask(one, 0, query);

		assert_int_equal(ask(one, 0, query), place);
		assert_int_equal(ask(one, 1, query), place);
		assert_int_equal(ask(other, 0, query), place);
	}
}

/* Of a server that goes down only its own sources move, to all others, and they come back with it, bit by bit. */
static void by_source_only_those_move_that_must(const struct balance_ops *ops)
{
	AUTO_BENCH *bench = bench_new(ops, NULL, 10, 1);
	size_t before[5000], during[5000], moved_to[10] = {0};

	if (!ops->by_source)
		return;
	for (uint64_t i = 0; i < ARRAY_LEN(before); i++)
		before[i] = ask(bench, 0, (struct balance_query){.source = hash_mix(i)});
	bench_share(bench, 4, 0);
	for (uint64_t i = 0; i < ARRAY_LEN(before); i++) {
		during[i] = ask(bench, 0, (struct balance_query){.source = hash_mix(i)});
		assert_true(before[i] == 4 ? during[i] != 4 : during[i] == before[i]);
		moved_to[during[i]] += before[i] == 4;
	}
	for (size_t i = 0; i < 10; i++)
		assert_in_range(moved_to[i], i == 4 ? 0 : 25, i == 4 ? 0 : 100);
	for (unsigned share = 1; share <= 100; share += 33) {
		size_t back = 0, all = 0;

		bench_share(bench, 4, share);
		for (uint64_t i = 0; i < ARRAY_LEN(before); i++) {
			size_t place = ask(bench, 0, (struct balance_query){.source = hash_mix(i)});

			assert_true(place == during[i] || (place == 4 && before[i] == 4));
			during[i] = place;
			all += before[i] == 4;
			back += place == 4;
		}
		assert_share(back, all, share / 100.0);
	}
	assert_memory_equal(during, before, sizeof before);
}

/* In any order of comings and goings a server with room is found as long as there is one, and no other. */
static void the_full_are_passed_over(const struct balance_ops *ops)
{
	enum { COUNT = 130, OPEN = COUNT * 2 };
	AUTO_BENCH *bench = bench_new(ops, NULL, COUNT, 1);
	size_t places[OPEN], gone[10], room = 0;
	uint64_t random = 1;

	for (size_t i = 0; i < COUNT; i++)
		room += bench->limits[i] = i % 4;
	bench_limits(bench);
	/* One in four has no limit; without it there is room for 1, 2 and 3 at those that have. */
	for (size_t i = 0; i < COUNT; i += 4)
		bench_share(bench, i, 0);
	for (size_t i = 0; i < room; i++)
		assert_true((places[i] = enter(bench, i % WORKERS)) < COUNT);
	for (size_t round = 0; round < 300; round++) {
		size_t leavers = 1 + hash_below(hash_next(&random), ARRAY_LEN(gone));

		assert_true(enter(bench, round % WORKERS) == BALANCE_NONE);
		for (size_t i = 0; i < leavers; i++) {
			gone[i] = hash_below(hash_next(&random), (uint32_t)room);
			if (places[gone[i]] != BALANCE_NONE)
				leave(bench, (round + i) % WORKERS, places[gone[i]]);
			places[gone[i]] = BALANCE_NONE;
		}
		for (size_t i = 0; i < leavers; i++) {
			if (places[gone[i]] == BALANCE_NONE)
				assert_true((places[gone[i]] = enter(bench, (round + 2 * i) % WORKERS)) < COUNT);
		}
	}
}

static void by_source_the_next_in_order_steps_in(const struct balance_ops *ops)
{
	AUTO_BENCH *bench = bench_new(ops, NULL, 10, 1);
	size_t full, down;

	if (!ops->by_source)
		return;
	for (uint64_t i = 0; i < 500; i++) {
		struct balance_query query = {.source = hash_mix(i)};
		size_t first = ask(bench, 0, query);

		bench->limits[first] = 1;
		bench_limits(bench);
		assert_true(take(bench, first));
		full = ask(bench, 0, query);
		give(bench, first);
		bench->limits[first] = 0;
		bench_limits(bench);
		bench_share(bench, first, 0);
		down = ask(bench, 0, query);
		bench_share(bench, first, 100);
		/* The same as when it is down. */
		assert_int_not_equal(full, first);
		assert_int_equal(full, down);
		assert_int_equal(ask(bench, 0, query), first);
	}
}

static void each_row_keeps_the_contract(void **state)
{
	(void)state;
	for (size_t i = 0; i < BALANCE_COUNT; i++) {
		const struct balance_ops *ops = balance_table[i];

		assert_non_null(ops->name);
		assert_true((ops->plan == NULL) == (ops->plan_size == NULL));
		without_shares_it_is_none(ops);
		only_servers_with_a_share_are_picked(ops);
		one_of_very_many_is_found(ops);
		the_excluded_are_passed_over(ops);
		shares_follow_the_weights(ops);
		a_server_that_comes_back_takes_part(ops);
		a_smaller_share_is_kept_to(ops);
		the_full_are_passed_over(ops);
		by_source_the_next_in_order_steps_in(ops);
		by_source_it_is_always_the_same(ops);
		by_source_only_those_move_that_must(ops);
	}
}

/* Round robin. */

static void shares_follow_the_weights_at_every_moment(void **state)
{
	static const unsigned weights[] = {5, 1, 256, 100, 38};
	static const struct balance_ops *const rows[] = {&balance_round_robin, &balance_least_connections};
	const size_t total = 400;

	(void)state;
	for (uint32_t seed = 0; seed < 50; seed++) {
		AUTO_BENCH *bench = bench_new(rows[seed % 2], weights, ARRAY_LEN(weights), seed);
		size_t counts[ARRAY_LEN(weights)] = {0};

		for (size_t n = 1; n <= 10 * total; n++) {
			counts[visit(bench, 0)]++;
			for (size_t i = 0; i < ARRAY_LEN(weights); i++) {
				double fair = (double)n * weights[i] / (double)total;

				assert_true((double)counts[i] > fair - 3 && (double)counts[i] < fair + 3);
			}
		}
	}
}

static void workers_begin_with_different_servers(void **state)
{
	size_t first[3] = {0};

	(void)state;
	for (uint32_t seed = 0; seed < 300; seed++) {
		AUTO_BENCH *bench = bench_new(&balance_round_robin, NULL, 3, seed);
		size_t place = visit(bench, 0);

		if (place >= ARRAY_LEN(first)) {
			fail_msg("seed %u: no server was chosen", seed);
			return;
		}
		first[place]++;
	}
	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		assert_in_range(first[i], 60, 140);
}

/* Least connections and random two. */

static uint32_t highest(const struct bench *bench, uint32_t *ret_lowest)
{
	uint32_t most = 0;

	*ret_lowest = UINT32_MAX;
	for (size_t i = 0; i < bench->pool.count; i++) {
		most = MAX(most, board_open(board_server(&bench->board, (uint32_t)i)));
		*ret_lowest = MIN(*ret_lowest, board_open(board_server(&bench->board, (uint32_t)i)));
	}
	return most;
}

/* So few connections that each worker by itself would have nearly none. */
static void few_connections_of_several_workers_are_spread(void **state)
{
	AUTO_BENCH *bench = bench_new(&balance_least_connections, NULL, 8, 0);
	AUTO_BENCH *same = bench_new(&balance_least_connections, NULL, 8, 0);
	uint32_t lowest;

	(void)state;
	for (size_t i = 0; i < 8; i++)
		assert_true(enter(bench, i % WORKERS) < 8);
	assert_int_equal(highest(bench, &lowest), 1);
	/* Also where all workers begin alike. */
	for (size_t i = 0; i < WORKERS; i++)
		balance_least_connections.init(same->states[i], 8, 0);
	bench_shares(same);
	for (size_t i = 0; i < 24; i++)
		assert_true(enter(same, i % WORKERS) < 8);
	assert_int_equal(highest(same, &lowest), 3);
	assert_int_equal(lowest, 3);
}

static void least_connections_sees_what_others_left(void **state)
{
	AUTO_BENCH *bench = bench_new(&balance_least_connections, NULL, 100, 0);
	size_t emptied = 0;

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		assert_true(enter(bench, 1) < 100);
	/* All of one server's connections end, of which nobody tells the worker. */
	while (board_open(board_server(&bench->board, 42)) > 0)
		give(bench, 42);
	for (size_t i = 0; i < 30; i++)
		emptied += enter(bench, 1) == 42;
	assert_in_range(emptied, 5, 11);
}

static void least_connections_sees_what_others_entered(void **state)
{
	AUTO_BENCH *bench = bench_new(&balance_least_connections, NULL, 100, 0);
	size_t light = 0;

	(void)state;
	for (size_t i = 0; i < 90 * 50; i++)
		assert_true(take(bench, i / 50));
	for (size_t i = 0; i < 50; i++)
		light += enter(bench, 0) >= 90;
	assert_in_range(light, 46, 50);
}

static void least_connections_knows_what_it_left(void **state)
{
	AUTO_BENCH *bench = bench_new(&balance_least_connections, NULL, 1000, 0);

	(void)state;
	for (size_t i = 0; i < 10000; i++)
		assert_true(enter(bench, 0) < 1000);
	for (size_t i = 0; i < 5; i++)
		leave(bench, 0, 421);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(enter(bench, 0), 421);
	assert_int_not_equal(enter(bench, 0), 421);
}

static void lots_fall_where_the_weights_are(void **state)
{
	static const uint32_t ends[] = {0, 1, 1, 4, 4};
	static const size_t drawn[] = {1, 3, 3, 3};
	const struct lots lots = {.ends = ends, .count = ARRAY_LEN(ends)};

	(void)state;
	assert_int_equal(lots_total(&lots), 4);
	for (uint64_t i = 0; i < 4; i++) {
		assert_int_equal(lots_draw(&lots, i << 62), drawn[i]);
		assert_int_equal(lots_draw(&lots, i << 62 | UINT64_MAX >> 2), drawn[i]);
	}
}

static void many_connections_come_and_go(void **state)
{
	static const struct {
		const struct balance_ops *ops;
		uint32_t spread; /* one draw at random gives about 60 */
	} rows[] = {{&balance_least_connections, 4}, {&balance_random_two, 12}};

	(void)state;
	for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
		AUTO_BENCH *bench = bench_new(rows[row].ops, NULL, 100, 5);
		static size_t places[10000];
		uint64_t random = 1;
		uint32_t lowest;

		for (size_t i = 0; i < ARRAY_LEN(places); i++)
			places[i] = enter(bench, i % WORKERS);
		for (size_t i = 0; i < 50000; i++) {
			size_t which = hash_below(hash_next(&random), ARRAY_LEN(places));

			leave(bench, which % WORKERS, places[which]);
			places[which] = enter(bench, which % WORKERS);
		}
		assert_in_range(highest(bench, &lowest) - lowest, 0, rows[row].spread);
	}
}

/* Maglev. */

static void maglev_slots_are_dealt_by_weight(void **state)
{
	static const unsigned weights[] = {5, 1, 256, 0, 100, 38};
	AUTO_BENCH *bench = bench_new(&balance_maglev, weights, ARRAY_LEN(weights), 0);
	size_t counts[ARRAY_LEN(weights)] = {0};

	(void)state;
	assert_int_equal(bench->pool.plan->count, 65537);
	for (size_t i = 0; i < 65537; i++)
		counts[bench->pool.plan->words[i]]++;
	for (size_t i = 0; i < ARRAY_LEN(weights); i++)
		assert_true(counts[i] + 2 > 65537 * weights[i] / 400 && counts[i] < 65537 * weights[i] / 400 + 3);
}

static bool is_prime(size_t number)
{
	for (size_t i = 2; i * i <= number; i++) {
		if (number % i == 0)
			return false;
	}
	return number > 1;
}

static void maglev_tables_fit_many_servers(void **state)
{
	(void)state;
	for (size_t count = 1; count <= 200000; count *= 2) {
		size_t slots = balance_maglev.plan_size(NULL, count);

		assert_true(is_prime(slots));
		assert_true(slots >= MIN(count * 100, (size_t)16777213));
	}
}

/* The part of the sources for which the two have another server, those of places that `gone` names not counted. */
static double moved(struct bench *a, struct bench *b, uint64_t gone)
{
	size_t count = 0, total = 0;

	for (uint64_t i = 0; i < 50000; i++) {
		struct balance_query query = {.source = hash_mix(i)};
		const struct balance_server *x = &a->servers[ask(a, 0, query)], *y = &b->servers[ask(b, 0, query)];

		if (x->key == gone)
			continue;
		total++;
		count += x->key != y->key;
	}
	return (double)count / (double)total;
}

static void a_new_configuration_moves_few_sources(void **state)
{
	static const size_t counts[] = {3, 10, 100};
	const double collateral[] = {0.001, 0.005, 0.015};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		AUTO_BENCH *whole = bench_new(&balance_maglev, NULL, counts[i], 0);
		AUTO_BENCH *less = bench_new(&balance_maglev, NULL, counts[i], 0);
		size_t without = counts[i] / 2;

		/* One out of the middle. */
		memmove(&less->servers[without], &less->servers[without + 1],
			(counts[i] - without - 1) * sizeof less->servers[0]);
		less->pool.count = less->pool.lots.count = counts[i] - 1;
		balance_plan_unref(less->pool.plan);
		assert_int_equal(balance_plan_new(&balance_maglev, less->servers, counts[i] - 1, &less->pool.plan), 0);
		bench_shares(less);
		assert_true(less->pool.plan->digest != whole->pool.plan->digest);
		if (moved(whole, less, whole->servers[without].key) > collateral[i])
			fail_msg("without one of %zu servers %.4f of the others' sources move", counts[i],
				moved(whole, less, whole->servers[without].key));
	}
}

static void a_new_weight_moves_few_sources(void **state)
{
	static const unsigned before[] = {100, 100, 100, 100, 100}, after[] = {100, 100, 120, 100, 100};
	AUTO_BENCH *a = bench_new(&balance_maglev, before, 5, 0);
	AUTO_BENCH *b = bench_new(&balance_maglev, after, 5, 0);

	(void)state;
	/* 3.1 % must. */
	assert_true(moved(a, b, 0) < 0.05);
	assert_true(moved(a, b, 0) > 0.03);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_keeps_the_contract),
		cmocka_unit_test(shares_follow_the_weights_at_every_moment),
		cmocka_unit_test(workers_begin_with_different_servers),
		cmocka_unit_test(few_connections_of_several_workers_are_spread),
		cmocka_unit_test(least_connections_sees_what_others_left),
		cmocka_unit_test(least_connections_sees_what_others_entered),
		cmocka_unit_test(least_connections_knows_what_it_left),
		cmocka_unit_test(lots_fall_where_the_weights_are),
		cmocka_unit_test(many_connections_come_and_go),
		cmocka_unit_test(maglev_slots_are_dealt_by_weight),
		cmocka_unit_test(maglev_tables_fit_many_servers),
		cmocka_unit_test(a_new_configuration_moves_few_sources),
		cmocka_unit_test(a_new_weight_moves_few_sources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
