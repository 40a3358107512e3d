/* SPDX-License-Identifier: MIT */
/*
 * Programs that are run beside a loop: each in a process group of its own, with nothing of ours but its output,
 * watched by pidfd and always waited for, also when nobody wants to know any more how it ends.
 */
#ifndef LBPAIR_COMMON_SYSTEM_CHILD_H
#define LBPAIR_COMMON_SYSTEM_CHILD_H

#include "common/system/loop.h"

struct children;
struct child;

/* `status` is waitpid(2)'s. What the program has left in its group is dead by then, and the child is gone after it. */
typedef void child_fn(void *context, int status);

MUST_USE int children_new(struct loop *loop, struct children **ret_children);
/* Kills what runs, and waits for it a little. Accepts NULL. */
void children_free(struct children *children);

struct child_setup {
	const char *const *arguments; /* ended by NULL; the first is the program's path */
	const char *const *environment;
	int output_fd; /* its stdout and stderr; stays the caller's. Its stdin is empty. */
	child_fn *fn;
	void *context;
};

/* Negative errno, also where the program cannot be executed. */
MUST_USE int child_start(struct children *children, const struct child_setup *setup, struct child **ret_child);
/* Kills it with its group; its callback does not come any more. */
void child_kill(struct child *child);

#endif
