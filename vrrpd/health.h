/* SPDX-License-Identifier: MIT */
/*
 * What lbd's health means for a vip (DESIGN section 5.5): the effective priority, when an active node resigns, and for
 * how long it then holds back. One for each vip. Pure.
 *
 *  - An active node whose lbd is dead or hung resigns when the peer is known to be strictly better off. Otherwise it
 *    stays and advertises priority 1: any other router that works may take over, and nobody has to.
 *  - A backup with such an lbd has priority 1 too, but its configured one in the first 10 s, in which lbd starts.
 *    At priority 1 on both sides nobody preempts: two equally sick nodes do not play ping-pong.
 *  - After a resignation nothing is claimed for three intervals: the peer's skew is shorter. An lbd that crashes again
 *    and again would carry the vip to and fro, so each resignation within 60 s of the last hold-back doubles the
 *    next one, up to 5 minutes. Beyond the three intervals it holds only while the peer lives, is able and no worse
 * off.
 */
#ifndef LBPAIR_VRRPD_HEALTH_H
#define LBPAIR_VRRPD_HEALTH_H

#include "common/pure/mono.h"
#include "vrrpd/peermsg.h"

#define HEALTH_PRIORITY_SICK 1
#define HEALTH_START_NS (10 * NS_PER_S)
#define HEALTH_HOLD_INTERVALS 3
#define HEALTH_HOLD_MAX_NS (300 * NS_PER_S)
#define HEALTH_CALM_NS (60 * NS_PER_S)

struct health_input {
	bool lbd_wanted; /* the configuration has services; else `own` is not looked at */
	enum peer_health own;
	bool peer_known;  /* a fresh heartbeat came within three intervals: `peer` is what it said */
	bool peer_unable; /* it also said that the vip is in fault there: no health helps it */
	enum peer_health peer;
	bool is_active;
	uint8_t configured_priority;
	int64_t interval_ns; /* of the vip's adverts */
};

enum health_reason {
	HEALTH_REASON_NONE,         /* nothing to say: configured priority */
	HEALTH_REASON_STARTING,     /* a sick backup within the first 10 s: still the configured priority */
	HEALTH_REASON_SICK,         /* priority 1 */
	HEALTH_REASON_PEER_BETTER,  /* resigns: the peer is better off */
	HEALTH_REASON_HOLDING_BACK, /* resigned lately, and could serve again */
	HEALTH_REASON_COUNT,
};
/* For people: "the forwarder is dead or hangs", …; "" for HEALTH_REASON_NONE. */
const char *health_reason_text(enum health_reason reason);

struct health_verdict {
	uint8_t effective_priority;
	bool resign;                 /* now, in this step: priority 0, give the vip up, be backup */
	struct mono hold_back_until; /* a backup claims nothing before that; not after now: free */
	enum health_reason reason;
};

struct health_fsm {
	struct mono started_at;
	bool has_resigned;
	struct mono resigned_at;
	int64_t hold_ns;       /* the whole of the last hold-back, from resigned_at */
	int64_t hold_least_ns; /* its three intervals */
};

void health_init(struct health_fsm *fsm, struct mono started_at);
/* To be called whenever some of the input has changed and at the deadline. */
void health_step(
	struct health_fsm *fsm, const struct health_input *input, struct mono now, struct health_verdict *ret_verdict);
/* When the verdict may change without a change of the input: the end of the first 10 s or of a hold-back. */
struct mono health_deadline(const struct health_fsm *fsm, struct mono now);

#endif
