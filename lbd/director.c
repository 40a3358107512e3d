/* SPDX-License-Identifier: MIT */
#include "lbd/director.h"

#include "common/shell/daemon.h"
#include "common/system/fd.h"
#include "common/system/log.h"
#include "lbd/director_names.h"
#include "lbd/director_outliers.h"
#include "lbd/director_state.h"
#include "lbd/service_up.h"

#include <errno.h>
#include <sys/eventfd.h>

/* Hearing: what checks and workers say, and the time. */

static void note_down(struct director *director, uint32_t slot)
{
	const struct closing closing = {.server = slot, .reset = true, .cause = END_SERVER_DOWN};

	if (!servers_resets_when_down(&director->servers->list[slot]))
		return;
	if (closings_add(director->closings, &closing) < 0)
		log_error("out of memory, a failed server's connections go on",
			log_str("server", director->servers->list[slot].name));
}

static void on_check(void *context, uint32_t slot, const struct check_result *result, const char *text)
{
	struct director *director = context;
	uint64_t revision = director->servers->revision;
	size_t unchecked = director->servers->unchecked;
	const struct server *server = &director->servers->list[slot];
	enum health before = servers_health(server);

	servers_note_check(director->servers, slot, result, text, loop_now(director->loop));
	if (before != HEALTH_DOWN && servers_health(server) == HEALTH_DOWN)
		note_down(director, slot);
	if (director->servers->revision != revision || director->servers->unchecked != unchecked ||
		director->closings_revision != closings_revision(director->closings))
		director_note_change(director);
}

static void on_news(struct loop_io *io, unsigned events)
{
	struct director *director = CONTAINER_OF(io, struct director, news_io);
	eventfd_t count;

	(void)events;
	if (eventfd_read(io->fd, &count) < 0)
		return;
	if (director->applied_fn != NULL)
		director->applied_fn(director->applied_context);
	if (director->finishing && director_applied(director) >= director->generation &&
		workers_open_connections(director->workers) == 0)
		loop_stop(director->loop);
}

static void on_beat(struct loop_timer *timer, struct mono now)
{
	struct director *director = CONTAINER_OF(timer, struct director, beat_timer);

	liveness_beat(director->live, 0);
	director_again(director, timer, mono_add(now, LIVENESS_BEAT_MS * NS_PER_MS), on_beat);
}

static void on_watchdog(struct loop_timer *timer, struct mono now)
{
	struct director *director = CONTAINER_OF(timer, struct director, watchdog_timer);

	/* sd_watchdog_enabled(3) asks for twice an interval; one look that a worker missed is thus forgiven. */
	if (workers_have_beaten(director->workers))
		daemon_notify_watchdog();
	else
		log_warning("a worker does not beat");
	director_again(director, timer, mono_add(now, daemon_watchdog_ns() / 3), on_watchdog);
}

/* Starting and ending. */

static int start_workers(struct director *director, struct text *errors)
{
	struct workers_setup setup = {
		.board = &director->board,
		.connlog = director->connlog,
		.count = director->threads,
		.live = director->live,
		.news_fd = director->news_fd,
	};
	int r = entry_next(NULL, director->layout, setup.count, &director->entry, errors);

	if (r == 0)
		r = director_make_snapshot(director);
	if (r < 0)
		return r;
	setup.snapshot = director->snapshot;
	return workers_start(&setup, &director->workers);
}

static int start_timers(struct director *director)
{
	struct mono now = loop_now(director->loop);
	int r = loop_timer_set(director->loop, &director->beat_timer, now, on_beat);

	if (r == 0)
		r = director_follow_outliers(director);
	if (r == 0 && daemon_watchdog_ns() > 0)
		r = loop_timer_set(director->loop, &director->watchdog_timer, mono_add(now, daemon_watchdog_ns() / 3),
			on_watchdog);
	return r;
}

static uint64_t open_of_server(void *context, uint32_t slot)
{
	const struct director *director = context;

	return workers_server_totals(director->workers, slot).connections;
}

static int start_checks(struct director *director, struct text *errors)
{
	const struct checks_setup setup = {.loop = director->loop, .fn = on_check, .context = director};
	struct checks_change *change;
	int r = checks_new(&setup, &director->checks);

	if (r == 0)
		r = checks_prepare(director->checks, director->layout, director->servers->addresses, &change, errors);
	if (r == 0)
		checks_commit(director->checks, change);
	return r;
}

static int start(struct director *director, const struct director_setup *setup, struct text *errors)
{
	const struct closings_setup closings = {
		.loop = director->loop,
		.board = &director->board,
		.open = open_of_server,
		.context = director,
	};
	int r = runtime_new(setup->node, &director->runtime);

	board_init(&director->board);
	if (r == 0)
		r = closings_new(&closings, &director->closings);
	if (r == 0)
		r = layout_next(NULL, setup->conf, &director->layout);
	if (r == 0)
		r = director_reserve_board(&director->board, director->layout);
	if (r == 0)
		r = servers_next(
			NULL, director->layout, director->runtime, loop_now(director->loop), &director->servers);
	if (r < 0)
		return r;
	director->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (director->news_fd < 0)
		return -errno;
	r = loop_io_add(director->loop, &director->news_io, director->news_fd, LOOP_READ, on_news);
	if (r == 0)
		r = connlog_new(director->threads, &director->connlog);
	if (r == 0)
		r = connlog_set(director->connlog, setup->conf->log.connections);
	if (r == 0)
		r = start_workers(director, errors);
	if (r == 0)
		r = start_checks(director, errors);
	if (r == 0)
		r = director_start_names(director, errors);
	if (r == 0)
		r = start_timers(director);
	return r;
}

int director_new(const struct director_setup *setup, struct director **ret_director, struct text *errors)
{
	/* The board in it has cache lines to itself. */
	struct director *director = aligned_alloc(_Alignof(struct director), sizeof *director);
	int r;

	if (director == NULL)
		return -ENOMEM;
	*director = (struct director){.loop = setup->loop, .live = setup->live, .threads = setup->threads};
	director->news_fd = -1;
	r = start(director, setup, errors);
	if (r < 0) {
		director_free(director);
		return r;
	}
	director_tell_liveness(director);
	liveness_set_bound(setup->live, true);
	*ret_director = director;
	return 0;
}

void director_free(struct director *director)
{
	if (director == NULL)
		return;
	liveness_set_bound(director->live, false);
	names_free(director->names);
	checks_free(director->checks);
	workers_stop(director->workers);
	connlog_free(director->connlog);
	snapshot_unref(director->snapshot);
	entry_unref(director->entry);
	loop_timer_clear(director->loop, &director->beat_timer);
	loop_timer_clear(director->loop, &director->change_timer);
	loop_timer_clear(director->loop, &director->outlier_timer);
	loop_timer_clear(director->loop, &director->step_timer);
	loop_timer_clear(director->loop, &director->watchdog_timer);
	loop_timer_clear(director->loop, &director->release_timer);
	loop_io_remove(director->loop, &director->news_io);
	fd_close(&director->news_fd);
	closings_free(director->closings);
	roles_free(&director->roles);
	servers_free(director->servers);
	layout_free(director->layout);
	board_free(&director->board);
	runtime_free(director->runtime);
	free(director);
}

void director_finish(struct director *director)
{
	if (director->finishing)
		return;
	director->finishing = true;
	liveness_set_bound(director->live, false);
	log_info("accepting no more connections", log_uint("open", workers_open_connections(director->workers)));
	if (director_publish(director) < 0)
		loop_stop(director->loop);
}

int director_operate(
	struct director *director, const struct operation *operation, uint64_t *ret_generation, struct text *answer)
{
	const struct operate with = {
		.layout = director->layout,
		.runtime = director->runtime,
		.servers = director->servers,
		.closings = director->closings,
		.now = loop_now(director->loop),
	};
	int r = operate(&with, operation, answer);

	if (r < 0)
		return r;
	director_tell_liveness(director);
	r = director_publish(director);
	if (r == 0)
		*ret_generation = director->generation;
	return r;
}

int director_set_role(struct director *director, const char *vip, const char *state, const struct ip *addresses,
	size_t count, uint64_t *ret_generation)
{
	int r = roles_set(&director->roles, vip, state, addresses, count);

	if (r > 0)
		r = director_publish(director);
	if (r == 0)
		*ret_generation = director->generation;
	return r;
}

uint64_t director_applied(const struct director *director)
{
	return workers_generation(director->workers);
}

void director_on_applied(struct director *director, void (*fn)(void *context), void *context)
{
	director->applied_fn = fn;
	director->applied_context = context;
}

void director_ask_census(struct director *director, struct census_page *page)
{
	workers_ask_census(director->workers, page);
}

struct census_page *director_take_census(struct director *director, unsigned worker)
{
	return workers_take_census(director->workers, worker);
}

const struct conf *director_conf(const struct director *director)
{
	return director->layout->conf;
}

bool director_service_is_up(const struct director *director, const struct service_conf *service)
{
	return service_is_up(director->layout, director->runtime, director->servers, service);
}

const struct layout *director_layout(const struct director *director)
{
	return director->layout;
}

const struct servers *director_servers(const struct director *director)
{
	return director->servers;
}

const struct workers *director_workers(const struct director *director)
{
	return director->workers;
}

const struct snapshot *director_snapshot(const struct director *director)
{
	return director->snapshot;
}

uint64_t director_reloads(const struct director *director)
{
	return director->reloads;
}

const struct roles *director_roles(const struct director *director)
{
	return &director->roles;
}

const struct runtime *director_runtime(const struct director *director)
{
	return director->runtime;
}
