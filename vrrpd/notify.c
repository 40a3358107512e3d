/* SPDX-License-Identifier: MIT */
#include "vrrpd/notify.h"

#include "common/model/schema.h"
#include "common/pure/list.h"
#include "common/system/clock.h"
#include "common/system/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define STATE_MAX 16

struct entry {
	struct list link;
	bool superseded; /* a later change of its vip waits */
	char program[SCHEMA_PATH_MAX + 1];
	char vip[SCHEMA_NAME_MAX + 1];
	char from[STATE_MAX];
	char to[STATE_MAX];
	char reason[RECORDER_TEXT_MAX];
};

struct notifier {
	struct runner *runner;
	struct recorder *recorder;
	void (*idle)(void *context);
	void *context;
	struct run *run;       /* NULL: none is under way */
	struct entry *running; /* what it tells; NULL: nothing */
	struct list queue;     /* in the order of the changes */
	size_t count;          /* of it */
	struct list spare;
	struct entry entries[NOTIFY_QUEUE + 1];
};

static void run_next(struct notifier *notifier);

static void note_failure(struct notifier *notifier, const char *why)
{
	const struct entry *entry = notifier->running;

	log_warning("a notify program failed", log_str("vip", entry->vip), log_str("program", entry->program),
		log_str("from", entry->from), log_str("to", entry->to), log_str("reason", why));
	recorder_add(notifier->recorder, clock_mono(), clock_real_ns(), entry->vip, "notify %s -> %s: %s", entry->from,
		entry->to, why);
}

/* Out of the queue. */
static struct entry *take(struct notifier *notifier, struct entry *entry)
{
	list_remove(&entry->link);
	notifier->count--;
	return entry;
}

static void spare(struct notifier *notifier, struct entry *entry)
{
	list_append(&notifier->spare, &entry->link);
}

static void on_end(void *context, const struct run_end *end)
{
	struct notifier *notifier = context;

	notifier->run = NULL;
	if (!end->good)
		note_failure(notifier, end->why);
	spare(notifier, TAKE(notifier->running));
	run_next(notifier);
	if (notifier_is_idle(notifier))
		notifier->idle(notifier->context);
}

static int run(struct notifier *notifier, const struct entry *entry)
{
	const char *argv[] = {entry->program, entry->vip, entry->from, entry->to, entry->reason, NULL};

	return runner_run(notifier->runner, argv, NOTIFY_TIMEOUT_NS, on_end, notifier, &notifier->run);
}

/* What cannot be run is passed over, so that the loop ends. */
static void run_next(struct notifier *notifier)
{
	while (notifier->run == NULL && notifier->count > 0) {
		int r;

		notifier->running = take(notifier, LIST_ENTRY(notifier->queue.next, struct entry, link));
		r = run(notifier, notifier->running);
		if (r < 0) {
			note_failure(notifier, strerrordesc_np(-r));
			spare(notifier, TAKE(notifier->running));
		}
	}
}

/* The oldest that says less than a later one; else the oldest. */
static void pass_over(struct notifier *notifier)
{
	struct entry *victim = LIST_ENTRY(notifier->queue.next, struct entry, link), *entry;

	LIST_FOR_EACH(entry, &notifier->queue, link)
	{
		if (!entry->superseded)
			continue;
		victim = entry;
		break;
	}
	log_warning("notify programs are too slow, a change is passed over", log_str("vip", victim->vip),
		log_str("from", victim->from), log_str("to", victim->to));
	recorder_add(notifier->recorder, clock_mono(), clock_real_ns(), victim->vip,
		"notify %s -> %s: passed over, the programs are too slow", victim->from, victim->to);
	spare(notifier, take(notifier, victim));
}

static void supersede(struct notifier *notifier, const char *vip)
{
	struct entry *entry;

	LIST_FOR_EACH(entry, &notifier->queue, link)
	{
		if (!entry->superseded && strcmp(entry->vip, vip) == 0)
			entry->superseded = true;
	}
}

void notifier_add(struct notifier *notifier, const struct notify_change *change)
{
	struct entry *entry;

	supersede(notifier, change->vip);
	if (notifier->count == NOTIFY_QUEUE)
		pass_over(notifier);
	entry = LIST_ENTRY(notifier->spare.next, struct entry, link);
	entry->superseded = false;
	snprintf(entry->program, sizeof entry->program, "%s", change->program);
	snprintf(entry->vip, sizeof entry->vip, "%s", change->vip);
	snprintf(entry->from, sizeof entry->from, "%s", change->from);
	snprintf(entry->to, sizeof entry->to, "%s", change->to);
	snprintf(entry->reason, sizeof entry->reason, "%s", change->reason);
	list_remove(&entry->link);
	list_append(&notifier->queue, &entry->link);
	notifier->count++;
	run_next(notifier);
}

bool notifier_is_idle(const struct notifier *notifier)
{
	return notifier->run == NULL && notifier->count == 0;
}

int notifier_new(struct runner *runner, struct recorder *recorder, void (*idle)(void *context), void *context,
	struct notifier **ret_notifier)
{
	struct notifier *notifier = calloc(1, sizeof *notifier);

	if (notifier == NULL)
		return -ENOMEM;
	notifier->runner = runner;
	notifier->recorder = recorder;
	notifier->idle = idle;
	notifier->context = context;
	list_init(&notifier->queue);
	list_init(&notifier->spare);
	for (size_t i = 0; i < ARRAY_LEN(notifier->entries); i++)
		list_append(&notifier->spare, &notifier->entries[i].link);
	*ret_notifier = notifier;
	return 0;
}

void notifier_free(struct notifier *notifier)
{
	if (notifier == NULL)
		return;
	if (notifier->count > 0)
		log_warning("notify programs were not run any more", log_uint("changes", notifier->count));
	if (notifier->run != NULL)
		run_cancel(notifier->run);
	free(notifier);
}
