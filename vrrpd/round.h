/* SPDX-License-Identifier: MIT */
/*
 * What has to follow a change, and is done once at the end of the loop's round however many vips changed in it: 200
 * that move together would each tell the peer, the guardian and systemd of all 200, and write the state file.
 */
#ifndef LBPAIR_VRRPD_ROUND_H
#define LBPAIR_VRRPD_ROUND_H

#include "vrrpd/parts.h"

enum {
	ROUND_PUBLISH = 1 << 0, /* the guardian does not know the vips as they are */
	ROUND_REVIEW = 1 << 1,  /* something changed that any vip may go by */
	ROUND_TELL = 1 << 2,    /* the peer and systemd do not know the states */
	ROUND_SAVE = 1 << 3,    /* nor does the state file */
};

void round_note(struct agent *agent, unsigned what);
/* Does what of `only` has been noted; before the round's end where that cannot wait. */
void round_settle(struct agent *agent, unsigned only);
/* From now on the ends of the loop's rounds are watched for. */
void round_watch(struct agent *agent);
/* There will be no further one: the peer is told what it does not know yet. */
void round_end(struct agent *agent);

#endif
