/* SPDX-License-Identifier: MIT */
/* What the processes under test have cost so far, as the kernel counts it. */
#ifndef LBPAIR_TESTS_BENCH_METER_H
#define LBPAIR_TESTS_BENCH_METER_H

#include "common/pure/base.h"

#include <sys/types.h>

#define METER_PIDS_MAX 8

struct meter_subject {
	pid_t pids[METER_PIDS_MAX];
	size_t count;
	pid_t kernel_thread; /* whose time is theirs as well; 0: none */
	int processor;       /* the one that they are pinned to; -1: none */
};

struct meter {
	int64_t run_ns;      /* all threads' time on a processor, and the kernel thread's */
	int64_t busy_ns;     /* of the processor, whoever had it: in ticks of the kernel's clock */
	uint64_t user_bytes; /* memory of the processes' own: anonymous, by their share */
	uint64_t slab_bytes; /* the whole machine's */
};

MUST_USE int meter_read(const struct meter_subject *subject, struct meter *ret_meter);

#endif
