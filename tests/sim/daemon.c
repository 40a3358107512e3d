/* SPDX-License-Identifier: MIT */
#include "tests/sim/daemon.h"

#include "tests/sim/kernel.h"
#include "vrrpd/services.h"

#include <stdio.h>
#include <string.h>

/* As in vip.c, agent.c, peer.c and handover.c. */
#define PULSE_NS (20 * NS_PER_MS)
#define THRESHOLD_MIN_NS (100 * NS_PER_MS)
#define THRESHOLD_MAX_NS (300 * NS_PER_MS)
#define GUARD_TICK_NS (10 * NS_PER_MS)
#define DEAD_AFTER_INTERVALS 3
#define ROUND_TRIP_MAX_NS (500 * NS_PER_MS)
#define GREETING_GAP_NS (5 * NS_PER_MS)
#define REPEAT_NS (20 * NS_PER_MS)
#define OFFER_LIMIT_NS (900 * NS_PER_MS)
#define ASK_LIMIT_NS (2 * NS_PER_S)
#define GARP_COUNT 5
#define GARP_INTERVAL_NS (200 * NS_PER_MS)
#define GARP_REFRESH_NS (60 * NS_PER_S)

#define VIP_ID 7

static struct mono now_of(const struct sim_node *node)
{
	return node->sim->world.now;
}

static const struct sim_setup *setup_of(const struct sim_node *node)
{
	return &node->sim->world.setup;
}

static bool has_peer(const struct sim_node *node)
{
	return setup_of(node)->node_count == 2;
}

static void set_timer(struct sim_node *node, enum sim_timer timer, struct mono at)
{
	node->main.timers[timer] = at;
	node->next = (struct mono){0};
}

/* vip.c */

static void step(struct sim_node *node, const struct vrrp_event *event);
static void send_heartbeat(struct sim_node *node);

static void step_kind(struct sim_node *node, enum vrrp_event_kind kind)
{
	step(node, &(struct vrrp_event){.kind = kind});
}

static void on_announcement(struct sim_node *node)
{
	struct sim_main *main = &node->main;

	kernel_send_announcement(node);
	if (main->announcements_left > 0)
		main->announcements_left--;
	set_timer(node, TIMER_ANNOUNCEMENT,
		mono_add(now_of(node), main->announcements_left > 0 ? GARP_INTERVAL_NS : GARP_REFRESH_NS));
}

static void announce(struct sim_node *node)
{
	node->main.announcements_left = GARP_COUNT;
	on_announcement(node);
}

static void write_lease(struct sim_node *node)
{
	kernel_write_lease(node);
	node->main.lease.renewed_boot_ns = now_of(node).ns;
}

static void renew(struct sim_node *node)
{
	if (!lease_is_whole(&node->main.lease, node->epoch, now_of(node).ns, setup_of(node)->lease_ns)) {
		step_kind(node, VRRP_EVENT_FENCED);
		return;
	}
	node->record.brought_back = node->record.brought_back || node->record.lapsed;
	write_lease(node);
}

static void on_renewal(struct sim_node *node)
{
	set_timer(node, TIMER_RENEWAL, mono_add(now_of(node), setup_of(node)->lease_ns / LEASE_RENEWALS));
	renew(node);
}

static void install(struct sim_node *node)
{
	node->main.lease.epoch = node->epoch;
	node->main.lease.held = true;
	node->published = true;
	write_lease(node);
	set_timer(node, TIMER_RENEWAL, mono_add(now_of(node), setup_of(node)->lease_ns / LEASE_RENEWALS));
}

static void uninstall(struct sim_node *node)
{
	set_timer(node, TIMER_RENEWAL, MONO_NEVER);
	set_timer(node, TIMER_ANNOUNCEMENT, MONO_NEVER);
	node->main.lease.held = false;
	kernel_remove_address(node);
	node->published = false;
}

static void carry_out(struct sim_node *node, const struct vrrp_actions *actions)
{
	if (actions->todo & VRRP_DO_INSTALL)
		install(node);
	if (actions->todo & VRRP_DO_REMOVE)
		uninstall(node);
	if (actions->todo & VRRP_DO_ADVERT)
		kernel_send_advert(node, actions->advert_priority);
	if (actions->todo & VRRP_DO_ANNOUNCE)
		announce(node);
}

static void save_state(struct sim_node *node)
{
	node->kept_yielding = node->main.fsm.yielding;
	node->kept_sequence = node->sequence;
	node->kept_peer_sequence = senders_highest(&node->main.senders);
}

/* What the invariants hold the next claim against. */
static void record_move(struct sim_node *node, enum vrrp_event_kind kind, const struct vrrp_actions *actions)
{
	struct sim_record *record = &node->record;
	int64_t interval_ns = setup_of(node)->interval_ns;

	record->goodbye_at = (struct mono){0};
	if (node->main.fsm.state == VRRP_ACTIVE) {
		record->claims++;
		record->offers = 0;
		record->lapsed = false;
		record->broke_hold = kind != VRRP_EVENT_TAKE &&
				     setup_of(node)->priority[node->index] != VRRP_PRIORITY_OWNER &&
				     mono_before(now_of(node), node->main.verdict.hold_back_until);
		record->was_ready = !setup_of(node)->lbd_wanted || (node->lbd.bound && node->lbd.checked);
		record->claimed_at = now_of(node);
		record->may_take = kind == VRRP_EVENT_TAKE;
	} else if (actions->from == VRRP_ACTIVE) {
		record->overslept = false;
		record->left_at = now_of(node);
		record->wait_ns = kind == VRRP_EVENT_RESIGN ? 3 * interval_ns : 0;
	}
}

static void step(struct sim_node *node, const struct vrrp_event *event)
{
	struct sim_main *main = &node->main;
	struct vrrp_actions actions;
	const char *reason = main->fsm.reason;

	node->sim->stirred = true;
	vrrp_step(&main->fsm, event, now_of(node), &actions);
	if (actions.moved)
		world_note(&node->sim->world, node->index, "%s -> %s: %s", vrrp_state_name(actions.from),
			vrrp_state_name(main->fsm.state), main->fsm.reason);
	else if (main->fsm.reason != reason)
		world_note(&node->sim->world, node->index, "claim held back: %s", main->fsm.reason);
	carry_out(node, &actions);
	if (actions.moved) {
		record_move(node, event->kind, &actions);
		if (has_peer(node) && main->process.running)
			send_heartbeat(node);
		save_state(node);
	}
	set_timer(node, TIMER_TICK, vrrp_deadline(&main->fsm));
}

/* review.c */

static const struct peer_message *living_heartbeat(const struct sim_node *node)
{
	return node->main.alive && node->main.has_heartbeat ? &node->main.heartbeat : NULL;
}

struct forwarder_view node_forwarder_view(const struct sim_node *node)
{
	const struct sim_main *main = &node->main;
	struct forwarder_view view = {.health = PEER_HEALTH_DEAD};

	if (!setup_of(node)->lbd_wanted)
		return (struct forwarder_view){.health = PEER_HEALTH_SERVING, .bound = true, .checked = true};
	if (main->lbd_watched == 0 || main->lbd_hung)
		return view;
	view.bound = main->lbd.bound;
	view.checked = main->lbd.checked;
	view.health = view.bound ? PEER_HEALTH_SERVING : PEER_HEALTH_NOT_BOUND;
	view.services = &main->service;
	view.service_count = 1;
	return view;
}

static struct vrrp_facts gather(struct sim_node *node)
{
	struct sim_main *main = &node->main;
	struct facts_input input = {
		.conf = &node->sim->conf,
		.interval_ns = setup_of(node)->interval_ns,
		.peer_id = VIP_ID,
		.link_ok = node->carrier,
		.source = node->source,
		.link_ok_at = main->link_ok_at,
		.lbd_wanted = setup_of(node)->lbd_wanted,
		.view = node_forwarder_view(node),
		.peer_priority = has_peer(node) ? setup_of(node)->priority[1 - node->index] : 0,
		.heartbeat = living_heartbeat(node),
		.peer_on_lan = main->on_lan,
	};

	return facts_gather(&input, &main->fsm, &main->health, now_of(node), &main->verdict);
}

static void step_facts(struct sim_node *node)
{
	struct vrrp_event event = {.kind = VRRP_EVENT_FACTS, .facts = gather(node)};

	if (!facts_equal(&event.facts, &node->main.fsm.facts))
		step(node, &event);
}

static void review(struct sim_node *node)
{
	struct sim_main *main = &node->main;

	if (node->carrier && !main->fsm.facts.link_ok)
		main->link_ok_at = main->fsm.state == VRRP_FAULT ? now_of(node) : (struct mono){0};
	step_facts(node);
	if (main->verdict.resign && main->fsm.state == VRRP_ACTIVE)
		step_kind(node, VRRP_EVENT_RESIGN);
}

/* peer.c */

static enum peer_vip_state peer_state_of(enum vrrp_state state)
{
	static const enum peer_vip_state states[] = {
		[VRRP_INITIALIZE] = PEER_VIP_INITIALIZE,
		[VRRP_BACKUP] = PEER_VIP_BACKUP,
		[VRRP_ACTIVE] = PEER_VIP_ACTIVE,
		[VRRP_FAULT] = PEER_VIP_FAULT,
	};

	return states[state];
}

static void send_message(struct sim_node *node, struct peer_message *message)
{
	message->real_ns = kernel_real_ns(node);
	peer_session_stamp(&node->main.session, now_of(node), message);
	kernel_send_datagram(node, message);
}

static void send_heartbeat(struct sim_node *node)
{
	const struct sim_main *main = &node->main;
	struct forwarder_view view = node_forwarder_view(node);
	struct peer_message message = {.kind = PEER_HEARTBEAT, .vip_count = 1};

	strcpy(message.config_hash, node->sim->conf.hash);
	message.sequence = node->sequence;
	message.health = view.health;
	message.ready = view.bound && view.checked;
	services_fill(&node->sim->conf, &view, &message);
	message.vips[0] = (struct peer_vip){
		.id = VIP_ID,
		.state = peer_state_of(main->fsm.state),
		.effective_priority = main->fsm.facts.priority,
		.carrier = node->carrier,
		.missing = vrrp_misses_adverts(&main->fsm),
		.resigned = mono_before(now_of(node), main->verdict.hold_back_until),
	};
	send_message(node, &message);
	set_timer(node, TIMER_BEAT, mono_add(now_of(node), setup_of(node)->interval_ns));
}

static void set_alive(struct sim_node *node, bool alive)
{
	if (node->main.alive == alive)
		return;
	node->main.alive = alive;
	world_note(&node->sim->world, node->index, "the peer is %s on the state port", alive ? "heard" : "silent");
	if (alive)
		step_kind(node, VRRP_EVENT_PEER_BACK);
	else
		node->main.peer_state = PEER_VIP_INITIALIZE;
	review(node);
}

static void take_heartbeat(struct sim_node *node)
{
	struct sim_main *main = &node->main;
	const struct peer_vip *other = peermsg_find_vip(&main->heartbeat, VIP_ID);
	enum peer_vip_state before = main->peer_state;
	bool missed = main->peer_missed;

	main->peer_state = other != NULL ? other->state : PEER_VIP_INITIALIZE;
	main->peer_missed = other != NULL && other->missing;
	senders_prove(&main->senders, main->heartbeat.stamp.session, main->heartbeat.sequence, main->heartbeat.real_ns,
		now_of(node));
	review(node);
	if (before == PEER_VIP_ACTIVE && main->peer_state != PEER_VIP_ACTIVE)
		step_kind(node, VRRP_EVENT_PEER_GONE);
	if (missed && main->peer_state == PEER_VIP_BACKUP && !main->peer_missed)
		step_kind(node, VRRP_EVENT_PEER_BACK);
}

/* handover.c */

static void send_request(struct sim_node *node, enum peer_kind kind, uint64_t request, bool accepted)
{
	struct peer_message message = {.kind = kind, .request = request, .accepted = accepted};

	send_message(node, &message);
}

static void answer_ask(struct sim_node *node, uint64_t request, bool accepted)
{
	node->main.answered = request;
	node->main.answer = accepted;
	send_request(node, PEER_ANSWER, request, accepted);
}

static void finish_handover(struct sim_node *node, bool done)
{
	struct sim_handover handover = node->main.handover;

	world_note(&node->sim->world, node->index, "planned failover: %s", done ? "agreed" : "refused");
	node->main.handover.pending = false;
	set_timer(node, TIMER_REPEAT, MONO_NEVER);
	if (handover.kind == PEER_OFFER) {
		step_kind(node, done ? VRRP_EVENT_TAKEN : VRRP_EVENT_OFFER_FAILED);
		if (done)
			node->sim->planned_to = 1 - node->index;
	}
	if (handover.asked != 0)
		answer_ask(node, handover.asked, done);
}

static void on_repeat(struct sim_node *node)
{
	struct sim_handover *handover = &node->main.handover;

	if (mono_reached(handover->limit, now_of(node))) {
		finish_handover(node, false);
		return;
	}
	send_request(node, handover->kind, handover->request, false);
	set_timer(node, TIMER_REPEAT, mono_add(now_of(node), REPEAT_NS));
}

static void start_handover(struct sim_node *node, uint64_t asked)
{
	struct sim_main *main = &node->main;
	bool is_active = main->fsm.state == VRRP_ACTIVE;

	if (!main->alive || main->handover.pending || main->fsm.conf.priority == VRRP_PRIORITY_OWNER ||
		(!is_active && vrrp_refuse_take(&main->fsm) != NULL)) {
		if (asked != 0)
			answer_ask(node, asked, false);
		return;
	}
	world_note(&node->sim->world, node->index, "planned failover: %s", is_active ? "offered" : "asked for");
	main->handover = (struct sim_handover){
		.pending = true,
		.kind = is_active ? PEER_OFFER : PEER_ASK,
		.request = random_next(&node->sim->world.random) | 1,
		.asked = asked,
		.limit = mono_add(now_of(node), is_active ? OFFER_LIMIT_NS : ASK_LIMIT_NS),
	};
	if (is_active) {
		node->record.offers++;
		step_kind(node, VRRP_EVENT_OFFERED);
	}
	on_repeat(node);
}

void daemon_failover(struct sim_node *node)
{
	start_handover(node, 0);
}

static void take_offer(struct sim_node *node, const struct peer_message *message)
{
	bool accepted = vrrp_refuse_take(&node->main.fsm) == NULL;

	if (accepted && node->main.fsm.state == VRRP_BACKUP)
		step_kind(node, VRRP_EVENT_TAKE);
	send_request(node, PEER_ANSWER, message->request, accepted);
}

static void take_ask(struct sim_node *node, const struct peer_message *message)
{
	struct sim_main *main = &node->main;

	if (main->answered == message->request)
		send_request(node, PEER_ANSWER, message->request, main->answer);
	else if (main->fsm.state != VRRP_ACTIVE)
		answer_ask(node, message->request, false);
	else if (!main->handover.pending)
		start_handover(node, message->request);
}

static void take_request(struct sim_node *node, const struct peer_message *message)
{
	switch (message->kind) {
	case PEER_OFFER:
		take_offer(node, message);
		break;
	case PEER_ASK:
		take_ask(node, message);
		break;
	case PEER_ANSWER:
		if (node->main.handover.pending && node->main.handover.request == message->request)
			finish_handover(node, message->accepted);
		break;
	case PEER_HEARTBEAT:
	case PEER_KIND_COUNT:
		break;
	}
}

/* What comes in. */

static void take_fresh(struct sim_node *node, const struct sim_packet *packet)
{
	struct sim_main *main = &node->main;

	main->heard_at = now_of(node);
	main->on_lan = packet->net == SIM_LAN;
	if (packet->message->kind == PEER_HEARTBEAT) {
		main->heartbeat = *packet->message;
		main->has_heartbeat = true;
	}
	set_timer(node, TIMER_SILENCE, mono_add(now_of(node), DEAD_AFTER_INTERVALS * setup_of(node)->interval_ns));
	set_alive(node, true);
	if (packet->message->kind == PEER_HEARTBEAT)
		take_heartbeat(node);
	else
		take_request(node, packet->message);
}

static void take_datagram(struct sim_node *node, const struct sim_packet *packet)
{
	struct sim_main *main = &node->main;

	switch (peer_session_take(&main->session, packet->message, now_of(node))) {
	case PEER_FRESH:
		take_fresh(node, packet);
		break;
	case PEER_OVERTAKEN:
		if (packet->message->kind != PEER_HEARTBEAT)
			take_fresh(node, packet);
		break;
	case PEER_GREETING:
		if (mono_diff(now_of(node), main->greeted_at) >= GREETING_GAP_NS) {
			main->greeted_at = now_of(node);
			send_heartbeat(node);
		}
		break;
	case PEER_OLD:
		break;
	}
}

/* What the advert came from. By IPv6 the nodes are in another order, so that a tie by it would be seen. */
static struct ip source_of(const struct sim_node *node, const struct sim_packet *packet)
{
	if (packet->ipv6)
		return (struct ip){
			.family = AF_INET6, .bytes = {0xfe, 0x80, [15] = (uint8_t)(SIM_NODES_MAX - packet->from)}};
	return node->sim->nodes[packet->from].source;
}

static void take_advert(struct sim_node *node, const struct sim_packet *packet)
{
	int64_t age_ns = mono_diff(now_of(node), packet->at);
	struct senders_advert advert = {
		.source = source_of(node, packet),
		.sequence = packet->sequence,
		.interval_ns = packet->interval_ns,
		.at = packet->at,
		.real_ns = kernel_real_ns(node) - age_ns,
	};
	struct vrrp_event event = {
		.kind = VRRP_EVENT_ADVERT,
		.source = advert.source,
		.priority = packet->priority,
		.interval_ns = packet->interval_ns,
	};
	const struct sender *sender;
	bool news;

	if (senders_check(&node->main.senders, &advert, &sender, &news)) {
		bool goodbye = packet->priority == VRRP_PRIORITY_RESIGN && node->main.fsm.state == VRRP_BACKUP;

		node->record.goodbye_at = goodbye ? now_of(node) : (struct mono){0};
		step(node, &event);
		return;
	}
	if (news)
		world_note(&node->sim->world, node->index, "adverts of lb%d are not taken: %s", packet->from + 1,
			sender->last == REPLAY_OLD ? "old" : "stale");
	if (senders_last_is_stale(&node->main.senders, &advert.source))
		step_kind(node, VRRP_EVENT_STALE);
}

static void take_packet(struct sim_node *node, struct sim_packet *packet)
{
	if (packet->kind == SIM_ADVERT)
		take_advert(node, packet);
	else if (packet->message != NULL)
		take_datagram(node, packet);
	free(packet->message);
	packet->message = NULL;
}

/* Takes in what waits of that kind, as reading one socket until it is empty. */
static void drain(struct sim_node *node, enum sim_packet_kind kind)
{
	struct sim_main *main = &node->main;

	for (size_t i = 0; i < main->waiting_count; i++) {
		struct sim_packet packet = main->waiting[i];

		if (packet.kind != kind)
			continue;
		memmove(&main->waiting[i], &main->waiting[i + 1],
			(main->waiting_count - i - 1) * sizeof main->waiting[0]);
		main->waiting_count--;
		i--;
		take_packet(node, &packet);
	}
}

void daemon_deliver(struct sim_node *node, struct sim_packet *packet)
{
	struct sim_main *main = &node->main;

	if (!main->process.running || (packet->net == SIM_LAN && !node->carrier)) {
		free(packet->message);
		return;
	}
	if (node_is_responsive(node, &main->process)) {
		take_packet(node, packet);
	} else if (main->waiting_count < SIM_WAITING_MAX) {
		main->waiting[main->waiting_count++] = *packet;
	} else {
		free(packet->message);
	}
}

/* agent.c */

static bool catch_up(struct sim_node *node)
{
	drain(node, SIM_ADVERT);
	if (!has_peer(node) || !node->main.alive)
		return true;
	drain(node, SIM_DATAGRAM);
	return node->main.heard_at.ns == now_of(node).ns;
}

static void on_tick(struct sim_node *node)
{
	struct sim_main *main = &node->main;

	if (vrrp_has_overslept(&main->fsm, now_of(node))) {
		struct vrrp_event event = {.kind = VRRP_EVENT_OVERSLEPT};

		step(node, &event);
		event.blind = !catch_up(node);
		if (event.blind)
			step(node, &event);
	} else if (main->fsm.state == VRRP_BACKUP) {
		(void)catch_up(node);
	}
	step_kind(node, VRRP_EVENT_TICK);
}

static void on_silence(struct sim_node *node)
{
	drain(node, SIM_DATAGRAM);
	if (mono_is_never(node->main.timers[TIMER_SILENCE]))
		set_alive(node, false);
}

static void on_pulse(struct sim_node *node)
{
	struct sim_guardian *guardian = &node->guardian;

	node->sim->stirred = node->sim->stirred || !guardian->process.running;
	if (!guardian->process.running)
		guardian->process = (struct sim_process){.running = true, .start_at = MONO_NEVER};
	guardian->threshold_ns =
		MAX(MIN(2 * setup_of(node)->interval_ns, THRESHOLD_MAX_NS), THRESHOLD_MIN_NS) + GUARD_TICK_NS;
	guardian->deadline = mono_add(now_of(node), guardian->threshold_ns);
	set_timer(node, TIMER_PULSE, mono_add(now_of(node), PULSE_NS));
	review(node);
}

/* forwarder.c */

static void on_forwarder_changed(struct sim_node *node)
{
	review(node);
	if (has_peer(node))
		send_heartbeat(node);
}

static void on_sample(struct sim_node *node)
{
	struct sim_main *main = &node->main;
	const struct sim_lbd *lbd = &node->lbd;
	struct forwarder_view before = node_forwarder_view(node), after;
	bool was_up = main->service.up;

	set_timer(node, TIMER_SAMPLE, mono_add(now_of(node), HANG_SAMPLE_NS));
	if (main->lbd_watched == 0 && lbd->process.running)
		main->lbd_watched = lbd->run;
	if (main->lbd_watched != 0) {
		main->lbd = (struct liveness_state){
			.loops = 1, .beats = {lbd->beats}, .bound = lbd->bound, .checked = lbd->checked};
		main->lbd_hung = hang_sample(&main->hang, &main->lbd, now_of(node));
		main->service.up = lbd->service_up;
	}
	after = node_forwarder_view(node);
	if (after.health != before.health || after.bound != before.bound || after.checked != before.checked ||
		was_up != main->service.up)
		on_forwarder_changed(node);
}

void daemon_lbd_ended(struct sim_node *node)
{
	struct sim_main *main = &node->main;

	if (main->lbd_watched == 0 || !node_is_responsive(node, &main->process))
		return;
	main->lbd_watched = 0;
	main->lbd_hung = false;
	hang_reset(&main->hang);
	on_forwarder_changed(node);
}

/* Life. */

void daemon_link_changed(struct sim_node *node)
{
	node->main.link_waiting = true;
	if (!node_is_responsive(node, &node->main.process))
		return;
	node->main.link_waiting = false;
	review(node);
}

void daemon_address_gone(struct sim_node *node)
{
	struct sim_main *main = &node->main;

	main->address_waiting = true;
	if (!node_is_responsive(node, &main->process))
		return;
	main->address_waiting = false;
	if (!main->lease.held)
		return;
	renew(node);
	if (main->lease.held)
		announce(node);
	review(node);
}

/* Whether it slept so long that another has claimed, and its claim is here: then that one is to keep the vip (5.3). */
static void record_sleep(struct sim_node *node)
{
	const struct sim_main *main = &node->main;

	node->record.overslept = false;
	for (size_t i = 0; i < main->waiting_count; i++) {
		const struct sim_packet *packet = &main->waiting[i];
		const struct sim_node *other = &node->sim->nodes[packet->from];

		if (vrrp_has_overslept(&main->fsm, now_of(node)) && packet->kind == SIM_ADVERT &&
			packet->priority != VRRP_PRIORITY_RESIGN &&
			sim_clocks_agree(node->sim, other->index, node->index) &&
			other->main.fsm.state == VRRP_ACTIVE && node_is_responsive(other, &other->main.process))
			node->record.overslept = true;
	}
}

void daemon_wake(struct sim_node *node)
{
	struct sim_main *main = &node->main;
	/* Which socket epoll names first is nobody's to say. */
	bool adverts_first = random_one_in(&node->sim->world.random, 2);

	record_sleep(node);
	if (main->lbd_watched != 0 && (!node->lbd.process.running || node->lbd.run != main->lbd_watched))
		daemon_lbd_ended(node);
	drain(node, adverts_first ? SIM_ADVERT : SIM_DATAGRAM);
	drain(node, adverts_first ? SIM_DATAGRAM : SIM_ADVERT);
	if (main->link_waiting)
		daemon_link_changed(node);
	if (main->address_waiting)
		daemon_address_gone(node);
}

void daemon_forget(struct sim_node *node)
{
	for (size_t i = 0; i < node->main.waiting_count; i++)
		free(node->main.waiting[i].message);
	node->main.waiting_count = 0;
}

void daemon_start(struct sim_node *node)
{
	const struct sim_setup *setup = setup_of(node);
	struct sim_main *main = &node->main;
	struct vrrp_conf conf = {
		.priority = setup->priority[node->index],
		.interval_ns = setup->interval_ns,
		.preempt = setup->preempt,
		.preempt_delay_ns = setup->preempt_delay_ns,
	};

	world_note(&node->sim->world, node->index, "vrrpd starts");
	daemon_forget(node);
	*main = (struct sim_main){.process = {.running = true, .start_at = MONO_NEVER}};
	strcpy(main->service.name, "web");
	for (size_t i = 0; i < TIMER_COUNT; i++)
		set_timer(node, (enum sim_timer)i, MONO_NEVER);
	kernel_remove_address(node);
	node->epoch = 0;
	node->sequence = node->kept_sequence;
	node->published = false;
	node->record.goodbye_at = (struct mono){0};
	main->senders.kept_sequence = node->kept_peer_sequence;
	health_init(&main->health, now_of(node));
	vrrp_init(&main->fsm, &conf, node->kept_yielding);
	peer_session_init(&main->session, random_next(&node->sim->world.random) | 1,
		MAX(3 * setup->interval_ns, ROUND_TRIP_MAX_NS));
	set_timer(node, TIMER_BEAT, has_peer(node) ? now_of(node) : MONO_NEVER);
	set_timer(node, TIMER_SAMPLE, setup->lbd_wanted ? now_of(node) : MONO_NEVER);
	set_timer(node, TIMER_PULSE, now_of(node));
	review(node);
	step_kind(node, VRRP_EVENT_START);
}

void daemon_end(struct sim_node *node)
{
	world_note(&node->sim->world, node->index, "vrrpd is asked to end");
	step_kind(node, VRRP_EVENT_STOP);
	daemon_forget(node);
}

static enum sim_timer first_timer(const struct sim_main *main)
{
	size_t first = 0;

	for (size_t i = 1; i < TIMER_COUNT; i++) {
		if (mono_before(main->timers[i], main->timers[first]))
			first = i;
	}
	return (enum sim_timer)first;
}

struct mono daemon_deadline(const struct sim_node *node)
{
	const struct sim_main *main = &node->main;

	return node_is_responsive(node, &main->process) ? main->timers[first_timer(main)] : MONO_NEVER;
}

bool daemon_fire(struct sim_node *node)
{
	static void (*const handlers[])(struct sim_node * node) = {
		[TIMER_TICK] = on_tick,
		[TIMER_RENEWAL] = on_renewal,
		[TIMER_ANNOUNCEMENT] = on_announcement,
		[TIMER_BEAT] = send_heartbeat,
		[TIMER_SILENCE] = on_silence,
		[TIMER_PULSE] = on_pulse,
		[TIMER_SAMPLE] = on_sample,
		[TIMER_REPEAT] = on_repeat,
	};
	enum sim_timer timer = first_timer(&node->main);

	static_assert(ARRAY_LEN(handlers) == TIMER_COUNT, "a timer has no handler");
	if (!node_is_responsive(node, &node->main.process) || !mono_reached(node->main.timers[timer], now_of(node)))
		return false;
	set_timer(node, timer, MONO_NEVER);
	/* These look, and do nothing most of the time; step() says when they did. */
	node->sim->stirred = timer != TIMER_PULSE && timer != TIMER_SAMPLE && timer != TIMER_BEAT;
	handlers[timer](node);
	return true;
}
