/* SPDX-License-Identifier: MIT */
/*
 * How many connections may be open at once: in all, and of each service, counted over all workers. Only what has a
 * limit is counted.
 */
#ifndef LBPAIR_LBD_GATES_H
#define LBPAIR_LBD_GATES_H

#include "lbd/board.h"
#include "lbd/snapshot.h"

/* What a connection has been counted at. */
struct gates_pass {
	bool all;
	bool service;
};

/* NULL: it may come in, and gates_leave is due once. Else the gate at which there is no room. */
MUST_USE struct board_gate *gates_enter(
	struct board *board, const struct snapshot *snapshot, uint32_t service, struct gates_pass *ret_pass);
/* For a connection that is open already: it is counted at limits that there were none of when it came. */
void gates_enter_late(struct board *board, const struct snapshot *snapshot, uint32_t service, struct gates_pass *pass);
void gates_leave(struct board *board, uint32_t service, const struct gates_pass *pass);

#endif
