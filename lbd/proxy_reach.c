/* SPDX-License-Identifier: MIT */
#include "lbd/proxy_reach.h"

#include "common/system/fd.h"
#include "common/system/log.h"
#include "lbd/dial.h"
#include "lbd/proxy_header.h"

#include <errno.h>
#include <sys/socket.h>

#define LOG_NS (10 * NS_PER_S)

static const struct snapshot_server *server_of(const struct conn *conn)
{
	return &conn->proxy->snapshot->servers[conn->hold.server];
}

int proxy_reach(struct conn *conn, loop_io_fn *fn)
{
	struct proxy *proxy = conn->proxy;
	const struct snapshot_service *service = conn_service(conn);
	const struct snapshot_server *server = server_of(conn);
	const struct dial how = {
		.type = SOCK_STREAM,
		.to = server->address,
		.path = server->path,
		.source = service->transparent ? conn->from.ip : server->source,
		.transparent = service->transparent,
		.keepalive_s = service->keepalive_s,
		.no_delay = server->send_proxy != SEND_PROXY_NONE,
	};
	AUTO_FD fd = -1;
	int r = dial(&how, &fd);

	if (r == 0)
		r = loop_io_add(proxy->env.loop, &conn->server.io, fd, SIDE_EVENTS, fn);
	if (r == 0)
		(void)fd_take(&fd);
	return r;
}

bool proxy_reach_is_exhaustion(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM || error == -ENOSPC;
}

bool proxy_reach_is_ours(struct conn *conn, int error)
{
	struct proxy *proxy = conn->proxy;
	struct mono now = loop_now(proxy->env.loop);
	const struct snapshot_server *server = server_of(conn);

	if (error != -EADDRNOTAVAIL && error != -ENXIO)
		return false;
	if (error == -EADDRNOTAVAIL)
		counter_add(&conn_server_counters(conn)->ports_missing, 1);
	if (mono_diff(now, proxy->reach_logged_at) < LOG_NS)
		return true;
	proxy->reach_logged_at = now;
	if (error == -EADDRNOTAVAIL)
		log_warning("no port (or no address) of this host is free for one more connection to a server: widen "
			    "net.ipv4.ip_local_port_range, or give the server another `source`",
			log_endpoint("server", &server->address), log_uint("worker", proxy->env.worker));
	else
		log_warning("a server's `source` is no address of this host", log_endpoint("server", &server->address),
			log_ip("source", &server->source), log_uint("worker", proxy->env.worker));
	return true;
}

struct endpoint proxy_local(const struct conn *conn)
{
	struct sockaddr_storage local;
	socklen_t size = sizeof local;
	struct endpoint endpoint;

	if (getsockname(conn->client.io.fd, (struct sockaddr *)&local, &size) < 0 ||
		endpoint_from_sockaddr(&local, &endpoint) < 0)
		return (struct endpoint){0};
	return endpoint;
}

int proxy_greet(const struct conn *conn)
{
	enum send_proxy version = server_of(conn)->send_proxy;
	uint8_t bytes[PROXY_HEADER_WRITE_MAX];
	struct proxy_header header;
	size_t size;
	ssize_t put;

	if (version == SEND_PROXY_NONE)
		return 0;
	header = (struct proxy_header){.client = conn->from, .local = conn->to};
	if (header.local.ip.family == 0)
		header.local = proxy_local(conn);
	size = proxy_header_write(version, &header, bytes);
	put = send(conn->server.io.fd, bytes, size, MSG_NOSIGNAL);
	if (put < 0)
		return -errno;
	/* A socket that has just been connected has room for more than that. */
	return put == (ssize_t)size ? 0 : -ENOBUFS;
}
