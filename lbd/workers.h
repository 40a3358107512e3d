/* SPDX-License-Identifier: MIT */
/* All workers, as the control thread deals with them. */
#ifndef LBPAIR_LBD_WORKERS_H
#define LBPAIR_LBD_WORKERS_H

#include "common/pure/text.h"
#include "common/system/liveness.h"
#include "lbd/census.h"
#include "lbd/connlog.h"
#include "lbd/ending.h"
#include "lbd/snapshot.h"

struct workers;

/* `threads` of the configuration, or, where that says auto, one for each processor that the process may use. */
unsigned workers_wanted(const struct conf *conf);

struct workers_setup {
	struct board *board;     /* outlives them, as the next */
	struct connlog *connlog; /* of so many workers */
	unsigned count;
	struct liveness *live; /* NULL: none; the workers have its loops 1 to `count` */
	struct snapshot *snapshot;
	int news_fd; /* as in worker.h */
};

/* Starts the threads. Negative errno. */
MUST_USE int workers_start(const struct workers_setup *setup, struct workers **ret_workers);
/* Resets what is open. Accepts NULL. */
void workers_stop(struct workers *workers);

/* The counters of so many slots. -ENOMEM. */
MUST_USE int workers_reserve(struct workers *workers, size_t service_count, size_t server_count);
/* As worker.h has it. */
void workers_clear_service(struct workers *workers, uint32_t slot);
void workers_clear_server(struct workers *workers, uint32_t slot);

unsigned workers_count(const struct workers *workers);
/* As worker.h has it; the page says which worker is meant. */
void workers_ask_census(struct workers *workers, struct census_page *page);
struct census_page *workers_take_census(struct workers *workers, unsigned worker);
void workers_publish(struct workers *workers, struct snapshot *snapshot);
/* The generation that every worker has carried out. */
uint64_t workers_generation(const struct workers *workers);
size_t workers_open_connections(const struct workers *workers);
/* Whether every worker's loop has run since this was asked last. */
bool workers_have_beaten(struct workers *workers);

struct service_totals {
	uint64_t connections;
	uint64_t connections_total;
	uint64_t refused_total;
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint64_t datagrams_dropped;
	uint64_t sessions_evicted;
	uint64_t ended_total[END_COUNT];
};
struct server_totals {
	uint64_t connections;
	uint64_t connections_total;
	uint64_t connects_failed;
	uint64_t resets_early;
	uint64_t ports_missing;
};
struct service_totals workers_service_totals(const struct workers *workers, uint32_t slot);
struct queue_totals {
	uint64_t waiting;
	uint64_t timeouts;
};
struct queue_totals workers_queue_totals(const struct workers *workers, uint32_t pool);
struct server_totals workers_server_totals(const struct workers *workers, uint32_t slot);
struct worker_totals {
	uint64_t open_connections;
	uint64_t accepts_paused;
	uint64_t beats;
};
struct worker_totals workers_worker_totals(const struct workers *workers, unsigned worker);

#endif
