/* SPDX-License-Identifier: MIT */
/*
 * Datagrams between sockets, many with one system call (recvmmsg(2), sendmmsg(2)). Where the kernel has joined
 * datagrams of one flow (UDP_GRO, udp(7)) they stay joined, and the kernel parts them again (UDP_SEGMENT).
 */
#ifndef LBPAIR_LBD_UDP_BATCH_H
#define LBPAIR_LBD_UDP_BATCH_H

#include "common/pure/addr.h"
#include "lbd/udp_groups.h"

/* A sockaddr_storage without its air. */
union udp_peer {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct udp_datagram {
	uint32_t size;
	uint16_t segment;    /* the size of each that is joined here, but the last; 0: it is one */
	socklen_t peer_size; /* of a client's address; 0: there is none */
	union udp_peer peer; /* from or to */
	struct ip local;     /* to or from; of no family where the socket has it */
};

struct udp_batch;

/* -ENOMEM. */
MUST_USE int udp_batch_new(struct udp_batch **ret_batch);
/* Accepts NULL. */
void udp_batch_free(struct udp_batch *batch);

/*
 * Fills the places from `from` on, `most` at most, with what has come. `named`: with peer and, where the socket reports
 * it, local. Returns how many, or the negative errno of recvmmsg(2): -EAGAIN, or what ICMP has told.
 */
MUST_USE int udp_batch_receive(struct udp_batch *batch, int fd, unsigned from, unsigned most, bool named);
struct udp_datagram *udp_batch_at(struct udp_batch *batch, unsigned place);
/*
 * Sends the datagrams of these places, in order, to their peers, or, where they have none, to the one that the socket
 * is connected to. Returns how many were taken, or a negative errno that concerns the first of them.
 */
MUST_USE int udp_batch_send(struct udp_batch *batch, int fd, const uint8_t *places, unsigned count);
/* How many datagrams are joined there. */
unsigned udp_datagram_count(const struct udp_datagram *datagram);
/* How many datagrams the kernel has dropped because they came faster than they were read; modulo 2^32. */
uint32_t udp_drops(int fd);
/* Has the kernel join what it can; it goes without, too. */
void udp_join(int fd);

#endif
