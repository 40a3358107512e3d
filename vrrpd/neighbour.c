/* SPDX-License-Identifier: MIT */
#include "vrrpd/neighbour.h"

#include "common/pure/cursor.h"

#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <string.h>

static bool decode_arp(struct cursor *in, struct neighbour_word *word)
{
	uint16_t hardware = cursor_u16(in), protocol = cursor_u16(in);
	uint8_t mac_size = cursor_u8(in), ip_size = cursor_u8(in);
	uint16_t operation = cursor_u16(in);

	word->sender.family = word->target.family = AF_INET;
	cursor_bytes(in, word->mac, sizeof word->mac);
	cursor_bytes(in, word->sender.bytes, 4);
	cursor_skip(in, NEIGHBOUR_MAC_SIZE);
	cursor_bytes(in, word->target.bytes, 4);
	word->answer = operation == ARPOP_REPLY;
	return !in->bad && hardware == ARPHRD_ETHER && protocol == ETHERTYPE_IP && mac_size == NEIGHBOUR_MAC_SIZE &&
	       ip_size == 4 && (operation == ARPOP_REPLY || operation == ARPOP_REQUEST);
}

#define ADVERT_SOLICITED 0x40

/* The link-layer address, where the message has that option; else the frame's sender stands for it. */
static void read_options(struct cursor *in, uint8_t wanted, struct neighbour_word *word)
{
	while (in->left > 0) {
		uint8_t type = cursor_u8(in);
		size_t size = 8 * (size_t)cursor_u8(in);

		/* RFC 4861 section 7.1: with an option of no length the message is discarded. */
		if (size == 0 || size - 2 > in->left) {
			in->bad = true;
			return;
		}
		if (type == wanted && size == 8)
			cursor_bytes(in, word->mac, sizeof word->mac);
		else
			cursor_skip(in, size - 2);
	}
}

static struct ip read_ipv6(struct cursor *in)
{
	struct ip ip = {.family = AF_INET6};

	cursor_bytes(in, ip.bytes, 16);
	return ip;
}

/* Both messages from the ICMPv6 header on, with the addresses of the packet. */
static bool decode_message(
	struct cursor *in, const struct ip *source, const struct ip *destination, struct neighbour_word *word)
{
	uint8_t type = cursor_u8(in), code = cursor_u8(in), flags;
	struct ip target;
	bool is_advert = type == ND_NEIGHBOR_ADVERT;

	cursor_skip(in, 2);
	flags = cursor_u8(in);
	cursor_skip(in, 3);
	target = read_ipv6(in);
	read_options(in, is_advert ? ND_OPT_TARGET_LINKADDR : ND_OPT_SOURCE_LINKADDR, word);
	if (in->bad || code != 0 || !ip_is_host(&target))
		return false;
	word->sender = is_advert ? target : *source;
	word->target = is_advert ? *destination : target;
	word->answer = is_advert && (flags & ADVERT_SOLICITED);
	/* Who looks whether an address is free has none yet (RFC 4862 section 5.4.2). */
	return (is_advert || type == ND_NEIGHBOR_SOLICIT) && ip_is_host(&word->sender);
}

static bool decode_ipv6(struct cursor *in, struct neighbour_word *word)
{
	struct ip source, destination;
	uint8_t next, hops;
	uint16_t size;

	cursor_skip(in, 4);
	size = cursor_u16(in);
	next = cursor_u8(in);
	hops = cursor_u8(in);
	source = read_ipv6(in);
	destination = read_ipv6(in);
	/* RFC 4861 section 7.1: a router in between would have lowered the hop limit. */
	if (in->bad || next != IPPROTO_ICMPV6 || hops != 255 || size > in->left)
		return false;
	in->left = size; /* the rest is the link's padding */
	return decode_message(in, &source, &destination, word);
}

bool neighbour_decode(const uint8_t *bytes, size_t size, struct neighbour_word *ret_word)
{
	struct neighbour_word word = {0};
	struct cursor in = cursor_of(bytes, size);
	uint16_t type;
	bool good;

	cursor_skip(&in, ETHER_ADDR_LEN);
	cursor_bytes(&in, word.mac, sizeof word.mac);
	type = cursor_u16(&in);
	good = type == ETHERTYPE_ARP    ? decode_arp(&in, &word)
	       : type == ETHERTYPE_IPV6 ? decode_ipv6(&in, &word)
					: false;
	if (good)
		*ret_word = word;
	return good;
}
