/* SPDX-License-Identifier: MIT */
/*
 * Least connections: of all workers together and in proportion to the weights; among equals it is weighted round robin,
 * so that servers without load share by their weights, too.
 *
 * A worker keeps its own line (line.h), ordered by the loads as it has last seen them. The first in line is looked up
 * on the board before it is taken, so a server to which another worker has sent much is never taken for a light one.
 * That a server has become lighter by another worker's doing is found out by looking up some servers at each pick, in
 * turn: a pool of no more than LOOKS is always seen as it is, and in a larger one the news comes within as many picks
 * as it has servers, divided by LOOKS.
 */
#include "lbd/balance_line.h"

#define LOOKS 8
/* How often the first in line may turn out to be heavier than it was. */
#define CORRECTIONS_MAX 16

struct least_connections {
	size_t server_count;
	size_t next_look;
	_Alignas(max_align_t) unsigned char line[]; /* struct line */
};

static struct line *line_of(struct least_connections *state)
{
	return (struct line *)(void *)state->line;
}

static size_t least_connections_size(size_t server_count)
{
	return sizeof(struct least_connections) + line_size(server_count);
}

static void least_connections_init(void *memory, size_t server_count, uint32_t seed)
{
	struct least_connections *state = memory;

	state->server_count = server_count;
	state->next_look = 0;
	line_init(line_of(state), server_count, seed);
}

static void least_connections_update(void *memory, const struct balance_pool *pool)
{
	struct least_connections *state = memory;

	balance_line_update(line_of(state), pool);
}

static void look(struct least_connections *state, struct board_server *const *board, size_t place)
{
	line_set_load(line_of(state), place, board_open(board[place]));
}

static void look_around(struct least_connections *state, struct board_server *const *board)
{
	size_t looks = MIN(state->server_count, (size_t)LOOKS);

	for (size_t i = 0; i < looks; i++) {
		look(state, board, state->next_look);
		if (++state->next_look == state->server_count)
			state->next_look = 0;
	}
}

static size_t least_connections_pick(void *memory, const struct balance_pool *pool, const struct balance_query *query)
{
	struct least_connections *state = memory;
	struct line *line = line_of(state);
	size_t place = BALANCE_NONE;

	look_around(state, query->board);
	for (unsigned i = 0; i < CORRECTIONS_MAX; i++) {
		place = balance_line_first(line, pool, query);
		if (place == BALANCE_NONE)
			return BALANCE_NONE;
		if (line_load(line, place) == board_open(query->board[place]))
			break;
		look(state, query->board, place);
	}
	line_take(line, place);
	line_set_load(line, place, line_load(line, place) + 1);
	return place;
}

static void least_connections_changed(
	void *memory, const struct balance_pool *pool, struct board_server *const *board, size_t place)
{
	(void)pool;
	look(memory, board, place);
}

const struct balance_ops balance_least_connections = {
	.name = "least-connections",
	.by_load = true,
	.state_size = least_connections_size,
	.init = least_connections_init,
	.update = least_connections_update,
	.pick = least_connections_pick,
	.changed = least_connections_changed,
};
