/* SPDX-License-Identifier: MIT */
#include "lbd/balance_hash.h"

#include "common/pure/hash.h"

/* So deep is the order; where nearly all servers of a pool are away, the rest is asked for what it has. */
#define TRIES_MAX 32

/*
 * A server with a part of its weight takes that part of its sources, the same ones as long as the part is the same and
 * those besides more as it grows: this is how a slow start looks from here.
 */
static bool takes(const struct balance_pool *pool, uint64_t source, size_t place)
{
	const struct balance_server *server = &pool->servers[place];

	return server->share >= server->weight ||
	       hash_below(hash_add(server->key, source), server->weight) < server->share;
}

size_t balance_hash_pick(const struct balance_pool *pool, const struct balance_query *query, balance_place_fn *place_of)
{
	uint64_t sequence = query->source;
	size_t place;

	if (lots_total(&pool->lots) == 0)
		return BALANCE_NONE;
	for (unsigned i = 0; i < TRIES_MAX; i++) {
		place = place_of(pool->plan, hash_next(&sequence));
		if (balance_accepts(pool, query, place) && takes(pool, query->source, place))
			return place;
	}
	place = lots_draw(&pool->lots, hash_next(&sequence));
	return balance_next(pool, query, place);
}

size_t balance_hash_state_size(size_t server_count)
{
	(void)server_count;
	return 0;
}

void balance_hash_init(void *state, size_t server_count, uint32_t seed)
{
	(void)state;
	(void)server_count;
	(void)seed;
}
