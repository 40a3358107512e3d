/* SPDX-License-Identifier: MIT */
/*
 * Two sockets: the subscribed one, which the loop watches, and one for each dump. The subscription comes first, so that
 * what changes in the course of a dump is heard afterwards; hearing of it twice does no harm.
 */
#include "vrrpd/monitor.h"

#include "common/system/log.h"
#include "vrrpd/monitor_table.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/time.h>

/* What the kernel fills at most in one go of a dump. */
#define BUFFER_SIZE 32768
#define RECEIVE_BUFFER (1024 * 1024)
/* So many datagrams are read before others have their turn: each is an event, which may make a vip renew its lease. */
#define READS_PER_TURN 4
#define DRAIN_MAX 100000
#define DUMP_ATTEMPTS 20
#define DUMP_TIMEOUT_S 2

struct monitor {
	struct loop *loop;
	struct loop_io io;
	struct mnl_socket *events_socket;
	struct monitor_events events;
	void *context;
	struct monitor_table table;
	_Alignas(struct nlmsghdr) uint8_t buffer[BUFFER_SIZE];
};

/* Applying changes; each tells the owner after the table is right. */

static void tell_link(struct monitor *monitor, const struct monitor_link *link)
{
	if (monitor->events.on_link != NULL)
		monitor->events.on_link(monitor->context, link);
}

static void tell_link_gone(struct monitor *monitor, const char name[static IF_NAMESIZE])
{
	struct monitor_link gone = {0};

	memcpy(gone.name, name, sizeof gone.name);
	tell_link(monitor, &gone);
}

static bool link_equal(const struct monitor_link *a, const struct monitor_link *b)
{
	return a->ifindex == b->ifindex && a->up == b->up && a->carrier == b->carrier &&
	       strcmp(a->name, b->name) == 0 && memcmp(a->mac, b->mac, sizeof a->mac) == 0;
}

static void apply_link(struct monitor *monitor, const struct monitor_link *now)
{
	struct monitor_link *known = monitor_table_find_link(&monitor->table, now->ifindex);
	struct monitor_link before;

	if (known == NULL) {
		monitor_table_add_link(&monitor->table, now);
	} else {
		before = *known;
		if (link_equal(&before, now))
			return;
		*known = *now;
		if (strcmp(before.name, now->name) != 0)
			tell_link_gone(monitor, before.name);
	}
	tell_link(monitor, now);
}

static void apply_address_gone(struct monitor *monitor, int ifindex, const struct prefix *address)
{
	struct monitor_address *known = monitor_table_find_address(&monitor->table, ifindex, address);
	struct prefix copy = *address;

	if (known == NULL)
		return;
	monitor_table_remove_address(&monitor->table, known);
	if (monitor->events.on_address != NULL)
		monitor->events.on_address(monitor->context, ifindex, &copy, false);
}

static void apply_link_gone(struct monitor *monitor, int ifindex)
{
	struct monitor_link *known = monitor_table_find_link(&monitor->table, ifindex);
	const struct monitor_address *address;
	struct monitor_link before;

	/* The kernel tells of each address too, but not where events were lost. */
	while ((address = monitor_table_any_address(&monitor->table, ifindex)) != NULL)
		apply_address_gone(monitor, ifindex, &address->address);
	if (known == NULL)
		return;
	before = *known;
	monitor_table_remove_link(&monitor->table, known);
	tell_link_gone(monitor, before.name);
}

static void apply_address(struct monitor *monitor, const struct monitor_change *change)
{
	struct monitor_address *known = monitor_table_find_address(&monitor->table, change->ifindex, &change->address);

	if (known != NULL) {
		monitor_table_mark_address(&monitor->table, known, change->is_vip);
		return;
	}
	monitor_table_add_address(&monitor->table, change);
	if (monitor->events.on_address != NULL)
		monitor->events.on_address(monitor->context, change->ifindex, &change->address, true);
}

static void apply(void *context, const struct monitor_change *change)
{
	struct monitor *monitor = context;

	switch (change->kind) {
	case MONITOR_LINK:
		apply_link(monitor, &change->link);
		break;
	case MONITOR_LINK_GONE:
		apply_link_gone(monitor, change->link.ifindex);
		break;
	case MONITOR_ADDRESS:
		apply_address(monitor, change);
		break;
	case MONITOR_ADDRESS_GONE:
		apply_address_gone(monitor, change->ifindex, &change->address);
		break;
	}
}

/* Dumps. */

static void socket_close(struct mnl_socket **socket)
{
	if (*socket != NULL)
		mnl_socket_close(*socket);
}
#define AUTO_SOCKET AUTO(socket_close) struct mnl_socket

static int socket_open(int flags, unsigned groups, struct mnl_socket **ret_socket)
{
	AUTO_SOCKET *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags);

	if (socket == NULL || mnl_socket_bind(socket, groups, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	*ret_socket = TAKE(socket);
	return 0;
}

static int request_dump(struct mnl_socket *socket, uint16_t type, uint8_t family)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[64];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	if (type == RTM_GETLINK) {
		struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);

		info->ifi_family = family;
	} else {
		struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);

		info->ifa_family = family;
	}
	return mnl_socket_sendto(socket, message, message->nlmsg_len) < 0 ? -errno : 0;
}

/* -EINTR: what was dumped changed meanwhile, and the socket may hold the rest of it. */
static int dump_one(
	struct monitor *monitor, struct mnl_socket *socket, uint16_t type, uint8_t family, struct monitor_table *table)
{
	int r = request_dump(socket, type, family);

	while (r == 0) {
		ssize_t size = mnl_socket_recvfrom(socket, monitor->buffer, sizeof monitor->buffer);

		if (size < 0)
			return -errno;
		r = monitor_decode(monitor->buffer, (size_t)size, monitor_table_collect, table);
	}
	return MIN(r, 0);
}

static int dump_once(struct monitor *monitor, struct monitor_table *table)
{
	const struct timeval timeout = {.tv_sec = DUMP_TIMEOUT_S};
	AUTO_SOCKET *socket = NULL;
	int r = socket_open(0, 0, &socket);

	if (r < 0)
		return r;
	(void)setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	r = dump_one(monitor, socket, RTM_GETLINK, AF_UNSPEC, table);
	if (r == 0)
		r = dump_one(monitor, socket, RTM_GETADDR, AF_UNSPEC, table);
	if (r == 0 && table->failed)
		r = -ENOMEM;
	return r;
}

/* Replaces the table by what is there now. */
static int reread(struct monitor *monitor)
{
	struct monitor_table table = {0};
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < DUMP_ATTEMPTS; i++) {
		monitor_table_free(&table);
		r = dump_once(monitor, &table);
	}
	if (r < 0) {
		monitor_table_free(&table);
		return r;
	}
	monitor_table_free(&monitor->table);
	monitor->table = table;
	return 0;
}

/* Events. */

/* What is still queued is older than the dump that follows, and would show again what has long changed. */
static void drain(struct monitor *monitor)
{
	for (int i = 0; i < DRAIN_MAX; i++) {
		if (mnl_socket_recvfrom(monitor->events_socket, monitor->buffer, sizeof monitor->buffer) < 0 &&
			(errno == EAGAIN || errno == EINTR))
			return;
	}
}

static void recover(struct monitor *monitor, int why)
{
	int r;

	log_warning("events of the kernel were lost, reading links and addresses anew", log_errno(why));
	drain(monitor);
	r = reread(monitor);
	if (r < 0)
		log_error("links and addresses could not be read; the next event tries again", log_errno(r));
	monitor->table.failed = r < 0;
	if (monitor->events.on_overrun != NULL)
		monitor->events.on_overrun(monitor->context);
}

static void on_readable(struct loop_io *io, unsigned events)
{
	struct monitor *monitor = CONTAINER_OF(io, struct monitor, io);

	(void)events;
	for (int i = 0; i < READS_PER_TURN; i++) {
		ssize_t size = mnl_socket_recvfrom(monitor->events_socket, monitor->buffer, sizeof monitor->buffer);

		if (size < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (size >= 0)
			(void)monitor_decode(monitor->buffer, (size_t)size, apply, monitor);
		/* ENOBUFS: the queue was full; ENOSPC: a message was longer than the buffer. */
		if (size < 0 || monitor->table.failed) {
			recover(monitor, size < 0 ? -errno : -ENOMEM);
			return;
		}
	}
}

int monitor_new(struct loop *loop, const struct monitor_events *events, void *context, struct monitor **ret_monitor)
{
	const int receive_buffer = RECEIVE_BUFFER;
	struct monitor *monitor = calloc(1, sizeof *monitor);
	int fd, r;

	if (monitor == NULL)
		return -ENOMEM;
	monitor->loop = loop;
	monitor->events = *events;
	monitor->context = context;
	r = socket_open(SOCK_NONBLOCK, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR, &monitor->events_socket);
	if (r < 0)
		goto fail;
	fd = mnl_socket_get_fd(monitor->events_socket);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer);
	r = reread(monitor);
	if (r == 0)
		r = loop_io_add(loop, &monitor->io, fd, LOOP_READ, on_readable);
	if (r < 0)
		goto fail;
	*ret_monitor = monitor;
	return 0;
fail:
	monitor_free(monitor);
	return r;
}

void monitor_free(struct monitor *monitor)
{
	if (monitor == NULL)
		return;
	loop_io_remove(monitor->loop, &monitor->io);
	socket_close(&monitor->events_socket);
	monitor_table_free(&monitor->table);
	free(monitor);
}

/* Questions. */

struct monitor_link monitor_find(const struct monitor *monitor, const char *name)
{
	return monitor_table_find(&monitor->table, name);
}

struct monitor_link monitor_find_index(const struct monitor *monitor, int ifindex)
{
	const struct monitor_link *link = monitor_table_find_link(&monitor->table, ifindex);

	return link != NULL ? *link : (struct monitor_link){0};
}

bool monitor_source(const struct monitor *monitor, int ifindex, enum family family, const struct prefix *except,
	size_t except_count, struct ip *ret_ip)
{
	return monitor_table_source(&monitor->table, ifindex, family, except, except_count, ret_ip);
}

bool monitor_find_unmarked(const struct monitor *monitor, int ifindex, const struct ip *ip, struct prefix *ret_address)
{
	return monitor_table_find_unmarked(&monitor->table, ifindex, ip, ret_address);
}

bool monitor_has(const struct monitor *monitor, const struct ip *ip)
{
	return monitor_table_has(&monitor->table, ip);
}

bool monitor_find_neighbour(
	const struct monitor *monitor, const struct ip *ip, struct monitor_link *ret_link, struct ip *ret_own)
{
	return monitor_table_find_neighbour(&monitor->table, ip, ret_link, ret_own);
}
