/* SPDX-License-Identifier: MIT */
#include "vrrpd/vip.h"

#include "common/system/clock.h"
#include "vrrpd/announce.h"

#include <errno.h>
#include <string.h>

static void note(struct vip *vip, const char *text)
{
	recorder_add(vip->shared->recorder, loop_now(vip->shared->loop), clock_real_ns(), vip->conf->name, "%s", text);
}

/* Setting a timer fails for want of memory alone, and then only for the first few of the process. */
static void set_timer(struct vip *vip, struct loop_timer *timer, struct mono at, loop_timer_fn *fn)
{
	int r = loop_timer_set(vip->shared->loop, timer, at, fn);

	if (r < 0) {
		log_error("no memory for a timer", log_str("vip", vip->conf->name));
		abort();
	}
}

/* Adverts. */

static void send_advert(struct vip *vip, uint8_t priority)
{
	struct vip_shared *shared = vip->shared;
	struct ip addresses[ADVERT_ADDRESSES_MAX];
	uint8_t bytes[ADVERT_SIZE_MAX];
	struct writer out = writer_of(bytes, sizeof bytes);
	struct ip group = rawsock_group();
	bool is_signed = vip->conf->authentication == VIP_AUTHENTICATION_HMAC;
	struct advert advert = {
		.vrid = vip->conf->vrid,
		.priority = priority,
		.interval_ns = vip->conf->advert_interval_ns,
		.addresses = addresses,
		.address_count = vip->conf->address_count,
	};
	int r;

	for (size_t i = 0; i < advert.address_count; i++)
		addresses[i] = vip->conf->addresses[i].ip;
	advert_encode(&advert, &vip->fsm.facts.source, &group, ADVERT_CHECKSUM_MESSAGE, is_signed ? shared->key : NULL,
		is_signed ? fence_next_sequence(shared->fence, advert_sequence_of(clock_real_ns())) : 0, &out);
	assert(!out.bad);
	r = rawsock_send(&shared->rawsock, vip->link.ifindex, &vip->fsm.facts.source, bytes, out.length);
	if (r < 0 && r != vip->send_error)
		log_warning("an advert could not be sent", log_str("vip", vip->conf->name), log_errno(r));
	vip->send_error = r;
	vip->advert_sent_at = clock_mono();
	if (r == 0)
		vip->counters.adverts_sent++;
}

static void warn_of_clocks(const struct vip *vip, const struct sender *sender)
{
	switch (sender->last) {
	case REPLAY_FRESH_SHIFTED:
	case REPLAY_FRESH_PACED:
		log_warning("the clocks of the two nodes differ", log_str("vip", vip->conf->name),
			log_ip("peer", &sender->source), log_ms("offset", sender->offset_ns),
			log_str("accepted_by", sender->last == REPLAY_FRESH_PACED ? "pace" : "nonce"));
		break;
	case REPLAY_STALE:
		log_warning("signed adverts are outside the time window", log_str("vip", vip->conf->name),
			log_ip("peer", &sender->source), log_ms("offset", sender->offset_ns));
		break;
	case REPLAY_FRESH:
	case REPLAY_OLD:
		break;
	}
}

static enum advert_discard check_freshness(struct vip *vip, const struct advert_packet *packet,
	const struct advert_received *received, struct mono at, int64_t real_ns)
{
	struct senders_advert advert = {
		.source = packet->source,
		.sequence = received->sequence,
		.interval_ns = received->interval_ns,
		.at = at,
		.real_ns = real_ns,
	};
	const struct sender *sender;
	bool news;
	bool taken = senders_check(&vip->senders, &advert, &sender, &news);

	if (news)
		warn_of_clocks(vip, sender);
	return taken ? ADVERT_TAKEN : ADVERT_REPLAYED;
}

static enum advert_discard judge(struct vip *vip, const struct advert_packet *packet,
	const struct advert_received *received, struct mono at, int64_t real_ns)
{
	if (ip_equal(&packet->source, &vip->fsm.facts.source))
		return ADVERT_REFLECTED;
	if (vip->conf->authentication == VIP_AUTHENTICATION_NONE)
		return ADVERT_TAKEN;
	if (!received->is_signed || !advert_verify(packet, received, vip->shared->ring))
		return ADVERT_BAD_AUTH;
	return check_freshness(vip, packet, received, at, real_ns);
}

void vip_receive(
	struct vip *vip, const struct advert_packet *packet, const struct advert_received *received, int64_t age_ns)
{
	struct mono at = mono_add(clock_mono(), -age_ns);
	enum advert_discard verdict = judge(vip, packet, received, at, clock_real_ns() - age_ns);
	struct vrrp_event event = {
		.kind = VRRP_EVENT_ADVERT,
		.source = packet->source,
		.priority = received->priority,
		.interval_ns = received->interval_ns,
	};

	if (verdict != ADVERT_TAKEN) {
		vip->counters.discarded[verdict]++;
		if (verdict == ADVERT_REPLAYED && senders_last_is_stale(&vip->senders, &packet->source))
			vip_event(vip, VRRP_EVENT_STALE);
		return;
	}
	vip->counters.adverts_received++;
	vip->heard_source = packet->source;
	vip_step(vip, &event);
}

void vip_prove_clock(struct vip *vip, uint64_t session, uint64_t sequence, int64_t peer_real_ns)
{
	senders_prove(&vip->senders, session, sequence, peer_real_ns, clock_mono());
}

uint64_t vip_highest_sequence(const struct vip *vip)
{
	return senders_highest(&vip->senders);
}

/* Gratuitous ARP. */

static void on_announcement(struct loop_timer *timer, struct mono now)
{
	struct vip *vip = CONTAINER_OF(timer, struct vip, announcement);
	const struct garp_conf *garp = &vip->conf->garp;

	for (size_t i = 0; i < vip->conf->address_count; i++) {
		const struct ip *address = &vip->conf->addresses[i].ip;
		int r = announce_send(vip->shared->announce_fd, vip->link.ifindex, vip->link.mac, address, address);

		if (r < 0) {
			log_warning(
				"an ARP announcement could not be sent", log_str("vip", vip->conf->name), log_errno(r));
			break;
		}
	}
	if (vip->announcements_left > 0)
		vip->announcements_left--;
	if (vip->announcements_left > 0)
		set_timer(vip, timer, mono_add(now, garp->interval_ns), on_announcement);
	else if (garp->refresh_ns > 0)
		set_timer(vip, timer, mono_add(now, garp->refresh_ns), on_announcement);
}

static void announce(struct vip *vip)
{
	if (vip->conf->garp.count == 0)
		return;
	vip->announcements_left = vip->conf->garp.count;
	on_announcement(&vip->announcement, loop_now(vip->shared->loop));
}

/* Leases. */

static unsigned lease_s(const struct vip *vip)
{
	return (unsigned)(vip->conf->lease_ns / NS_PER_S);
}

typedef int address_fn(
	struct address_socket *socket, int ifindex, const struct prefix *list, size_t count, unsigned lease_s);

static int write_lease(struct vip *vip, address_fn *write)
{
	int64_t boot_ns = clock_boot_ns();
	int r = write(vip->shared->addresses, vip->link.ifindex, vip->conf->addresses, vip->conf->address_count,
		lease_s(vip));

	if (r == 0)
		vip->lease.renewed_boot_ns = boot_ns;
	return r;
}

static void renew(struct vip *vip)
{
	int r;

	if (!lease_is_whole(&vip->lease, fence_epoch(vip->shared->fence), clock_boot_ns(), vip->conf->lease_ns)) {
		log_error("fenced: the lease has lapsed or the guardian took the addresses",
			log_str("vip", vip->conf->name));
		vip_event(vip, VRRP_EVENT_FENCED);
		return;
	}
	r = write_lease(vip, address_renew);
	if (r < 0)
		log_error("the lease could not be renewed", log_str("vip", vip->conf->name), log_errno(r));
}

static void on_renewal(struct loop_timer *timer, struct mono now)
{
	struct vip *vip = CONTAINER_OF(timer, struct vip, renewal);

	set_timer(vip, timer, mono_add(now, vip->conf->lease_ns / LEASE_RENEWALS), on_renewal);
	renew(vip);
}

void vip_address_gone(struct vip *vip, const struct prefix *address)
{
	char text[PREFIX_TEXT_MAX];
	bool ours = false;

	for (size_t i = 0; i < vip->conf->address_count; i++)
		ours = ours || ip_equal(&vip->conf->addresses[i].ip, &address->ip);
	if (!ours || !vip->lease.held)
		return;
	log_warning("an address was deleted by somebody else", log_str("vip", vip->conf->name),
		log_str("address", prefix_text(address, text)));
	note(vip, "an address was deleted by somebody else");
	renew(vip);
	if (vip->lease.held)
		announce(vip);
}

static void install(struct vip *vip)
{
	int r;

	vip->lease.epoch = fence_epoch(vip->shared->fence);
	vip->lease.held = true;
	vip->shared->publish(vip->shared->context);
	/* What cannot be installed is tried again with each renewal. */
	vip->lease.renewed_boot_ns = clock_boot_ns();
	r = write_lease(vip, address_install);
	if (r < 0)
		log_error("the addresses could not be installed", log_str("vip", vip->conf->name),
			log_str("interface", vip->conf->interface), log_errno(r));
	set_timer(vip, &vip->renewal, mono_add(loop_now(vip->shared->loop), vip->conf->lease_ns / LEASE_RENEWALS),
		on_renewal);
}

static void uninstall(struct vip *vip)
{
	int r;

	loop_timer_clear(vip->shared->loop, &vip->renewal);
	loop_timer_clear(vip->shared->loop, &vip->announcement);
	vip->lease.held = false;
	r = address_remove(vip->shared->addresses, vip->link.ifindex, vip->conf->addresses, vip->conf->address_count);
	/* An interface that is gone took its addresses along. */
	if (r < 0 && r != -ENODEV)
		log_error("the addresses could not be removed; their lease ends by itself",
			log_str("vip", vip->conf->name), log_errno(r));
	vip->shared->publish(vip->shared->context);
}

/* The state machine. */

static void report_move(struct vip *vip, const struct vrrp_actions *actions)
{
	const char *from = vrrp_state_name(actions->from);
	const char *to = vrrp_state_name(vip->fsm.state);

	vip->counters.transitions++;
	log_info("vip state", log_str("vip", vip->conf->name), log_str("from", from), log_str("to", to),
		log_str("reason", vip->fsm.reason));
	recorder_add(vip->shared->recorder, loop_now(vip->shared->loop), clock_real_ns(), vip->conf->name,
		"%s -> %s: %s", from, to, vip->fsm.reason);
}

static void carry_out(struct vip *vip, const struct vrrp_actions *actions)
{
	if (actions->todo & VRRP_DO_INSTALL)
		install(vip);
	if (actions->todo & VRRP_DO_REMOVE)
		uninstall(vip);
	if (actions->todo & VRRP_DO_ADVERT)
		send_advert(vip, actions->advert_priority);
	if (actions->todo & VRRP_DO_ANNOUNCE)
		announce(vip);
	if (actions->todo & VRRP_DO_RELEASE)
		vip->shared->release(vip->shared->context, vip);
}

static void on_tick(struct loop_timer *timer, struct mono now);

static void note_held_back(struct vip *vip, const char *before)
{
	if (vip->fsm.reason == before)
		return;
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
		set_timer(vip, &vip->tick, deadline, on_tick);
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
	struct vrrp_event event = {.kind = VRRP_EVENT_OVERSLEPT};

	log_warning("overslept", log_str("vip", vip->conf->name),
		log_ms("since_last_advert", mono_diff(clock_mono(), vip->advert_sent_at)));
	note(vip, "overslept");
	vip_step(vip, &event);
	event.blind = !vip->shared->catch_up(vip->shared->context);
	if (event.blind)
		vip_step(vip, &event);
}

static void on_tick(struct loop_timer *timer, struct mono now)
{
	struct vip *vip = CONTAINER_OF(timer, struct vip, tick);

	(void)now;
	if (vrrp_has_overslept(&vip->fsm, clock_mono()))
		wake_late(vip);
	else if (vip->fsm.state == VRRP_BACKUP)
		(void)vip->shared->catch_up(vip->shared->context);
	vip_event(vip, VRRP_EVENT_TICK);
}

void vip_init(struct vip *vip, const struct vip_conf *conf, uint8_t priority, bool yielding, struct vip_shared *shared)
{
	struct vrrp_conf vrrp = {
		.priority = priority,
		.interval_ns = conf->advert_interval_ns,
		.preempt = conf->preempt,
		.preempt_delay_ns = conf->preempt_delay_ns,
		.start_delay_ns = conf->start_delay_ns,
	};

	*vip = (struct vip){
		.conf = conf,
		.shared = shared,
		.peer_id = peer_vip_id(conf->name, conf->vrid),
	};
	vip->senders.kept_sequence = shared->kept_sequence;
	health_init(&vip->health, clock_mono());
	vrrp_init(&vip->fsm, &vrrp, yielding);
}

void vip_close(struct vip *vip)
{
	if (vip->lease.held)
		uninstall(vip);
	loop_timer_clear(vip->shared->loop, &vip->tick);
}

struct fence_vip vip_fence_entry(const struct vip *vip)
{
	return (struct fence_vip){
		.active = vip->lease.held,
		.vrid = vip->conf->vrid,
		.ifindex = vip->link.ifindex,
		.source = vip->fsm.facts.source,
		.interval_ns = vip->conf->advert_interval_ns,
		.addresses = vip->conf->addresses,
		.address_count = vip->conf->address_count,
		.is_signed = vip->conf->authentication == VIP_AUTHENTICATION_HMAC,
	};
}
