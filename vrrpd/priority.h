/* SPDX-License-Identifier: MIT */
/* Who gets the processor first, of what runs in real time: each is served before those above it in this list. */
#ifndef LBPAIR_VRRPD_PRIORITY_H
#define LBPAIR_VRRPD_PRIORITY_H

#include "common/pure/base.h"

#include <errno.h>
#include <sched.h>

enum priority {
	PRIORITY_SCRIBE,
	PRIORITY_ADVERTS,
	PRIORITY_GUARDIAN,
};

/* For the calling thread; what it starts does not have it. Negative errno of sched_setscheduler(2). */
MUST_USE static inline int priority_claim(enum priority priority)
{
	const struct sched_param param = {.sched_priority = sched_get_priority_min(SCHED_RR) + (int)priority};

	return sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &param) < 0 ? -errno : 0;
}

/*
 * Gives it back: for whom the network no longer waits is in nobody's way, however long its end takes. A leak check at
 * the end spins until another process has had a processor.
 */
static inline void priority_release(void)
{
	const struct sched_param param = {0};

	(void)sched_setscheduler(0, SCHED_OTHER, &param);
}

#endif
