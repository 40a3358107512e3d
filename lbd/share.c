/* SPDX-License-Identifier: MIT */
#include "lbd/share.h"

#define STEPS 20

static bool is_warm(int64_t slow_start_ns, struct mono since, struct mono now)
{
	return mono_is_never(since) || mono_diff(now, since) >= slow_start_ns;
}

/* From 0 on; at most a day is so long that nothing overflows. */
static int64_t step_at(int64_t slow_start_ns, struct mono since, struct mono now)
{
	return mono_diff(now, since) * STEPS / slow_start_ns;
}

unsigned share_at(unsigned weight, int64_t slow_start_ns, struct mono since, struct mono now)
{
	unsigned share;

	if (weight == 0 || is_warm(slow_start_ns, since, now))
		return weight;
	/* The middle of the step, so that the whole is what a straight line would give. */
	share = weight * (2 * (unsigned)step_at(slow_start_ns, since, now) + 1) / (2 * STEPS);
	return MAX(share, 1u);
}

struct mono share_next_step(int64_t slow_start_ns, struct mono since, struct mono now)
{
	if (is_warm(slow_start_ns, since, now))
		return MONO_NEVER;
	return mono_add(since, (step_at(slow_start_ns, since, now) + 1) * slow_start_ns / STEPS);
}
