/* SPDX-License-Identifier: MIT */
#include "lbd/picker.h"

#include <errno.h>

struct pool_state {
	const struct balance_ops *ops;
	void *state;
	uint64_t number; /* of the pool on the board that it is made for */
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

/* Its servers are others than before, or it balances otherwise. */
static int begin_pool(struct picker *picker, struct pool_state *state, const struct snapshot_pool *pool)
{
	const struct balance_ops *ops = balance_table[pool->balance];
	size_t count = pool->servers.count;
	/* malloc(0) may give NULL. */
	void *memory = malloc(MAX(ops->state_size(count), (size_t)1));

	free(state->state);
	*state = (struct pool_state){0};
	if (memory == NULL)
		return -ENOMEM;
	*state = (struct pool_state){.ops = ops, .state = memory, .number = pool->board->number};
	ops->init(memory, count, picker->seed);
	return 0;
}

static void look_at_loads(const struct pool_state *state, const struct snapshot_pool *pool)
{
	for (size_t i = 0; state->ops->changed != NULL && i < pool->servers.count; i++)
		state->ops->changed(state->state, &pool->servers, pool->board->servers, i);
}

static int update_pool(struct picker *picker, struct pool_state *state, const struct snapshot_pool *pool)
{
	bool begins = state->ops != balance_table[pool->balance] || state->number != pool->board->number;
	int r;

	if (!begins && state->revision == pool->revision)
		return 0;
	if (begins) {
		r = begin_pool(picker, state, pool);
		if (r < 0)
			return r;
	}
	if (state->ops->update != NULL)
		state->ops->update(state->state, &pool->servers);
	state->revision = pool->revision;
	if (!begins)
		return 0;
	look_at_loads(state, pool);
	board_pool_sweep(picker->board, pool->board);
	return 0;
}

int picker_update(struct picker *picker, const struct snapshot *snapshot)
{
	int result = grow(picker, snapshot->pool_count);

	for (size_t i = 0; i < MIN(snapshot->pool_count, picker->pool_count); i++) {
		int r = update_pool(picker, &picker->pools[i], &snapshot->pools[i]);

		result = result < 0 ? result : r;
	}
	return result;
}

/* More than a connection can have tried. */
#define EXCLUDED_MAX 16

/* The places in the pool of those that are still in it. */
static size_t find_excluded(
	const struct snapshot *snapshot, const struct picker_query *query, uint32_t places[static EXCLUDED_MAX])
{
	size_t count = 0;

	assert(query->excluded_count <= EXCLUDED_MAX);
	for (size_t i = 0; i < query->excluded_count; i++) {
		uint32_t slot = query->excluded[i];

		if (slot < snapshot->server_count && snapshot->servers[slot].pool == query->pool &&
			snapshot->servers[slot].place != SNAPSHOT_NO_PLACE)
			places[count++] = snapshot->servers[slot].place;
	}
	return count;
}

/* A place in the pool, or BALANCE_NONE. */
static size_t pick(struct picker *picker, const struct snapshot *snapshot, const struct picker_query *query)
{
	const struct snapshot_pool *pool = &snapshot->pools[query->pool];
	const struct pool_state *state = query->pool < picker->pool_count ? &picker->pools[query->pool] : NULL;
	uint32_t places[EXCLUDED_MAX];
	struct balance_query ours = {
		.source = query->source,
		.excluded = places,
		.excluded_count = find_excluded(snapshot, query, places),
		.board = pool->board->servers,
		.full = pool->board->full,
	};

	if (state == NULL || state->ops == NULL)
		return balance_next(&pool->servers, &ours, 0);
	return state->ops->pick(state->state, &pool->servers, &ours);
}

/* Each try that is in vain means that other workers have taken the last of a server: this ends. */
static int take(struct picker *picker, const struct snapshot *snapshot, const struct picker_query *query,
	struct picker_hold *ret_hold)
{
	const struct snapshot_pool *pool = &snapshot->pools[query->pool];
	size_t place;

	while ((place = pick(picker, snapshot, query)) != BALANCE_NONE) {
		struct board_place at = board_place(pool->board, place);

		if (pool->counted && !board_enter(&at))
			continue;
		*ret_hold = (struct picker_hold){
			.server = pool->members[place], .pool = query->pool, .on_board = pool->counted};
		return 0;
	}
	return -EAGAIN;
}

int picker_take(struct picker *picker, const struct snapshot *snapshot, const struct picker_query *query,
	struct picker_hold *ret_hold)
{
	struct picker_query any = *query;
	int r;

	if (query->pool == SPLIT_NONE || lots_total(&snapshot->pools[query->pool].servers.lots) == 0)
		return -ENOENT;
	r = take(picker, snapshot, query, ret_hold);
	any.excluded_count = 0;
	return r < 0 && query->excluded_count > 0 ? take(picker, snapshot, &any, ret_hold) : r;
}

static void leave_place(struct picker *picker, const struct snapshot_pool *pool, uint32_t slot, size_t place)
{
	const struct pool_state *state = slot < picker->pool_count ? &picker->pools[slot] : NULL;
	struct board_place at = board_place(pool->board, place);

	board_leave(&at);
	if (at.limit > 0)
		board_tell_room(picker->board, pool->board->queue);
	if (state != NULL && state->ops != NULL && state->ops->changed != NULL)
		state->ops->changed(state->state, &pool->servers, pool->board->servers, place);
}

void picker_enter_late(const struct snapshot *snapshot, struct picker_hold *hold)
{
	const struct snapshot_pool *pool = &snapshot->pools[hold->pool];
	struct board_place at;

	if (hold->on_board || !pool->counted || snapshot->servers[hold->server].place == SNAPSHOT_NO_PLACE)
		return;
	at = board_place(pool->board, snapshot->servers[hold->server].place);
	board_enter_late(&at);
	hold->on_board = true;
}

void picker_leave(struct picker *picker, const struct snapshot *snapshot, const struct picker_hold *hold)
{
	const struct snapshot_server *server = &snapshot->servers[hold->server];

	if (!hold->on_board)
		return;
	if (server->place == SNAPSHOT_NO_PLACE)
		board_leave_server(board_server(picker->board, hold->server));
	else
		leave_place(picker, &snapshot->pools[hold->pool], hold->pool, server->place);
}
