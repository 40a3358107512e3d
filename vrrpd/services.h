/* SPDX-License-Identifier: MIT */
/* Which services each node finds up: what heartbeats say of it, and the comparison. Pure. */
#ifndef LBPAIR_VRRPD_SERVICES_H
#define LBPAIR_VRRPD_SERVICES_H

#include "vrrpd/forwarder.h"

/* Whether lbd says that a new connection to the service would find a server; one that it does not know is down. */
bool services_is_up(const struct forwarder_view *view, const char *name);

/* Writes the services' states into the heartbeat, in the order of the configuration. */
void services_fill(const struct conf *conf, const struct forwarder_view *view, struct peer_message *message);

/*
 * Whether some service is down here that the peer has up. Where the configurations differ, or nothing is known of the
 * peer (NULL), nothing can be compared: false.
 */
bool services_worse(const struct conf *conf, const struct forwarder_view *view, const struct peer_message *heartbeat);

/* Whether some service is down here, whatever the peer says. */
bool services_any_down(const struct conf *conf, const struct forwarder_view *view);

#endif
