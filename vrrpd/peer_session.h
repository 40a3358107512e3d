/* SPDX-License-Identifier: MIT */
/*
 * One node's side of the exchange with one peer: which of the authentic datagrams are fresh. Pure.
 *
 * Freshness owes nothing to the time of day. Each datagram is its own challenge: its stamp (session, counter) is new in
 * the world, and the peer's next datagrams echo the newest one that they know. What echoes a stamp of ours was
 * made after we made that stamp, and so is younger than it. Within a session no counter is taken twice.
 *
 *  - A datagram that echoes none of our recent stamps is a greeting: after a start of either side, or while nothing of
 *    ours arrives there. It is answered, and nothing else in it is believed.
 *  - Another session of the peer (it has started again) is taken up only by a datagram that echoes a stamp made after
 *    the present session was taken up: what an attacker recorded of an earlier session echoes older ones.
 *  - What is replayed from earlier sessions is a greeting at most: its stamp goes into `answer`, never into `echo`, so
 *    it cannot come between us and the living peer.
 *  - What is replayed to its own sender is known by the session. The caller compares `from` and `to` with the names.
 *
 * Each path's datagram is stamped separately. One that another path's has overtaken still shows that its path lives.
 */
#ifndef LBPAIR_VRRPD_PEER_SESSION_H
#define LBPAIR_VRRPD_PEER_SESSION_H

#include "common/pure/mono.h"
#include "vrrpd/peermsg.h"

/* So far behind the newest it is known what was taken: a heartbeat may be many datagrams, and a path be a slow one. */
#define PEER_SEEN_BITS 1024

struct peer_session {
	int64_t max_age_ns;
	struct peer_stamp own; /* the last one given out */

	/* Echoes must lie above `floor`. It follows `mark`, which is where own.counter stood at mark_at. */
	uint64_t floor;
	uint64_t mark;
	struct mono mark_at;

	bool peer_known;
	struct peer_stamp peer;                  /* the newest taken in */
	uint64_t peer_seen[PEER_SEEN_BITS / 64]; /* which of the last counters were taken, by their remainder */
	uint64_t peer_since;                     /* own.counter when this session of the peer was taken up */
	struct peer_stamp greeting;              /* the newest of a session that has not proven itself */
};

enum peer_freshness {
	PEER_FRESH,     /* the newest: to be believed */
	PEER_OVERTAKEN, /* fresh, and never seen, but a newer one was taken: its path lives, a request in it counts */
	PEER_GREETING,  /* authentic, but it may be old: answer soon (once an interval is enough), believe nothing */
	PEER_OLD,       /* seen before, of an ended session, or our own */
};

/*
 * `own_session` is random, not 0, and of this start of the program alone. What is called fresh is at most 3 x
 * max_age_ns old; a round trip that takes longer than max_age_ns may not pass as fresh. MAX(3 x interval, 500 ms) does
 * well.
 */
void peer_session_init(struct peer_session *session, uint64_t own_session, int64_t max_age_ns);
/* Fills the message's stamp, echo and answer; once for each datagram, and each path's is a datagram of its own. */
void peer_session_stamp(struct peer_session *session, struct mono now, struct peer_message *message);
/* Judges an authentic message. */
MUST_USE enum peer_freshness peer_session_take(
	struct peer_session *session, const struct peer_message *message, struct mono now);

#endif
