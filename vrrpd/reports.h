/* SPDX-License-Identifier: MIT */
/* What the parts of the agent report to it, and what follows from that for the others. */
#ifndef LBPAIR_VRRPD_REPORTS_H
#define LBPAIR_VRRPD_REPORTS_H

#include "vrrpd/neighbour.h"
#include "vrrpd/parts.h"

/* The context of all of them is the agent. */
extern const struct monitor_events reports_monitor;
extern const struct forwarder_events reports_forwarder;
void reports_tracked(void *context, const char *kind, const char *name, enum track_state state, const char *why);
bool reports_claimed(void *context, int ifindex, const struct neighbour_word *word);
/* The last notify program has ended. */
void reports_settled(void *context);
/* Fills in what the vips call. */
void reports_share(struct agent *agent);

#endif
