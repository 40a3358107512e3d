/* SPDX-License-Identifier: MIT */
#include "vrrpd/rawsock.h"

#include "common/pure/cursor.h"
#include "common/system/clock.h"
#include "common/system/fd.h"

#include <errno.h>
#include <string.h>

#define PROTOCOL 112
#define GROUP 0xe0000012 /* 224.0.0.18 */
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

struct ip rawsock_group(void)
{
	return ip_from_v4((struct in_addr){htonl(GROUP)});
}

static const struct {
	int level;
	int name;
	int value;
} socket_options[] = {
	{IPPROTO_IP, IP_TTL, TTL},
	{IPPROTO_IP, IP_MULTICAST_TTL, TTL},
	{IPPROTO_IP, IP_MULTICAST_LOOP, 0},
	/* Groups that other sockets of this host have joined are not ours. */
	{IPPROTO_IP, IP_MULTICAST_ALL, 0},
	/* IP_TOS sets the queueing priority too, so SO_PRIORITY comes after it. */
	{IPPROTO_IP, IP_TOS, TOS},
	{SOL_SOCKET, SO_PRIORITY, 7},
	{SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER},
	{SOL_SOCKET, SO_TIMESTAMPNS, 1},
	{IPPROTO_IP, IP_PKTINFO, 1},
};

int rawsock_open(struct rawsock *ret_socket)
{
	AUTO_FD fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, PROTOCOL);
	struct mono now;
	int64_t real_ns = read_clocks(&now);

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_LEN(socket_options); i++) {
		if (setsockopt(fd, socket_options[i].level, socket_options[i].name, &socket_options[i].value,
			    sizeof socket_options[i].value) < 0)
			return -errno;
	}
	*ret_socket = (struct rawsock){
		.fd = fd_take(&fd),
		.offset_ns = real_ns - now.ns,
		.offset_at = now,
	};
	return 0;
}

void rawsock_close(struct rawsock *socket)
{
	fd_close(&socket->fd);
}

static int change_membership(const struct rawsock *socket, int operation, int ifindex)
{
	struct ip_mreqn request = {.imr_multiaddr.s_addr = htonl(GROUP), .imr_ifindex = ifindex};

	return setsockopt(socket->fd, IPPROTO_IP, operation, &request, sizeof request) < 0 ? -errno : 0;
}

int rawsock_join(struct rawsock *socket, int ifindex)
{
	int r = change_membership(socket, IP_ADD_MEMBERSHIP, ifindex);

	if (r != -EADDRINUSE)
		return r;
	/* The socket's membership outlives the interface; only leaving and joining makes it good for a new one. */
	(void)change_membership(socket, IP_DROP_MEMBERSHIP, ifindex);
	return change_membership(socket, IP_ADD_MEMBERSHIP, ifindex);
}

int rawsock_leave(struct rawsock *socket, int ifindex)
{
	int r = change_membership(socket, IP_DROP_MEMBERSHIP, ifindex);

	return r == -ENODEV || r == -EADDRNOTAVAIL ? 0 : r;
}

union control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(struct timespec))];
};

int rawsock_send(struct rawsock *socket, int ifindex, const struct ip *source, const uint8_t *bytes, size_t size)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(GROUP)};
	struct in_pktinfo info = {.ipi_ifindex = ifindex, .ipi_spec_dst = ip_to_v4(source)};
	struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
	union control control = {0};
	struct msghdr message = {
		.msg_name = &to,
		.msg_namelen = sizeof to,
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof info),
	};

	control.align = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(sizeof info),
		.cmsg_level = IPPROTO_IP,
		.cmsg_type = IP_PKTINFO,
	};
	memcpy(CMSG_DATA(&control.align), &info, sizeof info);
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

static void read_control(struct rawsock *socket, struct msghdr *message, struct rawsock_packet *packet)
{
	packet->ifindex = 0;
	packet->age_ns = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
		struct in_pktinfo info;
		struct timespec stamp;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&info, CMSG_DATA(c), sizeof info);
			packet->ifindex = info.ipi_ifindex;
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
			packet->age_ns = age_of(socket, stamp.tv_sec * NS_PER_S + stamp.tv_nsec);
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
	union control control;
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	ssize_t received = recvmsg(socket->fd, &message, 0);

	if (received < 0)
		return -errno;
	read_control(socket, &message, ret_packet);
	return read_header(ret_packet, (size_t)received);
}
