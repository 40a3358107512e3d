/* SPDX-License-Identifier: MIT */
#include "tests/sim/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The pair starts, is put to the test, and is left in peace. */
#define CALM_NS (2 * NS_PER_S)
#define TROUBLE_NS (8 * NS_PER_S)
#define PEACE_NS (12 * NS_PER_S)
#define PEACE_INTERVALS 4
#define REST_NS (3 * NS_PER_S)
#define LOOK_NS (25 * NS_PER_MS)
/* What a moment may hold: thousands of packets and timers. More is a timer that is due again as soon as it was served.
 */
#define STEPS_MAX 100000

/* The pair's priorities; the others, who speak VRRP alone, are around them. */
static void draw_priorities(struct sim_random *random, struct sim_setup *setup)
{
	static const uint8_t pairs[][SIM_PAIR] = {
		{150, 100}, {150, 100}, {100, 150}, {100, 100}, {200, 199}, {254, 1}, {255, 100}};
	static const uint8_t others[] = {50, 120, 180};
	const uint8_t *pair = pairs[random_between(random, 0, ARRAY_LEN(pairs) - 1)];

	setup->node_count = random_one_in(random, 8) ? (int)random_between(random, 3, SIM_NODES_MAX) : SIM_PAIR;
	for (int i = 0; i < setup->node_count; i++)
		setup->priority[i] = i < SIM_PAIR ? pair[i] : others[random_between(random, 0, ARRAY_LEN(others) - 1)];
}

static void draw_times(struct sim_random *random, struct sim_setup *setup)
{
	static const int64_t intervals_ms[] = {100, 100, 100, 100, 200, 50, 1000, 10};

	setup->version = random_one_in(random, 10) ? 2 : 3;
	setup->interval_ns = intervals_ms[random_between(random, 0, ARRAY_LEN(intervals_ms) - 1)] * NS_PER_MS;
	/* It counts in seconds. */
	if (setup->version == 2)
		setup->interval_ns = NS_PER_S;
	setup->lease_ns = random_between(random, 1, 3) * NS_PER_S;
	setup->preempt = !random_one_in(random, 4);
	setup->preempt_delay_ns = random_one_in(random, 4) ? 700 * NS_PER_MS : 0;
	setup->start_delay_ns = random_one_in(random, 8) ? 600 * NS_PER_MS : 0;
	setup->check_interval_ns = random_one_in(random, 2) ? NS_PER_S : 300 * NS_PER_MS;
	setup->check_timeout_ns = setup->check_interval_ns;
	setup->latency_ns = random_between(random, 20, 500) * NS_PER_US;
	setup->jitter_ns = random_one_in(random, 2) ? setup->latency_ns : setup->interval_ns / 20;
	if (setup->node_count == SIM_PAIR && random_one_in(random, 4))
		setup->clock_offset_ns[0] = random_between(random, -20, 20) * NS_PER_S;
}

/* Setups: what people configure, and what lies at the edges. */
static struct sim_setup draw_setup(struct sim_random *random)
{
	static const unsigned paths[] = {SIM_PATH_LAN, SIM_PATH_LAN, SIM_PATH_SIDE, SIM_PATH_LAN | SIM_PATH_SIDE,
		SIM_PATH_LAN | SIM_PATH_SIDE, 0};
	struct sim_setup setup = {.vip_count = 1, .ipv4 = true};
	int64_t family = random_between(random, 0, 7);

	draw_priorities(random, &setup);
	draw_times(random, &setup);
	setup.lbd_wanted = !random_one_in(random, 4);
	setup.tracks = random_one_in(random, 4);
	if (random_one_in(random, 3))
		setup.gateway = (int)random_between(random, 1, setup.node_count);
	setup.paths = paths[random_between(random, 0, ARRAY_LEN(paths) - 1)];
	setup.is_signed = setup.version == 3 && !random_one_in(random, 5);
	setup.rollout = random_one_in(random, 4) ? VIP_ROLLOUT_RECEIVE_ONLY : VIP_ROLLOUT_ENFORCE;
	if (setup.node_count == SIM_PAIR) {
		setup.vip_count = random_one_in(random, 4) ? SIM_VIPS_MAX : 1;
		setup.grouped = setup.vip_count > 1 && !random_one_in(random, 3);
		setup.unicast = random_one_in(random, 6);
	}
	if (setup.version == 3) {
		setup.ipv6 = family <= 2;
		setup.ipv4 = family != 0;
	}
	setup.vip_room = random_one_in(random, 2) ? 1 : PEER_VIPS_MAX;
	return setup;
}

static void clear(struct run *run)
{
	memset(run->begun, 0, sizeof run->begun);
	memset(run->ended, 0, sizeof run->ended);
	run->fault_at = SIM_EPOCH;
	run->look_at = SIM_EPOCH;
	watch_init(&run->watch);
}

static void prepare(struct run *run, uint64_t seed, bool trace)
{
	/* The setup is drawn from a stream of its own. */
	struct sim_random random = {.state = seed ^ UINT64_C(0x5eed)};
	struct sim_setup setup = draw_setup(&random);

	clear(run);
	sim_init(&run->sim, &setup, seed, trace);
	run->sim.world.duplicate_percent = random_one_in(&random, 3) ? 5 : 0;
	run->fault_count = (size_t)random_between(&random, 1, RUN_FAULTS_MAX);
	for (size_t i = 0; i < run->fault_count; i++)
		run->faults[i] = fault_draw(&run->sim, CALM_NS, CALM_NS + TROUBLE_NS);
}

static struct mono fault_at(const struct run *run, size_t i)
{
	const struct sim_fault *fault = &run->faults[i];
	struct mono at = mono_add(SIM_EPOCH, fault->at_ns);

	if (!run->begun[i])
		return at;
	return fault_lasts(fault->kind) && !run->ended[i] ? mono_add(at, fault->span_ns) : MONO_NEVER;
}

/* When something has changed, and now and then for what time alone changes. */
static void look(struct run *run)
{
	run->sim.world.stirred = false;
	run->look_at = mono_add(run->sim.world.now, LOOK_NS);
	watch_look(&run->watch, &run->sim);
}

static void do_fault(struct run *run, size_t i)
{
	if (run->begun[i]) {
		run->ended[i] = true;
		fault_end(&run->sim, &run->faults[i]);
	} else {
		run->begun[i] = true;
		fault_begin(&run->sim, &run->faults[i]);
	}
	sim_touch(&run->sim);
	watch_disturb(&run->watch);
	look(run);
}

static void do_faults(struct run *run)
{
	if (!mono_reached(run->fault_at, run->sim.world.now))
		return;
	run->fault_at = MONO_NEVER;
	for (size_t i = 0; i < run->fault_count; i++) {
		if (mono_reached(fault_at(run, i), run->sim.world.now))
			do_fault(run, i);
		run->fault_at = mono_min(run->fault_at, fault_at(run, i));
	}
}

/* One moment: all that is due now. */
static void live_through(struct run *run, struct mono now)
{
	unsigned steps = 0;

	run->sim.world.now = now;
	do_faults(run);
	while (!run->watch.failed && sim_step(&run->sim)) {
		if (++steps > STEPS_MAX)
			watch_fail(&run->watch, &run->sim, "something is due again and again, and no time passes");
		if (run->sim.world.stirred || mono_reached(run->look_at, now))
			look(run);
	}
}

static struct mono next_moment(struct run *run)
{
	return mono_min(sim_deadline(&run->sim), run->fault_at);
}

static uint64_t count_claims(const struct sim *sim)
{
	uint64_t claims = 0;

	for (int i = 0; i < sim->world.setup.node_count; i++) {
		for (int k = 0; k < sim->world.setup.vip_count; k++)
			claims += sim->nodes[i].records[k].claims;
	}
	return claims;
}

static bool live_until(struct run *run, struct mono end)
{
	while (!run->watch.failed) {
		struct mono next = next_moment(run);

		if (mono_before(end, next))
			return true;
		live_through(run, next);
	}
	return false;
}

static void describe(const struct run *run, uint64_t seed)
{
	static const char *const paths[] = {"no state port", "state port on the LAN", "state port on a side network",
		"state port on the LAN and a side network"};
	const struct sim_setup *setup = &run->sim.world.setup;
	const struct sim_world *world = &run->sim.world;

	world_note(world, SIM_NOBODY, "seed %" PRIu64 ": %d nodes, %d vips%s, version %u by%s%s%s, %s%s", seed,
		setup->node_count, setup->vip_count, setup->grouped ? " of one group" : "", setup->version,
		setup->ipv4 ? " IPv4" : "", setup->ipv6 ? " IPv6" : "", setup->unicast ? ", unicast" : "",
		!setup->is_signed ? "unsigned" : "signed", setup->rollout == VIP_ROLLOUT_ENFORCE ? "" : ", rolled out");
	for (int i = 0; i < setup->node_count; i++)
		world_note(world, i, "priority %u, clock %" PRId64 " s off", setup->priority[i],
			setup->clock_offset_ns[i] / NS_PER_S);
	world_note(world, SIM_NOBODY,
		"interval %" PRId64 " ms, lease %" PRId64 " s, preempt %d after %" PRId64 " ms, start after %" PRId64
		" ms, %s, %s%s",
		setup->interval_ns / NS_PER_MS, setup->lease_ns / NS_PER_S, setup->preempt,
		setup->preempt_delay_ns / NS_PER_MS, setup->start_delay_ns / NS_PER_MS, paths[setup->paths],
		setup->lbd_wanted ? "with lbd" : "without lbd", setup->tracks ? ", tracks an uplink" : "");
}

/* Lives through the faults and the peace after them, and looks at what has come of it. */
static bool live(struct run *run)
{
	int64_t peace_ns = PEACE_NS + PEACE_INTERVALS * run->sim.world.setup.interval_ns;
	struct mono rest = mono_add(SIM_EPOCH, CALM_NS + TROUBLE_NS + peace_ns);
	uint64_t claims;

	if (live_until(run, rest)) {
		claims = count_claims(&run->sim);
		if (live_until(run, mono_add(rest, REST_NS))) {
			watch_end(&run->watch, &run->sim);
			if (count_claims(&run->sim) != claims)
				watch_fail(
					&run->watch, &run->sim, "the vip moved when everything had been well for long");
		}
	}
	sim_free(&run->sim);
	return !run->watch.failed;
}

bool run_seed(struct run *run, uint64_t seed, bool trace)
{
	prepare(run, seed, trace);
	describe(run, seed);
	return live(run);
}

bool run_told(struct run *run, const struct sim_setup *setup, const struct sim_fault *faults, size_t count, bool trace)
{
	assert(count <= RUN_FAULTS_MAX);
	clear(run);
	sim_init(&run->sim, setup, 1, trace);
	memcpy(run->faults, faults, count * sizeof *faults);
	run->fault_count = count;
	return live(run);
}
