/* SPDX-License-Identifier: MIT */
/*
 * The look into the sockets before what is decided by silence (DESIGN section 5.3): whoever is about to claim a vip, or
 * was active and slept, first takes in all that had come by then. It is done in slices, so that adverts that are due go
 * between them, and once for all vips that it is of use to. Pure; drain.h does it.
 */
#ifndef LBPAIR_VRRPD_LOOK_H
#define LBPAIR_VRRPD_LOOK_H

#include "common/pure/mono.h"

struct look {
	struct mono covers;   /* what had arrived by then has been taken in */
	struct mono began_at; /* of the one under way */
	unsigned slices_left; /* that it may still take; 0: none is under way */
};

/*
 * Whether a slice is to be taken, since something may have arrived by `due` that was not taken in; begins a look where
 * none is under way.
 */
bool look_wants_slice(struct look *look, struct mono due, struct mono now);
/*
 * How the slice ended. A look ends, however fast packets come: only what fits into the sockets' buffers can have been
 * there when it began.
 */
void look_end_slice(struct look *look, bool emptied);

#endif
