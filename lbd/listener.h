/* SPDX-License-Identifier: MIT */
/*
 * Listening sockets: one for each worker on each endpoint, which the kernel deals connections, or a client's datagrams,
 * out to.
 */
#ifndef LBPAIR_LBD_LISTENER_H
#define LBPAIR_LBD_LISTENER_H

#include "common/model/conf.h"

/*
 * Tries whether `endpoint` can be bound here and is nobody else's, another lbd's included, which would share it with
 * SO_REUSEPORT without a word. On failure a negative errno, and in `errors` a line that says what to do; `service`
 * stands in it.
 */
MUST_USE int listener_probe(
	enum service_protocol protocol, const struct endpoint *endpoint, const char *service, struct text *errors);
/*
 * Binds and listens, with SO_REUSEPORT and whether or not the address is on this host yet; UDP on all addresses reports
 * each datagram's (IP_PKTINFO, IPV6_RECVPKTINFO). Errors as above.
 */
MUST_USE int listener_open(enum service_protocol protocol, const struct endpoint *endpoint, const char *service,
	int *ret_fd, struct text *errors);
/* Whether a listening TCP socket takes data with the first packet, where net.ipv4.tcp_fastopen has 2 in it. */
void listener_set_fast(int fd, bool fast);

#endif
