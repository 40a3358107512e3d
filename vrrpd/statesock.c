/* SPDX-License-Identifier: MIT */
#include "vrrpd/statesock.h"

#include "common/system/fd.h"
#include "common/system/log.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* Network control, as adverts. */
#define TOS 0xc0
/* Offers of several hundred vips, and their answers, come at once. */
#define RECEIVE_BUFFER (1024 * 1024)

struct socket_option {
	int level;
	int name;
	int value;
};

static const struct socket_option ipv4_options[] = {
	{IPPROTO_IP, IP_PKTINFO, 1},
	{IPPROTO_IP, IP_TOS, TOS},
	{IPPROTO_IP, IP_FREEBIND, 1},
};

static const struct socket_option ipv6_options[] = {
	{IPPROTO_IPV6, IPV6_RECVPKTINFO, 1},
	{IPPROTO_IPV6, IPV6_TCLASS, TOS},
	{IPPROTO_IPV6, IPV6_FREEBIND, 1},
};
static_assert(ARRAY_LEN(ipv4_options) == ARRAY_LEN(ipv6_options), "one family lacks an option");

int statesock_open(const struct endpoint *own, int *ret_fd)
{
	int family = own->ip.family;
	const struct socket_option *options = family == AF_INET ? ipv4_options : ipv6_options;
	AUTO_FD fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int buffer = RECEIVE_BUFFER;
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(own, &address);

	if (fd < 0)
		return -errno;
	/* Where that is not allowed, what does not fit is sent again. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
	for (size_t i = 0; i < ARRAY_LEN(ipv4_options); i++) {
		if (setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof options[i].value) < 0)
			return -errno;
	}
	if (bind(fd, (struct sockaddr *)&address, size) < 0) {
		int r = -errno;

		log_error("the state port could not be bound: is another vrrpd running with this address?",
			log_endpoint("address", own), log_errno(r));
		return r;
	}
	*ret_fd = fd_take(&fd);
	return 0;
}

int statesock_send(int fd, const struct endpoint *to, const uint8_t *bytes, size_t size)
{
	struct sockaddr_storage address;
	socklen_t address_size = endpoint_to_sockaddr(to, &address);

	if (sendto(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address, address_size) < 0)
		return -errno;
	return 0;
}

static int read_ifindex(struct msghdr *message)
{
	int ifindex = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
		struct in_pktinfo v4;
		struct in6_pktinfo v6;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&v4, CMSG_DATA(c), sizeof v4);
			ifindex = v4.ipi_ifindex;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&v6, CMSG_DATA(c), sizeof v6);
			ifindex = (int)v6.ipi6_ifindex;
		}
	}
	return ifindex;
}

int statesock_receive(int fd, uint8_t *buffer, size_t room, size_t *ret_size, int *ret_ifindex)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = buffer, .iov_len = room};
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	ssize_t size = recvmsg(fd, &message, MSG_DONTWAIT | MSG_TRUNC);

	if (size < 0)
		return -errno;
	if ((size_t)size > room)
		return -EMSGSIZE;
	*ret_size = (size_t)size;
	*ret_ifindex = read_ifindex(&message);
	return 0;
}
