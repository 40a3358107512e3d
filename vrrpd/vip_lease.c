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
/* The heartbeats say that the vip is gone when its addresses are, but do not wait for the kernel longer than that. */
#define LEAVING_NS (100 * NS_PER_MS)

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

static void fence_off(struct vip *vip)
{
	log_error("fenced: the lease has lapsed or the guardian took the addresses", log_str("vip", vip->conf->name));
	vip->shared->fenced(vip->shared->context, vip);
}

/* False: it was not whole, and the vip is a backup now. */
static bool check_lease(struct vip *vip)
{
	if (lease_is_whole(&vip->tenure.lease, fence_epoch(vip->shared->fence), clock_boot_ns()))
		return true;
	fence_off(vip);
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

/* The addresses are written, and what goes with it (tenure.h), by the scribe's thread. */
static void want(struct vip *vip, unsigned with)
{
	struct tenure *tenure = &vip->tenure;
	struct write_order order;
	int r;

	if (!tenure_want(tenure, with))
		return;
	order = (struct write_order){
		.kind = tenure_next_kind(tenure),
		.tenure = tenure->number,
		.place = vip_fence_entry(vip),
		.lease = tenure->lease,
		.lease_ns = vip->conf->lease_ns,
		.raise = tenure->with & TENURE_RAISE,
	};
	r = scribe_order(vip->shared->scribe, &order, vip, &vip->writes);
	if (r == 0)
		return;
	tenure_unsent(tenure);
	log_error("the lease could not be renewed", log_str("vip", vip->conf->name), log_errno(r));
	renew_soon(vip);
}

static void renew(struct vip *vip, unsigned with)
{
	if (check_lease(vip))
		want(vip, with);
}

static void on_renewal(struct loop_timer *timer, struct mono now)
{
	struct vip *vip = CONTAINER_OF(timer, struct vip, renewal);

	(void)now;
	/* While the kernel lets the last one wait, what has to be known is when the lease lapses. */
	if (vip->tenure.out) {
		renew_soon(vip);
		(void)check_lease(vip);
	} else {
		renew_later(vip);
		renew(vip, 0);
	}
}

static void on_install(struct loop_timer *timer, struct mono now)
{
	struct vip *vip = CONTAINER_OF(timer, struct vip, renewal);

	(void)now;
	vip->shared->settle(vip->shared->context);
	renew_later(vip);
	renew(vip, TENURE_RAISE | TENURE_ANNOUNCE);
}

/*
 * Not at once: of many vips that are claimed in one go each sends its advert first, and what the guardian has to know
 * of them is published once.
 */
void vip_lease_begin(struct vip *vip)
{
	const struct lease lease = {
		.held = true,
		.renewed_boot_ns = clock_boot_ns(),
		.length_ns = vip->conf->lease_ns,
		.epoch = fence_epoch(vip->shared->fence),
	};

	tenure_begin(&vip->tenure, ++vip->shared->tenures, &lease);
	vip->shared->publish(vip->shared->context);
	vip_set_timer(vip, &vip->renewal, loop_now(vip->shared->loop), on_install);
}

/* What the scribe's thread has to say. */

/* A macvlan that somebody deleted is made anew. */
static bool mend(struct vip *vip)
{
	if (!vip->conf->virtual_mac || vip_prepare(vip, vip->link.ifindex) < 0)
		return false;
	vip->shared->publish(vip->shared->context);
	vip->shared->settle(vip->shared->context);
	want(vip, TENURE_RAISE);
	return true;
}

static void on_written(struct vip *vip, const struct write_end *end)
{
	const struct tenure_written written = {
		.number = end->order->tenure,
		.result = end->result,
		.boot_ns = end->boot_ns,
		.lease_ns = end->order->lease_ns,
	};
	unsigned next = tenure_written(&vip->tenure, &written);

	if (next & TENURE_FENCED) {
		fence_off(vip);
		return;
	}
	if (next & TENURE_RETRY || (next & TENURE_MEND && !mend(vip))) {
		log_error(end->order->kind == WRITE_INSTALL ? "the addresses could not be installed"
							    : "the lease could not be renewed",
			log_str("vip", vip->conf->name), log_str("interface", vip->conf->interface),
			log_errno(end->result));
		renew_soon(vip);
	}
	if (next & TENURE_TELL)
		vip_announce(vip);
	if (next & TENURE_WRITE)
		renew(vip, 0);
}

static void on_removed(struct vip_shared *shared, struct vip *vip, const struct write_end *end)
{
	const struct write_order *order = end->order;

	/* An interface that is gone took its addresses along. */
	if (end->result < 0 && end->result != -ENODEV)
		log_error("the addresses could not be removed; their lease ends by itself",
			log_int("vrid", order->place.vrid), log_errno(end->result));
	if (vip != NULL)
		tenure_left(&vip->tenure);
	/* Unless it is ours again. */
	if (order->says_goodbye && (vip == NULL || !vip->tenure.lease.held))
		vip_advert_send_entry(shared, vip, &order->place, order->priority);
	shared->publish(shared->context);
	shared->left(shared->context);
}

void vip_lease_written(void *context, void *owner, const struct write_end *end)
{
	struct vip_shared *shared = context;
	struct vip *vip = owner;

	switch (end->order->kind) {
	case WRITE_INSTALL:
	case WRITE_RENEW:
		if (vip != NULL)
			on_written(vip, end);
		break;
	case WRITE_REMOVE:
		on_removed(shared, vip, end);
		break;
	case WRITE_TAKE_AWAY:
		if (end->result < 0 && end->result != -ENODEV)
			log_error("addresses could not be removed", log_int("vrid", end->order->place.vrid),
				log_errno(end->result));
		break;
	case WRITE_KIND_COUNT:
		abort();
	}
}

/* Other hands. */

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
	if (!ours || !vip->tenure.installed || ifindex != place_of(vip, &address->ip))
		return;
	tell_deletion(vip, address);
	renew(vip, TENURE_ANNOUNCE);
}

static void take_away(struct vip *vip, const struct fence_vip *place)
{
	const struct write_order order = {.kind = WRITE_TAKE_AWAY, .place = *place};
	int r = scribe_order(vip->shared->scribe, &order, vip, &vip->writes);

	if (r < 0)
		log_error("addresses could not be removed", log_str("vip", vip->conf->name), log_errno(r));
}

void vip_address_strays(struct vip *vip, int ifindex, const struct prefix *address)
{
	const struct fence_vip place = {
		.vrid = vip->conf->vrid, .ifindex = ifindex, .addresses = address, .address_count = 1};
	char text[PREFIX_TEXT_MAX];

	if (vip->tenure.lease.held && ifindex == place_of(vip, &address->ip))
		return;
	log_warning("an address was added by somebody else where it must not be, and is removed",
		log_str("vip", vip->conf->name), log_str("address", prefix_text(address, text)),
		log_int("ifindex", ifindex));
	vip_note(vip, "an address was added by somebody else where it must not be, and is removed");
	take_away(vip, &place);
}

void vip_place_down(struct vip *vip)
{
	if (!vip->tenure.installed)
		return;
	log_warning("the virtual MAC's interface was taken down by somebody else", log_str("vip", vip->conf->name));
	vip_note(vip, "the virtual MAC's interface was taken down by somebody else");
	/* Of IPv6 the addresses went with it. */
	renew(vip, TENURE_RAISE | TENURE_ANNOUNCE);
}

/* The end. */

static void order_removal(struct vip *vip, const struct write_order *order)
{
	const struct write_end failed = {.order = order, .result = -EAGAIN};

	if (scribe_order(vip->shared->scribe, order, vip, &vip->writes) < 0)
		on_removed(vip->shared, vip, &failed);
}

void vip_lease_end(struct vip *vip, const uint8_t *goodbye)
{
	const struct write_order order = {
		.kind = WRITE_REMOVE,
		.tenure = vip->tenure.number,
		.place = vip_fence_entry(vip),
		.lower = true,
		.says_goodbye = goodbye != NULL,
		.priority = goodbye != NULL ? *goodbye : 0,
	};

	loop_timer_clear(vip->shared->loop, &vip->renewal);
	loop_timer_clear(vip->shared->loop, &vip->announcement);
	vip_forget_rival(vip);
	tenure_end(&vip->tenure);
	vip->leaving_until = mono_add(clock_mono(), LEAVING_NS);
	order_removal(vip, &order);
}

bool vip_lease_is_leaving(const struct vip *vip, struct mono now)
{
	return vip->tenure.leaving > 0 && mono_before(now, vip->leaving_until);
}

/* Another configuration. */

void vip_lease_shrink(struct vip *vip, const struct vip_conf *after)
{
	struct prefix gone[SUCCESSION_LIST_MAX];
	struct fence_vip entry = vip_fence_entry(vip);

	entry.addresses = gone;
	entry.address_count = succession_missing(vip->conf, after, gone);
	if (entry.address_count > 0)
		take_away(vip, &entry);
}

/* What is added is installed by a renewal, which puts back what is not there. */
static void on_addition(struct loop_timer *timer, struct mono now)
{
	struct vip *vip = CONTAINER_OF(timer, struct vip, renewal);

	(void)now;
	renew_later(vip);
	renew(vip, TENURE_RAISE | TENURE_ANNOUNCE);
}

/* Many vips may change at once, and adverts go between them. What is not installed yet will be, as it is now. */
void vip_lease_change(struct vip *vip, bool adds, bool lasts_otherwise)
{
	struct mono now = loop_now(vip->shared->loop);

	if (!vip->tenure.installed)
		return;
	if (adds)
		vip_set_timer(vip, &vip->renewal, now, on_addition);
	else if (lasts_otherwise)
		vip_set_timer(vip, &vip->renewal, now, on_renewal);
}
