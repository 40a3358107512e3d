/* SPDX-License-Identifier: MIT */
/* The sockets of the state port (DESIGN section 5.4): one UDP socket for each address of this node, never blocking. */
#ifndef LBPAIR_VRRPD_STATESOCK_H
#define LBPAIR_VRRPD_STATESOCK_H

#include "common/pure/addr.h"

/* Negative errno of socket(2), setsockopt(2) or bind(2), the last with a line on stderr. */
MUST_USE int statesock_open(const struct endpoint *own, int *ret_fd);
/* Negative errno of sendto(2). */
MUST_USE int statesock_send(int fd, const struct endpoint *to, const uint8_t *bytes, size_t size);
/*
 * The next datagram, and the interface that it came in by. -EAGAIN: there is none. -ECONNREFUSED, -EINTR: the next may
 * be there. -EMSGSIZE: that one had more than `room` bytes, and is gone.
 */
MUST_USE int statesock_receive(int fd, uint8_t *buffer, size_t room, size_t *ret_size, int *ret_ifindex);

#endif
