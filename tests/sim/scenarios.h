/* SPDX-License-Identifier: MIT */
/* Stories of the pair, written by hand: what befalls it, and who must have the vip when. */
#ifndef LBPAIR_TESTS_SIM_SCENARIOS_H
#define LBPAIR_TESTS_SIM_SCENARIOS_H

#include "tests/sim/run.h"

/* Tells all of them, or the one of that name with its trace. Returns how many did not go as told. */
int scenarios_tell(struct run *run, const char *name);

#endif
