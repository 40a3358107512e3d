/* SPDX-License-Identifier: MIT */
/* Several planned failovers as one: a handover for each vip, and one report when the last of them has ended. */
#ifndef LBPAIR_VRRPD_MOVES_H
#define LBPAIR_VRRPD_MOVES_H

#include "vrrpd/parts.h"

struct moves_setup {
	const struct vip *only; /* and its group; NULL: all */
	const char *to;         /* a node's name: vips that are there already stay; NULL: each goes to the other node */
	bool dry_run;
	/* `report` has a line for each vip, and is valid during the call. */
	void (*done)(void *context, bool refused, const char *report);
	void *context;
};

/* `done` is called once, perhaps before this returns. -ENOMEM: it is not. */
MUST_USE int moves_start(struct agent *agent, const struct moves_setup *setup);

#endif
