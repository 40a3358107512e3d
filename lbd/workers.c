/* SPDX-License-Identifier: MIT */
#include "lbd/workers.h"

#include "lbd/forward.h"
#include "lbd/sources.h"
#include "lbd/worker.h"

#include <errno.h>
#include <sched.h>

struct workers {
	struct worker *list[LIVENESS_LOOPS_MAX];
	uint64_t beats_seen[LIVENESS_LOOPS_MAX];
	unsigned count;
	struct board *board;
	struct sources *sources;
};

unsigned workers_wanted(const struct conf *conf)
{
	/* The control thread has a loop of its own. */
	const unsigned most = LIVENESS_LOOPS_MAX - 1;
	unsigned wanted = conf->forwarder.threads;
	cpu_set_t *set = wanted == 0 ? CPU_ALLOC(CPU_SETSIZE) : NULL;
	size_t size = CPU_ALLOC_SIZE(CPU_SETSIZE);

	if (set != NULL && sched_getaffinity(0, size, set) == 0)
		wanted = (unsigned)CPU_COUNT_S(size, set);
	CPU_FREE(set);
	wanted = MAX(wanted, 1u);
	return MIN(wanted, most);
}

static int start_one(struct workers *workers, const struct workers_setup *setup)
{
	struct worker_setup one = {
		.number = workers->count,
		.count = setup->count,
		.liveness_loop = workers->count + 1,
		.live = setup->live,
		.snapshot = setup->snapshot,
		.board = workers->board,
		.sources = workers->sources,
		.records = connlog_ring(setup->connlog, workers->count),
		.news_fd = setup->news_fd,
	};
	int r = worker_start(&one, &workers->list[workers->count]);
	if (r == 0)
		workers->count++;
	return r;
}

int workers_start(const struct workers_setup *setup, struct workers **ret_workers)
{
	struct workers *workers = calloc(1, sizeof *workers);
	int r = 0;

	if (workers == NULL)
		return -ENOMEM;
	workers->board = setup->board;
	r = sources_new(&workers->sources);
	while (r == 0 && workers->count < setup->count)
		r = start_one(workers, setup);
	if (r < 0)
		workers_stop(workers);
	else
		*ret_workers = workers;
	return r;
}

void workers_stop(struct workers *workers)
{
	if (workers == NULL)
		return;
	for (unsigned i = 0; i < workers->count; i++)
		worker_end(workers->list[i]);
	for (unsigned i = 0; i < workers->count; i++)
		worker_stop(workers->list[i]);
	sources_free(workers->sources);
	free(workers);
}

int workers_reserve(struct workers *workers, size_t service_count, size_t server_count)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < workers->count; i++)
		r = worker_reserve(workers->list[i], service_count, server_count);
	return r;
}

void workers_clear_service(struct workers *workers, uint32_t slot)
{
	for (unsigned i = 0; i < workers->count; i++)
		worker_clear_service(workers->list[i], slot);
}

void workers_clear_server(struct workers *workers, uint32_t slot)
{
	for (unsigned i = 0; i < workers->count; i++)
		worker_clear_server(workers->list[i], slot);
}

unsigned workers_count(const struct workers *workers)
{
	return workers->count;
}

void workers_publish(struct workers *workers, struct snapshot *snapshot)
{
	for (unsigned i = 0; i < workers->count; i++)
		worker_publish(workers->list[i], snapshot);
}

void workers_ask_census(struct workers *workers, struct census_page *page)
{
	worker_ask_census(workers->list[page->worker], page);
}

struct census_page *workers_take_census(struct workers *workers, unsigned worker)
{
	return worker_take_census(workers->list[worker]);
}

uint64_t workers_generation(const struct workers *workers)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < workers->count; i++) {
		uint64_t generation = worker_generation(workers->list[i]);

		least = MIN(least, generation);
	}
	return least;
}

size_t workers_open_connections(const struct workers *workers)
{
	size_t open = 0;

	for (unsigned i = 0; i < workers->count; i++)
		open += worker_open_connections(workers->list[i]);
	return open;
}

bool workers_have_beaten(struct workers *workers)
{
	bool all = true;

	for (unsigned i = 0; i < workers->count; i++) {
		uint64_t beats = worker_beats(workers->list[i]);

		if (beats == workers->beats_seen[i])
			all = false;
		workers->beats_seen[i] = beats;
	}
	return all;
}

struct service_totals workers_service_totals(const struct workers *workers, uint32_t slot)
{
	struct service_totals totals = {0};

	for (unsigned i = 0; i < workers->count; i++) {
		const struct service_counters *counters = counters_service(worker_counters(workers->list[i]), slot);

		totals.connections += counter_read(&counters->connections);
		totals.connections_total += counter_read(&counters->connections_total);
		totals.refused_total += counter_read(&counters->refused_total);
		totals.bytes_in += counter_read(&counters->bytes_in);
		totals.bytes_out += counter_read(&counters->bytes_out);
		totals.datagrams_dropped += counter_read(&counters->datagrams_dropped);
		totals.sessions_evicted += counter_read(&counters->sessions_evicted);
		for (size_t j = 0; j < END_COUNT; j++)
			totals.ended_total[j] += counter_read(&counters->ended_total[j]);
	}
	return totals;
}

struct server_totals workers_server_totals(const struct workers *workers, uint32_t slot)
{
	struct server_totals totals = {0};

	for (unsigned i = 0; i < workers->count; i++) {
		const struct server_counters *counters = counters_server(worker_counters(workers->list[i]), slot);

		totals.connections += counter_read(&counters->connections);
		totals.connections_total += counter_read(&counters->connections_total);
		totals.connects_failed += counter_read(&counters->connects_failed);
		totals.resets_early += counter_read(&counters->resets_early);
		totals.ports_missing += counter_read(&counters->ports_missing);
	}
	return totals;
}

struct queue_totals workers_queue_totals(const struct workers *workers, uint32_t pool)
{
	const struct board_gate *queue = board_queue(workers->board, pool);

	return (struct queue_totals){
		.waiting = atomic_load_explicit(&queue->count, memory_order_relaxed),
		.timeouts = atomic_load_explicit(&queue->timeouts, memory_order_relaxed),
	};
}

struct worker_totals workers_worker_totals(const struct workers *workers, unsigned worker)
{
	return (struct worker_totals){
		.open_connections = worker_open_connections(workers->list[worker]),
		.accepts_paused = counter_read(&worker_counters(workers->list[worker])->accepts_paused),
		.beats = worker_beats(workers->list[worker]),
	};
}
