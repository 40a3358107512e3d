/* SPDX-License-Identifier: MIT */
/*
 * Connections that wait because all servers of their pool are full. Each worker has those that it has accepted, first
 * come first served; when a server has room, the workers that have some are told in turn (board.h).
 */
#ifndef LBPAIR_LBD_PROXY_QUEUE_H
#define LBPAIR_LBD_PROXY_QUEUE_H

#include "common/pure/list.h"
#include "lbd/board.h"

/* A worker's part of a pool's queue. */
struct proxy_queue {
	struct list entries;
	struct list link; /* in `busy` of the whole, while it has entries */
	struct board_gate *shared;
};

struct proxy_queues {
	struct board *board;
	uint32_t worker;
	struct chunks list; /* of struct proxy_queue, by pool's slot */
	size_t count;
	struct list busy;
};

void proxy_queues_init(struct proxy_queues *queues, struct board *board, uint32_t worker);
/* For so many pools. -ENOMEM: those beyond what there is have no queue. */
MUST_USE int proxy_queues_reserve(struct proxy_queues *queues, size_t pool_count);
void proxy_queues_free(struct proxy_queues *queues);

/* Whether somebody waits for the pool, here or with another worker. */
bool proxy_queue_is_used(const struct proxy_queues *queues, uint32_t pool);
/* At the end. False: there are `size` already, over all workers, or it has no queue. */
MUST_USE bool proxy_queue_join(struct proxy_queues *queues, uint32_t pool, uint32_t size, struct list *entry);
void proxy_queue_part(struct proxy_queues *queues, uint32_t pool, struct list *entry);
/* All servers were found full. True: they are to be asked once more, as the word of room may have been missed. */
MUST_USE bool proxy_queue_wait(struct proxy_queues *queues, uint32_t pool);

#endif
