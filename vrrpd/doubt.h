/* SPDX-License-Identifier: MIT */
/*
 * Whether a node is to doubt that it hears its LAN, and so to ask the hosts there (DESIGN section 5.4). Pure;
 * lanwatch.c asks, lan.c judges.
 *
 * Nobody is asked as long as all is well. What gives reason to:
 *
 *  - A backup that hears no adverts asks, and has the active node ask.
 *  - An active node hears no adverts when all is well. It asks when the peer is heard by another path, and no longer by
 *    the one that leads over the vip's own interface; and it has the peer ask, and say who answers there. What answers
 *    the peer and not this node makes its LAN dead: it is not the peer that cannot send, it is this node that cannot
 *    hear. Where nobody answers either of them, neither can tell, and the vip stays.
 *  - An active node whose peer has fallen silent on all paths asks as well, now and then: it goes nowhere by what it
 *    finds, since there is nobody that it would know to be better off, but it is an alarm.
 *
 * Whoever is answered has no doubts for a while, so that a path that stays dead makes no stream of questions. An answer
 * that came before the path died proves nothing.
 */
#ifndef LBPAIR_VRRPD_DOUBT_H
#define LBPAIR_VRRPD_DOUBT_H

#include "vrrpd/fsm.h"
#include "vrrpd/lan.h"

struct doubt {
	const struct vrrp_fsm *fsm;
	const struct lan *lan;
	int64_t interval_ns;   /* of the questions */
	bool has_peer;         /* there is one to be heard on the state port */
	bool peer_alive;       /* it is heard there */
	bool peer_off_lan;     /* but by no path that leads over the vip's interface, though there is one */
	struct mono off_since; /* {0}: it was never heard there */
	bool peer_asks;        /* being active, it wants to know who answers here */
};

/* Whether the LAN's hosts are to be asked. */
bool doubt_asks(const struct doubt *doubt, struct mono now);
/* Whether the peer is to be told so, and who answers here. */
bool doubt_tells(const struct doubt *doubt, struct mono now);

/* What an active node that nobody answers cannot decide for itself. */
enum doubt_alarm {
	DOUBT_NONE,
	DOUBT_UNDECIDED, /* the peer is heard by another path, and nobody answers it either, or it does not say */
	DOUBT_ALONE,     /* the peer is silent, too */
	DOUBT_STUCK,     /* what answers the peer does not answer here, but the peer cannot take the vip over */
	DOUBT_ALARM_COUNT,
};
enum doubt_alarm doubt_alarm(const struct doubt *doubt, struct mono now);
/* A sentence without its full stop; NULL: none. */
const char *doubt_alarm_text(enum doubt_alarm alarm);

#endif
