/* SPDX-License-Identifier: MIT */
/* The sockets of a simulated vrrpd: what comes is taken in at once, or waits until the process gets time again. */
#include "tests/sim/daemon.h"
#include "tests/sim/parts.h"

#include <string.h>

static void take(struct sim_node *node, struct sim_packet *packet)
{
	struct sim_vip *vip = packet->net < SIM_VIPS_MAX ? &node->main.vips[packet->net] : NULL;

	switch (packet->kind) {
	case SIM_ADVERT:
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
	case SIM_ARP_ANSWER:
	case SIM_PROBE:
		break;
	}
	free(packet->message);
	packet->message = NULL;
}

/* As reading a socket until it is empty. */
void sockets_drain(struct sim_node *node, enum sim_packet_kind kind)
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
		take(node, &packet);
	}
}

bool sockets_catch_up(struct sim_node *node)
{
	sockets_drain(node, SIM_ADVERT);
	if (!has_peer(node) || !node->main.alive)
		return true;
	sockets_drain(node, SIM_DATAGRAM);
	return node->main.heard_at.ns == now_of(node).ns;
}

void daemon_deliver(struct sim_node *node, struct sim_packet *packet)
{
	struct sim_main *main = &node->main;

	if (!main->process.running || (packet->net != SIM_SIDE && !node->places[packet->net].carrier)) {
		free(packet->message);
		return;
	}
	if (node_is_responsive(node, &main->process)) {
		take(node, packet);
	} else if (main->waiting_count < SIM_WAITING_MAX) {
		main->waiting[main->waiting_count++] = *packet;
	} else {
		main->lost_at = now_of(node);
		free(packet->message);
	}
}

void daemon_forget(struct sim_node *node)
{
	for (size_t i = 0; i < node->main.waiting_count; i++)
		free(node->main.waiting[i].message);
	node->main.waiting_count = 0;
}
