/* SPDX-License-Identifier: MIT */
/* The director's part of a reload: to the next layout, and what has left gives its slots back. */
#include "common/system/log.h"
#include "lbd/director.h"
#include "lbd/director_names.h"
#include "lbd/director_outliers.h"
#include "lbd/director_state.h"

#include <errno.h>

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
		if (!director->servers->list[i].absent)
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
		entry_next(director->entry, director->layout, director->threads, &entry, &errors) < 0)
		return;
	entry_unref(director->entry);
	director->entry = entry;
	(void)director_publish(director);
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
		director_again(director, timer, mono_add(now, RELEASE_LOOK_NS), on_release);
}

static void drop_parts(struct director_parts *parts)
{
	snapshot_unref(parts->snapshot);
	servers_free(parts->servers);
	entry_unref(parts->entry);
	layout_free(parts->layout);
}

/* All that can fail. */
static int prepare_parts(
	struct director *director, struct conf *conf, struct director_parts *parts, struct text *errors)
{
	struct mono now = loop_now(director->loop);
	int r = layout_next(director->layout, conf, &parts->layout);

	if (r == 0)
		r = director_reserve_board(&director->board, parts->layout);
	if (r == 0)
		r = workers_reserve(director->workers, parts->layout->service_count, parts->layout->server_count);
	if (r == 0)
		r = entry_next(director->entry, parts->layout, director->threads, &parts->entry, errors);
	if (r == 0)
		r = servers_next(director->servers, parts->layout, director->runtime, now, &parts->servers);
	if (r == 0)
		r = director_draw_snapshot(director, parts);
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

static void commit_parts(struct director *director, struct director_parts *parts)
{
	struct director_parts former = {
		.layout = director->layout, .entry = director->entry, .servers = director->servers};

	clear_new_slots(director, parts->layout);
	director->layout = parts->layout;
	director->entry = parts->entry;
	director->servers = parts->servers;
	director_take_snapshot(director, parts->snapshot);
	director->layout_generation = director->generation;
	if (connlog_set(director->connlog, parts->layout->conf->log.connections) < 0)
		log_error("cannot start the thread that logs connections");
	workers_publish(director->workers, director->snapshot);
	drop_parts(&former);
}

/* Their heap places are there: they were set before, or another one was. */
static void follow_timers(struct director *director)
{
	struct mono now = loop_now(director->loop);

	if (director_follow_outliers(director) < 0)
		abort();
	if (!loop_timer_is_set(&director->release_timer))
		director_again(director, &director->release_timer, mono_add(now, RELEASE_LOOK_NS), on_release);
}

int director_reload(struct director *director, struct conf *conf, uint64_t *ret_generation, struct text *errors)
{
	struct checks_change *checks = NULL;
	struct director_parts parts = {0};
	int r = director->finishing ? -ESHUTDOWN : 0;

	if (r < 0)
		text_add(errors, "lbd is stopping\n");
	else if (director_applied(director) < director->generation)
		r = -EAGAIN;
	if (r == 0)
		r = prepare_parts(director, conf, &parts, errors);
	if (r == 0)
		r = checks_prepare(director->checks, parts.layout, parts.servers->addresses, &checks, errors);
	if (r < 0) {
		drop_parts(&parts);
		return r;
	}
	checks_commit(director->checks, checks);
	commit_parts(director, &parts);
	roles_keep(&director->roles, conf);
	director_follow_names(director);
	director->reloads++;
	operate_settle(director->runtime, conf);
	follow_timers(director);
	director_tell_liveness(director);
	*ret_generation = director->generation;
	return 0;
}
