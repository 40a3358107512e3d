/* SPDX-License-Identifier: MIT */
/*
 * One vip at work: carries out what its state machine decides (addresses as leases, adverts, announcements), keeps its
 * timers and counts. All decisions are in fsm.c, health.c and replay.c; hearing.c takes adverts in.
 */
#ifndef LBPAIR_VRRPD_VIP_H
#define LBPAIR_VRRPD_VIP_H

#include "vrrpd/vip_types.h"

/* `priority` is the configured one of this node; `yielding` what the state file says. -ENOMEM. */
MUST_USE int vip_new(
	const struct vip_conf *conf, uint8_t priority, bool yielding, struct vip_shared *shared, struct vip **ret_vip);
/* Removes the addresses if they are held. Accepts NULL. */
void vip_free(struct vip *vip);
/* What the state machine goes by of a configuration; `priority` is the configured one. */
struct vrrp_conf vip_vrrp_conf(const struct vip_conf *conf, uint8_t priority);
/* Its configuration has changed, and with it when it wants to be asked. */
void vip_tick_anew(struct vip *vip);

/* Gives the event to the state machine, and does what it says. */
void vip_step(struct vip *vip, const struct vrrp_event *event);
void vip_event(struct vip *vip, enum vrrp_event_kind kind);
/* "interface eth0 is down"; NULL: it is not for its interface that the vip is at fault. */
#define VIP_FAULT_MAX 96
const char *vip_link_fault(const struct vip *vip, char buffer[static VIP_FAULT_MAX]);

#endif
