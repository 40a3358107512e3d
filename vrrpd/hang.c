/* SPDX-License-Identifier: MIT */
#include "vrrpd/hang.h"
#include <string.h>
void hang_reset(struct hang *hang)
{
	*hang = (struct hang){0};
}
bool hang_sample(struct hang *hang, const struct liveness_state *state, struct mono now)
{
	int64_t gone = mono_diff(now, hang->sampled_at);
	bool hung = false;
	if (!hang->started || hang->loops != state->loops) {
		*hang = (struct hang){.started = true, .sampled_at = now, .loops = state->loops};
		memcpy(hang->beats, state->beats, sizeof hang->beats);
		return false;
	}
	hang->sampled_at = now;
	if (gone > 2 * HANG_SAMPLE_NS)
		gone = HANG_SAMPLE_NS;
	for (unsigned i = 0; i < hang->loops; i++) {
		if (state->beats[i] != hang->beats[i])
			hang->still_ns[i] = 0;
		else
			hang->still_ns[i] += gone;
		hang->beats[i] = state->beats[i];
		hung = hung || hang->still_ns[i] >= HANG_THRESHOLD_NS;
	}
	return hung;
}
