/* SPDX-License-Identifier: MIT */
#include "vrrpd/transmit.h"

#include "common/system/clock.h"
#include "vrrpd/announce.h"
#include "vrrpd/macvlan.h"

#include <errno.h>
#include <net/ethernet.h>

static size_t addresses_of(const struct fence_vip *vip, enum family family, struct ip list[static ADVERT_ADDRESSES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < vip->address_count && count < ADVERT_ADDRESSES_MAX; i++) {
		if (family_of(&vip->addresses[i].ip) == family)
			list[count++] = vip->addresses[i].ip;
	}
	return count;
}

/* Frames from a virtual MAC: the kernel would send by the interface's own, so all of the frame is ours. */

#define IPV4_HEADER_SIZE 20
#define IPV6_HEADER_SIZE 40
#define ETHERNET_SIZE 14
#define TOS 0xc0

static uint16_t header_checksum(const uint8_t *bytes, size_t size)
{
	struct cursor in = cursor_of(bytes, size);
	uint32_t sum = 0;

	while (in.left >= 2)
		sum += cursor_u16(&in);
	while (sum > UINT16_MAX)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)~sum;
}

/* RFC 791 section 3.1, without options and never in fragments. */
static void write_ipv4_header(struct writer *out, const struct ip *source, const struct ip *destination, size_t size)
{
	size_t start = out->length;
	struct writer checksum;

	writer_u8(out, 0x45);
	writer_u8(out, TOS);
	writer_u16(out, (uint16_t)(IPV4_HEADER_SIZE + size));
	writer_u16(out, 0);
	writer_u16(out, 0x4000);
	writer_u8(out, ADVERT_TTL);
	writer_u8(out, ADVERT_PROTOCOL);
	writer_u16(out, 0);
	writer_bytes(out, source->bytes, 4);
	writer_bytes(out, destination->bytes, 4);
	checksum = writer_of(out->start + start + 10, 2);
	writer_u16(&checksum, header_checksum(out->start + start, IPV4_HEADER_SIZE));
}

/* RFC 8200 section 3. */
static void write_ipv6_header(struct writer *out, const struct ip *source, const struct ip *destination, size_t size)
{
	writer_u16(out, 0x6000 | TOS << 4);
	writer_u16(out, 0);
	writer_u16(out, (uint16_t)size);
	writer_u8(out, ADVERT_PROTOCOL);
	writer_u8(out, ADVERT_TTL);
	writer_bytes(out, source->bytes, 16);
	writer_bytes(out, destination->bytes, 16);
}

/* The group's MAC: RFC 1112 section 6.4, RFC 2464 section 7. */
static void write_group_mac(struct writer *out, const struct ip *group)
{
	if (group->family == AF_INET) {
		writer_u16(out, 0x0100);
		writer_u8(out, 0x5e);
		writer_u8(out, group->bytes[1] & 0x7f);
		writer_bytes(out, group->bytes + 2, 2);
	} else {
		writer_u16(out, 0x3333);
		writer_bytes(out, group->bytes + 12, 4);
	}
}

static int send_from_virtual_mac(const struct transmit *transmit, const struct fence_vip *vip, enum family family,
	const uint8_t *bytes, size_t size)
{
	const struct ip *source = &vip->sources[family], *destination = &vip->destinations[family];
	uint16_t type = family == FAMILY_IPV4 ? ETHERTYPE_IP : ETHERTYPE_IPV6;
	uint8_t frame[ETHERNET_SIZE + IPV6_HEADER_SIZE + ADVERT_SIZE_MAX];
	struct writer out = writer_of(frame, sizeof frame);
	uint8_t mac[MACVLAN_MAC_SIZE];

	macvlan_mac(family, vip->vrid, mac);
	write_group_mac(&out, destination);
	writer_bytes(&out, mac, sizeof mac);
	writer_u16(&out, type);
	if (family == FAMILY_IPV4)
		write_ipv4_header(&out, source, destination, size);
	else
		write_ipv6_header(&out, source, destination, size);
	writer_bytes(&out, bytes, size);
	return announce_frame(transmit->packet_fd, vip->ifindex, type, &out);
}

static int send_one(const struct transmit *transmit, const struct fence_vip *vip, const struct advert *advert,
	enum family family, enum advert_checksum form)
{
	const struct ip *source = &vip->sources[family], *destination = &vip->destinations[family];
	const struct key *key = vip->is_signed ? transmit->key : NULL;
	uint8_t bytes[ADVERT_SIZE_MAX];
	struct writer out = writer_of(bytes, sizeof bytes);
	uint64_t sequence = 0;

	if (vip->is_signed && key == NULL)
		return -ENOKEY;
	if (key != NULL)
		sequence = fence_next_sequence(transmit->fence, advert_sequence_of(clock_real_ns()));
	advert_encode(advert, source, destination, form, key, sequence, &out);
	if (out.bad)
		return -EMSGSIZE;
	if (vip->virtual_mac && advert_is_group(destination))
		return send_from_virtual_mac(transmit, vip, family, bytes, out.length);
	return rawsock_send(&transmit->sockets[family], vip->ifindex, source, destination, bytes, out.length);
}

/* Version 2 and IPv6 know one form alone. */
static bool is_wanted(const struct fence_vip *vip, enum family family, enum advert_checksum form)
{
	if (family == FAMILY_IPV6 || vip->version == 2)
		return form == ADVERT_CHECKSUM_MESSAGE;
	return (vip->forms & 1 << form) != 0;
}

static int send_family(const struct transmit *transmit, const struct fence_vip *vip, uint8_t priority,
	enum family family, uint64_t *sent)
{
	struct ip addresses[ADVERT_ADDRESSES_MAX];
	struct advert advert = {
		.version = vip->version,
		.vrid = vip->vrid,
		.priority = priority,
		.interval_ns = vip->interval_ns,
		.addresses = addresses,
		.address_count = addresses_of(vip, family, addresses),
		.password = vip->has_password ? vip->password : NULL,
	};
	int error = 0;

	if (advert.address_count == 0 || vip->sources[family].family == 0 || vip->destinations[family].family == 0 ||
		transmit->sockets[family].fd < 0)
		return 0;
	for (enum advert_checksum form = 0; form < ADVERT_CHECKSUM_COUNT; form++) {
		int r = is_wanted(vip, family, form) ? send_one(transmit, vip, &advert, family, form) : -EALREADY;

		if (r == 0)
			++*sent;
		else if (r != -EALREADY && error == 0)
			error = r;
	}
	return error;
}

int transmit_advert(const struct transmit *transmit, const struct fence_vip *vip, uint8_t priority, uint64_t *sent)
{
	int error = 0;

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		int r = send_family(transmit, vip, priority, family, sent);

		if (error == 0)
			error = r;
	}
	return error;
}
