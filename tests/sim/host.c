/* SPDX-License-Identifier: MIT */
/* The life of the processes of a host, what befalls them, and the order in which things happen. */
#include "tests/sim/daemon.h"
#include "tests/sim/kernel.h"
#include "tests/sim/parts.h"

#include <arpa/inet.h>
#include <string.h>

/* How long things take that are not vrrpd's to decide. */
#define UNIT_RESTART_NS (100 * NS_PER_MS) /* DESIGN section 1: Restart=on-failure within 100 ms */
#define UNIT_START_MAX_NS (80 * NS_PER_MS)
#define DEATH_NOTICED_NS (1 * NS_PER_MS)
#define FORMER_TIMEOUT_NS (1 * NS_PER_S)
#define LBD_BIND_NS (20 * NS_PER_MS)
#define LBD_BEAT_NS (LIVENESS_BEAT_MS * NS_PER_MS)
#define CHECK_RISE 2
#define CHECK_FALL 3

static void note(const struct sim_node *node, const char *text)
{
	world_note(&node->sim->world, node->index, "%s", text);
}

static struct mono unit_start_at(struct sim_node *node)
{
	return mono_add(now_of(node),
		UNIT_RESTART_NS + random_between(&node->sim->world.random, 20 * NS_PER_MS, UNIT_START_MAX_NS));
}

bool node_is_responsive(const struct sim_node *node, const struct sim_process *process)
{
	return process->running && !process->stopped && !node->frozen && process->stalled_until.ns == 0;
}

bool node_is_of_pair(const struct sim_node *node)
{
	return node->index < SIM_PAIR;
}

bool node_wants_lbd(const struct sim_node *node)
{
	return node->sim->world.setup.lbd_wanted && node_is_of_pair(node);
}

bool sim_goes_with(const struct sim *sim, int vip, int other)
{
	return vip == other || sim->world.setup.grouped;
}

bool node_serves(const struct sim_node *node)
{
	return !node_wants_lbd(node) ||
	       (node_is_responsive(node, &node->lbd.process) && node->lbd.bound && node->servers_lost == 0);
}

bool sim_clocks_agree(const struct sim *sim, int a, int b)
{
	int64_t apart_ns = sim->nodes[a].real_offset_ns - sim->nodes[b].real_offset_ns;

	return !sim->nodes[a].was_set && !sim->nodes[b].was_set && apart_ns > -4 * NS_PER_S && apart_ns < 4 * NS_PER_S;
}

/* Its main process ends while it is active. */
static void record_losses(struct sim_node *node)
{
	for (int i = 0; i < vip_count_of(node); i++) {
		if (node->main.vips[i].fsm.state != VRRP_ACTIVE)
			continue;
		node->records[i].left_at = now_of(node);
		node->records[i].wait_ns = 0;
		/* 5.6: until the new one fails. */
		if (node->sim->planned_to[i] == node->index)
			node->sim->planned_to[i] = SIM_NOBODY;
	}
}

/* lbd's counters, as they stand when vrrpd looks. */
static void beat(struct sim_node *node)
{
	if (node_is_responsive(node, &node->lbd.process))
		node->lbd.beats = (uint64_t)(now_of(node).ns / LBD_BEAT_NS);
}

/* lbd. */

static void lbd_start(struct sim_node *node)
{
	unsigned run = node->lbd.run;

	note(node, "lbd starts");
	node->lbd = (struct sim_lbd){
		.process = {.running = true, .start_at = MONO_NEVER},
		.run = run + 1,
		.verdict_at = mono_add(now_of(node), LBD_BIND_NS),
	};
}

/* Its listeners are bound first; then each check ends, by an answer or its time-out; then servers change. */
static void lbd_advance(struct sim_node *node)
{
	const struct sim_setup *setup = &node->sim->world.setup;
	struct sim_lbd *lbd = &node->lbd;

	if (!lbd->bound) {
		lbd->bound = true;
		lbd->verdict_at = mono_add(now_of(node),
			node->servers_lost > 0 ? setup->check_timeout_ns : 2 * setup->latency_ns + NS_PER_MS);
		return;
	}
	lbd->checked = true;
	lbd->verdict_at = MONO_NEVER;
	if (lbd->service_up != (node->servers_lost == 0))
		note(node, lbd->service_up ? "lbd finds the service down" : "lbd finds the service up");
	lbd->service_up = node->servers_lost == 0;
}

static struct mono lbd_deadline(const struct sim_node *node)
{
	return node_is_responsive(node, &node->lbd.process) ? node->lbd.verdict_at : MONO_NEVER;
}

void node_lose_servers(struct sim_node *node, int step)
{
	const struct sim_setup *setup = &node->sim->world.setup;
	bool before = node->servers_lost > 0;

	node->servers_lost += step;
	if (!node->lbd.process.running || !node->lbd.checked || before == (node->servers_lost > 0))
		return;
	note(node, before ? "its servers are back" : "its servers are lost");
	node->lbd.verdict_at =
		mono_add(now_of(node), before ? CHECK_RISE * setup->check_interval_ns
					      : CHECK_FALL * setup->check_interval_ns + setup->check_timeout_ns);
}

/* The guardian. */

static struct mono guardian_deadline(const struct sim_node *node)
{
	return node_is_responsive(node, &node->guardian.process) ? node->guardian.deadline : MONO_NEVER;
}

/* The order is that of guard.c: epoch, SIGKILL, addresses, priority 0. Then it exits, and systemd starts the unit. */
static void guardian_fence(struct sim_node *node)
{
	note(node, node->main.process.running ? "the guardian fences a main process that hangs"
					      : "the guardian fences for a main process that died");
	node->epoch++;
	if (node->main.process.running) {
		node->main.process = (struct sim_process){.start_at = MONO_NEVER};
		record_losses(node);
		daemon_forget(node);
	}
	for (int i = 0; i < vip_count_of(node); i++) {
		node->records[i].lapsed = true;
		if (node->places[i].published)
			kernel_remove_address(node, i);
	}
	for (int i = 0; i < vip_count_of(node); i++) {
		if (node->places[i].published)
			kernel_send_advert(node, i, VRRP_PRIORITY_RESIGN);
		node->places[i].published = false;
	}
	node->guardian.process.running = false;
	if (mono_is_never(node->main.process.start_at))
		node->main.process.start_at = unit_start_at(node);
}

/* A new vrrpd waits for the end of the former guardian, and ends it when that takes too long. */
static void main_start(struct sim_node *node)
{
	struct sim_process *guardian = &node->guardian.process;

	if (guardian->running && node_is_responsive(node, guardian)) {
		node->main.process.start_at = mono_add(now_of(node), 10 * NS_PER_MS);
	} else if (guardian->running) {
		node->main.process.start_at = mono_add(now_of(node), FORMER_TIMEOUT_NS);
		*guardian = (struct sim_process){.start_at = MONO_NEVER};
	} else {
		daemon_start(node);
		node->guardian = (struct sim_guardian){
			.process = {.running = true, .start_at = MONO_NEVER},
			.deadline = MONO_NEVER, /* until the first sign of progress */
		};
	}
}

/* Faults. */

static struct sim_process *process_of(struct sim_node *node, enum sim_part part)
{
	switch (part) {
	case SIM_MAIN:
		return &node->main.process;
	case SIM_GUARDIAN:
		return &node->guardian.process;
	case SIM_FORWARDER:
		return &node->lbd.process;
	case SIM_ALL:
		break;
	}
	return NULL;
}

static void kill_process(struct sim_node *node, enum sim_part part, int64_t back_ns)
{
	struct sim_process *process = process_of(node, part);
	bool was_running = process->running;

	if (!was_running && back_ns < 0)
		return;
	*process = (struct sim_process){.start_at = MONO_NEVER};
	if (back_ns >= 0 && part != SIM_GUARDIAN)
		process->start_at = mono_add(now_of(node), back_ns);
	switch (part) {
	case SIM_MAIN:
		daemon_forget(node);
		record_losses(node);
		node->guardian.deadline = mono_add(now_of(node), DEATH_NOTICED_NS);
		break;
	case SIM_FORWARDER:
		if (back_ns < 0)
			process->start_at = unit_start_at(node);
		daemon_lbd_ended(node);
		break;
	case SIM_GUARDIAN:
	case SIM_ALL:
		break;
	}
}

void node_kill(struct sim_node *node, unsigned parts, int64_t back_ns)
{
	if (parts & SIM_GUARDIAN)
		kill_process(node, SIM_GUARDIAN, back_ns);
	if (parts & SIM_MAIN)
		kill_process(node, SIM_MAIN, back_ns);
	if (parts & SIM_FORWARDER)
		kill_process(node, SIM_FORWARDER, back_ns);
	/* Nobody is left who would fence and exit: systemd starts the unit. */
	if (!node->guardian.process.running && !node->main.process.running && !node->off &&
		mono_is_never(node->main.process.start_at))
		node->main.process.start_at = unit_start_at(node);
}

/* What a process that did not run for a while goes through when it runs again. */
static void pause_ends(struct sim_node *node, enum sim_part part)
{
	struct sim_guardian *guardian = &node->guardian;

	if (!node_is_responsive(node, process_of(node, part)))
		return;
	switch (part) {
	case SIM_MAIN:
		daemon_wake(node);
		break;
	case SIM_GUARDIAN:
		/* One look of 10 ms is counted of the pause (guard.c), and a death is seen at once. */
		if (!node->main.process.running)
			guardian->deadline = now_of(node);
		else if (mono_before(guardian->stopped_since, guardian->deadline))
			guardian->deadline = mono_min(mono_add(now_of(node), guardian->threshold_ns),
				mono_add(guardian->deadline, mono_diff(now_of(node), guardian->stopped_since)));
		break;
	case SIM_FORWARDER:
	case SIM_ALL:
		break;
	}
}

static void pause_begins(struct sim_node *node, enum sim_part part)
{
	beat(node);
	if (node_is_responsive(node, process_of(node, part)) && part == SIM_GUARDIAN)
		node->guardian.stopped_since = now_of(node);
}

static const enum sim_part all_parts[] = {SIM_MAIN, SIM_GUARDIAN, SIM_FORWARDER};

void node_stop(struct sim_node *node, unsigned parts)
{
	for (size_t i = 0; i < ARRAY_LEN(all_parts); i++) {
		if (!(parts & all_parts[i]))
			continue;
		pause_begins(node, all_parts[i]);
		process_of(node, all_parts[i])->stopped = true;
	}
}

void node_continue(struct sim_node *node, unsigned parts)
{
	for (size_t i = 0; i < ARRAY_LEN(all_parts); i++) {
		if (!(parts & all_parts[i]) || !process_of(node, all_parts[i])->stopped)
			continue;
		process_of(node, all_parts[i])->stopped = false;
		pause_ends(node, all_parts[i]);
	}
}

void node_stall(struct sim_node *node, unsigned parts, int64_t span_ns)
{
	for (size_t i = 0; i < ARRAY_LEN(all_parts); i++) {
		struct sim_process *process = process_of(node, all_parts[i]);
		struct mono until = mono_add(now_of(node), span_ns);

		if (!(parts & all_parts[i]) || !process->running)
			continue;
		pause_begins(node, all_parts[i]);
		if (mono_before(process->stalled_until, until))
			process->stalled_until = until;
	}
}

static bool end_stall(struct sim_node *node, enum sim_part part)
{
	struct sim_process *process = process_of(node, part);

	if (process->stalled_until.ns == 0 || !mono_reached(process->stalled_until, now_of(node)))
		return false;
	process->stalled_until = (struct mono){0};
	pause_ends(node, part);
	return true;
}

static bool is_lapsed(const struct sim_node *node, int vip)
{
	const struct sim_place *place = &node->places[vip];

	return !node->frozen && place->address && mono_reached(place->lease_end, now_of(node));
}

static bool lapse(struct sim_node *node)
{
	for (int i = 0; i < vip_count_of(node); i++) {
		if (!is_lapsed(node, i))
			continue;
		note(node, "the lease lapses");
		node->records[i].lapsed = true;
		kernel_remove_address(node, i);
		daemon_address_gone(node, i);
		return true;
	}
	return false;
}

void node_freeze(struct sim_node *node, bool frozen)
{
	if (node->frozen == frozen)
		return;
	for (size_t i = 0; frozen && i < ARRAY_LEN(all_parts); i++)
		pause_begins(node, all_parts[i]);
	node->frozen = frozen;
	if (frozen)
		return;
	while (lapse(node))
		continue;
	for (size_t i = 0; i < ARRAY_LEN(all_parts); i++)
		pause_ends(node, all_parts[i]);
}

void node_power(struct sim_node *node, bool on)
{
	struct mono start_at = mono_add(now_of(node), NS_PER_S);

	if (!on) {
		node->off = true;
		node_kill(node, SIM_ALL, -1);
		for (int i = 0; i < vip_count_of(node); i++) {
			kernel_remove_address(node, i);
			node->places[i].published = false;
		}
		start_at = MONO_NEVER;
	}
	node->off = !on;
	if (!node->main.process.running)
		node->main.process.start_at = start_at;
	if (!node->lbd.process.running && node_wants_lbd(node))
		node->lbd.process.start_at = start_at;
}

void node_restart(struct sim_node *node, int64_t back_ns)
{
	if (!node_is_responsive(node, &node->main.process))
		return;
	daemon_end(node);
	node->guardian.process = (struct sim_process){.start_at = MONO_NEVER};
	node->main.process = (struct sim_process){.start_at = mono_add(now_of(node), back_ns)};
}

void node_set_carrier(struct sim_node *node, int vip, bool carrier)
{
	if (node->places[vip].carrier == carrier)
		return;
	node->places[vip].carrier = carrier;
	daemon_link_changed(node);
}

void node_step_clock(struct sim_node *node, int64_t span_ns)
{
	node->real_offset_ns += span_ns;
	node->was_set = true;
}

void node_delete_address(struct sim_node *node, int vip)
{
	if (!node->places[vip].address)
		return;
	kernel_remove_address(node, vip);
	daemon_address_gone(node, vip);
}

void node_lose_uplink(struct sim_node *node, int step)
{
	node->uplink_lost += step;
}

void node_roll_out(struct sim_node *node, int64_t back_ns)
{
	for (int i = 0; i < node->sim->world.setup.node_count; i++) {
		if (node->sim->nodes[i].rollout > node->rollout)
			return;
	}
	if (node->rollout == VIP_ROLLOUT_ENFORCE || !node_is_responsive(node, &node->main.process))
		return;
	node->rollout--;
	node_restart(node, back_ns);
}

void node_failover(struct sim_node *node, int vip)
{
	if (!node_is_responsive(node, &node->main.process))
		return;
	for (int i = 0; i < vip_count_of(node); i++) {
		if (sim_goes_with(node->sim, vip, i))
			plan_start(&node->main.vips[i], false, false, 0);
	}
}

/* Where vrrpd cannot be told of the end, it is told when it starts again. */
void node_set_maintenance(struct sim_node *node, bool on)
{
	bool can_be_told = node_is_responsive(node, &node->main.process);

	if (can_be_told && on)
		plan_enter_maintenance(node);
	else if (node->main.process.running && !on)
		plan_end_maintenance(node);
	if (on)
		return;
	node->kept_maintenance = false;
	for (int i = 0; i < vip_count_of(node); i++) {
		node->places[i].kept_yielding = node->places[i].kept_yielding && !node->places[i].kept_lent;
		node->places[i].kept_lent = false;
	}
}

/* The order of things. */

static struct mono node_deadline(struct sim_node *node)
{
	const struct sim_process *const processes[] = {
		&node->main.process, &node->guardian.process, &node->lbd.process};
	struct mono deadline = mono_min(daemon_deadline(node), guardian_deadline(node));

	deadline = mono_min(deadline, lbd_deadline(node));
	for (int i = 0; i < vip_count_of(node); i++) {
		if (!node->frozen && node->places[i].address)
			deadline = mono_min(deadline, node->places[i].lease_end);
	}
	for (size_t i = 0; i < ARRAY_LEN(processes); i++) {
		if (!processes[i]->running && !node->off)
			deadline = mono_min(deadline, processes[i]->start_at);
		if (processes[i]->stalled_until.ns != 0)
			deadline = mono_min(deadline, processes[i]->stalled_until);
	}
	return deadline;
}

struct mono sim_deadline(struct sim *sim)
{
	struct mono deadline = world_deadline(&sim->world);

	for (int i = 0; i < sim->world.setup.node_count; i++) {
		struct sim_node *node = &sim->nodes[i];

		if (node->next.ns == 0)
			node->next = node_deadline(node);
		deadline = mono_min(deadline, node->next);
	}
	return deadline;
}

void sim_touch(struct sim *sim)
{
	sim->world.stirred = true;
	for (int i = 0; i < sim->world.setup.node_count; i++)
		sim->nodes[i].next = (struct mono){0};
}

static bool is_start_due(const struct sim_node *node, const struct sim_process *process)
{
	return !process->running && !node->off && mono_reached(process->start_at, now_of(node));
}

static bool node_step(struct sim_node *node)
{
	if (lapse(node) || end_stall(node, SIM_GUARDIAN) || end_stall(node, SIM_MAIN) || end_stall(node, SIM_FORWARDER))
		node->sim->world.stirred = true;
	else if (is_start_due(node, &node->main.process))
		main_start(node);
	else if (is_start_due(node, &node->lbd.process))
		lbd_start(node);
	else if (mono_reached(guardian_deadline(node), now_of(node)))
		guardian_fence(node);
	else if (mono_reached(lbd_deadline(node), now_of(node)))
		lbd_advance(node);
	else
		return daemon_fire(node);
	node->sim->world.stirred = true;
	return true;
}

static void arrive(struct sim *sim, struct sim_packet *packet)
{
	struct sim_node *node;

	if (packet->to >= sim->world.setup.node_count) {
		world_hear(&sim->world, packet);
		return;
	}
	node = &sim->nodes[packet->to];
	node->next = (struct mono){0};
	if (packet->kind == SIM_ARP_QUESTION)
		kernel_answer_arp(node, packet->net, packet->from);
	if (node->frozen || node->off)
		free(packet->message);
	else
		daemon_deliver(node, packet);
}

/* True: something happened, and more may be due. */
static bool node_live(struct sim_node *node)
{
	if (node->next.ns != 0 && !mono_reached(node->next, now_of(node)))
		return false;
	node->next = (struct mono){0};
	beat(node);
	return node_step(node);
}

bool sim_step(struct sim *sim)
{
	struct sim_packet packet;

	if (world_take_packet(&sim->world, &packet)) {
		arrive(sim, &packet);
		return true;
	}
	world_ask(&sim->world);
	for (int i = 0; i < sim->world.setup.node_count; i++) {
		if (node_live(&sim->nodes[i]))
			return true;
	}
	return false;
}

static void node_init(struct sim *sim, int index)
{
	const struct sim_setup *setup = &sim->world.setup;
	struct sim_node *node = &sim->nodes[index];

	node->sim = sim;
	node->index = index;
	node->source = (struct ip){.family = AF_INET, .bytes = {192, 0, 2, (uint8_t)(11 + index)}};
	if (!setup->ipv4)
		node->source =
			(struct ip){.family = AF_INET6, .bytes = {0xfe, 0x80, [15] = (uint8_t)(SIM_NODES_MAX - index)}};
	node->rollout = setup->rollout;
	node->real_offset_ns = setup->clock_offset_ns[index];
	for (int i = 0; i < setup->vip_count; i++)
		node->places[i] = (struct sim_place){.carrier = true, .lease_end = MONO_NEVER};
	node->main.process.start_at = mono_add(SIM_EPOCH, random_between(&sim->world.random, 0, 300 * NS_PER_MS));
	node->guardian.process.start_at = MONO_NEVER;
	node->lbd.process.start_at = node_wants_lbd(node)
					     ? mono_add(SIM_EPOCH, random_between(&sim->world.random, 0, NS_PER_S))
					     : MONO_NEVER;
}

static void make_vip(struct sim *sim, struct vip_conf *vip)
{
	const struct sim_setup *setup = &sim->world.setup;

	*vip = (struct vip_conf){
		.addresses = &sim->addresses[setup->ipv4 ? 0 : 1],
		.address_count = (size_t)(setup->ipv4 + setup->ipv6),
		.has_ipv4 = setup->ipv4,
		.has_ipv6 = setup->ipv6,
		.version = setup->version,
		.advert_interval_ns = setup->interval_ns,
		.authentication = setup->is_signed ? VIP_AUTHENTICATION_HMAC : VIP_AUTHENTICATION_NONE,
		.unicast = setup->unicast,
		.preempt = setup->preempt,
		.preempt_delay_ns = setup->preempt_delay_ns,
		.start_delay_ns = setup->start_delay_ns,
		.lease_ns = setup->lease_ns,
	};
}

/* One service with one pool, checked as the setup says. */
static void make_conf(struct sim *sim)
{
	static const struct service_conf services[] = {{.name = "web"}};

	sim->pool.check.kind = CHECK_TCP;
	sim->pool.check.interval_ns = sim->world.setup.check_interval_ns;
	sim->pool.check.timeout_ns = sim->world.setup.check_timeout_ns;
	strcpy(sim->conf.hash, "0123456789abcdef");
	sim->conf.services = services;
	sim->conf.service_count = ARRAY_LEN(services);
	sim->conf.pools = &sim->pool;
	sim->conf.pool_count = 1;
	sim->addresses[0].ip = (struct ip){.family = AF_INET, .bytes = {192, 0, 2, 100}};
	sim->addresses[1].ip = (struct ip){.family = AF_INET6, .bytes = {0xfe, 0x80, [15] = 100}};
	for (size_t i = 0; i < SIM_VIPS_MAX; i++)
		make_vip(sim, &sim->vips[i]);
	sim->conf.vips = sim->vips;
	sim->conf.vip_count = (size_t)sim->world.setup.vip_count;
	sim->bare = sim->conf;
	sim->bare.service_count = 0;
	sim->bare.pool_count = 0;
}

void sim_init(struct sim *sim, const struct sim_setup *setup, uint64_t seed, bool trace)
{
	memset(sim, 0, sizeof *sim);
	world_init(&sim->world, setup, seed, trace);
	make_conf(sim);
	for (size_t i = 0; i < SIM_VIPS_MAX; i++)
		sim->planned_to[i] = SIM_NOBODY;
	for (int i = 0; i < setup->node_count; i++)
		node_init(sim, i);
}

void sim_free(struct sim *sim)
{
	for (int i = 0; i < sim->world.setup.node_count; i++)
		daemon_forget(&sim->nodes[i]);
	world_free(&sim->world);
}
