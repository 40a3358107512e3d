/* SPDX-License-Identifier: MIT */
#include "lbd/director_outliers.h"

#define OUTLIER_LOOK_NS (100 * NS_PER_MS)

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
		director_note_change(director);
	director_again(director, timer, mono_add(now, OUTLIER_LOOK_NS), on_outlier);
}

static bool wants_outliers(const struct conf *conf)
{
	for (size_t i = 0; i < conf->pool_count; i++) {
		if (conf->pools[i].outlier != NULL)
			return true;
	}
	return false;
}

int director_follow_outliers(struct director *director)
{
	if (!wants_outliers(director->layout->conf)) {
		loop_timer_clear(director->loop, &director->outlier_timer);
		return 0;
	}
	if (loop_timer_is_set(&director->outlier_timer))
		return 0;
	return loop_timer_set(director->loop, &director->outlier_timer, loop_now(director->loop), on_outlier);
}
