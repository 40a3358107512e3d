/* SPDX-License-Identifier: MIT */
#include "lbd/closings.h"

#include "common/system/log.h"

#include <errno.h>
#include <string.h>

/* How often there is something to be closed at a pace. */
#define STEP_NS (100 * NS_PER_MS)
#define STEPS_A_SECOND 10

struct closings {
	struct closings_setup setup;
	struct closing *list;
	uint32_t *rests; /* beside it: what is left of a pace that does not come out even, in parts of a step */
	size_t count;
	size_t capacity;
	uint64_t revision;
	struct loop_timer timer;
};

int closings_new(const struct closings_setup *setup, struct closings **ret_closings)
{
	struct closings *closings = calloc(1, sizeof *closings);

	if (closings == NULL)
		return -ENOMEM;
	closings->setup = *setup;
	*ret_closings = closings;
	return 0;
}

void closings_free(struct closings *closings)
{
	if (closings == NULL)
		return;
	loop_timer_clear(closings->setup.loop, &closings->timer);
	free(closings->list);
	free(closings->rests);
	free(closings);
}

static void drop_at(struct closings *closings, size_t place)
{
	atomic_store(&board_server(closings->setup.board, closings->list[place].server)->closable, 0);
	closings->count--;
	memmove(&closings->list[place], &closings->list[place + 1],
		(closings->count - place) * sizeof closings->list[0]);
	memmove(&closings->rests[place], &closings->rests[place + 1],
		(closings->count - place) * sizeof closings->rests[0]);
}

void closings_drop(struct closings *closings, uint32_t server)
{
	for (size_t i = 0; i < closings->count; i++) {
		if (closings->list[i].server == server) {
			drop_at(closings, i);
			return;
		}
	}
}

void closings_forget(struct closings *closings, uint64_t revision)
{
	for (size_t i = closings->count; i > 0; i--) {
		const struct closing *closing = &closings->list[i - 1];

		if (closing->pace == 0 && closing->revision <= revision)
			drop_at(closings, i - 1);
	}
}

/* True: there is somebody left whom it is done for. */
static bool step(struct closings *closings, size_t place)
{
	const struct closing *closing = &closings->list[place];
	uint32_t parts = closings->rests[place] + closing->pace;

	if (closing->pace == 0)
		return false;
	if (closings->setup.open(closings->setup.context, closing->server) == 0)
		return false;
	/* What nobody took in the last step is not made up for: that would be a faster pace. */
	atomic_store(&board_server(closings->setup.board, closing->server)->closable, parts / STEPS_A_SECOND);
	closings->rests[place] = parts % STEPS_A_SECOND;
	return true;
}

static void on_step(struct loop_timer *timer, struct mono now)
{
	struct closings *closings = CONTAINER_OF(timer, struct closings, timer);
	bool any = false;

	for (size_t i = closings->count; i > 0; i--) {
		bool goes_on = step(closings, i - 1);

		if (!goes_on && closings->list[i - 1].pace > 0)
			drop_at(closings, i - 1);
		any |= goes_on;
	}
	if (!any)
		return;
	for (uint32_t i = 0; i < BOARD_WORKERS_MAX; i++)
		board_wake(closings->setup.board, i);
	/* The timer was in the heap a moment ago, whose place is still there. */
	if (loop_timer_set(closings->setup.loop, timer, mono_add(now, STEP_NS), on_step) < 0)
		abort();
}

static int grow(struct closings *closings)
{
	size_t capacity = MAX((size_t)8, closings->capacity * 2);
	struct closing *list;
	uint32_t *rests;

	if (closings->count < closings->capacity)
		return 0;
	list = reallocarray(closings->list, capacity, sizeof *list);
	if (list == NULL)
		return -ENOMEM;
	closings->list = list;
	rests = reallocarray(closings->rests, capacity, sizeof *rests);
	if (rests == NULL)
		return -ENOMEM;
	closings->rests = rests;
	closings->capacity = capacity;
	return 0;
}

int closings_add(struct closings *closings, const struct closing *closing)
{
	struct loop *loop = closings->setup.loop;

	closings_drop(closings, closing->server);
	if (grow(closings) < 0)
		return -ENOMEM;
	if (closing->pace > 0 && !loop_timer_is_set(&closings->timer) &&
		loop_timer_set(loop, &closings->timer, mono_add(loop_now(loop), STEP_NS), on_step) < 0)
		return -ENOMEM;
	closings->list[closings->count] = *closing;
	closings->list[closings->count].revision = ++closings->revision;
	closings->rests[closings->count++] = 0;
	return 0;
}

uint64_t closings_revision(const struct closings *closings)
{
	return closings->revision;
}

const struct closing *closings_list(const struct closings *closings, size_t *ret_count)
{
	*ret_count = closings->count;
	return closings->list;
}
