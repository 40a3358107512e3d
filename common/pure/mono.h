/* SPDX-License-Identifier: MIT */
/*
 * A moment on CLOCK_MONOTONIC, in nanoseconds. A type of its own, so that a moment and a span are not mixed up:
 * spans are plain int64_t with the unit in their name. clock.h of L1 reads the clock; this file only computes.
 */
#ifndef LBPAIR_COMMON_PURE_MONO_H
#define LBPAIR_COMMON_PURE_MONO_H

#include "common/pure/base.h"

struct mono {
	int64_t ns;
};

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* Later than every moment: the deadline of what waits for nothing. */
#define MONO_NEVER ((struct mono){INT64_MAX})

/* Saturates at MONO_NEVER. */
static inline struct mono mono_add(struct mono at, int64_t span_ns)
{
	int64_t sum;

	if (__builtin_add_overflow(at.ns, span_ns, &sum))
		return MONO_NEVER;
	return (struct mono){sum};
}

/* Nanoseconds from `start` to `end`; negative where `end` is earlier. */
static inline int64_t mono_diff(struct mono end, struct mono start)
{
	return end.ns - start.ns;
}

static inline bool mono_before(struct mono a, struct mono b)
{
	return a.ns < b.ns;
}

/* Whether `deadline` has been reached at `now`. */
static inline bool mono_reached(struct mono deadline, struct mono now)
{
	return deadline.ns <= now.ns;
}

static inline bool mono_is_never(struct mono at)
{
	return at.ns == INT64_MAX;
}

static inline struct mono mono_min(struct mono a, struct mono b)
{
	return a.ns < b.ns ? a : b;
}

#endif
