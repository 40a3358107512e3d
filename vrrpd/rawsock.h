/* SPDX-License-Identifier: MIT */
/*
 * The sockets that adverts go out of and come in by: one raw socket of protocol 112 for each IP version, for all vips
 * and interfaces (raw(7), ip(7), ipv6(7)), sending with TTL or hop limit 255 (RFC 9568 sections 5.1.1.3 and 5.1.2.3),
 * never blocking.
 *
 * They need CAP_NET_RAW, and CAP_NET_ADMIN for their queueing priority.
 */
#ifndef LBPAIR_VRRPD_RAWSOCK_H
#define LBPAIR_VRRPD_RAWSOCK_H

#include "common/pure/addr.h"
#include "common/pure/mono.h"
#include "vrrpd/family.h"

/* Longer than any advert and its IP header; what is cut here is too long for the codec all the same. */
#define RAWSOCK_BUFFER_SIZE 4352
/* With 20 groups each, as Linux has it (net.ipv4.igmp_max_memberships), they are enough for a thousand interfaces. */
#define RAWSOCK_HOLDERS_MAX 64

struct rawsock {
	int fd; /* -1: closed */
	enum family family;
	/* A socket may be a member of few groups only: further sockets, which receive nothing, join for this one. */
	int holders[RAWSOCK_HOLDERS_MAX];
	size_t holder_count;
	/* The kernel stamps packets by the time of day: a step of that clock must not make them look old. */
	int64_t offset_ns; /* the time of day minus the monotonic clock, when it was last looked at */
	struct mono offset_at;
	int64_t stepped_real_ns; /* stamps before this are not believed */
	uint32_t lost;           /* packets that did not fit, by the kernel's count, which begins anew after 2^32 */
	struct mono lost_at;
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

/* Negative errno of socket(2), -EPERM among them; -EAFNOSUPPORT: this host has no IPv6. */
MUST_USE int rawsock_open(enum family family, struct rawsock *ret_socket);
void rawsock_close(struct rawsock *socket);

/*
 * Receives the group on that interface, once for all vips there. Joining anew is no error, and is needed when an
 * interface has come back under the same index. -ENODEV; -ENOBUFS, -ENOMEM: of more interfaces than there is room for.
 */
MUST_USE int rawsock_join(struct rawsock *socket, int ifindex);
/* Receives it there no longer. An interface that is gone, or was not joined, is no error. */
MUST_USE int rawsock_leave(struct rawsock *socket, int ifindex);

/*
 * Sends one message by that interface. `source` is, or was a moment ago, an address of this host: the interface's
 * primary IPv4 address, or its link-local one. Errors of sendmsg(2): -EAGAIN when the queue is full, -ENODEV,
 * -ENETDOWN; -EINVAL, -EADDRNOTAVAIL or -ENETUNREACH (by the kernel's version) when that address is not here.
 */
MUST_USE int rawsock_send(struct rawsock *socket, int ifindex, const struct ip *source, const struct ip *destination,
	const uint8_t *bytes, size_t size);

/*
 * When packets were last found to have been lost for want of room; {0}: never. Each packet that is received says how
 * many were before it, so that this costs nothing; of those that were lost after the last one only a look tells.
 */
struct mono rawsock_lost_at(const struct rawsock *socket);
/* When it has been emptied: a system call. A closed one has lost nothing. */
void rawsock_look_for_losses(struct rawsock *socket);

/* The next packet. -EAGAIN: there is none. -EBADMSG: that one had no sound IP header; the next may be read. */
MUST_USE int rawsock_receive(struct rawsock *socket, struct rawsock_packet *ret_packet);

#endif
