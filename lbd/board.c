/* SPDX-License-Identifier: MIT */
#include "lbd/board.h"

#include <errno.h>

int board_init(struct board *board, size_t pool_count, size_t server_count)
{
	size_t servers = MAX(server_count, (size_t)1), words = board_first_word(pool_count, server_count) + 1;

	board->servers = aligned_alloc(BOARD_LINE, servers * sizeof *board->servers);
	board->full = calloc(words, sizeof *board->full);
	if (board->servers == NULL || board->full == NULL) {
		board_free(board);
		return -ENOMEM;
	}
	for (size_t i = 0; i < servers; i++)
		atomic_init(&board->servers[i].open, 0);
	return 0;
}

void board_free(struct board *board)
{
	free(board->servers);
	free(board->full);
	*board = (struct board){0};
}

struct board_place board_place(struct board *board, size_t pool, size_t first_server, size_t place, uint32_t limit)
{
	return (struct board_place){
		.server = &board->servers[first_server + place],
		.full = &board->full[board_first_word(pool, first_server) + place / 64],
		.bit = UINT64_C(1) << place % 64,
		.limit = limit,
	};
}

/*
 * Whoever finds the server full sets the bit and looks again; whoever leaves a full one clears it after counting down.
 * In the one order of these steps that all see, either the second look finds room or the clearing comes last: a bit
 * does not stay where there is room.
 */
static bool is_full(const struct board_place *at)
{
	atomic_fetch_or(at->full, at->bit);
	if (atomic_load(&at->server->open) >= at->limit)
		return true;
	atomic_fetch_and(at->full, ~at->bit);
	return false;
}

bool board_enter(const struct board_place *at)
{
	uint32_t open = atomic_load_explicit(&at->server->open, memory_order_relaxed);

	if (at->limit == 0) {
		atomic_fetch_add_explicit(&at->server->open, 1, memory_order_relaxed);
		return true;
	}
	do {
		if (open >= at->limit) {
			if (is_full(at))
				return false;
			open = atomic_load(&at->server->open);
		}
	} while (open >= at->limit || !atomic_compare_exchange_weak(&at->server->open, &open, open + 1));
	if (open + 1 == at->limit)
		(void)is_full(at);
	return true;
}

void board_leave(const struct board_place *at)
{
	uint32_t before = atomic_fetch_sub(&at->server->open, 1);

	assert(before > 0);
	if (at->limit > 0 && before >= at->limit)
		atomic_fetch_and(at->full, ~at->bit);
}
