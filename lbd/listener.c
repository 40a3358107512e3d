/* SPDX-License-Identifier: MIT */
#include "lbd/listener.h"

#include "common/system/fd.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

/* The kernel cuts it to net.core.somaxconn. */
#define BACKLOG 65535

/* Connections by fast open whose handshake is not complete: those beyond have to go without. */
#define FAST_OPEN_WAITING 4096

/* What a listening UDP socket is asked to hold each way; the kernel cuts it to net.core.rmem_max and wmem_max. */
#define UDP_BUFFER (4 << 20)

static const char *advice(enum service_protocol protocol, int error)
{
	switch (error) {
	case EADDRINUSE:
		return protocol == SERVICE_PROTOCOL_UDP
			       ? "; another process has the port: end it, or listen on another port (ss -lunp shows it)"
			       : "; another process listens there: end it, or listen on another port (ss -ltnp shows "
				 "it)";
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

static int refuse(enum service_protocol protocol, const struct endpoint *endpoint, const char *service, int error,
	struct text *errors)
{
	char text[ENDPOINT_TEXT_MAX];

	text_addf(errors, "service %s: cannot listen on %s: %s%s\n", service, endpoint_text(endpoint, text),
		strerror(error), advice(protocol, error));
	return -error;
}

static bool set_on(int fd, int level, int option)
{
	const int on = 1;

	return setsockopt(fd, level, option, &on, sizeof on) == 0;
}

static bool bind_to(int fd, const struct endpoint *endpoint)
{
	bool v6 = endpoint->ip.family == AF_INET6;
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(endpoint, &address);

	return set_on(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_FREEBIND : IP_FREEBIND) &&
	       (!v6 || set_on(fd, IPPROTO_IPV6, IPV6_V6ONLY)) && bind(fd, (const struct sockaddr *)&address, size) == 0;
}

/* A socket that is bound to `endpoint`, or -1 and errno. */
static int bound_socket(enum service_protocol protocol, const struct endpoint *endpoint, bool shared)
{
	bool udp = protocol == SERVICE_PROTOCOL_UDP;
	AUTO_FD fd = socket(endpoint->ip.family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	/*
	 * With TCP, SO_REUSEADDR passes over connections of an earlier run that are in TIME_WAIT, not over listeners.
	 * UDP has none of these, and there it would share the port.
	 */
	if (fd < 0 || (!udp && !set_on(fd, SOL_SOCKET, SO_REUSEADDR)) ||
		(shared && !set_on(fd, SOL_SOCKET, SO_REUSEPORT)) || !bind_to(fd, endpoint))
		return -1;
	return fd_take(&fd);
}

/* Accepted connections inherit both; urgent bytes then stay in the stream, at their place, and are not lost. */
static bool finish_tcp(int fd)
{
	return set_on(fd, IPPROTO_TCP, TCP_NODELAY) && set_on(fd, SOL_SOCKET, SO_OOBINLINE) && listen(fd, BACKLOG) == 0;
}

static bool finish_udp(int fd, const struct endpoint *endpoint)
{
	bool v6 = endpoint->ip.family == AF_INET6;
	const int size = UDP_BUFFER;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	/* On all addresses, each datagram has to say to which it was sent: the answer comes from there. */
	return !ip_is_any(&endpoint->ip) ||
	       set_on(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVPKTINFO : IP_PKTINFO);
}

int listener_probe(
	enum service_protocol protocol, const struct endpoint *endpoint, const char *service, struct text *errors)
{
	AUTO_FD fd = bound_socket(protocol, endpoint, false);

	return fd < 0 ? refuse(protocol, endpoint, service, errno, errors) : 0;
}

int listener_open(enum service_protocol protocol, const struct endpoint *endpoint, const char *service, int *ret_fd,
	struct text *errors)
{
	AUTO_FD fd = bound_socket(protocol, endpoint, true);

	if (fd < 0 || !(protocol == SERVICE_PROTOCOL_UDP ? finish_udp(fd, endpoint) : finish_tcp(fd)))
		return refuse(protocol, endpoint, service, errno, errors);
	*ret_fd = fd_take(&fd);
	return 0;
}

void listener_set_fast(int fd, bool fast)
{
	const int waiting = fast ? FAST_OPEN_WAITING : 0;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &waiting, sizeof waiting);
}
