/* SPDX-License-Identifier: MIT */
/*
 * The board: what all workers together have open at each server. Each of them writes, so each server has a cache line
 * of its own, and only pools that are balanced by it are entered at all.
 */
#ifndef LBPAIR_LBD_BOARD_H
#define LBPAIR_LBD_BOARD_H

#include "common/pure/base.h"

#include <stdatomic.h>

#define BOARD_LINE 64

struct board_server {
	_Alignas(BOARD_LINE) _Atomic uint32_t open; /* connections, those that are being connected included */
};

struct board {
	struct board_server *servers; /* by place in the snapshot */
};

/* -ENOMEM. */
MUST_USE int board_init(struct board *board, size_t server_count);
void board_free(struct board *board);

static inline uint32_t board_open(const struct board_server *server)
{
	return atomic_load_explicit(&server->open, memory_order_relaxed);
}

void board_enter(struct board_server *server);
void board_leave(struct board_server *server);

#endif
