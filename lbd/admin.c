/* SPDX-License-Identifier: MIT */
#include "lbd/admin.h"

#include "common/system/clock.h"
#include "lbd/collector.h"
#include "lbd/http.h"
#include "lbd/process.h"

#include <errno.h>

/* A worker beats every LIVENESS_BEAT_MS; one that has not in so long does not run. */
#define LOOK_NS NS_PER_S

struct admin {
	struct admin_setup setup;
	struct http_server *server;
	struct collector *collector;
	struct list waiting; /* calls for metrics */
	int64_t started_at_s;
	struct loop_timer look_timer;
	uint64_t beats[LIVENESS_LOOPS_MAX]; /* of the workers, at the last look */
	bool stuck;                         /* one of them had not advanced by then */
};

/* A page of metrics as it is sent, in the server's thread. */

struct scrape {
	struct metric_set *process; /* NULL before the first piece */
	struct collected *collected;
	int64_t started_at_s;
	struct metric_writer writers[2];
	unsigned at;
};

static bool look_at_process(struct scrape *scrape)
{
	struct process_sample *sample;

	if (metric_set_new(metric_groups, METRIC_GROUP_COUNT, &scrape->process) < 0)
		return false;
	sample = metric_set_add(scrape->process, METRIC_GROUP_PROCESS, NULL);
	if (sample == NULL)
		return false;
	process_look(scrape->started_at_s, sample);
	scrape->writers[0].set = scrape->process;
	return true;
}

static bool scrape_go_on(void *context, size_t size, struct text *out)
{
	struct scrape *scrape = context;

	if (scrape->process == NULL && !look_at_process(scrape)) {
		out->failed = true;
		return false;
	}
	if (metric_writer_go_on(&scrape->writers[scrape->at], size, out))
		return true;
	if (++scrape->at < ARRAY_LEN(scrape->writers))
		return true;
	metric_end_page(out);
	return false;
}

static void scrape_free(void *context)
{
	struct scrape *scrape = context;

	metric_set_free(scrape->process);
	collected_unref(scrape->collected);
	free(scrape);
}

/* In the loop's thread. */

static void answer(const struct admin *admin, struct http_call *call, struct collected *collected)
{
	struct http_stream stream = {
		.content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8",
		.go_on = scrape_go_on,
		.free = scrape_free,
	};
	struct scrape *scrape = collected != NULL ? calloc(1, sizeof *scrape) : NULL;

	if (scrape == NULL) {
		http_answer(call, 503, "no memory, or the configuration is being changed: try again\n");
		return;
	}
	scrape->started_at_s = admin->started_at_s;
	scrape->collected = collected_ref(collected);
	scrape->writers[1].set = collected->set;
	stream.context = scrape;
	http_answer_stream(call, &stream);
}

static void on_collected(void *context, struct collected *collected)
{
	struct admin *admin = context;
	struct http_call *call;

	LIST_FOR_EACH(call, &admin->waiting, link)
	{
		list_remove(&call->link);
		answer(admin, call, collected);
	}
}

static void on_metrics(struct http_call *call, void *context)
{
	struct admin *admin = context;

	list_append(&admin->waiting, &call->link);
	collector_ask(admin->collector);
}

static void on_healthz(struct http_call *call, void *context)
{
	const struct admin *admin = context;

	if (admin->stuck)
		http_answer(call, 503, "a worker does not run\n");
	else if (!director_snapshot(admin->setup.director)->accepting)
		http_answer(call, 503, "lbd accepts nothing any more\n");
	else
		http_answer(call, 200, "ok\n");
}

static void on_look(struct loop_timer *timer, struct mono now)
{
	struct admin *admin = CONTAINER_OF(timer, struct admin, look_timer);
	const struct workers *workers = director_workers(admin->setup.director);

	admin->stuck = false;
	for (unsigned i = 0; i < workers_count(workers); i++) {
		struct worker_totals totals = workers_worker_totals(workers, i);

		admin->stuck |= totals.beats == admin->beats[i];
		admin->beats[i] = totals.beats;
	}
	/* Setting a timer again takes no memory. */
	if (loop_timer_set(admin->setup.loop, timer, mono_add(now, LOOK_NS), on_look) < 0)
		abort();
}

static const struct http_page pages[] = {
	{"/metrics", on_metrics},
	{"/healthz", on_healthz},
	{0},
};

static int start(struct admin *admin, struct text *errors)
{
	struct collector_setup collector = {
		.loop = admin->setup.loop,
		.director = admin->setup.director,
		.node = admin->setup.node,
		.fn = on_collected,
		.context = admin,
	};
	struct http_setup http = {
		.loop = admin->setup.loop,
		.listen = admin->setup.conf->listen,
		.listen_count = admin->setup.conf->listen_count,
		.pages = pages,
		.context = admin,
	};
	struct mono now = loop_now(admin->setup.loop);
	int r = collector_new(&collector, &admin->collector);

	if (r == 0)
		r = loop_timer_set(admin->setup.loop, &admin->look_timer, mono_add(now, LOOK_NS), on_look);
	return r < 0 ? r : http_new(&http, &admin->server, errors);
}

int admin_new(const struct admin_setup *setup, struct admin **ret_admin, struct text *errors)
{
	struct admin *admin = calloc(1, sizeof *admin);
	int r;

	if (admin == NULL)
		return -ENOMEM;
	admin->setup = *setup;
	list_init(&admin->waiting);
	admin->started_at_s = clock_real_ns() / NS_PER_S;
	r = start(admin, errors);
	if (r < 0)
		admin_free(admin);
	else
		*ret_admin = admin;
	return r;
}

void admin_free(struct admin *admin)
{
	if (admin == NULL)
		return;
	on_collected(admin, NULL);
	http_free(admin->server);
	collector_free(admin->collector);
	loop_timer_clear(admin->setup.loop, &admin->look_timer);
	free(admin);
}
