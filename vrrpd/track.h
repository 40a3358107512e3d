/* SPDX-License-Identifier: MIT */
/*
 * Tracking (DESIGN section 3): how the results of one watch become its state, and what the states of all that a vip
 * tracks mean for its priority. Pure; tracker.c watches.
 *
 * A failure counts after `fall` bad results in a row. It ends after `rise` good ones, and not before it has been good
 * for a hold: a second at first, doubled each time when it fails again within 60 s, up to 5 minutes (the measure of
 * health.h). What flaps then costs its penalty all the time, and moves nothing to and fro.
 *
 * A gateway that both nodes lose is not lost, nor found again, at the same moment: while a failure is about to count,
 * and for a while after one has ended, a watch is in doubt, and with a doubt no node preempts.
 */
#ifndef LBPAIR_VRRPD_TRACK_H
#define LBPAIR_VRRPD_TRACK_H

#include "common/pure/mono.h"

#define TRACK_HOLD_NS (1 * NS_PER_S)
#define TRACK_HOLD_MAX_NS (300 * NS_PER_S)
#define TRACK_CALM_NS (60 * NS_PER_S)

/* Beyond the watch's own interval. */
#define TRACK_DOUBT_NS (2 * NS_PER_S)

/* As `penalty` of the configuration says it. */
#define TRACK_PENALTY_FAULT 0
/* A node that serves stays above one whose forwarder is dead, whatever it tracks: healthy beats unhealthy. */
#define TRACK_PRIORITY_MIN 2

enum track_state {
	TRACK_UNKNOWN, /* no verdict yet: no penalty, and no preemption either */
	TRACK_UP,
	TRACK_DOWN,
	TRACK_STATE_COUNT,
};
/* "unknown", "up", "down" as `status` prints them. */
const char *track_state_name(enum track_state state);

struct track_rule {
	unsigned rise;
	unsigned fall;
	int64_t interval_ns; /* of the results; 0: they come when something changes */
};

struct track_score {
	enum track_state state;
	unsigned against;       /* results in a row that speak against the state; of an unknown one, bad ones */
	struct mono good_since; /* while it is down: the first of the good results */
	struct mono calm_until; /* a failure before this doubles the hold */
	struct mono sure_at;    /* after a failure has ended */
	int64_t hold_ns;        /* of the last failure; 0: there was none */
};

/* One more result. Whether the state changed. */
bool track_score_take(struct track_score *score, const struct track_rule *rule, bool good, struct mono now);
/* The next results may change it for the worse, or those of the peer for the better. */
bool track_score_is_doubtful(const struct track_score *score, struct mono now);

struct track_item {
	enum track_state state;
	bool doubtful;
	unsigned penalty;
};

struct track_sum {
	unsigned penalty;
	bool fault;  /* the vip is to be given up */
	bool unsure; /* something is unknown or in doubt */
};

/* The sum of none is all zeros. */
void track_sum_add(struct track_sum *sum, const struct track_item *item);
/* What is left of `priority`. The owner's stays (RFC 9568 section 5.2.4), and so does that of a sick node. */
uint8_t track_priority(uint8_t priority, unsigned penalty);

#endif
