/* SPDX-License-Identifier: MIT */
/* Threads beside the one that matters: no signal goes to them, and their priority is the normal one. */
#ifndef LBPAIR_COMMON_SYSTEM_THREAD_H
#define LBPAIR_COMMON_SYSTEM_THREAD_H

#include "common/pure/base.h"

#include <pthread.h>

/* All of it is in memory from the start where memory is locked (mlockall(2)), so it is no more than is needed. */
#define THREAD_STACK_SIZE ((size_t)1024 * 1024)

/*
 * Runs `fn(context)` in a thread to be joined, with every signal blocked and under SCHED_OTHER, whatever the caller
 * has. `name` is cut at 15 bytes. Negative errno of pthread_create(3).
 */
MUST_USE int thread_start(pthread_t *ret_thread, const char *name, void *(*fn)(void *context), void *context);

#endif
