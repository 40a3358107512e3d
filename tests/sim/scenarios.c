/* SPDX-License-Identifier: MIT */
#include "tests/sim/scenarios.h"

#include <stdio.h>
#include <string.h>

#define MS NS_PER_MS

/* Node numbers are those of the trace: lb1 has priority 150, lb2 100; 100 ms, lease 2 s, with lbd. */
static const struct scenario {
	const char *name;
	bool side;  /* the state port has its own network */
	bool both;  /* it goes both ways */
	bool alone; /* there is none */
	bool no_preempt;
	bool group; /* of two vips, each on a LAN of its own; both have the same owners */
	bool tracks;
	bool rolls_out;
	bool unicast;
	bool ipv6;
	bool owner; /* lb1's priority is 255 */
	bool quiet; /* no neighbour speaks unasked */
	int start_delay_ms;
	int latency_ms; /* 0: 0.1 */
	int gateway;    /* the neighbour that is one; 0: none is */
	int nodes;      /* 0: two; the third has priority 120 */
	int version;    /* 0: 3; version 2 at an interval of 1 s, unsigned */
	struct {
		int64_t at_ms;
		int node;
		enum fault_kind kind;
		int64_t span_ms;
	} faults[6];
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
	/* What it reads first are none of lb1's adverts; they are there. */
	{"the-backup-stalls-in-a-flood", .alone = true,
		.faults = {{2990, 2, FAULT_STOP_GUARDIAN, 900}, {3000, 2, FAULT_FLOOD, 800}}, .owners = "1"},
	/* lb3 comes back: lb2 gives way to it, which is no word to lb1. */
	{"demoted-by-a-third", .nodes = 3, .no_preempt = true,
		.faults = {{3000, 3, FAULT_PARTITION, 5000}, {4000, 1, FAULT_RESTART, 100}}, .owners = "3132",
		.outage_ms = 100, .double_ms = 5000},
	/* What lbd found before the cable came back is no longer so. */
	{"cable-back-and-the-servers-gone",
		.faults = {{3000, 1, FAULT_CARRIER, 2000}, {4200, 1, FAULT_SERVERS, 9000},
			{9000, 1, FAULT_RESTART, 300}},
		.owners = "121", .outage_ms = 400, .double_ms = 5},
	/* Of the one vip lb1 does not hear that lb2 preempts it; of the other it does. */
	{"group-preempted-by-halves", .group = true, .both = true, .tracks = true,
		.faults = {{4000, 1, FAULT_UPLINK, 3000}, {4350, 1, FAULT_DEAF, 600}}, .owners = "121",
		.outage_ms = 100, .double_ms = 5},
	/* Nothing answers lb1 any more, and what it is told of at lb2's side neither: it gives up. */
	{"dead-port", .both = true, .faults = {{3000, 1, FAULT_DEAD_PORT, 5000}}, .owners = "121", .outage_ms = 1000,
		.double_ms = 5},
	{"mute-port", .both = true, .faults = {{3000, 1, FAULT_MUTE, 5000}}, .owners = "121", .outage_ms = 1500,
		.double_ms = 5},
	{"dead-port-of-the-backup", .both = true, .faults = {{3000, 2, FAULT_DEAD_PORT, 5000}}, .owners = "1"},
	{"deaf-backup", .both = true, .faults = {{3000, 2, FAULT_DEAF, 5000}}, .owners = "1"},
	/* Nothing comes to lb1; by the side network it learns that it is not for want of hosts. */
	{"deaf-active", .both = true, .faults = {{3000, 1, FAULT_DEAF, 5000}}, .owners = "121", .outage_ms = 100,
		.double_ms = 5},
	{"deaf-active-with-one-way-only", .faults = {{3000, 1, FAULT_DEAF, 5000}}, .owners = "1"},
	{"mute-backup", .both = true, .faults = {{3000, 2, FAULT_MUTE, 5000}}, .owners = "1"},
	{"deaf-active-and-mute-backup", .both = true,
		.faults = {{3000, 1, FAULT_DEAF, 5000}, {3000, 2, FAULT_MUTE, 6000}}, .owners = "1"},
	/* Each half has hosts of its own; there is one owner, and it stays. */
	{"half-a-lan", .both = true, .faults = {{3000, 1, FAULT_PARTITION, 9000}}, .owners = "1"},
	/* But the half with the gateway is better. */
	{"the-half-without-the-gateway", .both = true, .gateway = 2, .faults = {{3000, 1, FAULT_PARTITION, 9000}},
		.owners = "121", .outage_ms = 1000, .double_ms = 5},
	/* Unless who is there may not claim yet. */
	{"the-half-with-the-gateway-has-just-started", .both = true, .gateway = 2, .start_delay_ms = 3000,
		.faults = {{6000, 2, FAULT_RESTART, 100}, {6300, 1, FAULT_PARTITION, 2000}}, .owners = "1"},
	{"the-half-with-the-gateway", .both = true, .gateway = 1, .faults = {{3000, 1, FAULT_PARTITION, 9000}},
		.owners = "1"},
	{"state-port-closed", .faults = {{3000, 1, FAULT_PORT, 5000}}, .owners = "1"},
	{"state-port-closed-and-power-lost", .faults = {{3000, 1, FAULT_PORT, 9000}, {4000, 1, FAULT_POWER, 2000}},
		.owners = "121", .outage_ms = 400, .double_ms = 5},
	{"one-path-lost", .both = true, .faults = {{3000, 1, FAULT_SIDE, 3000}, {7000, 1, FAULT_PORT, 3000}},
		.owners = "1"},
	{"group-planned", .group = true, .faults = {{3000, 1, FAULT_FAILOVER, 0}}, .owners = "12", .double_ms = 10},
	{"group-cable-out", .group = true, .both = true, .faults = {{3000, 1, FAULT_CARRIER, 2000}}, .owners = "121",
		.outage_ms = 400, .double_ms = 5},
	{"group-dead-port", .group = true, .both = true, .faults = {{3000, 1, FAULT_DEAD_PORT, 5000}}, .owners = "121",
		.outage_ms = 1000, .double_ms = 5},
	{"group-main-killed", .group = true, .faults = {{3000, 1, FAULT_KILL_MAIN, 0}}, .owners = "121",
		.outage_ms = 100, .double_ms = 5},
	{"maintenance", .faults = {{3000, 1, FAULT_MAINTENANCE, 3000}}, .owners = "121", .double_ms = 10},
	{"maintenance-survives-a-restart",
		.faults = {{3000, 1, FAULT_MAINTENANCE, 8000}, {4000, 1, FAULT_RESTART, 500}}, .owners = "121",
		.double_ms = 10},
	{"uplink-lost", .tracks = true, .faults = {{4000, 1, FAULT_UPLINK, 3000}}, .owners = "121", .double_ms = 5},
	{"rolled-out", .rolls_out = true,
		.faults = {{3000, 2, FAULT_ROLLOUT, 100}, {5000, 1, FAULT_ROLLOUT, 3000},
			{10000, 1, FAULT_ROLLOUT, 100}, {12000, 2, FAULT_ROLLOUT, 100}},
		.owners = "12121", .outage_ms = 400, .double_ms = 5},
	{"unicast-power-loss", .unicast = true, .faults = {{3000, 1, FAULT_POWER, 2000}}, .owners = "121",
		.outage_ms = 400, .double_ms = 5},
	{"ipv6-power-loss", .ipv6 = true, .faults = {{3000, 1, FAULT_POWER, 2000}}, .owners = "121", .outage_ms = 400,
		.double_ms = 5},
	{"three-speakers-power-loss", .nodes = 3, .faults = {{3000, 1, FAULT_POWER, 2000}}, .owners = "3131",
		.outage_ms = 400, .double_ms = 5},
	{"version-2-power-loss", .version = 2, .faults = {{6000, 1, FAULT_POWER, 5000}}, .owners = "121",
		.outage_ms = 4000, .double_ms = 5},
	{"alone-main-killed", .alone = true, .faults = {{3000, 1, FAULT_KILL_MAIN, 0}}, .owners = "121",
		.outage_ms = 100, .double_ms = 5},
	{"alone-owner-lbd-hangs", .alone = true, .owner = true, .faults = {{3000, 1, FAULT_STOP_LBD, 2000}},
		.owners = "121", .outage_ms = 400, .double_ms = 5},
	/* Nobody is known who could be asked: the backup waits for three Active_Down_Intervals. */
	{"dead-port-among-quiet-neighbours", .quiet = true, .side = true, .faults = {{3000, 1, FAULT_DEAD_PORT, 3000}},
		.owners = "12", .outage_ms = 1500, .double_ms = 3000},
	{"maintenance-and-the-other-loses-power",
		.faults = {{3000, 1, FAULT_MAINTENANCE, 5000}, {4000, 2, FAULT_POWER, 1000}}, .owners = "1221",
		.outage_ms = 2500, .double_ms = 10},
	/* While what was lent is about to leave. */
	{"maintenance-ended-at-once", .faults = {{3000, 1, FAULT_MAINTENANCE, 2}}, .owners = "121", .double_ms = 10},
	/* The giver's last advert comes when the taker has it. */
	{"planned-on-a-slow-network", .latency_ms = 20, .faults = {{3090, 1, FAULT_FAILOVER, 0}}, .owners = "12",
		.double_ms = 50},
	/* The giver dies with the addresses, before it could say that it has gone; then it claims as configured. */
	{"planned-and-the-giver-is-killed", .faults = {{3000, 1, FAULT_FAILOVER, 0}, {3002, 1, FAULT_KILL_MAIN, 0}},
		.owners = "121", .double_ms = 10},
	/* What lb2 then has to tell the LAN waits for lb1's word that it hears adverts again. */
	{"the-peer-restarts-as-a-partition-heals", .both = true, .quiet = true, .no_preempt = true,
		.faults = {{3000, 2, FAULT_PARTITION, 1300}, {3300, 1, FAULT_RESTART, 15},
			{4280, 1, FAULT_RESTART, 50}},
		.owners = "12", .outage_ms = 100, .double_ms = 5},
	/* What was kept of lb1's sequence is too far ahead to go on from, and what it signed since is not known to it.
	 */
	{"clock-put-back-twice", .side = true,
		.faults = {{3000, 1, FAULT_CLOCK, -500000}, {6000, 1, FAULT_KILL_ALL, 15},
			{6100, 1, FAULT_CLOCK, -3000}},
		.owners = "121", .outage_ms = 400, .double_ms = 5},
	{"address-deleted", .faults = {{3000, 1, FAULT_ADDRESS, 0}}, .owners = "1"},
};

static struct sim_setup setup_of_scenario(const struct scenario *scenario)
{
	struct sim_setup setup = {
		.node_count = scenario->nodes != 0 ? scenario->nodes : SIM_PAIR,
		.vip_count = scenario->group ? 2 : 1,
		.grouped = scenario->group,
		.vip_room = PEER_VIPS_MAX,
		.version = (uint8_t)(scenario->version != 0 ? scenario->version : 3),
		.ipv4 = !scenario->ipv6,
		.ipv6 = scenario->ipv6,
		.unicast = scenario->unicast,
		.is_signed = scenario->version != 2,
		.rollout = scenario->rolls_out ? VIP_ROLLOUT_RECEIVE_ONLY : VIP_ROLLOUT_ENFORCE,
		.priority = {scenario->owner ? VRRP_PRIORITY_OWNER : 150, 100, 120},
		.interval_ns = scenario->version == 2 ? NS_PER_S : 100 * MS,
		.lease_ns = 2 * NS_PER_S,
		.preempt = !scenario->no_preempt,
		.start_delay_ns = scenario->start_delay_ms * MS,
		.paths = scenario->alone  ? 0
			 : scenario->both ? SIM_PATH_LAN | SIM_PATH_SIDE
			 : scenario->side ? SIM_PATH_SIDE
					  : SIM_PATH_LAN,
		.lbd_wanted = true,
		.tracks = scenario->tracks,
		.gateway = scenario->gateway,
		.check_interval_ns = 300 * MS,
		.check_timeout_ns = 300 * MS,
		.quiet = scenario->quiet,
		.latency_ns = scenario->latency_ms != 0 ? scenario->latency_ms * MS : 100 * NS_PER_US,
		.jitter_ns = 50 * NS_PER_US,
	};

	return setup;
}

/* The first claim is the start's; what counts comes after it. */
static bool went_as_told(const struct watch_vip *of, const struct scenario *scenario)
{
	return strcmp(of->owners, scenario->owners) == 0 && of->outage_ns <= scenario->outage_ms * MS &&
	       of->double_ns <= scenario->double_ms * MS;
}

static bool tell(struct run *run, const struct scenario *scenario, bool trace)
{
	struct sim_setup setup = setup_of_scenario(scenario);
	struct sim_fault faults[ARRAY_LEN(scenario->faults)];
	size_t count = 0;

	for (; count < ARRAY_LEN(faults) && scenario->faults[count].at_ms != 0; count++)
		faults[count] = (struct sim_fault){
			.kind = scenario->faults[count].kind,
			.node = scenario->faults[count].node - 1,
			.at_ns = scenario->faults[count].at_ms * MS,
			.span_ns = scenario->faults[count].span_ms * MS,
		};
	if (run_told(run, &setup, faults, count, trace) && went_as_told(&run->watch.vips[0], scenario) &&
		(!scenario->group || went_as_told(&run->watch.vips[1], scenario)))
		return true;
	for (int i = 0; i < setup.vip_count; i++) {
		const struct watch_vip *of = &run->watch.vips[i];

		printf("scenario %s, vip %d: owners %s, none for %.1f ms, two for %.1f ms%s%s\n", scenario->name, i + 1,
			of->owners, (double)of->outage_ns / 1e6, (double)of->double_ns / 1e6,
			run->watch.failed ? "; " : "", run->watch.text);
	}
	printf("  expected: owners %s, none for %.1f ms at most, two for %.1f\n  tests/sim/sim --scenario=%s\n",
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
