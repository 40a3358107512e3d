/* SPDX-License-Identifier: MIT */
/* Smooth weighted round robin: a line (line.h) in which nobody has a load. */
#include "lbd/balance_line.h"

static void round_robin_init(void *state, size_t server_count, uint32_t seed)
{
	line_init(state, server_count, seed);
}

static void round_robin_update(void *state, const struct balance_pool *pool)
{
	balance_line_update(state, pool);
}

static size_t round_robin_pick(void *state, const struct balance_pool *pool, const struct balance_query *query)
{
	size_t place = balance_line_first(state, pool, query);

	if (place != BALANCE_NONE)
		line_take(state, place);
	return place;
}

const struct balance_ops balance_round_robin = {
	.name = "round-robin",
	.state_size = line_size,
	.init = round_robin_init,
	.update = round_robin_update,
	.pick = round_robin_pick,
};
