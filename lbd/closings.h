/* SPDX-License-Identifier: MIT */
/*
 * Servers whose open connections are to be closed by us: at once, or so many a second. The control thread has the list;
 * snapshots carry it to the workers, and the pace goes over the board, where the workers take what may be closed.
 */
#ifndef LBPAIR_LBD_CLOSINGS_H
#define LBPAIR_LBD_CLOSINGS_H

#include "common/system/loop.h"
#include "lbd/board.h"
#include "lbd/ending.h"

/* At once: each worker does it once, on a revision that it has not seen. */
struct closing {
	uint32_t server; /* its slot */
	uint32_t pace;   /* a second; 0: at once */
	bool reset;      /* with a RST in any case */
	enum end_cause cause;
	uint64_t revision;
};

struct closings;

struct closings_setup {
	struct loop *loop;
	struct board *board;
	/* How many connections the server has open. */
	uint64_t (*open)(void *context, uint32_t server);
	void *context;
};

MUST_USE int closings_new(const struct closings_setup *setup, struct closings **ret_closings);
/* Accepts NULL. */
void closings_free(struct closings *closings);

/* In the place of an earlier one for the same server; the revision is given here. -ENOMEM. */
MUST_USE int closings_add(struct closings *closings, const struct closing *closing);
/* What is open may stay. */
void closings_drop(struct closings *closings, uint32_t server);
/* The workers have carried out what has been there when closings_revision was this. */
void closings_forget(struct closings *closings, uint64_t revision);
/* Of the last that was added. */
uint64_t closings_revision(const struct closings *closings);
const struct closing *closings_list(const struct closings *closings, size_t *ret_count);

#endif
