/* SPDX-License-Identifier: MIT */
/*
 * `lbctl maintenance on|off`: this node gives its vips away and takes none, across restarts, until it is told
 * otherwise. The vips go by planned failovers, and only when the peer has said of each that it is ready: maintenance is
 * no outage.
 */
#ifndef LBPAIR_VRRPD_MAINTENANCE_H
#define LBPAIR_VRRPD_MAINTENANCE_H

#include "vrrpd/parts.h"

/* `text` says why not, or what has been done; it is valid during the call. */
typedef void maintenance_fn(void *context, bool refused, const char *text);

/* `done` is called once, at once or when the vips have gone. */
void maintenance_begin(struct agent *agent, maintenance_fn *done, void *context);
/* What was given away for it comes back as the configuration has it (preempt). */
void maintenance_end(struct agent *agent, maintenance_fn *done, void *context);

#endif
