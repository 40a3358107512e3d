/* SPDX-License-Identifier: MIT */
#include "lbd/proxy_queue.h"

#include <errno.h>

int proxy_queues_init(struct proxy_queues *queues, struct board *board, uint32_t worker, size_t pool_count)
{
	*queues = (struct proxy_queues){.board = board, .worker = worker, .count = pool_count};
	list_init(&queues->busy);
	queues->list = calloc(MAX(pool_count, (size_t)1), sizeof *queues->list);
	if (queues->list == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < pool_count; i++) {
		list_init(&queues->list[i].entries);
		list_init(&queues->list[i].link);
		queues->list[i].shared = &board->queues[i];
	}
	return 0;
}

void proxy_queues_free(struct proxy_queues *queues)
{
	free(queues->list);
	queues->list = NULL;
}

bool proxy_queue_is_used(const struct proxy_queues *queues, uint32_t pool)
{
	return atomic_load_explicit(&queues->list[pool].shared->count, memory_order_relaxed) > 0;
}

bool proxy_queue_join(struct proxy_queues *queues, uint32_t pool, uint32_t size, struct list *entry)
{
	struct proxy_queue *queue = &queues->list[pool];

	if (!board_gate_enter(queue->shared, size))
		return false;
	if (list_is_empty(&queue->entries))
		list_append(&queues->busy, &queue->link);
	list_append(&queue->entries, entry);
	/* The look that is due comes in the next round. */
	if (board_wait(queue->shared, queues->worker))
		board_wake(queues->board, queues->worker);
	return true;
}

void proxy_queue_part(struct proxy_queues *queues, uint32_t pool, struct list *entry)
{
	struct proxy_queue *queue = &queues->list[pool];

	list_remove(entry);
	board_gate_leave(queue->shared);
	if (!list_is_empty(&queue->entries))
		return;
	list_remove(&queue->link);
	board_stop_waiting(queues->board, queue->shared, queues->worker);
}

bool proxy_queue_wait(struct proxy_queues *queues, uint32_t pool)
{
	return board_wait(queues->list[pool].shared, queues->worker);
}
