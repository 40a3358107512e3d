/* SPDX-License-Identifier: MIT */
/*
 * So many bytes a second: what may move is saved up, an eighth of a second's worth at most and at least 4 KiB, and so a
 * flow keeps its rate although it is seen to now and then only. All zeros is a pace that has saved as much as it can.
 * No I/O.
 */
#ifndef LBPAIR_LBD_PACE_H
#define LBPAIR_LBD_PACE_H

#include "common/pure/mono.h"

struct pace {
	uint64_t left; /* bytes that may move now; whoever moves them takes them away */
	struct mono at;
};

/* `rate`: bytes a second, above 0; it may be another one each time. */
void pace_fill(struct pace *pace, uint64_t rate, struct mono now);
/* When enough will have been saved to be worth a look; after pace_fill. */
struct mono pace_ready(const struct pace *pace, uint64_t rate);

#endif
