/* SPDX-License-Identifier: MIT */
#include "vrrpd/monitor_decode.h"

#include "vrrpd/address.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

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

/* Returns the message's fixed part, of a size that needs no padding; NULL when it is too short. */
static const void *read_message(const struct nlmsghdr *message, size_t fixed_size, struct attributes *ret_attributes)
{
	size_t size = mnl_nlmsg_get_payload_len(message);
	const uint8_t *payload = mnl_nlmsg_get_payload(message);

	*ret_attributes = (struct attributes){0};
	if (size < fixed_size)
		return NULL;
	/* Not mnl_attr_parse, which goes on to the message's end as aligned, be that behind the buffer's. */
	(void)mnl_attr_parse_payload(payload + fixed_size, size - fixed_size, take_attribute, ret_attributes);
	return payload;
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
