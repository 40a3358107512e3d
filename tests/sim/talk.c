/* SPDX-License-Identifier: MIT */
/* What two simulated nodes tell each other over the state port, as talk.c, peer.c and lanwatch.c do. */
#include "tests/sim/kernel.h"
#include "tests/sim/parts.h"
#include "vrrpd/services.h"

#include <string.h>

/* As in peer.c. */
#define DEAD_AFTER_INTERVALS 3
#define ROUND_TRIP_MAX_NS (500 * NS_PER_MS)
#define GREETING_GAP_NS (5 * NS_PER_MS)

const struct peer_message *talk_heartbeat(const struct sim_node *node)
{
	return node->main.alive && node->main.has_heartbeat ? &node->main.heartbeat : NULL;
}

const struct peer_vip *talk_word(const struct sim_node *node, int vip)
{
	return talk_heartbeat(node) != NULL ? roll_find(&node->main.heard, sim_vip_id(vip)) : NULL;
}

bool talk_hears_on(const struct sim_node *node, int net)
{
	for (int i = 0; i < node->main.path_count; i++) {
		if (node->main.paths[i].alive && node->main.paths[i].net == net)
			return true;
	}
	return false;
}

bool talk_misses_on(const struct sim_node *node, int net, struct mono *ret_since)
{
	for (int i = 0; i < node->main.path_count; i++) {
		if (node->main.paths[i].net != net)
			continue;
		*ret_since = node->main.paths[i].silent_at;
		return node->main.alive && !node->main.paths[i].alive;
	}
	return false;
}

/* Sending. */

void talk_send(struct sim_node *node, struct peer_message *message)
{
	for (int i = 0; i < node->main.path_count; i++) {
		message->real_ns = kernel_real_ns(node);
		peer_session_stamp(&node->main.session, now_of(node), message);
		kernel_send_datagram(node, node->main.paths[i].net, message);
	}
}

static void fill_vip(const struct sim_vip *vip, struct peer_message *message, struct roll *ret_roll)
{
	int64_t interval_ns = setup_of(vip->node)->interval_ns;
	struct doubt doubt = sim_vip_doubt(vip);
	struct mono now = now_of(vip->node);
	struct peer_vip word = word_of(sim_vip_id(vip->index), &vip->fsm, now);

	word.carrier = vip->node->places[vip->index].carrier;
	word.lan_heard = lan_is_heard(&vip->lan, interval_ns, now);
	word.lan_mute = lan_is_mute(&vip->lan, interval_ns, now);
	roll_add(ret_roll, &word);
	if (doubt_tells(&doubt, now)) {
		struct peer_probe *probe = &message->probes[message->probe_count++];

		probe->id = sim_vip_id(vip->index);
		(void)lan_answering(&vip->lan, interval_ns, now, &probe->answering);
	}
}

void talk_send_heartbeat(struct sim_node *node)
{
	struct forwarder_view view = node_forwarder_view(node);
	struct peer_message message = {.kind = PEER_HEARTBEAT, .beat = ++node->main.beats};
	static struct roll roll;
	size_t next = 0;

	strcpy(message.config_hash, node->sim->conf.hash);
	message.sequence = node->sequence;
	message.health = view.health;
	message.ready = view.bound && view.checked;
	services_fill(node_wants_lbd(node) ? &node->sim->conf : &node->sim->bare, &view, &message);
	roll.count = 0;
	for (int i = 0; i < vip_count_of(node); i++)
		fill_vip(&node->main.vips[i], &message, &roll);
	roll_sort(&roll);
	do {
		next = roll_cut(&roll, next, setup_of(node)->vip_room, &message);
		talk_send(node, &message);
	} while (next < roll.count);
	set_timer(node, TIMER_BEAT, mono_add(now_of(node), setup_of(node)->interval_ns));
}

/* Who is heard. */

static void set_alive(struct sim_node *node, bool alive)
{
	node->main.alive = alive;
	node->main.has_heartbeat = node->main.has_heartbeat && alive;
	world_note(&node->sim->world, node->index, "the peer is %s on the state port", alive ? "heard" : "silent");
	for (int i = 0; i < vip_count_of(node); i++) {
		if (alive)
			sim_vip_event(&node->main.vips[i], VRRP_EVENT_PEER_BACK);
		else
			word_silent(&node->main.vips[i].word);
	}
	sim_vip_review_all(node);
}

static void set_path_alive(struct sim_node *node, int path, bool alive)
{
	bool any = false;

	if (node->main.paths[path].alive != alive)
		node->main.paths[path].silent_at = alive ? (struct mono){0} : now_of(node);
	node->main.paths[path].alive = alive;
	for (int i = 0; i < node->main.path_count; i++)
		any = any || node->main.paths[i].alive;
	if (any != node->main.alive)
		set_alive(node, any);
}

void talk_on_silence(struct sim_node *node, int path)
{
	sockets_read(node, SOCKET_STATE_PORT);
	if (mono_is_never(node->main.timers[(int)TIMER_SILENCE + path]))
		set_path_alive(node, path, false);
}

static void note_path(struct sim_node *node, int path)
{
	int64_t span_ns = DEAD_AFTER_INTERVALS * setup_of(node)->interval_ns;

	set_timer(node, TIMER_SILENCE + (unsigned)path, mono_add(now_of(node), span_ns));
	set_path_alive(node, path, true);
}

/* What the peer says. */

static void take_probe(struct sim_vip *vip, const struct peer_message *heartbeat)
{
	const struct peer_probe *probe = peermsg_find_probe(heartbeat, sim_vip_id(vip->index));
	bool asked = probe != NULL && vip->fsm.state == VRRP_ACTIVE;

	if (asked)
		sim_vip_want_probes(vip);
	lan_set_target(&vip->lan, asked && probe->answering.family != 0 ? &probe->answering : NULL);
}

static void take_word(struct sim_vip *vip, const struct peer_message *heartbeat)
{
	struct word_change change = word_take(&vip->word, talk_word(vip->node, vip->index));

	senders_prove(
		&vip->senders, heartbeat->stamp.session, heartbeat->sequence, heartbeat->real_ns, now_of(vip->node));
	sim_vip_review(vip);
	if (word_resigned(&change, vip->fsm.state))
		sim_vip_event(vip, VRRP_EVENT_PEER_GONE);
	if (change.hears_again)
		sim_vip_event(vip, VRRP_EVENT_PEER_BACK);
}

static void forget_word(struct sim_vip *vip)
{
	if (vip->word.state == PEER_VIP_INITIALIZE || talk_word(vip->node, vip->index) != NULL)
		return;
	vip->word = (struct word){0};
	sim_vip_review(vip);
}

static void take_heartbeat(struct sim_node *node, const struct peer_message *heartbeat)
{
	for (int i = 0; i < vip_count_of(node); i++)
		take_probe(&node->main.vips[i], heartbeat);
	for (int i = 0; i < vip_count_of(node); i++) {
		if (roll_covers(heartbeat, sim_vip_id(i)))
			take_word(&node->main.vips[i], heartbeat);
		else
			forget_word(&node->main.vips[i]);
	}
}

static void take_fresh(struct sim_node *node, int path, const struct peer_message *message)
{
	struct sim_main *main = &node->main;

	main->heard_at = now_of(node);
	if (message->kind == PEER_HEARTBEAT) {
		(void)roll_hear(&main->heard, main->has_heartbeat ? &main->heartbeat : NULL, message,
			DEAD_AFTER_INTERVALS * setup_of(node)->interval_ns, now_of(node));
		main->heartbeat = *message;
		main->has_heartbeat = true;
	}
	note_path(node, path);
	if (message->kind == PEER_HEARTBEAT)
		take_heartbeat(node, message);
	else
		plan_take(node, message);
}

static int find_path(const struct sim_node *node, int net)
{
	int path = 0;

	while (node->main.paths[path].net != net)
		path++;
	return path;
}

void talk_take(struct sim_node *node, const struct sim_packet *packet)
{
	struct sim_main *main = &node->main;
	int path = find_path(node, packet->net);

	switch (peer_session_take(&main->session, packet->message, now_of(node))) {
	case PEER_FRESH:
		take_fresh(node, path, packet->message);
		break;
	case PEER_OVERTAKEN:
		if (packet->message->kind == PEER_HEARTBEAT && !roll_goes_on(talk_heartbeat(node), packet->message))
			note_path(node, path);
		else
			take_fresh(node, path, packet->message);
		break;
	case PEER_GREETING:
		if (mono_diff(now_of(node), main->greeted_at) >= GREETING_GAP_NS) {
			main->greeted_at = now_of(node);
			talk_send_heartbeat(node);
		}
		break;
	case PEER_OLD:
		break;
	}
}

/* Life. */

static void add_path(struct sim_node *node, unsigned way, int net)
{
	if (setup_of(node)->paths & way)
		node->main.paths[node->main.path_count++].net = net;
}

void talk_start(struct sim_node *node)
{
	add_path(node, SIM_PATH_LAN, SIM_LAN);
	add_path(node, SIM_PATH_SIDE, SIM_SIDE);
	peer_session_init(&node->main.session, random_next(&node->sim->world.random) | 1,
		MAX(3 * setup_of(node)->interval_ns, ROUND_TRIP_MAX_NS));
	set_timer(node, TIMER_BEAT, now_of(node));
}
