/* SPDX-License-Identifier: MIT */
#include "vrrpd/fsm_backup.h"

#include "vrrpd/fsm_moves.h"
#include "vrrpd/timers.h"

/* For so long the former owner's adverts are passed over after a planned failover. */
#define GRACE_NS (1 * NS_PER_S)
/* After so many intervals without one, adverts are no longer heard: less than any Active_Down_Interval. */
#define HEARD_INTERVALS 3
/* Where neither node can tell whether the other is heard, the backup waits for this many Active_Down_Intervals (5.4).
 */
#define BLIND_DOWN_INTERVALS 3
/* How long after its start a node waits at most for adverts to prove fresh. */
#define STALE_DOWN_INTERVALS 4

static bool may_preempt(const struct vrrp_fsm *fsm, struct mono now)
{
	if (mono_before(now, fsm_start_delay_end(fsm)))
		return false;
	if (fsm_is_owner(fsm))
		return true;
	if (!fsm->facts.ready || fsm->facts.group_unready || fsm->facts.tracked_unsure ||
		mono_before(now, fsm->facts.hold_back_until))
		return false;
	/* Health, and what is tracked, outranks what was configured and what was planned (5.5, 5.6). */
	if (fsm->facts.peer_sicker || (fsm->active_priority == VRRP_PRIORITY_SICK && !fsm->facts.peer_well))
		return true;
	if (mono_before(now, mono_add(fsm->weaker_since, fsm->facts.weigh_ns)))
		return false;
	if (fsm->facts.peer_penalised)
		return true;
	return fsm->conf.preempt && !fsm->yielding &&
	       mono_reached(mono_add(fsm->weaker_since, fsm->conf.preempt_delay_ns), now);
}

static void backup_on_advert(struct vrrp_fsm *fsm, const struct vrrp_event *event, struct mono now)
{
	fsm->active_priority = event->priority;
	if (event->priority == VRRP_PRIORITY_RESIGN) {
		/* RFC 9568 6.4.2: the active router is leaving, so only the skew is waited for. Said twice, waited for
		 * once. */
		if (fsm->resigned_heard)
			return;
		fsm->resigned_heard = true;
		fsm->weaker_since = (struct mono){0};
		fsm->down_at =
			mono_add(now, timers_skew_ns(fsm->conf.version, fsm->facts.priority, fsm->active_interval_ns));
		return;
	}
	fsm->silent_at = (struct mono){0};
	fsm->loss_awaited = false;
	fsm->heard_at = now;
	fsm->reason = fsm->moved_reason;
	if (event->priority >= fsm->facts.priority)
		fsm->weaker_since = (struct mono){0};
	else if (!is_set(fsm->weaker_since))
		fsm->weaker_since = now;
	/* An advert that we preempt does not restart the timer; the claim comes when it expires (6.4.2). */
	if (event->priority < fsm->facts.priority && may_preempt(fsm, now))
		return;
	fsm->resigned_heard = false;
	fsm->active_interval_ns = event->interval_ns;
	fsm->down_at = mono_add(now, fsm_active_down_ns(fsm));
}

/* Whether the adverts that are claimed against are still there; else they fell silent, whatever their priority. */
static bool is_preemption(const struct vrrp_fsm *fsm, struct mono now)
{
	return is_set(fsm->weaker_since) &&
	       mono_before(now, mono_add(fsm->heard_at, HEARD_INTERVALS * fsm->active_interval_ns));
}

/*
 * Where clocks differ and the state port is closed, three adverts in a row prove their freshness by their pace (5.4): a
 * node that has just started gives an active one the time for it. The bound is on the start, so that who replays old
 * adverts delays a claim once, and not for long.
 */
static void backup_on_stale(struct vrrp_fsm *fsm, struct mono now)
{
	int64_t down_ns = fsm_active_down_ns(fsm);
	struct mono limit = mono_add(fsm->started_at, STALE_DOWN_INTERVALS * down_ns);
	struct mono wanted = mono_min(mono_add(now, down_ns), limit);

	if (fsm->active_priority == 0 && !fsm->resigned_heard && mono_before(fsm->down_at, wanted))
		fsm->down_at = wanted;
}

/*
 * Why a claim that is due now has to wait; NULL: it has not. `ret_again` is when to look again.
 */
static const char *held_back(const struct vrrp_fsm *fsm, struct mono now, struct mono *ret_again)
{
	int64_t down_ns = fsm_active_down_ns(fsm);

	*ret_again = mono_add(now, fsm->conf.interval_ns);
	if (mono_before(now, fsm->facts.hold_back_until)) {
		*ret_again = fsm->facts.hold_back_until;
		return "held back after a resignation";
	}
	if (mono_before(now, fsm_start_delay_end(fsm))) {
		*ret_again = fsm_start_delay_end(fsm);
		return "waiting for the end of start-delay";
	}
	if (!fsm->facts.bound && mono_before(now, mono_add(fsm->started_at, VRRP_UNBOUND_CLAIM_NS)))
		return "waiting for lbd to bind its listeners";
	if (fsm->resigned_heard || is_preemption(fsm, now) || !fsm->facts.peer_holds)
		return NULL;
	if (fsm->facts.peer_on_lan)
		return "adverts are lost or refused, but the peer says that it is active, and is on its LAN";
	if (mono_before(now, mono_add(fsm->silent_at, (BLIND_DOWN_INTERVALS - 1) * down_ns)))
		return "adverts are lost or refused, and the peer says over another path that it is active";
	return NULL;
}

static const char *claim_reason(const struct vrrp_fsm *fsm, struct mono now)
{
	if (fsm->resigned_heard)
		return "the active node resigned";
	if (is_preemption(fsm, now) && fsm->facts.peer_sicker)
		return "preempted a node in worse health";
	if (is_preemption(fsm, now) && fsm->facts.peer_penalised)
		return "preempted a node that lacks what it tracks";
	if (is_preemption(fsm, now))
		return "preempted a node of lower priority";
	return fsm->active_priority != 0 ? "the active node fell silent" : "no active node was heard";
}

/* Whether the adverts that the timer ran out for may be among those that were lost here. */
static bool may_have_lost_them(const struct vrrp_fsm *fsm, struct mono lost_at, struct mono now)
{
	return !fsm->loss_awaited && !fsm->resigned_heard && !is_preemption(fsm, now) && !is_set(fsm->silent_at) &&
	       is_set(lost_at) && !mono_before(lost_at, mono_add(fsm->down_at, -fsm_active_down_ns(fsm)));
}

static void backup_on_tick(struct vrrp_fsm *fsm, struct mono lost_at, struct mono now, struct vrrp_actions *out)
{
	const char *why;
	struct mono again;

	if (!mono_reached(fsm->down_at, now))
		return;
	if (may_have_lost_them(fsm, lost_at, now)) {
		fsm->loss_awaited = true;
		fsm->down_at = mono_add(now, fsm_active_down_ns(fsm));
		return;
	}
	if (!is_set(fsm->silent_at))
		fsm->silent_at = now;
	why = held_back(fsm, now, &again);
	if (why != NULL) {
		fsm->reason = why;
		fsm->down_at = again;
		return;
	}
	fsm_become_active(fsm, claim_reason(fsm, now), now, out);
}

void fsm_backup_step(struct vrrp_fsm *fsm, const struct vrrp_event *event, struct mono now, struct vrrp_actions *out)
{
	switch (event->kind) {
	case VRRP_EVENT_ADVERT:
		backup_on_advert(fsm, event, now);
		break;
	case VRRP_EVENT_STALE:
		backup_on_stale(fsm, now);
		break;
	case VRRP_EVENT_TICK:
		backup_on_tick(fsm, event->lost_at, now, out);
		break;
	case VRRP_EVENT_PEER_GONE:
		backup_on_advert(fsm, &(struct vrrp_event){.priority = VRRP_PRIORITY_RESIGN}, now);
		break;
	case VRRP_EVENT_TAKE:
		fsm_become_active(fsm, "planned failover: the active node offered the vip", now, out);
		fsm->grace_until = mono_add(now, GRACE_NS);
		break;
	case VRRP_EVENT_FENCED:
	case VRRP_EVENT_OVERSLEPT:
		fsm->down_at = mono_add(now, fsm_active_down_ns(fsm));
		break;
	case VRRP_EVENT_TAKEN:
		fsm_yield_late(fsm, out);
		break;
	case VRRP_EVENT_START:
	case VRRP_EVENT_STOP:
	case VRRP_EVENT_FACTS:
	case VRRP_EVENT_PEER_BACK:
	case VRRP_EVENT_RESIGN:
	case VRRP_EVENT_PARTED:
	case VRRP_EVENT_OFFERED:
	case VRRP_EVENT_OFFER_FAILED:
		break;
	}
}
