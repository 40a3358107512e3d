/* SPDX-License-Identifier: MIT */
#include "vrrpd/fsm.h"

#include "vrrpd/fsm_active.h"
#include "vrrpd/fsm_backup.h"
#include "vrrpd/fsm_moves.h"

/* After so many intervals without one, adverts are late. */
#define LATE_INTERVALS 2
/* So many adverts at the former pace make a longer interval known. */
#define HURRIED_ADVERTS 3

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

/* Events that may come in any state. */

static void enter_by_link(struct vrrp_fsm *fsm, struct mono now, struct vrrp_actions *out)
{
	if (!fsm->facts.link_ok)
		fsm_move_to(fsm, VRRP_FAULT, "the interface is down or missing, or has no address to send from", out);
	else if (fsm->facts.tracked_fault)
		fsm_move_to(fsm, VRRP_FAULT, "something that it tracks has failed", out);
	else if (fsm->facts.group_fault)
		fsm_move_to(fsm, VRRP_FAULT, "another vip of its group is at fault", out);
	else if (fsm->facts.lan_dead)
		fsm_move_to(fsm, VRRP_FAULT, "its LAN is dead: what answers the peer does not answer here", out);
	else if (fsm->facts.maintenance)
		fsm_move_to(fsm, VRRP_FAULT, "this node is in maintenance", out);
	else if (fsm_is_owner(fsm) && fsm->facts.bound && mono_reached(fsm_start_delay_end(fsm), now))
		fsm_become_active(fsm, "this node owns the address", now, out);
	else
		fsm_become_backup(fsm, fsm->state == VRRP_FAULT ? "the fault is over" : "started", now, out);
}

static bool is_usable(const struct vrrp_facts *facts)
{
	return facts->link_ok && !facts->tracked_fault && !facts->maintenance && !facts->lan_dead &&
	       !facts->group_fault;
}

static void on_facts(struct vrrp_fsm *fsm, const struct vrrp_facts *facts, struct mono now, struct vrrp_actions *out)
{
	int64_t before_ns = fsm_active_down_ns(fsm);
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
			fsm_send_advert(out, VRRP_PRIORITY_RESIGN);
		enter_by_link(fsm, now, out);
		return;
	}
	if (fsm->state == VRRP_ACTIVE)
		fsm_note_group(fsm, now);
	/* A new priority moves the skew: the running timer is shifted by the difference. */
	if (fsm->state == VRRP_BACKUP && !mono_is_never(fsm->down_at) && !fsm->resigned_heard)
		fsm->down_at = mono_add(fsm->down_at, fsm_active_down_ns(fsm) - before_ns);
	/* A claim that was due, and waits for the end of a hold-back that has ended early (the peer has gone). */
	if (fsm->state == VRRP_BACKUP && is_set(fsm->silent_at) && freed)
		fsm->down_at = mono_min(fsm->down_at, now);
}

static void on_stop(struct vrrp_fsm *fsm, struct vrrp_actions *out)
{
	if (fsm->state == VRRP_ACTIVE) {
		out->todo |= VRRP_DO_REMOVE;
		fsm_send_advert(out, VRRP_PRIORITY_RESIGN);
	}
	fsm_move_to(fsm, VRRP_INITIALIZE, "stopped", out);
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
		fsm_backup_step(fsm, event, now, out);
		break;
	case VRRP_ACTIVE:
		fsm_active_step(fsm, event, now, out);
		break;
	case VRRP_FAULT:
		if (event->kind == VRRP_EVENT_TAKEN)
			fsm_yield_late(fsm, out);
		break;
	case VRRP_STATE_COUNT:
		break;
	}
}

void vrrp_change(struct vrrp_fsm *fsm, const struct vrrp_conf *conf, struct mono now)
{
	int64_t former_ns = fsm->conf.interval_ns, before_ns = fsm_active_down_ns(fsm);
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
		fsm->down_at = mono_add(fsm->down_at, fsm_active_down_ns(fsm) - before_ns);
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
	return fsm_has_overslept(fsm, now);
}

bool vrrp_in_conflict(const struct vrrp_fsm *fsm)
{
	return fsm->state == VRRP_ACTIVE && !is_set(fsm->offered_until) && is_set(fsm->rival_until);
}

bool vrrp_holds_back(const struct vrrp_fsm *fsm, struct mono now)
{
	return mono_before(now, fsm->facts.hold_back_until) || mono_before(now, fsm_start_delay_end(fsm));
}

bool vrrp_hears_late(const struct vrrp_fsm *fsm, struct mono now)
{
	return vrrp_misses_adverts(fsm) ||
	       (fsm->state == VRRP_BACKUP &&
		       mono_before(mono_add(fsm->heard_at, LATE_INTERVALS * fsm->active_interval_ns), now));
}

bool vrrp_doubts_lan(const struct vrrp_fsm *fsm, bool mute)
{
	return fsm->state == VRRP_ACTIVE && !is_set(fsm->offered_until) && mute && fsm->facts.peer_active;
}

bool vrrp_asks_lan(const struct vrrp_fsm *fsm, bool mute, struct mono now)
{
	return fsm->facts.lan_dead || vrrp_hears_late(fsm, now) || vrrp_doubts_lan(fsm, mute);
}

bool vrrp_misses_adverts(const struct vrrp_fsm *fsm)
{
	if (fsm->state == VRRP_FAULT)
		return fsm->facts.lan_dead;
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

bool vrrp_minds_rivals(const struct vrrp_fsm *fsm)
{
	return fsm->state == VRRP_ACTIVE && !is_set(fsm->offered_until) && !is_set(fsm->leave_at);
}

enum vrrp_refusal vrrp_refusal(const struct vrrp_fsm *fsm)
{
	switch (fsm->state) {
	case VRRP_INITIALIZE:
		return VRRP_REFUSAL_STARTING;
	case VRRP_FAULT:
		if (fsm->facts.maintenance)
			return VRRP_REFUSAL_MAINTENANCE;
		if (fsm->facts.lan_dead)
			return VRRP_REFUSAL_LAN_DEAD;
		if (fsm->facts.group_fault)
			return VRRP_REFUSAL_GROUP_FAULT;
		return fsm->facts.link_ok ? VRRP_REFUSAL_TRACK : VRRP_REFUSAL_INTERFACE;
	case VRRP_BACKUP:
	case VRRP_ACTIVE:
	case VRRP_STATE_COUNT:
		break;
	}
	if (!fsm->facts.bound)
		return VRRP_REFUSAL_UNBOUND;
	if (!fsm->facts.ready)
		return VRRP_REFUSAL_UNREADY;
	if (fsm->facts.group_unready)
		return VRRP_REFUSAL_GROUP_UNREADY;
	/* It would be preempted at once. */
	return fsm->facts.self_penalised ? VRRP_REFUSAL_TRACK : VRRP_REFUSAL_NONE;
}

const char *vrrp_refuse_take(const struct vrrp_fsm *fsm)
{
	static const char *const texts[] = {
		[VRRP_REFUSAL_NONE] = NULL,
		[VRRP_REFUSAL_STARTING] = "vrrpd has only just started",
		[VRRP_REFUSAL_MAINTENANCE] = "it is in maintenance",
		[VRRP_REFUSAL_LAN_DEAD] = "its LAN is dead",
		[VRRP_REFUSAL_GROUP_FAULT] = "another vip of its group is at fault",
		[VRRP_REFUSAL_INTERFACE] = "its interface is at fault",
		[VRRP_REFUSAL_TRACK] = "something that it tracks has failed",
		[VRRP_REFUSAL_UNBOUND] = "its lbd is not running or has not bound its listeners",
		[VRRP_REFUSAL_UNREADY] = "its lbd has not checked all servers, or finds a service down that is up here",
		[VRRP_REFUSAL_GROUP_UNREADY] = "another vip of its group is not ready there",
	};
	static_assert(ARRAY_LEN(texts) == VRRP_REFUSAL_COUNT, "a refusal has no text");

	return texts[vrrp_refusal(fsm)];
}
