/* SPDX-License-Identifier: MIT */
/*
 * The socket that adverts go out of and come in by: one raw IPv4 socket of protocol 112 for all vips and interfaces
 * (raw(7), ip(7)), sending to the group 224.0.0.18 with TTL 255 (RFC 9568 sections 5.1.1 and 5.1.1.3), never blocking.
 *
 * It needs CAP_NET_RAW, and CAP_NET_ADMIN for its queueing priority.
 */
#ifndef LBPAIR_VRRPD_RAWSOCK_H
#define LBPAIR_VRRPD_RAWSOCK_H

#include "common/pure/addr.h"
#include "common/pure/mono.h"

/* Longer than any advert and its IP header; what is cut here is too long for the codec all the same. */
#define RAWSOCK_BUFFER_SIZE 2048

struct rawsock {
	int fd;
	/* The kernel stamps packets by the time of day: a step of that clock must not make them look old. */
	int64_t offset_ns; /* the time of day minus the monotonic clock, when it was last looked at */
	struct mono offset_at;
	int64_t stepped_real_ns; /* stamps before this are not believed */
};

struct rawsock_packet {
	const uint8_t *bytes; /* behind the IP header; into `buffer` */
	size_t size;
	uint8_t ttl;
	struct ip source;
	struct ip destination;
	int ifindex;    /* where it came in */
	int64_t age_ns; /* how long it has waited since the kernel took it; 0 where that is not known for sure */
	uint8_t buffer[RAWSOCK_BUFFER_SIZE];
};

/* The group 224.0.0.18. */
struct ip rawsock_group(void);

/* Negative errno of socket(2), -EPERM among them. */
MUST_USE int rawsock_open(struct rawsock *ret_socket);
void rawsock_close(struct rawsock *socket);

/*
 * Receives the group on that interface, once for all vips there. Joining anew is no error, and is needed when an
 * interface has come back under the same index. -ENODEV; -ENOBUFS: more than net.ipv4.igmp_max_memberships.
 */
MUST_USE int rawsock_join(struct rawsock *socket, int ifindex);
/* Receives it there no longer. An interface that is gone, or was not joined, is no error. */
MUST_USE int rawsock_leave(struct rawsock *socket, int ifindex);

/*
 * Sends one message to the group by that interface. `source` is an IPv4 address of this host, the interface's primary
 * one. Errors of sendmsg(2): -EAGAIN when the queue is full, -ENODEV, -ENETDOWN; -EINVAL or -ENETUNREACH (by the
 * kernel's version) when that address is not here.
 */
MUST_USE int rawsock_send(
	struct rawsock *socket, int ifindex, const struct ip *source, const uint8_t *bytes, size_t size);

/* The next packet. -EAGAIN: there is none. -EBADMSG: that one was no IPv4 packet; the next may be read. */
MUST_USE int rawsock_receive(struct rawsock *socket, struct rawsock_packet *ret_packet);

#endif
