/* SPDX-License-Identifier: MIT */
#include "vrrpd/events.h"

#include "common/pure/list.h"
#include "common/system/clock.h"

#include <errno.h>
#include <stdio.h>

#define WAIT_NS (10 * NS_PER_S)
/* How often it is looked whether there is something new, while somebody waits. */
#define LOOK_NS (20 * NS_PER_MS)
#define ANSWER_ENTRIES 200

struct waiter {
	struct list link;
	struct control_call *call;
	size_t after;
	struct mono until;
};

struct events {
	struct desk *desk;
	const struct recorder *recorder;
	struct list waiters;
	struct loop_timer look;
};

static json_t *entry_json(const struct recorder_entry *entry, size_t number)
{
	char time[RECORDER_TIME_MAX];

	return json_pack("{s:I, s:s, s:I, s:s?, s:s}", "number", (json_int_t)number, "time",
		recorder_time(entry->real_ns, time), "monotonic_ns", (json_int_t)entry->at.ns, "vip",
		entry->vip[0] != '\0' ? entry->vip : NULL, "event", entry->text);
}

static void answer(const struct recorder *recorder, struct control_call *call, size_t after)
{
	size_t first = MAX(after, recorder_first(recorder));
	size_t end = MIN(recorder->count, first + ANSWER_ENTRIES);
	json_t *list = json_array();

	for (size_t i = first; i < end; i++)
		json_array_append_new(list, entry_json(recorder_entry(recorder, i), i));
	control_reply(call, json_pack("{s:o, s:I, s:I}", "events", list, "next", (json_int_t)end, "lost",
				    (json_int_t)(first - after)));
}

static void on_copied(
	struct control_call *call, const struct view *view, const struct recorder *recorder, void *context)
{
	(void)view;
	answer(recorder, call, MIN((size_t)(uintptr_t)context, (size_t)recorder->count));
}

static void fetch(struct events *events, struct control_call *call, size_t after)
{
	desk_look(events->desk, DESK_EVENTS, call, on_copied, (void *)(uintptr_t)after);
}

static void on_look(struct loop_timer *timer, struct mono now)
{
	struct events *events = CONTAINER_OF(timer, struct events, look);
	struct waiter *waiter;

	LIST_FOR_EACH(waiter, &events->waiters, link)
	{
		if (waiter->after >= events->recorder->count && mono_before(now, waiter->until))
			continue;
		list_remove(&waiter->link);
		fetch(events, waiter->call, waiter->after);
		free(waiter);
	}
	if (!list_is_empty(&events->waiters) &&
		loop_timer_set(desk_loop(events->desk), timer, mono_add(now, LOOK_NS), on_look) < 0)
		abort();
}

static int await(struct events *events, struct control_call *call, size_t after)
{
	struct waiter *waiter = calloc(1, sizeof *waiter);
	struct mono now = clock_mono();

	if (waiter == NULL)
		return -ENOMEM;
	if (loop_timer_set(desk_loop(events->desk), &events->look, mono_add(now, LOOK_NS), on_look) < 0) {
		free(waiter);
		return -ENOMEM;
	}
	*waiter = (struct waiter){.call = call, .after = after, .until = mono_add(now, WAIT_NS)};
	list_append(&events->waiters, &waiter->link);
	return 0;
}

void events_ask(struct events *events, struct control_call *call, const json_t *params)
{
	const json_t *number = json_object_get(params, "after");
	json_int_t wanted = json_is_integer(number) ? json_integer_value(number) : 0;
	size_t after = number == NULL ? recorder_first(events->recorder) : (size_t)MAX(wanted, 0);

	/* The number is of a vrrpd that ran before this one. */
	if (after > events->recorder->count)
		after = 0;
	if (after < events->recorder->count || !json_is_true(json_object_get(params, "wait")))
		fetch(events, call, after);
	else if (await(events, call, after) < 0)
		control_refuse(call, CONTROL_REFUSED, "out of memory");
}

int events_new(struct desk *desk, const struct recorder *recorder, struct events **ret_events)
{
	struct events *events = calloc(1, sizeof *events);

	if (events == NULL)
		return -ENOMEM;
	events->desk = desk;
	events->recorder = recorder;
	list_init(&events->waiters);
	*ret_events = events;
	return 0;
}

void events_free(struct events *events)
{
	struct waiter *waiter;

	if (events == NULL)
		return;
	loop_timer_clear(desk_loop(events->desk), &events->look);
	LIST_FOR_EACH(waiter, &events->waiters, link)
	{
		list_remove(&waiter->link);
		control_refuse(waiter->call, CONTROL_REFUSED, "vrrpd is stopping");
		free(waiter);
	}
	free(events);
}
