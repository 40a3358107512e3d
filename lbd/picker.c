/* SPDX-License-Identifier: MIT */
#include "lbd/picker.h"

#include <errno.h>

struct pool_state {
	const struct balance_ops *ops;
	void *state;
	size_t server_count;
	uint64_t revision;
};

struct picker {
	uint32_t seed;
	const struct board *board;
	struct pool_state *pools;
	size_t pool_count;
};

int picker_new(uint32_t seed, const struct board *board, struct picker **ret_picker)
{
	struct picker *picker = calloc(1, sizeof *picker);

	if (picker == NULL)
		return -ENOMEM;
	picker->seed = seed;
	picker->board = board;
	*ret_picker = picker;
	return 0;
}

void picker_free(struct picker *picker)
{
	if (picker == NULL)
		return;
	for (size_t i = 0; i < picker->pool_count; i++)
		free(picker->pools[i].state);
	free(picker->pools);
	free(picker);
}

static int grow(struct picker *picker, size_t count)
{
	struct pool_state *pools;

	if (count <= picker->pool_count)
		return 0;
	pools = reallocarray(picker->pools, count, sizeof *pools);
	if (pools == NULL)
		return -ENOMEM;
	for (size_t i = picker->pool_count; i < count; i++)
		pools[i] = (struct pool_state){0};
	picker->pools = pools;
	picker->pool_count = count;
	return 0;
}

static int update_pool(struct picker *picker, struct pool_state *state, const struct snapshot_pool *pool)
{
	const struct balance_ops *ops = balance_table[pool->balance];
	size_t count = pool->servers.count;

	if (state->ops == ops && state->revision == pool->revision)
		return 0;
	if (state->ops != ops || state->server_count != count) {
		/* malloc(0) may give NULL. */
		void *memory = malloc(MAX(ops->state_size(count), (size_t)1));

		if (memory == NULL)
			return -ENOMEM;
		free(state->state);
		*state = (struct pool_state){.ops = ops, .state = memory, .server_count = count};
		ops->init(memory, count, picker->seed);
	}
	if (ops->update != NULL)
		ops->update(state->state, &pool->servers);
	state->revision = pool->revision;
	return 0;
}

int picker_update(struct picker *picker, const struct snapshot *snapshot)
{
	int r = grow(picker, snapshot->pool_count);

	for (size_t i = 0; r == 0 && i < snapshot->pool_count; i++)
		r = update_pool(picker, &picker->pools[i], &snapshot->pools[i]);
	return r;
}

/* More than a connection can have tried. */
#define EXCLUDED_MAX 16

size_t picker_pick(struct picker *picker, const struct snapshot *snapshot, const struct picker_query *query)
{
	const struct pool_state *state = &picker->pools[query->pool];
	const struct snapshot_pool *pool = &snapshot->pools[query->pool];
	uint32_t places[EXCLUDED_MAX];
	struct balance_query ours = {
		.source = query->source,
		.excluded = places,
		.excluded_count = query->excluded_count,
		.board = picker->board->servers + pool->first_server,
	};
	size_t place;

	assert(query->excluded_count <= EXCLUDED_MAX);
	for (size_t i = 0; i < query->excluded_count; i++)
		places[i] = query->excluded[i] - pool->first_server;
	place = state->ops->pick(state->state, &pool->servers, &ours);
	return place == BALANCE_NONE ? BALANCE_NONE : pool->first_server + place;
}

void picker_left(struct picker *picker, const struct snapshot *snapshot, uint32_t pool, uint32_t place)
{
	const struct pool_state *state = &picker->pools[pool];
	uint32_t first = snapshot->pools[pool].first_server;

	if (state->ops->changed != NULL)
		state->ops->changed(
			state->state, &snapshot->pools[pool].servers, picker->board->servers + first, place - first);
}
