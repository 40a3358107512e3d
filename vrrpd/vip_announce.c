/* SPDX-License-Identifier: MIT */
#include "vrrpd/vip_announce.h"

#include "vrrpd/announce.h"
#include "vrrpd/macvlan.h"
#include "vrrpd/vip_base.h"

#include <string.h>

void vip_mac(const struct vip *vip, const struct ip *address, uint8_t ret_mac[static MONITOR_MAC_SIZE])
{
	if (vip->conf->virtual_mac)
		macvlan_mac(family_of(address), vip->conf->vrid, ret_mac);
	else
		memcpy(ret_mac, vip->link.mac, MONITOR_MAC_SIZE);
}

void vip_announce_once(struct vip *vip)
{
	bool is_router = vip->conf->has_ipv6 && announce_is_router(vip->conf->interface);

	if (!vip->tenure.installed)
		return;
	for (size_t i = 0; i < vip->conf->address_count; i++) {
		const struct ip *address = &vip->conf->addresses[i].ip;
		uint8_t mac[ANNOUNCE_MAC_SIZE];
		int r;

		vip_mac(vip, address, mac);
		r = announce_address(vip->shared->announce_fd, vip->link.ifindex, mac, address, is_router);
		if (r < 0) {
			log_warning("an announcement could not be sent", log_str("vip", vip->conf->name), log_errno(r));
			break;
		}
	}
}

void vip_forget_rival(struct vip *vip)
{
	loop_timer_clear(vip->shared->loop, &vip->lan_rival.due);
	vip->lan_rival = (struct vip_rival){0};
}

static void on_announcement(struct loop_timer *timer, struct mono now)
{
	struct vip *vip = CONTAINER_OF(timer, struct vip, announcement);
	const struct garp_conf *garp = &vip->conf->garp;

	vip_announce_once(vip);
	if (vip->announcements_left > 0)
		vip->announcements_left--;
	if (vip->announcements_left > 0)
		vip_set_timer(vip, timer, mono_add(now, garp->interval_ns), on_announcement);
	else if (garp->refresh_ns > 0)
		vip_set_timer(vip, timer, mono_add(now, garp->refresh_ns), on_announcement);
}

void vip_announce(struct vip *vip)
{
	if (vip->conf->garp.count == 0)
		return;
	vip->announcements_left = vip->conf->garp.count;
	vip_set_timer(vip, &vip->announcement, loop_now(vip->shared->loop), on_announcement);
}

void vip_announce_refresh(struct vip *vip)
{
	const struct garp_conf *garp = &vip->conf->garp;

	if (vip->announcements_left > 0)
		return;
	if (garp->refresh_ns > 0)
		vip_set_timer(vip, &vip->announcement, mono_add(loop_now(vip->shared->loop), garp->refresh_ns),
			on_announcement);
	else
		loop_timer_clear(vip->shared->loop, &vip->announcement);
}
