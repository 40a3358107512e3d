/* SPDX-License-Identifier: MIT */
#include "vrrpd/announce.h"

#include "tests/unit/unit.h"

static void the_frame_is_an_announcement(void **state)
{
	static const uint8_t mac[] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
	static const uint8_t expected[ANNOUNCE_FRAME_SIZE] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0x08, 0x06, /* Ethernet */
		0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01,                                     /* request */
		0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 192, 0, 2, 100,                                 /* sender */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 192, 0, 2, 100,                                 /* target */
	};
	uint8_t frame[ANNOUNCE_FRAME_SIZE];
	struct writer out = writer_of(frame, sizeof frame);
	struct ip vip;

	(void)state;
	assert_int_equal(ip_parse("192.0.2.100", &vip), 0);
	announce_encode(mac, &vip, &vip, &out);
	assert_false(out.bad);
	assert_int_equal(out.length, sizeof expected);
	assert_memory_equal(frame, expected, sizeof expected);
	out = writer_of(frame, sizeof frame - 1);
	announce_encode(mac, &vip, &vip, &out);
	assert_true(out.bad);
}

static void a_question_names_both(void **state)
{
	static const uint8_t mac[] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
	uint8_t frame[ANNOUNCE_FRAME_SIZE];
	struct writer out = writer_of(frame, sizeof frame);
	struct ip sender, target;

	(void)state;
	assert_int_equal(ip_parse("192.0.2.11", &sender), 0);
	assert_int_equal(ip_parse("192.0.2.12", &target), 0);
	announce_encode(mac, &sender, &target, &out);
	assert_false(out.bad);
	assert_memory_equal(frame + 28, sender.bytes, 4);
	assert_memory_equal(frame + 38, target.bytes, 4);
}

/* What an ICMPv6 checksum covers (RFC 8200 section 8.1) sums up to ones when it is right. */
static uint32_t sum_of(const uint8_t frame[static ANNOUNCE_NEIGHBOUR_SIZE])
{
	uint32_t sum = 58 + 32;

	for (size_t i = 22; i < ANNOUNCE_NEIGHBOUR_SIZE; i += 2)
		sum += (uint32_t)(frame[i] << 8 | frame[i + 1]);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void the_solicitation_goes_to_the_targets_group(void **state)
{
	static const uint8_t mac[] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
	static const uint8_t group[16] = {0xff, 0x02, [11] = 1, [12] = 0xff, [13] = 0xab, [14] = 0xcd, [15] = 0xef};
	uint8_t frame[ANNOUNCE_NEIGHBOUR_SIZE];
	struct writer out = writer_of(frame, sizeof frame);
	struct ip own, target;

	(void)state;
	assert_int_equal(ip_parse("fe80::11", &own), 0);
	assert_int_equal(ip_parse("2001:db8::12ab:cdef", &target), 0);
	announce_encode_solicitation(mac, &own, &target, &out);
	assert_false(out.bad);
	assert_int_equal(out.length, ANNOUNCE_NEIGHBOUR_SIZE);
	assert_memory_equal(
		frame, "\x33\x33\xff\xab\xcd\xef\x02\x11\x22\x33\x44\x55\x86\xdd\x60\0\0\0\0\x20\x3a\xff", 22);
	assert_memory_equal(frame + 22, own.bytes, 16);
	assert_memory_equal(frame + 38, group, 16);
	assert_int_equal(frame[54], 135);
	assert_int_equal(frame[58], 0);
	assert_memory_equal(frame + 62, target.bytes, 16);
	assert_memory_equal(frame + 78, "\1\1", 2);
	assert_memory_equal(frame + 80, mac, sizeof mac);
	assert_int_equal(sum_of(frame), 0xffff);
	out = writer_of(frame, ANNOUNCE_NEIGHBOUR_SIZE - 1);
	announce_encode_solicitation(mac, &own, &target, &out);
	assert_true(out.bad);
}

static void the_neighbour_advertisement_overrides(void **state)
{
	static const uint8_t mac[] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
	uint8_t frame[ANNOUNCE_NEIGHBOUR_SIZE + 1];
	struct writer out = writer_of(frame, sizeof frame);
	struct ip vip;

	(void)state;
	assert_int_equal(ip_parse("2001:db8::100", &vip), 0);
	announce_encode_neighbour(mac, &vip, false, &out);
	assert_false(out.bad);
	assert_int_equal(out.length, ANNOUNCE_NEIGHBOUR_SIZE);
	assert_memory_equal(frame, "\x33\x33\0\0\0\1\x02\x11\x22\x33\x44\x55\x86\xdd\x60\0\0\0\0\x20\x3a\xff", 22);
	assert_memory_equal(frame + 22, vip.bytes, 16);
	assert_int_equal(frame[54], 136);
	assert_int_equal(frame[58], 0x20);
	assert_memory_equal(frame + 62, vip.bytes, 16);
	assert_memory_equal(frame + 78, "\2\1", 2);
	assert_memory_equal(frame + 80, mac, sizeof mac);
	assert_int_equal(sum_of(frame), 0xffff);
	out = writer_of(frame, sizeof frame);
	announce_encode_neighbour(mac, &vip, true, &out);
	assert_int_equal(frame[58], 0xa0);
	out = writer_of(frame, ANNOUNCE_NEIGHBOUR_SIZE - 1);
	announce_encode_neighbour(mac, &vip, true, &out);
	assert_true(out.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_solicitation_goes_to_the_targets_group),
		cmocka_unit_test(the_neighbour_advertisement_overrides),
		cmocka_unit_test(the_frame_is_an_announcement),
		cmocka_unit_test(a_question_names_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
