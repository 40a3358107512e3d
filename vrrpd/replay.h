/* SPDX-License-Identifier: MIT */
/*
 * Whether an authentic advert is new: the time mode of draft-cassen-vrrp-auth-hmac, and what keeps two nodes with wrong
 * clocks from both staying active (DESIGN section 5.4). One `struct replay` a sender and vip, zeroed at first. Pure.
 *
 * A sequence is a time of the sender's (advert_sequence_of), compared by serial arithmetic (RFC 1982). Two marks are
 * kept: `mark`, the last one accepted, and `high`, the highest ever.
 *
 *  - A nonce answered on the state port (replay_prove) shows the sender's clock as it is. For as long as that is news,
 *    the window lies around that clock, whatever ours says, and what is outside is stale.
 *  - Without such news the window lies around our clock. What is outside counts when it is above `high` and three in a
 *    row have come at the pace of real time. A stream that was accepted so far goes on without waiting for three:
 *    so a step of our own clock costs nothing.
 *  - Inside the window, what is above `high` was never sent before and is taken. What is not above `mark` is old.
 *  - A mark ahead of the window says that the sender's clock has been put back: the mark expires. The sender now lives
 *    through times that it has been in before, and what was recorded then would fit again. So in such times (not above
 *    `high`) a sequence must also be on time: agree within 100 ms with the sender's proven clock, count on from the
 *    sequence that it has proven to be its last (its clock is behind that, after a restart and a step), or continue
 * from the mark at the pace of real time; else three in a row at that pace are wanted here too.
 *
 * Three in a row at the pace of real time: one recorded advert, above all one of priority 0, or a burst of them, does
 * nothing; who replays must play a whole stream as slowly as it was sent, and the living sender's own adverts, each of
 * which ends the run, must not be heard meanwhile.
 *
 * Defended: an advert that was accepted is not accepted again, at whatever pace, as long as both clocks run right or
 * the sender answers nonces; and while the sender is heard, whatever the clocks do. A jump of our own clock brings no
 * old advert back and drops no new one.
 *
 * Not defended: (1) after a start without a kept `high`, with a sender that answers no nonce: what was recorded within
 * the last window is taken once, and older recordings when played at pace. (2) Adverts that we never heard (withheld,
 * or sent while we were down) may be played as long as they are within the window, and at pace after that. (3) A sender
 * whose clock was ahead of ours (or ours has been put back), and that is silent and answers no nonce: the recordings
 * whose time is now, when played at pace. (4) Who can delay datagrams of the state port by more than 4 s, where their
 * freshness allows that, can have the mark set back to the adverts of that time. What is taken at pace carries its
 * alarm.
 */
#ifndef LBPAIR_VRRPD_REPLAY_H
#define LBPAIR_VRRPD_REPLAY_H

#include "common/pure/mono.h"

/* How many in a row at the pace of real time are enough. */
#define REPLAY_RUN 3

enum replay_verdict {
	REPLAY_FRESH,
	REPLAY_FRESH_SHIFTED, /* fresh only because the sender's clock is known to be off: alarm */
	REPLAY_FRESH_PACED,   /* fresh only by its pace: alarm */
	REPLAY_OLD,           /* replayed, for all that is known */
	REPLAY_STALE,         /* outside the window, and not (yet) taken by its pace */
};

/* A sequence and when it came. */
struct replay_point {
	uint64_t sequence;
	struct mono at;
};

struct replay {
	bool marked;
	struct replay_point mark; /* the last accepted */
	unsigned steady;          /* how many accepted ones in a row have kept the pace, up to REPLAY_RUN */
	bool has_high;
	uint64_t high; /* the highest ever accepted or proven; it never goes down */
	bool proven;
	int64_t proven_real_ns; /* the sender's time of day at proven_at */
	struct mono proven_at;
	uint64_t proven_sequence; /* the last that it had signed then; 0: none */
	struct replay_point run;  /* the last of those that were not accepted and kept the pace */
	unsigned run_length;
};

/*
 * To be called only after the MAC has been verified; takes the sequence in when it is fresh. `window_ns` is
 * max(3 x interval, 5 s), `real_ns` our time of day, `now` the same moment on the monotonic clock.
 */
MUST_USE enum replay_verdict replay_check(
	struct replay *replay, uint64_t sequence, int64_t real_ns, struct mono now, int64_t window_ns);

/*
 * A fresh datagram of the sender came (PEER_FRESH): when it was made, the last sequence that had been signed was
 * `sequence` (0: none) and the time of day `peer_real_ns`.
 */
void replay_prove(struct replay *replay, uint64_t sequence, int64_t peer_real_ns, struct mono now);

/*
 * The sender has started again (maybe before this node did), and the last sequence that it knows of is `sequence`:
 * where the mark is above that, it lost what it signed since it last saved, and its clock is behind. replay_prove
 * follows.
 */
void replay_restart(struct replay *replay, uint64_t sequence, struct mono now);

/* At the start: the `high` of this sender that was kept from an earlier run; 0: none. */
void replay_restore(struct replay *replay, uint64_t high);

#endif
