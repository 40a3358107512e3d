/* SPDX-License-Identifier: MIT */
#include "lbd/worker.h"

#include "common/system/fd.h"
#include "common/system/log.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>

struct worker {
	pthread_t thread;
	bool thread_runs;
	struct worker_setup setup;
	struct loop *loop;
	struct counters counters;
	struct forward *forwards[FORWARD_COUNT];
	struct snapshot *snapshot; /* the one in use */
	struct loop_timer beat_timer;

	/* Between the threads. */
	struct loop_io mail_io;
	int mail_fd;
	_Atomic(struct snapshot *) mail;
	_Atomic(struct census_page *) census; /* to be filled */
	_Atomic(struct census_page *) census_done;
	_Atomic bool stopping;
	_Atomic uint64_t generation;
	_Atomic uint64_t beats;
	_Atomic size_t open_connections;
};

static void signal_event(int fd)
{
	/* It can fail only where the counter is full, and then the other side has been told. */
	(void)eventfd_write(fd, 1);
}

/* In the worker's thread. */

static void publish_open(struct worker *worker)
{
	size_t open = 0;

	for (size_t i = 0; i < FORWARD_COUNT; i++)
		open += forward_table[i]->open_connections(worker->forwards[i]);
	atomic_store_explicit(&worker->open_connections, open, memory_order_relaxed);
}

static void on_beat(struct loop_timer *timer, struct mono now)
{
	struct worker *worker = CONTAINER_OF(timer, struct worker, beat_timer);

	atomic_fetch_add_explicit(&worker->beats, 1, memory_order_relaxed);
	if (worker->setup.live != NULL)
		liveness_beat(worker->setup.live, worker->setup.liveness_loop);
	for (size_t i = 0; i < FORWARD_COUNT; i++)
		forward_table[i]->tick(worker->forwards[i], now);
	publish_open(worker);
	/* Whoever waits for the last connection's end wants to hear of it. */
	if (!worker->snapshot->accepting && atomic_load(&worker->open_connections) == 0)
		signal_event(worker->setup.news_fd);
	/* The timer was in the heap a moment ago, whose place is still there: this cannot fail for want of memory. */
	if (loop_timer_set(worker->loop, timer, mono_add(now, LIVENESS_BEAT_MS * NS_PER_MS), on_beat) < 0)
		abort();
}

static void apply(struct worker *worker, struct snapshot *snapshot)
{
	struct snapshot *before = worker->snapshot;

	worker->snapshot = snapshot;
	for (size_t i = 0; i < FORWARD_COUNT; i++)
		forward_table[i]->apply(worker->forwards[i], snapshot);
	snapshot_unref(before);
	publish_open(worker);
	atomic_store(&worker->generation, snapshot->generation);
	signal_event(worker->setup.news_fd);
}

static void fill_census(struct worker *worker, struct census_page *page)
{
	forward_table[page->way]->census(worker->forwards[page->way], page);
	atomic_store(&worker->census_done, page);
	signal_event(worker->setup.news_fd);
}

static void on_mail(struct loop_io *io, unsigned events)
{
	struct worker *worker = CONTAINER_OF(io, struct worker, mail_io);
	struct census_page *page;
	struct snapshot *snapshot;
	eventfd_t count;

	(void)events;
	(void)eventfd_read(io->fd, &count);
	if (atomic_load(&worker->stopping)) {
		loop_stop(worker->loop);
		return;
	}
	snapshot = atomic_exchange(&worker->mail, NULL);
	if (snapshot != NULL)
		apply(worker, snapshot);
	page = atomic_exchange(&worker->census, NULL);
	if (page != NULL)
		fill_census(worker, page);
	for (size_t i = 0; i < FORWARD_COUNT; i++) {
		if (forward_table[i]->woken != NULL)
			forward_table[i]->woken(worker->forwards[i]);
	}
}

static void *worker_main(void *context)
{
	struct worker *worker = context;
	int r = loop_run(worker->loop);

	if (r < 0) {
		/* A worker that cannot wait for events serves nobody, while the kernel goes on dealing connections to
		 * it. */
		log_error("worker failed", log_uint("worker", worker->setup.number), log_errno(r));
		log_flush();
		abort();
	}
	return NULL;
}

/* In the control thread. */

int worker_reserve(struct worker *worker, size_t service_count, size_t server_count)
{
	int r = chunks_reserve(&worker->counters.services, service_count);

	return r < 0 ? r : chunks_reserve(&worker->counters.servers, server_count);
}

void worker_clear_service(struct worker *worker, uint32_t slot)
{
	*counters_service(&worker->counters, slot) = (struct service_counters){0};
}

void worker_clear_server(struct worker *worker, uint32_t slot)
{
	*counters_server(&worker->counters, slot) = (struct server_counters){0};
}

static int start_forwards(struct worker *worker)
{
	struct forward_env env = {
		.loop = worker->loop,
		.counters = &worker->counters,
		.board = worker->setup.board,
		.sources = worker->setup.sources,
		.records = worker->setup.records,
		.worker = worker->setup.number,
		.workers = worker->setup.count,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < FORWARD_COUNT; i++)
		r = forward_table[i]->start(&env, worker->snapshot, &worker->forwards[i]);
	return r;
}

static int prepare(struct worker *worker)
{
	int r = loop_new(&worker->loop);

	if (r < 0)
		return r;
	worker->mail_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->mail_fd < 0)
		return -errno;
	board_set_wake(worker->setup.board, worker->setup.number, worker->mail_fd);
	r = worker_reserve(worker, worker->snapshot->service_count, worker->snapshot->server_count);
	if (r == 0)
		r = start_forwards(worker);
	if (r == 0)
		r = loop_io_add(worker->loop, &worker->mail_io, worker->mail_fd, LOOP_READ | LOOP_PRIORITY, on_mail);
	if (r == 0)
		r = loop_timer_set(worker->loop, &worker->beat_timer, loop_now(worker->loop), on_beat);
	return r;
}

int worker_start(const struct worker_setup *setup, struct worker **ret_worker)
{
	struct worker *worker = calloc(1, sizeof *worker);
	int r;

	if (worker == NULL)
		return -ENOMEM;
	worker->setup = *setup;
	worker->mail_fd = -1;
	counters_init(&worker->counters);
	worker->snapshot = snapshot_ref(setup->snapshot);
	atomic_init(&worker->generation, setup->snapshot->generation);
	r = prepare(worker);
	if (r == 0)
		r = -pthread_create(&worker->thread, NULL, worker_main, worker);
	if (r < 0) {
		worker_stop(worker);
		return r;
	}
	worker->thread_runs = true;
	*ret_worker = worker;
	return 0;
}

void worker_end(struct worker *worker)
{
	if (!worker->thread_runs)
		return;
	atomic_store(&worker->stopping, true);
	signal_event(worker->mail_fd);
	pthread_join(worker->thread, NULL);
	worker->thread_runs = false;
}

void worker_stop(struct worker *worker)
{
	if (worker == NULL)
		return;
	worker_end(worker);
	board_set_wake(worker->setup.board, worker->setup.number, -1);
	for (size_t i = 0; i < FORWARD_COUNT; i++) {
		if (worker->forwards[i] != NULL)
			forward_table[i]->stop(worker->forwards[i]);
	}
	snapshot_unref(atomic_load(&worker->mail));
	snapshot_unref(worker->snapshot);
	free(atomic_load(&worker->census));
	free(atomic_load(&worker->census_done));
	fd_close(&worker->mail_fd);
	loop_free(worker->loop);
	chunks_free(&worker->counters.services);
	chunks_free(&worker->counters.servers);
	free(worker);
}

void worker_publish(struct worker *worker, struct snapshot *snapshot)
{
	snapshot_unref(atomic_exchange(&worker->mail, snapshot_ref(snapshot)));
	signal_event(worker->mail_fd);
}

void worker_ask_census(struct worker *worker, struct census_page *page)
{
	atomic_store(&worker->census, page);
	signal_event(worker->mail_fd);
}

struct census_page *worker_take_census(struct worker *worker)
{
	return atomic_exchange(&worker->census_done, NULL);
}

uint64_t worker_generation(const struct worker *worker)
{
	return atomic_load(&worker->generation);
}

size_t worker_open_connections(const struct worker *worker)
{
	return atomic_load_explicit(&worker->open_connections, memory_order_relaxed);
}

uint64_t worker_beats(const struct worker *worker)
{
	return atomic_load_explicit(&worker->beats, memory_order_relaxed);
}

const struct counters *worker_counters(const struct worker *worker)
{
	return &worker->counters;
}
