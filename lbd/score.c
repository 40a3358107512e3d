/* SPDX-License-Identifier: MIT */
#include "lbd/score.h"

static void settle(struct score *score, enum health health)
{
	*score = (struct score){.health = health};
}

bool score_step(struct score *score, unsigned rise, unsigned fall, bool success)
{
	enum health said = success ? HEALTH_UP : HEALTH_DOWN;

	if (score->health == said) {
		settle(score, said);
		return false;
	}
	if (score->health != HEALTH_UNKNOWN && !score->anew && ++score->streak < (success ? rise : fall))
		return false;
	settle(score, said);
	return true;
}

void score_begin_anew(struct score *score)
{
	score->anew = true;
	score->streak = 0;
}

const char *health_name(enum health health)
{
	static const char *const names[] = {
		[HEALTH_UNKNOWN] = "unknown",
		[HEALTH_UP] = "up",
		[HEALTH_DOWN] = "down",
	};

	return names[health];
}
