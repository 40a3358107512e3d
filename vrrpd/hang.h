/* SPDX-License-Identifier: MIT */
/*
 * Whether lbd hangs, by the counters that its loops advance every LIVENESS_BEAT_MS: a loop that stood still for
 * HANG_THRESHOLD_NS does. Pure.
 *
 * Only time counts in which the observer itself looked when it meant to. When it comes late, the machine was paused
 * or starved and lbd may have been too, so that span says nothing; a loop that has beaten in it is alive all the same.
 */
#ifndef LBPAIR_VRRPD_HANG_H
#define LBPAIR_VRRPD_HANG_H

#include "common/pure/mono.h"
#include "common/system/liveness.h"

/* How often hang_sample is to be called, and after what span it came late. */
#define HANG_SAMPLE_NS (25 * NS_PER_MS)
#define HANG_LATE_NS (2 * HANG_SAMPLE_NS)
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
