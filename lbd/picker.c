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
	struct board *board;
	struct pool_state *pools;
	size_t pool_count;
};

int picker_new(uint32_t seed, struct board *board, struct picker **ret_picker)
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

static struct board_place place_on_board(
	struct picker *picker, const struct snapshot *snapshot, uint32_t pool, uint32_t place)
{
	uint32_t first = snapshot->pools[pool].first_server;

	return board_place(picker->board, pool, first, place - first, snapshot->limits[place]);
}

/* A place in the pool, or BALANCE_NONE. */
static size_t pick(struct picker *picker, const struct snapshot *snapshot, const struct picker_query *query)
{
	const struct pool_state *state = &picker->pools[query->pool];
	const struct snapshot_pool *pool = &snapshot->pools[query->pool];
	uint32_t places[EXCLUDED_MAX];
	struct balance_query ours = {
		.source = query->source,
		.excluded = places,
		.excluded_count = query->excluded_count,
		.board = picker->board->servers + pool->first_server,
		.full = picker->board->full + board_first_word(query->pool, pool->first_server),
	};

	assert(query->excluded_count <= EXCLUDED_MAX);
	for (size_t i = 0; i < query->excluded_count; i++)
		places[i] = query->excluded[i] - pool->first_server;
	return state->ops->pick(state->state, &pool->servers, &ours);
}

/* Each try that is in vain means that other workers have taken the last of a server: this ends. */
static int take(struct picker *picker, const struct snapshot *snapshot, const struct picker_query *query,
	struct picker_hold *ret_hold)
{
	const struct snapshot_pool *pool = &snapshot->pools[query->pool];
	size_t place;

	while ((place = pick(picker, snapshot, query)) != BALANCE_NONE) {
		struct picker_hold hold = {.pool = query->pool, .on_board = pool->counted};
		struct board_place at;

		hold.place = pool->first_server + (uint32_t)place;
		at = place_on_board(picker, snapshot, hold.pool, hold.place);
		if (!hold.on_board || board_enter(&at)) {
			*ret_hold = hold;
			return 0;
		}
	}
	return -EAGAIN;
}

int picker_take(struct picker *picker, const struct snapshot *snapshot, const struct picker_query *query,
	struct picker_hold *ret_hold)
{
	struct picker_query any = *query;
	int r;

	if (lots_total(&snapshot->pools[query->pool].servers.lots) == 0)
		return -ENOENT;
	r = take(picker, snapshot, query, ret_hold);
	any.excluded_count = 0;
	return r < 0 && query->excluded_count > 0 ? take(picker, snapshot, &any, ret_hold) : r;
}

void picker_leave(struct picker *picker, const struct snapshot *snapshot, const struct picker_hold *hold)
{
	const struct pool_state *state = &picker->pools[hold->pool];
	const struct snapshot_pool *pool = &snapshot->pools[hold->pool];
	struct board_place at;

	if (!hold->on_board)
		return;
	at = place_on_board(picker, snapshot, hold->pool, hold->place);
	board_leave(&at);
	if (at.limit > 0)
		board_tell_room(picker->board, &picker->board->queues[hold->pool]);
	if (state->ops->changed != NULL)
		state->ops->changed(state->state, &pool->servers, picker->board->servers + pool->first_server,
			hold->place - pool->first_server);
}
