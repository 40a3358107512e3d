/* SPDX-License-Identifier: MIT */
#include "lbd/dial.h"

#include "common/system/fd.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/un.h>

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

static int set_transparent(int fd, uint8_t family)
{
	return family == AF_INET6 ? set(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1) : set(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
}

int dial_try_transparent(uint8_t family)
{
	AUTO_FD fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : set_transparent(fd, family);
}

void dial_keep_alive(int fd, int idle_s)
{
	const int interval_s = idle_s > 3 ? idle_s / 3 : 1;

	if (set(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle_s) < 0)
		return;
	(void)set(fd, IPPROTO_TCP, TCP_KEEPINTVL, interval_s);
	(void)set(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
	(void)set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

/* Link-local addresses are of use with their interface alone, which is not known here. */
static bool is_usable(const struct dial *how)
{
	return how->source.family != 0 && how->source.family == how->to.ip.family && !ip_is_link_local(&how->source);
}

static int set_source(const struct dial *how, int fd)
{
	const struct endpoint from = {.ip = how->source};
	struct sockaddr_storage address;
	socklen_t size;
	int r = 0;

	if (!is_usable(how))
		return 0;
	if (how->transparent)
		r = set_transparent(fd, how->source.family);
	/* ip(7): the port is chosen when the other side is known, so that it need not be free for all others. */
	(void)set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	size = endpoint_to_sockaddr(&from, &address);
	if (r == 0 && bind(fd, (const struct sockaddr *)&address, size) < 0)
		r = errno == EADDRNOTAVAIL ? -ENXIO : -errno;
	return r;
}

static int dial_path(const struct dial *how, int *ret_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(how->path);
	AUTO_FD fd = socket(AF_UNIX, how->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (length >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	memcpy(address.sun_path, how->path, length);
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return -errno;
	*ret_fd = fd_take(&fd);
	return 0;
}

static int dial_endpoint(const struct dial *how, int *ret_fd)
{
	AUTO_FD fd = socket(how->to.ip.family, how->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(&how->to, &address);
	int r;

	if (fd < 0)
		return -errno;
	if (how->type == SOCK_STREAM) {
		if (how->no_delay)
			(void)set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
		/* tcp(7): urgent bytes stay in the stream, at their place, and so are not lost. */
		(void)set(fd, SOL_SOCKET, SO_OOBINLINE, 1);
		if (how->keepalive_s > 0)
			dial_keep_alive(fd, how->keepalive_s);
	}
	r = set_source(how, fd);
	if (r < 0)
		return r;
	/* connect(2): both mean that no local port is free. */
	if (connect(fd, (const struct sockaddr *)&address, size) < 0 && errno != EINPROGRESS)
		return errno == EAGAIN ? -EADDRNOTAVAIL : -errno;
	*ret_fd = fd_take(&fd);
	return 0;
}

int dial(const struct dial *how, int *ret_fd)
{
	return how->path != NULL ? dial_path(how, ret_fd) : dial_endpoint(how, ret_fd);
}
