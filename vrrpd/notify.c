/* SPDX-License-Identifier: MIT */
#include "vrrpd/notify.h"

#include "common/model/schema.h"
#include "common/system/clock.h"
#include "common/system/log.h"
#include "vrrpd/script.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define STATE_MAX 16

struct entry {
	char program[SCHEMA_PATH_MAX + 1];
	char vip[SCHEMA_NAME_MAX + 1];
	char from[STATE_MAX];
	char to[STATE_MAX];
	char reason[RECORDER_TEXT_MAX];
};

struct notifier {
	struct loop *loop;
	struct recorder *recorder;
	void (*idle)(void *context);
	void *context;
	struct script script;
	struct loop_timer kick;
	struct entry running;
	struct entry queue[NOTIFY_QUEUE]; /* a ring */
	size_t first;
	size_t count;
};

static void run_next(struct notifier *notifier);

static void note_failure(struct notifier *notifier, const char *why)
{
	const struct entry *entry = &notifier->running;

	log_warning("a notify program failed", log_str("vip", entry->vip), log_str("program", entry->program),
		log_str("from", entry->from), log_str("to", entry->to), log_str("reason", why));
	recorder_add(notifier->recorder, clock_mono(), clock_real_ns(), entry->vip, "notify %s -> %s: %s", entry->from,
		entry->to, why);
}

static void on_end(struct script *script, const struct script_end *end)
{
	struct notifier *notifier = CONTAINER_OF(script, struct notifier, script);
	char why[RECORDER_TEXT_MAX];

	if (!script_end_is_good(end)) {
		script_end_text(end, why, sizeof why);
		note_failure(notifier, why);
	}
	run_next(notifier);
	if (notifier_is_idle(notifier))
		notifier->idle(notifier->context);
}

/* What cannot be started is passed over, so that the loop ends. */
static void run_next(struct notifier *notifier)
{
	while (notifier->count > 0 && !script_is_running(&notifier->script)) {
		struct entry *entry = &notifier->running;
		char *argv[] = {entry->program, entry->vip, entry->from, entry->to, entry->reason, NULL};
		int r;

		*entry = notifier->queue[notifier->first];
		notifier->first = (notifier->first + 1) % NOTIFY_QUEUE;
		notifier->count--;
		r = script_start(&notifier->script, notifier->loop, argv, NOTIFY_TIMEOUT_NS, on_end);
		if (r < 0)
			note_failure(notifier, strerrordesc_np(-r));
	}
}

static void on_kick(struct loop_timer *timer, struct mono now)
{
	struct notifier *notifier = CONTAINER_OF(timer, struct notifier, kick);

	(void)now;
	run_next(notifier);
	if (notifier_is_idle(notifier))
		notifier->idle(notifier->context);
}

void notifier_add(struct notifier *notifier, const struct notify_change *change)
{
	struct entry *entry;

	if (notifier->count == NOTIFY_QUEUE) {
		log_warning("notify programs are too slow, a change is passed over",
			log_str("vip", notifier->queue[notifier->first].vip),
			log_str("to", notifier->queue[notifier->first].to));
		notifier->first = (notifier->first + 1) % NOTIFY_QUEUE;
		notifier->count--;
	}
	entry = &notifier->queue[(notifier->first + notifier->count++) % NOTIFY_QUEUE];
	snprintf(entry->program, sizeof entry->program, "%s", change->program);
	snprintf(entry->vip, sizeof entry->vip, "%s", change->vip);
	snprintf(entry->from, sizeof entry->from, "%s", change->from);
	snprintf(entry->to, sizeof entry->to, "%s", change->to);
	snprintf(entry->reason, sizeof entry->reason, "%s", change->reason);
	/* Not at once: many vips may move together, and a fork between two of them costs the second one time. */
	if (loop_timer_set(notifier->loop, &notifier->kick, clock_mono(), on_kick) < 0)
		log_error("no memory for a timer, the notify program waits for the next change");
}

bool notifier_is_idle(const struct notifier *notifier)
{
	return notifier->count == 0 && !script_is_running(&notifier->script);
}

int notifier_new(struct loop *loop, struct recorder *recorder, void (*idle)(void *context), void *context,
	struct notifier **ret_notifier)
{
	struct notifier *notifier = calloc(1, sizeof *notifier);

	if (notifier == NULL)
		return -ENOMEM;
	notifier->loop = loop;
	notifier->recorder = recorder;
	notifier->idle = idle;
	notifier->context = context;
	*ret_notifier = notifier;
	return 0;
}

void notifier_free(struct notifier *notifier)
{
	if (notifier == NULL)
		return;
	if (notifier->count > 0)
		log_warning("notify programs were not run any more", log_uint("changes", notifier->count));
	script_kill(&notifier->script);
	loop_timer_clear(notifier->loop, &notifier->kick);
	free(notifier);
}
