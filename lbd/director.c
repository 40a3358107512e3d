/* SPDX-License-Identifier: MIT */
#include "lbd/director.h"

#include "common/shell/daemon.h"
#include "common/system/fd.h"
#include "common/system/log.h"
#include "lbd/checks.h"
#include "lbd/names.h"
#include "lbd/service_pools.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

/* How long changes of servers are gathered before the workers are told. */
#define OUTLIER_LOOK_NS (100 * NS_PER_MS)
#define GATHER_NS (5 * NS_PER_MS)

struct director {
	struct director_setup setup;
	struct layout *layout;
	struct runtime *runtime;
	struct entry *entry;
	struct board board;
	struct servers *servers;
	struct closings *closings;
	struct checks *checks;
	struct connlog *connlog;
	struct names *names; /* NULL: no server has one */
	uint64_t reloads;
	struct workers *workers;
	struct roles roles;

	struct loop_io news_io;
	int news_fd;
	struct snapshot *snapshot; /* the last one */
	uint64_t generation;       /* of it */
	uint64_t servers_revision; /* that it was made of */
	uint64_t closings_revision;
	uint64_t layout_generation; /* of the first snapshot that was made by this layout */
	bool finishing;
	void (*applied_fn)(void *context);
	void *applied_context;

	struct loop_timer beat_timer;
	struct loop_timer change_timer;
	struct mono changed_at; /* changes were told last */
	struct loop_timer outlier_timer;
	struct loop_timer step_timer; /* of slow starts */
	struct loop_timer watchdog_timer;
	struct loop_timer release_timer; /* while something is leaving */
};

/* Telling: snapshots to the workers, liveness to vrrpd. */

/* The backup pool does not count. */
bool director_service_is_up(const struct director *director, const struct service_conf *service)
{
	struct service_pools pools;

	service_pools_now(director->layout->conf, service, director->runtime, &pools);
	for (size_t i = 0; i < pools.count; i++) {
		if (pools.list[i].parts > 0 &&
			servers_pool_is_up(director->servers, layout_pool_of(director->layout, pools.list[i].pool)))
			return true;
	}
	for (size_t i = 0; i < service->route_count; i++) {
		if (servers_pool_is_up(director->servers, layout_pool_of(director->layout, service->routes[i].pool)))
			return true;
	}
	return false;
}

static void tell_liveness(struct director *director)
{
	const struct conf *conf = director->layout->conf;
	size_t count = MIN(conf->service_count, (size_t)LIVENESS_SERVICES_MAX);
	AUTO_FREE struct liveness_service *services = calloc(MAX(count, (size_t)1), sizeof *services);

	if (services == NULL) {
		log_error("out of memory, the services' states are not up to date for vrrpd");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		snprintf(services[i].name, LIVENESS_NAME_MAX, "%s", conf->services[i].name);
		services[i].up = director_service_is_up(director, &conf->services[i]);
	}
	liveness_set_services(director->setup.live, services, count);
	liveness_set_checked(director->setup.live, director->servers->unchecked == 0);
}

/* Steps of many servers come together. */
#define STEP_MIN_NS (100 * NS_PER_MS)

static void on_step(struct loop_timer *timer, struct mono now);

static void await_step(struct director *director)
{
	struct mono now = loop_now(director->setup.loop);
	struct mono next = servers_next_step(director->servers, now), soonest = mono_add(now, STEP_MIN_NS);

	if (mono_is_never(next) || loop_timer_is_set(&director->step_timer))
		return;
	if (loop_timer_set(director->setup.loop, &director->step_timer, mono_before(next, soonest) ? soonest : next,
		    on_step) < 0)
		log_error("out of memory, a slow start waits for the next change");
}

/* Those that are done with, and those whose server is wanted again. */
static void clear_closings(struct director *director)
{
	const struct closing *list;
	size_t count;

	if (director->workers != NULL && director_applied(director) == director->generation)
		closings_forget(director->closings, director->closings_revision);
	for (list = closings_list(director->closings, &count); count > 0; count--) {
		const struct closing *closing = &list[count - 1];

		if (closing->pace > 0 && director->servers->list[closing->server].admin == ADMIN_ENABLED)
			closings_drop(director->closings, closing->server);
	}
}

/* What a snapshot is made of, and the snapshot. */
struct state {
	struct layout *layout;
	struct entry *entry;
	struct servers *servers;
	struct snapshot *snapshot;
};

/* Of the next generation. */
static int state_snapshot(struct director *director, struct state *state)
{
	struct snapshot_source source = {
		.layout = state->layout,
		.entry = state->entry,
		.board = &director->board,
		.previous = director->snapshot,
		.generation = director->generation + 1,
		.accepting = !director->finishing,
		.runtime = director->runtime,
		.addresses = state->servers->addresses,
		.weights = state->servers->weights,
		.shares = servers_shares(state->servers, loop_now(director->setup.loop)),
		.pool_revisions = state->servers->pool_revisions,
	};
	AUTO_FREE struct snapshot_yield *yields = roles_yields(&director->roles, &source.yield_count);

	clear_closings(director);
	source.closings = closings_list(director->closings, &source.closing_count);
	if (yields == NULL && source.yield_count > 0)
		return -ENOMEM;
	source.yields = yields;
	return snapshot_new(&source, &state->snapshot);
}

/* The director's own reference goes over to the new one. */
static void take_snapshot(struct director *director, struct snapshot *snapshot)
{
	snapshot_unref(director->snapshot);
	director->snapshot = snapshot;
	director->generation = snapshot->generation;
	director->servers_revision = director->servers->revision;
	director->closings_revision = closings_revision(director->closings);
	await_step(director);
}

static int make_snapshot(struct director *director)
{
	struct state state = {.layout = director->layout, .entry = director->entry, .servers = director->servers};
	int r = state_snapshot(director, &state);

	if (r == 0)
		take_snapshot(director, state.snapshot);
	return r;
}

static int publish(struct director *director)
{
	int r = make_snapshot(director);

	if (r < 0) {
		log_error("out of memory, the workers go on by the former state");
		return r;
	}
	workers_publish(director->workers, director->snapshot);
	return 0;
}

static void on_step(struct loop_timer *timer, struct mono now)
{
	(void)now;
	(void)publish(CONTAINER_OF(timer, struct director, step_timer));
}

static void on_change(struct loop_timer *timer, struct mono now)
{
	struct director *director = CONTAINER_OF(timer, struct director, change_timer);

	director->changed_at = now;
	tell_liveness(director);
	if (director->servers_revision != director->servers->revision ||
		director->closings_revision != closings_revision(director->closings))
		(void)publish(director);
}

/* Once for all changes of the next moment: a snapshot takes as long as there are servers, and many may fail at once. */
static void note_change(struct director *director)
{
	/* The first of them in this very round. */
	struct mono now = loop_now(director->setup.loop), soonest = mono_add(director->changed_at, GATHER_NS);
	struct mono at = mono_before(now, soonest) ? soonest : now;

	if (loop_timer_is_set(&director->change_timer))
		return;
	if (loop_timer_set(director->setup.loop, &director->change_timer, at, on_change) < 0)
		on_change(&director->change_timer, loop_now(director->setup.loop));
}

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

	servers_note_check(director->servers, slot, result, text, loop_now(director->setup.loop));
	if (before != HEALTH_DOWN && servers_health(server) == HEALTH_DOWN)
		note_down(director, slot);
	if (director->servers->revision != revision || director->servers->unchecked != unchecked ||
		director->closings_revision != closings_revision(director->closings))
		note_change(director);
}

/* Hearing: what workers say, and the time. */

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
		loop_stop(director->setup.loop);
}

/* Sets one of the director's own timers again, which takes no memory. */
static void again(struct director *director, struct loop_timer *timer, struct mono at, loop_timer_fn *fn)
{
	if (loop_timer_set(director->setup.loop, timer, at, fn) < 0)
		abort();
}

/* What the workers have counted since the last look. */
static void on_outlier(struct loop_timer *timer, struct mono now)
{
	struct director *director = CONTAINER_OF(timer, struct director, outlier_timer);
	uint64_t revision = director->servers->revision;

	for (uint32_t i = 0; i < director->servers->count; i++) {
		const struct server *server = &director->servers->list[i];
		struct server_totals totals;

		if (server->pool == NULL || server->leaving || server->pool->outlier == NULL)
			continue;
		totals = workers_server_totals(director->workers, i);
		servers_note_failures(director->servers, i, totals.connects_failed + totals.resets_early, now);
	}
	if (director->servers->revision != revision)
		note_change(director);
	again(director, timer, mono_add(now, OUTLIER_LOOK_NS), on_outlier);
}

static bool wants_outliers(const struct conf *conf)
{
	for (size_t i = 0; i < conf->pool_count; i++) {
		if (conf->pools[i].outlier != NULL)
			return true;
	}
	return false;
}

static void on_beat(struct loop_timer *timer, struct mono now)
{
	struct director *director = CONTAINER_OF(timer, struct director, beat_timer);

	liveness_beat(director->setup.live, 0);
	again(director, timer, mono_add(now, LIVENESS_BEAT_MS * NS_PER_MS), on_beat);
}

static void on_watchdog(struct loop_timer *timer, struct mono now)
{
	struct director *director = CONTAINER_OF(timer, struct director, watchdog_timer);

	/* sd_watchdog_enabled(3) asks for twice an interval; one look that a worker missed is thus forgiven. */
	if (workers_have_beaten(director->workers))
		daemon_notify_watchdog();
	else
		log_warning("a worker does not beat");
	again(director, timer, mono_add(now, daemon_watchdog_ns() / 3), on_watchdog);
}

/* Starting and ending. */

static int start_workers(struct director *director, struct text *errors)
{
	struct workers_setup setup = {
		.board = &director->board,
		.connlog = director->connlog,
		.count = director->setup.threads,
		.live = director->setup.live,
		.news_fd = director->news_fd,
	};
	int r = entry_next(NULL, director->layout, setup.count, &director->entry, errors);

	if (r == 0)
		r = make_snapshot(director);
	if (r < 0)
		return r;
	setup.snapshot = director->snapshot;
	return workers_start(&setup, &director->workers);
}

static int start_timers(struct director *director)
{
	struct mono now = loop_now(director->setup.loop);
	int r = loop_timer_set(director->setup.loop, &director->beat_timer, now, on_beat);

	if (r == 0 && wants_outliers(director->layout->conf))
		r = loop_timer_set(director->setup.loop, &director->outlier_timer, now, on_outlier);
	if (r == 0 && daemon_watchdog_ns() > 0)
		r = loop_timer_set(director->setup.loop, &director->watchdog_timer,
			mono_add(now, daemon_watchdog_ns() / 3), on_watchdog);
	return r;
}

static void on_lookup(void *context, uint32_t slot, const struct ip *address, bool changed, const char *why)
{
	struct director *director = context;
	uint64_t revision = director->servers->revision;
	size_t unchecked = director->servers->unchecked;

	servers_note_lookup(director->servers, slot, address, changed, why, loop_now(director->setup.loop));
	if (changed)
		checks_set_address(director->checks, slot, address);
	if (director->servers->revision != revision || director->servers->unchecked != unchecked)
		note_change(director);
}

static bool wants_names(const struct conf *conf)
{
	for (size_t i = 0; i < conf->pool_count; i++) {
		for (size_t j = 0; j < conf->pools[i].server_count; j++) {
			if (conf->pools[i].servers[j].host != NULL)
				return true;
		}
	}
	return false;
}

static int start_names(struct director *director, struct text *errors)
{
	struct names_setup setup = {
		.loop = director->setup.loop,
		.conf = &director->layout->conf->resolver,
		.fn = on_lookup,
		.context = director,
	};
	int r;

	if (!wants_names(director->layout->conf))
		return 0;
	r = names_new(&setup, &director->names);
	if (r < 0)
		text_addf(errors, "names of servers cannot be looked up: %s\n", strerrordesc_np(-r));
	return r < 0 ? r : names_follow(director->names, director->layout);
}

/* The configuration is in use already: what cannot be looked up now stays as it is. */
static void follow_names(struct director *director)
{
	AUTO_TEXT errors = {0};
	int r = director->names != NULL ? names_follow(director->names, director->layout)
					: start_names(director, &errors);

	if (r < 0)
		log_error("names of servers cannot be looked up", log_errno(r));
}

static int reserve_board(struct board *board, const struct layout *layout)
{
	const struct board_size size = {
		.services = layout->service_count, .pools = layout->pool_count, .servers = layout->server_count};

	return board_reserve(board, &size);
}

static uint64_t open_of_server(void *context, uint32_t slot)
{
	const struct director *director = context;

	return workers_server_totals(director->workers, slot).connections;
}

static int start_checks(struct director *director, struct text *errors)
{
	const struct checks_setup setup = {.loop = director->setup.loop, .fn = on_check, .context = director};
	struct checks_change *change;
	int r = checks_new(&setup, &director->checks);

	if (r == 0)
		r = checks_prepare(director->checks, director->layout, director->servers->addresses, &change, errors);
	if (r == 0)
		checks_commit(director->checks, change);
	return r;
}

static int start(struct director *director, struct text *errors)
{
	const struct closings_setup closings = {
		.loop = director->setup.loop,
		.board = &director->board,
		.open = open_of_server,
		.context = director,
	};
	int r = runtime_new(director->setup.node, &director->runtime);

	board_init(&director->board);
	if (r == 0)
		r = closings_new(&closings, &director->closings);
	if (r == 0)
		r = layout_next(NULL, director->setup.conf, &director->layout);
	if (r == 0)
		r = reserve_board(&director->board, director->layout);
	if (r == 0)
		r = servers_next(
			NULL, director->layout, director->runtime, loop_now(director->setup.loop), &director->servers);
	if (r < 0)
		return r;
	director->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (director->news_fd < 0)
		return -errno;
	r = loop_io_add(director->setup.loop, &director->news_io, director->news_fd, LOOP_READ, on_news);
	if (r == 0)
		r = connlog_new(director->setup.threads, &director->connlog);
	if (r == 0)
		r = connlog_set(director->connlog, director->setup.conf->log.connections);
	if (r == 0)
		r = start_workers(director, errors);
	if (r == 0)
		r = start_checks(director, errors);
	if (r == 0)
		r = start_names(director, errors);
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
	*director = (struct director){.setup = *setup};
	director->news_fd = -1;
	r = start(director, errors);
	if (r < 0) {
		director_free(director);
		return r;
	}
	tell_liveness(director);
	liveness_set_bound(setup->live, true);
	*ret_director = director;
	return 0;
}

void director_free(struct director *director)
{
	if (director == NULL)
		return;
	liveness_set_bound(director->setup.live, false);
	names_free(director->names);
	checks_free(director->checks);
	workers_stop(director->workers);
	connlog_free(director->connlog);
	snapshot_unref(director->snapshot);
	entry_unref(director->entry);
	loop_timer_clear(director->setup.loop, &director->beat_timer);
	loop_timer_clear(director->setup.loop, &director->change_timer);
	loop_timer_clear(director->setup.loop, &director->outlier_timer);
	loop_timer_clear(director->setup.loop, &director->step_timer);
	loop_timer_clear(director->setup.loop, &director->watchdog_timer);
	loop_timer_clear(director->setup.loop, &director->release_timer);
	loop_io_remove(director->setup.loop, &director->news_io);
	fd_close(&director->news_fd);
	closings_free(director->closings);
	roles_free(&director->roles);
	servers_free(director->servers);
	layout_free(director->layout);
	board_free(&director->board);
	runtime_free(director->runtime);
	free(director);
}

/* Reloading. */

#define RELEASE_LOOK_NS (100 * NS_PER_MS)

static bool server_has_left(const struct director *director, uint32_t slot)
{
	return workers_server_totals(director->workers, slot).connections == 0 &&
	       board_open(board_server(&director->board, slot)) == 0;
}

static bool pool_has_left(const struct director *director, uint32_t slot)
{
	const struct layout *layout = director->layout;

	for (size_t i = 0; i < layout->server_count; i++) {
		if (layout->servers[i].conf != NULL && layout->servers[i].pool == slot)
			return false;
	}
	/* Those of a service that is leaving may look for a server there still. */
	for (size_t i = 0; i < layout->service_count; i++) {
		if (layout->services[i].leaving)
			return false;
	}
	return workers_queue_totals(director->workers, slot).waiting == 0;
}

/* True: nothing is leaving any more. */
static bool release_slots(struct director *director)
{
	struct layout *layout = director->layout;
	bool all = true;

	for (uint32_t i = 0; i < layout->service_count; i++) {
		bool gone =
			layout->services[i].leaving && workers_service_totals(director->workers, i).connections == 0;

		all &= gone || !layout->services[i].leaving;
		if (gone)
			layout_release_service(layout, i);
	}
	for (uint32_t i = 0; i < layout->server_count; i++) {
		bool gone = layout->servers[i].leaving && server_has_left(director, i);

		all &= gone || !layout->servers[i].leaving;
		if (!gone)
			continue;
		log_info("server left", log_str("server", layout->servers[i].name));
		closings_drop(director->closings, i);
		servers_forget(director->servers, i);
		layout_release_server(layout, i);
	}
	for (uint32_t i = 0; i < layout->pool_count; i++) {
		bool gone = layout->pools[i].leaving && pool_has_left(director, i);

		all &= gone || !layout->pools[i].leaving;
		if (gone)
			layout_release_pool(layout, i);
	}
	return all;
}

/* Sockets of UDP that have no sessions any more. */
static void release_sockets(struct director *director)
{
	AUTO_TEXT errors = {0};
	struct entry *entry;

	if (!entry_has_left(director->entry) ||
		entry_next(director->entry, director->layout, director->setup.threads, &entry, &errors) < 0)
		return;
	entry_unref(director->entry);
	director->entry = entry;
	(void)publish(director);
}

static void on_release(struct loop_timer *timer, struct mono now)
{
	struct director *director = CONTAINER_OF(timer, struct director, release_timer);
	bool all = false;

	/* A worker that goes by an earlier layout may give connections to what is leaving. */
	if (director_applied(director) >= director->layout_generation) {
		all = release_slots(director);
		release_sockets(director);
	}
	if (!all || entry_is_leaving(director->entry))
		again(director, timer, mono_add(now, RELEASE_LOOK_NS), on_release);
}

static void drop_state(struct state *state)
{
	snapshot_unref(state->snapshot);
	servers_free(state->servers);
	entry_unref(state->entry);
	layout_free(state->layout);
}

/* All that can fail. */
static int prepare_state(struct director *director, struct conf *conf, struct state *state, struct text *errors)
{
	struct mono now = loop_now(director->setup.loop);
	int r = layout_next(director->layout, conf, &state->layout);

	if (r == 0)
		r = reserve_board(&director->board, state->layout);
	if (r == 0)
		r = workers_reserve(director->workers, state->layout->service_count, state->layout->server_count);
	if (r == 0)
		r = entry_next(director->entry, state->layout, director->setup.threads, &state->entry, errors);
	if (r == 0)
		r = servers_next(director->servers, state->layout, director->runtime, now, &state->servers);
	if (r == 0)
		r = state_snapshot(director, state);
	return r;
}

/* Where a slot was free before. */
static bool is_new(const struct slots *before, const struct slots *after, size_t slot)
{
	return after->list[slot].state == SLOT_USED && (slot >= before->count || before->list[slot].state == SLOT_FREE);
}

static void clear_new_slots(struct director *director, const struct layout *next)
{
	const struct layout *before = director->layout;

	for (uint32_t i = 0; i < next->service_slots.count; i++) {
		if (!is_new(&before->service_slots, &next->service_slots, i))
			continue;
		workers_clear_service(director->workers, i);
		board_clear_service(&director->board, i);
	}
	for (uint32_t i = 0; i < next->pool_slots.count; i++) {
		if (is_new(&before->pool_slots, &next->pool_slots, i))
			board_clear_queue(&director->board, i);
	}
	for (uint32_t i = 0; i < next->server_slots.count; i++) {
		if (!is_new(&before->server_slots, &next->server_slots, i))
			continue;
		workers_clear_server(director->workers, i);
		board_clear_server(&director->board, i);
	}
}

static void commit_state(struct director *director, struct state *state)
{
	struct state former = {.layout = director->layout, .entry = director->entry, .servers = director->servers};

	clear_new_slots(director, state->layout);
	director->layout = state->layout;
	director->entry = state->entry;
	director->servers = state->servers;
	take_snapshot(director, state->snapshot);
	director->layout_generation = director->generation;
	if (connlog_set(director->connlog, state->layout->conf->log.connections) < 0)
		log_error("cannot start the thread that logs connections");
	workers_publish(director->workers, director->snapshot);
	drop_state(&former);
}

/* Their heap places are there: they were set before, or another one was. */
static void follow_timers(struct director *director)
{
	struct mono now = loop_now(director->setup.loop);

	if (!wants_outliers(director->layout->conf))
		loop_timer_clear(director->setup.loop, &director->outlier_timer);
	else if (!loop_timer_is_set(&director->outlier_timer))
		again(director, &director->outlier_timer, now, on_outlier);
	if (!loop_timer_is_set(&director->release_timer))
		again(director, &director->release_timer, mono_add(now, RELEASE_LOOK_NS), on_release);
}

int director_reload(struct director *director, struct conf *conf, uint64_t *ret_generation, struct text *errors)
{
	struct checks_change *checks = NULL;
	struct state state = {0};
	int r = director->finishing ? -ESHUTDOWN : 0;

	if (r < 0)
		text_add(errors, "lbd is stopping\n");
	else if (director_applied(director) < director->generation)
		r = -EAGAIN;
	if (r == 0)
		r = prepare_state(director, conf, &state, errors);
	if (r == 0)
		r = checks_prepare(director->checks, state.layout, state.servers->addresses, &checks, errors);
	if (r < 0) {
		drop_state(&state);
		return r;
	}
	checks_commit(director->checks, checks);
	commit_state(director, &state);
	follow_names(director);
	director->reloads++;
	operate_settle(director->runtime, conf);
	follow_timers(director);
	tell_liveness(director);
	*ret_generation = director->generation;
	return 0;
}

void director_finish(struct director *director)
{
	if (director->finishing)
		return;
	director->finishing = true;
	liveness_set_bound(director->setup.live, false);
	log_info("accepting no more connections", log_uint("open", workers_open_connections(director->workers)));
	if (publish(director) < 0)
		loop_stop(director->setup.loop);
}

int director_operate(
	struct director *director, const struct operation *operation, uint64_t *ret_generation, struct text *answer)
{
	const struct operate with = {
		.layout = director->layout,
		.runtime = director->runtime,
		.servers = director->servers,
		.closings = director->closings,
		.now = loop_now(director->setup.loop),
	};
	int r = operate(&with, operation, answer);

	if (r < 0)
		return r;
	tell_liveness(director);
	r = publish(director);
	if (r == 0)
		*ret_generation = director->generation;
	return r;
}

int director_set_role(struct director *director, const char *vip, const char *state, const struct ip *addresses,
	size_t count, uint64_t *ret_generation)
{
	int r = roles_set(&director->roles, vip, state, addresses, count);

	if (r > 0)
		r = publish(director);
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

const struct conf *director_conf(const struct director *director)
{
	return director->layout->conf;
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
