/* SPDX-License-Identifier: MIT */
/* The kernel's clocks. Timers run on CLOCK_MONOTONIC; only signatures and people want the time of day. */
#ifndef LBPAIR_COMMON_SYSTEM_CLOCK_H
#define LBPAIR_COMMON_SYSTEM_CLOCK_H

#include "common/pure/mono.h"

#include <time.h>

static inline int64_t clock_read_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static inline struct mono clock_mono(void)
{
	return (struct mono){clock_read_ns(CLOCK_MONOTONIC)};
}

/* Counts on while the machine is suspended, which CLOCK_MONOTONIC does not. */
static inline int64_t clock_boot_ns(void)
{
	return clock_read_ns(CLOCK_BOOTTIME);
}

/* Nanoseconds since 1970, UTC. */
static inline int64_t clock_real_ns(void)
{
	return clock_read_ns(CLOCK_REALTIME);
}

#endif
