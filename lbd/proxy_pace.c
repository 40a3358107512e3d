/* SPDX-License-Identifier: MIT */
#include "lbd/proxy_pace.h"

void proxy_paces_init(struct proxy_paces *paces, proxy_pace_fn *go_on, struct mono now)
{
	paces->go_on = go_on;
	slab_init(&paces->slab, sizeof(struct proxy_pace));
	wheel_init(&paces->wheel, now);
}

void proxy_paces_free(struct proxy_paces *paces)
{
	slab_free(&paces->slab);
}

static void on_time(struct wheel_timer *timer, void *context)
{
	const struct proxy_paces *paces = context;

	paces->go_on(CONTAINER_OF(timer, struct proxy_pace, timer)->owner);
}

void proxy_paces_advance(struct proxy_paces *paces, struct mono now)
{
	wheel_advance(&paces->wheel, now, on_time, paces);
}

struct proxy_pace *proxy_pace_new(struct proxy_paces *paces, void *owner)
{
	struct proxy_pace *pace = slab_take(&paces->slab);

	if (pace == NULL)
		return NULL;
	pace->owner = owner;
	wheel_timer_init(&pace->timer);
	return pace;
}

void proxy_pace_free(struct proxy_paces *paces, struct proxy_pace *pace)
{
	if (pace == NULL)
		return;
	wheel_clear(&pace->timer);
	slab_give(&paces->slab, pace);
}

static uint64_t *budget(struct pace *pace, uint64_t rate, struct mono now)
{
	if (rate == 0)
		return NULL;
	pace_fill(pace, rate, now);
	return &pace->left;
}

void proxy_pace_begin(struct proxy_pace *pace, const struct bandwidth_conf *limits, struct mono now, struct flow *up,
	struct flow *down)
{
	wheel_clear(&pace->timer);
	up->budget = budget(&pace->up, limits->up, now);
	down->budget = budget(&pace->down, limits->down, now);
}

void proxy_pace_wait(
	struct proxy_paces *paces, struct proxy_pace *pace, const struct bandwidth_conf *limits, bool up, bool down)
{
	struct mono ready = MONO_NEVER;

	if (up)
		ready = mono_min(ready, pace_ready(&pace->up, limits->up));
	if (down)
		ready = mono_min(ready, pace_ready(&pace->down, limits->down));
	wheel_set(&paces->wheel, &pace->timer, ready);
}
