/* SPDX-License-Identifier: MIT */
#include "vrrpd/echo.h"

#include "tests/unit/unit.h"

#include <string.h>

static const struct echo echo = {.id = 0x1234, .sequence = 7};

/* The sum over a right packet is all ones (RFC 1071). */
static void the_question_carries_its_checksum(void **state)
{
	uint8_t bytes[ECHO_SIZE];
	struct writer out = writer_of(bytes, sizeof bytes);
	uint32_t sum = 0;

	(void)state;
	echo_encode(AF_INET, &echo, &out);
	assert_false(out.bad);
	assert_int_equal(out.length, ECHO_SIZE);
	for (size_t i = 0; i < sizeof bytes; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	assert_int_equal((sum >> 16) + (sum & 0xffff), 0xffff);
	assert_int_equal(bytes[0], 8);
	out = writer_of(bytes, sizeof bytes);
	echo_encode(AF_INET6, &echo, &out);
	assert_int_equal(bytes[0], 128);
	assert_int_equal(bytes[2] | bytes[3], 0);
}

#define HEADER "\x45\0\0\x24\0\0\0\0\x40\x01\0\0\xc0\0\2\1\xc0\0\2\x0b"
#define LONGER "\x46\0\0\x28\0\0\0\0\x40\x01\0\0\xc0\0\2\1\xc0\0\2\x0b\1\1\1\1"

static const struct {
	const char *name;
	uint8_t family;
	const char *bytes;
	size_t size;
	bool is_answer;
} answers[] = {
	{"an answer", AF_INET, HEADER "\0\0\0\0\x12\x34\0\7", 28, true},
	{"behind an IP option", AF_INET, LONGER "\0\0\0\0\x12\x34\0\7", 32, true},
	{"a question", AF_INET, HEADER "\x08\0\0\0\x12\x34\0\7", 28, false},
	{"another id", AF_INET, HEADER "\0\0\0\0\x12\x35\0\7", 28, false},
	{"an old sequence", AF_INET, HEADER "\0\0\0\0\x12\x34\0\6", 28, false},
	{"another code", AF_INET, HEADER "\0\1\0\0\x12\x34\0\7", 28, false},
	{"cut", AF_INET, HEADER "\0\0\0\0\x12\x34\0", 27, false},
	{"a header alone", AF_INET, HEADER, 20, false},
	{"no header", AF_INET, "\0\0\0\0\x12\x34\0\7", 8, false},
	{"nothing", AF_INET, "", 0, false},
	{"a header that says it is short", AF_INET,
		"\x41\0\0\x24\0\0\0\0\x40\x01\0\0\xc0\0\2\1\xc0\0\2\x0b\0\0\0\0\x12\x34\0\7", 28, false},
	{"IPv6", AF_INET6, "\x81\0\0\0\x12\x34\0\7", 8, true},
	{"IPv6, a question", AF_INET6, "\x80\0\0\0\x12\x34\0\7", 8, false},
};

static void only_the_answer_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		if (echo_is_answer(answers[i].family, (const uint8_t *)answers[i].bytes, answers[i].size, &echo) !=
			answers[i].is_answer)
			fail_msg("%s", answers[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_question_carries_its_checksum),
		cmocka_unit_test(only_the_answer_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
