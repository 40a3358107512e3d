/* SPDX-License-Identifier: MIT */
#include "common/system/clock.h"
#include "vrrpd/runner.h"
#include "vrrpd/watch.h"

#include <errno.h>
#include <stdio.h>

/* Beyond its time-out: so long the end of a run may take to be told, with a busy machine in between. */
#define GRACE_NS NS_PER_S

struct program {
	struct watch *watch;
	struct run *run;   /* NULL: none is under way */
	struct mono limit; /* of what is under way */
	struct loop_timer next;
};

static void on_end(void *context, const struct run_end *end)
{
	struct program *program = context;

	program->run = NULL;
	program->watch->report(program->watch, end->good, end->why);
}

static void begin(struct program *program, struct mono now)
{
	struct watch *watch = program->watch;
	const char *argv[] = {watch->conf.name, NULL};

	if (program->run != NULL) {
		/* A process in the kernel's hands ends when the kernel lets it. */
		if (mono_reached(program->limit, now))
			watch->report(watch, false, "it was killed and does not end");
		return;
	}
	program->limit = mono_add(now, watch->conf.timeout_ns + GRACE_NS);
	if (runner_run(watch->runner, argv, watch->conf.timeout_ns, on_end, program, &program->run) < 0)
		watch->report(watch, false, "it could not be started");
}

static void on_next(struct loop_timer *timer, struct mono now)
{
	struct program *program = CONTAINER_OF(timer, struct program, next);

	begin(program, now);
	if (loop_timer_set(program->watch->loop, timer, mono_add(now, program->watch->conf.interval_ns), on_next) < 0)
		abort();
}

static int start(struct watch *watch)
{
	struct program *program = calloc(1, sizeof *program);

	if (program == NULL)
		return -ENOMEM;
	program->watch = watch;
	watch->own = program;
	return loop_timer_set(watch->loop, &program->next, clock_mono(), on_next);
}

static void stop(struct watch *watch)
{
	struct program *program = watch->own;

	if (program == NULL)
		return;
	if (program->run != NULL)
		run_cancel(program->run);
	loop_timer_clear(watch->loop, &program->next);
	free(program);
}

const struct watch_kind watch_script = {
	.name = "script",
	.offset = offsetof(struct vip_conf, track_scripts),
	.count_offset = offsetof(struct vip_conf, track_script_count),
	.start = start,
	.stop = stop,
};
