/* SPDX-License-Identifier: MIT */
/*
 * A worker: a thread with its own loop, forwarders and counters, that shares nothing on the hot path. The functions
 * here are the control thread's.
 */
#ifndef LBPAIR_LBD_WORKER_H
#define LBPAIR_LBD_WORKER_H

#include "common/system/liveness.h"
#include "lbd/counters.h"
#include "lbd/forward.h"
#include "lbd/record.h"
#include "lbd/snapshot.h"

struct worker;

struct worker_setup {
	uint32_t number; /* from 0 */
	unsigned count;  /* of workers */
	unsigned liveness_loop;
	struct liveness *live; /* NULL: none */
	struct snapshot *snapshot;
	struct board *board; /* outlives the worker, as the next */
	struct sources *sources;
	struct record_ring *records;
	int news_fd; /* an eventfd that is written to when worker_generation or worker_open_connections matter, or a
			page is filled */
};

MUST_USE int worker_start(const struct worker_setup *setup, struct worker **ret_worker);
/* Ends the thread alone. Where there are several, all are ended before any is stopped: they wake each other. */
void worker_end(struct worker *worker);
/* Ends the thread, resets what is open, and frees it. Accepts NULL. */
void worker_stop(struct worker *worker);

/* Makes room for the counters of so many slots. -ENOMEM: there is as much as before. */
MUST_USE int worker_reserve(struct worker *worker, size_t service_count, size_t server_count);
/* Slots that are used anew count from 0. No snapshot that has them has been handed over yet. */
void worker_clear_service(struct worker *worker, uint32_t slot);
void worker_clear_server(struct worker *worker, uint32_t slot);

/* Hands over a snapshot; the worker takes a reference of its own. One that it has not looked at yet is replaced. */
void worker_publish(struct worker *worker, struct snapshot *snapshot);

/*
 * Hands over a page, of this worker, to be filled; worker_take_census gives it back when it is, NULL until then. One at
 * a time. News are told of it.
 */
void worker_ask_census(struct worker *worker, struct census_page *page);
struct census_page *worker_take_census(struct worker *worker);

/* The generation of the snapshot that has been carried out. */
uint64_t worker_generation(const struct worker *worker);
size_t worker_open_connections(const struct worker *worker);
/* Advances while the worker's loop runs. */
uint64_t worker_beats(const struct worker *worker);
const struct counters *worker_counters(const struct worker *worker);

#endif
