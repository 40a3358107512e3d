/* SPDX-License-Identifier: MIT */
#include "tests/sim/scenarios.h"

#include <stdio.h>
#include <string.h>

#define MS NS_PER_MS

/* Node numbers are those of the trace: lb1 has priority 150, lb2 100; 100 ms, lease 2 s, with lbd. */
static const struct scenario {
	const char *name;
	bool side; /* the state port has its own network */
	bool both; /* it goes both ways */
	bool no_preempt;
	struct {
		int64_t at_ms;
		int node;
		enum fault_kind kind;
		int64_t span_ms;
	} faults[4];
	const char *owners; /* who claimed, one after the other */
	/* At the most, of DESIGN section 7 where that has a figure. */
	int64_t outage_ms; /* nobody in command of its vrrpd has it */
	int64_t double_ms; /* two nodes answer for it */
} scenarios[] = {
	{"quiet", .owners = "1"},
	{"planned", .faults = {{3000, 1, FAULT_FAILOVER, 0}}, .owners = "12", .double_ms = 10},
	{"planned-and-back", .faults = {{3000, 1, FAULT_FAILOVER, 0}, {5000, 1, FAULT_FAILOVER, 0}}, .owners = "121",
		.double_ms = 10},
	{"planned-then-the-taker-dies", .faults = {{3000, 1, FAULT_FAILOVER, 0}, {5000, 2, FAULT_POWER, 1000}},
		.owners = "121", .outage_ms = 400, .double_ms = 10},
	{"main-killed", .faults = {{3000, 1, FAULT_KILL_MAIN, 0}}, .owners = "121", .outage_ms = 100, .double_ms = 5},
	{"main-hangs", .faults = {{3000, 1, FAULT_STOP_MAIN, 3000}}, .owners = "121", .outage_ms = 400, .double_ms = 5},
	{"all-killed", .faults = {{3000, 1, FAULT_KILL_ALL, 6000}}, .owners = "121", .outage_ms = 400,
		.double_ms = 2200},
	{"everything-hangs", .faults = {{3000, 1, FAULT_STOP_ALL, 5000}}, .owners = "121", .outage_ms = 400,
		.double_ms = 2200},
	{"lbd-killed", .faults = {{3000, 1, FAULT_KILL_LBD, 0}}, .owners = "121", .outage_ms = 100, .double_ms = 5},
	{"lbd-hangs", .faults = {{3000, 1, FAULT_STOP_LBD, 2000}}, .owners = "121", .outage_ms = 100, .double_ms = 5},
	/* Who notices first resigns, since the other is not known to be sick yet; then nobody moves any more. */
	{"lbd-hangs-on-both", .faults = {{11000, 1, FAULT_STOP_LBD, 3000}, {11000, 2, FAULT_STOP_LBD, 3000}},
		.owners = "121", .outage_ms = 100, .double_ms = 5},
	{"power-loss", .faults = {{3000, 1, FAULT_POWER, 2000}}, .owners = "121", .outage_ms = 400, .double_ms = 5},
	{"cable-out", .faults = {{3000, 1, FAULT_CARRIER, 2000}}, .owners = "121", .outage_ms = 400, .double_ms = 5},
	{"cable-out-with-a-side-network", .side = true, .faults = {{3000, 1, FAULT_CARRIER, 2000}}, .owners = "121",
		.outage_ms = 100, .double_ms = 5},
	{"cable-out-no-preempt", .no_preempt = true, .faults = {{3000, 1, FAULT_CARRIER, 2000}}, .owners = "12",
		.outage_ms = 400, .double_ms = 5},
	{"adverts-lost-while-the-peer-is-heard", .side = true, .faults = {{3000, 2, FAULT_DEAF, 900}}, .owners = "1"},
	{"partition", .faults = {{3000, 1, FAULT_WALL, 3000}}, .owners = "12", .double_ms = 3200},
	{"the-machine-pauses", .faults = {{3000, 1, FAULT_FREEZE, 1000}}, .owners = "121", .outage_ms = 400,
		.double_ms = 5},
	{"address-deleted", .faults = {{3000, 1, FAULT_ADDRESS, 0}}, .owners = "1"},
};

/* The first claim is the start's; what counts comes after it. */
static bool tell(struct run *run, const struct scenario *scenario, bool trace)
{
	struct sim_setup setup = {
		.node_count = 2,
		.vip_count = 1,
		.version = 3,
		.ipv4 = true,
		.is_signed = true,
		.priority = {150, 100},
		.interval_ns = 100 * MS,
		.lease_ns = 2 * NS_PER_S,
		.preempt = !scenario->no_preempt,
		.paths = scenario->both   ? SIM_PATH_LAN | SIM_PATH_SIDE
			 : scenario->side ? SIM_PATH_SIDE
					  : SIM_PATH_LAN,
		.lbd_wanted = true,
		.check_interval_ns = 300 * MS,
		.check_timeout_ns = 300 * MS,
		.latency_ns = 100 * NS_PER_US,
		.jitter_ns = 50 * NS_PER_US,
	};
	struct sim_fault faults[ARRAY_LEN(scenario->faults)];
	size_t count = 0;

	for (; count < ARRAY_LEN(faults) && scenario->faults[count].at_ms != 0; count++)
		faults[count] = (struct sim_fault){
			.kind = scenario->faults[count].kind,
			.node = scenario->faults[count].node - 1,
			.at_ns = scenario->faults[count].at_ms * MS,
			.span_ns = scenario->faults[count].span_ms * MS,
		};
	if (run_told(run, &setup, faults, count, trace) && strcmp(run->watch.vips[0].owners, scenario->owners) == 0 &&
		run->watch.vips[0].outage_ns <= scenario->outage_ms * MS &&
		run->watch.vips[0].double_ns <= scenario->double_ms * MS)
		return true;
	printf("scenario %s: owners %s, none for %.1f ms, two for %.1f ms%s%s\n"
	       "  expected: owners %s, none for %.1f ms at most, two for %.1f\n  tests/sim/sim --scenario=%s\n",
		scenario->name, run->watch.vips[0].owners, (double)run->watch.vips[0].outage_ns / 1e6,
		(double)run->watch.vips[0].double_ns / 1e6, run->watch.failed ? "; " : "", run->watch.text,
		scenario->owners, (double)scenario->outage_ms, (double)scenario->double_ms, scenario->name);
	return false;
}

int scenarios_tell(struct run *run, const char *name)
{
	int told = 0, failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
		if (name != NULL && strcmp(name, scenarios[i].name) != 0)
			continue;
		told++;
		failed += !tell(run, &scenarios[i], name != NULL);
	}
	printf("%d scenarios, %d failed\n", told, failed);
	return told == 0 ? 1 : failed;
}
