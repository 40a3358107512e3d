/* SPDX-License-Identifier: MIT */
/* The state machine as a backup: when it claims, and what holds it back. */
#ifndef LBPAIR_VRRPD_FSM_BACKUP_H
#define LBPAIR_VRRPD_FSM_BACKUP_H

#include "vrrpd/fsm_types.h"

void fsm_backup_step(struct vrrp_fsm *fsm, const struct vrrp_event *event, struct mono now, struct vrrp_actions *out);

#endif
