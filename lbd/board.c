/* SPDX-License-Identifier: MIT */
#include "lbd/board.h"

#include <errno.h>
#include <sys/eventfd.h>

static struct board_gate *new_gates(size_t count)
{
	struct board_gate *gates = aligned_alloc(BOARD_LINE, MAX(count, (size_t)1) * sizeof *gates);

	for (size_t i = 0; gates != NULL && i < count; i++)
		gates[i] = (struct board_gate){0};
	return gates;
}

int board_init(struct board *board, const struct board_size *size)
{
	size_t servers = MAX(size->servers, (size_t)1), words = board_first_word(size->pools, size->servers) + 1;

	*board = (struct board){0};
	board->servers = aligned_alloc(BOARD_LINE, servers * sizeof *board->servers);
	board->full = calloc(words, sizeof *board->full);
	board->queues = new_gates(size->pools);
	board->services = new_gates(size->services);
	if (board->servers == NULL || board->full == NULL || board->queues == NULL || board->services == NULL) {
		board_free(board);
		return -ENOMEM;
	}
	for (size_t i = 0; i < BOARD_WORKERS_MAX; i++)
		board->wake_fds[i] = -1;
	for (size_t i = 0; i < servers; i++)
		atomic_init(&board->servers[i].open, 0);
	return 0;
}

void board_free(struct board *board)
{
	free(board->servers);
	free(board->full);
	free(board->queues);
	free(board->services);
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
