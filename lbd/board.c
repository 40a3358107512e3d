/* SPDX-License-Identifier: MIT */
#include "lbd/board.h"

#include <errno.h>

int board_init(struct board *board, size_t server_count)
{
	size_t count = MAX(server_count, (size_t)1);

	board->servers = aligned_alloc(BOARD_LINE, count * sizeof *board->servers);
	if (board->servers == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		atomic_init(&board->servers[i].open, 0);
	return 0;
}

void board_free(struct board *board)
{
	free(board->servers);
	board->servers = NULL;
}

void board_enter(struct board_server *server)
{
	atomic_fetch_add_explicit(&server->open, 1, memory_order_relaxed);
}

void board_leave(struct board_server *server)
{
	uint32_t before = atomic_fetch_sub_explicit(&server->open, 1, memory_order_relaxed);

	assert(before > 0);
	(void)before;
}
