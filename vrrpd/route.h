/* SPDX-License-Identifier: MIT */
/* The default gateway of an interface, as the kernel routes (rtnetlink(7)), by libmnl. */
#ifndef LBPAIR_VRRPD_ROUTE_H
#define LBPAIR_VRRPD_ROUTE_H

#include "common/pure/addr.h"
#include "vrrpd/family.h"

struct route_socket;

MUST_USE int route_open(struct route_socket **ret_socket);
/* Accepts NULL. */
void route_close(struct route_socket *socket);

/*
 * By whom packets that leave by that interface go far away. False: by nobody, or by one of the other family. The kernel
 * is asked for one route, which it has looked up when sendto(2) returns: no dump, and nothing to wait for.
 */
MUST_USE bool route_gateway(struct route_socket *socket, enum family family, int ifindex, struct ip *ret_ip);

/* The gateway in the kernel's answer, whose bytes are aligned to 4. False: there is none. No I/O. */
MUST_USE bool route_decode(const void *bytes, size_t size, struct ip *ret_ip);

#endif
