/* SPDX-License-Identifier: MIT */
#include "vrrpd/fsm.h"

#include "vrrpd/timers.h"

/* How long a planned failover may take until the offer is taken back, and the former owner's adverts are passed over.
 */
#define OFFER_NS (1 * NS_PER_S)
#define GRACE_NS (1 * NS_PER_S)
/* How long lbd has to reset the connections that it holds, while the addresses that the resets come from are still
 * here. */
#define LEAVE_NS (3 * NS_PER_MS)
/* Who offered a vip that is active here as well has left by then. */
#define OFFERER_GONE_NS (20 * NS_PER_MS)

/* An active node that sent no advert for so many intervals has overslept (5.3). */
#define OVERSLEPT_INTERVALS 3
/* After so many intervals without one, adverts are no longer heard: less than any Active_Down_Interval. */
#define HEARD_INTERVALS 3
/* And after so many they are late. */
#define LATE_INTERVALS 2

/* A group that is parted for so long was not parted on its way: a planned failover may take OFFER_NS. */
#define PARTED_NS (2 * NS_PER_S)
#define PARTED_INTERVALS 3

/* By so much an advert comes at most after a word that has overtaken it. */
#define OVERTAKEN_INTERVALS 1

/* So many adverts at the former pace make a longer interval known. */
#define HURRIED_ADVERTS 3

/* Where neither node can tell whether the other is heard, the backup waits for this many Active_Down_Intervals (5.4).
 */
#define BLIND_DOWN_INTERVALS 3
/* How long after its start a node waits at most for adverts to prove fresh. */
#define STALE_DOWN_INTERVALS 4

static const char *const state_names[] = {
	[VRRP_INITIALIZE] = "initialize",
	[VRRP_BACKUP] = "backup",
	[VRRP_ACTIVE] = "active",
	[VRRP_FAULT] = "fault",
};
static_assert(ARRAY_LEN(state_names) == VRRP_STATE_COUNT, "a state has no name");

const char *vrrp_state_name(enum vrrp_state state)
{
	return state_names[state];
}

void vrrp_init(struct vrrp_fsm *fsm, const struct vrrp_conf *conf, bool yielding)
{
	*fsm = (struct vrrp_fsm){
		.conf = *conf,
		.state = VRRP_INITIALIZE,
		.reason = "not started",
		.moved_reason = "not started",
		.active_interval_ns = conf->interval_ns,
		.down_at = MONO_NEVER,
		.advert_at = MONO_NEVER,
		.yielding = yielding,
	};
	fsm->facts.priority = conf->priority;
}

static bool is_set(struct mono at)
{
	return at.ns != 0;
}

static bool is_owner(const struct vrrp_fsm *fsm)
{
	return fsm->conf.priority == VRRP_PRIORITY_OWNER;
}

/* Where its forwarder is dead or hangs, the owner says priority 1 as anybody would, and then it yields as well (5.5).
 */
static bool rules(const struct vrrp_fsm *fsm)
{
	return is_owner(fsm) && fsm->facts.priority == VRRP_PRIORITY_OWNER;
}

static int64_t active_down_ns(const struct vrrp_fsm *fsm)
{
	return timers_active_down_ns(fsm->conf.version, fsm->facts.priority, fsm->active_interval_ns);
}

static void send_advert(struct vrrp_actions *out, uint8_t priority)
{
	out->todo |= VRRP_DO_ADVERT;
	out->advert_priority = priority;
}

/* The one setter of the state. */
static void move_to(struct vrrp_fsm *fsm, enum vrrp_state state, const char *reason, struct vrrp_actions *out)
{
	assert(fsm->state != state);
	out->moved = true;
	out->from = fsm->state;
	fsm->state = state;
	fsm->reason = fsm->moved_reason = reason;
	fsm->down_at = MONO_NEVER;
	fsm->advert_at = MONO_NEVER;
	fsm->rival_until = (struct mono){0};
	fsm->offered_until = (struct mono){0};
	fsm->leave_at = (struct mono){0};
	fsm->wanted_back = false;
	fsm->parted_at = (struct mono){0};
	fsm->grace_until = (struct mono){0};
	fsm->silent_at = (struct mono){0};
	fsm->heard_at = (struct mono){0};
	fsm->weaker_since = (struct mono){0};
	fsm->loss_awaited = false;
	fsm->resigned_heard = false;
	fsm->overslept = false;
	fsm->hurried = 0;
}

/* Where only a part of a group has moved, the rest follows the first of it, when there was time for all to move. */
static void note_group(struct vrrp_fsm *fsm, struct mono now)
{
	if (!fsm->facts.group_elsewhere || is_owner(fsm))
		fsm->parted_at = (struct mono){0};
	else if (!is_set(fsm->parted_at))
		fsm->parted_at = mono_add(now, PARTED_NS + PARTED_INTERVALS * fsm->conf.interval_ns);
}

static void become_active(struct vrrp_fsm *fsm, const char *reason, struct mono now, struct vrrp_actions *out)
{
	move_to(fsm, VRRP_ACTIVE, reason, out);
	note_group(fsm, now);
	fsm->yielding = false;
	fsm->active_priority = 0;
	fsm->active_interval_ns = fsm->conf.interval_ns;
	fsm->advert_at = mono_add(now, fsm->conf.interval_ns);
	out->todo |= VRRP_DO_INSTALL | VRRP_DO_ANNOUNCE;
	send_advert(out, fsm->facts.priority);
}

/* From any state; the addresses go when there were any. */
static void become_backup(struct vrrp_fsm *fsm, const char *reason, struct mono now, struct vrrp_actions *out)
{
	if (fsm->state == VRRP_ACTIVE)
		out->todo |= VRRP_DO_REMOVE;
	move_to(fsm, VRRP_BACKUP, reason, out);
	fsm->active_priority = 0;
	fsm->down_at = mono_add(now, active_down_ns(fsm));
}

/* Leaves Active so that the peer waits for its skew only: the addresses go first, then priority 0 is said. */
static void resign(struct vrrp_fsm *fsm, const char *reason, struct mono now, struct vrrp_actions *out)
{
	become_backup(fsm, reason, now, out);
	send_advert(out, VRRP_PRIORITY_RESIGN);
}

static struct mono start_delay_end(const struct vrrp_fsm *fsm)
{
	return mono_add(fsm->started_at, fsm->conf.start_delay_ns);
}

/* Events that may come in any state. */

static void enter_by_link(struct vrrp_fsm *fsm, struct mono now, struct vrrp_actions *out)
{
	if (!fsm->facts.link_ok)
		move_to(fsm, VRRP_FAULT, "the interface is down or missing, or has no address to send from", out);
	else if (fsm->facts.tracked_fault)
		move_to(fsm, VRRP_FAULT, "something that it tracks has failed", out);
	else if (fsm->facts.group_fault)
		move_to(fsm, VRRP_FAULT, "another vip of its group is at fault", out);
	else if (fsm->facts.lan_dead)
		move_to(fsm, VRRP_FAULT, "its LAN is dead: what answers the peer does not answer here", out);
	else if (fsm->facts.maintenance)
		move_to(fsm, VRRP_FAULT, "this node is in maintenance", out);
	else if (is_owner(fsm) && fsm->facts.bound && mono_reached(start_delay_end(fsm), now))
		become_active(fsm, "this node owns the address", now, out);
	else
		become_backup(fsm, fsm->state == VRRP_FAULT ? "the fault is over" : "started", now, out);
}

static bool is_usable(const struct vrrp_facts *facts)
{
	return facts->link_ok && !facts->tracked_fault && !facts->maintenance && !facts->lan_dead &&
	       !facts->group_fault;
}

static void on_facts(struct vrrp_fsm *fsm, const struct vrrp_facts *facts, struct mono now, struct vrrp_actions *out)
{
	int64_t before_ns = active_down_ns(fsm);
	bool lost = is_usable(&fsm->facts) && !is_usable(facts);
	bool freed = mono_before(facts->hold_back_until, fsm->facts.hold_back_until);

	fsm->facts = *facts;
	if (fsm->state == VRRP_INITIALIZE)
		return;
	if (fsm->state == VRRP_FAULT) {
		if (is_usable(facts))
			enter_by_link(fsm, now, out);
		return;
	}
	if (lost) {
		if (fsm->state == VRRP_ACTIVE)
			out->todo |= VRRP_DO_REMOVE;
		/* The link still carries the word, so that the peer waits for its skew alone. */
		if (fsm->state == VRRP_ACTIVE && (facts->link_ok || facts->link_carries))
			send_advert(out, VRRP_PRIORITY_RESIGN);
		enter_by_link(fsm, now, out);
		return;
	}
	if (fsm->state == VRRP_ACTIVE)
		note_group(fsm, now);
	/* A new priority moves the skew: the running timer is shifted by the difference. */
	if (fsm->state == VRRP_BACKUP && !mono_is_never(fsm->down_at) && !fsm->resigned_heard)
		fsm->down_at = mono_add(fsm->down_at, active_down_ns(fsm) - before_ns);
	/* A claim that was due, and waits for the end of a hold-back that has ended early (the peer has gone). */
	if (fsm->state == VRRP_BACKUP && is_set(fsm->silent_at) && freed)
		fsm->down_at = mono_min(fsm->down_at, now);
}

static void on_stop(struct vrrp_fsm *fsm, struct vrrp_actions *out)
{
	if (fsm->state == VRRP_ACTIVE) {
		out->todo |= VRRP_DO_REMOVE;
		send_advert(out, VRRP_PRIORITY_RESIGN);
	}
	move_to(fsm, VRRP_INITIALIZE, "stopped", out);
}

/* Backup. */

static bool may_preempt(const struct vrrp_fsm *fsm, struct mono now)
{
	if (mono_before(now, start_delay_end(fsm)))
		return false;
	if (is_owner(fsm))
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
	fsm->down_at = mono_add(now, active_down_ns(fsm));
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
	int64_t down_ns = active_down_ns(fsm);
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
	int64_t down_ns = active_down_ns(fsm);

	*ret_again = mono_add(now, fsm->conf.interval_ns);
	if (mono_before(now, fsm->facts.hold_back_until)) {
		*ret_again = fsm->facts.hold_back_until;
		return "held back after a resignation";
	}
	if (mono_before(now, start_delay_end(fsm))) {
		*ret_again = start_delay_end(fsm);
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
	       is_set(lost_at) && !mono_before(lost_at, mono_add(fsm->down_at, -active_down_ns(fsm)));
}

static void backup_on_tick(struct vrrp_fsm *fsm, struct mono lost_at, struct mono now, struct vrrp_actions *out)
{
	const char *why;
	struct mono again;

	if (!mono_reached(fsm->down_at, now))
		return;
	if (may_have_lost_them(fsm, lost_at, now)) {
		fsm->loss_awaited = true;
		fsm->down_at = mono_add(now, active_down_ns(fsm));
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
	become_active(fsm, claim_reason(fsm, now), now, out);
}

/* It was offered, and lost before the answer came. */
static void yield_late(struct vrrp_fsm *fsm, struct vrrp_actions *out)
{
	fsm->yielding = true;
	out->todo |= VRRP_DO_KEEP;
}

static void backup_step(struct vrrp_fsm *fsm, const struct vrrp_event *event, struct mono now, struct vrrp_actions *out)
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
		become_active(fsm, "planned failover: the active node offered the vip", now, out);
		fsm->grace_until = mono_add(now, GRACE_NS);
		break;
	case VRRP_EVENT_FENCED:
	case VRRP_EVENT_OVERSLEPT:
		fsm->down_at = mono_add(now, active_down_ns(fsm));
		break;
	case VRRP_EVENT_TAKEN:
		yield_late(fsm, out);
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

/* Active. */

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

	become_backup(fsm, "planned failover: the peer has the vip", now, out);
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
		send_advert(out, fsm->facts.priority);
		fsm->advert_at = mono_add(now, fsm->conf.interval_ns);
		return;
	}
	if (is_set(fsm->offered_until)) {
		on_taken(fsm, now, out);
		return;
	}
	/* The loop reads sockets before it fires timers: the adverts of who claimed may come before we know. */
	if (fsm->overslept || vrrp_has_overslept(fsm, now)) {
		become_backup(fsm, "overslept, and another node claimed meanwhile", now, out);
		fsm->down_at = mono_add(now, active_down_ns(fsm));
		return;
	}
	if (is_set(fsm->grace_until) && mono_before(now, fsm->grace_until))
		return;
	fsm->rival_until = mono_add(now, 3 * event->interval_ns);
	/* No answer either: two nodes that hear each other by IPv6 alone would answer each other without end. */
	if (!rules(fsm) && is_undecided(fsm, event))
		return;
	if (rules(fsm) || !rival_wins(fsm, event)) {
		/* RFC 9568 6.4.3: the sender learns at once who is active; the LAN is told again as well (5.4). */
		out->todo |= VRRP_DO_ANNOUNCE;
		/* RFC 3768 6.4.3: version 2 passes it over. */
		if (fsm->conf.version == 2)
			return;
		send_advert(out, fsm->facts.priority);
		fsm->advert_at = mono_add(now, fsm->conf.interval_ns);
		return;
	}
	/*
	 * A last advert, when the addresses are gone: by it the winner, who may not have heard of us yet (a partition
	 * that heals), knows that there was a rival, and tells the LAN again.
	 */
	become_backup(fsm, "a node of higher priority is active", now, out);
	send_advert(out, fsm->facts.priority);
	/* The peer is told that an active node is heard here: then it does not take this for a resignation. */
	fsm->heard_at = now;
	fsm->active_priority = event->priority;
	fsm->active_interval_ns = event->interval_ns;
	fsm->down_at = mono_add(now, active_down_ns(fsm));
}

static void active_on_tick(struct vrrp_fsm *fsm, struct mono now, struct vrrp_actions *out)
{
	int64_t interval_ns = fsm->conf.interval_ns;

	if (fsm->overslept && fsm->facts.peer_holds) {
		become_backup(fsm, "overslept, and the peer says that it is active", now, out);
		return;
	}
	if (is_set(fsm->leave_at) && mono_reached(fsm->leave_at, now)) {
		leave_as_planned(fsm, now, out);
		return;
	}
	if (is_set(fsm->parted_at) && mono_reached(fsm->parted_at, now)) {
		resign(fsm, parted_reason, now, out);
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
	send_advert(out, fsm->facts.priority);
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

static void active_step(struct vrrp_fsm *fsm, const struct vrrp_event *event, struct mono now, struct vrrp_actions *out)
{
	switch (event->kind) {
	case VRRP_EVENT_ADVERT:
		active_on_advert(fsm, event, now, out);
		break;
	case VRRP_EVENT_TICK:
		active_on_tick(fsm, now, out);
		break;
	case VRRP_EVENT_RESIGN:
		resign(fsm, "resigned: the peer's forwarder is in better health", now, out);
		break;
	case VRRP_EVENT_PARTED:
		resign(fsm, parted_reason, now, out);
		break;
	case VRRP_EVENT_FENCED:
		become_backup(fsm, "fenced: the addresses were taken away or their lease lapsed", now, out);
		break;
	case VRRP_EVENT_OVERSLEPT:
		fsm->overslept = true;
		if (event->blind)
			become_backup(fsm, "overslept, and nothing is known of the peer", now, out);
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

void vrrp_step(struct vrrp_fsm *fsm, const struct vrrp_event *event, struct mono now, struct vrrp_actions *out)
{
	*out = (struct vrrp_actions){0};
	if (event->kind == VRRP_EVENT_FACTS) {
		on_facts(fsm, &event->facts, now, out);
		return;
	}
	if (event->kind == VRRP_EVENT_STOP) {
		if (fsm->state != VRRP_INITIALIZE)
			on_stop(fsm, out);
		return;
	}
	switch (fsm->state) {
	case VRRP_INITIALIZE:
		if (event->kind == VRRP_EVENT_START) {
			fsm->started_at = now;
			enter_by_link(fsm, now, out);
		}
		break;
	case VRRP_BACKUP:
		backup_step(fsm, event, now, out);
		break;
	case VRRP_ACTIVE:
		active_step(fsm, event, now, out);
		break;
	case VRRP_FAULT:
		if (event->kind == VRRP_EVENT_TAKEN)
			yield_late(fsm, out);
		break;
	case VRRP_STATE_COUNT:
		break;
	}
}

void vrrp_change(struct vrrp_fsm *fsm, const struct vrrp_conf *conf, struct mono now)
{
	int64_t former_ns = fsm->conf.interval_ns, before_ns = active_down_ns(fsm);
	/* Of who is heard the interval was learned, and is learned anew with the next advert. */
	bool learned = fsm->state == VRRP_BACKUP && is_set(fsm->heard_at);

	assert(conf->version == fsm->conf.version);
	fsm->conf = *conf;
	if (!learned)
		fsm->active_interval_ns = conf->interval_ns;
	if (fsm->state == VRRP_ACTIVE && !is_set(fsm->leave_at)) {
		fsm->advert_at = now;
		fsm->hurry_ns = former_ns;
		fsm->hurried = conf->interval_ns > former_ns ? HURRIED_ADVERTS : 0;
	}
	if (fsm->state == VRRP_BACKUP && !mono_is_never(fsm->down_at) && !fsm->resigned_heard)
		fsm->down_at = mono_add(fsm->down_at, active_down_ns(fsm) - before_ns);
}

struct mono vrrp_deadline(const struct vrrp_fsm *fsm)
{
	struct mono deadline = mono_min(fsm->down_at, fsm->advert_at);

	if (is_set(fsm->rival_until))
		deadline = mono_min(deadline, fsm->rival_until);
	if (is_set(fsm->offered_until))
		deadline = mono_min(deadline, fsm->offered_until);
	if (is_set(fsm->leave_at))
		deadline = mono_min(deadline, fsm->leave_at);
	if (is_set(fsm->parted_at))
		deadline = mono_min(deadline, fsm->parted_at);
	return deadline;
}

bool vrrp_has_overslept(const struct vrrp_fsm *fsm, struct mono now)
{
	/* advert_at is one interval after the last one. */
	return fsm->state == VRRP_ACTIVE && !mono_is_never(fsm->advert_at) &&
	       mono_before(mono_add(fsm->advert_at, (OVERSLEPT_INTERVALS - 1) * fsm->conf.interval_ns), now);
}

bool vrrp_in_conflict(const struct vrrp_fsm *fsm)
{
	return fsm->state == VRRP_ACTIVE && is_set(fsm->rival_until);
}

bool vrrp_holds_back(const struct vrrp_fsm *fsm, struct mono now)
{
	return mono_before(now, fsm->facts.hold_back_until) || mono_before(now, start_delay_end(fsm));
}

bool vrrp_hears_late(const struct vrrp_fsm *fsm, struct mono now)
{
	return vrrp_misses_adverts(fsm) ||
	       (fsm->state == VRRP_BACKUP &&
		       mono_before(mono_add(fsm->heard_at, LATE_INTERVALS * fsm->active_interval_ns), now));
}

bool vrrp_misses_adverts(const struct vrrp_fsm *fsm)
{
	return fsm->state == VRRP_BACKUP && (!is_set(fsm->heard_at) || is_set(fsm->silent_at));
}

void vrrp_end_yield(struct vrrp_fsm *fsm)
{
	fsm->yielding = false;
	fsm->wanted_back = is_set(fsm->leave_at);
}

bool vrrp_is_leaving(const struct vrrp_fsm *fsm)
{
	return is_set(fsm->leave_at);
}

const char *vrrp_refuse_take(const struct vrrp_fsm *fsm)
{
	switch (fsm->state) {
	case VRRP_INITIALIZE:
		return "vrrpd has only just started";
	case VRRP_FAULT:
		if (fsm->facts.maintenance)
			return "it is in maintenance";
		if (fsm->facts.lan_dead)
			return "its LAN is dead";
		if (fsm->facts.group_fault)
			return "another vip of its group is at fault";
		return fsm->facts.link_ok ? "something that it tracks has failed" : "its interface is at fault";
	case VRRP_BACKUP:
	case VRRP_ACTIVE:
	case VRRP_STATE_COUNT:
		break;
	}
	if (!fsm->facts.bound)
		return "its lbd is not running or has not bound its listeners";
	if (!fsm->facts.ready)
		return "its lbd has not checked all servers, or finds a service down that is up here";
	if (fsm->facts.group_unready)
		return "another vip of its group is not ready there";
	/* It would be preempted at once. */
	return fsm->facts.self_penalised ? "something that it tracks has failed" : NULL;
}
