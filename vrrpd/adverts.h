/* SPDX-License-Identifier: MIT */
/* The sockets of the adverts, and adverts from there to the vips that they are for. */
#ifndef LBPAIR_VRRPD_ADVERTS_H
#define LBPAIR_VRRPD_ADVERTS_H

#include "vrrpd/parts.h"

/* Opens a socket for each family that some vip has. Negative errno of rawsock_open. */
MUST_USE int adverts_open(struct agent *agent);
MUST_USE int adverts_watch(struct agent *agent);
/* Receives the groups of the vip's families on that interface. Negative errno of rawsock_join. */
MUST_USE int adverts_join(struct agent *agent, const struct vip *vip, int ifindex);
void adverts_close(struct agent *agent);
/* Takes in what waits in the sockets, a bounded number at a time. */
void adverts_receive(struct agent *agent);

#endif
