/* SPDX-License-Identifier: MIT */
#include "tests/sim/faults.h"

#include "tests/sim/daemon.h"

#include <inttypes.h>

#define LOSS_PERCENT 20
#define FLOOD_PACKETS 60

/* `step`: +1 at the beginning, -1 at the end. */

static void block_lan(struct sim *sim, int lan, int node, bool out, bool in, int step)
{
	for (int party = 0; party < 2 * sim->world.setup.node_count; party++) {
		if (party == node)
			continue;
		if (out)
			world_block(&sim->world, lan, node, party, step);
		if (in)
			world_block(&sim->world, lan, party, node, step);
	}
}

/* The node and its neighbour on one side, everybody else on the other. */
static void part_lan(struct sim *sim, int lan, int node, int step)
{
	int own[] = {node, world_neighbour_party(&sim->world, node)};

	for (int party = 0; party < 2 * sim->world.setup.node_count; party++) {
		for (size_t i = 0; i < ARRAY_LEN(own) && party != own[0] && party != own[1]; i++) {
			world_block(&sim->world, lan, own[i], party, step);
			world_block(&sim->world, lan, party, own[i], step);
		}
	}
}

static void part_side(struct sim *sim, int node, int step)
{
	for (int other = 0; other < sim->world.setup.node_count; other++) {
		if (other == node)
			continue;
		world_block(&sim->world, SIM_SIDE, node, other, step);
		world_block(&sim->world, SIM_SIDE, other, node, step);
	}
}

static void begin_kill(struct sim *sim, const struct sim_fault *fault)
{
	static const unsigned parts[FAULT_KIND_COUNT] = {
		[FAULT_KILL_MAIN] = SIM_MAIN,
		[FAULT_KILL_GUARDIAN] = SIM_GUARDIAN,
		[FAULT_KILL_LBD] = SIM_FORWARDER,
	};

	node_kill(&sim->nodes[fault->node], parts[fault->kind], -1);
}

static void begin_kill_all(struct sim *sim, const struct sim_fault *fault)
{
	node_kill(&sim->nodes[fault->node], SIM_ALL, fault->span_ns);
}

static unsigned stopped_parts(enum fault_kind kind)
{
	static const unsigned parts[FAULT_KIND_COUNT] = {
		[FAULT_STOP_MAIN] = SIM_MAIN,
		[FAULT_STOP_GUARDIAN] = SIM_GUARDIAN,
		[FAULT_STOP_LBD] = SIM_FORWARDER,
		[FAULT_STOP_VRRPD] = SIM_MAIN | SIM_GUARDIAN,
		[FAULT_STOP_ALL] = SIM_ALL,
	};

	return parts[kind];
}

static void begin_stop(struct sim *sim, const struct sim_fault *fault)
{
	node_stop(&sim->nodes[fault->node], stopped_parts(fault->kind));
}

static void end_stop(struct sim *sim, const struct sim_fault *fault)
{
	node_continue(&sim->nodes[fault->node], stopped_parts(fault->kind));
}

static void begin_stall(struct sim *sim, const struct sim_fault *fault)
{
	node_stall(&sim->nodes[fault->node], SIM_MAIN, fault->span_ns);
}

static void begin_flood(struct sim *sim, const struct sim_fault *fault)
{
	struct sim_node *node = &sim->nodes[fault->node];

	node_stall(node, SIM_MAIN, fault->span_ns);
	if (!node_is_responsive(node, &node->main.process))
		daemon_flood(node, fault->vip, FLOOD_PACKETS);
}

static void begin_freeze(struct sim *sim, const struct sim_fault *fault)
{
	node_freeze(&sim->nodes[fault->node], true);
}

static void end_freeze(struct sim *sim, const struct sim_fault *fault)
{
	node_freeze(&sim->nodes[fault->node], false);
}

static void begin_power(struct sim *sim, const struct sim_fault *fault)
{
	node_power(&sim->nodes[fault->node], false);
}

static void end_power(struct sim *sim, const struct sim_fault *fault)
{
	node_power(&sim->nodes[fault->node], true);
}

static void begin_restart(struct sim *sim, const struct sim_fault *fault)
{
	node_restart(&sim->nodes[fault->node], fault->span_ns);
}

static void begin_carrier(struct sim *sim, const struct sim_fault *fault)
{
	node_set_carrier(&sim->nodes[fault->node], fault->vip, false);
}

static void end_carrier(struct sim *sim, const struct sim_fault *fault)
{
	node_set_carrier(&sim->nodes[fault->node], fault->vip, true);
}

static void step_lan(struct sim *sim, const struct sim_fault *fault, int step)
{
	block_lan(sim, fault->vip, fault->node, fault->kind != FAULT_DEAF, fault->kind != FAULT_MUTE, step);
}

static void begin_lan(struct sim *sim, const struct sim_fault *fault)
{
	step_lan(sim, fault, 1);
}

static void end_lan(struct sim *sim, const struct sim_fault *fault)
{
	step_lan(sim, fault, -1);
}

static void step_partition(struct sim *sim, const struct sim_fault *fault, int step)
{
	for (int lan = 0; lan < sim->world.setup.vip_count; lan++) {
		if (fault->kind == FAULT_WALL || (fault->kind == FAULT_PARTITION && fault->vip == lan))
			part_lan(sim, lan, fault->node, step);
	}
	if (fault->kind != FAULT_PARTITION)
		part_side(sim, fault->node, step);
}

static void begin_partition(struct sim *sim, const struct sim_fault *fault)
{
	step_partition(sim, fault, 1);
}

static void end_partition(struct sim *sim, const struct sim_fault *fault)
{
	step_partition(sim, fault, -1);
}

static void begin_loss(struct sim *sim, const struct sim_fault *fault)
{
	(void)fault;
	sim->world.loss_percent = LOSS_PERCENT;
}

static void end_loss(struct sim *sim, const struct sim_fault *fault)
{
	(void)fault;
	sim->world.loss_percent = 0;
}

static void begin_clock(struct sim *sim, const struct sim_fault *fault)
{
	node_step_clock(&sim->nodes[fault->node], fault->span_ns);
}

static void begin_servers(struct sim *sim, const struct sim_fault *fault)
{
	node_lose_servers(&sim->nodes[fault->node], 1);
}

static void end_servers(struct sim *sim, const struct sim_fault *fault)
{
	node_lose_servers(&sim->nodes[fault->node], -1);
}

static void begin_address(struct sim *sim, const struct sim_fault *fault)
{
	node_delete_address(&sim->nodes[fault->node], fault->vip);
}

static void begin_failover(struct sim *sim, const struct sim_fault *fault)
{
	node_failover(&sim->nodes[fault->node], fault->vip);
}

static void begin_port(struct sim *sim, const struct sim_fault *fault)
{
	(void)fault;
	sim->world.port_closed++;
}

static void end_port(struct sim *sim, const struct sim_fault *fault)
{
	(void)fault;
	sim->world.port_closed--;
}

static void begin_uplink(struct sim *sim, const struct sim_fault *fault)
{
	node_lose_uplink(&sim->nodes[fault->node], 1);
}

static void end_uplink(struct sim *sim, const struct sim_fault *fault)
{
	node_lose_uplink(&sim->nodes[fault->node], -1);
}

static void begin_maintenance(struct sim *sim, const struct sim_fault *fault)
{
	node_set_maintenance(&sim->nodes[fault->node], true);
}

static void end_maintenance(struct sim *sim, const struct sim_fault *fault)
{
	node_set_maintenance(&sim->nodes[fault->node], false);
}

static void begin_rollout(struct sim *sim, const struct sim_fault *fault)
{
	node_roll_out(&sim->nodes[fault->node], fault->span_ns);
}

typedef void fault_fn(struct sim *sim, const struct sim_fault *fault);

static const struct {
	const char *name;
	fault_fn *begin;
	fault_fn *end;  /* NULL: it is momentary, or ends by itself */
	bool has_span;  /* its span means something */
	bool wants_lbd; /* without services there is none */
} kinds[] = {
	[FAULT_KILL_MAIN] = {"kill main", begin_kill, NULL, false, false},
	[FAULT_KILL_GUARDIAN] = {"kill guardian", begin_kill, NULL, false, false},
	[FAULT_KILL_LBD] = {"kill lbd", begin_kill, NULL, false, true},
	[FAULT_KILL_ALL] = {"kill all", begin_kill_all, NULL, true, false},
	[FAULT_STOP_MAIN] = {"stop main", begin_stop, end_stop, true, false},
	[FAULT_STOP_GUARDIAN] = {"stop guardian", begin_stop, end_stop, true, false},
	[FAULT_STOP_LBD] = {"stop lbd", begin_stop, end_stop, true, true},
	[FAULT_STOP_VRRPD] = {"stop main and guardian", begin_stop, end_stop, true, false},
	[FAULT_STOP_ALL] = {"stop all", begin_stop, end_stop, true, false},
	[FAULT_STALL_MAIN] = {"stall main", begin_stall, NULL, true, false},
	[FAULT_FLOOD] = {"stall main in a flood", begin_flood, NULL, true, false},
	[FAULT_FREEZE] = {"freeze", begin_freeze, end_freeze, true, false},
	[FAULT_POWER] = {"power loss", begin_power, end_power, true, false},
	[FAULT_RESTART] = {"restart vrrpd", begin_restart, NULL, true, false},
	[FAULT_CARRIER] = {"carrier lost", begin_carrier, end_carrier, true, false},
	[FAULT_DEAD_PORT] = {"dead port", begin_lan, end_lan, true, false},
	[FAULT_DEAF] = {"deaf", begin_lan, end_lan, true, false},
	[FAULT_MUTE] = {"mute", begin_lan, end_lan, true, false},
	[FAULT_PARTITION] = {"partition", begin_partition, end_partition, true, false},
	[FAULT_WALL] = {"partition of all networks", begin_partition, end_partition, true, false},
	[FAULT_SIDE] = {"partition of the side network", begin_partition, end_partition, true, false},
	[FAULT_LOSS] = {"loss", begin_loss, end_loss, true, false},
	[FAULT_CLOCK] = {"clock step", begin_clock, NULL, true, false},
	[FAULT_SERVERS] = {"servers lost", begin_servers, end_servers, true, true},
	[FAULT_ADDRESS] = {"address deleted", begin_address, NULL, false, false},
	[FAULT_FAILOVER] = {"planned failover", begin_failover, NULL, false, false},
	[FAULT_MAINTENANCE] = {"maintenance", begin_maintenance, end_maintenance, true, false},
	[FAULT_PORT] = {"state port closed on the LAN", begin_port, end_port, true, false},
	[FAULT_UPLINK] = {"uplink lost", begin_uplink, end_uplink, true, false},
	[FAULT_ROLLOUT] = {"next roll-out mode", begin_rollout, NULL, true, false},
};
static_assert(ARRAY_LEN(kinds) == FAULT_KIND_COUNT, "a fault is missing");

const char *fault_name(enum fault_kind kind)
{
	return kinds[kind].name;
}

bool fault_lasts(enum fault_kind kind)
{
	return kinds[kind].end != NULL;
}

static void forget_plans(struct sim *sim)
{
	for (size_t i = 0; i < SIM_VIPS_MAX; i++)
		sim->planned_to[i] = SIM_NOBODY;
}

void fault_begin(struct sim *sim, const struct sim_fault *fault)
{
	if (kinds[fault->kind].has_span)
		world_note(&sim->world, fault->node, "*** %s, %" PRId64 " ms", kinds[fault->kind].name,
			fault->span_ns / NS_PER_MS);
	else
		world_note(&sim->world, fault->node, "*** %s", kinds[fault->kind].name);
	if (fault->kind != FAULT_FAILOVER)
		forget_plans(sim);
	kinds[fault->kind].begin(sim, fault);
}

void fault_end(struct sim *sim, const struct sim_fault *fault)
{
	world_note(&sim->world, fault->node, "*** %s: over", kinds[fault->kind].name);
	forget_plans(sim);
	kinds[fault->kind].end(sim, fault);
}

/* Short ones are as likely as long ones: 2 ms to 4 s. */
static int64_t draw_span(struct sim_random *random)
{
	int64_t order_ns = (2 * NS_PER_MS) << random_between(random, 0, 10);

	return random_between(random, order_ns, 2 * order_ns);
}

/*
 * What the state port proves of the peer's clock is held against whoever signs, since adverts do not say whose they
 * are: among more than the pair, clocks have to agree (the configuration has no third node that signs).
 */
static bool is_possible(const struct sim *sim, const struct sim_fault *fault)
{
	if (fault->kind == FAULT_CLOCK && sim->world.setup.node_count > SIM_PAIR)
		return !sim->world.setup.is_signed;
	return !kinds[fault->kind].wants_lbd || node_wants_lbd(&sim->nodes[fault->node]);
}

struct sim_fault fault_draw(struct sim *sim, int64_t from_ns, int64_t to_ns)
{
	struct sim_random *random = &sim->world.random;
	struct sim_fault fault = {
		.node = (int)random_between(random, 0, sim->world.setup.node_count - 1),
		.vip = (int)random_between(random, 0, sim->world.setup.vip_count - 1),
	};

	do {
		fault.kind = (enum fault_kind)random_between(random, 0, FAULT_KIND_COUNT - 1);
	} while (!is_possible(sim, &fault));
	fault.at_ns = random_between(random, from_ns, to_ns);
	fault.span_ns = draw_span(random);
	/* Clocks are set by anything from a slew's worth to an hour, either way. */
	if (fault.kind == FAULT_CLOCK) {
		fault.span_ns *= random_one_in(random, 2) ? 1 : 1000;
		fault.span_ns *= random_one_in(random, 2) ? 1 : -1;
	}
	return fault;
}
