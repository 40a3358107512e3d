/* SPDX-License-Identifier: MIT */
/* One worker's balancing over all pools of a snapshot. */
#ifndef LBPAIR_LBD_PICKER_H
#define LBPAIR_LBD_PICKER_H

#include "lbd/snapshot.h"

struct picker;

/* The board is that of all workers, and outlives the picker. */
MUST_USE int picker_new(uint32_t seed, struct board *board, struct picker **ret_picker);
void picker_free(struct picker *picker);

/*
 * Goes by `snapshot` from now on; pools of an unchanged revision cost nothing. -ENOMEM: in some pools the first server
 * that takes a connection has it, until the next update.
 */
MUST_USE int picker_update(struct picker *picker, const struct snapshot *snapshot);

struct picker_query {
	uint32_t pool;            /* SPLIT_NONE: there is none */
	uint64_t source;          /* a hash of the client's address */
	const uint32_t *excluded; /* servers' slots */
	size_t excluded_count;
};

/* What a connection holds of a server. */
struct picker_hold {
	uint32_t server; /* its slot, and the pool's */
	uint32_t pool;
	bool on_board;
};

/*
 * Takes a server for a connection: one that is not excluded, else any.
 * -ENOENT: no server has a share; -EAGAIN: all that have are full.
 */
MUST_USE int picker_take(struct picker *picker, const struct snapshot *snapshot, const struct picker_query *query,
	struct picker_hold *ret_hold);
/* It was taken when its pool was not entered on the board, and may be now. */
void picker_enter_late(const struct snapshot *snapshot, struct picker_hold *hold);
/* To be called once for each that was taken, when its socket is closed. */
void picker_leave(struct picker *picker, const struct snapshot *snapshot, const struct picker_hold *hold);

#endif
