/* SPDX-License-Identifier: MIT */
/*
 * Whether lbd hangs, by the counters that its loops advance every LIVENESS_BEAT_MS: one that stood still for
 * HANG_THRESHOLD_NS does. Only time counts in which the observer itself looked when it meant to: after a pause of the
 * whole machine lbd gets its own time to go on. Pure.
 */
#ifndef LBPAIR_VRRPD_HANG_H
#define LBPAIR_VRRPD_HANG_H

#include "common/pure/mono.h"
#include "common/system/liveness.h"

/* How often hang_sample is to be called. */
#define HANG_SAMPLE_NS (25 * NS_PER_MS)
#define HANG_THRESHOLD_NS (250 * NS_PER_MS)

struct hang {
	bool started;
	struct mono sampled_at;
	unsigned loops;
	uint64_t beats[LIVENESS_LOOPS_MAX];
	int64_t still_ns[LIVENESS_LOOPS_MAX]; /* observed without a beat */
};

/* Takes a look in; true: some loop hangs. The first look, and each at another number of loops, begins anew. */
MUST_USE bool hang_sample(struct hang *hang, const struct liveness_state *state, struct mono now);
/* Forgets everything: another lbd. */
void hang_reset(struct hang *hang);

#endif
