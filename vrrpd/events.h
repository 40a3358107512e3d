/* SPDX-License-Identifier: MIT */
/*
 * `lbctl events`, in the control thread: what the recorder holds, as JSON, from a number on; and for those who follow,
 * an answer as soon as there is something new. Each answer is bounded, and who reads slowly asks slowly: what the
 * recorder has forgotten meanwhile is told as a number.
 */
#ifndef LBPAIR_VRRPD_EVENTS_H
#define LBPAIR_VRRPD_EVENTS_H

#include "vrrpd/desk.h"

struct events;

/* `recorder` is the one that the thread of the adverts writes: how much it holds is looked at here, and no more. */
MUST_USE int events_new(struct desk *desk, const struct recorder *recorder, struct events **ret_events);
/* Refuses what still waits. Accepts NULL. */
void events_free(struct events *events);

/*
 * Answers {"events": [...], "next": N, "lost": N} with the entries from number `after` on (parameter; absent: all that
 * are kept); where there are none and the parameter `wait` is true, when there are, or after ten seconds.
 */
void events_ask(struct events *events, struct control_call *call, const json_t *params);

#endif
