/* SPDX-License-Identifier: MIT */
#include "vrrpd/route.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define ANSWER_SIZE 4096

struct route_socket {
	struct mnl_socket *mnl;
	_Alignas(struct nlmsghdr) uint8_t answer[ANSWER_SIZE];
};

/* Far from everywhere: a root name server. Nothing is sent to it. */
static const struct ip far_away[FAMILY_COUNT] = {
	[FAMILY_IPV4] = {.family = AF_INET, .bytes = {198, 41, 0, 4}},
	[FAMILY_IPV6] = {.family = AF_INET6, .bytes = {0x20, 0x01, 0x05, 0x03, 0xba, 0x3e, [13] = 0x02, [15] = 0x30}},
};

int route_open(struct route_socket **ret_socket)
{
	struct route_socket *socket = calloc(1, sizeof *socket);
	int r;

	if (socket == NULL)
		return -ENOMEM;
	socket->mnl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (socket->mnl == NULL || mnl_socket_bind(socket->mnl, 0, MNL_SOCKET_AUTOPID) < 0) {
		r = -errno;
		route_close(socket);
		return r;
	}
	*ret_socket = socket;
	return 0;
}

void route_close(struct route_socket *socket)
{
	if (socket == NULL)
		return;
	if (socket->mnl != NULL)
		mnl_socket_close(socket->mnl);
	free(socket);
}

static int take_gateway(const struct nlattr *attribute, void *context)
{
	struct ip *gateway = context;

	if (mnl_attr_get_type(attribute) == RTA_GATEWAY && mnl_attr_get_payload_len(attribute) == ip_size(gateway)) {
		memcpy(gateway->bytes, mnl_attr_get_payload(attribute), ip_size(gateway));
		return MNL_CB_STOP;
	}
	return MNL_CB_OK;
}

bool route_decode(const void *bytes, size_t size, struct ip *ret_ip)
{
	const struct nlmsghdr *message = bytes;
	const struct rtmsg *route;
	struct ip gateway = {0};

	/* libmnl reads the length as signed, and so takes one of 2 GiB and more for a short one. */
	if (!mnl_nlmsg_ok(message, (int)MIN(size, (size_t)INT_MAX)) || message->nlmsg_len > size ||
		message->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(message) < sizeof *route)
		return false;
	route = mnl_nlmsg_get_payload(message);
	if (route->rtm_family != AF_INET && route->rtm_family != AF_INET6)
		return false;
	gateway.family = route->rtm_family;
	/* Not mnl_attr_parse, which goes on to the message's end as aligned, be that behind the buffer's. */
	if (mnl_attr_parse_payload(route + 1, mnl_nlmsg_get_payload_len(message) - sizeof *route, take_gateway,
		    &gateway) != MNL_CB_STOP ||
		!ip_is_host(&gateway))
		return false;
	*ret_ip = gateway;
	return true;
}

static bool ask(struct route_socket *socket, const struct ip *destination, int ifindex)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[128];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct rtmsg *route;

	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST;
	route = mnl_nlmsg_put_extra_header(message, sizeof *route);
	route->rtm_family = destination->family;
	route->rtm_dst_len = (uint8_t)(8 * ip_size(destination));
	mnl_attr_put(message, RTA_DST, ip_size(destination), destination->bytes);
	mnl_attr_put_u32(message, RTA_OIF, (uint32_t)ifindex);
	return mnl_socket_sendto(socket->mnl, message, message->nlmsg_len) >= 0;
}

bool route_gateway(struct route_socket *socket, enum family family, int ifindex, struct ip *ret_ip)
{
	ssize_t size;

	if (!ask(socket, &far_away[family], ifindex))
		return false;
	size = mnl_socket_recvfrom(socket->mnl, socket->answer, sizeof socket->answer);
	return size > 0 && route_decode(socket->answer, (size_t)size, ret_ip);
}
