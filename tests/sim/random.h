/* SPDX-License-Identifier: MIT */
/* The simulator's only source of chance: splitmix64, so that a seed is a run. */
#ifndef LBPAIR_TESTS_SIM_RANDOM_H
#define LBPAIR_TESTS_SIM_RANDOM_H

#include "common/pure/base.h"

struct sim_random {
	uint64_t state;
};

static inline uint64_t random_next(struct sim_random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* From `low` to `high`, both included. */
static inline int64_t random_between(struct sim_random *random, int64_t low, int64_t high)
{
	return low + (int64_t)(random_next(random) % (uint64_t)(high - low + 1));
}

static inline bool random_one_in(struct sim_random *random, int64_t n)
{
	return random_between(random, 1, n) == 1;
}

#endif
