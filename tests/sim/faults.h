/* SPDX-License-Identifier: MIT */
/* What befalls a pair: a table of faults, each with its beginning and, where it lasts, its end. */
#ifndef LBPAIR_TESTS_SIM_FAULTS_H
#define LBPAIR_TESTS_SIM_FAULTS_H

#include "tests/sim/node.h"

enum fault_kind {
	FAULT_KILL_MAIN,
	FAULT_KILL_GUARDIAN,
	FAULT_KILL_LBD,
	FAULT_KILL_ALL, /* and nothing starts again before the end */
	FAULT_STOP_MAIN,
	FAULT_STOP_GUARDIAN,
	FAULT_STOP_LBD,
	FAULT_STOP_VRRPD, /* main and guardian */
	FAULT_STOP_ALL,
	FAULT_STALL_MAIN,
	FAULT_FLOOD,  /* main is stalled, and behind a flood of what is no advert there are others */
	FAULT_FREEZE, /* the machine */
	FAULT_POWER,
	FAULT_RESTART,   /* SIGTERM, and started again at the end */
	FAULT_CARRIER,   /* the cable is out */
	FAULT_DEAD_PORT, /* nothing passes, the carrier stays */
	FAULT_DEAF,      /* nothing comes in */
	FAULT_MUTE,      /* nothing goes out */
	FAULT_PARTITION, /* of the LAN, with a neighbour on each side */
	FAULT_WALL,      /* of the LAN and the side network */
	FAULT_SIDE,      /* of the side network */
	FAULT_LOSS,
	FAULT_CLOCK, /* a step of CLOCK_REALTIME, of so much */
	FAULT_SERVERS,
	FAULT_ADDRESS,  /* somebody deletes it */
	FAULT_FAILOVER, /* planned */
	FAULT_MAINTENANCE,
	FAULT_PORT,    /* datagrams do not pass on the LAN */
	FAULT_UPLINK,  /* what it tracks fails */
	FAULT_ROLLOUT, /* restarted with the next roll-out mode */
	FAULT_KIND_COUNT,
};

struct sim_fault {
	enum fault_kind kind;
	int node;
	int vip;         /* whose LAN, or which one is meant */
	int64_t at_ns;   /* since SIM_EPOCH */
	int64_t span_ns; /* until its end; FAULT_CLOCK: the step */
};

const char *fault_name(enum fault_kind kind);
/* Whether it is ended by fault_end. */
bool fault_lasts(enum fault_kind kind);
void fault_begin(struct sim *sim, const struct sim_fault *fault);
void fault_end(struct sim *sim, const struct sim_fault *fault);
/* One that the setup allows, somewhere in the given span. */
struct sim_fault fault_draw(struct sim *sim, int64_t from_ns, int64_t to_ns);

#endif
