/* SPDX-License-Identifier: MIT */
#include "vrrpd/vip_change.h"

#include "vrrpd/place.h"
#include "vrrpd/succession.h"
#include "vrrpd/vip_announce.h"
#include "vrrpd/vip_lease.h"

#include <string.h>

int vip_change_prepare(struct vip *vip, const struct vip_conf *conf, uint8_t priority, struct vip_change *ret_change)
{
	struct vip_change change = {
		.vip = vip,
		.conf = conf,
		.priority = priority,
		.what = succession_changes(vip->conf, conf),
	};
	int r = 0;

	/* On an interface that cannot be used nothing is made until it can. */
	if (vip->fsm.facts.link_ok && conf->virtual_mac) {
		memcpy(change.macvlans, vip->macvlans, sizeof change.macvlans);
		r = place_prepare(vip->shared->macvlans, conf, vip->link.ifindex, change.macvlans);
		if (r < 0)
			vip_change_abandon(&change);
	}
	if (r == 0)
		*ret_change = change;
	return r;
}

/* Those of `from` that are not among those of `to`. */
static void clear_macvlans(struct vip *vip, int from[static FAMILY_COUNT], const int to[static FAMILY_COUNT])
{
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		if (from[i] == to[i])
			from[i] = 0;
	}
	place_clear(vip->shared->macvlans, from);
}

void vip_change_abandon(struct vip_change *change)
{
	clear_macvlans(change->vip, change->macvlans, change->vip->macvlans);
}

void vip_change_commit(struct vip_change *change)
{
	struct vip *vip = change->vip;
	const struct vrrp_conf vrrp = vip_vrrp_conf(change->conf, change->priority);
	const bool wanted[FAMILY_COUNT] = {change->conf->has_ipv4, change->conf->has_ipv6};
	struct prefix added[SUCCESSION_LIST_MAX];
	int macvlans[FAMILY_COUNT] = {0};

	change->adds = succession_missing(change->conf, vip->conf, added) > 0;
	if (vip->tenure.lease.held)
		vip_lease_shrink(vip, change->conf);
	if (vip->fsm.facts.link_ok && change->conf->virtual_mac) {
		for (size_t i = 0; i < FAMILY_COUNT; i++)
			macvlans[i] = wanted[i] ? change->macvlans[i] : 0;
		clear_macvlans(vip, vip->macvlans, macvlans);
		memcpy(vip->macvlans, macvlans, sizeof vip->macvlans);
	}
	vip->conf = change->conf;
	if (change->what & (SUCCESSION_ADVERT | SUCCESSION_ELECTION) || change->priority != vip->fsm.conf.priority)
		vrrp_change(&vip->fsm, &vrrp, loop_now(vip->shared->loop));
}

void vip_change_finish(const struct vip_change *change)
{
	struct vip *vip = change->vip;

	vip_lease_change(vip, change->adds, change->what & SUCCESSION_LEASE);
	if (vip->tenure.installed && change->what & SUCCESSION_GARP)
		vip_announce_refresh(vip);
	vip_tick_anew(vip);
}
