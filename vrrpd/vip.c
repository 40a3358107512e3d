/* SPDX-License-Identifier: MIT */
#include "vrrpd/vip.h"

#include "common/system/clock.h"
#include "vrrpd/announce.h"
#include "vrrpd/forms.h"
#include "vrrpd/place.h"
#include "vrrpd/succession.h"
#include "vrrpd/transmit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* In a second. */
#define DELETIONS_TOLD_MAX 5

static void note(struct vip *vip, const char *text)
{
	recorder_add(vip->shared->recorder, loop_now(vip->shared->loop), clock_real_ns(), vip->conf->name, "%s", text);
}

/* Setting a timer fails for want of memory alone, and then only for the first few of the process. */
static void check_timer(const struct vip *vip, int r)
{
	if (r < 0) {
		log_error("no memory for a timer", log_str("vip", vip->conf->name));
		log_flush();
		abort();
	}
}

static void set_timer(struct vip *vip, struct loop_timer *timer, struct mono at, loop_timer_fn *fn)
{
	check_timer(vip, loop_timer_set(vip->shared->loop, timer, at, fn));
}

/* Adverts. */

static void send_advert(struct vip *vip, uint8_t priority)
{
	struct vip_shared *shared = vip->shared;
	const struct transmit transmit = {.sockets = shared->sockets,
		.fence = shared->fence,
		.key = shared->key,
		.packet_fd = shared->announce_fd};
	const struct fence_vip entry = vip_fence_entry(vip);
	uint64_t sent = 0;
	int r = transmit_advert(&transmit, &entry, priority, &sent);

	if (r < 0 && r != vip->send_error)
		log_warning("an advert could not be sent", log_str("vip", vip->conf->name), log_errno(r));
	vip->send_error = r;
	vip->advert_sent_at = clock_mono();
	vip->counters.adverts_sent += sent;
}

uint8_t vip_forms(const struct vip *vip)
{
	const struct node_conf *other = vip->shared->other;

	return forms_to_send(vip->conf->checksum, other != NULL && other->foreign, vip->heard_forms);
}

void vip_heard_form(struct vip *vip, enum advert_checksum form)
{
	uint8_t before = vip_forms(vip), now;

	vip->heard_forms |= (uint8_t)(1 << form);
	now = vip_forms(vip);
	if (now == before)
		return;
	log_warning("adverts of another checksum form are heard, and answered in it", log_str("vip", vip->conf->name),
		log_str("before", forms_name(before)), log_str("now", forms_name(now)));
	recorder_add(vip->shared->recorder, loop_now(vip->shared->loop), clock_real_ns(), vip->conf->name,
		"adverts are sent with checksum %s, by what is heard", forms_name(now));
	vip->shared->publish(vip->shared->context);
}

void vip_set_sources(struct vip *vip, const struct ip sources[static FAMILY_COUNT])
{
	bool same = true;

	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		same = same && ip_equal(&vip->sources[i], &sources[i]);
		vip->sources[i] = sources[i];
	}
	if (!same && vip->lease.held)
		vip->shared->publish(vip->shared->context);
}

/* Announcements. */

static void on_install(struct loop_timer *timer, struct mono now);

static bool is_installed(const struct vip *vip)
{
	return vip->lease.held && vip->renewal.fn != on_install;
}

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

	if (!is_installed(vip))
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
		set_timer(vip, timer, mono_add(now, garp->interval_ns), on_announcement);
	else if (garp->refresh_ns > 0)
		set_timer(vip, timer, mono_add(now, garp->refresh_ns), on_announcement);
}

/* A burst, which begins when no advert of any vip is due. */
static void announce(struct vip *vip)
{
	if (vip->conf->garp.count == 0)
		return;
	vip->announcements_left = vip->conf->garp.count;
	set_timer(vip, &vip->announcement, loop_now(vip->shared->loop), on_announcement);
}

/* Leases. */

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
	vip_event(vip, VRRP_EVENT_FENCED);
	return false;
}

static void on_renewal(struct loop_timer *timer, struct mono now);

static void renew_later(struct vip *vip)
{
	struct mono next = lease_next(
		vip->conf->lease_ns, vip->conf->vrid, vip->shared->renews_together, loop_now(vip->shared->loop));

	set_timer(vip, &vip->renewal, next, on_renewal);
}

static void renew_soon(struct vip *vip)
{
	struct mono now = loop_now(vip->shared->loop);

	set_timer(vip, &vip->renewal, mono_add(now, lease_retry_ns(vip->conf->lease_ns)), on_renewal);
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
	raise_macvlans(vip, true);
	renew_later(vip);
	r = write_lease(vip, address_install);
	if (r < 0) {
		renew_soon(vip);
		log_error("the addresses could not be installed", log_str("vip", vip->conf->name),
			log_str("interface", vip->conf->interface), log_errno(r));
	}
	fence_progress(vip->shared->fence);
	announce(vip);
}

/*
 * Not at once: of many vips that are claimed in one go each sends its advert first, and the adverts go on while the
 * addresses are installed one vip after the other.
 */
static void install(struct vip *vip)
{
	vip->lease = (struct lease){.held = true,
		.renewed_boot_ns = clock_boot_ns(),
		.length_ns = vip->conf->lease_ns,
		.epoch = fence_epoch(vip->shared->fence)};
	vip->shared->publish(vip->shared->context);
	set_timer(vip, &vip->renewal, loop_now(vip->shared->loop), on_install);
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
	if (!ours || !is_installed(vip) || ifindex != place_of(vip, &address->ip))
		return;
	tell_deletion(vip, address);
	renew(vip);
	if (vip->lease.held)
		announce(vip);
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
	note(vip, "an address was added by somebody else where it must not be, and is removed");
	r = address_remove(vip->shared->addresses, ifindex, address, 1);
	if (r < 0)
		log_error("it could not be removed", log_str("vip", vip->conf->name), log_errno(r));
}

void vip_place_down(struct vip *vip)
{
	if (!is_installed(vip))
		return;
	log_warning("the virtual MAC's interface was taken down by somebody else", log_str("vip", vip->conf->name));
	note(vip, "the virtual MAC's interface was taken down by somebody else");
	raise_macvlans(vip, true);
	/* Of IPv6 the addresses went with it. */
	renew(vip);
	if (vip->lease.held)
		announce(vip);
}

static void uninstall(struct vip *vip)
{
	const struct fence_vip entry = vip_fence_entry(vip);
	int r;

	loop_timer_clear(vip->shared->loop, &vip->renewal);
	loop_timer_clear(vip->shared->loop, &vip->announcement);
	vip_forget_rival(vip);
	vip->lease.held = false;
	r = place_remove(vip->shared->addresses, &entry);
	raise_macvlans(vip, false);
	/* An interface that is gone took its addresses along. */
	if (r < 0 && r != -ENODEV)
		log_error("the addresses could not be removed; their lease ends by itself",
			log_str("vip", vip->conf->name), log_errno(r));
	vip->shared->publish(vip->shared->context);
	fence_progress(vip->shared->fence);
}

/* The state machine. */

const char *vip_link_fault(const struct vip *vip, char buffer[static VIP_FAULT_MAX])
{
	if (vip->fsm.state != VRRP_FAULT || vip->fsm.facts.link_ok || vip->link_why == NULL)
		return NULL;
	snprintf(buffer, VIP_FAULT_MAX, "interface %s %s", vip->conf->interface, vip->link_why);
	return buffer;
}

static void report_move(struct vip *vip, const struct vrrp_actions *actions)
{
	const char *from = vrrp_state_name(actions->from);
	const char *to = vrrp_state_name(vip->fsm.state);
	char fault[VIP_FAULT_MAX];
	const char *reason = vip_link_fault(vip, fault) != NULL ? fault : vip->fsm.reason;

	vip->counters.transitions++;
	vip->moved_at = loop_now(vip->shared->loop);
	log_info("vip state", log_str("vip", vip->conf->name), log_str("from", from), log_str("to", to),
		log_str("reason", reason));
	recorder_add(vip->shared->recorder, loop_now(vip->shared->loop), clock_real_ns(), vip->conf->name,
		"%s -> %s: %s", from, to, reason);
}

static void carry_out(struct vip *vip, const struct vrrp_actions *actions)
{
	if (actions->todo & VRRP_DO_INSTALL)
		install(vip);
	if (actions->todo & VRRP_DO_REMOVE)
		uninstall(vip);
	if (actions->todo & VRRP_DO_ADVERT)
		send_advert(vip, actions->advert_priority);
	/* What is to be installed is announced then. */
	if (actions->todo & VRRP_DO_ANNOUNCE && is_installed(vip))
		announce(vip);
	if (actions->todo & VRRP_DO_RELEASE)
		vip->shared->release(vip->shared->context, vip);
	if (actions->todo & VRRP_DO_KEEP)
		vip->shared->keep(vip->shared->context);
}

static void on_tick(struct loop_timer *timer, struct mono now);

static void set_tick(struct vip *vip, struct mono at)
{
	check_timer(vip, loop_timer_set_urgent(vip->shared->loop, &vip->tick, at, on_tick));
}

static void note_held_back(struct vip *vip, const char *before)
{
	if (vip->fsm.reason == before)
		return;
	if (vip->fsm.reason == vip->fsm.moved_reason) {
		log_info("adverts are heard again", log_str("vip", vip->conf->name));
		note(vip, "adverts are heard again");
		return;
	}
	log_info("claim held back", log_str("vip", vip->conf->name), log_str("reason", vip->fsm.reason));
	recorder_add(vip->shared->recorder, loop_now(vip->shared->loop), clock_real_ns(), vip->conf->name,
		"claim held back: %s", vip->fsm.reason);
}

static void step_at(struct vip *vip, const struct vrrp_event *event, struct mono now)
{
	const char *reason = vip->fsm.reason;
	struct vrrp_actions actions;
	struct mono deadline;

	vrrp_step(&vip->fsm, event, now, &actions);
	carry_out(vip, &actions);
	if (actions.moved) {
		report_move(vip, &actions);
		vip->shared->moved(vip->shared->context, vip, actions.from);
	} else {
		note_held_back(vip, reason);
	}
	deadline = vrrp_deadline(&vip->fsm);
	if (mono_is_never(deadline))
		loop_timer_clear(vip->shared->loop, &vip->tick);
	else
		set_tick(vip, deadline);
}

void vip_step(struct vip *vip, const struct vrrp_event *event)
{
	step_at(vip, event, clock_mono());
}

void vip_event(struct vip *vip, enum vrrp_event_kind kind)
{
	vip_step(vip, &(struct vrrp_event){.kind = kind});
}

/* DESIGN section 5.3: before an active node that slept goes on, it takes in what came meanwhile. */
static void wake_late(struct vip *vip)
{
	log_warning("overslept", log_str("vip", vip->conf->name),
		log_ms("since_last_advert", mono_diff(clock_mono(), vip->advert_sent_at)));
	note(vip, "overslept");
	vip->woke_at = loop_now(vip->shared->loop);
	vip_event(vip, VRRP_EVENT_OVERSLEPT);
}

/* All of that has been taken in. */
static void end_waking(struct vip *vip)
{
	bool blind = vip->shared->is_blind(vip->shared->context, vip->woke_at);

	vip->woke_at = (struct mono){0};
	if (blind && vip->fsm.state == VRRP_ACTIVE)
		vip_step(vip, &(struct vrrp_event){.kind = VRRP_EVENT_OVERSLEPT, .blind = true});
}

/* Whether what had come by the deadline has been taken in, for whom it matters; else the tick comes again at once. */
static bool has_looked(struct vip *vip)
{
	struct mono due = vrrp_deadline(&vip->fsm);

	if (vip->woke_at.ns == 0 && vip->fsm.state != VRRP_BACKUP)
		return true;
	if (!mono_reached(due, clock_mono()) || vip->shared->look(vip->shared->context, due))
		return true;
	set_tick(vip, clock_mono());
	return false;
}

static void on_tick(struct loop_timer *timer, struct mono now)
{
	struct vip *vip = CONTAINER_OF(timer, struct vip, tick);

	(void)now;
	if (vip->fsm.state == VRRP_ACTIVE)
		vip->counters.late_max_ns = MAX(vip->counters.late_max_ns, mono_diff(clock_mono(), timer->at));
	if (vip->woke_at.ns == 0 && vrrp_has_overslept(&vip->fsm, clock_mono()))
		wake_late(vip);
	if (!has_looked(vip))
		return;
	if (vip->woke_at.ns != 0)
		end_waking(vip);
	vip_step(vip,
		&(struct vrrp_event){.kind = VRRP_EVENT_TICK, .lost_at = vip->shared->lost_at(vip->shared->context)});
}

static struct vrrp_conf vrrp_conf_of(const struct vip_conf *conf, uint8_t priority)
{
	return (struct vrrp_conf){
		.version = conf->version,
		.priority = priority,
		.interval_ns = conf->advert_interval_ns,
		.preempt = conf->preempt,
		.preempt_delay_ns = conf->preempt_delay_ns,
		.start_delay_ns = conf->start_delay_ns,
	};
}

int vip_new(
	const struct vip_conf *conf, uint8_t priority, bool yielding, struct vip_shared *shared, struct vip **ret_vip)
{
	const struct vrrp_conf vrrp = vrrp_conf_of(conf, priority);
	struct vip *vip = calloc(1, sizeof *vip);

	if (vip == NULL)
		return -ENOMEM;
	vip->conf = conf;
	vip->shared = shared;
	vip->peer_id = peer_vip_id(conf->name, conf->vrid);
	vip->senders.kept_sequence = shared->kept_sequence;
	health_init(&vip->health, clock_mono());
	vrrp_init(&vip->fsm, &vrrp, yielding);
	*ret_vip = vip;
	return 0;
}

/* Another configuration. */

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

static void remove_addresses(struct vip *vip, const struct vip_conf *after)
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

void vip_change_commit(struct vip_change *change)
{
	struct vip *vip = change->vip;
	const struct vrrp_conf vrrp = vrrp_conf_of(change->conf, change->priority);
	const bool wanted[FAMILY_COUNT] = {change->conf->has_ipv4, change->conf->has_ipv6};
	struct prefix added[SUCCESSION_LIST_MAX];
	int macvlans[FAMILY_COUNT] = {0};

	change->adds = succession_missing(change->conf, vip->conf, added) > 0;
	if (vip->lease.held)
		remove_addresses(vip, change->conf);
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

/* The bursts go on as they are; what has been waiting for the former refresh waits for the next one. */
static void refresh_announcement(struct vip *vip)
{
	const struct garp_conf *garp = &vip->conf->garp;

	if (vip->announcements_left > 0)
		return;
	if (garp->refresh_ns > 0)
		set_timer(vip, &vip->announcement, mono_add(loop_now(vip->shared->loop), garp->refresh_ns),
			on_announcement);
	else
		loop_timer_clear(vip->shared->loop, &vip->announcement);
}

/* What is added is installed by a renewal, which puts back what is not there. */
static void on_addition(struct loop_timer *timer, struct mono now)
{
	struct vip *vip = CONTAINER_OF(timer, struct vip, renewal);

	raise_macvlans(vip, true);
	on_renewal(timer, now);
	if (vip->lease.held)
		announce(vip);
}

void vip_change_finish(const struct vip_change *change)
{
	struct vip *vip = change->vip;
	struct mono now = loop_now(vip->shared->loop), deadline;

	/* Many vips may change at once, and adverts go between them. What is not installed yet will be, as it is now.
	 */
	if (is_installed(vip) && change->adds)
		set_timer(vip, &vip->renewal, now, on_addition);
	else if (is_installed(vip) && change->what & SUCCESSION_LEASE)
		set_timer(vip, &vip->renewal, now, on_renewal);
	if (is_installed(vip) && change->what & SUCCESSION_GARP)
		refresh_announcement(vip);
	deadline = vrrp_deadline(&vip->fsm);
	if (!mono_is_never(deadline))
		set_tick(vip, deadline);
}

void vip_free(struct vip *vip)
{
	if (vip == NULL)
		return;
	if (vip->lease.held)
		uninstall(vip);
	loop_timer_clear(vip->shared->loop, &vip->tick);
	place_clear(vip->shared->macvlans, vip->macvlans);
	free(vip);
}

/* Where a family's adverts go: to the group, or to the other node's address of that family. */
static struct ip destination_of(const struct vip *vip, enum family family)
{
	const struct node_conf *other = vip->shared->other;

	if (!vip->conf->unicast)
		return family_group(family);
	if (other == NULL || family_of(&other->address) != family)
		return (struct ip){0};
	return other->address;
}

struct fence_vip vip_fence_entry(const struct vip *vip)
{
	struct fence_vip entry = {
		.active = vip->lease.held,
		.vrid = vip->conf->vrid,
		.version = vip->conf->version,
		.forms = vip_forms(vip),
		.ifindex = vip->link.ifindex,
		.interval_ns = vip->conf->advert_interval_ns,
		.virtual_mac = vip->conf->virtual_mac,
		.addresses = vip->conf->addresses,
		.address_count = vip->conf->address_count,
		.is_signed = vip->conf->authentication == VIP_AUTHENTICATION_HMAC &&
			     vip->conf->rollout != VIP_ROLLOUT_RECEIVE_ONLY,
		.has_password = vip->conf->authentication == VIP_AUTHENTICATION_PASSWORD,
	};

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		entry.macvlans[family] = vip->macvlans[family];
		entry.sources[family] = vip->sources[family];
		entry.destinations[family] = destination_of(vip, family);
	}
	/* Padded with zeros (RFC 2338 section 5.3.10). */
	if (entry.has_password)
		memcpy(entry.password, vip->conf->password, strnlen(vip->conf->password, sizeof entry.password));
	return entry;
}
