/* SPDX-License-Identifier: MIT */
/*
 * What systemd is told of vrrpd, from the control thread: a word to a systemd that does not listen blocks (sd_notify(3)
 * sends into its queue). The watchdog's word is given for as long as the thread of the adverts makes progress.
 */
#ifndef LBPAIR_VRRPD_HERALD_H
#define LBPAIR_VRRPD_HERALD_H

#include "common/system/loop.h"
#include "vrrpd/fence.h"

/* Written by the thread of the adverts. */
struct herald_news {
	_Atomic size_t vips;
	_Atomic size_t active;
	_Atomic size_t fault;
};

struct herald;

/* `loop` is the control thread's, as all of it is from now on. Negative errno. */
MUST_USE int herald_new(
	struct loop *loop, const struct fence *fence, const struct herald_news *news, struct herald **ret_herald);
/* Accepts NULL. */
void herald_free(struct herald *herald);

#endif
