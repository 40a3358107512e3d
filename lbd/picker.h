/* SPDX-License-Identifier: MIT */
/* One worker's balancing over all pools of a snapshot. */
#ifndef LBPAIR_LBD_PICKER_H
#define LBPAIR_LBD_PICKER_H

#include "lbd/snapshot.h"

struct picker;

MUST_USE int picker_new(uint32_t seed, struct picker **ret_picker);
void picker_free(struct picker *picker);

/* Goes by `snapshot` from now on; pools of an unchanged revision cost nothing. -ENOMEM: it goes on by the last one. */
MUST_USE int picker_update(struct picker *picker, const struct snapshot *snapshot);
/* The place of a server among the snapshot's, or BALANCE_NONE. `excluded` are places of that kind. */
size_t picker_pick(struct picker *picker, const struct snapshot *snapshot, uint32_t pool, const uint32_t *excluded,
	size_t excluded_count);

#endif
