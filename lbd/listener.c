/* SPDX-License-Identifier: MIT */
#include "lbd/listener.h"

#include "common/system/fd.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

/* The kernel cuts it to net.core.somaxconn. */
#define BACKLOG 65535

static const char *advice(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "; another process listens there: end it, or listen on another port (ss -ltnp shows it)";
	case EACCES:
	case EPERM:
		return "; a port below 1024 needs root or CAP_NET_BIND_SERVICE";
	case EADDRNOTAVAIL:
		return "; the address is not one that a host can have";
	case EAFNOSUPPORT:
		return "; this host has no IPv6";
	case EMFILE:
	case ENFILE:
		return "; raise the limit of open files (LimitNOFILE=)";
	default: /* errno is not an enum of ours */
		return "";
	}
}

static int refuse(const struct endpoint *endpoint, const char *service, int error, struct text *errors)
{
	char text[ENDPOINT_TEXT_MAX];

	text_addf(errors, "service %s: cannot listen on %s: %s%s\n", service, endpoint_text(endpoint, text),
		strerror(error), advice(error));
	return -error;
}

static bool set_on(int fd, int level, int option)
{
	const int on = 1;

	return setsockopt(fd, level, option, &on, sizeof on) == 0;
}

/* A socket that is bound to `endpoint`, or -1 and errno. */
static int bound_socket(const struct endpoint *endpoint, bool shared)
{
	bool v6 = endpoint->ip.family == AF_INET6;
	AUTO_FD fd = socket(endpoint->ip.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(endpoint, &address);

	/* SO_REUSEADDR passes over connections of an earlier run that are in TIME_WAIT, not over listeners. */
	if (fd < 0 || !set_on(fd, SOL_SOCKET, SO_REUSEADDR) || (shared && !set_on(fd, SOL_SOCKET, SO_REUSEPORT)) ||
		!set_on(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_FREEBIND : IP_FREEBIND) ||
		(v6 && !set_on(fd, IPPROTO_IPV6, IPV6_V6ONLY)) || bind(fd, (const struct sockaddr *)&address, size) < 0)
		return -1;
	return fd_take(&fd);
}

int listener_probe(const struct endpoint *endpoint, const char *service, struct text *errors)
{
	AUTO_FD fd = bound_socket(endpoint, false);

	return fd < 0 ? refuse(endpoint, service, errno, errors) : 0;
}

int listener_open(const struct endpoint *endpoint, const char *service, int *ret_fd, struct text *errors)
{
	AUTO_FD fd = bound_socket(endpoint, true);

	/* Accepted connections inherit both; urgent bytes then stay in the stream, at their place, and are not lost. */
	if (fd < 0 || !set_on(fd, IPPROTO_TCP, TCP_NODELAY) || !set_on(fd, SOL_SOCKET, SO_OOBINLINE) ||
		listen(fd, BACKLOG) < 0)
		return refuse(endpoint, service, errno, errors);
	*ret_fd = fd_take(&fd);
	return 0;
}
