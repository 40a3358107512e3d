/* SPDX-License-Identifier: MIT */
/* How the state machine changes its state, for the files of fsm.c: pure, as all of it. */
#ifndef LBPAIR_VRRPD_FSM_MOVES_H
#define LBPAIR_VRRPD_FSM_MOVES_H

#include "vrrpd/fsm_types.h"

static inline bool is_set(struct mono at)
{
	return at.ns != 0;
}

bool fsm_is_owner(const struct vrrp_fsm *fsm);
/* Whether it owns the address, and yields to nobody. */
bool fsm_rules(const struct vrrp_fsm *fsm);
int64_t fsm_active_down_ns(const struct vrrp_fsm *fsm);
struct mono fsm_start_delay_end(const struct vrrp_fsm *fsm);
/* A part of its group is elsewhere, or no longer. */
void fsm_note_group(struct vrrp_fsm *fsm, struct mono now);
void fsm_yield_late(struct vrrp_fsm *fsm, struct vrrp_actions *out);

void fsm_send_advert(struct vrrp_actions *out, uint8_t priority);
/* `reason` is a literal, as in the next three. The state is another one. */
void fsm_move_to(struct vrrp_fsm *fsm, enum vrrp_state state, const char *reason, struct vrrp_actions *out);
void fsm_become_active(struct vrrp_fsm *fsm, const char *reason, struct mono now, struct vrrp_actions *out);
void fsm_become_backup(struct vrrp_fsm *fsm, const char *reason, struct mono now, struct vrrp_actions *out);
void fsm_resign(struct vrrp_fsm *fsm, const char *reason, struct mono now, struct vrrp_actions *out);

#endif
