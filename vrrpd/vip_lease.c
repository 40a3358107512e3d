/* SPDX-License-Identifier: MIT */
#include "vrrpd/vip_lease.h"

#include "common/system/clock.h"
#include "vrrpd/place.h"
#include "vrrpd/succession.h"
#include "vrrpd/vip_advert.h"
#include "vrrpd/vip_announce.h"
#include "vrrpd/vip_base.h"

#include <errno.h>

/* In a second. */
#define DELETIONS_TOLD_MAX 5

static unsigned lease_s(const struct vip *vip)
{
	return (unsigned)(vip->conf->lease_ns / NS_PER_S);
}

int vip_prepare(struct vip *vip, int ifindex)
{
	return place_prepare(vip->shared->macvlans, vip->conf, ifindex, vip->macvlans);
}

bool vip_sits_on(const struct vip *vip, int ifindex)
{
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		if (vip->macvlans[i] == ifindex)
			return true;
	}
	return vip->link.ifindex == ifindex;
}

bool vip_has_address(const struct vip *vip, const struct ip *ip)
{
	for (size_t i = 0; i < vip->conf->address_count; i++) {
		if (ip_equal(&vip->conf->addresses[i].ip, ip))
			return true;
	}
	return false;
}

static int write_lease(struct vip *vip, place_fn *write)
{
	const struct fence_vip entry = vip_fence_entry(vip);
	int64_t boot_ns = clock_boot_ns();
	int r = place_write(vip->shared->addresses, &entry, write, lease_s(vip));

	if (r == 0) {
		vip->lease.renewed_boot_ns = boot_ns;
		vip->lease.length_ns = vip->conf->lease_ns;
	}
	return r;
}

/* They are up, and heard of, for as long as the vip is here. */
static void raise_macvlans(struct vip *vip, bool up)
{
	int r = place_set_up(vip->shared->macvlans, vip->macvlans, up);

	if (r < 0 && r != -ENODEV)
		log_error("the virtual MAC's interface could not be changed", log_str("vip", vip->conf->name),
			log_errno(r));
}

/* False: it was not whole, and the vip is a backup now. */
static bool check_lease(struct vip *vip)
{
	if (lease_is_whole(&vip->lease, fence_epoch(vip->shared->fence), clock_boot_ns()))
		return true;
	log_error("fenced: the lease has lapsed or the guardian took the addresses", log_str("vip", vip->conf->name));
	vip->shared->fenced(vip->shared->context, vip);
	return false;
}

static void on_renewal(struct loop_timer *timer, struct mono now);

static void renew_later(struct vip *vip)
{
	struct mono next = lease_next(
		vip->conf->lease_ns, vip->conf->vrid, vip->shared->renews_together, loop_now(vip->shared->loop));

	vip_set_timer(vip, &vip->renewal, next, on_renewal);
}

static void renew_soon(struct vip *vip)
{
	struct mono now = loop_now(vip->shared->loop);

	vip_set_timer(vip, &vip->renewal, mono_add(now, lease_retry_ns(vip->conf->lease_ns)), on_renewal);
}

static void renew(struct vip *vip)
{
	int r;

	if (!check_lease(vip))
		return;
	r = write_lease(vip, address_renew);
	/* A macvlan that somebody deleted is made anew. */
	if (r == -ENODEV && vip->conf->virtual_mac && vip_prepare(vip, vip->link.ifindex) == 0) {
		vip->shared->publish(vip->shared->context);
		vip->shared->settle(vip->shared->context);
		raise_macvlans(vip, true);
		r = write_lease(vip, address_renew);
	}
	if (r >= 0)
		return;
	log_error("the lease could not be renewed", log_str("vip", vip->conf->name), log_errno(r));
	renew_soon(vip);
}

static void on_renewal(struct loop_timer *timer, struct mono now)
{
	struct vip *vip = CONTAINER_OF(timer, struct vip, renewal);

	(void)now;
	renew_later(vip);
	renew(vip);
}

static void on_install(struct loop_timer *timer, struct mono now)
{
	struct vip *vip = CONTAINER_OF(timer, struct vip, renewal);
	int r;

	(void)now;
	if (!check_lease(vip))
		return;
	vip->shared->settle(vip->shared->context);
	/* What cannot be installed is tried again by renewals. */
	vip->lease.renewed_boot_ns = clock_boot_ns();
	vip->lease.length_ns = vip->conf->lease_ns;
	vip->installed = true;
	raise_macvlans(vip, true);
	renew_later(vip);
	r = write_lease(vip, address_install);
	if (r < 0) {
		renew_soon(vip);
		log_error("the addresses could not be installed", log_str("vip", vip->conf->name),
			log_str("interface", vip->conf->interface), log_errno(r));
	}
	fence_progress(vip->shared->fence);
	vip_announce(vip);
}

/*
 * Not at once: of many vips that are claimed in one go each sends its advert first, and the adverts go on while the
 * addresses are installed one vip after the other.
 */
void vip_lease_begin(struct vip *vip)
{
	vip->lease = (struct lease){.held = true,
		.renewed_boot_ns = clock_boot_ns(),
		.length_ns = vip->conf->lease_ns,
		.epoch = fence_epoch(vip->shared->fence)};
	vip->shared->publish(vip->shared->context);
	vip_set_timer(vip, &vip->renewal, loop_now(vip->shared->loop), on_install);
}

/* Where that address of the vip sits. */
static int place_of(const struct vip *vip, const struct ip *address)
{
	int macvlan = vip->macvlans[family_of(address)];

	return macvlan != 0 ? macvlan : vip->link.ifindex;
}

/* Who deletes again and again, as a flush does, is not told of each time. */
static void tell_deletion(struct vip *vip, const struct prefix *address)
{
	struct mono now = clock_mono();
	char text[PREFIX_TEXT_MAX];

	if (mono_diff(now, vip->deletions_since) >= NS_PER_S) {
		vip->deletions_since = now;
		vip->deletions_told = 0;
	}
	if (vip->deletions_told++ >= DELETIONS_TOLD_MAX)
		return;
	prefix_text(address, text);
	log_warning(
		"an address was deleted by somebody else", log_str("vip", vip->conf->name), log_str("address", text));
	recorder_add(vip->shared->recorder, loop_now(vip->shared->loop), clock_real_ns(), vip->conf->name,
		"an address was deleted by somebody else, and is put back: %s", text);
}

void vip_address_gone(struct vip *vip, int ifindex, const struct prefix *address)
{
	bool ours = false;

	for (size_t i = 0; i < vip->conf->address_count; i++) {
		const struct prefix *own = &vip->conf->addresses[i];

		ours = ours || (own->length == address->length && ip_equal(&own->ip, &address->ip));
	}
	if (!ours || !vip->installed || ifindex != place_of(vip, &address->ip))
		return;
	tell_deletion(vip, address);
	renew(vip);
	if (vip->lease.held)
		vip_announce(vip);
}

void vip_address_strays(struct vip *vip, int ifindex, const struct prefix *address)
{
	char text[PREFIX_TEXT_MAX];
	int r;

	if (vip->lease.held && ifindex == place_of(vip, &address->ip))
		return;
	log_warning("an address was added by somebody else where it must not be, and is removed",
		log_str("vip", vip->conf->name), log_str("address", prefix_text(address, text)),
		log_int("ifindex", ifindex));
	vip_note(vip, "an address was added by somebody else where it must not be, and is removed");
	r = address_remove(vip->shared->addresses, ifindex, address, 1);
	if (r < 0)
		log_error("it could not be removed", log_str("vip", vip->conf->name), log_errno(r));
}

void vip_place_down(struct vip *vip)
{
	if (!vip->installed)
		return;
	log_warning("the virtual MAC's interface was taken down by somebody else", log_str("vip", vip->conf->name));
	vip_note(vip, "the virtual MAC's interface was taken down by somebody else");
	raise_macvlans(vip, true);
	/* Of IPv6 the addresses went with it. */
	renew(vip);
	if (vip->lease.held)
		vip_announce(vip);
}

void vip_lease_end(struct vip *vip)
{
	const struct fence_vip entry = vip_fence_entry(vip);
	int r;

	loop_timer_clear(vip->shared->loop, &vip->renewal);
	loop_timer_clear(vip->shared->loop, &vip->announcement);
	vip_forget_rival(vip);
	vip->lease.held = false;
	vip->installed = false;
	r = place_remove(vip->shared->addresses, &entry);
	raise_macvlans(vip, false);
	/* An interface that is gone took its addresses along. */
	if (r < 0 && r != -ENODEV)
		log_error("the addresses could not be removed; their lease ends by itself",
			log_str("vip", vip->conf->name), log_errno(r));
	vip->shared->publish(vip->shared->context);
	fence_progress(vip->shared->fence);
}

/* Another configuration. */

void vip_lease_shrink(struct vip *vip, const struct vip_conf *after)
{
	struct prefix gone[SUCCESSION_LIST_MAX];
	struct fence_vip entry = vip_fence_entry(vip);
	int r;

	entry.addresses = gone;
	entry.address_count = succession_missing(vip->conf, after, gone);
	r = entry.address_count > 0 ? place_remove(vip->shared->addresses, &entry) : 0;
	if (r < 0 && r != -ENODEV)
		log_error("the addresses could not be removed; their lease ends by itself",
			log_str("vip", vip->conf->name), log_errno(r));
}

/* What is added is installed by a renewal, which puts back what is not there. */
static void on_addition(struct loop_timer *timer, struct mono now)
{
	struct vip *vip = CONTAINER_OF(timer, struct vip, renewal);

	raise_macvlans(vip, true);
	on_renewal(timer, now);
	if (vip->lease.held)
		vip_announce(vip);
}

/* Many vips may change at once, and adverts go between them. What is not installed yet will be, as it is now. */
void vip_lease_change(struct vip *vip, bool adds, bool lasts_otherwise)
{
	struct mono now = loop_now(vip->shared->loop);

	if (!vip->installed)
		return;
	if (adds)
		vip_set_timer(vip, &vip->renewal, now, on_addition);
	else if (lasts_otherwise)
		vip_set_timer(vip, &vip->renewal, now, on_renewal);
}
