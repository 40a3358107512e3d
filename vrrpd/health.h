/* SPDX-License-Identifier: MIT */
/*
 * What lbd's health means for the vips of this node (DESIGN section 5.5): the effective priority, and when an active
 * node resigns. One for the node, since all vips share the one lbd. Pure.
 */
#ifndef LBPAIR_VRRPD_HEALTH_H
#define LBPAIR_VRRPD_HEALTH_H

#include "common/pure/mono.h"
#include "vrrpd/peermsg.h"

struct health_input {
	bool lbd_wanted; /* the configuration has services; else health is PEER_HEALTH_SERVING whatever `own` says */
	enum peer_health own;
	bool peer_known; /* a fresh heartbeat came within three intervals */
	enum peer_health peer;
	bool is_active;              /* of the vip in question */
	uint8_t configured_priority; /* 255: the owner, who never resigns */
	int64_t interval_ns;         /* of the vip's adverts */
};

enum health_reason {
	HEALTH_REASON_NONE,         /* nothing to say: configured priority */
	HEALTH_REASON_STARTING,     /* a sick backup within the first 10 s: still the configured priority */
	HEALTH_REASON_SICK,         /* the worst health: priority 1 */
	HEALTH_REASON_PEER_BETTER,  /* resigned, or would have nothing to resign from: the peer is better off */
	HEALTH_REASON_HOLDING_BACK, /* resigned lately: claims nothing yet */
	HEALTH_REASON_COUNT,
};
const char *health_reason_text(enum health_reason reason);

struct health_verdict {
	uint8_t effective_priority;
	bool resign;                 /* now, in this step: send priority 0, give the vip up, become backup */
	struct mono hold_back_until; /* a backup claims nothing before; {0}: free */
	enum health_reason reason;
};

struct health_fsm {
	struct mono started_at;
	struct mono resigned_at;
	struct mono hold_until;
	int64_t hold_ns;
	bool has_resigned;
};

void health_init(struct health_fsm *fsm, struct mono started_at);
void health_step(
	struct health_fsm *fsm, const struct health_input *input, struct mono now, struct health_verdict *ret_verdict);
/* When the verdict may change without a change of the input: the end of the start's 10 s or of the hold-back. */
struct mono health_deadline(const struct health_fsm *fsm, struct mono now);

#endif
