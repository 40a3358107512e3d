/* SPDX-License-Identifier: MIT */
#include "lbd/proxy_queue.h"

#include <errno.h>

static struct proxy_queue *queue_at(const struct proxy_queues *queues, uint32_t pool)
{
	return chunks_at(&queues->list, sizeof(struct proxy_queue), pool);
}

void proxy_queues_init(struct proxy_queues *queues, struct board *board, uint32_t worker)
{
	*queues = (struct proxy_queues){.board = board, .worker = worker};
	chunks_init(&queues->list, sizeof(struct proxy_queue));
	list_init(&queues->busy);
}

int proxy_queues_reserve(struct proxy_queues *queues, size_t pool_count)
{
	int r = chunks_reserve(&queues->list, pool_count);

	if (r < 0)
		return r;
	for (; queues->count < pool_count; queues->count++) {
		struct proxy_queue *queue = queue_at(queues, (uint32_t)queues->count);

		list_init(&queue->entries);
		list_init(&queue->link);
		queue->shared = board_queue(queues->board, (uint32_t)queues->count);
	}
	return 0;
}

void proxy_queues_free(struct proxy_queues *queues)
{
	chunks_free(&queues->list);
}

bool proxy_queue_is_used(const struct proxy_queues *queues, uint32_t pool)
{
	return pool < queues->count &&
	       atomic_load_explicit(&queue_at(queues, pool)->shared->count, memory_order_relaxed) > 0;
}

bool proxy_queue_join(struct proxy_queues *queues, uint32_t pool, uint32_t size, struct list *entry)
{
	struct proxy_queue *queue = pool < queues->count ? queue_at(queues, pool) : NULL;

	if (queue == NULL || !board_gate_enter(queue->shared, size))
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
	struct proxy_queue *queue = queue_at(queues, pool);

	list_remove(entry);
	board_gate_leave(queue->shared);
	if (!list_is_empty(&queue->entries))
		return;
	list_remove(&queue->link);
	board_stop_waiting(queues->board, queue->shared, queues->worker);
}

bool proxy_queue_wait(struct proxy_queues *queues, uint32_t pool)
{
	return board_wait(queue_at(queues, pool)->shared, queues->worker);
}
