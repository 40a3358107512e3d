/* SPDX-License-Identifier: MIT */
#include "tests/sim/kernel.h"

#include "vrrpd/advert.h"

#define START_REAL_NS (INT64_C(1700000000) * NS_PER_S)

int64_t kernel_real_ns(const struct sim_node *node)
{
	return START_REAL_NS + node->sim->world.now.ns + node->real_offset_ns;
}

void kernel_write_lease(struct sim_node *node, int vip)
{
	struct sim_place *place = &node->places[vip];

	node->sim->world.stirred = node->sim->world.stirred || !place->address;
	if (!place->address)
		world_note(&node->sim->world, node->index, "vip %d: the address is installed", vip + 1);
	place->address = true;
	place->lease_end = mono_add(node->sim->world.now, node->sim->world.setup.lease_ns);
}

void kernel_remove_address(struct sim_node *node, int vip)
{
	struct sim_place *place = &node->places[vip];

	node->sim->world.stirred = node->sim->world.stirred || place->address;
	if (place->address)
		world_note(&node->sim->world, node->index, "vip %d: the address is removed", vip + 1);
	place->address = false;
	place->lease_end = MONO_NEVER;
}

static bool can_send(const struct sim_node *node, int net)
{
	return (net == SIM_SIDE || node->places[net].carrier) && !node->frozen && !node->off;
}

static void send_advert(struct sim_node *node, int vip, uint8_t priority, bool ipv6)
{
	const struct sim_setup *setup = &node->sim->world.setup;
	struct sim_packet packet = {
		.kind = SIM_ADVERT,
		.net = vip,
		.from = node->index,
		.to = 1 - node->index,
		.priority = priority,
		.interval_ns = setup->interval_ns,
		.is_signed = setup->is_signed && node->rollout != VIP_ROLLOUT_RECEIVE_ONLY,
		.ipv6 = ipv6,
	};

	if (packet.is_signed)
		node->sequence = advert_sequence_after(node->sequence, advert_sequence_of(kernel_real_ns(node)));
	packet.sequence = node->sequence;
	if (!can_send(node, vip))
		return;
	if (setup->unicast)
		world_send(&node->sim->world, &packet);
	else
		world_broadcast(&node->sim->world, &packet);
}

void kernel_send_advert(struct sim_node *node, int vip, uint8_t priority)
{
	if (node->sim->world.setup.ipv4)
		send_advert(node, vip, priority, false);
	if (node->sim->world.setup.ipv6)
		send_advert(node, vip, priority, true);
}

void kernel_send_announcement(struct sim_node *node, int vip)
{
	struct sim_packet packet = {.kind = SIM_ANNOUNCEMENT, .net = vip, .from = node->index};

	if (can_send(node, vip))
		world_broadcast(&node->sim->world, &packet);
}

void kernel_send_datagram(struct sim_node *node, int net, const struct peer_message *message)
{
	struct sim_packet packet = {
		.net = net,
		.kind = SIM_DATAGRAM,
		.from = node->index,
		.to = 1 - node->index,
		.message = (struct peer_message *)message,
	};

	if (can_send(node, net))
		world_send(&node->sim->world, &packet);
}

static void send_to(struct sim_node *node, enum sim_packet_kind kind, int vip, int party)
{
	struct sim_packet packet = {.net = vip, .kind = kind, .from = node->index, .to = party};

	if (can_send(node, vip))
		world_send(&node->sim->world, &packet);
}

void kernel_send_probe(struct sim_node *node, int vip, int party)
{
	send_to(node, SIM_PROBE, vip, party);
}

void kernel_answer_arp(struct sim_node *node, int vip, int party)
{
	if (node_holds(node, vip))
		send_to(node, SIM_ARP_ANSWER, vip, party);
}

bool node_holds(const struct sim_node *node, int vip)
{
	return node->places[vip].address && !node->frozen && !node->off;
}
