/* SPDX-License-Identifier: MIT */
/*
 * Runs the operators' programs in a thread of its own, of ordinary priority (DESIGN section 5.7): there they are
 * started, timed, killed and waited for (child.h). The thread of the adverts hands a run over by a mailbox, and what
 * has become of it comes back by another; it waits for nothing.
 *
 * Each program is looked at once more before it is run (programs.h), and gets PATH and /dev/null.
 */
#ifndef LBPAIR_VRRPD_RUNNER_H
#define LBPAIR_VRRPD_RUNNER_H

#include "common/system/loop.h"

#include <sys/types.h>

/* At once; more are refused. */
#define RUNNER_RUNS_MAX 1024
#define RUNNER_ARGUMENTS_MAX 8
#define RUNNER_WHY_MAX 160

struct runner;
struct run;

struct run_end {
	bool good;                /* exit status 0, in time */
	char why[RUNNER_WHY_MAX]; /* else: "it ended with status 3" */
};
/* The run is gone after it. */
typedef void run_fn(void *context, const struct run_end *end);

/* `loop` is where ends are reported; it outlives the runner's use. Negative errno. */
MUST_USE int runner_new(struct loop *loop, struct runner **ret_runner);
/* As children_keep_ledger; before the thread is started. */
void runner_keep_ledger(struct runner *runner, _Atomic pid_t *slots, size_t count);
/* Starts the thread; what was handed over before waits for that. Negative errno. */
MUST_USE int runner_begin(struct runner *runner);
/* Nothing is reported any more: before its loop is freed. Accepts NULL. */
void runner_close(struct runner *runner);
/* Ends the thread, kills what runs, and waits for that for a moment. Accepts NULL. */
void runner_free(struct runner *runner);

/*
 * Has argv[0], a path, run; the strings are copied. `fn` is called once, later. -EAGAIN: too many are under way;
 * -ENOMEM; -E2BIG.
 */
MUST_USE int runner_run(struct runner *runner, const char *const *argv, int64_t timeout_ns, run_fn *fn, void *context,
	struct run **ret_run);
/* Kills it; its end is not reported, and the run is gone. */
void run_cancel(struct run *run);

#endif
