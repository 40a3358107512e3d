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
	struct pool_state *pools;
	size_t pool_count;
};

int picker_new(uint32_t seed, struct picker **ret_picker)
{
	struct picker *picker = calloc(1, sizeof *picker);

	if (picker == NULL)
		return -ENOMEM;
	picker->seed = seed;
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

static int update_pool(struct picker *picker, struct pool_state *state, const struct snapshot_pool *pool,
	const struct balance_server *servers)
{
	const struct balance_ops *ops = balance_table[pool->balance];

	if (state->ops == ops && state->revision == pool->revision)
		return 0;
	if (state->ops != ops || state->server_count != pool->server_count) {
		void *memory = malloc(ops->state_size(pool->server_count));

		if (memory == NULL)
			return -ENOMEM;
		free(state->state);
		*state = (struct pool_state){.ops = ops, .state = memory, .server_count = pool->server_count};
		ops->init(memory, pool->server_count, picker->seed);
	}
	ops->update(state->state, servers, pool->server_count);
	state->revision = pool->revision;
	return 0;
}

int picker_update(struct picker *picker, const struct snapshot *snapshot)
{
	int r = grow(picker, snapshot->pool_count);

	for (size_t i = 0; r == 0 && i < snapshot->pool_count; i++) {
		const struct snapshot_pool *pool = &snapshot->pools[i];

		r = update_pool(picker, &picker->pools[i], pool, snapshot->servers + pool->first_server);
	}
	return r;
}

/* More than a connection can have tried. */
#define EXCLUDED_MAX 16

size_t picker_pick(struct picker *picker, const struct snapshot *snapshot, uint32_t pool, const uint32_t *excluded,
	size_t excluded_count)
{
	const struct pool_state *state = &picker->pools[pool];
	uint32_t first = snapshot->pools[pool].first_server;
	uint32_t places[EXCLUDED_MAX];
	struct balance_query query = {.excluded = places, .excluded_count = excluded_count};
	size_t place;

	assert(excluded_count <= EXCLUDED_MAX);
	for (size_t i = 0; i < excluded_count; i++)
		places[i] = excluded[i] - first;
	place = state->ops->pick(state->state, &query);
	return place == BALANCE_NONE ? BALANCE_NONE : first + place;
}
