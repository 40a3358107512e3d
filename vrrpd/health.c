/* SPDX-License-Identifier: MIT */
#include "vrrpd/health.h"

static const char *const reason_texts[] = {
	[HEALTH_REASON_NONE] = "",
	[HEALTH_REASON_STARTING] = "the forwarder is not up yet",
	[HEALTH_REASON_SICK] = "the forwarder is dead or hangs",
	[HEALTH_REASON_PEER_BETTER] = "the forwarder is dead or hangs, and the peer is better off",
	[HEALTH_REASON_HOLDING_BACK] = "holding back after a resignation",
};
static_assert(ARRAY_LEN(reason_texts) == HEALTH_REASON_COUNT, "a text is missing");

const char *health_reason_text(enum health_reason reason)
{
	return reason_texts[reason];
}

void health_init(struct health_fsm *fsm, struct mono started_at)
{
	*fsm = (struct health_fsm){.started_at = started_at};
}

static enum peer_health own_health(const struct health_input *input)
{
	return input->lbd_wanted ? input->own : PEER_HEALTH_SERVING;
}

/* The peer could hold the vip, and would not be worse at it; `strictly`: it would be better. */
static bool peer_would_do(const struct health_input *input, bool strictly)
{
	if (!input->peer_known || input->peer_unable)
		return false;
	return strictly ? input->peer < own_health(input) : input->peer <= own_health(input);
}

static struct mono hold_until(const struct health_fsm *fsm)
{
	return mono_add(fsm->resigned_at, fsm->hold_ns);
}

static struct mono hold_least_until(const struct health_fsm *fsm)
{
	return mono_add(fsm->resigned_at, fsm->hold_least_ns);
}

static void note_resignation(struct health_fsm *fsm, int64_t interval_ns, struct mono now)
{
	int64_t least_ns = HEALTH_HOLD_INTERVALS * interval_ns;
	bool again = fsm->has_resigned && mono_before(now, mono_add(hold_until(fsm), HEALTH_CALM_NS));

	/* Asked again before it has been carried out. */
	if (fsm->has_resigned && mono_before(now, hold_least_until(fsm)))
		return;
	/* Three intervals at least, also where they are longer than the greatest hold-back. */
	fsm->hold_ns = again ? MAX(least_ns, MIN(2 * fsm->hold_ns, HEALTH_HOLD_MAX_NS)) : least_ns;
	fsm->hold_least_ns = least_ns;
	fsm->has_resigned = true;
	fsm->resigned_at = now;
}

/* Where lbd is dead or hangs. */
static void judge_sick(
	struct health_fsm *fsm, const struct health_input *input, struct mono now, struct health_verdict *verdict)
{
	bool starting = mono_before(now, mono_add(fsm->started_at, HEALTH_START_NS));

	if (input->is_active && peer_would_do(input, true)) {
		note_resignation(fsm, input->interval_ns, now);
		verdict->resign = true;
		verdict->reason = HEALTH_REASON_PEER_BETTER;
	} else if (!input->is_active && starting && !fsm->has_resigned) {
		verdict->reason = HEALTH_REASON_STARTING;
		return;
	} else {
		verdict->reason = HEALTH_REASON_SICK;
	}
	verdict->effective_priority = HEALTH_PRIORITY_SICK;
}

void health_step(
	struct health_fsm *fsm, const struct health_input *input, struct mono now, struct health_verdict *ret_verdict)
{
	struct health_verdict verdict = {.effective_priority = input->configured_priority};

	if (own_health(input) == PEER_HEALTH_DEAD)
		judge_sick(fsm, input, now, &verdict);
	if (fsm->has_resigned)
		verdict.hold_back_until = peer_would_do(input, false) ? hold_until(fsm) : hold_least_until(fsm);
	if (verdict.reason == HEALTH_REASON_NONE && !input->is_active && mono_before(now, verdict.hold_back_until))
		verdict.reason = HEALTH_REASON_HOLDING_BACK;
	*ret_verdict = verdict;
}

struct mono health_deadline(const struct health_fsm *fsm, struct mono now)
{
	struct mono ends[] = {mono_add(fsm->started_at, HEALTH_START_NS), hold_least_until(fsm), hold_until(fsm)};
	struct mono next = MONO_NEVER;

	/* The holds of one that has never resigned are long over. */
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		if (mono_before(now, ends[i]))
			next = mono_min(next, ends[i]);
	}
	return next;
}
