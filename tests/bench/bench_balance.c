/* SPDX-License-Identifier: MIT */
/*
 * Picks a second (of processor time) of each balancing algorithm in a pool of 10 and in one of 10,000 servers of mixed
 * weights, and how long its plan takes. Connections stay until a thousand others have come.
 */
#include "common/pure/hash.h"
#include "common/system/clock.h"
#include "lbd/balance.h"

#include <stdio.h>
#include <string.h>

#define PICKS 2000000U
#define OPEN 1000U

struct bench {
	const struct balance_ops *ops;
	struct balance_server *servers;
	uint32_t *ends;
	uint64_t *active;
	struct board board;
	struct board_pool *on_board;
	struct balance_pool pool;
	void *state;
};

/* Whatever else the machine does. */
static struct mono clock_cpu(void)
{
	return (struct mono){clock_read_ns(CLOCK_THREAD_CPUTIME_ID)};
}

static void *take(size_t count, size_t size)
{
	void *memory = calloc(MAX(count, (size_t)1), size);

	if (memory == NULL)
		abort();
	return memory;
}

static void put_on_board(struct bench *bench, size_t count)
{
	uint32_t *servers = take(count, sizeof *servers), *limits = take(count, sizeof *limits);

	for (uint32_t i = 0; i < count; i++)
		servers[i] = i;
	board_init(&bench->board);
	if (board_reserve(&bench->board, &(struct board_size){0, 1, count}) < 0 ||
		board_pool_new(&bench->board, 0, servers, limits, count, &bench->on_board) < 0)
		abort();
	free(servers);
	free(limits);
}

static void fill(struct bench *bench, size_t count)
{
	uint32_t end = 0;
	char name[32];

	bench->servers = take(count, sizeof *bench->servers);
	bench->ends = take(count, sizeof *bench->ends);
	bench->active = take(balance_active_size(count), sizeof *bench->active);
	put_on_board(bench, count);
	for (size_t i = 0; i < count; i++) {
		snprintf(name, sizeof name, "app%zu", i);
		bench->servers[i].key = hash_text(name);
		bench->servers[i].weight = bench->servers[i].share = i % 3 == 0 ? 50 : 100;
		bench->ends[i] = end += bench->servers[i].share;
		bench->active[i / 64] |= UINT64_C(1) << i % 64;
	}
	bench->pool = (struct balance_pool){.servers = bench->servers, .count = count, .active = bench->active};
	bench->pool.lots = (struct lots){.ends = bench->ends, .count = count};
	bench->state = take(1, MAX(bench->ops->state_size(count), (size_t)1));
	bench->ops->init(bench->state, count, 1);
	if (bench->ops->update != NULL)
		bench->ops->update(bench->state, &bench->pool);
}

static void empty(struct bench *bench)
{
	free(bench->servers);
	free(bench->ends);
	free(bench->active);
	free(bench->state);
	board_pool_unref(bench->on_board);
	board_free(&bench->board);
	balance_plan_unref(bench->pool.plan);
}

static void enter(struct bench *bench, size_t place)
{
	struct board_place at = board_place(bench->on_board, place);

	if (!board_enter(&at))
		abort();
}

static void leave(struct bench *bench, size_t place)
{
	struct board_place at = board_place(bench->on_board, place);

	board_leave(&at);
	if (bench->ops->changed != NULL)
		bench->ops->changed(bench->state, &bench->pool, bench->on_board->servers, place);
}

static double picks_a_second(struct bench *bench)
{
	static size_t open[OPEN];
	struct balance_query query = {.board = bench->on_board->servers, .full = bench->on_board->full};
	struct mono start = clock_cpu();

	for (uint32_t i = 0; i < PICKS; i++) {
		if (i >= OPEN)
			leave(bench, open[i % OPEN]);
		query.source = hash_mix(i);
		open[i % OPEN] = bench->ops->pick(bench->state, &bench->pool, &query);
		enter(bench, open[i % OPEN]);
	}
	return PICKS / ((double)mono_diff(clock_cpu(), start) / (double)NS_PER_S);
}

static void measure(const struct balance_ops *ops, size_t count)
{
	struct bench bench = {.ops = ops};
	struct mono start;
	double plan_ms;

	fill(&bench, count);
	start = clock_cpu();
	if (balance_plan_new(ops, bench.servers, count, &bench.pool.plan) < 0)
		abort();
	plan_ms = (double)mono_diff(clock_cpu(), start) / (double)NS_PER_MS;
	printf("%-18s %6zu servers: %6.2f million picks a second, plan in %.2f ms\n", ops->name, count,
		picks_a_second(&bench) / 1e6, plan_ms);
	empty(&bench);
}

int main(void)
{
	static const size_t counts[] = {10, 10000};

	for (size_t i = 0; i < BALANCE_COUNT; i++) {
		for (size_t j = 0; j < ARRAY_LEN(counts); j++)
			measure(balance_table[i], counts[j]);
	}
	return 0;
}
