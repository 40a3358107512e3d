/* SPDX-License-Identifier: MIT */
/* One worker's balancing over all pools of a snapshot. */
#ifndef LBPAIR_LBD_PICKER_H
#define LBPAIR_LBD_PICKER_H

#include "lbd/snapshot.h"

struct picker;

/* The board is that of all workers, and outlives the picker. */
MUST_USE int picker_new(uint32_t seed, const struct board *board, struct picker **ret_picker);
void picker_free(struct picker *picker);

/* Goes by `snapshot` from now on; pools of an unchanged revision cost nothing. -ENOMEM: it goes on by the last one. */
MUST_USE int picker_update(struct picker *picker, const struct snapshot *snapshot);

struct picker_query {
	uint32_t pool;
	uint64_t source; /* a hash of the client's address */
	const uint32_t *excluded;
	size_t excluded_count;
};

/* The place of a server among the snapshot's, or BALANCE_NONE. `excluded` are places of that kind. */
size_t picker_pick(struct picker *picker, const struct snapshot *snapshot, const struct picker_query *query);
/* This worker has left the board at the place. */
void picker_left(struct picker *picker, const struct snapshot *snapshot, uint32_t pool, uint32_t place);

#endif
