/* SPDX-License-Identifier: MIT */
#include "tests/sim/kernel.h"

#include "vrrpd/advert.h"

#define START_REAL_NS (INT64_C(1700000000) * NS_PER_S)

int64_t kernel_real_ns(const struct sim_node *node)
{
	return START_REAL_NS + node->sim->world.now.ns + node->real_offset_ns;
}

void kernel_write_lease(struct sim_node *node)
{
	if (!node->address)
		world_note(&node->sim->world, node->index, "the address is installed");
	node->address = true;
	node->lease_end = mono_add(node->sim->world.now, node->sim->world.setup.lease_ns);
}

void kernel_remove_address(struct sim_node *node)
{
	if (node->address)
		world_note(&node->sim->world, node->index, "the address is removed");
	node->address = false;
	node->lease_end = MONO_NEVER;
}

static bool can_send(const struct sim_node *node)
{
	return node->carrier && !node->frozen && !node->off;
}

static void send_advert(struct sim_node *node, uint8_t priority, bool ipv6)
{
	struct sim_packet packet = {
		.kind = SIM_ADVERT,
		.from = node->index,
		.priority = priority,
		.interval_ns = node->sim->world.setup.interval_ns,
		.ipv6 = ipv6,
	};

	node->sequence = advert_sequence_after(node->sequence, advert_sequence_of(kernel_real_ns(node)));
	packet.sequence = node->sequence;
	if (can_send(node))
		world_broadcast(&node->sim->world, &packet);
}

void kernel_send_advert(struct sim_node *node, uint8_t priority)
{
	send_advert(node, priority, false);
	if (node->sim->world.setup.both)
		send_advert(node, priority, true);
}

void kernel_send_announcement(struct sim_node *node)
{
	struct sim_packet packet = {.kind = SIM_ANNOUNCEMENT, .from = node->index};

	if (can_send(node))
		world_broadcast(&node->sim->world, &packet);
}

void kernel_send_datagram(struct sim_node *node, const struct peer_message *message)
{
	struct sim_world *world = &node->sim->world;
	struct sim_packet packet = {
		.net = world->setup.side ? SIM_SIDE : SIM_LAN,
		.kind = SIM_DATAGRAM,
		.from = node->index,
		.to = 1 - node->index,
		.message = (struct peer_message *)message,
	};

	if (can_send(node) || (world->setup.side && !node->frozen && !node->off))
		world_send(world, &packet);
}

void kernel_answer_arp(struct sim_node *node, int party)
{
	struct sim_packet packet = {.net = SIM_LAN, .kind = SIM_ARP_ANSWER, .from = node->index, .to = party};

	if (node_holds(node) && can_send(node))
		world_send(&node->sim->world, &packet);
}

bool node_holds(const struct sim_node *node)
{
	return node->address && !node->frozen && !node->off;
}
