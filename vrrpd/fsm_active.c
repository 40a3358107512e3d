/* SPDX-License-Identifier: MIT */
#include "vrrpd/fsm_active.h"

#include "vrrpd/fsm_moves.h"

/* How long a planned failover may take until the offer is taken back. */
#define OFFER_NS (1 * NS_PER_S)
/* How long lbd has to reset the connections that it holds, while the addresses that the resets come from are still
 * here. */
#define LEAVE_NS (3 * NS_PER_MS)
/* Who offered a vip that is active here as well has left by then. */
#define OFFERER_GONE_NS (20 * NS_PER_MS)
/* An active node that sent no advert for so many intervals has overslept (5.3). */
#define OVERSLEPT_INTERVALS 3
/* By so much an advert comes at most after a word that has overtaken it. */
#define OVERTAKEN_INTERVALS 1

bool fsm_has_overslept(const struct vrrp_fsm *fsm, struct mono now)
{
	/* advert_at is one interval after the last one. */
	return fsm->state == VRRP_ACTIVE && !mono_is_never(fsm->advert_at) &&
	       mono_before(mono_add(fsm->advert_at, (OVERSLEPT_INTERVALS - 1) * fsm->conf.interval_ns), now);
}

static const char parted_reason[] = "resigned: another vip of its group is active on the other node";

/* The peer has taken what we offered: our addresses go when lbd has had its moment. */
static void on_taken(struct vrrp_fsm *fsm, struct mono now, struct vrrp_actions *out)
{
	if (!is_set(fsm->offered_until) || is_set(fsm->leave_at))
		return;
	fsm->leave_at = mono_add(now, LEAVE_NS);
	fsm->offered_until = (struct mono){0};
	fsm->advert_at = MONO_NEVER;
	out->todo |= VRRP_DO_RELEASE;
}

static void leave_as_planned(struct vrrp_fsm *fsm, struct mono now, struct vrrp_actions *out)
{
	bool wanted_back = fsm->wanted_back;

	fsm_become_backup(fsm, "planned failover: the peer has the vip", now, out);
	fsm->yielding = !wanted_back;
}

/* Of a vip with both families IPv4 breaks the tie; by what comes over IPv6 none is lost and none is won (5.4). */
static bool is_undecided(const struct vrrp_fsm *fsm, const struct vrrp_event *event)
{
	return event->priority == fsm->facts.priority && event->source.family != fsm->facts.source.family;
}

static bool rival_wins(const struct vrrp_fsm *fsm, const struct vrrp_event *event)
{
	if (event->priority != fsm->facts.priority)
		return event->priority > fsm->facts.priority;
	return ip_compare(&event->source, &fsm->facts.source) > 0;
}

static void active_on_advert(
	struct vrrp_fsm *fsm, const struct vrrp_event *event, struct mono now, struct vrrp_actions *out)
{
	if (is_set(fsm->leave_at))
		return;
	if (event->priority == VRRP_PRIORITY_RESIGN) {
		/* Who resigns had the addresses, and answered for them on its part of the LAN. */
		out->todo |= VRRP_DO_ANNOUNCE;
		fsm_send_advert(out, fsm->facts.priority);
		fsm->advert_at = mono_add(now, fsm->conf.interval_ns);
		return;
	}
	if (is_set(fsm->offered_until)) {
		on_taken(fsm, now, out);
		return;
	}
	/* The loop reads sockets before it fires timers: the adverts of who claimed may come before we know. */
	if (fsm->overslept || fsm_has_overslept(fsm, now)) {
		fsm_become_backup(fsm, "overslept, and another node claimed meanwhile", now, out);
		fsm->down_at = mono_add(now, fsm_active_down_ns(fsm));
		return;
	}
	if (is_set(fsm->grace_until) && mono_before(now, fsm->grace_until))
		return;
	fsm->rival_until = mono_add(now, 3 * event->interval_ns);
	/* No answer either: two nodes that hear each other by IPv6 alone would answer each other without end. */
	if (!fsm_rules(fsm) && is_undecided(fsm, event))
		return;
	if (fsm_rules(fsm) || !rival_wins(fsm, event)) {
		/* RFC 9568 6.4.3: the sender learns at once who is active; the LAN is told again as well (5.4). */
		out->todo |= VRRP_DO_ANNOUNCE;
		/* RFC 3768 6.4.3: version 2 passes it over. */
		if (fsm->conf.version == 2)
			return;
		fsm_send_advert(out, fsm->facts.priority);
		fsm->advert_at = mono_add(now, fsm->conf.interval_ns);
		return;
	}
	/*
	 * A last advert, when the addresses are gone: by it the winner, who may not have heard of us yet (a partition
	 * that heals), knows that there was a rival, and tells the LAN again.
	 */
	fsm_become_backup(fsm, "a node of higher priority is active", now, out);
	fsm_send_advert(out, fsm->facts.priority);
	/* The peer is told that an active node is heard here: then it does not take this for a resignation. */
	fsm->heard_at = now;
	fsm->active_priority = event->priority;
	fsm->active_interval_ns = event->interval_ns;
	fsm->down_at = mono_add(now, fsm_active_down_ns(fsm));
}

static void active_on_tick(struct vrrp_fsm *fsm, struct mono now, struct vrrp_actions *out)
{
	int64_t interval_ns = fsm->conf.interval_ns;

	if (fsm->overslept && fsm->facts.peer_holds) {
		fsm_become_backup(fsm, "overslept, and the peer says that it is active", now, out);
		return;
	}
	if (is_set(fsm->leave_at) && mono_reached(fsm->leave_at, now)) {
		leave_as_planned(fsm, now, out);
		return;
	}
	if (is_set(fsm->parted_at) && mono_reached(fsm->parted_at, now)) {
		fsm_resign(fsm, parted_reason, now, out);
		return;
	}
	if (is_set(fsm->rival_until) && mono_reached(fsm->rival_until, now)) {
		/* Its last word on the LAN may have been an ARP answer: ours is to be the last. */
		fsm->rival_until = (struct mono){0};
		out->todo |= VRRP_DO_ANNOUNCE;
	}
	if (is_set(fsm->offered_until) && mono_reached(fsm->offered_until, now))
		fsm->offered_until = (struct mono){0};
	if (!mono_reached(fsm->advert_at, now))
		return;
	fsm->overslept = false;
	fsm_send_advert(out, fsm->facts.priority);
	if (fsm->hurried > 0) {
		fsm->hurried--;
		interval_ns = fsm->hurry_ns;
	}
	/* Paced by the schedule, not by when we woke; what was missed is not made up for. */
	fsm->advert_at = mono_add(fsm->advert_at, interval_ns);
	if (mono_reached(fsm->advert_at, now))
		fsm->advert_at = mono_add(now, interval_ns);
}

/*
 * The former owner has gone, or had fallen silent: what it sends from now on is a claim of its own, which comes after
 * an Active_Down_Interval at the soonest. What comes at once it sent as the owner, and its word has overtaken it.
 */
static void end_grace(struct vrrp_fsm *fsm, struct mono now)
{
	if (is_set(fsm->grace_until))
		fsm->grace_until =
			mono_min(fsm->grace_until, mono_add(now, OVERTAKEN_INTERVALS * fsm->conf.interval_ns));
}

void fsm_active_step(struct vrrp_fsm *fsm, const struct vrrp_event *event, struct mono now, struct vrrp_actions *out)
{
	switch (event->kind) {
	case VRRP_EVENT_ADVERT:
		active_on_advert(fsm, event, now, out);
		break;
	case VRRP_EVENT_TICK:
		active_on_tick(fsm, now, out);
		break;
	case VRRP_EVENT_RESIGN:
		fsm_resign(fsm, "resigned: the peer's forwarder is in better health", now, out);
		break;
	case VRRP_EVENT_PARTED:
		fsm_resign(fsm, parted_reason, now, out);
		break;
	case VRRP_EVENT_FENCED:
		fsm_become_backup(fsm, "fenced: the addresses were taken away or their lease lapsed", now, out);
		break;
	case VRRP_EVENT_OVERSLEPT:
		fsm->overslept = true;
		if (event->blind)
			fsm_become_backup(fsm, "overslept, and nothing is known of the peer", now, out);
		break;
	case VRRP_EVENT_OFFERED:
		fsm->offered_until = mono_add(now, OFFER_NS);
		break;
	case VRRP_EVENT_OFFER_FAILED:
		fsm->offered_until = (struct mono){0};
		break;
	case VRRP_EVENT_TAKEN:
		on_taken(fsm, now, out);
		break;
	case VRRP_EVENT_TAKE:
		/* Two were active, and the other leaves: what it has answered until then is put right after that. */
		fsm->rival_until = mono_add(now, OFFERER_GONE_NS);
		break;
	case VRRP_EVENT_PEER_GONE:
	case VRRP_EVENT_PEER_BACK:
		end_grace(fsm, now);
		/* What it has answered on the LAN, while it had the addresses or thought so, is put right (5.4). */
		out->todo |= VRRP_DO_ANNOUNCE;
		break;
	case VRRP_EVENT_START:
	case VRRP_EVENT_STOP:
	case VRRP_EVENT_FACTS:
	case VRRP_EVENT_STALE:
		break;
	}
}
