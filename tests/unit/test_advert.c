/* SPDX-License-Identifier: MIT */
#include "vrrpd/advert.h"

#include "common/pure/mono.h"
#include "common/pure/text.h"
#include "tests/unit/unit.h"

#include <string.h>

#define SEQUENCE UINT64_C(0x6800000080000000)
/* draft-cassen-vrrp-auth-hmac: from 198.51.100.10, priority 200, VRID 51, 192.0.2.100, 100 cs, key 00 01 … 1f (id 1) */
#define DRAFT_MESSAGE "3133c80100644402c0000264"
#define DRAFT_HEAD "010100006800000080000000"
#define DRAFT_MAC "1b84bc4e8e43892dc6d98448f8ee2265"
#define DRAFT_VECTOR DRAFT_MESSAGE DRAFT_HEAD DRAFT_MAC

static struct keyring ring;

static struct ip ip_of(const char *text)
{
	struct ip ip;

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

static int make_ring(void **state)
{
	(void)state;
	for (unsigned id = 1; id <= 2; id++) {
		ring.keys[id] = (struct key){.id = (uint8_t)id, .size = 32};
		for (unsigned i = 0; i < 32; i++)
			ring.keys[id].bytes[i] = (uint8_t)(i * id);
	}
	return 0;
}

struct bytes {
	uint8_t bytes[ADVERT_SIZE_MAX + 8];
	size_t size;
};

static struct bytes from_hex(const char *hex)
{
	struct bytes got;

	assert_int_equal(hex_to_bytes(hex, strlen(hex), got.bytes, sizeof got.bytes, &got.size), 0);
	return got;
}

static struct advert_packet packet_of(const struct bytes *bytes)
{
	return (struct advert_packet){
		.bytes = bytes->bytes,
		.size = bytes->size,
		.ttl = ADVERT_TTL,
		.source = ip_of("198.51.100.10"),
		.destination = ip_of("224.0.0.18"),
	};
}

static struct bytes encode_draft(const struct key *key, enum advert_checksum form)
{
	struct ip vip = ip_of("192.0.2.100");
	struct ip source = ip_of("198.51.100.10");
	struct ip group = ip_of("224.0.0.18");
	struct advert advert = {
		.version = 3,
		.vrid = 51,
		.priority = 200,
		.interval_ns = NS_PER_S,
		.addresses = &vip,
		.address_count = 1,
	};
	struct bytes got;
	struct writer out = writer_of(got.bytes, sizeof got.bytes);

	advert_encode(&advert, &source, &group, form, key, SEQUENCE, &out);
	assert_false(out.bad);
	got.size = out.length;
	return got;
}

static void assert_hex(const struct bytes *got, const char *hex)
{
	struct bytes expected = from_hex(hex);

	assert_int_equal(got->size, expected.size);
	assert_memory_equal(got->bytes, expected.bytes, expected.size);
}

static void the_vector_of_the_draft_comes_out(void **state)
{
	struct bytes is_signed = encode_draft(&ring.keys[1], ADVERT_CHECKSUM_MESSAGE);
	struct bytes plain = encode_draft(NULL, ADVERT_CHECKSUM_MESSAGE);

	(void)state;
	assert_hex(&is_signed, DRAFT_VECTOR);
	assert_hex(&plain, DRAFT_MESSAGE);
}

static void the_vector_of_the_draft_is_read(void **state)
{
	struct bytes bytes = from_hex(DRAFT_VECTOR);
	struct advert_packet packet = packet_of(&bytes);
	struct advert_received got;
	struct ip vip = ip_of("192.0.2.100");

	(void)state;
	assert_int_equal(advert_decode(&packet, &got), ADVERT_TAKEN);
	assert_int_equal(got.vrid, 51);
	assert_int_equal(got.priority, 200);
	assert_int_equal(got.interval_ns, NS_PER_S);
	assert_int_equal(got.checksum, ADVERT_CHECKSUM_MESSAGE);
	assert_int_equal(got.address_count, 1);
	assert_true(ip_equal(&got.addresses[0], &vip));
	assert_true(got.is_signed);
	assert_int_equal(got.key_id, 1);
	assert_true(got.sequence == SEQUENCE);
	assert_true(advert_verify(&packet, &got, &ring));
}

/*
 * The MAC leaves the checksum out, so that both forms of one advert carry the same. The pseudo-header's value by hand:
 * the sum of the message, ~0x4402 = 0xbbfd, and of 198.51.100.10, 224.0.0.18, protocol 112 and length 12.
 */
static void both_checksum_forms_are_taken(void **state)
{
	uint32_t sum = 0xbbfd + 0xc633 + 0x640a + 0xe000 + 0x0012 + 112 + 12;
	struct bytes bytes = encode_draft(&ring.keys[1], ADVERT_CHECKSUM_PSEUDO_HEADER);
	struct advert_packet packet = packet_of(&bytes);
	struct advert_received got;

	(void)state;
	sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
	assert_int_equal(bytes.bytes[6] << 8 | bytes.bytes[7], sum);
	assert_int_equal(advert_decode(&packet, &got), ADVERT_TAKEN);
	assert_int_equal(got.checksum, ADVERT_CHECKSUM_PSEUDO_HEADER);
	assert_true(advert_verify(&packet, &got, &ring));
	assert_memory_equal(bytes.bytes + bytes.size - 16, from_hex(DRAFT_MAC).bytes, 16);
	/* The pseudo-header's form holds for these addresses alone. */
	packet.destination = ip_of("224.0.0.19");
	assert_int_equal(advert_decode(&packet, &got), ADVERT_BAD_CHECKSUM);
}

/* Messages with right checksums are written out; their checksums were made by other means. */
static const struct {
	const char *hex;
	uint8_t ttl;
	enum advert_discard verdict;
} bad_packets[] = {
	{DRAFT_VECTOR, 254, ADVERT_BAD_TTL},
	{DRAFT_VECTOR, 0, ADVERT_BAD_TTL},
	{"", 255, ADVERT_BAD_LENGTH},
	{"31", 255, ADVERT_BAD_LENGTH},
	{"3133c801006444", 255, ADVERT_BAD_LENGTH},
	{"3133c80100644402", 255, ADVERT_BAD_LENGTH},           /* one address promised, none there */
	{"3133c80100644402c00002", 255, ADVERT_BAD_LENGTH},     /* … three bytes of it */
	{"3133c80100644402c000026400", 255, ADVERT_BAD_LENGTH}, /* a byte too many */
	{DRAFT_MESSAGE "c0000265", 255, ADVERT_BAD_LENGTH},     /* an address that is not counted */
	{DRAFT_MESSAGE DRAFT_HEAD "1b84bc4e8e43892dc6d98448f8ee22", 255, ADVERT_BAD_LENGTH},
	{DRAFT_VECTOR "00", 255, ADVERT_BAD_LENGTH},
	{"2133c8010064"
	 "5402"
	 "c0000264",
		255, ADVERT_BAD_LENGTH}, /* of version 2, without its authentication data */
	{"2133c8010001"
	 "5466"
	 "c0000264"
	 "0000000000000000",
		255, ADVERT_BAD_CHECKSUM}, /* version 2, a wrong checksum */
	{"2133c8010000"
	 "5466"
	 "c0000264"
	 "0000000000000000",
		255, ADVERT_BAD_INTERVAL},
	{"2133c8010001"
	 "4f5e"
	 "c0000264"
	 "0000000000000507",
		254, ADVERT_BAD_TTL}, /* version 2, behind a router */
	{"2233c8010001"
	 "4e5e"
	 "c0000264"
	 "0000000000000507",
		255, ADVERT_BAD_VERSION}, /* version 2, type 2 */
	{"1133c801006464"
	 "02c0000264",
		255, ADVERT_BAD_VERSION},
	{"4133c801006434"
	 "02c0000264",
		255, ADVERT_BAD_VERSION},
	{"3233c8010064"
	 "4302"
	 "c0000264",
		255, ADVERT_BAD_VERSION}, /* version 3, type 2 */
	{"00", 255, ADVERT_BAD_VERSION},
	{"3133c80100644403c0000264", 255, ADVERT_BAD_CHECKSUM},
	{"3133c80100640000c0000264", 255, ADVERT_BAD_CHECKSUM},
	{"3133c90100644402c0000264", 255, ADVERT_BAD_CHECKSUM},
	{"3100c8010064"
	 "4435"
	 "c0000264",
		255, ADVERT_BAD_VRID},               /* VRID 0 */
	{"3133c80000640668", 255, ADVERT_BAD_COUNT}, /* no address */
	{"3133c8010000"
	 "4466"
	 "c0000264",
		255, ADVERT_BAD_INTERVAL},
	{"3133c801f000"
	 "5465"
	 "c0000264",
		255, ADVERT_BAD_INTERVAL}, /* reserved bits do not make it one */
	{DRAFT_MESSAGE "020100006800000080000000" DRAFT_MAC, 255, ADVERT_BAD_AUTH}, /* another type */
	{DRAFT_MESSAGE "010000006800000080000000" DRAFT_MAC, 255, ADVERT_BAD_AUTH}, /* key 0 */
	{DRAFT_MESSAGE "010101006800000080000000" DRAFT_MAC, 255, ADVERT_BAD_AUTH}, /* reserved, either byte */
	{DRAFT_MESSAGE "010100016800000080000000" DRAFT_MAC, 255, ADVERT_BAD_AUTH},
};

static void bad_packets_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_packets); i++) {
		struct bytes bytes = from_hex(bad_packets[i].hex);
		struct advert_packet packet = packet_of(&bytes);
		struct advert_received got = {.vrid = 7, .priority = 99};
		enum advert_discard verdict;

		packet.ttl = bad_packets[i].ttl;
		verdict = advert_decode(&packet, &got);
		if (verdict != bad_packets[i].verdict)
			fail_msg("%s: %s, not %s", bad_packets[i].hex, advert_discard_name(verdict),
				advert_discard_name(bad_packets[i].verdict));
		assert_int_equal(got.priority, 99);
		assert_int_equal(got.vrid, bytes.size >= 2 ? bytes.bytes[1] : 7);
	}
}

static void reserved_bits_are_masked(void **state)
{
	struct bytes bytes = from_hex("3133c801f0645401c0000264");
	struct advert_packet packet = packet_of(&bytes);
	struct advert_received got;

	(void)state;
	assert_int_equal(advert_decode(&packet, &got), ADVERT_TAKEN);
	assert_int_equal(got.interval_ns, NS_PER_S);
	assert_false(got.is_signed);
	assert_false(advert_verify(&packet, &got, &ring));
}

/* Any changed bit that leaves the packet readable makes the MAC wrong, and so do another source and another key. */
static void what_was_changed_does_not_verify(void **state)
{
	struct bytes good = from_hex(DRAFT_VECTOR);
	struct advert_packet packet;
	struct advert_received got;
	unsigned readable = 0;

	(void)state;
	for (size_t bit = 0; bit < good.size * 8; bit++) {
		struct bytes bytes = good;

		bytes.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		packet = packet_of(&bytes);
		if (advert_decode(&packet, &got) != ADVERT_TAKEN)
			continue;
		readable++;
		assert_false(advert_verify(&packet, &got, &ring));
	}
	/* The sequence, the MAC, and the key id but for the bit that makes it 0. */
	assert_int_equal(readable, 64 + 128 + 7);

	packet = packet_of(&good);
	packet.source = ip_of("198.51.100.11");
	assert_int_equal(advert_decode(&packet, &got), ADVERT_TAKEN);
	assert_false(advert_verify(&packet, &got, &ring));
	packet.source = ip_of("198.51.100.10");
	assert_true(advert_verify(&packet, &got, &ring));
	got.key_id = 2;
	assert_false(advert_verify(&packet, &got, &ring));
}

static const struct {
	int family;
	uint8_t version;
	uint8_t vrid;
	uint8_t priority;
	int64_t interval_ns;
	size_t address_count;
	unsigned key_id; /* 0: unsigned */
	enum advert_checksum form;
	const uint8_t *password;
} round_trips[] = {
	{AF_INET, 3, 1, 0, 10 * NS_PER_MS, 1, 0, ADVERT_CHECKSUM_MESSAGE, NULL},
	{AF_INET, 3, 255, 255, 40950 * NS_PER_MS, 255, 2, ADVERT_CHECKSUM_MESSAGE, NULL},
	{AF_INET, 3, 51, 150, 100 * NS_PER_MS, 3, 1, ADVERT_CHECKSUM_PSEUDO_HEADER, NULL},
	{AF_INET, 3, 200, 1, 40 * NS_PER_S, 2, 0, ADVERT_CHECKSUM_PSEUDO_HEADER, NULL},
	{AF_INET6, 3, 51, 100, NS_PER_S, 1, 0, ADVERT_CHECKSUM_PSEUDO_HEADER, NULL},
	{AF_INET6, 3, 7, 254, 10 * NS_PER_MS, 255, 1, ADVERT_CHECKSUM_PSEUDO_HEADER, NULL},
	{AF_INET, 2, 51, 100, NS_PER_S, 1, 0, ADVERT_CHECKSUM_MESSAGE, NULL},
	{AF_INET, 2, 9, 0, 255 * NS_PER_S, 255, 0, ADVERT_CHECKSUM_MESSAGE, (const uint8_t *)"secret\0\0"},
};

static void what_is_written_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(round_trips); i++) {
		struct ip addresses[ADVERT_ADDRESSES_MAX];
		struct bytes bytes;
		struct writer out = writer_of(bytes.bytes, sizeof bytes.bytes);
		struct advert advert = {round_trips[i].version, round_trips[i].vrid, round_trips[i].priority,
			round_trips[i].interval_ns, addresses, round_trips[i].address_count, round_trips[i].password};
		const struct key *key = round_trips[i].key_id != 0 ? &ring.keys[round_trips[i].key_id] : NULL;
		struct advert_packet packet = packet_of(&bytes);
		struct advert_received got;

		for (size_t a = 0; a < advert.address_count; a++)
			addresses[a] = (struct ip){
				.family = (uint8_t)round_trips[i].family, .bytes = {10, 0, (uint8_t)i, (uint8_t)a}};
		if (round_trips[i].family == AF_INET6) {
			packet.source = ip_of("fe80::10");
			packet.destination = ip_of("ff02::12");
		}
		advert_encode(
			&advert, &packet.source, &packet.destination, round_trips[i].form, key, SEQUENCE + i, &out);
		assert_false(out.bad);
		packet.size = out.length;
		assert_int_equal(advert_decode(&packet, &got), ADVERT_TAKEN);
		assert_int_equal(got.version, advert.version);
		assert_int_equal(got.vrid, advert.vrid);
		assert_int_equal(got.priority, advert.priority);
		assert_int_equal(got.interval_ns, advert.interval_ns);
		assert_int_equal(got.checksum, round_trips[i].form);
		assert_int_equal(got.address_count, advert.address_count);
		for (size_t a = 0; a < advert.address_count; a++)
			assert_true(ip_equal(&got.addresses[a], &addresses[a]));
		assert_int_equal(got.is_signed, key != NULL);
		assert_int_equal(advert_verify(&packet, &got, &ring), key != NULL);
		if (key != NULL)
			assert_true(got.sequence == SEQUENCE + i && got.key_id == key->id);
		if (advert.version == 2)
			assert_int_equal(got.auth, advert.password != NULL ? ADVERT_AUTH_PASSWORD : ADVERT_AUTH_NONE);
		if (advert.password != NULL)
			assert_memory_equal(got.password, advert.password, ADVERT_PASSWORD_SIZE);
	}
}

/* The draft's vector over IPv6: to one node, and the checksum covers the trailer. */
#define DRAFT_IPV6 \
	"3133c8010064a2e9" \
	"fe800000000000000000000000000100" DRAFT_HEAD "c8c56146ebfd66ee10ec4d8186461b78"

static struct advert_packet ipv6_packet(const struct bytes *bytes)
{
	struct advert_packet packet = packet_of(bytes);

	packet.source = ip_of("fe80::10");
	packet.destination = ip_of("fe80::20");
	return packet;
}

static void the_ipv6_vector_of_the_draft_comes_out(void **state)
{
	struct ip vip = ip_of("fe80::100"), source = ip_of("fe80::10"), destination = ip_of("fe80::20");
	struct advert advert = {3, 51, 200, NS_PER_S, &vip, 1, NULL};
	struct bytes got;
	struct writer out = writer_of(got.bytes, sizeof got.bytes);

	(void)state;
	/* The form is no choice here. */
	advert_encode(&advert, &source, &destination, ADVERT_CHECKSUM_MESSAGE, &ring.keys[1], SEQUENCE, &out);
	assert_false(out.bad);
	got.size = out.length;
	assert_hex(&got, DRAFT_IPV6);
}

static void the_ipv6_vector_of_the_draft_is_read(void **state)
{
	struct bytes bytes = from_hex(DRAFT_IPV6);
	struct advert_packet packet = ipv6_packet(&bytes);
	struct ip vip = ip_of("fe80::100");
	struct advert_received got;

	(void)state;
	assert_int_equal(advert_decode(&packet, &got), ADVERT_TAKEN);
	assert_true(ip_equal(&got.addresses[0], &vip));
	assert_true(advert_verify(&packet, &got, &ring));
	assert_false(got.far);
	/* The checksum is made for these addresses, and covers the trailer. */
	packet.destination = ip_of("fe80::21");
	assert_int_equal(advert_decode(&packet, &got), ADVERT_BAD_CHECKSUM);
	packet.destination = ip_of("fe80::20");
	bytes.bytes[bytes.size - 1] ^= 1;
	assert_int_equal(advert_decode(&packet, &got), ADVERT_BAD_CHECKSUM);
}

/* RFC 3768 5.3: zero where there is no authentication, and behind the addresses. */
static void version_2_has_eight_bytes_of_authentication(void **state)
{
	const struct ip vip = ip_of("192.0.2.100"), source = ip_of("198.51.100.10"), group = ip_of("224.0.0.18");
	struct advert advert = {2, 51, 200, NS_PER_S, &vip, 1, NULL};
	struct bytes got;
	struct writer out = writer_of(got.bytes, sizeof got.bytes);

	(void)state;
	memset(got.bytes, 0xff, sizeof got.bytes);
	advert_encode(&advert, &source, &group, ADVERT_CHECKSUM_MESSAGE, NULL, 0, &out);
	got.size = out.length;
	assert_hex(&got, "2133c80100015465c00002640000000000000000");
	advert.password = (const uint8_t *)"\0\0\0\0\0\0\5\7";
	out = writer_of(got.bytes, sizeof got.bytes);
	advert_encode(&advert, &source, &group, ADVERT_CHECKSUM_MESSAGE, NULL, 0, &out);
	assert_hex(&got, "2133c80101014e5ec00002640000000000000507");
}

static void version_2_is_for_ipv4_alone(void **state)
{
	struct bytes bytes = from_hex("2133c8010001"
				      "5466"
				      "c0000264"
				      "0000000000000000");
	struct advert_packet packet = ipv6_packet(&bytes);
	struct advert_received got;

	(void)state;
	assert_int_equal(advert_decode(&packet, &got), ADVERT_BAD_VERSION);
}

/* Whether a router in between is borne with is the vip's to say; on the group it never is. */
static void what_came_by_a_router_is_marked(void **state)
{
	struct bytes bytes = from_hex(DRAFT_IPV6);
	struct advert_packet packet = ipv6_packet(&bytes);
	struct advert_received got;

	(void)state;
	packet.ttl = 63;
	assert_int_equal(advert_decode(&packet, &got), ADVERT_TAKEN);
	assert_true(got.far);
	packet.destination = ip_of("ff02::12");
	assert_int_equal(advert_decode(&packet, &got), ADVERT_BAD_TTL);
}

static void what_does_not_fit_is_told(void **state)
{
	struct ip vip = ip_of("192.0.2.100");
	struct advert advert = {3, 51, 200, NS_PER_S, &vip, 1, NULL};
	uint8_t bytes[40];

	(void)state;
	for (size_t capacity = 0; capacity <= sizeof bytes; capacity++) {
		struct writer out = writer_of(bytes, capacity);

		advert_encode(&advert, &vip, &vip, ADVERT_CHECKSUM_MESSAGE, &ring.keys[1], SEQUENCE, &out);
		assert_int_equal(out.bad, capacity < 40);
	}
}

static const struct {
	int64_t real_ns;
	uint64_t sequence;
} times[] = {
	{0, 0},
	{NS_PER_S / 2, UINT64_C(0x80000000)},
	{INT64_C(0x68000000) * NS_PER_S + NS_PER_S / 2, SEQUENCE},
	{INT64_C(4294967295) * NS_PER_S + 999999999, UINT64_C(0xffffffffffff0000)},
	/* 2106: the seconds wrap. */
	{INT64_C(4294967296) * NS_PER_S, 0},
};

static void sequences_stand_for_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		int64_t seconds = times[i].real_ns / NS_PER_S % INT64_C(4294967296);
		int64_t back;

		assert_true(advert_sequence_of(times[i].real_ns) == times[i].sequence);
		back = advert_sequence_time(times[i].sequence);
		assert_int_equal(back / NS_PER_S, seconds);
		/* To the fraction's 1/65536 s. */
		assert_true(times[i].real_ns % NS_PER_S - back % NS_PER_S < NS_PER_S / 65536 + 1);
	}
	/* The counter takes no time. */
	assert_int_equal(advert_sequence_time(SEQUENCE + UINT16_MAX), advert_sequence_time(SEQUENCE));
}

static void each_reason_has_its_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ADVERT_DISCARD_COUNT; i++) {
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(advert_discard_name((enum advert_discard)i),
				advert_discard_name((enum advert_discard)j));
	}
	assert_string_equal(advert_discard_name(ADVERT_REPLAYED), "replay");
	assert_string_equal(advert_discard_name(ADVERT_REFLECTED), "reflected");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vector_of_the_draft_comes_out),
		cmocka_unit_test(the_vector_of_the_draft_is_read),
		cmocka_unit_test(both_checksum_forms_are_taken),
		cmocka_unit_test(bad_packets_are_named),
		cmocka_unit_test(reserved_bits_are_masked),
		cmocka_unit_test(what_was_changed_does_not_verify),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(the_ipv6_vector_of_the_draft_comes_out),
		cmocka_unit_test(the_ipv6_vector_of_the_draft_is_read),
		cmocka_unit_test(version_2_has_eight_bytes_of_authentication),
		cmocka_unit_test(version_2_is_for_ipv4_alone),
		cmocka_unit_test(what_came_by_a_router_is_marked),
		cmocka_unit_test(what_does_not_fit_is_told),
		cmocka_unit_test(sequences_stand_for_times),
		cmocka_unit_test(each_reason_has_its_name),
	};

	return cmocka_run_group_tests(tests, make_ring, NULL);
}
