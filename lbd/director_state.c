/* SPDX-License-Identifier: MIT */
#include "lbd/director_state.h"

#include "common/system/log.h"
#include "lbd/service_up.h"

#include <errno.h>
#include <stdio.h>

/* How long changes of servers are gathered before the workers are told. */
#define GATHER_NS (5 * NS_PER_MS)

int director_reserve_board(struct board *board, const struct layout *layout)
{
	const struct board_size size = {
		.services = layout->service_count, .pools = layout->pool_count, .servers = layout->server_count};

	return board_reserve(board, &size);
}

void director_tell_liveness(struct director *director)
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
		services[i].up =
			service_is_up(director->layout, director->runtime, director->servers, &conf->services[i]);
	}
	liveness_set_services(director->live, services, count);
	liveness_set_checked(director->live, director->servers->unchecked == 0);
}

/* Steps of many servers come together. */
#define STEP_MIN_NS (100 * NS_PER_MS)

static void on_step(struct loop_timer *timer, struct mono now);

static void await_step(struct director *director)
{
	struct mono now = loop_now(director->loop);
	struct mono next = servers_next_step(director->servers, now), soonest = mono_add(now, STEP_MIN_NS);

	if (mono_is_never(next) || loop_timer_is_set(&director->step_timer))
		return;
	if (loop_timer_set(
		    director->loop, &director->step_timer, mono_before(next, soonest) ? soonest : next, on_step) < 0)
		log_error("out of memory, a slow start waits for the next change");
}

/* Those that are done with, and those whose server is wanted again. */
static void clear_closings(struct director *director)
{
	const struct closing *list;
	size_t count;

	if (director->workers != NULL && workers_generation(director->workers) == director->generation)
		closings_forget(director->closings, director->closings_revision);
	for (list = closings_list(director->closings, &count); count > 0; count--) {
		const struct closing *closing = &list[count - 1];

		if (closing->pace > 0 && director->servers->list[closing->server].admin == ADMIN_ENABLED)
			closings_drop(director->closings, closing->server);
	}
}

int director_draw_snapshot(struct director *director, struct director_parts *parts)
{
	struct snapshot_source source = {
		.layout = parts->layout,
		.entry = parts->entry,
		.board = &director->board,
		.previous = director->snapshot,
		.generation = director->generation + 1,
		.accepting = !director->finishing,
		.runtime = director->runtime,
		.addresses = parts->servers->addresses,
		.weights = parts->servers->weights,
		.shares = servers_shares(parts->servers, loop_now(director->loop)),
		.pool_revisions = parts->servers->pool_revisions,
	};
	AUTO_FREE struct snapshot_yield *yields = roles_yields(&director->roles, &source.yield_count);

	clear_closings(director);
	source.closings = closings_list(director->closings, &source.closing_count);
	if (yields == NULL && source.yield_count > 0)
		return -ENOMEM;
	source.yields = yields;
	return snapshot_new(&source, &parts->snapshot);
}

void director_take_snapshot(struct director *director, struct snapshot *snapshot)
{
	snapshot_unref(director->snapshot);
	director->snapshot = snapshot;
	director->generation = snapshot->generation;
	director->servers_revision = director->servers->revision;
	director->closings_revision = closings_revision(director->closings);
	await_step(director);
}

int director_make_snapshot(struct director *director)
{
	struct director_parts parts = {
		.layout = director->layout, .entry = director->entry, .servers = director->servers};
	int r = director_draw_snapshot(director, &parts);

	if (r == 0)
		director_take_snapshot(director, parts.snapshot);
	return r;
}

int director_publish(struct director *director)
{
	int r = director_make_snapshot(director);

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
	(void)director_publish(CONTAINER_OF(timer, struct director, step_timer));
}

static void on_change(struct loop_timer *timer, struct mono now)
{
	struct director *director = CONTAINER_OF(timer, struct director, change_timer);

	director->changed_at = now;
	director_tell_liveness(director);
	if (director->servers_revision != director->servers->revision ||
		director->closings_revision != closings_revision(director->closings))
		(void)director_publish(director);
}

void director_note_change(struct director *director)
{
	/* The first of them in this very round. */
	struct mono now = loop_now(director->loop), soonest = mono_add(director->changed_at, GATHER_NS);
	struct mono at = mono_before(now, soonest) ? soonest : now;

	if (loop_timer_is_set(&director->change_timer))
		return;
	if (loop_timer_set(director->loop, &director->change_timer, at, on_change) < 0)
		on_change(&director->change_timer, loop_now(director->loop));
}

void director_again(struct director *director, struct loop_timer *timer, struct mono at, loop_timer_fn *fn)
{
	if (loop_timer_set(director->loop, timer, at, fn) < 0)
		abort();
}
