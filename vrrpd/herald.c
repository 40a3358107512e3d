/* SPDX-License-Identifier: MIT */
#include "vrrpd/herald.h"

#include "common/shell/daemon.h"

#include <errno.h>

/* How often it is looked whether there is something to tell. */
#define LOOK_NS (100 * NS_PER_MS)
/* sd_watchdog_enabled(3) asks for twice an interval. */
#define WATCHDOG_PARTS 4

struct herald {
	struct loop *loop;
	const struct fence *fence;
	const struct herald_news *news;
	struct loop_timer look;
	size_t vips, active, fault; /* as told last */
	uint64_t progress;
	struct mono watchdog_at;
};

static void tell_status(struct herald *herald)
{
	size_t vips = herald->news->vips, active = herald->news->active, fault = herald->news->fault;

	if (vips == herald->vips && active == herald->active && fault == herald->fault)
		return;
	daemon_notify_status("active for %zu of %zu vips, %zu at fault", active, vips, fault);
	herald->vips = vips;
	herald->active = active;
	herald->fault = fault;
}

static void feed_watchdog(struct herald *herald, struct mono now)
{
	int64_t interval_ns = daemon_watchdog_ns();
	uint64_t progress = fence_progress_count(herald->fence);

	if (interval_ns <= 0 || mono_diff(now, herald->watchdog_at) < interval_ns / WATCHDOG_PARTS ||
		progress == herald->progress)
		return;
	daemon_notify_watchdog();
	herald->progress = progress;
	herald->watchdog_at = now;
}

static void on_look(struct loop_timer *timer, struct mono now)
{
	struct herald *herald = CONTAINER_OF(timer, struct herald, look);

	tell_status(herald);
	feed_watchdog(herald, now);
	/* The timer was in the heap a moment ago, whose place is still there: this cannot fail for want of memory. */
	if (loop_timer_set(herald->loop, timer, mono_add(now, LOOK_NS), on_look) < 0)
		abort();
}

int herald_new(struct loop *loop, const struct fence *fence, const struct herald_news *news, struct herald **ret_herald)
{
	struct herald *herald = calloc(1, sizeof *herald);
	int r;

	if (herald == NULL)
		return -ENOMEM;
	*herald = (struct herald){.loop = loop, .fence = fence, .news = news};
	r = loop_timer_set(loop, &herald->look, loop_now(loop), on_look);
	if (r < 0)
		free(herald);
	else
		*ret_herald = herald;
	return r;
}

void herald_free(struct herald *herald)
{
	if (herald == NULL)
		return;
	loop_timer_clear(herald->loop, &herald->look);
	free(herald);
}
