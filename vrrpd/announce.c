/* SPDX-License-Identifier: MIT */
#include "vrrpd/announce.h"

#include "common/system/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const uint8_t broadcast[ANNOUNCE_MAC_SIZE] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

void announce_encode(const uint8_t mac[static ANNOUNCE_MAC_SIZE], const struct ip *sender, const struct ip *target,
	struct writer *out)
{
	assert(sender->family == AF_INET && target->family == AF_INET);
	writer_bytes(out, broadcast, sizeof broadcast);
	writer_bytes(out, mac, ANNOUNCE_MAC_SIZE);
	writer_u16(out, ETHERTYPE_ARP);
	/* RFC 826; the target's hardware address is what is asked for, and left zero (RFC 5227 section 1.1). */
	writer_u16(out, ARPHRD_ETHER);
	writer_u16(out, ETHERTYPE_IP);
	writer_u8(out, ANNOUNCE_MAC_SIZE);
	writer_u8(out, 4);
	writer_u16(out, ARPOP_REQUEST);
	writer_bytes(out, mac, ANNOUNCE_MAC_SIZE);
	writer_bytes(out, sender->bytes, 4);
	writer_zeros(out, ANNOUNCE_MAC_SIZE);
	writer_bytes(out, target->bytes, 4);
}

/* The Internet checksum of an ICMPv6 message with its pseudo-header (RFC 8200 section 8.1). */
static uint16_t icmp_checksum(const struct ip *source, const struct ip *destination, const uint8_t *bytes, size_t size)
{
	const uint8_t *const parts[] = {source->bytes, destination->bytes, bytes};
	const size_t sizes[] = {16, 16, size};
	uint32_t sum = IPPROTO_ICMPV6 + (uint32_t)size;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct cursor in = cursor_of(parts[i], sizes[i]);

		while (in.left >= 2)
			sum += cursor_u16(&in);
	}
	while (sum > UINT16_MAX)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)~sum;
}

#define NEIGHBOUR_SIZE 32 /* the ICMPv6 message with its one option */
#define NEIGHBOUR_AT 54   /* behind Ethernet and IPv6 */

/* What goes before the ICMPv6 message: Ethernet, and RFC 8200 section 3. */
static void write_ipv6(const uint8_t to_mac[static ANNOUNCE_MAC_SIZE], const uint8_t mac[static ANNOUNCE_MAC_SIZE],
	const struct ip *source, const struct ip *destination, struct writer *out)
{
	writer_bytes(out, to_mac, ANNOUNCE_MAC_SIZE);
	writer_bytes(out, mac, ANNOUNCE_MAC_SIZE);
	writer_u16(out, ETHERTYPE_IPV6);
	writer_u16(out, 0x6000);
	writer_u16(out, 0);
	writer_u16(out, NEIGHBOUR_SIZE);
	writer_u8(out, IPPROTO_ICMPV6);
	writer_u8(out, 255);
	writer_bytes(out, source->bytes, 16);
	writer_bytes(out, destination->bytes, 16);
}

/* RFC 4861 sections 4.3, 4.4: the two messages differ in their type, flags and the option's type. */
static void write_neighbour(uint8_t type, uint8_t flags, const struct ip *target, uint8_t option,
	const uint8_t mac[static ANNOUNCE_MAC_SIZE], struct writer *out)
{
	writer_u8(out, type);
	writer_u8(out, 0);
	writer_u16(out, 0);
	writer_u8(out, flags);
	writer_zeros(out, 3);
	writer_bytes(out, target->bytes, 16);
	writer_u8(out, option);
	writer_u8(out, 1);
	writer_bytes(out, mac, ANNOUNCE_MAC_SIZE);
}

static void put_checksum(size_t start, const struct ip *source, const struct ip *destination, struct writer *out)
{
	struct writer checksum;

	if (out->bad)
		return;
	checksum = writer_of(out->start + start + NEIGHBOUR_AT + 2, 2);
	writer_u16(&checksum, icmp_checksum(source, destination, out->start + start + NEIGHBOUR_AT, NEIGHBOUR_SIZE));
}

void announce_encode_neighbour(
	const uint8_t mac[static ANNOUNCE_MAC_SIZE], const struct ip *address, bool is_router, struct writer *out)
{
	static const uint8_t all_nodes_mac[ANNOUNCE_MAC_SIZE] = {0x33, 0x33, 0, 0, 0, 1};
	const struct ip all_nodes = {.family = AF_INET6, .bytes = {0xff, 0x02, [15] = 1}};
	size_t start = out->length;

	assert(address->family == AF_INET6);
	write_ipv6(all_nodes_mac, mac, address, &all_nodes, out);
	/* Not solicited, overriding what is known. */
	write_neighbour(ND_NEIGHBOR_ADVERT, is_router ? 0xa0 : 0x20, address, ND_OPT_TARGET_LINKADDR, mac, out);
	put_checksum(start, address, &all_nodes, out);
}

void announce_encode_solicitation(
	const uint8_t mac[static ANNOUNCE_MAC_SIZE], const struct ip *own, const struct ip *target, struct writer *out)
{
	const uint8_t *last = target->bytes + 13;
	const uint8_t group_mac[ANNOUNCE_MAC_SIZE] = {0x33, 0x33, 0xff, last[0], last[1], last[2]};
	/* RFC 4291 section 2.7.1: the solicited-node group. */
	const struct ip group = {.family = AF_INET6,
		.bytes = {0xff, 0x02, [11] = 1, [12] = 0xff, [13] = last[0], [14] = last[1], [15] = last[2]}};
	size_t start = out->length;

	assert(own->family == AF_INET6 && target->family == AF_INET6);
	write_ipv6(group_mac, mac, own, &group, out);
	write_neighbour(ND_NEIGHBOR_SOLICIT, 0, target, ND_OPT_SOURCE_LINKADDR, mac, out);
	put_checksum(start, own, &group, out);
}

bool announce_is_router(const char *interface)
{
	char path[64], answer;
	AUTO_FD fd = -1;

	snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/forwarding", interface);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, &answer, 1) == 1 && answer != '0';
}

int announce_open(int *ret_fd)
{
	/* Protocol 0: nothing is received (packet(7)). */
	AUTO_FD fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	*ret_fd = fd_take(&fd);
	return 0;
}

int announce_frame(int fd, int ifindex, uint16_t type, const struct writer *frame)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(type),
		.sll_ifindex = ifindex,
		.sll_halen = ANNOUNCE_MAC_SIZE,
	};

	assert(!frame->bad);
	/* A frame begins with whom it is for. */
	memcpy(to.sll_addr, frame->start, ANNOUNCE_MAC_SIZE);
	return sendto(fd, frame->start, frame->length, 0, (const struct sockaddr *)&to, sizeof to) < 0 ? -errno : 0;
}

int announce_send(int fd, int ifindex, const uint8_t mac[static ANNOUNCE_MAC_SIZE], const struct ip *sender,
	const struct ip *target)
{
	uint8_t frame[ANNOUNCE_FRAME_SIZE];
	struct writer out = writer_of(frame, sizeof frame);

	announce_encode(mac, sender, target, &out);
	return announce_frame(fd, ifindex, ETHERTYPE_ARP, &out);
}

int announce_ask(
	int fd, int ifindex, const uint8_t mac[static ANNOUNCE_MAC_SIZE], const struct ip *own, const struct ip *target)
{
	uint8_t frame[ANNOUNCE_NEIGHBOUR_SIZE];
	struct writer out = writer_of(frame, sizeof frame);

	if (target->family == AF_INET)
		return announce_send(fd, ifindex, mac, own, target);
	announce_encode_solicitation(mac, own, target, &out);
	return announce_frame(fd, ifindex, ETHERTYPE_IPV6, &out);
}

int announce_address(
	int fd, int ifindex, const uint8_t mac[static ANNOUNCE_MAC_SIZE], const struct ip *address, bool is_router)
{
	uint8_t frame[ANNOUNCE_NEIGHBOUR_SIZE];
	struct writer out = writer_of(frame, sizeof frame);

	if (address->family == AF_INET)
		return announce_send(fd, ifindex, mac, address, address);
	announce_encode_neighbour(mac, address, is_router, &out);
	return announce_frame(fd, ifindex, ETHERTYPE_IPV6, &out);
}
