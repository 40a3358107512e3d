/* SPDX-License-Identifier: MIT */
/*
 * Slow start: what part of its weight a server gets that has just become usable. It grows in equal steps, as a
 * worker's balancing and the hashing algorithms want to hear of some changes and not of one in each moment.
 */
#ifndef LBPAIR_LBD_SHARE_H
#define LBPAIR_LBD_SHARE_H

#include "common/pure/mono.h"

/* `since`: the server became usable; MONO_NEVER: it has been from the start, and is warm. At least 1 of a weight above
 * 0. */
unsigned share_at(unsigned weight, int64_t slow_start_ns, struct mono since, struct mono now);
/* When share_at is to be asked again; MONO_NEVER: it is the whole weight. */
struct mono share_next_step(int64_t slow_start_ns, struct mono since, struct mono now);

#endif
