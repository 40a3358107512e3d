/* SPDX-License-Identifier: MIT */
/*
 * lbd as vrrpd sees it: alive or not, its listeners bound, its servers checked, its services up (DESIGN section 5.5),
 * from the page that lbd writes; and the word to lbd which vip is where.
 *
 * A death is seen at once, by lbd's pidfd; a hang by its counters.
 */
#ifndef LBPAIR_VRRPD_FORWARDER_H
#define LBPAIR_VRRPD_FORWARDER_H

#include "common/model/conf.h"
#include "common/system/liveness.h"
#include "common/system/loop.h"
#include "vrrpd/fsm.h"
#include "vrrpd/peermsg.h"

struct forwarder;

struct forwarder_events {
	/* Health, readiness or a service changed. */
	void (*changed)(void *context);
	/* lbd can be spoken to (again): it wants to hear of every vip. */
	void (*linked)(void *context);
};

struct forwarder_view {
	enum peer_health health;
	bool bound;
	bool checked;
	pid_t pid;       /* 0: it does not run */
	const char *why; /* a literal: what is wrong with it; NULL: nothing */
	const struct liveness_service *services;
	size_t service_count;
};

MUST_USE int forwarder_new(struct loop *loop, const char *run_dir, const struct forwarder_events *events, void *context,
	struct forwarder **ret_forwarder);
/* Accepts NULL. */
void forwarder_free(struct forwarder *forwarder);

/* Looks at once, and tells nobody: for who begins to want an lbd that runs, and is to find it. */
void forwarder_look(struct forwarder *forwarder);
/* Valid until the next round of the loop. */
struct forwarder_view forwarder_view(const struct forwarder *forwarder);
/* Tells lbd the vip's state and addresses; an lbd that is not there hears it when it comes. */
void forwarder_tell_role(struct forwarder *forwarder, const struct vip_conf *vip, const char *state);

#endif
