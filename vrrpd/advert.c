/* SPDX-License-Identifier: MIT */
#include "vrrpd/advert.h"

#include "common/pure/mono.h"
#include "common/system/crypto.h"

#include <string.h>

#define TYPE_ADVERTISEMENT 1 /* 5.2.2 */
#define HEADER_SIZE 8
#define INTERVAL_UNIT_NS (10 * NS_PER_MS)
#define INTERVAL_MASK 0x0fff /* 5.2.6: the upper 4 bits are reserved */
#define CHECKSUM_AT 6

/* The trailer of draft-cassen-vrrp-auth-hmac. */
#define TRAILER_TYPE 1
#define TRAILER_HEAD_SIZE 12 /* what stands before the MAC */
#define MAC_SIZE 16
#define MAC_SOURCE_SIZE 16 /* the source address, padded */

static const char *const discard_names[] = {
	[ADVERT_TAKEN] = "taken",
	[ADVERT_BAD_TTL] = "ttl",
	[ADVERT_BAD_LENGTH] = "length",
	[ADVERT_BAD_VERSION] = "version",
	[ADVERT_BAD_CHECKSUM] = "checksum",
	[ADVERT_BAD_VRID] = "vrid",
	[ADVERT_BAD_COUNT] = "count",
	[ADVERT_BAD_INTERVAL] = "interval",
	[ADVERT_BAD_AUTH] = "auth",
	[ADVERT_REPLAYED] = "replay",
	[ADVERT_REFLECTED] = "reflected",
};
static_assert(ARRAY_LEN(discard_names) == ADVERT_DISCARD_COUNT, "a name is missing");

const char *advert_discard_name(enum advert_discard reason)
{
	return discard_names[reason];
}

/* The Internet checksum (RFC 1071). */

static uint32_t sum_words(uint32_t sum, const uint8_t *bytes, size_t size)
{
	struct cursor in = cursor_of(bytes, size);

	while (in.left >= 2)
		sum += cursor_u16(&in);
	if (in.left == 1)
		sum += (uint32_t)cursor_u8(&in) << 8;
	return sum;
}

/* 0 over a message whose checksum field is right. */
static uint16_t checksum_of(const uint8_t *message, size_t size, const struct ip *source, const struct ip *destination,
	enum advert_checksum form)
{
	uint32_t sum = sum_words(0, message, size);

	if (form == ADVERT_CHECKSUM_PSEUDO_HEADER) {
		sum = sum_words(sum, source->bytes, ip_size(source));
		sum = sum_words(sum, destination->bytes, ip_size(destination));
		sum += ADVERT_PROTOCOL + (uint32_t)size;
	}
	while (sum > UINT16_MAX)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The MAC of a message and the head of its trailer, which follows it. False: OpenSSL failed. */
static bool mac_of(const uint8_t *message, size_t size, const uint8_t *trailer, const struct ip *source,
	const struct key *key, uint8_t ret_mac[static MAC_SIZE])
{
	uint8_t input[4 + MAC_SOURCE_SIZE + ADVERT_SIZE_MAX];
	uint8_t full[SHA256_SIZE];
	struct writer out = writer_of(input, sizeof input);

	writer_u8(&out, source->family == AF_INET ? 4 : 6);
	writer_u8(&out, message[0] >> 4);
	writer_u8(&out, message[1]);
	writer_u8(&out, 0);
	writer_bytes(&out, source->bytes, ip_size(source));
	writer_zeros(&out, MAC_SOURCE_SIZE - ip_size(source));
	writer_bytes(&out, message, CHECKSUM_AT);
	writer_zeros(&out, 2);
	writer_bytes(&out, message + HEADER_SIZE, size - HEADER_SIZE);
	writer_bytes(&out, trailer, TRAILER_HEAD_SIZE);
	writer_zeros(&out, MAC_SIZE);
	assert(!out.bad);
	if (crypto_hmac_sha256(key->bytes, key->size, input, out.length, full) < 0)
		return false;
	memcpy(ret_mac, full, MAC_SIZE);
	return true;
}

/* Encoding. */

/* The form that there is no choice of. */
static enum advert_checksum form_of(uint8_t version, const struct ip *source, enum advert_checksum chosen)
{
	if (source->family == AF_INET6)
		return ADVERT_CHECKSUM_PSEUDO_HEADER;
	return version == 2 ? ADVERT_CHECKSUM_MESSAGE : chosen;
}

static void write_trailer(
	struct writer *out, size_t start, const struct ip *source, const struct key *key, uint64_t sequence)
{
	size_t size = out->length - start;
	uint8_t mac[MAC_SIZE];

	writer_u8(out, TRAILER_TYPE);
	writer_u8(out, key->id);
	writer_u16(out, 0);
	writer_u64(out, sequence);
	if (out->bad || !mac_of(out->start + start, size, out->start + start + size, source, key, mac)) {
		out->bad = true;
		return;
	}
	writer_bytes(out, mac, sizeof mac);
}

static void write_header(const struct advert *advert, struct writer *out)
{
	writer_u8(out, (uint8_t)(advert->version << 4 | TYPE_ADVERTISEMENT));
	writer_u8(out, advert->vrid);
	writer_u8(out, advert->priority);
	writer_u8(out, (uint8_t)advert->address_count);
	if (advert->version == 2) {
		assert(advert->interval_ns >= NS_PER_S && advert->interval_ns / NS_PER_S <= UINT8_MAX);
		writer_u8(out, advert->password != NULL ? ADVERT_AUTH_PASSWORD : ADVERT_AUTH_NONE);
		writer_u8(out, (uint8_t)(advert->interval_ns / NS_PER_S));
	} else {
		assert(advert->interval_ns >= INTERVAL_UNIT_NS &&
			advert->interval_ns / INTERVAL_UNIT_NS <= INTERVAL_MASK);
		writer_u16(out, (uint16_t)(advert->interval_ns / INTERVAL_UNIT_NS));
	}
	writer_u16(out, 0); /* the checksum */
}

static void write_password(const struct advert *advert, struct writer *out)
{
	if (advert->password != NULL)
		writer_bytes(out, advert->password, ADVERT_PASSWORD_SIZE);
	else
		writer_zeros(out, ADVERT_PASSWORD_SIZE);
}

static void write_checksum(const struct writer *out, size_t start, const struct ip *source,
	const struct ip *destination, enum advert_checksum form)
{
	struct writer field = writer_of(out->start + start + CHECKSUM_AT, 2);

	/* Over a zero field: the value to be written. */
	writer_u16(&field, checksum_of(out->start + start, out->length - start, source, destination, form));
}

void advert_encode(const struct advert *advert, const struct ip *source, const struct ip *destination,
	enum advert_checksum form, const struct key *key, uint64_t sequence, struct writer *out)
{
	enum advert_checksum used = form_of(advert->version, source, form);
	bool covers_trailer = source->family == AF_INET6;
	size_t start = out->length;

	assert(advert->version == 3 || (advert->version == 2 && source->family == AF_INET && key == NULL));
	assert(advert->address_count > 0 && advert->address_count <= ADVERT_ADDRESSES_MAX);
	write_header(advert, out);
	for (size_t i = 0; i < advert->address_count; i++)
		writer_bytes(out, advert->addresses[i].bytes, ip_size(source));
	if (advert->version == 2)
		write_password(advert, out);
	if (!out->bad && !covers_trailer)
		write_checksum(out, start, source, destination, used);
	if (!out->bad && key != NULL)
		write_trailer(out, start, source, key, sequence);
	if (!out->bad && covers_trailer)
		write_checksum(out, start, source, destination, used);
}

/* Decoding. */

static uint8_t version_of(const struct advert_packet *packet)
{
	return packet->bytes[0] >> 4;
}

/* Header, addresses, and the authentication data of version 2; not the trailer. */
static size_t message_size(const struct advert_packet *packet)
{
	size_t size = HEADER_SIZE + ip_size(&packet->source) * packet->bytes[3];

	return version_of(packet) == 2 ? size + ADVERT_PASSWORD_SIZE : size;
}

static bool has_right_version(const struct advert_packet *packet)
{
	if ((packet->bytes[0] & 15) != TYPE_ADVERTISEMENT)
		return false;
	return version_of(packet) == 3 || (version_of(packet) == 2 && packet->source.family == AF_INET);
}

static bool has_right_length(const struct advert_packet *packet)
{
	size_t size;

	if (packet->size < HEADER_SIZE)
		return false;
	size = message_size(packet);
	if (packet->size == size)
		return true;
	return version_of(packet) == 3 && packet->size == size + ADVERT_TRAILER_SIZE;
}

/* IPv6's checksum covers whatever the packet holds, IPv4's the message alone. */
static size_t covered_size(const struct advert_packet *packet)
{
	return packet->source.family == AF_INET6 ? packet->size : message_size(packet);
}

static bool find_checksum_form(const struct advert_packet *packet, enum advert_checksum *ret_form)
{
	for (enum advert_checksum form = 0; form < ADVERT_CHECKSUM_COUNT; form++) {
		if (form_of(version_of(packet), &packet->source, form) == form &&
			checksum_of(packet->bytes, covered_size(packet), &packet->source, &packet->destination, form) ==
				0) {
			*ret_form = form;
			return true;
		}
	}
	return false;
}

/* The cursor stands behind the addresses. */
static bool read_trailer(struct cursor *in, struct advert_received *received)
{
	uint8_t type;
	uint16_t reserved;

	received->is_signed = in->left > 0;
	if (!received->is_signed)
		return true;
	type = cursor_u8(in);
	received->key_id = cursor_u8(in);
	reserved = cursor_u16(in);
	received->sequence = cursor_u64(in);
	return type == TRAILER_TYPE && received->key_id != 0 && reserved == 0;
}

static void read_addresses(struct cursor *in, const struct ip *source, struct advert_received *received)
{
	for (size_t i = 0; i < received->address_count; i++) {
		received->addresses[i] = (struct ip){.family = source->family};
		cursor_bytes(in, received->addresses[i].bytes, ip_size(source));
	}
}

static void read_interval(struct cursor *in, struct advert_received *received)
{
	if (received->version == 2) {
		received->auth = cursor_u8(in);
		received->interval_ns = cursor_u8(in) * NS_PER_S;
	} else {
		received->interval_ns = (cursor_u16(in) & INTERVAL_MASK) * INTERVAL_UNIT_NS;
	}
}

/* What the message says, once its length and checksum are known to be right. */
static enum advert_discard read_message(const struct advert_packet *packet, struct advert_received *received)
{
	struct cursor in = cursor_of(packet->bytes, packet->size);

	cursor_skip(&in, 1);
	received->version = version_of(packet);
	received->vrid = cursor_u8(&in);
	received->priority = cursor_u8(&in);
	received->address_count = cursor_u8(&in);
	read_interval(&in, received);
	cursor_skip(&in, 2);
	if (received->vrid == 0)
		return ADVERT_BAD_VRID;
	if (received->address_count == 0)
		return ADVERT_BAD_COUNT;
	if (received->interval_ns == 0)
		return ADVERT_BAD_INTERVAL;
	read_addresses(&in, &packet->source, received);
	if (received->version == 2) {
		cursor_bytes(&in, received->password, ADVERT_PASSWORD_SIZE);
		return ADVERT_TAKEN;
	}
	return read_trailer(&in, received) ? ADVERT_TAKEN : ADVERT_BAD_AUTH;
}

bool advert_is_group(const struct ip *ip)
{
	return ip->family == AF_INET ? ip->bytes[0] >> 4 == 14 : ip->bytes[0] == 0xff;
}

enum advert_discard advert_decode(const struct advert_packet *packet, struct advert_received *ret_received)
{
	struct advert_received received = {.far = packet->ttl != ADVERT_TTL};
	enum advert_discard verdict;

	if (packet->size >= 2)
		ret_received->vrid = packet->bytes[1];
	if (received.far && advert_is_group(&packet->destination))
		return ADVERT_BAD_TTL;
	/* Before the length, which means something else in version 2. */
	if (packet->size > 0 && !has_right_version(packet))
		return ADVERT_BAD_VERSION;
	if (!has_right_length(packet))
		return ADVERT_BAD_LENGTH;
	if (!find_checksum_form(packet, &received.checksum))
		return ADVERT_BAD_CHECKSUM;
	verdict = read_message(packet, &received);
	if (verdict == ADVERT_TAKEN)
		*ret_received = received;
	return verdict;
}

bool advert_verify(
	const struct advert_packet *packet, const struct advert_received *received, const struct keyring *ring)
{
	const struct key *key = received->is_signed ? keyring_find(ring, received->key_id) : NULL;
	const uint8_t *trailer;
	uint8_t mac[MAC_SIZE];

	if (key == NULL)
		return false;
	trailer = packet->bytes + message_size(packet);
	return mac_of(packet->bytes, message_size(packet), trailer, &packet->source, key, mac) &&
	       crypto_equal(mac, trailer + TRAILER_HEAD_SIZE, MAC_SIZE);
}

/* The sequence: seconds, a fraction of 1/65536 s, a counter. */

uint64_t advert_sequence_of(int64_t real_ns)
{
	uint64_t seconds = (uint64_t)(real_ns / NS_PER_S);
	uint64_t fraction = (uint64_t)(real_ns % NS_PER_S) * 65536 / NS_PER_S;

	return seconds << 32 | fraction << 16;
}

/* The seconds are the upper half. */
#define SEQUENCE_AHEAD_MAX (INT64_C(5) << 32)

uint64_t advert_sequence_after(uint64_t last, uint64_t clock_sequence)
{
	/* RFC 1982 section 3.2: the difference, read as signed. */
	int64_t ahead = (int64_t)(last - clock_sequence);

	if (last == 0 || ahead < 0 || ahead > SEQUENCE_AHEAD_MAX)
		return clock_sequence;
	return last + 1;
}

int64_t advert_sequence_time(uint64_t sequence)
{
	int64_t seconds = (int64_t)(sequence >> 32);
	int64_t fraction = (int64_t)(sequence >> 16 & UINT16_MAX);

	return seconds * NS_PER_S + fraction * NS_PER_S / 65536;
}
