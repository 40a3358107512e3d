/* SPDX-License-Identifier: MIT */
#include "vrrpd/fsm_moves.h"

#include "vrrpd/timers.h"

/* A group that is parted for so long was not parted on its way: a planned failover may take a second. */
#define PARTED_NS (2 * NS_PER_S)
#define PARTED_INTERVALS 3

bool fsm_is_owner(const struct vrrp_fsm *fsm)
{
	return fsm->conf.priority == VRRP_PRIORITY_OWNER;
}

/* Where its forwarder is dead or hangs, the owner says priority 1 as anybody would, and then it yields as well (5.5).
 */
bool fsm_rules(const struct vrrp_fsm *fsm)
{
	return fsm_is_owner(fsm) && fsm->facts.priority == VRRP_PRIORITY_OWNER;
}

int64_t fsm_active_down_ns(const struct vrrp_fsm *fsm)
{
	return timers_active_down_ns(fsm->conf.version, fsm->facts.priority, fsm->active_interval_ns);
}

void fsm_send_advert(struct vrrp_actions *out, uint8_t priority)
{
	out->todo |= VRRP_DO_ADVERT;
	out->advert_priority = priority;
}

/* The one setter of the state. */
void fsm_move_to(struct vrrp_fsm *fsm, enum vrrp_state state, const char *reason, struct vrrp_actions *out)
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
void fsm_note_group(struct vrrp_fsm *fsm, struct mono now)
{
	if (!fsm->facts.group_elsewhere || fsm_is_owner(fsm))
		fsm->parted_at = (struct mono){0};
	else if (!is_set(fsm->parted_at))
		fsm->parted_at = mono_add(now, PARTED_NS + PARTED_INTERVALS * fsm->conf.interval_ns);
}

void fsm_become_active(struct vrrp_fsm *fsm, const char *reason, struct mono now, struct vrrp_actions *out)
{
	fsm_move_to(fsm, VRRP_ACTIVE, reason, out);
	fsm_note_group(fsm, now);
	fsm->yielding = false;
	fsm->active_priority = 0;
	fsm->active_interval_ns = fsm->conf.interval_ns;
	fsm->advert_at = mono_add(now, fsm->conf.interval_ns);
	out->todo |= VRRP_DO_INSTALL | VRRP_DO_ANNOUNCE;
	fsm_send_advert(out, fsm->facts.priority);
}

/* From any state; the addresses go when there were any. */
void fsm_become_backup(struct vrrp_fsm *fsm, const char *reason, struct mono now, struct vrrp_actions *out)
{
	if (fsm->state == VRRP_ACTIVE)
		out->todo |= VRRP_DO_REMOVE;
	fsm_move_to(fsm, VRRP_BACKUP, reason, out);
	fsm->active_priority = 0;
	fsm->down_at = mono_add(now, fsm_active_down_ns(fsm));
}

/* Leaves Active so that the peer waits for its skew only: the addresses go first, then priority 0 is said. */
void fsm_resign(struct vrrp_fsm *fsm, const char *reason, struct mono now, struct vrrp_actions *out)
{
	fsm_become_backup(fsm, reason, now, out);
	fsm_send_advert(out, VRRP_PRIORITY_RESIGN);
}

struct mono fsm_start_delay_end(const struct vrrp_fsm *fsm)
{
	return mono_add(fsm->started_at, fsm->conf.start_delay_ns);
}

/* It was offered, and lost before the answer came. */
void fsm_yield_late(struct vrrp_fsm *fsm, struct vrrp_actions *out)
{
	fsm->yielding = true;
	out->todo |= VRRP_DO_KEEP;
}
