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

#include "common/pure/chunks.h"

#include <stdatomic.h>

#define BOARD_LINE 64
#define BOARD_WORKERS_MAX 64

struct board_server {
	_Alignas(BOARD_LINE) _Atomic uint32_t open; /* connections, those that are being connected included */
	_Atomic uint32_t closable;                  /* so many of them may be closed now (closings.h) */
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

/* Servers, pools' queues and services by their slots (slots.h); it grows while workers use it. */
struct board {
	struct chunks servers;
	struct chunks queues;
	struct chunks services;
	struct board_gate all;
	uint64_t pools_made;
	int wake_fds[BOARD_WORKERS_MAX];
};

/*
 * The servers of one pool by their places, with the limits that hold for now. Another one takes its place where a
 * server comes, goes or has another limit; the counts go on. Counted references.
 */
struct board_pool {
	_Atomic unsigned references;
	uint64_t number; /* no other has it */
	struct board_gate *queue;
	size_t count;
	const uint32_t *limits; /* 0: none */
	board_bits *full;       /* a bit for each place */
	struct board_server *servers[];
};

struct board_size {
	size_t services;
	size_t pools;
	size_t servers;
};

void board_init(struct board *board);
void board_free(struct board *board);
/* Makes room for so many slots. -ENOMEM: there are as many as before. */
MUST_USE int board_reserve(struct board *board, const struct board_size *size);
/* Slots that are used anew begin with nothing. Nobody else uses them yet. */
void board_clear_server(struct board *board, uint32_t server);
void board_clear_queue(struct board *board, uint32_t pool);
void board_clear_service(struct board *board, uint32_t service);

static inline struct board_server *board_server(const struct board *board, uint32_t server)
{
	return chunks_at(&board->servers, sizeof(struct board_server), server);
}

static inline struct board_gate *board_queue(const struct board *board, uint32_t pool)
{
	return chunks_at(&board->queues, sizeof(struct board_gate), pool);
}

static inline struct board_gate *board_service(const struct board *board, uint32_t service)
{
	return chunks_at(&board->services, sizeof(struct board_gate), service);
}

/* `servers` are slots, as is `pool`; all have been reserved. -ENOMEM. */
MUST_USE int board_pool_new(struct board *board, uint32_t pool, const uint32_t *servers, const uint32_t *limits,
	size_t count, struct board_pool **ret_pool);
struct board_pool *board_pool_ref(struct board_pool *pool);
/* Both accept NULL. */
void board_pool_unref(struct board_pool *pool);
/*
 * To be called by each worker that changes from an earlier one of the same slot to this: what was left meanwhile by
 * those who went by that one stood in its bits. Afterwards no bit stays where there is room, and those that wait hear
 * of it.
 */
void board_pool_sweep(struct board *board, struct board_pool *pool);

/* Takes one of those that may be closed. False: there is none. */
MUST_USE bool board_take_closable(struct board_server *server);

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

struct board_place board_place(struct board_pool *pool, size_t place);

/* False: it is full, and its bit says so. */
MUST_USE bool board_enter(const struct board_place *at);
void board_leave(const struct board_place *at);
/* For a connection that is open already, whatever the limit says. */
void board_enter_late(const struct board_place *at);
/* The server has no place any more. */
void board_leave_server(struct board_server *server);

/* An eventfd to be written to when the worker has something to see to; -1: never again. */
void board_set_wake(struct board *board, uint32_t worker, int fd);
void board_wake(const struct board *board, uint32_t worker);

/* False: there are `size` in it already. */
MUST_USE bool board_gate_enter(struct board_gate *queue, uint32_t size);
/* Whatever the size. */
void board_gate_enter_late(struct board_gate *queue);
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
