/* SPDX-License-Identifier: MIT */
/* One vip of a simulated vrrpd: carries out what its state machine decides, as vip.c, review.c and hearing.c do. */
#include "tests/sim/kernel.h"
#include "tests/sim/parts.h"
#include "vrrpd/judge.h"

#include <inttypes.h>

#define GARP_COUNT 5
#define GARP_INTERVAL_NS (200 * NS_PER_MS)
#define GARP_REFRESH_NS (60 * NS_PER_S)
/* As in lanwatch.c. */
#define WANTED_INTERVALS 3
#define UPLINK_PENALTY 60

uint32_t sim_vip_id(int vip)
{
	return (uint32_t)(7 + vip);
}

static struct sim_place *place_of(const struct sim_vip *vip)
{
	return &vip->node->places[vip->index];
}

static struct sim_record *record_of(const struct sim_vip *vip)
{
	return &vip->node->records[vip->index];
}

static void note(const struct sim_vip *vip, const char *text)
{
	world_note(&vip->node->sim->world, vip->node->index, "vip %d: %s", vip->index + 1, text);
}

void sim_vip_event(struct sim_vip *vip, enum vrrp_event_kind kind)
{
	sim_vip_step(vip, &(struct vrrp_event){.kind = kind});
}

/* Announcements and leases. */

void sim_vip_on_announcement(struct sim_vip *vip)
{
	kernel_send_announcement(vip->node, vip->index);
	if (vip->announcements_left > 0)
		vip->announcements_left--;
	set_vip_timer(vip, VIP_TIMER_ANNOUNCEMENT,
		mono_add(now_of(vip->node), vip->announcements_left > 0 ? GARP_INTERVAL_NS : GARP_REFRESH_NS));
}

static void announce(struct sim_vip *vip)
{
	vip->announcements_left = GARP_COUNT;
	sim_vip_on_announcement(vip);
}

static void write_lease(struct sim_vip *vip)
{
	kernel_write_lease(vip->node, vip->index);
	vip->lease.renewed_boot_ns = now_of(vip->node).ns;
	vip->lease.length_ns = setup_of(vip->node)->lease_ns;
}

static void renew_later(struct sim_vip *vip)
{
	int64_t lease_ns = setup_of(vip->node)->lease_ns;
	struct mono next = lease_next(lease_ns, (uint8_t)vip->index, false, now_of(vip->node));

	set_vip_timer(vip, VIP_TIMER_RENEWAL, next);
}

static void renew(struct sim_vip *vip)
{
	struct sim_record *record = record_of(vip);

	if (!lease_is_whole(&vip->lease, vip->node->epoch, now_of(vip->node).ns)) {
		sim_vip_event(vip, VRRP_EVENT_FENCED);
		return;
	}
	record->brought_back = record->brought_back || record->lapsed;
	write_lease(vip);
}

void sim_vip_on_renewal(struct sim_vip *vip)
{
	renew_later(vip);
	renew(vip);
}

static void install(struct sim_vip *vip)
{
	vip->lease.epoch = vip->node->epoch;
	vip->lease.held = true;
	place_of(vip)->published = true;
	write_lease(vip);
	renew_later(vip);
}

static void uninstall(struct sim_vip *vip)
{
	set_vip_timer(vip, VIP_TIMER_RENEWAL, MONO_NEVER);
	set_vip_timer(vip, VIP_TIMER_ANNOUNCEMENT, MONO_NEVER);
	vip->lease.held = false;
	kernel_remove_address(vip->node, vip->index);
	place_of(vip)->published = false;
}

void sim_vip_address_gone(struct sim_vip *vip)
{
	if (!vip->lease.held)
		return;
	renew(vip);
	if (vip->lease.held)
		announce(vip);
	sim_vip_review(vip);
}

/* The state machine. */

static void carry_out(struct sim_vip *vip, const struct vrrp_actions *actions)
{
	if (actions->todo & VRRP_DO_INSTALL)
		install(vip);
	if (actions->todo & VRRP_DO_REMOVE)
		uninstall(vip);
	if (actions->todo & VRRP_DO_ADVERT)
		kernel_send_advert(vip->node, vip->index, actions->advert_priority);
	if (actions->todo & VRRP_DO_ANNOUNCE)
		announce(vip);
	if (actions->todo & VRRP_DO_KEEP)
		sim_vip_save(vip->node);
}

void sim_vip_save(struct sim_node *node)
{
	node->kept_maintenance = node->main.maintenance;
	node->kept_sequence = node->sequence;
	node->kept_peer_sequence = 0;
	for (int i = 0; i < vip_count_of(node); i++) {
		const struct sim_vip *vip = &node->main.vips[i];

		node->places[i].kept_yielding = vip->fsm.yielding;
		node->places[i].kept_lent = vip->lent;
		node->kept_peer_sequence = MAX(node->kept_peer_sequence, senders_highest(&vip->senders));
	}
}

/* What the invariants hold the next claim against. */
static void record_move(struct sim_vip *vip, enum vrrp_event_kind kind, const struct vrrp_actions *actions)
{
	const struct sim_node *node = vip->node;
	struct sim_record *record = record_of(vip);

	record->goodbye_at = (struct mono){0};
	vip->retort = (struct retort){0};
	set_vip_timer(vip, VIP_TIMER_RETORT, MONO_NEVER);
	if (vip->fsm.state == VRRP_ACTIVE) {
		record->claims++;
		record->offers = 0;
		record->lapsed = false;
		record->broke_hold = kind != VRRP_EVENT_TAKE &&
				     setup_of(node)->priority[node->index] != VRRP_PRIORITY_OWNER &&
				     mono_before(now_of(node), vip->verdict.hold_back_until);
		record->was_ready = !node_wants_lbd(node) || (node->lbd.bound && node->lbd.checked);
		record->claimed_at = now_of(node);
		record->may_take = kind == VRRP_EVENT_TAKE;
	} else if (actions->from == VRRP_ACTIVE) {
		record->overslept = false;
		record->left_at = now_of(node);
		record->wait_ns = kind == VRRP_EVENT_RESIGN ? 3 * setup_of(node)->interval_ns : 0;
	}
}

/* One vip of a group has left: the others do not stay behind. As planned, they are asked to move as well. */
static void take_group_along(struct sim_vip *vip)
{
	struct sim_node *node = vip->node;

	for (int i = 0; i < vip_count_of(node); i++) {
		struct sim_vip *other = &node->main.vips[i];

		if (other == vip || !sim_goes_with(node->sim, vip->index, i) || other->fsm.state != VRRP_ACTIVE)
			continue;
		if (group_is_parted_by(&vip->fsm))
			sim_vip_event(other, VRRP_EVENT_PARTED);
		else
			sim_vip_review(other);
	}
}

static void on_moved(struct sim_vip *vip, enum vrrp_state from)
{
	struct sim_node *node = vip->node;

	if (has_peer(node) && node->main.process.running)
		talk_send_heartbeat(node);
	if (node->main.stopping)
		return;
	sim_vip_save(node);
	if (from == VRRP_ACTIVE)
		take_group_along(vip);
}

void sim_vip_step(struct sim_vip *vip, const struct vrrp_event *event)
{
	struct sim_world *world = &vip->node->sim->world;
	struct vrrp_actions actions;
	const char *reason = vip->fsm.reason;

	vrrp_step(&vip->fsm, event, world->now, &actions);
	world->stirred = world->stirred || actions.moved || event->kind == VRRP_EVENT_FACTS;
	if (actions.moved)
		world_note(world, vip->node->index, "vip %d: %s -> %s: %s", vip->index + 1,
			vrrp_state_name(actions.from), vrrp_state_name(vip->fsm.state), vip->fsm.reason);
	else if (vip->fsm.reason != reason)
		world_note(world, vip->node->index, "vip %d: claim held back: %s", vip->index + 1, vip->fsm.reason);
	carry_out(vip, &actions);
	if (actions.moved) {
		record_move(vip, event->kind, &actions);
		on_moved(vip, actions.from);
	}
	set_vip_timer(vip, VIP_TIMER_TICK, vrrp_deadline(&vip->fsm));
}

static bool has_looked(struct sim_vip *vip)
{
	struct mono due = vrrp_deadline(&vip->fsm), now = now_of(vip->node);

	if (vip->woke_at.ns == 0 && vip->fsm.state != VRRP_BACKUP)
		return true;
	if (!mono_reached(due, now) || sockets_drain_until(vip->node, due))
		return true;
	set_vip_timer(vip, VIP_TIMER_TICK, now);
	return false;
}

static void end_waking(struct sim_vip *vip)
{
	const struct sim_main *main = &vip->node->main;
	bool blind = has_peer(vip->node) && main->alive && mono_before(main->heard_at, vip->woke_at);

	vip->woke_at = (struct mono){0};
	if (blind && vip->fsm.state == VRRP_ACTIVE)
		sim_vip_step(vip, &(struct vrrp_event){.kind = VRRP_EVENT_OVERSLEPT, .blind = true});
}

void sim_vip_on_tick(struct sim_vip *vip)
{
	if (vip->woke_at.ns == 0 && vrrp_has_overslept(&vip->fsm, now_of(vip->node))) {
		vip->woke_at = now_of(vip->node);
		sim_vip_event(vip, VRRP_EVENT_OVERSLEPT);
	}
	if (!has_looked(vip))
		return;
	if (vip->woke_at.ns != 0)
		end_waking(vip);
	sim_vip_step(vip, &(struct vrrp_event){.kind = VRRP_EVENT_TICK, .lost_at = vip->node->main.lost_at});
}

/* What is known. */

struct forwarder_view node_forwarder_view(const struct sim_node *node)
{
	const struct sim_main *main = &node->main;
	struct forwarder_view view = {.health = PEER_HEALTH_DEAD};

	if (!node_wants_lbd(node))
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

static struct track_sum sum_tracks(const struct sim_node *node)
{
	const struct track_score *score = &node->main.uplink;
	struct track_item item = {
		.state = score->state,
		.doubtful = track_score_is_doubtful(score, now_of(node)),
		.penalty = UPLINK_PENALTY,
	};
	struct track_sum sum = {0};

	if (setup_of(node)->tracks && node_is_of_pair(node))
		track_sum_add(&sum, &item);
	return sum;
}

static struct vrrp_facts gather(struct sim_vip *vip)
{
	struct sim_node *node = vip->node;
	const struct peer_message *heartbeat = talk_heartbeat(node);
	struct facts_input input = {
		.conf = node_wants_lbd(node) ? &node->sim->conf : &node->sim->bare,
		.interval_ns = setup_of(node)->interval_ns,
		.link_ok = place_of(vip)->carrier,
		.source = node->source,
		.maintenance = node->main.maintenance && vip->fsm.state != VRRP_ACTIVE,
		.lan_dead = lan_is_dead(&vip->lan),
		.lan_silent = lan_is_silent(&vip->lan, setup_of(node)->interval_ns, now_of(node)),
		.lan_mute = lan_is_mute(&vip->lan, setup_of(node)->interval_ns, now_of(node)),
		.link_ok_at = vip->link_ok_at,
		.lbd_wanted = node_wants_lbd(node),
		.view = node_forwarder_view(node),
		.tracked = sum_tracks(node),
		.peer_priority = has_peer(node) ? setup_of(node)->priority[1 - node->index] : 0,
		.heartbeat = heartbeat,
		.other = talk_word(node, vip->index),
		.peer_on_lan = heartbeat != NULL && talk_hears_on(node, vip->index),
	};
	struct vrrp_facts facts;

	vip->condition.tracked = input.tracked;
	for (int i = 0; i < vip_count_of(node); i++) {
		const struct sim_vip *other = &node->main.vips[i];

		if (i != vip->index && sim_goes_with(node->sim, vip->index, i))
			group_add(&input, &(struct group_member){.fsm = &other->fsm,
						  .word = &other->word,
						  .condition = &other->condition,
						  .is_before = i < vip->index});
	}
	facts = facts_gather(&input, &vip->fsm, &vip->health, now_of(node), &vip->verdict);
	group_note(&vip->condition, &facts);
	return facts;
}

struct doubt sim_vip_doubt(const struct sim_vip *vip)
{
	const struct sim_node *node = vip->node;
	const struct peer_message *heartbeat = talk_heartbeat(node);
	struct doubt doubt = {
		.fsm = &vip->fsm,
		.lan = &vip->lan,
		.interval_ns = setup_of(node)->interval_ns,
		.has_peer = has_peer(node),
		.peer_alive = node->main.alive,
		.peer_asks = heartbeat != NULL && vip->word.state == PEER_VIP_ACTIVE &&
			     peermsg_find_probe(heartbeat, sim_vip_id(vip->index)) != NULL,
	};

	doubt.peer_off_lan = talk_misses_on(node, vip->index, &doubt.off_since);
	return doubt;
}

void sim_vip_want_probes(struct sim_vip *vip)
{
	struct mono now = now_of(vip->node);

	vip->probe_until = mono_add(now, WANTED_INTERVALS * setup_of(vip->node)->interval_ns);
	if (!vip->probing)
		set_vip_timer(vip, VIP_TIMER_PROBE, now);
	vip->probing = true;
}

void sim_vip_review(struct sim_vip *vip)
{
	struct vrrp_event event = {.kind = VRRP_EVENT_FACTS};
	struct doubt doubt;

	if (place_of(vip)->carrier && !vip->fsm.facts.link_ok)
		vip->link_ok_at = vip->fsm.state == VRRP_FAULT ? now_of(vip->node) : (struct mono){0};
	event.facts = gather(vip);
	if (!facts_equal(&event.facts, &vip->fsm.facts))
		sim_vip_step(vip, &event);
	doubt = sim_vip_doubt(vip);
	if (place_of(vip)->carrier && doubt_asks(&doubt, now_of(vip->node)))
		sim_vip_want_probes(vip);
	if (vip->verdict.resign && vip->fsm.state == VRRP_ACTIVE)
		sim_vip_event(vip, VRRP_EVENT_RESIGN);
}

void sim_vip_review_all(struct sim_node *node)
{
	for (int i = 0; i < vip_count_of(node); i++)
		sim_vip_review(&node->main.vips[i]);
}

/* The LAN: lanwatch.c and rival.c. */

static void retort_later(struct sim_vip *vip)
{
	set_vip_timer(vip, VIP_TIMER_RETORT, retort_deadline(&vip->retort));
}

void sim_vip_hear_rival(struct sim_vip *vip)
{
	if (!vrrp_minds_rivals(&vip->fsm))
		return;
	if (retort_hear(&vip->retort, now_of(vip->node)))
		kernel_send_announcement(vip->node, vip->index);
	retort_later(vip);
}

void sim_vip_on_retort(struct sim_vip *vip)
{
	switch (retort_tick(&vip->retort, now_of(vip->node))) {
	case RETORT_NOTHING:
		retort_later(vip);
		return;
	case RETORT_ANSWER:
		kernel_send_announcement(vip->node, vip->index);
		retort_later(vip);
		return;
	case RETORT_GONE:
		break;
	}
	vip->retort = (struct retort){0};
	kernel_send_announcement(vip->node, vip->index);
}

void sim_vip_on_probe(struct sim_vip *vip)
{
	struct ip ips[LAN_ASKED_MAX];
	size_t count;

	sockets_read(vip->node, SOCKET_ARP);
	if (mono_reached(vip->probe_until, now_of(vip->node))) {
		vip->probing = false;
		lan_rest(&vip->lan);
		return;
	}
	count = lan_ask(&vip->lan, ips);
	for (size_t i = 0; i < count; i++)
		kernel_send_probe(vip->node, vip->index, world_party_of(&ips[i]));
	set_vip_timer(vip, VIP_TIMER_PROBE, mono_add(now_of(vip->node), setup_of(vip->node)->interval_ns));
}

/* Adverts: hearing.c. */

/* By IPv6 the nodes are in another order, so that a tie by it would be seen. */
static struct ip ipv6_of(int node)
{
	return (struct ip){.family = AF_INET6, .bytes = {0xfe, 0x80, [15] = (uint8_t)(SIM_NODES_MAX - node)}};
}

static struct ip source_of(const struct sim_node *node, const struct sim_packet *packet)
{
	return packet->ipv6 ? ipv6_of(packet->from) : node->sim->nodes[packet->from].source;
}

/* One that is not signed. */
static bool is_for_us(const struct sim_vip *vip, const struct sim_packet *packet, const struct ip *source)
{
	const struct ip sources[FAMILY_COUNT] = {
		[FAMILY_IPV4] = vip->node->source, [FAMILY_IPV6] = ipv6_of(vip->node->index)};
	struct vip_conf conf = *conf_of(vip);
	struct advert_packet header = {.source = *source};
	struct advert_received received = {
		.version = conf.version,
		.priority = packet->priority,
		.interval_ns = packet->interval_ns,
		.address_count = 1,
		.addresses = {vip->node->sim->addresses[packet->ipv6].ip},
	};

	conf.rollout = vip->node->rollout;
	return judge_advert(&conf, sources, NULL, &header, &received) == ADVERT_TAKEN;
}

static bool is_fresh(struct sim_vip *vip, const struct sim_packet *packet, const struct ip *source)
{
	int64_t age_ns = mono_diff(now_of(vip->node), packet->at);
	struct senders_advert advert = {
		.source = *source,
		.sequence = packet->sequence,
		.interval_ns = packet->interval_ns,
		.at = packet->at,
		.real_ns = kernel_real_ns(vip->node) - age_ns,
	};
	const struct sender *sender;
	bool news;

	if (senders_check(&vip->senders, &advert, &sender, &news))
		return true;
	if (news)
		note(vip, sender->last == REPLAY_OLD ? "adverts are not taken: old" : "adverts are not taken: stale");
	if (senders_last_is_stale(&vip->senders, source))
		sim_vip_event(vip, VRRP_EVENT_STALE);
	return false;
}

void sim_vip_take_advert(struct sim_vip *vip, const struct sim_packet *packet)
{
	struct ip source = source_of(vip->node, packet);
	struct vrrp_event event = {
		.kind = VRRP_EVENT_ADVERT,
		.source = source,
		.priority = packet->priority,
		.interval_ns = packet->interval_ns,
	};
	bool goodbye = packet->priority == VRRP_PRIORITY_RESIGN && vip->fsm.state == VRRP_BACKUP;

	if (packet->is_signed ? !is_fresh(vip, packet, &source) : !is_for_us(vip, packet, &source))
		return;
	/* An advert that was sent before the goodbye may come after it, where no sequence says so: RFC 9568 takes it
	 * for news. */
	if (goodbye || record_of(vip)->goodbye_at.ns != 0)
		vip->node->sim->world.stirred = true;
	record_of(vip)->goodbye_at = goodbye ? now_of(vip->node) : (struct mono){0};
	sim_vip_step(vip, &event);
}

/* Life. */

void sim_vip_start(struct sim_node *node, int index)
{
	const struct vip_conf *conf = &node->sim->conf.vips[index];
	struct sim_vip *vip = &node->main.vips[index];
	struct vrrp_conf vrrp = {
		.version = conf->version,
		.priority = setup_of(node)->priority[node->index],
		.interval_ns = conf->advert_interval_ns,
		.preempt = conf->preempt,
		.preempt_delay_ns = conf->preempt_delay_ns,
		.start_delay_ns = conf->start_delay_ns,
	};

	*vip = (struct sim_vip){.node = node, .index = index, .lent = node->places[index].kept_lent};
	if (setup_of(node)->gateway != 0) {
		int party = world_neighbour_party(&node->sim->world, setup_of(node)->gateway - 1);
		struct ip gateway = world_neighbour_ip(index, party);

		lan_set_gateways(&vip->lan, &gateway, 1);
	}
	kernel_remove_address(node, index);
	node->places[index].published = false;
	record_of(vip)->goodbye_at = (struct mono){0};
	/* A hold-back ends with the process: who has started anew waits for another's goodbye, or its silence. */
	record_of(vip)->wait_ns = 0;
	vip->senders.kept_sequence = node->kept_peer_sequence;
	health_init(&vip->health, now_of(node));
	vrrp_init(&vip->fsm, &vrrp, node->places[index].kept_yielding);
}
