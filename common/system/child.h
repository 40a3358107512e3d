/* SPDX-License-Identifier: MIT */
/*
 * Programs that are run beside a loop: each in a process group of its own, watched by pidfd and always waited for, also
 * when nobody wants to know any more how it ends. What a program leaves in its group is killed with it.
 *
 * A program gets nothing of ours but its output: no descriptor, no locked memory, no real-time priority, no blocked or
 * ignored signal, no environment but what it is given; its directory is the root. Starting one copies no memory,
 * however much of it is locked, but holds up the calling thread until the program begins.
 *
 * It dies with the thread that has started it, which is to live as long as the process (prctl(2), PR_SET_PDEATHSIG);
 * what it has started itself does not, unless there is a ledger and somebody to read it.
 */
#ifndef LBPAIR_COMMON_SYSTEM_CHILD_H
#define LBPAIR_COMMON_SYSTEM_CHILD_H

#include "common/system/loop.h"

#include <sys/types.h>

/* What programs are given as their environment, before anything of their own. */
#define CHILD_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct children;
struct child;

struct child_end {
	bool timed_out;
	int status; /* of exit(3), where no signal ended it */
	int signal; /* 0: it ended by itself */
};

/* What the program has left in its group is dead by then, and the child is gone after it. */
typedef void child_fn(void *context, const struct child_end *end);

MUST_USE int children_new(struct loop *loop, struct children **ret_children);
/* Kills what runs, and waits for it a little. Accepts NULL. */
void children_free(struct children *children);
/*
 * Has the groups that run written down, in memory that another process may read when this one has been killed: each
 * slot is 0 or a group. What finds no slot runs all the same.
 */
void children_keep_ledger(struct children *children, _Atomic pid_t *slots, size_t count);

struct child_setup {
	const char *const *arguments; /* ended by NULL; the first is the program's path */
	const char *const *environment;
	int output_fd;      /* its stdout and stderr, -1: none; stays the caller's. Its stdin is empty. */
	int64_t timeout_ns; /* then it is killed, and its end comes as any other; 0: never */
	child_fn *fn;
	void *context;
};

/* Negative errno, also where the program cannot be executed. */
MUST_USE int child_start(struct children *children, const struct child_setup *setup, struct child **ret_child);
/* Kills it with its group; its callback does not come any more. */
void child_kill(struct child *child);

bool child_end_is_good(const struct child_end *end);
/* For people: "it took too long and was killed", "it ended with status 3", … */
void child_end_text(const struct child_end *end, char *buffer, size_t size);

#endif
