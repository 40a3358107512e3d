/* SPDX-License-Identifier: MIT */
/*
 * Two sockets: the subscribed one, which the loop watches, and one for each dump. The subscription comes first, so that
 * what changes in the course of a dump is heard afterwards; hearing of it twice does no harm.
 */
#include "vrrpd/monitor.h"

#include "common/system/log.h"
#include "vrrpd/address.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/time.h>

/* What the kernel fills at most in one go of a dump. */
#define BUFFER_SIZE 32768
#define RECEIVE_BUFFER (1024 * 1024)
/* So many datagrams are read before others have their turn. */
#define READS_PER_TURN 16
#define DRAIN_MAX 100000
#define DUMP_ATTEMPTS 20
#define DUMP_TIMEOUT_S 2

struct monitor_address {
	int ifindex;
	struct prefix address;
	bool is_vip;
};

/* In the kernel's order, new ones at the end. */
struct table {
	struct monitor_link *links;
	size_t link_count;
	size_t link_capacity;
	struct monitor_address *addresses;
	size_t address_count;
	size_t address_capacity;
	bool failed; /* out of memory: something is missing */
};

struct monitor {
	struct loop *loop;
	struct loop_io io;
	struct mnl_socket *events_socket;
	struct monitor_events events;
	void *context;
	struct table table;
	_Alignas(struct nlmsghdr) uint8_t buffer[BUFFER_SIZE];
};

/* Decoding. */

#define ATTRIBUTES_MAX 63
static_assert(IFA_PROTO <= ATTRIBUTES_MAX && IFLA_IFNAME <= ATTRIBUTES_MAX && IFLA_ADDRESS <= ATTRIBUTES_MAX,
	"an attribute that is read has no place");

struct attributes {
	const struct nlattr *by_type[ATTRIBUTES_MAX + 1];
};

static int take_attribute(const struct nlattr *attribute, void *context)
{
	struct attributes *attributes = context;
	uint16_t type = mnl_attr_get_type(attribute);

	if (type <= ATTRIBUTES_MAX)
		attributes->by_type[type] = attribute;
	return MNL_CB_OK;
}

/* The attribute's bytes, when it is there and has that size. */
static const void *attribute_of_size(const struct attributes *attributes, uint16_t type, size_t size)
{
	const struct nlattr *attribute = attributes->by_type[type];

	if (attribute == NULL || mnl_attr_get_payload_len(attribute) != size)
		return NULL;
	return mnl_attr_get_payload(attribute);
}

/* Returns the message's fixed part, NULL when it is too short. */
static const void *read_message(const struct nlmsghdr *message, size_t fixed_size, struct attributes *ret_attributes)
{
	*ret_attributes = (struct attributes){0};
	if (mnl_nlmsg_get_payload_len(message) < fixed_size)
		return NULL;
	(void)mnl_attr_parse(message, (unsigned)fixed_size, take_attribute, ret_attributes);
	return mnl_nlmsg_get_payload(message);
}

static bool decode_link(const struct nlmsghdr *message, struct monitor_change *change)
{
	const struct ifinfomsg *info;
	const struct nlattr *name;
	struct attributes attributes;
	const void *mac;

	info = read_message(message, sizeof *info, &attributes);
	/* A bridge tells of its ports under AF_BRIDGE, and of one that leaves it as of a link that is gone. */
	if (info == NULL || info->ifi_family != AF_UNSPEC || info->ifi_index <= 0)
		return false;
	name = attributes.by_type[IFLA_IFNAME];
	if (name == NULL || mnl_attr_validate(name, MNL_TYPE_NUL_STRING) < 0 ||
		mnl_attr_get_payload_len(name) > sizeof change->link.name)
		return false;
	change->kind = message->nlmsg_type == RTM_NEWLINK ? MONITOR_LINK : MONITOR_LINK_GONE;
	change->link.ifindex = info->ifi_index;
	strcpy(change->link.name, mnl_attr_get_str(name));
	change->link.up = (info->ifi_flags & IFF_UP) != 0;
	change->link.carrier = (info->ifi_flags & IFF_RUNNING) != 0 && (info->ifi_flags & IFF_LOWER_UP) != 0;
	mac = attribute_of_size(&attributes, IFLA_ADDRESS, MONITOR_MAC_SIZE);
	if (mac != NULL)
		memcpy(change->link.mac, mac, MONITOR_MAC_SIZE);
	return true;
}

/* rtnetlink(7): IPv4 tells its own address apart from that of the other end of a line; IPv6 has the one alone. */
static const void *own_address(const struct attributes *attributes, uint8_t family)
{
	const void *local = attribute_of_size(attributes, IFA_LOCAL, family == AF_INET ? 4 : 16);

	if (local == NULL && family == AF_INET6)
		return attribute_of_size(attributes, IFA_ADDRESS, 16);
	return local;
}

static bool decode_address(const struct nlmsghdr *message, struct monitor_change *change)
{
	const struct ifaddrmsg *info;
	struct attributes attributes;
	struct ip ip = {0};
	const void *own;
	const uint8_t *protocol;

	info = read_message(message, sizeof *info, &attributes);
	if (info == NULL || (info->ifa_family != AF_INET && info->ifa_family != AF_INET6))
		return false;
	ip.family = info->ifa_family;
	if (info->ifa_index == 0 || info->ifa_index > INT_MAX || info->ifa_prefixlen > 8 * ip_size(&ip))
		return false;
	own = own_address(&attributes, info->ifa_family);
	if (own == NULL)
		return false;
	memcpy(ip.bytes, own, ip_size(&ip));
	protocol = attribute_of_size(&attributes, IFA_PROTO, sizeof *protocol);
	change->kind = message->nlmsg_type == RTM_NEWADDR ? MONITOR_ADDRESS : MONITOR_ADDRESS_GONE;
	change->ifindex = (int)info->ifa_index;
	change->address = (struct prefix){.ip = ip, .length = info->ifa_prefixlen};
	change->is_vip = protocol != NULL && *protocol == ADDRESS_PROTOCOL;
	/* Nothing can be sent from one that is still asked after; when that is over the kernel tells of it anew. */
	change->is_tentative = (info->ifa_flags & IFA_F_TENTATIVE) != 0 && (info->ifa_flags & IFA_F_OPTIMISTIC) == 0;
	return true;
}

static bool decode_message(const struct nlmsghdr *message, struct monitor_change *change)
{
	*change = (struct monitor_change){0};
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return decode_link(message, change);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return decode_address(message, change);
	default:
		return false;
	}
}

/* NLMSG_ERROR and NLMSG_DONE begin with a negative errno or 0. */
static int decode_end(const struct nlmsghdr *message)
{
	const int *error = mnl_nlmsg_get_payload(message);

	if (mnl_nlmsg_get_payload_len(message) < sizeof *error || *error >= 0)
		return 1;
	return MAX(*error, -4095);
}

/* libmnl reads the length as signed, and so takes one of 2 GiB and more for a short one. */
static bool is_whole(const struct nlmsghdr *message, int left)
{
	return mnl_nlmsg_ok(message, left) && message->nlmsg_len <= (uint32_t)left;
}

int monitor_decode(const void *bytes, size_t size, monitor_change_fn *fn, void *context)
{
	const struct nlmsghdr *message = bytes;
	struct monitor_change change;
	bool interrupted = false;
	int left = (int)MIN(size, (size_t)INT_MAX);
	int r = 0;

	for (; is_whole(message, left); message = mnl_nlmsg_next(message, &left)) {
		interrupted |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
			r = decode_end(message);
		else if (decode_message(message, &change) && !(change.kind == MONITOR_ADDRESS && change.is_tentative))
			fn(context, &change);
	}
	return interrupted ? -EINTR : r;
}

/* The table. */

static void table_free(struct table *table)
{
	free(table->links);
	free(table->addresses);
	*table = (struct table){0};
}

/* Makes room for one more; false: out of memory. */
static bool grow(void **items, size_t count, size_t *capacity, size_t item_size)
{
	size_t wanted = MAX((size_t)16, *capacity * 2);
	void *grown;

	if (count < *capacity)
		return true;
	grown = reallocarray(*items, wanted, item_size);
	if (grown == NULL)
		return false;
	*items = grown;
	*capacity = wanted;
	return true;
}

static struct monitor_link *find_link(const struct table *table, int ifindex)
{
	for (size_t i = 0; i < table->link_count; i++) {
		if (table->links[i].ifindex == ifindex)
			return &table->links[i];
	}
	return NULL;
}

static struct monitor_address *find_address(const struct table *table, int ifindex, const struct prefix *address)
{
	for (size_t i = 0; i < table->address_count; i++) {
		struct monitor_address *at = &table->addresses[i];

		if (at->ifindex == ifindex && at->address.length == address->length &&
			ip_equal(&at->address.ip, &address->ip))
			return at;
	}
	return NULL;
}

static void add_link(struct table *table, const struct monitor_link *link)
{
	void *items = table->links;

	if (!grow(&items, table->link_count, &table->link_capacity, sizeof *link)) {
		table->failed = true;
		return;
	}
	table->links = items;
	table->links[table->link_count++] = *link;
}

static void add_address(struct table *table, const struct monitor_change *change)
{
	void *items = table->addresses;

	if (!grow(&items, table->address_count, &table->address_capacity, sizeof *table->addresses)) {
		table->failed = true;
		return;
	}
	table->addresses = items;
	table->addresses[table->address_count++] = (struct monitor_address){
		.ifindex = change->ifindex,
		.address = change->address,
		.is_vip = change->is_vip,
	};
}

static void remove_link(struct table *table, struct monitor_link *link)
{
	size_t behind = (size_t)(table->links + --table->link_count - link);

	memmove(link, link + 1, behind * sizeof *link);
}

static void remove_address(struct table *table, struct monitor_address *address)
{
	size_t behind = (size_t)(table->addresses + --table->address_count - address);

	memmove(address, address + 1, behind * sizeof *address);
}

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
	struct monitor_link *known = find_link(&monitor->table, now->ifindex);
	struct monitor_link before;

	if (known == NULL) {
		add_link(&monitor->table, now);
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
	struct monitor_address *known = find_address(&monitor->table, ifindex, address);
	struct prefix copy = *address;

	if (known == NULL)
		return;
	remove_address(&monitor->table, known);
	if (monitor->events.on_address != NULL)
		monitor->events.on_address(monitor->context, ifindex, &copy, false);
}

static void apply_link_gone(struct monitor *monitor, int ifindex)
{
	struct monitor_link *known = find_link(&monitor->table, ifindex);
	struct monitor_link before;

	/* The kernel tells of each address too, but not where events were lost. */
	for (size_t i = monitor->table.address_count; i-- > 0;) {
		if (i < monitor->table.address_count && monitor->table.addresses[i].ifindex == ifindex)
			apply_address_gone(monitor, ifindex, &monitor->table.addresses[i].address);
	}
	if (known == NULL)
		return;
	before = *known;
	remove_link(&monitor->table, known);
	tell_link_gone(monitor, before.name);
}

static void apply_address(struct monitor *monitor, const struct monitor_change *change)
{
	struct monitor_address *known = find_address(&monitor->table, change->ifindex, &change->address);

	if (known != NULL) {
		known->is_vip = change->is_vip;
		return;
	}
	add_address(&monitor->table, change);
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

static void collect(void *context, const struct monitor_change *change)
{
	struct table *table = context;

	if (change->kind == MONITOR_LINK && find_link(table, change->link.ifindex) == NULL)
		add_link(table, &change->link);
	else if (change->kind == MONITOR_ADDRESS && find_address(table, change->ifindex, &change->address) == NULL)
		add_address(table, change);
}

/* -EINTR: what was dumped changed meanwhile, and the socket may hold the rest of it. */
static int dump_one(
	struct monitor *monitor, struct mnl_socket *socket, uint16_t type, uint8_t family, struct table *table)
{
	int r = request_dump(socket, type, family);

	while (r == 0) {
		ssize_t size = mnl_socket_recvfrom(socket, monitor->buffer, sizeof monitor->buffer);

		if (size < 0)
			return -errno;
		r = monitor_decode(monitor->buffer, (size_t)size, collect, table);
	}
	return MIN(r, 0);
}

static int dump_once(struct monitor *monitor, struct table *table)
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
	struct table table = {0};
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < DUMP_ATTEMPTS; i++) {
		table_free(&table);
		r = dump_once(monitor, &table);
	}
	if (r < 0) {
		table_free(&table);
		return r;
	}
	table_free(&monitor->table);
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
	table_free(&monitor->table);
	free(monitor);
}

/* Questions. */

struct monitor_link monitor_find(const struct monitor *monitor, const char *name)
{
	for (size_t i = 0; i < monitor->table.link_count; i++) {
		if (strcmp(monitor->table.links[i].name, name) == 0)
			return monitor->table.links[i];
	}
	return (struct monitor_link){0};
}

static bool is_one_of(const struct ip *ip, const struct prefix *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (ip_equal(ip, &list[i].ip))
			return true;
	}
	return false;
}

static bool can_be_source(const struct prefix *address, enum family family)
{
	static const struct prefix link_local = {.ip = {.family = AF_INET6, .bytes = {0xfe, 0x80}}, .length = 10};

	return family == FAMILY_IPV4 ? address->ip.family == AF_INET : prefix_contains(&link_local, &address->ip);
}

bool monitor_source(const struct monitor *monitor, int ifindex, enum family family, const struct prefix *except,
	size_t except_count, struct ip *ret_ip)
{
	for (size_t i = 0; i < monitor->table.address_count; i++) {
		const struct monitor_address *at = &monitor->table.addresses[i];

		if (at->ifindex == ifindex && !at->is_vip && can_be_source(&at->address, family) &&
			!is_one_of(&at->address.ip, except, except_count)) {
			*ret_ip = at->address.ip;
			return true;
		}
	}
	return false;
}

bool monitor_find_neighbour(
	const struct monitor *monitor, const struct ip *ip, struct monitor_link *ret_link, struct ip *ret_own)
{
	for (size_t i = 0; i < monitor->table.address_count; i++) {
		const struct monitor_address *at = &monitor->table.addresses[i];
		const struct monitor_link *link = find_link(&monitor->table, at->ifindex);

		if (at->is_vip || link == NULL || ip->family != AF_INET || !prefix_contains(&at->address, ip))
			continue;
		*ret_link = *link;
		*ret_own = at->address.ip;
		return true;
	}
	return false;
}
