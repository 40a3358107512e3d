/* SPDX-License-Identifier: MIT */
/*
 * Runs an operator's program and waits for its end without ever blocking: forked, in a process group of its own that is
 * killed whole at the time-out and at the end, its end seen by its pidfd, so that no zombie stays.
 *
 * vrrpd runs as root, and so do these: what somebody else can write to is not run. A program gets neither the locked
 * memory nor the real-time priority, no descriptor but /dev/null and no environment but PATH.
 */
#ifndef LBPAIR_VRRPD_SCRIPT_H
#define LBPAIR_VRRPD_SCRIPT_H

#include "common/system/loop.h"

#include <sys/types.h>

struct script;

struct script_end {
	bool timed_out;
	int status; /* of exit(3), where no signal ended it */
	int signal; /* 0: it ended by itself */
};
/* The process has gone; a next one may be started in here. */
typedef void script_fn(struct script *script, const struct script_end *end);

/* Embedded in its owner's struct, zeroed before first use. */
struct script {
	struct loop *loop;
	pid_t pid; /* 0: none runs */
	int pidfd;
	struct loop_io end;
	struct loop_timer timeout;
	bool overdue;
	script_fn *fn;
};

/*
 * Whether the path can be run: absolute, an executable file of root's, and neither it nor a directory above it can be
 * written by others. -EACCES with the reason in `why`. Reads the file system, so it is for the start and for children.
 */
MUST_USE int script_check(const char *path, char *why, size_t size);

/* Starts argv[0], a path. 0 or the negative errno of fork(2). The check is made once more, in the child. */
MUST_USE int script_start(
	struct script *script, struct loop *loop, char *const argv[], int64_t timeout_ns, script_fn *fn);
/* Kills what runs and forgets it; its end is not reported. Waits for the end for a moment, so that nothing stays. */
void script_kill(struct script *script);

static inline bool script_is_running(const struct script *script)
{
	return script->pid != 0;
}
/* It was killed for its time-out and has not ended yet. */
static inline bool script_is_overdue(const struct script *script)
{
	return script->pid != 0 && script->overdue;
}

bool script_end_is_good(const struct script_end *end);
/* For people: "it took too long", "it ended with status 3", … */
void script_end_text(const struct script_end *end, char *buffer, size_t size);

#endif
