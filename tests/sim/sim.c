/* SPDX-License-Identifier: MIT */
/*
 * sim [--seed=K] [--seeds=N] [--seconds=S] [--trace]: runs the pair through random faults, and holds each run against
 * the rules of watch.c. A run is its seed: one that fails is run again with its trace.
 */
#include "common/system/clock.h"
#include "tests/sim/faults.h"
#include "tests/sim/watch.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FAULTS_MAX 12
#define SEEDS 10000
/* What a run of `make check` may take; where sanitizers slow it down, it is fewer seeds, and that is said. */
#if defined(__has_feature)
#define HAS_FEATURE(feature) __has_feature(feature)
#else
#define HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define LIMIT_S 20
#else
#define LIMIT_S 60
#endif
/* Fewer than this prove nothing, whatever the time that they take. */
#define SEEDS_LEAST 100
/* The pair starts, is put to the test, and is left in peace. */
#define CALM_NS (2 * NS_PER_S)
#define TROUBLE_NS (8 * NS_PER_S)
#define PEACE_NS (16 * NS_PER_S)
#define REST_NS (3 * NS_PER_S)

struct run {
	struct sim sim;
	struct sim_watch watch;
	struct sim_fault faults[FAULTS_MAX];
	bool begun[FAULTS_MAX];
	bool ended[FAULTS_MAX];
	size_t fault_count;
};

/* Setups: what people configure, and what lies at the edges. */
static struct sim_setup draw_setup(struct sim_random *random)
{
	static const uint8_t priorities[][2] = {
		{150, 100}, {150, 100}, {100, 150}, {100, 100}, {200, 199}, {254, 1}, {255, 100}};
	static const int64_t intervals_ms[] = {100, 100, 100, 100, 200, 50, 1000, 10};
	const uint8_t *pair = priorities[random_between(random, 0, ARRAY_LEN(priorities) - 1)];
	struct sim_setup setup = {
		.node_count = 2,
		.priority = {pair[0], pair[1]},
		.interval_ns = intervals_ms[random_between(random, 0, ARRAY_LEN(intervals_ms) - 1)] * NS_PER_MS,
		.lease_ns = random_between(random, 1, 3) * NS_PER_S,
		.preempt = !random_one_in(random, 4),
		.preempt_delay_ns = random_one_in(random, 4) ? 700 * NS_PER_MS : 0,
		.side = random_one_in(random, 3),
		.lbd_wanted = !random_one_in(random, 4),
		.check_interval_ns = random_one_in(random, 2) ? NS_PER_S : 300 * NS_PER_MS,
		.latency_ns = random_between(random, 20, 500) * NS_PER_US,
	};

	setup.check_timeout_ns = setup.check_interval_ns;
	setup.jitter_ns = random_one_in(random, 2) ? setup.latency_ns : setup.interval_ns / 20;
	if (random_one_in(random, 4))
		setup.clock_offset_ns[0] = random_between(random, -20, 20) * NS_PER_S;
	return setup;
}

static void prepare(struct run *run, uint64_t seed, bool trace)
{
	/* The setup is drawn from a stream of its own. */
	struct sim_random random = {.state = seed ^ UINT64_C(0x5eed)};
	struct sim_setup setup = draw_setup(&random);

	memset(run->begun, 0, sizeof run->begun);
	memset(run->ended, 0, sizeof run->ended);
	sim_init(&run->sim, &setup, seed, trace);
	watch_init(&run->watch);
	run->sim.world.duplicate_percent = random_one_in(&random, 3) ? 5 : 0;
	run->fault_count = (size_t)random_between(&random, 1, FAULTS_MAX);
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

static void do_faults(struct run *run)
{
	for (size_t i = 0; i < run->fault_count; i++) {
		if (!mono_reached(fault_at(run, i), run->sim.world.now))
			continue;
		if (run->begun[i]) {
			run->ended[i] = true;
			fault_end(&run->sim, &run->faults[i]);
		} else {
			run->begun[i] = true;
			fault_begin(&run->sim, &run->faults[i]);
		}
		watch_look(&run->watch, &run->sim);
	}
}

/* One moment: all that is due now. */
static void live_through(struct run *run, struct mono now)
{
	run->sim.world.now = now;
	/* What has lasted until this moment, before anything changes. */
	do_faults(run);
	do
		watch_look(&run->watch, &run->sim);
	while (sim_step(&run->sim) && !run->watch.failed);
}

static struct mono next_moment(const struct run *run)
{
	struct mono next = sim_deadline(&run->sim);

	for (size_t i = 0; i < run->fault_count; i++)
		next = mono_min(next, fault_at(run, i));
	return next;
}

static uint64_t count_claims(const struct sim *sim)
{
	uint64_t claims = 0;

	for (int i = 0; i < sim->world.setup.node_count; i++)
		claims += sim->nodes[i].record.claims;
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
	const struct sim_setup *setup = &run->sim.world.setup;

	world_note(&run->sim.world, SIM_NOBODY,
		"seed %" PRIu64 ": priorities %u and %u, interval %" PRId64 " ms, lease %" PRId64
		" s, preempt %d after %" PRId64 " ms, %s, %s, clock of lb1 %" PRId64 " s off",
		seed, setup->priority[0], setup->priority[1], setup->interval_ns / NS_PER_MS,
		setup->lease_ns / NS_PER_S, setup->preempt, setup->preempt_delay_ns / NS_PER_MS,
		setup->side ? "state port on a side network" : "state port on the LAN",
		setup->lbd_wanted ? "with lbd" : "without lbd", setup->clock_offset_ns[0] / NS_PER_S);
}

/* True: every rule held. */
static bool run_seed(struct run *run, uint64_t seed, bool trace)
{
	struct mono rest = mono_add(SIM_EPOCH, CALM_NS + TROUBLE_NS + PEACE_NS);
	uint64_t claims;

	prepare(run, seed, trace);
	describe(run, seed);
	if (live_until(run, rest)) {
		claims = count_claims(&run->sim);
		if (live_until(run, mono_add(rest, REST_NS))) {
			watch_end(&run->watch, &run->sim);
			if (count_claims(&run->sim) != claims && !run->watch.failed) {
				run->watch.failed = true;
				snprintf(run->watch.text, sizeof run->watch.text,
					"the vip moved when everything had been well for long");
			}
		}
	}
	sim_free(&run->sim);
	return !run->watch.failed;
}

struct options {
	uint64_t first;
	uint64_t seeds;
	int64_t limit_ns;
	bool trace;
	bool stats;
};

static int usage(FILE *to)
{
	fputs("sim [--seeds=N] [--seconds=S] [--seed=K] [--trace] [--stats]\n"
	      "  --seeds=N     run so many seeds, from 1 or from --seed=K on\n"
	      "  --seconds=S   stop after so long, with no less than a hundred\n"
	      "  --seed=K      run this one alone, or begin with it\n"
	      "  --trace       print what happens\n"
	      "  --stats       print the longest time that each rule was strained\n",
		to);
	return to == stdout ? 0 : 2;
}

static int parse(int argc, char *argv[], struct options *ret_options)
{
	static const struct option table[] = {
		{"seeds", required_argument, NULL, 'n'},
		{"seconds", required_argument, NULL, 's'},
		{"seed", required_argument, NULL, 'k'},
		{"trace", no_argument, NULL, 't'},
		{"stats", no_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct options options = {.first = 1, .seeds = SEEDS, .limit_ns = LIMIT_S * NS_PER_S};
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (option) {
		case 'n':
			options.seeds = strtoull(optarg, NULL, 10);
			break;
		case 's':
			options.limit_ns = strtoll(optarg, NULL, 10) * NS_PER_S;
			break;
		case 'k':
			options.first = strtoull(optarg, NULL, 10);
			options.seeds = 1;
			break;
		case 't':
			options.trace = true;
			break;
		case 'l':
			options.stats = true;
			break;
		default:
			return -EINVAL;
		}
	}
	*ret_options = options;
	return 0;
}

int main(int argc, char *argv[])
{
	static struct run run;
	struct options options;
	struct mono start = clock_mono();
	int64_t longest_ns[WATCH_RULE_COUNT] = {0};
	uint64_t ran = 0, failed = 0;

	if (parse(argc, argv, &options) < 0)
		return usage(stderr);
	for (; ran < options.seeds; ran++) {
		uint64_t seed = options.first + ran;

		if (mono_diff(clock_mono(), start) > options.limit_ns && ran >= SEEDS_LEAST)
			break;
		if (!run_seed(&run, seed, options.trace)) {
			failed++;
			printf("seed %" PRIu64 ": %s\n  %s --seed=%" PRIu64 " --trace\n", seed, run.watch.text, argv[0],
				seed);
		}
		for (size_t i = 0; i < WATCH_RULE_COUNT; i++)
			longest_ns[i] = MAX(longest_ns[i], run.watch.longest_ns[i]);
	}
	for (size_t i = 0; options.stats && i < WATCH_RULE_COUNT; i++)
		printf("%8.1f ms  %s\n", (double)longest_ns[i] / 1e6, watch_rule_name((enum watch_rule)i));
	printf("%" PRIu64 " seeds in %.1f s, %" PRIu64 " failed\n", ran, (double)mono_diff(clock_mono(), start) / 1e9,
		failed);
	return ran == 0 || failed > 0 ? 1 : 0;
}
