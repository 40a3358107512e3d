/* SPDX-License-Identifier: MIT */
/*
 * The sockets of a simulated vrrpd: what comes is taken in at once, or waits until the process gets time again. Then it
 * is read as the loop reads it: some from each socket, what is due, and so on; look.c says when all has been seen.
 */
#include "tests/sim/daemon.h"
#include "tests/sim/parts.h"

#include <string.h>

/* What a round reads of each at most: to its size here as the batches of vrrpd are to its sockets' (look.c). */
#define BATCH 6

static bool is_of(enum sim_socket socket, enum sim_packet_kind kind)
{
	switch (kind) {
	case SIM_ADVERT:
		return socket == SOCKET_ADVERTS;
	case SIM_DATAGRAM:
		return socket == SOCKET_STATE_PORT;
	case SIM_ARP_QUESTION:
	case SIM_PROBE_ANSWER:
	case SIM_ANNOUNCEMENT:
	case SIM_ARP_ANSWER:
	case SIM_PROBE:
		break;
	}
	return socket == SOCKET_ARP;
}

static void take(struct sim_node *node, struct sim_packet *packet)
{
	struct sim_vip *vip = packet->net < SIM_VIPS_MAX ? &node->main.vips[packet->net] : NULL;

	switch (packet->kind) {
	case SIM_ADVERT:
		/* Judged, and refused. */
		if (!packet->forged)
			sim_vip_take_advert(vip, packet);
		break;
	case SIM_DATAGRAM:
		talk_take(node, packet);
		break;
	case SIM_ARP_QUESTION:
	case SIM_PROBE_ANSWER: {
		struct ip sender = world_neighbour_ip(packet->net, packet->from);

		lan_hear(&vip->lan, &sender, packet->kind == SIM_PROBE_ANSWER, now_of(node));
		break;
	}
	case SIM_ANNOUNCEMENT:
		sim_vip_hear_rival(vip);
		break;
	case SIM_ARP_ANSWER:
	case SIM_PROBE:
		break;
	}
	free(packet->message);
	packet->message = NULL;
}

/* Whether it was emptied. */
static bool take_batch(struct sim_node *node, enum sim_socket socket)
{
	struct sim_main *main = &node->main;
	unsigned left = BATCH;

	for (size_t i = 0; i < main->waiting_count; i++) {
		struct sim_packet packet = main->waiting[i];

		if (!is_of(socket, packet.kind))
			continue;
		if (left-- == 0)
			return false;
		memmove(&main->waiting[i], &main->waiting[i + 1],
			(main->waiting_count - i - 1) * sizeof main->waiting[0]);
		main->waiting_count--;
		i--;
		take(node, &packet);
	}
	return true;
}

void sockets_read(struct sim_node *node, enum sim_socket socket)
{
	(void)take_batch(node, socket);
}

/* A round of the loop; the next one comes when what is due has been done. */
void sockets_round(struct sim_node *node)
{
	/* Which socket epoll names first is nobody's to say. */
	bool adverts_first = random_one_in(&node->sim->world.random, 2);

	(void)take_batch(node, adverts_first ? SOCKET_ADVERTS : SOCKET_STATE_PORT);
	(void)take_batch(node, adverts_first ? SOCKET_STATE_PORT : SOCKET_ADVERTS);
	(void)take_batch(node, SOCKET_ARP);
	if (node->main.waiting_count > 0)
		set_timer(node, TIMER_ROUND, now_of(node));
}

/* As drain.c. */
bool sockets_drain_until(struct sim_node *node, struct mono due)
{
	struct look *look = &node->main.look;
	bool emptied;

	if (!look_wants_slice(look, due, now_of(node)))
		return true;
	emptied = take_batch(node, SOCKET_ADVERTS);
	if (has_peer(node))
		emptied &= take_batch(node, SOCKET_STATE_PORT);
	look_end_slice(look, emptied);
	return !mono_before(look->covers, due);
}

void daemon_deliver(struct sim_node *node, struct sim_packet *packet)
{
	struct sim_main *main = &node->main;

	if (!main->process.running || (packet->net != SIM_SIDE && !node->places[packet->net].carrier)) {
		free(packet->message);
		return;
	}
	if (node_is_responsive(node, &main->process) && main->waiting_count == 0) {
		take(node, packet);
	} else if (main->waiting_count < SIM_WAITING_MAX) {
		main->waiting[main->waiting_count++] = *packet;
	} else {
		main->lost_at = now_of(node);
		free(packet->message);
	}
}

void daemon_flood(struct sim_node *node, int vip, size_t count)
{
	struct sim_packet packet = {.kind = SIM_ADVERT, .net = vip, .forged = true};

	for (size_t i = 0; i < count && node->main.process.running; i++)
		daemon_deliver(node, &packet);
}

void daemon_forget(struct sim_node *node)
{
	for (size_t i = 0; i < node->main.waiting_count; i++)
		free(node->main.waiting[i].message);
	node->main.waiting_count = 0;
}
