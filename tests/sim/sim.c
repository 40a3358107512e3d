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
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEEDS 10000
/*
 * What a run of `make check` may take. sim-fast, built without sanitizers, is through with all seeds long before; sim
 * looks at fewer of them with the sanitizers' eyes.
 */
#if defined(__has_feature)
#define HAS_FEATURE(feature) __has_feature(feature)
#else
#define HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define LIMIT_S 8
#else
#define LIMIT_S 55
#endif
/* Fewer than this prove nothing, whatever the time that they take. */
#define SEEDS_LEAST 100
/* So many say how much of the time is exempt, and that each rule was put to the test. */
#define SEEDS_MANY 1000
#define JOBS_MAX 4

struct options {
	uint64_t first;
	uint64_t seeds;
	int64_t limit_ns;
	unsigned jobs;
	bool trace;
	bool stats;
	bool until_failure;
	bool scenarios;       /* all of them */
	const char *scenario; /* or this one alone, with its trace */
};

/* What one process has found; the processes share the seeds among them. */
struct job {
	uint64_t ran;
	uint64_t failed;
	int64_t longest_ns[WATCH_RULE_COUNT];
	uint64_t begun[WATCH_RULE_COUNT];
	int64_t lived_ns;
	int64_t exempt_ns[WATCH_EXEMPT_COUNT];
	unsigned claims[16]; /* runs in which a vip was claimed so often without any fault in between */
};

static int usage(FILE *to)
{
	fputs("sim [--seeds=N] [--seconds=S] [--seed=K] [--trace] [--stats] [--scenario=NAME]\n"
	      "  --seeds=N     run so many seeds, from 1 or from --seed=K on\n"
	      "  --seconds=S   stop after so long, with no less than a hundred\n"
	      "  --seed=K      run this one alone, or begin with it\n"
	      "  --trace       print what happens\n"
	      "  --jobs=N      share the seeds among so many processes\n"
	      "  --until-failure  stop at the first scenario or seed that fails\n"
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
		{"jobs", required_argument, NULL, 'j'},
		{"until-failure", no_argument, NULL, 'f'},
		{"trace", no_argument, NULL, 't'},
		{"stats", no_argument, NULL, 'l'},
		{"scenario", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct options options = {.scenarios = true, .first = 1, .seeds = SEEDS, .limit_ns = LIMIT_S * NS_PER_S};
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int option;

	options.jobs = cores < 1 ? 1 : (unsigned)MIN(cores, (long)JOBS_MAX);
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
		case 'j':
			options.jobs = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 't':
			options.trace = true;
			break;
		case 'l':
			options.stats = true;
			break;
		case 'f':
			options.until_failure = true;
			break;
		case 'o':
			options.scenario = optarg;
			break;
		default:
			return -EINVAL;
		}
	}
	if (options.jobs == 0 || options.jobs > JOBS_MAX)
		return -EINVAL;
	*ret_options = options;
	return 0;
}

/* The seeds of job number `which`: each options->jobs'th. */
static void work(const struct options *options, const char *program, unsigned which, struct mono start, struct job *job)
{
	static struct run run;

	for (uint64_t i = which; i < options->seeds; i += options->jobs) {
		uint64_t seed = options->first + i;

		if (mono_diff(clock_mono(), start) > options->limit_ns && i >= SEEDS_LEAST)
			break;
		if (options->until_failure && job->failed > 0)
			break;
		job->ran++;
		if (!run_seed(&run, seed, options->trace)) {
			job->failed++;
			printf("seed %" PRIu64 ": %s\n  %s --seed=%" PRIu64 " --trace\n", seed, run.watch.text, program,
				seed);
			fflush(stdout);
		}
		for (size_t k = 0; k < WATCH_RULE_COUNT; k++) {
			job->longest_ns[k] = MAX(job->longest_ns[k], run.watch.longest_ns[k]);
			job->begun[k] += run.watch.begun[k];
		}
		job->lived_ns += run.watch.lived_ns;
		for (size_t k = 0; k < WATCH_EXEMPT_COUNT; k++)
			job->exempt_ns[k] += run.watch.exempt_ns[k];
		job->claims[MIN(run.watch.most_claims, (unsigned)ARRAY_LEN(job->claims) - 1)]++;
	}
}

/* Adds what the other has found; a job whose process did not come to its end is a failure. */
static void add_job(struct job *sum, const struct job *job, bool ended)
{
	sum->ran += job->ran;
	sum->failed += job->failed + (ended ? 0 : 1);
	for (size_t i = 0; i < WATCH_RULE_COUNT; i++) {
		sum->longest_ns[i] = MAX(sum->longest_ns[i], job->longest_ns[i]);
		sum->begun[i] += job->begun[i];
	}
	sum->lived_ns += job->lived_ns;
	for (size_t i = 0; i < WATCH_EXEMPT_COUNT; i++)
		sum->exempt_ns[i] += job->exempt_ns[i];
	for (size_t i = 0; i < ARRAY_LEN(sum->claims); i++)
		sum->claims[i] += job->claims[i];
}

static int share_work(const struct options *options, const char *program, struct mono start, struct job *ret_sum)
{
	struct job *jobs =
		mmap(NULL, JOBS_MAX * sizeof *jobs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[JOBS_MAX];

	if (jobs == MAP_FAILED)
		return -errno;
	fflush(stdout);
	for (unsigned i = 0; i < options->jobs; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			return -errno;
		if (pids[i] == 0) {
			work(options, program, i, start, &jobs[i]);
			exit(0);
		}
	}
	for (unsigned i = 0; i < options->jobs; i++) {
		int status = -1;

		add_job(ret_sum, &jobs[i], waitpid(pids[i], &status, 0) == pids[i] && status == 0);
	}
	munmap(jobs, JOBS_MAX * sizeof *jobs);
	return 0;
}

static double exempt_percent(const struct job *sum, enum watch_exempt exempt)
{
	return 100.0 * (double)sum->exempt_ns[exempt] / (double)sum->lived_ns;
}

/* Rules that were hardly asked, or asked nothing of anybody, prove nothing. Returns how many. */
static unsigned count_vacuous(const struct job *sum)
{
	unsigned vacuous = 0;

	if (sum->ran < SEEDS_MANY)
		return 0;
	for (enum watch_exempt i = 0; i < WATCH_EXEMPT_COUNT; i++) {
		if (exempt_percent(sum, i) <= watch_exempt_limit(i))
			continue;
		printf("too much of the time was exempt: %s\n", watch_exempt_name(i));
		vacuous++;
	}
	for (enum watch_rule i = 0; i < WATCH_RULE_COUNT; i++) {
		if (sum->begun[i] > 0)
			continue;
		printf("never put to the test: %s\n", watch_rule_name(i));
		vacuous++;
	}
	return vacuous;
}

static void print_sum(const struct options *options, const struct job *sum, struct mono start)
{
	for (size_t i = 0; options->stats && i < WATCH_RULE_COUNT; i++)
		printf("%8.1f ms at most, %" PRIu64 " times:  %s\n", (double)sum->longest_ns[i] / 1e6, sum->begun[i],
			watch_rule_name((enum watch_rule)i));
	for (size_t i = 0; options->stats && i < ARRAY_LEN(sum->claims); i++) {
		if (sum->claims[i] > 0)
			printf("%8u runs in which a vip was claimed %zu times without a fault in between\n",
				sum->claims[i], i);
	}
	for (enum watch_exempt i = 0; sum->lived_ns > 0 && i < WATCH_EXEMPT_COUNT; i++)
		printf("%5.1f %% of a vip's time (%.0f at most): %s\n", exempt_percent(sum, i), watch_exempt_limit(i),
			watch_exempt_name(i));
	printf("%" PRIu64 " seeds in %.1f s, %" PRIu64 " failed%s\n", sum->ran,
		(double)mono_diff(clock_mono(), start) / 1e9, sum->failed,
		sum->ran < options->seeds ? " (the rest did not fit into the time)" : "");
}

int main(int argc, char *argv[])
{
	static struct run run;
	struct options options;
	struct job sum = {0};
	struct mono start = clock_mono();
	int r = 0;

	if (parse(argc, argv, &options) < 0)
		return usage(stderr);
	if (options.scenario != NULL)
		return scenarios_tell(&run, options.scenario);
	if (options.scenarios)
		sum.failed += (uint64_t)scenarios_tell(&run, NULL);
	if (options.until_failure && sum.failed > 0)
		return 1;
	if (options.seeds == 1)
		work(&options, argv[0], 0, start, &sum);
	else
		r = share_work(&options, argv[0], start, &sum);
	if (r < 0)
		fprintf(stderr, "sim: the seeds could not be shared among processes: %s\n", strerror(-r));
	print_sum(&options, &sum, start);
	return r < 0 || sum.ran == 0 || sum.failed > 0 || count_vacuous(&sum) > 0 ? 1 : 0;
}
