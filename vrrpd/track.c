/* SPDX-License-Identifier: MIT */
#include "vrrpd/track.h"

#include "vrrpd/fsm.h"

static const char *const state_names[] = {
	[TRACK_UNKNOWN] = "unknown",
	[TRACK_UP] = "up",
	[TRACK_DOWN] = "down",
};
static_assert(ARRAY_LEN(state_names) == TRACK_STATE_COUNT, "a state has no name");

const char *track_state_name(enum track_state state)
{
	return state_names[state];
}

static void move_to(struct track_score *score, enum track_state state)
{
	score->state = state;
	score->against = 0;
}

static void fall(struct track_score *score, struct mono now)
{
	bool again = score->hold_ns != 0 && mono_before(now, score->calm_until);

	move_to(score, TRACK_DOWN);
	score->hold_ns = again ? MIN(2 * score->hold_ns, TRACK_HOLD_MAX_NS) : TRACK_HOLD_NS;
}

static bool take_bad(struct track_score *score, const struct track_rule *rule, struct mono now)
{
	if (score->state == TRACK_DOWN) {
		score->against = 0;
		return false;
	}
	if (++score->against < rule->fall)
		return false;
	fall(score, now);
	return true;
}

static bool take_good(struct track_score *score, const struct track_rule *rule, struct mono now)
{
	if (score->state != TRACK_DOWN) {
		bool first = score->state == TRACK_UNKNOWN;

		move_to(score, TRACK_UP);
		return first;
	}
	if (score->against == 0)
		score->good_since = now;
	score->against = MIN(score->against + 1, rule->rise);
	if (score->against < rule->rise || mono_diff(now, score->good_since) < score->hold_ns)
		return false;
	move_to(score, TRACK_UP);
	score->sure_at = mono_add(now, rule->interval_ns + TRACK_DOUBT_NS);
	score->calm_until = mono_add(now, TRACK_CALM_NS);
	return true;
}

bool track_score_take(struct track_score *score, const struct track_rule *rule, bool good, struct mono now)
{
	return good ? take_good(score, rule, now) : take_bad(score, rule, now);
}

bool track_score_is_doubtful(const struct track_score *score, struct mono now)
{
	return score->state != TRACK_DOWN && (score->against > 0 || mono_before(now, score->sure_at));
}

void track_sum_add(struct track_sum *sum, const struct track_item *item)
{
	sum->unsure = sum->unsure || item->doubtful || item->state == TRACK_UNKNOWN;
	if (item->state != TRACK_DOWN)
		return;
	sum->penalty += item->penalty;
	sum->fault = sum->fault || item->penalty == TRACK_PENALTY_FAULT;
}

uint8_t track_priority(uint8_t priority, unsigned penalty)
{
	unsigned room = priority > TRACK_PRIORITY_MIN ? (unsigned)(priority - TRACK_PRIORITY_MIN) : 0;

	return priority == VRRP_PRIORITY_OWNER ? priority : (uint8_t)(priority - MIN(penalty, room));
}
