/* SPDX-License-Identifier: MIT */
/* The sockets of the adverts, and adverts from there to the vips that they are for. */
#ifndef LBPAIR_VRRPD_ADVERTS_H
#define LBPAIR_VRRPD_ADVERTS_H

#include "vrrpd/parts.h"

/* Opens and watches a socket for each family that some vip of `conf` has, where there is none yet. Negative errno of
 * rawsock_open; adverts_trim then closes what this opened. */
MUST_USE int adverts_open(struct agent *agent, const struct conf *conf);
/* Closes those that no vip of the configuration in use wants. */
void adverts_trim(struct agent *agent);
void adverts_close(struct agent *agent);
/*
 * Receives the groups of the vip's families on the interface of its port, once for all vips there. Negative errno of
 * rawsock_join.
 */
MUST_USE int adverts_join(struct agent *agent, const struct vip *vip);
/* No longer receives those of the interface that no vip wants. */
void adverts_leave(struct agent *agent, int ifindex);
/* The vip's interface is that one now, or 0; where it cannot be used, its groups are joined anew when it can. */
void adverts_follow(struct agent *agent, const struct vip *vip, int ifindex, bool usable);
/* Takes in what waits in the sockets, a bounded number at a time. Whether none waits any longer. */
bool adverts_receive(struct agent *agent);

#endif
