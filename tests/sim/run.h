/* SPDX-License-Identifier: MIT */
/* One run of the simulated pair: a setup, faults at their times, peace, and the rules of watch.h all along. */
#ifndef LBPAIR_TESTS_SIM_RUN_H
#define LBPAIR_TESTS_SIM_RUN_H

#include "tests/sim/faults.h"
#include "tests/sim/watch.h"

#define RUN_FAULTS_MAX 12

struct run {
	struct sim sim;
	struct sim_watch watch;
	struct sim_fault faults[RUN_FAULTS_MAX];
	bool begun[RUN_FAULTS_MAX];
	bool ended[RUN_FAULTS_MAX];
	size_t fault_count;
	struct mono fault_at; /* when the next of them begins or ends */
	struct mono look_at;  /* when the rules are looked at next, if nothing happens before */
};

/* Draws setup and faults from the seed. True: every rule held; else run->watch.text says which one did not. */
bool run_seed(struct run *run, uint64_t seed, bool trace);
/* The same with a given setup and given faults. */
bool run_told(struct run *run, const struct sim_setup *setup, const struct sim_fault *faults, size_t count, bool trace);

#endif
