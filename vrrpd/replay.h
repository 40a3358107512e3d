/* SPDX-License-Identifier: MIT */
/*
 * Whether an authentic advert is new: the replay window of draft-cassen-vrrp-auth-hmac in time mode, and what keeps
 * two nodes with wrong clocks from both staying active (DESIGN section 5.4). One `struct replay` a sender and vip.
 * Pure: moves only by what it is told.
 *
 * A sequence is fresh when it is above the mark and within the window of our clock, shifted by what is known of the
 * sender's clock. What is known comes from a nonce answered over the state port (replay_prove). Without such an answer
 * authentic adverts outside the window count once three in a row, above a mark that does not expire, have advanced at
 * the pace of real time.
 */
#ifndef LBPAIR_VRRPD_REPLAY_H
#define LBPAIR_VRRPD_REPLAY_H

#include "common/pure/mono.h"

enum replay_verdict {
	REPLAY_FRESH,
	REPLAY_FRESH_SHIFTED, /* fresh only because the sender's clock is known to be off: alarm */
	REPLAY_FRESH_PACED,   /* fresh only by its pace: alarm */
	REPLAY_OLD,           /* not above the mark: replayed */
	REPLAY_STALE,         /* outside the window */
};

struct replay {
	bool marked;
	uint64_t mark; /* the highest accepted sequence */
	bool proven;
	int64_t offset_ns; /* proven: the sender's clock minus ours */
	/* The run of authentic adverts outside the window. */
	uint64_t run_mark;
	struct mono run_at;
	unsigned run_length;
};

/*
 * To be called only after the MAC has been verified; takes the sequence in when it is fresh. `window_ns` is
 * max(3 x interval, 5 s); `real_ns` our time of day, `now` the same moment on the monotonic clock.
 */
MUST_USE enum replay_verdict replay_check(
	struct replay *replay, uint64_t sequence, int64_t real_ns, struct mono now, int64_t window_ns);

/* The sender answered a nonce: at `real_ns` of our clock its sequence was `sequence` and its clock `peer_real_ns`. */
void replay_prove(struct replay *replay, uint64_t sequence, int64_t peer_real_ns, int64_t real_ns);

#endif
