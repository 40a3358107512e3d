/* SPDX-License-Identifier: MIT */
#include "vrrpd/rawsock.h"

#include "common/pure/cursor.h"
#include "common/system/clock.h"
#include "common/system/fd.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <string.h>

#define PROTOCOL 112
#define TTL 255
/* Internetwork control (RFC 791), as routing protocols use it. */
#define TOS 0xc0
/* 200 vips, 10 ms apart, for some 100 ms in which nobody reads. */
#define RECEIVE_BUFFER (4 * 1024 * 1024)

/* Slewing moves the clock by 500 us in a second at the most (adjtimex(2)); what goes beyond twice that is a step. */
#define STEP_NS NS_PER_MS
#define SLEW_DIVISOR 1000

/* Both clocks at one moment; a process that was put aside between the two would take that for a step. */
static int64_t read_clocks(struct mono *ret_now)
{
	int64_t real_ns = 0;

	for (int i = 0; i < 5; i++) {
		*ret_now = clock_mono();
		real_ns = clock_real_ns();
		if (mono_diff(clock_mono(), *ret_now) < STEP_NS / 4)
			break;
	}
	return real_ns;
}

struct socket_option {
	int level;
	int name;
	int value;
};

static const struct socket_option ipv4_options[] = {
	{IPPROTO_IP, IP_TTL, TTL},
	{IPPROTO_IP, IP_MULTICAST_TTL, TTL},
	{IPPROTO_IP, IP_MULTICAST_LOOP, 0},
	/* Groups that other sockets of this host have joined are not ours. */
	{IPPROTO_IP, IP_MULTICAST_ALL, 0},
	/* IP_TOS sets the queueing priority too, so SO_PRIORITY comes after it. */
	{IPPROTO_IP, IP_TOS, TOS},
	{IPPROTO_IP, IP_PKTINFO, 1},
};

static const struct socket_option ipv6_options[] = {
	{IPPROTO_IPV6, IPV6_UNICAST_HOPS, TTL},
	{IPPROTO_IPV6, IPV6_MULTICAST_HOPS, TTL},
	{IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0},
	{IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0},
	{IPPROTO_IPV6, IPV6_TCLASS, TOS},
	{IPPROTO_IPV6, IPV6_RECVPKTINFO, 1},
	{IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1},
};

static const struct socket_option common_options[] = {
	{SOL_SOCKET, SO_PRIORITY, 7},
	{SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER},
	{SOL_SOCKET, SO_TIMESTAMPNS, 1},
	{SOL_SOCKET, SO_RXQ_OVFL, 1},
};

static int set_options(int fd, const struct socket_option *options, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof options[i].value) < 0)
			return -errno;
	}
	return 0;
}

int rawsock_open(enum family family, struct rawsock *ret_socket)
{
	bool v6 = family == FAMILY_IPV6;
	AUTO_FD fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, PROTOCOL);
	const int on = 1;
	struct mono now;
	int64_t real_ns = read_clocks(&now);
	int r;

	if (fd < 0)
		return -errno;
	r = v6 ? set_options(fd, ipv6_options, ARRAY_LEN(ipv6_options))
	       : set_options(fd, ipv4_options, ARRAY_LEN(ipv4_options));
	if (r == 0)
		r = set_options(fd, common_options, ARRAY_LEN(common_options));
	/* The last word of a vip goes out even when somebody has just removed the address that it comes from. */
	(void)setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, &on, sizeof on);
	if (r < 0)
		return r;
	*ret_socket = (struct rawsock){
		.fd = fd_take(&fd),
		.family = family,
		.offset_ns = real_ns - now.ns,
		.offset_at = now,
	};
	return 0;
}

void rawsock_close(struct rawsock *socket)
{
	while (socket->holder_count > 0)
		fd_close(&socket->holders[--socket->holder_count]);
	fd_close(&socket->fd);
}

static int change_membership(enum family family, int fd, bool join, int ifindex)
{
	struct ip group = family_group(family);
	struct ip_mreqn v4 = {.imr_ifindex = ifindex};
	struct ipv6_mreq v6 = {.ipv6mr_interface = (unsigned)ifindex};
	int r;

	if (family == FAMILY_IPV4) {
		v4.imr_multiaddr = ip_to_v4(&group);
		r = setsockopt(fd, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &v4, sizeof v4);
	} else {
		v6.ipv6mr_multiaddr = ip_to_v6(&group);
		r = setsockopt(fd, IPPROTO_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &v6, sizeof v6);
	}
	return r < 0 ? -errno : 0;
}

static int join_by(enum family family, int fd, int ifindex)
{
	int r = change_membership(family, fd, true, ifindex);

	if (r != -EADDRINUSE)
		return r;
	/* The socket's membership outlives the interface; only leaving and joining makes it good for a new one. */
	(void)change_membership(family, fd, false, ifindex);
	return change_membership(family, fd, true, ifindex);
}

/* Its receiver then hears the group wherever some socket of this host is a member; who reads it knows his interfaces.
 */
static int add_holder(struct rawsock *receiver)
{
	bool v6 = receiver->family == FAMILY_IPV6;
	AUTO_FD fd = -1;
	const int on = 1;

	if (receiver->holder_count == RAWSOCK_HOLDERS_MAX)
		return -ENOBUFS;
	fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(receiver->fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
			      v6 ? IPV6_MULTICAST_ALL : IP_MULTICAST_ALL, &on, sizeof on) < 0)
		return -errno;
	receiver->holders[receiver->holder_count++] = fd_take(&fd);
	return 0;
}

static bool is_full(int r)
{
	return r == -ENOBUFS || r == -ENOMEM;
}

int rawsock_join(struct rawsock *socket, int ifindex)
{
	int r = join_by(socket->family, socket->fd, ifindex);

	for (size_t i = 0; is_full(r); i++) {
		if (i == socket->holder_count) {
			int added = add_holder(socket);

			if (added < 0)
				return r;
		}
		r = join_by(socket->family, socket->holders[i], ifindex);
	}
	return r;
}

int rawsock_leave(struct rawsock *socket, int ifindex)
{
	int r = change_membership(socket->family, socket->fd, false, ifindex);

	/* It may have been taken by another one when there was no room in the first, and by the first later. */
	for (size_t i = 0; i < socket->holder_count; i++) {
		int left = change_membership(socket->family, socket->holders[i], false, ifindex);

		r = left == 0 ? 0 : r;
	}
	return r == -ENODEV || r == -EADDRNOTAVAIL ? 0 : r;
}

union control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int)) +
		      CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(uint32_t))];
};

static void put_control(
	union control *control, struct msghdr *message, int level, int type, const void *data, size_t size)
{
	control->align = (struct cmsghdr){.cmsg_len = CMSG_LEN(size), .cmsg_level = level, .cmsg_type = type};
	memcpy(CMSG_DATA(&control->align), data, size);
	message->msg_control = control;
	message->msg_controllen = CMSG_SPACE(size);
}

/* Where it goes out and what it says it comes from. */
static void put_route(union control *control, struct msghdr *message, int ifindex, const struct ip *source)
{
	struct in_pktinfo v4 = {.ipi_ifindex = ifindex};
	struct in6_pktinfo v6 = {.ipi6_ifindex = (unsigned)ifindex};

	if (source->family == AF_INET) {
		v4.ipi_spec_dst = ip_to_v4(source);
		put_control(control, message, IPPROTO_IP, IP_PKTINFO, &v4, sizeof v4);
	} else {
		v6.ipi6_addr = ip_to_v6(source);
		put_control(control, message, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof v6);
	}
}

int rawsock_send(struct rawsock *socket, int ifindex, const struct ip *source, const struct ip *destination,
	const uint8_t *bytes, size_t size)
{
	/* Of a raw IPv6 socket the port is the protocol, or 0. */
	const struct endpoint endpoint = {.ip = *destination};
	struct sockaddr_storage to;
	struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
	union control control = {0};
	struct msghdr message = {
		.msg_name = &to,
		.msg_namelen = endpoint_to_sockaddr(&endpoint, &to),
		.msg_iov = &part,
		.msg_iovlen = 1,
	};

	put_route(&control, &message, ifindex, source);
	return sendmsg(socket->fd, &message, 0) < 0 ? -errno : 0;
}

/* Notes a step of the time of day: stamps from before it say nothing, whichever way it went. */
static void watch_clock(struct rawsock *socket, struct mono now, int64_t real_ns)
{
	int64_t offset_ns = real_ns - now.ns;
	int64_t slewed_ns = STEP_NS + mono_diff(now, socket->offset_at) / SLEW_DIVISOR;

	if (llabs(offset_ns - socket->offset_ns) > slewed_ns)
		socket->stepped_real_ns = real_ns;
	socket->offset_ns = offset_ns;
	socket->offset_at = now;
}

static int64_t age_of(struct rawsock *socket, int64_t stamp_ns)
{
	struct mono now;
	int64_t real_ns = read_clocks(&now);

	watch_clock(socket, now, real_ns);
	if (stamp_ns < socket->stepped_real_ns)
		return 0;
	return MAX(real_ns - stamp_ns, INT64_C(0));
}

/* IPv6 has no header here: what it says comes beside the packet. */
static void read_ipv6_control(const struct cmsghdr *c, struct rawsock_packet *packet)
{
	struct in6_pktinfo info;
	int hops;

	if (c->cmsg_type == IPV6_PKTINFO) {
		memcpy(&info, CMSG_DATA(c), sizeof info);
		packet->ifindex = (int)info.ipi6_ifindex;
		packet->destination = ip_from_v6(&info.ipi6_addr);
	} else if (c->cmsg_type == IPV6_HOPLIMIT) {
		memcpy(&hops, CMSG_DATA(c), sizeof hops);
		packet->ttl = (uint8_t)hops;
	}
}

static void note_lost(struct rawsock *socket, uint32_t lost)
{
	if (lost != socket->lost)
		socket->lost_at = clock_mono();
	socket->lost = lost;
}

static void read_socket_control(struct rawsock *socket, const struct cmsghdr *c, struct rawsock_packet *packet)
{
	struct timespec stamp;
	uint32_t lost;

	if (c->cmsg_type == SCM_TIMESTAMPNS) {
		memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
		packet->age_ns = age_of(socket, stamp.tv_sec * NS_PER_S + stamp.tv_nsec);
	} else if (c->cmsg_type == SO_RXQ_OVFL) {
		memcpy(&lost, CMSG_DATA(c), sizeof lost);
		note_lost(socket, lost);
	}
}

static void read_control(struct rawsock *socket, struct msghdr *message, struct rawsock_packet *packet)
{
	packet->ifindex = 0;
	packet->age_ns = 0;
	packet->ttl = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
		struct in_pktinfo info;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&info, CMSG_DATA(c), sizeof info);
			packet->ifindex = info.ipi_ifindex;
		} else if (c->cmsg_level == IPPROTO_IPV6) {
			read_ipv6_control(c, packet);
		} else if (c->cmsg_level == SOL_SOCKET) {
			read_socket_control(socket, c, packet);
		}
	}
}

static struct ip read_ip(struct cursor *in)
{
	struct ip ip = {.family = AF_INET};

	cursor_bytes(in, ip.bytes, 4);
	return ip;
}

/* RFC 791 section 3.1. The kernel has checked the header's checksum and put fragments together. */
static int read_header(struct rawsock_packet *packet, size_t received)
{
	struct cursor in = cursor_of(packet->buffer, received);
	uint8_t version_and_length = cursor_u8(&in);
	size_t header_size = (size_t)(version_and_length & 15) * 4;

	cursor_skip(&in, 7);
	packet->ttl = cursor_u8(&in);
	cursor_skip(&in, 3);
	packet->source = read_ip(&in);
	packet->destination = read_ip(&in);
	if (in.bad || version_and_length >> 4 != 4 || header_size < 20 || header_size > received)
		return -EBADMSG;
	packet->bytes = packet->buffer + header_size;
	packet->size = received - header_size;
	return 0;
}

int rawsock_receive(struct rawsock *socket, struct rawsock_packet *ret_packet)
{
	struct iovec part = {.iov_base = ret_packet->buffer, .iov_len = sizeof ret_packet->buffer};
	struct sockaddr_storage from;
	union control control;
	struct endpoint sender;
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof from,
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	ssize_t received = recvmsg(socket->fd, &message, 0);

	if (received < 0)
		return -errno;
	ret_packet->destination = (struct ip){0};
	read_control(socket, &message, ret_packet);
	if (socket->family == FAMILY_IPV4)
		return read_header(ret_packet, (size_t)received);
	if (endpoint_from_sockaddr(&from, &sender) < 0 || sender.ip.family != AF_INET6 ||
		ret_packet->destination.family != AF_INET6)
		return -EBADMSG;
	ret_packet->source = sender.ip;
	ret_packet->bytes = ret_packet->buffer;
	ret_packet->size = (size_t)received;
	return 0;
}

void rawsock_look_for_losses(struct rawsock *socket)
{
	uint32_t memory[SK_MEMINFO_VARS] = {0};
	socklen_t size = sizeof memory;

	if (socket->fd >= 0 && getsockopt(socket->fd, SOL_SOCKET, SO_MEMINFO, memory, &size) == 0)
		note_lost(socket, memory[SK_MEMINFO_DROPS]);
}

struct mono rawsock_lost_at(const struct rawsock *socket)
{
	return socket->lost_at;
}
