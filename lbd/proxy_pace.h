/* SPDX-License-Identifier: MIT */
/*
 * How fast connections may go whose services have `bandwidth`. What a connection is due is seen to whenever it runs;
 * one that could go on and may not yet is woken by a wheel of its own, so that nothing spins.
 */
#ifndef LBPAIR_LBD_PROXY_PACE_H
#define LBPAIR_LBD_PROXY_PACE_H

#include "common/model/conf.h"
#include "lbd/flow.h"
#include "lbd/pace.h"
#include "lbd/slab.h"
#include "lbd/wheel.h"

/* A connection that may go on. */
typedef void proxy_pace_fn(void *owner);

struct proxy_pace {
	void *owner;
	struct pace up;
	struct pace down;
	struct wheel_timer timer;
};

struct proxy_paces {
	struct slab slab;
	struct wheel wheel;
	proxy_pace_fn *go_on;
};

void proxy_paces_init(struct proxy_paces *paces, proxy_pace_fn *go_on, struct mono now);
void proxy_paces_free(struct proxy_paces *paces);
/* At each tick: those that may go on do so. */
void proxy_paces_advance(struct proxy_paces *paces, struct mono now);

/* For a connection with its first limit. NULL: out of memory; it then goes as fast as it can. */
struct proxy_pace *proxy_pace_new(struct proxy_paces *paces, void *owner);
/* Accepts NULL. */
void proxy_pace_free(struct proxy_paces *paces, struct proxy_pace *pace);

/* Before the flows run: what they may read. */
void proxy_pace_begin(struct proxy_pace *pace, const struct bandwidth_conf *limits, struct mono now, struct flow *up,
	struct flow *down);
/* After it: these directions are to go on when they may. */
void proxy_pace_wait(
	struct proxy_paces *paces, struct proxy_pace *pace, const struct bandwidth_conf *limits, bool up, bool down);

#endif
