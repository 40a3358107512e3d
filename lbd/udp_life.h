/* SPDX-License-Identifier: MIT */
/*
 * The life of a UDP session: when it ends, and how often it may go to another server. No I/O.
 *
 * A server whose host says that nobody takes the datagrams (ICMP) has failed as one that refuses a connection has: the
 * next datagram goes to another one. An answer is what a TCP connection's being established is: from then on all
 * attempts are there again.
 */
#ifndef LBPAIR_LBD_UDP_LIFE_H
#define LBPAIR_LBD_UDP_LIFE_H

#include "common/pure/mono.h"

struct udp_life {
	unsigned retries;       /* as configured */
	unsigned attempts_left; /* beyond the server at hand */
	uint64_t requests;      /* datagrams from the client */
	uint64_t answers;       /* and from servers */
	struct mono active;     /* the last one of either */
};

void udp_life_begin(struct udp_life *life, unsigned retries, struct mono now);
void udp_life_request(struct udp_life *life, unsigned count, struct mono now);
/*
 * True: this was the last one. With `limit` (0: none) a session ends after so many, but while it has had fewer answers
 * than requests: resolvers ask for several records at once, from one port.
 */
bool udp_life_answer(struct udp_life *life, unsigned limit, struct mono now);
/* The server has failed, and what it was asked is lost. False: there is no further attempt, and the session ends. */
bool udp_life_failed(struct udp_life *life);
/* When the session ends for want of datagrams; 0 is without limit. */
struct mono udp_life_deadline(const struct udp_life *life, int64_t idle_ns);
/* Whether it may give way to a new one: a second has passed without a datagram. */
bool udp_life_is_resting(const struct udp_life *life, struct mono now);

#endif
