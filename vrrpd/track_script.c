/* SPDX-License-Identifier: MIT */
#include "common/system/clock.h"
#include "vrrpd/script.h"
#include "vrrpd/watch.h"

#include <errno.h>
#include <stdio.h>

struct run {
	struct watch *watch;
	struct script script;
	struct loop_timer next;
};

static void on_end(struct script *script, const struct script_end *end)
{
	struct run *run = CONTAINER_OF(script, struct run, script);
	char why[WATCH_WHY_MAX];

	script_end_text(end, why, sizeof why);
	run->watch->report(run->watch, script_end_is_good(end), why);
}

static void begin(struct run *run)
{
	char *argv[] = {(char *)run->watch->conf.name, NULL};
	int r;

	if (script_is_running(&run->script)) {
		/* Killed, and still there: a process in the kernel's hands ends when the kernel lets it. */
		if (script_is_overdue(&run->script))
			run->watch->report(run->watch, false, "it was killed and does not end");
		return;
	}
	r = script_start(&run->script, run->watch->loop, argv, run->watch->conf.timeout_ns, on_end);
	if (r < 0)
		run->watch->report(run->watch, false, "it could not be started");
}

static void on_next(struct loop_timer *timer, struct mono now)
{
	struct run *run = CONTAINER_OF(timer, struct run, next);

	begin(run);
	if (loop_timer_set(run->watch->loop, timer, mono_add(now, run->watch->conf.interval_ns), on_next) < 0)
		abort();
}

static int start(struct watch *watch)
{
	struct run *run = calloc(1, sizeof *run);

	if (run == NULL)
		return -ENOMEM;
	run->watch = watch;
	watch->own = run;
	return loop_timer_set(watch->loop, &run->next, clock_mono(), on_next);
}

static void stop(struct watch *watch)
{
	struct run *run = watch->own;

	if (run == NULL)
		return;
	script_kill(&run->script);
	loop_timer_clear(watch->loop, &run->next);
	free(run);
}

const struct watch_kind watch_script = {
	.name = "script",
	.offset = offsetof(struct vip_conf, track_scripts),
	.count_offset = offsetof(struct vip_conf, track_script_count),
	.start = start,
	.stop = stop,
};
