/* SPDX-License-Identifier: MIT */
#include "vrrpd/retort.h"

bool retort_hear(struct retort *retort, struct mono now)
{
	bool within = retort->answered_at.ns != 0 && mono_before(now, mono_add(retort->answered_at, RETORT_GAP_NS));

	retort->heard_at = now;
	retort->owed = within;
	if (!within)
		retort->answered_at = now;
	return !within;
}

struct mono retort_deadline(const struct retort *retort)
{
	return retort->owed ? mono_add(retort->answered_at, RETORT_GAP_NS) : mono_add(retort->heard_at, RETORT_GONE_NS);
}

enum retort_due retort_tick(struct retort *retort, struct mono now)
{
	if (!mono_reached(retort_deadline(retort), now))
		return RETORT_NOTHING;
	if (!retort->owed)
		return RETORT_GONE;
	retort->owed = false;
	retort->answered_at = now;
	return RETORT_ANSWER;
}
