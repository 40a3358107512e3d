/* SPDX-License-Identifier: MIT */
#include "vrrpd/hang.h"

#include <string.h>

void hang_reset(struct hang *hang)
{
	*hang = (struct hang){0};
}

static void begin(struct hang *hang, const struct liveness_state *state, struct mono now)
{
	*hang = (struct hang){.started = true, .sampled_at = now, .loops = state->loops};
	memcpy(hang->beats, state->beats, sizeof hang->beats);
}

/* True: the loop has stood still for too long. */
static bool look_at_loop(struct hang *hang, unsigned loop, uint64_t beats, int64_t span_ns)
{
	hang->still_ns[loop] = beats == hang->beats[loop] ? hang->still_ns[loop] + span_ns : 0;
	hang->beats[loop] = beats;
	return hang->still_ns[loop] >= HANG_THRESHOLD_NS;
}

bool hang_sample(struct hang *hang, const struct liveness_state *state, struct mono now)
{
	int64_t span_ns;
	bool hangs = false;

	assert(state->loops <= LIVENESS_LOOPS_MAX);
	if (!hang->started || hang->loops != state->loops)
		begin(hang, state, now);
	span_ns = mono_diff(now, hang->sampled_at);
	if (span_ns >= HANG_LATE_NS)
		span_ns = 0;
	hang->sampled_at = now;
	for (unsigned i = 0; i < hang->loops; i++)
		hangs |= look_at_loop(hang, i, state->beats[i], span_ns);
	return hangs;
}
