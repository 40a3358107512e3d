/* SPDX-License-Identifier: MIT */
/*
 * Rise and fall: the results of a server's checks made into its health.
 *
 * The first result after the start decides alone, since nothing better is known; from then on `rise` successes in a
 * row bring a server up and `fall` failures in a row take it down.
 */
#ifndef LBPAIR_LBD_SCORE_H
#define LBPAIR_LBD_SCORE_H

#include "common/pure/base.h"

enum health {
	HEALTH_UNKNOWN, /* not checked, or not yet; counts as up */
	HEALTH_UP,
	HEALTH_DOWN,
};

struct score {
	enum health health;
	unsigned streak; /* results in a row that speak against `health` */
	bool anew;       /* the next result decides alone, as the first one did */
};

/* Takes one result in; true when the health has changed. */
bool score_step(struct score *score, unsigned rise, unsigned fall, bool success);
/* What is checked is another thing from now on; its health stays until the next result. */
void score_begin_anew(struct score *score);
const char *health_name(enum health health);

#endif
