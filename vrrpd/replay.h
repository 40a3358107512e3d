/* SPDX-License-Identifier: MIT */
/*
 * Whether an authentic advert is new: the time mode of draft-cassen-vrrp-auth-hmac, and what keeps two nodes with wrong
 * clocks from both staying active (DESIGN section 5.4). One `struct replay` a sender and vip, zeroed at first. Pure.
 *
 * A sequence is fresh when it is above the mark and within the window of the sender's clock: as a nonce has shown it,
 * else as ours is. Without a nonce answered of late, those outside the window count once three in a row, above a mark
 * that does not expire, have advanced at the pace of real time.
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
	/* The last accepted. */
	bool marked;
	uint64_t mark;
	struct mono mark_at;
	unsigned steady; /* how many in a row have kept the pace of real time, up to REPLAY_RUN */
	/* The highest that was ever accepted or proven; it does not expire. 0: none. */
	uint64_t high;
	/* The sender's time of day at proven_at, by a nonce answered. */
	bool proven;
	int64_t proven_real_ns;
	struct mono proven_at;
	/* The run of authentic adverts that were not accepted. */
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

/*
 * A fresh datagram of the sender came (PEER_FRESH): when it was made the last sequence signed was `sequence` (0: none)
 * and its time of day `peer_real_ns`.
 */
void replay_prove(struct replay *replay, uint64_t sequence, int64_t peer_real_ns, struct mono now);

/* The highest sequence that this host has ever accepted of the sender, kept across a restart; 0: none. */
void replay_restore(struct replay *replay, uint64_t high);

#endif
