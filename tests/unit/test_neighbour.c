/* SPDX-License-Identifier: MIT */
/* ARP packets, neighbour solicitations and advertisements as they come from the wire, and what is none. */
#include "vrrpd/neighbour.h"

#include "tests/unit/unit.h"
#include "vrrpd/announce.h"

#include <stdio.h>
#include <string.h>

static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x33};

static size_t bytes_of(const char *hex, uint8_t *bytes)
{
	size_t size = 0;
	unsigned byte;

	for (; *hex != '\0'; hex += *hex == ' ' ? 1 : 2) {
		if (*hex == ' ')
			continue;
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		bytes[size++] = (uint8_t)byte;
	}
	return size;
}

#define ETHERNET "ffffffffffff 020000000033 "
#define ARP "0806 0001 0800 06 04 "
#define SENDER "020000000033 c0000264 "
#define TARGET "000000000000 c0000215"
#define IPV6 "86dd 60000000 0020 3a ff "
#define SOURCE "fe800000000000000000000000000001 ff020000000000000000000000000001 "
#define NOBODY "00000000000000000000000000000000 ff020000000000000000000000000001 "
#define TO_LB1 "fe800000000000000000000000000001 fe800000000000000000000000000011 "
#define GROUP6 "ff0200000000000000000001ff000100 "
#define VIP6 "20010db8000000000000000000000100 "

static const struct {
	const char *name;
	const char *frame;
	bool good;
	const char *sender;
	bool answer;
	const char *target;
} cases[] = {
	{"a question", ETHERNET ARP "0001" SENDER TARGET, true, "192.0.2.100", false, "192.0.2.21"},
	{"an answer", ETHERNET ARP "0002" SENDER TARGET, true, "192.0.2.100", true, "192.0.2.21"},
	{"with the link's padding", ETHERNET ARP "0002" SENDER TARGET "000000000000000000", true, "192.0.2.100", true,
		"192.0.2.21"},
	{"of another operation", ETHERNET ARP "0003" SENDER TARGET, false, NULL, false, NULL},
	{"of other hardware", ETHERNET "0806 0006 0800 06 04 0001" SENDER TARGET, false, NULL, false, NULL},
	{"of another protocol", ETHERNET "0806 0001 86dd 06 04 0001" SENDER TARGET, false, NULL, false, NULL},
	{"with long addresses", ETHERNET "0806 0001 0800 08 04 0001" SENDER TARGET, false, NULL, false, NULL},
	{"an advertisement", ETHERNET IPV6 SOURCE "88000000 20000000" VIP6 "0201 0200000000 33", true, "2001:db8::100",
		false, "ff02::1"},
	{"one that was asked for", ETHERNET IPV6 SOURCE "88000000 60000000" VIP6 "0201 0200000000 33", true,
		"2001:db8::100", true, "ff02::1"},
	{"one that was asked for, to who asked", ETHERNET "86dd 60000000 0018 3a ff " TO_LB1 "88000000 60000000" VIP6,
		true, "2001:db8::100", true, "fe80::11"},
	{"a solicitation", ETHERNET IPV6 SOURCE "87000000 00000000" VIP6 "0101 0200000000 33", true, "fe80::1", false,
		"2001:db8::100"},
	{"a solicitation without its sender's hardware address",
		ETHERNET "86dd 60000000 0018 3a ff " SOURCE "87000000 00000000" VIP6, true, "fe80::1", false,
		"2001:db8::100"},
	{"one with the option of an advertisement", ETHERNET IPV6 SOURCE "87000000 00000000" VIP6 "0201 0400000000 44",
		true, "fe80::1", false, "2001:db8::100"},
	{"one with an option of no length", ETHERNET IPV6 SOURCE "87000000 00000000" VIP6 "0100 0200000000 33", false,
		NULL, false, NULL},
	{"who looks whether an address is free", ETHERNET IPV6 NOBODY "87000000 00000000" VIP6 "0101 0200000000 33",
		false, NULL, false, NULL},
	{"a solicitation for a group", ETHERNET IPV6 SOURCE "87000000 00000000" GROUP6 "0101 0200000000 33", false,
		NULL, false, NULL},
	{"of another code", ETHERNET IPV6 SOURCE "88010000 20000000" VIP6 "0201 0200000000 33", false, NULL, false,
		NULL},
	{"a router's word", ETHERNET IPV6 SOURCE "86000000 40000000" VIP6 "0101 0200000000 33", false, NULL, false,
		NULL},
	{"from behind a router",
		ETHERNET "86dd 60000000 0020 3a fe " SOURCE "88000000 20000000" VIP6 "0201 0200000000 33", false, NULL,
		false, NULL},
	{"with an option of no length", ETHERNET IPV6 SOURCE "88000000 20000000" VIP6 "0200 0200000000 33", false, NULL,
		false, NULL},
	{"with an option beyond the end", ETHERNET IPV6 SOURCE "88000000 20000000" VIP6 "0202 0200000000 33", false,
		NULL, false, NULL},
	{"longer than the frame",
		ETHERNET "86dd 60000000 0030 3a ff " SOURCE "88000000 20000000" VIP6 "0201 0200000000 33", false, NULL,
		false, NULL},
	{"something else", ETHERNET "0800 4500", false, NULL, false, NULL},
};

static void frames_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t frame[128];
		size_t size = bytes_of(cases[i].frame, frame);
		struct neighbour_word word;
		char sender[IP_TEXT_MAX];

		if (neighbour_decode(frame, size, &word) != cases[i].good)
			fail_msg("%s", cases[i].name);
		if (!cases[i].good)
			continue;
		assert_string_equal(ip_text(&word.sender, sender), cases[i].sender);
		assert_int_equal(word.answer, cases[i].answer);
		if (cases[i].target != NULL)
			assert_string_equal(ip_text(&word.target, sender), cases[i].target);
		assert_memory_equal(word.mac, mac, sizeof mac);
	}
}

static void what_is_cut_short_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t frame[128], *copy;
		size_t size = bytes_of(cases[i].frame, frame);
		struct neighbour_word word;

		for (size_t length = 0; length < 42 && length < size; length++) {
			copy = malloc(MAX(length, (size_t)1));
			memcpy(copy, frame, length);
			assert_false(neighbour_decode(copy, length, &word));
			free(copy);
		}
	}
}

static void our_own_questions_are_read(void **state)
{
	static const char *const pairs[][2] = {{"192.0.2.11", "192.0.2.1"}, {"fe80::11", "2001:db8::1"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		uint8_t frame[128];
		struct writer out = writer_of(frame, sizeof frame);
		struct neighbour_word word;
		struct ip own, target;

		assert_int_equal(ip_parse(pairs[i][0], &own), 0);
		assert_int_equal(ip_parse(pairs[i][1], &target), 0);
		if (own.family == AF_INET)
			announce_encode(mac, &own, &target, &out);
		else
			announce_encode_solicitation(mac, &own, &target, &out);
		assert_true(neighbour_decode(frame, out.length, &word));
		assert_true(ip_equal(&word.sender, &own));
		assert_true(ip_equal(&word.target, &target));
		assert_false(word.answer);
		assert_memory_equal(word.mac, mac, sizeof mac);
	}
}

/* What this host announces is what others hear. */
static void our_own_announcements_are_read(void **state)
{
	static const char *const addresses[] = {"192.0.2.100", "2001:db8::100"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		uint8_t frame[128];
		struct writer out = writer_of(frame, sizeof frame);
		struct neighbour_word word;
		struct ip ip;

		assert_int_equal(ip_parse(addresses[i], &ip), 0);
		if (ip.family == AF_INET)
			announce_encode(mac, &ip, &ip, &out);
		else
			announce_encode_neighbour(mac, &ip, false, &out);
		assert_true(neighbour_decode(frame, out.length, &word));
		assert_true(ip_equal(&word.sender, &ip));
		assert_memory_equal(word.mac, mac, sizeof mac);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_read),
		cmocka_unit_test(what_is_cut_short_is_none),
		cmocka_unit_test(our_own_questions_are_read),
		cmocka_unit_test(our_own_announcements_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
