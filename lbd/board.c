/* SPDX-License-Identifier: MIT */
#include "lbd/board.h"

#include <errno.h>
#include <sys/eventfd.h>

void board_init(struct board *board)
{
	*board = (struct board){0};
	chunks_init(&board->servers, sizeof(struct board_server));
	chunks_init(&board->queues, sizeof(struct board_gate));
	chunks_init(&board->services, sizeof(struct board_gate));
	for (size_t i = 0; i < BOARD_WORKERS_MAX; i++)
		board->wake_fds[i] = -1;
}

void board_free(struct board *board)
{
	chunks_free(&board->servers);
	chunks_free(&board->queues);
	chunks_free(&board->services);
}

int board_reserve(struct board *board, const struct board_size *size)
{
	int r = chunks_reserve(&board->servers, size->servers);

	if (r == 0)
		r = chunks_reserve(&board->queues, size->pools);
	return r < 0 ? r : chunks_reserve(&board->services, size->services);
}

void board_clear_server(struct board *board, uint32_t server)
{
	atomic_store(&board_server(board, server)->open, 0);
}

static void clear_gate(struct board_gate *gate)
{
	atomic_store(&gate->waiting, 0);
	atomic_store(&gate->next, 0);
	atomic_store(&gate->count, 0);
	atomic_store(&gate->timeouts, 0);
}

void board_clear_queue(struct board *board, uint32_t pool)
{
	clear_gate(board_queue(board, pool));
}

void board_clear_service(struct board *board, uint32_t service)
{
	clear_gate(board_service(board, service));
}

/* The pool, its servers, the bits and the limits, in one piece. */
int board_pool_new(struct board *board, uint32_t pool, const uint32_t *servers, const uint32_t *limits, size_t count,
	struct board_pool **ret_pool)
{
	size_t words = (count + 63) / 64, head = sizeof(struct board_pool) + count * sizeof(struct board_server *);
	struct board_pool *made = calloc(1, head + words * sizeof(board_bits) + count * sizeof *limits);
	uint32_t *copy;

	if (made == NULL)
		return -ENOMEM;
	atomic_init(&made->references, 1);
	made->number = ++board->pools_made;
	made->queue = board_queue(board, pool);
	made->count = count;
	made->full = (board_bits *)(void *)((char *)made + head);
	made->limits = copy = (uint32_t *)(void *)(made->full + words);
	for (size_t i = 0; i < count; i++) {
		made->servers[i] = board_server(board, servers[i]);
		copy[i] = limits[i];
	}
	*ret_pool = made;
	return 0;
}

struct board_pool *board_pool_ref(struct board_pool *pool)
{
	if (pool != NULL)
		atomic_fetch_add(&pool->references, 1);
	return pool;
}

void board_pool_unref(struct board_pool *pool)
{
	if (pool != NULL && atomic_fetch_sub(&pool->references, 1) == 1)
		free(pool);
}

struct board_place board_place(struct board_pool *pool, size_t place)
{
	return (struct board_place){
		.server = pool->servers[place],
		.full = &pool->full[place / 64],
		.bit = UINT64_C(1) << place % 64,
		.limit = pool->limits[place],
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

bool board_take_closable(struct board_server *server)
{
	uint32_t left = atomic_load_explicit(&server->closable, memory_order_relaxed);

	do {
		if (left == 0)
			return false;
	} while (!atomic_compare_exchange_weak(&server->closable, &left, left - 1));
	return true;
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

void board_enter_late(const struct board_place *at)
{
	uint32_t before = atomic_fetch_add(&at->server->open, 1);

	if (at->limit > 0 && before + 1 >= at->limit)
		(void)is_full(at);
}

void board_leave_server(struct board_server *server)
{
	uint32_t before = atomic_fetch_sub(&server->open, 1);

	assert(before > 0);
	(void)before;
}

void board_pool_sweep(struct board *board, struct board_pool *pool)
{
	for (size_t i = 0; i < pool->count; i++) {
		struct board_place at = board_place(pool, i);

		/* Only what is set is touched: a bit that stands for a moment too long may cost a connection. */
		if ((atomic_load(at.full) & at.bit) == 0 || atomic_load(&at.server->open) >= at.limit)
			continue;
		atomic_fetch_and(at.full, ~at.bit);
		if (atomic_load(&at.server->open) >= at.limit)
			(void)is_full(&at);
	}
	board_tell_room(board, pool->queue);
}

void board_set_wake(struct board *board, uint32_t worker, int fd)
{
	assert(worker < BOARD_WORKERS_MAX);
	board->wake_fds[worker] = fd;
}

void board_wake(const struct board *board, uint32_t worker)
{
	/* It can fail only where the counter is full, and then the worker has been told. */
	if (board->wake_fds[worker] >= 0)
		(void)eventfd_write(board->wake_fds[worker], 1);
}

bool board_gate_enter(struct board_gate *queue, uint32_t size)
{
	uint32_t length = atomic_load_explicit(&queue->count, memory_order_relaxed);

	do {
		if (length >= size)
			return false;
	} while (!atomic_compare_exchange_weak(&queue->count, &length, length + 1));
	return true;
}

void board_gate_enter_late(struct board_gate *queue)
{
	atomic_fetch_add(&queue->count, 1);
}

void board_gate_leave(struct board_gate *queue)
{
	uint32_t before = atomic_fetch_sub(&queue->count, 1);

	assert(before > 0);
	(void)before;
}

void board_count_timeout(struct board_gate *queue)
{
	atomic_fetch_add_explicit(&queue->timeouts, 1, memory_order_relaxed);
}

/* This fence and that of board_tell_room: either the look that follows finds the room, or the bit is found. */
bool board_wait(struct board_gate *queue, uint32_t worker)
{
	uint64_t bit = UINT64_C(1) << worker;
	bool is_new = (atomic_fetch_or(&queue->waiting, bit) & bit) == 0;

	atomic_thread_fence(memory_order_seq_cst);
	return is_new;
}

void board_stop_waiting(struct board *board, struct board_gate *queue, uint32_t worker)
{
	uint64_t bit = UINT64_C(1) << worker;

	if ((atomic_fetch_and(&queue->waiting, ~bit) & bit) == 0)
		board_tell_room(board, queue);
}

/* The first of the set bits from `next` on and around. */
static uint32_t whose_turn(uint64_t waiting, uint32_t next)
{
	uint64_t from_next = waiting & UINT64_MAX << next;

	return (uint32_t)__builtin_ctzll(from_next != 0 ? from_next : waiting);
}

void board_tell_room(struct board *board, struct board_gate *queue)
{
	uint64_t waiting;

	atomic_thread_fence(memory_order_seq_cst);
	while ((waiting = atomic_load(&queue->waiting)) != 0) {
		uint32_t worker = whose_turn(waiting, atomic_load(&queue->next));
		uint64_t bit = UINT64_C(1) << worker;

		if ((atomic_fetch_and(&queue->waiting, ~bit) & bit) == 0)
			continue;
		atomic_store(&queue->next, (worker + 1) % BOARD_WORKERS_MAX);
		board_wake(board, worker);
		return;
	}
}

void board_tell_all(struct board *board, struct board_gate *gate)
{
	uint64_t waiting;

	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load(&gate->waiting) == 0)
		return;
	for (waiting = atomic_exchange(&gate->waiting, 0); waiting != 0; waiting &= waiting - 1)
		board_wake(board, (uint32_t)__builtin_ctzll(waiting));
}
