/* SPDX-License-Identifier: MIT */
#include "vrrpd/doubt.h"

/* An answer is good for so long, when there is something to be decided by the next one; and when there is not. */
#define TRUST_NS (1 * NS_PER_S)
#define TRUST_ALONE_NS (5 * NS_PER_S)

/* Heard on the LAN it may be no longer. */
static bool misses_peer(const struct doubt *doubt)
{
	return doubt->fsm->state == VRRP_ACTIVE && doubt->peer_alive && doubt->peer_off_lan;
}

static bool is_alone(const struct doubt *doubt)
{
	return doubt->fsm->state == VRRP_ACTIVE && doubt->has_peer && !doubt->peer_alive;
}

static bool doubts_hearing(const struct doubt *doubt, struct mono now)
{
	struct mono since = mono_add(now, -TRUST_NS);

	if (mono_before(since, doubt->off_since))
		since = doubt->off_since;
	return misses_peer(doubt) && !lan_was_answered(doubt->lan, since);
}

static bool is_asked(const struct doubt *doubt)
{
	return doubt->fsm->state != VRRP_ACTIVE && doubt->peer_asks;
}

bool doubt_asks(const struct doubt *doubt, struct mono now)
{
	return lan_is_dead(doubt->lan) ||
	       vrrp_asks_lan(doubt->fsm, lan_is_mute(doubt->lan, doubt->interval_ns, now), now) ||
	       doubts_hearing(doubt, now) || is_asked(doubt) ||
	       (is_alone(doubt) && !lan_was_answered(doubt->lan, mono_add(now, -TRUST_ALONE_NS)));
}

/* Whoever tells since he was asked is not active, and whoever is asked is: neither goes on for the other's sake. */
bool doubt_tells(const struct doubt *doubt, struct mono now)
{
	return vrrp_hears_late(doubt->fsm, now) || doubts_hearing(doubt, now) || is_asked(doubt);
}

enum doubt_alarm doubt_alarm(const struct doubt *doubt, struct mono now)
{
	if (doubt->fsm->state != VRRP_ACTIVE)
		return DOUBT_NONE;
	if (lan_is_dead(doubt->lan))
		return DOUBT_STUCK;
	if (!lan_is_mute(doubt->lan, doubt->interval_ns, now))
		return DOUBT_NONE;
	if (is_alone(doubt))
		return DOUBT_ALONE;
	return misses_peer(doubt) ? DOUBT_UNDECIDED : DOUBT_NONE;
}

const char *doubt_alarm_text(enum doubt_alarm alarm)
{
	static const char *const texts[] = {
		[DOUBT_UNDECIDED] =
			"nobody on its LAN answers, and the peer, heard by another path alone, names nobody "
			"who answers there: this node may not hear its LAN, or nobody may be there",
		[DOUBT_ALONE] =
			"nobody on its LAN answers, nor is the peer heard: this node may be cut off from it, or "
			"all others may be down",
		[DOUBT_STUCK] =
			"what answers the peer on its LAN does not answer here, but the peer cannot take the vip "
			"over",
	};
	static_assert(ARRAY_LEN(texts) == DOUBT_ALARM_COUNT, "an alarm has no text");

	return texts[alarm];
}
