/* SPDX-License-Identifier: MIT */
/*
 * Another configuration of the same virtual router (succession.h): its state, its counters and what it knows of others
 * stay. First comes what may fail, then what cannot and calls nobody, then, when the whole process goes by the new
 * configuration and the guardian has been told of it, what is to be done on the network.
 */
#ifndef LBPAIR_VRRPD_VIP_CHANGE_H
#define LBPAIR_VRRPD_VIP_CHANGE_H

#include "vrrpd/vip.h"

struct vip_change {
	struct vip *vip;
	const struct vip_conf *conf;
	uint8_t priority;
	unsigned what; /* of succession_changes */
	int macvlans[FAMILY_COUNT];
	bool adds; /* there are addresses that it had not */
};
/* Errors of macvlan.h. */
MUST_USE int vip_change_prepare(
	struct vip *vip, const struct vip_conf *conf, uint8_t priority, struct vip_change *ret_change);
/* Instead of the next two. */
void vip_change_abandon(struct vip_change *change);
void vip_change_commit(struct vip_change *change);
void vip_change_finish(const struct vip_change *change);

#endif
