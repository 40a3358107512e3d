/* SPDX-License-Identifier: MIT */
/*
 * The first byte says whether the TTL is right, whether the checksum is to be made right, since no fuzzer guesses it,
 * and whether the packet is of IPv6; the rest is the packet.
 */
#include "tests/fuzz/fuzz.h"

#include "common/pure/mono.h"
#include "vrrpd/advert.h"

#include <string.h>

#define PACKET_MAX (ADVERT_SIZE_MAX + 4)

enum {
	WRONG_TTL = 1 << 0,
	AS_IT_IS = 1 << 1, /* the checksum */
	IPV6 = 1 << 2,
	UNICAST = 1 << 3,
};

static struct keyring ring;

static void make_ring(void)
{
	for (unsigned id = 1; id < 256; id += 2) {
		ring.keys[id] = (struct key){.id = (uint8_t)id, .size = KEY_SIZE_MIN};
		memset(ring.keys[id].bytes, (int)id, KEY_SIZE_MIN);
	}
}

static uint32_t sum_of(const struct ip *ip)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < ip_size(ip); i += 2)
		sum += (uint32_t)ip->bytes[i] << 8 | ip->bytes[i + 1];
	return sum;
}

/* RFC 1071, of IPv4 over the message alone: the trailer is left out. */
static void correct_checksum(const struct advert_packet *packet, uint8_t *bytes)
{
	bool v6 = packet->source.family == AF_INET6;
	size_t length = v6 ? packet->size : 8 + 4 * (size_t)bytes[3] + (bytes[0] >> 4 == 2 ? 8 : 0);
	uint32_t sum = 0;

	if (length > packet->size || length % 2 != 0)
		return;
	if (v6)
		sum = sum_of(&packet->source) + sum_of(&packet->destination) + ADVERT_PROTOCOL + (uint32_t)length;
	bytes[6] = bytes[7] = 0;
	for (size_t i = 0; i < length; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	bytes[6] = (uint8_t)(~sum >> 8);
	bytes[7] = (uint8_t)~sum;
}

static void check_taken(const struct advert_packet *packet, const struct advert_received *got)
{
	FUZZ_CHECK(got->vrid != 0 && got->address_count > 0 && got->address_count <= ADVERT_ADDRESSES_MAX);
	FUZZ_CHECK(got->version == 3 || (got->version == 2 && packet->source.family == AF_INET));
	FUZZ_CHECK(got->version == 2 || got->interval_ns <= 40950 * NS_PER_MS);
	FUZZ_CHECK(got->interval_ns >= 10 * NS_PER_MS);
	FUZZ_CHECK(got->interval_ns % (10 * NS_PER_MS) == 0);
	for (size_t i = 0; i < got->address_count; i++)
		FUZZ_CHECK(got->addresses[i].family == packet->source.family);
	FUZZ_CHECK(!got->is_signed || got->key_id != 0);
}

/* What was taken, written anew, is the same packet but for the reserved bits and the MAC, which then is right. */
static void check_written_anew(const struct advert_packet *packet, const struct advert_received *got)
{
	static struct advert_received again;
	uint8_t bytes[ADVERT_SIZE_MAX];
	struct writer out = writer_of(bytes, sizeof bytes);
	struct advert advert = {got->version, got->vrid, got->priority, got->interval_ns, got->addresses,
		got->address_count, got->auth == ADVERT_AUTH_PASSWORD ? got->password : NULL};
	const struct key *key = got->is_signed ? keyring_find(&ring, got->key_id) : NULL;
	struct advert_packet written = *packet;

	/* Other authentication of version 2 is never sent. */
	if (got->version == 2 && got->auth != ADVERT_AUTH_PASSWORD)
		return;
	if (got->is_signed && key == NULL) {
		FUZZ_CHECK(!advert_verify(packet, got, &ring));
		return;
	}
	advert_encode(&advert, &packet->source, &packet->destination, got->checksum, key, got->sequence, &out);
	FUZZ_CHECK(!out.bad && out.length == packet->size);
	FUZZ_CHECK(memcmp(bytes, packet->bytes, 4) == 0);
	FUZZ_CHECK(memcmp(bytes + 8, packet->bytes + 8, packet->size - 8 - (got->is_signed ? 16 : 0)) == 0);
	written.bytes = bytes;
	FUZZ_CHECK(advert_decode(&written, &again) == ADVERT_TAKEN);
	FUZZ_CHECK(advert_verify(&written, &again, &ring) == got->is_signed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct advert_received got;
	uint8_t bytes[PACKET_MAX];
	struct advert_packet packet = {
		.bytes = bytes,
		.size = size - 1,
		.source = {.family = AF_INET, .bytes = {198, 51, 100, 10}},
		.destination = {.family = AF_INET, .bytes = {224, 0, 0, 18}},
	};
	enum advert_discard verdict;

	if (size < 1 || packet.size > sizeof bytes)
		return 0;
	if (data[0] & IPV6) {
		packet.source = (struct ip){.family = AF_INET6, .bytes = {0xfe, 0x80, [15] = 0x10}};
		packet.destination = (struct ip){.family = AF_INET6, .bytes = {0xff, 0x02, [15] = 0x12}};
	}
	if (data[0] & UNICAST)
		packet.destination.bytes[0] = 10;
	if (ring.keys[1].id == 0)
		make_ring();
	memcpy(bytes, data + 1, packet.size);
	packet.ttl = data[0] & WRONG_TTL ? 254 : ADVERT_TTL;
	if (!(data[0] & AS_IT_IS) && packet.size >= 8)
		correct_checksum(&packet, bytes);
	verdict = advert_decode(&packet, &got);
	FUZZ_CHECK((unsigned)verdict < ADVERT_DISCARD_COUNT && *advert_discard_name(verdict) != '\0');
	FUZZ_CHECK(verdict != ADVERT_TAKEN || got.far == (packet.ttl != ADVERT_TTL));
	if (verdict == ADVERT_TAKEN) {
		check_taken(&packet, &got);
		check_written_anew(&packet, &got);
	}
	return 0;
}
