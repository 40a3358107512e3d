/* SPDX-License-Identifier: MIT */
/*
 * sim [--seed=K] [--seeds=N] [--seconds=S] [--trace]: tells the scenarios, then runs the pair through random faults,
 * and holds each run against the rules of watch.c. A run is its seed: one that fails is run again with its trace.
 */
#include "common/system/clock.h"
#include "tests/sim/scenarios.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

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
struct options {
	uint64_t first;
	uint64_t seeds;
	int64_t limit_ns;
	bool trace;
	bool stats;
	bool scenarios;       /* all of them */
	const char *scenario; /* or this one alone, with its trace */
};

static int usage(FILE *to)
{
	fputs("sim [--seeds=N] [--seconds=S] [--seed=K] [--trace] [--stats] [--scenario=NAME]\n"
	      "  --seeds=N     run so many seeds, from 1 or from --seed=K on\n"
	      "  --seconds=S   stop after so long, with no less than a hundred\n"
	      "  --seed=K      run this one alone, or begin with it\n"
	      "  --trace       print what happens\n"
	      "  --scenario=NAME  tell this one, with its trace\n"
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
		{"scenario", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct options options = {.scenarios = true, .first = 1, .seeds = SEEDS, .limit_ns = LIMIT_S * NS_PER_S};
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
			options.scenarios = false;
			break;
		case 't':
			options.trace = true;
			break;
		case 'l':
			options.stats = true;
			break;
		case 'o':
			options.scenario = optarg;
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
	if (options.scenario != NULL)
		return scenarios_tell(&run, options.scenario);
	if (options.scenarios)
		failed += (uint64_t)scenarios_tell(&run, NULL);
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
