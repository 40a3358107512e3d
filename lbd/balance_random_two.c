/* SPDX-License-Identifier: MIT */
/*
 * The power of two choices (Mitzenmacher, 1996): of two servers drawn by weight the one with fewer connections for its
 * weight, over all workers. Near least connections in effect, and it costs the same however many servers there are.
 */
#include "lbd/balance.h"

#include "common/pure/hash.h"

/* After so many draws that were in vain, any server does. */
#define DRAWS_MAX 16
/* How often the second is drawn again where it was the first one. */
#define SECOND_DRAWS_MAX 4

static size_t random_two_size(size_t server_count)
{
	(void)server_count;
	return sizeof(uint64_t);
}

static void random_two_init(void *memory, size_t server_count, uint32_t seed)
{
	uint64_t *random = memory;

	(void)server_count;
	*random = hash_mix(seed + UINT64_C(1));
}

static size_t draw(uint64_t *random, const struct balance_pool *pool, const struct balance_query *query)
{
	for (unsigned i = 0; i < DRAWS_MAX; i++) {
		size_t place = lots_draw(&pool->lots, hash_next(random));

		if (balance_accepts(pool, query, place))
			return place;
	}
	return balance_next(pool, query, hash_below(hash_next(random), (uint32_t)pool->count));
}

static bool is_lighter(const struct balance_pool *pool, struct board_server *const *board, size_t a, size_t b)
{
	return (uint64_t)board_open(board[a]) * pool->servers[b].share <
	       (uint64_t)board_open(board[b]) * pool->servers[a].share;
}

static size_t random_two_pick(void *memory, const struct balance_pool *pool, const struct balance_query *query)
{
	uint64_t *random = memory;
	size_t first, second;

	if (lots_total(&pool->lots) == 0)
		return BALANCE_NONE;
	first = draw(random, pool, query);
	if (first == BALANCE_NONE)
		return BALANCE_NONE;
	second = first;
	for (unsigned i = 0; second == first && i < SECOND_DRAWS_MAX; i++)
		second = draw(random, pool, query);
	return is_lighter(pool, query->board, second, first) ? second : first;
}

const struct balance_ops balance_random_two = {
	.name = "random-two",
	.by_load = true,
	.state_size = random_two_size,
	.init = random_two_init,
	.pick = random_two_pick,
};
