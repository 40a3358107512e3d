/* SPDX-License-Identifier: MIT */
#include "vrrpd/announce.h"

#include "common/system/fd.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <string.h>

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

int announce_open(int *ret_fd)
{
	/* Protocol 0: nothing is received (packet(7)). */
	AUTO_FD fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	*ret_fd = fd_take(&fd);
	return 0;
}

int announce_send(int fd, int ifindex, const uint8_t mac[static ANNOUNCE_MAC_SIZE], const struct ip *sender,
	const struct ip *target)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE_ARP),
		.sll_ifindex = ifindex,
		.sll_halen = ANNOUNCE_MAC_SIZE,
	};
	uint8_t frame[ANNOUNCE_FRAME_SIZE];
	struct writer out = writer_of(frame, sizeof frame);

	memcpy(to.sll_addr, broadcast, sizeof broadcast);
	announce_encode(mac, sender, target, &out);
	assert(!out.bad && out.length == sizeof frame);
	return sendto(fd, frame, sizeof frame, 0, (const struct sockaddr *)&to, sizeof to) < 0 ? -errno : 0;
}
