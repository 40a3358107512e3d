/* SPDX-License-Identifier: MIT */
#include "tests/sim/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void world_init(struct sim_world *world, const struct sim_setup *setup, uint64_t seed, bool trace)
{
	memset(world, 0, sizeof *world);
	world->setup = *setup;
	world->random.state = seed;
	world->now = SIM_EPOCH;
	world->trace = trace;
	world->first_at = MONO_NEVER;
	world->ask_at = setup->quiet ? MONO_NEVER : mono_add(SIM_EPOCH, NS_PER_S);
	for (int lan = 0; lan < setup->vip_count; lan++) {
		for (int i = 0; i < setup->node_count; i++)
			world->neighbours[lan][i] = (struct sim_neighbour){SIM_NOBODY, world->ask_at};
	}
}

void world_free(struct sim_world *world)
{
	for (size_t i = 0; i < world->packet_count; i++)
		free(world->packets[i].message);
	world->packet_count = 0;
}

void world_note(const struct sim_world *world, int who, const char *format, ...)
{
	int64_t us = mono_diff(world->now, SIM_EPOCH) / NS_PER_US;
	va_list args;

	if (!world->trace)
		return;
	printf("%4" PRId64 ".%06" PRId64 "  ", us / 1000000, us % 1000000);
	if (who == SIM_NOBODY)
		printf("---  ");
	else if (who < world->setup.node_count)
		printf("lb%d  ", who + 1);
	else
		printf("nb%d  ", who - world->setup.node_count + 1);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void world_block(struct sim_world *world, int net, int from, int to, int step)
{
	world->blocked[net][from][to] += step;
	world->blocked_in_all += step;
	assert(world->blocked[net][from][to] >= 0);
}

static int64_t draw_delay(struct sim_world *world)
{
	return world->setup.latency_ns + random_between(&world->random, 0, world->setup.jitter_ns);
}

static void put_packet(struct sim_world *world, const struct sim_packet *packet)
{
	struct sim_packet *copy = &world->packets[world->packet_count];

	/* A full queue loses packets, as queues do. */
	if (world->packet_count == SIM_PACKETS_MAX)
		return;
	world->packet_count++;
	*copy = *packet;
	copy->at = mono_add(world->now, draw_delay(world));
	world->first_at = mono_min(world->first_at, copy->at);
	if (packet->message != NULL) {
		copy->message = malloc(sizeof *copy->message);
		if (copy->message == NULL)
			abort();
		*copy->message = *packet->message;
	}
}

void world_send(struct sim_world *world, const struct sim_packet *packet)
{
	if (!world_is_open(world, packet->net, packet->from, packet->to))
		return;
	if (packet->kind == SIM_DATAGRAM && packet->net == SIM_LAN && world->port_closed > 0)
		return;
	if (random_between(&world->random, 0, 99) < world->loss_percent)
		return;
	put_packet(world, packet);
	if (random_between(&world->random, 0, 99) < world->duplicate_percent)
		put_packet(world, packet);
}

void world_broadcast(struct sim_world *world, const struct sim_packet *packet)
{
	for (int party = 0; party < 2 * world->setup.node_count; party++) {
		struct sim_packet copy = *packet;

		copy.to = party;
		/* Adverts go to their group, which the neighbours have not joined. */
		if (party == packet->from || (party >= world->setup.node_count && packet->kind == SIM_ADVERT))
			continue;
		world_send(world, &copy);
	}
}

struct mono world_deadline(const struct sim_world *world)
{
	return mono_min(world->first_at, world->ask_at);
}

bool world_take_packet(struct sim_world *world, struct sim_packet *ret_packet)
{
	size_t first = 0;

	if (!mono_reached(world->first_at, world->now))
		return false;
	while (world->packets[first].at.ns != world->first_at.ns)
		first++;
	*ret_packet = world->packets[first];
	world->packets[first] = world->packets[--world->packet_count];
	world->first_at = MONO_NEVER;
	for (size_t i = 0; i < world->packet_count; i++)
		world->first_at = mono_min(world->first_at, world->packets[i].at);
	return true;
}

static void ask(struct sim_world *world, int lan, int neighbour)
{
	struct sim_packet question = {
		.kind = SIM_ARP_QUESTION, .net = lan, .from = world_neighbour_party(world, neighbour)};

	world->neighbours[lan][neighbour].ask_at =
		mono_add(world->now, random_between(&world->random, 200 * NS_PER_MS, 1500 * NS_PER_MS));
	world_broadcast(world, &question);
}

void world_ask(struct sim_world *world)
{
	if (!mono_reached(world->ask_at, world->now))
		return;
	world->ask_at = MONO_NEVER;
	for (int lan = 0; lan < world->setup.vip_count; lan++) {
		for (int i = 0; i < world->setup.node_count; i++) {
			if (mono_reached(world->neighbours[lan][i].ask_at, world->now))
				ask(world, lan, i);
			world->ask_at = mono_min(world->ask_at, world->neighbours[lan][i].ask_at);
		}
	}
}

void world_hear(struct sim_world *world, const struct sim_packet *packet)
{
	struct sim_neighbour *neighbour = &world->neighbours[packet->net][packet->to - world->setup.node_count];
	struct sim_packet answer = {
		.kind = SIM_PROBE_ANSWER, .net = packet->net, .from = packet->to, .to = packet->from};

	if (packet->kind == SIM_PROBE)
		world_send(world, &answer);
	if (packet->kind != SIM_ANNOUNCEMENT && packet->kind != SIM_ARP_ANSWER)
		return;
	world->stirred = world->stirred || neighbour->points_at != packet->from;
	if (neighbour->points_at != packet->from)
		world_note(world, packet->to, "vip %d is at lb%d", packet->net + 1, packet->from + 1);
	neighbour->points_at = packet->from;
}
