/* SPDX-License-Identifier: MIT */
/* The state machine as the active node: rivals, offers, and its own lateness. */
#ifndef LBPAIR_VRRPD_FSM_ACTIVE_H
#define LBPAIR_VRRPD_FSM_ACTIVE_H

#include "vrrpd/fsm_types.h"

/* As vrrp_has_overslept. */
bool fsm_has_overslept(const struct vrrp_fsm *fsm, struct mono now);
void fsm_active_step(struct vrrp_fsm *fsm, const struct vrrp_event *event, struct mono now, struct vrrp_actions *out);

#endif
