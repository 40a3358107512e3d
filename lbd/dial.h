/* SPDX-License-Identifier: MIT */
/* Sockets towards servers: from which address, and how. */
#ifndef LBPAIR_LBD_DIAL_H
#define LBPAIR_LBD_DIAL_H

#include "common/pure/addr.h"

struct dial {
	int type; /* SOCK_STREAM or SOCK_DGRAM */
	struct endpoint to;
	const char *path; /* of a Unix socket instead; NULL: none */
	struct ip source; /* the address that it comes from; of family 0, not that of `to`, or link-local: as the routes
			     say */
	bool transparent; /* `source` need not be an address of this host (ip(7), IP_TRANSPARENT) */
	int keepalive_s;  /* 0: none */
	bool no_delay;    /* a second write follows the first at once, and is not to wait for its acknowledgement */
};

/*
 * A non-blocking socket that is connected, or is going to be. -EADDRNOTAVAIL: this host has no port left for it;
 * -ENXIO: `source` is no address of this host; -EPERM: it may not be transparent; -EAGAIN: the Unix socket's queue is
 * full. Else what socket(2) and connect(2) say.
 */
MUST_USE int dial(const struct dial *how, int *ret_fd);

/* Probes after `idle_s` without traffic, and three then at a third of that. It does nothing where there is no TCP. */
void dial_keep_alive(int fd, int idle_s);

/* 0 where a socket of this family may be transparent here; -EPERM where not. */
MUST_USE int dial_try_transparent(uint8_t family);

#endif
