/* SPDX-License-Identifier: MIT */
/*
 * The board: what all workers together have open at each server. Each of them writes, so each server has a cache line
 * of its own, and only pools that are balanced or limited by it are entered at all.
 *
 * A limit is exact: whoever enters goes over it never, not for a moment. Which servers are full stands in bits besides,
 * 64 in a word, for those who look for one that is not. A bit may be late; the count decides.
 */
#ifndef LBPAIR_LBD_BOARD_H
#define LBPAIR_LBD_BOARD_H

#include "common/pure/base.h"

#include <stdatomic.h>

#define BOARD_LINE 64
#define BOARD_WORKERS_MAX 64

struct board_server {
	_Alignas(BOARD_LINE) _Atomic uint32_t open; /* connections, those that are being connected included */
};

typedef _Atomic uint64_t board_bits;

/*
 * Something of which there may be so many, and the workers that want to hear of room: a pool's queue, of which each
 * worker holds the connections that it accepted itself; a service's connections, or all.
 */
struct board_gate {
	_Alignas(BOARD_LINE) _Atomic uint64_t waiting; /* workers, a bit each */
	_Atomic uint32_t next;                         /* the worker whose turn it is to hear */
	_Atomic uint32_t count;
	_Atomic uint64_t timeouts;
};

struct board {
	struct board_server *servers; /* by place in the snapshot */
	board_bits *full;             /* pool by pool, each from a word of its own */
	struct board_gate *queues;    /* by pool */
	struct board_gate *services;  /* by service */
	struct board_gate all;
	int wake_fds[BOARD_WORKERS_MAX];
};

/* Where the bits of a pool begin: the pools and the servers before it. */
static inline size_t board_first_word(size_t pool, size_t first_server)
{
	return first_server / 64 + pool;
}

struct board_size {
	size_t services;
	size_t pools;
	size_t servers;
};

/* -ENOMEM. */
MUST_USE int board_init(struct board *board, const struct board_size *size);
void board_free(struct board *board);

static inline uint32_t board_open(const struct board_server *server)
{
	return atomic_load_explicit(&server->open, memory_order_relaxed);
}

static inline uint64_t board_full(const board_bits *full, size_t word)
{
	return atomic_load_explicit(&full[word], memory_order_relaxed);
}

/* One server of a pool, as it is entered and left. */
struct board_place {
	struct board_server *server;
	board_bits *full; /* the word that its bit is in */
	uint64_t bit;
	uint32_t limit; /* 0: none */
};

struct board_place board_place(struct board *board, size_t pool, size_t first_server, size_t place, uint32_t limit);

/* False: it is full, and its bit says so. */
MUST_USE bool board_enter(const struct board_place *at);
void board_leave(const struct board_place *at);

/* An eventfd to be written to when the worker has something to see to; -1: never again. */
void board_set_wake(struct board *board, uint32_t worker, int fd);
void board_wake(const struct board *board, uint32_t worker);

/* False: there are `size` in it already. */
MUST_USE bool board_gate_enter(struct board_gate *queue, uint32_t size);
void board_gate_leave(struct board_gate *queue);
void board_count_timeout(struct board_gate *queue);
/*
 * From now on the worker wants to hear of room. False: it has wanted to before. Else it has to look once more, as the
 * room may have come in between.
 */
MUST_USE bool board_wait(struct board_gate *queue, uint32_t worker);
/* The worker has nobody waiting any more; a word that is under way to it goes on to the next. */
void board_stop_waiting(struct board *board, struct board_gate *queue, uint32_t worker);
/* There is room, and whoever wanted to hear of it before must say so again. */
void board_tell_all(struct board *board, struct board_gate *gate);
/* There is room: the next of those that wait hears of it. */
void board_tell_room(struct board *board, struct board_gate *queue);

#endif
