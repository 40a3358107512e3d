/* SPDX-License-Identifier: MIT */
#include "lbd/proxy_header.h"

#include "common/pure/crc32c.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define TCP4_ADDRESSES "\xc0\x00\x02\x01\xc6\x33\x64\x02\x04\xd2\x01\xbb"
#define UNIX_PATH \
	"/client\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
	"\0\0\0\0\0\0"
#define BYTES(text) (text), sizeof(text) - 1

/* Whole headers; "-": it names no addresses. */
static const struct {
	const char *bytes;
	size_t size;
	const char *client;
	const char *local;
} good[] = {
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\r\n"), "192.0.2.1:1234", "198.51.100.2:443"},
	{BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), "255.255.255.255:65535",
		"255.255.255.255:65535"},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 0 1\r\n"), "192.0.2.1:0", "198.51.100.2:1"},
	{BYTES("PROXY TCP6 2001:db8::1 2001:db8::2 1234 443\r\n"), "[2001:db8::1]:1234", "[2001:db8::2]:443"},
	{BYTES("PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 1234 443\r\n"), "192.0.2.1:1234", "[2001:db8::2]:443"},
	{BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 "
	       "65535\r\n"),
		"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
	{BYTES("PROXY UNKNOWN\r\n"), "-", "-"},
	{BYTES("PROXY UNKNOWN whatever ffff:: 1 2 3\r\n"), "-", "-"},
	{BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 "
	       "65535\r\n"),
		"-", "-"},
	{BYTES(SIGNATURE "\x21\x11\0\x0c" TCP4_ADDRESSES), "192.0.2.1:1234", "198.51.100.2:443"},
	{BYTES(SIGNATURE "\x21\x21\0\x24"
			 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
			 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"
			 "\x04\xd2\x01\xbb"),
		"[2001:db8::1]:1234", "[2001:db8::2]:443"},
	{BYTES(SIGNATURE "\x21\x21\0\x24"
			 "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x01"
			 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"
			 "\x04\xd2\x01\xbb"),
		"192.0.2.1:1234", "[2001:db8::2]:443"},
	/* TLVs: none of a length, one that is not known, and the checksum. */
	{BYTES(SIGNATURE "\x21\x11\0\x15" TCP4_ADDRESSES "\x04\0\0\xe0\0\x03"
			 "abc"),
		"192.0.2.1:1234", "198.51.100.2:443"},
	{BYTES(SIGNATURE "\x21\x11\0\x13" TCP4_ADDRESSES "\x03\0\x04\x3f\x39\x34\x85"), "192.0.2.1:1234",
		"198.51.100.2:443"},
	/* LOCAL ignores all that follows; UNSPEC does; other transports and Unix sockets are not ours to name. */
	{BYTES(SIGNATURE "\x20\0\0\0"), "-", "-"},
	{BYTES(SIGNATURE "\x20\xff\0\x03"
			 "abc"),
		"-", "-"},
	{BYTES(SIGNATURE "\x20\x11\0\x0c" TCP4_ADDRESSES), "-", "-"},
	{BYTES(SIGNATURE "\x21\0\0\0"), "-", "-"},
	{BYTES(SIGNATURE "\x21\0\0\x03"
			 "abc"),
		"-", "-"},
	{BYTES(SIGNATURE "\x21\x12\0\x0c" TCP4_ADDRESSES), "-", "-"},
	{BYTES(SIGNATURE "\x21\x31\0\xd8" UNIX_PATH UNIX_PATH), "-", "-"},
};

static const struct {
	const char *bytes;
	size_t size;
} bad[] = {
	{BYTES("GET / HTTP/1.1\r\n")},
	{BYTES("\n")},
	{BYTES("PROXYTCP4 192.0.2.1 198.51.100.2 1234 443\r\n")},
	{BYTES("proxy TCP4 192.0.2.1 198.51.100.2 1234 443\r\n")},
	{BYTES("PROXY \r\n")},
	{BYTES("PROXY TCP4\r\n")},
	{BYTES("PROXY UNKNOWNS\r\n")},
	{BYTES("PROXY UDP4 192.0.2.1 198.51.100.2 1234 443\r\n")},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 1234\r\n")},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 1234 443 5\r\n")},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 1234 443 \r\n")},
	{BYTES("PROXY TCP4  192.0.2.1 198.51.100.2 1234 443\r\n")},
	{BYTES("PROXY TCP4 192.0.2.1\t198.51.100.2 1234 443\r\n")},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\n")},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\r\r\n")},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\0\r\n")},
	{BYTES("PROXY UNKNOWN\0\r\n")},
	{BYTES("PROXY TCP4 192.0.2.01 198.51.100.2 1234 443\r\n")},
	{BYTES("PROXY TCP4 192.0.2.256 198.51.100.2 1234 443\r\n")},
	{BYTES("PROXY TCP4 192.0.2 198.51.100.2 1234 443\r\n")},
	{BYTES("PROXY TCP4 2001:db8::1 2001:db8::2 1234 443\r\n")},
	{BYTES("PROXY TCP6 192.0.2.1 198.51.100.2 1234 443\r\n")},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 65536 443\r\n")},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 -1 443\r\n")},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 0123 443\r\n")},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 1234 0x1\r\n")},
	/* 108 bytes. */
	{BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 "
	       "655350\r\n")},
	/* Another version, and commands, families and transports that there are not. */
	{BYTES(SIGNATURE "\x11\x11\0\x0c" TCP4_ADDRESSES)},
	{BYTES(SIGNATURE "\x22\x11\0\x0c" TCP4_ADDRESSES)},
	{BYTES(SIGNATURE "\x21\x41\0\x0c" TCP4_ADDRESSES)},
	{BYTES(SIGNATURE "\x21\x13\0\x0c" TCP4_ADDRESSES)},
	/* Too short for its addresses. */
	{BYTES(SIGNATURE "\x21\x11\0\x0b\xc0\x00\x02\x01\xc6\x33\x64\x02\x04\xd2\x01")},
	{BYTES(SIGNATURE "\x21\x21\0\x0c" TCP4_ADDRESSES)},
	{BYTES(SIGNATURE "\x21\x31\0\x0c" TCP4_ADDRESSES)},
	{BYTES(SIGNATURE "\x21\x12\0\0")},
	/* Longer than what is read, whatever is in it. */
	{BYTES(SIGNATURE "\x21\x11\x40\x00")},
	{BYTES(SIGNATURE "\x20\0\xff\xff")},
	/* TLVs that leave the header, or a piece of it over; a checksum of the wrong length, and a wrong one. */
	{BYTES(SIGNATURE "\x21\x11\0\x0f" TCP4_ADDRESSES "\x04\0\x01")},
	{BYTES(SIGNATURE "\x21\x11\0\x0e" TCP4_ADDRESSES "\x04\0")},
	{BYTES(SIGNATURE "\x21\x11\0\x11" TCP4_ADDRESSES "\x04\xff\xff\0\0")},
	{BYTES(SIGNATURE "\x21\x11\0\x12" TCP4_ADDRESSES "\x03\0\x03\x3f\x39\x34")},
	{BYTES(SIGNATURE "\x21\x11\0\x13" TCP4_ADDRESSES "\x03\0\x04\x3f\x39\x34\x84")},
};

static const char *text_of(const struct endpoint *endpoint, char text[static ENDPOINT_TEXT_MAX])
{
	return endpoint->ip.family == 0 ? "-" : endpoint_text(endpoint, text);
}

/* In a heap block of just this size, so that a step beyond it is seen. */
static int read_copy(const char *bytes, size_t size, struct proxy_header *ret_header, size_t *ret_length)
{
	uint8_t *copy = malloc(size);
	int r;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	r = proxy_header_read(copy, size, ret_header, ret_length);
	free(copy);
	return r;
}

static void whole_headers_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct proxy_header header;
		char client[ENDPOINT_TEXT_MAX], local[ENDPOINT_TEXT_MAX], more[512];
		size_t length = 0;

		assert_true(good[i].size < sizeof more);
		memset(more, 'x', sizeof more);
		memcpy(more, good[i].bytes, good[i].size);
		if (read_copy(more, sizeof more, &header, &length) != 0 || length != good[i].size)
			fail_msg("header %zu: length %zu", i, length);
		assert_string_equal(text_of(&header.client, client), good[i].client);
		assert_string_equal(text_of(&header.local, local), good[i].local);
	}
}

static void each_byte_is_waited_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct proxy_header header;
		size_t length;

		for (size_t size = 0; size < good[i].size; size++) {
			if (read_copy(good[i].bytes, size, &header, &length) != -EAGAIN)
				fail_msg("header %zu, %zu bytes", i, size);
		}
		assert_int_equal(read_copy(good[i].bytes, good[i].size, &header, &length), 0);
	}
}

/* And once it is wrong it stays so, whatever comes. */
static void wrong_headers_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct proxy_header header;
		size_t length;
		bool wrong = false;

		for (size_t size = 1; size <= bad[i].size; size++) {
			int r = read_copy(bad[i].bytes, size, &header, &length);

			if (r == 0 || (wrong && r != -EBADMSG))
				fail_msg("header %zu, %zu bytes: %d", i, size, r);
			wrong = r == -EBADMSG;
		}
		if (!wrong)
			fail_msg("header %zu is waited for", i);
	}
}

static void the_longest_header_is_read(void **state)
{
	static uint8_t bytes[PROXY_HEADER_READ_MAX];
	const size_t tlv = sizeof bytes - 16 - 12 - 3;
	struct proxy_header header;
	size_t length;

	(void)state;
	memcpy(bytes, SIGNATURE "\x21\x11\x3f\xf0" TCP4_ADDRESSES "\xe0", 29);
	bytes[29] = (uint8_t)(tlv >> 8);
	bytes[30] = (uint8_t)tlv;
	assert_int_equal(proxy_header_read(bytes, sizeof bytes - 1, &header, &length), -EAGAIN);
	assert_int_equal(proxy_header_read(bytes, sizeof bytes, &header, &length), 0);
	assert_int_equal(length, sizeof bytes);
}

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint endpoint = {0};

	if (strcmp(text, "-") != 0)
		assert_int_equal(endpoint_parse(text, &endpoint), 0);
	return endpoint;
}

static const struct {
	const char *client;
	const char *local;
	const char *v1; /* what it is in version 1, without the end */
	const char *read_client;
	size_t v2_length;
} written[] = {
	{"192.0.2.1:1234", "198.51.100.2:443", "TCP4 192.0.2.1 198.51.100.2 1234 443", "192.0.2.1:1234", 28},
	{"[2001:db8::1]:1", "[2001:db8::2]:65535", "TCP6 2001:db8::1 2001:db8::2 1 65535", "[2001:db8::1]:1", 52},
	{"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[fffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
		"TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535",
		"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", 52},
	/* Two families. */
	{"192.0.2.1:1234", "[2001:db8::2]:443", "UNKNOWN", "192.0.2.1:1234", 52},
	{"[2001:db8::1]:1234", "192.0.2.2:443", "UNKNOWN", "[2001:db8::1]:1234", 52},
	/* Nobody: a check. */
	{"-", "-", "UNKNOWN", "-", 16},
};

static void what_is_written_reads_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(written); i++) {
		const struct proxy_header header = {
			.client = endpoint_of(written[i].client), .local = endpoint_of(written[i].local)};
		uint8_t bytes[PROXY_HEADER_WRITE_MAX];
		char line[128], text[ENDPOINT_TEXT_MAX];
		struct proxy_header read;
		size_t size, length;

		assert_int_equal(proxy_header_write(SEND_PROXY_NONE, &header, bytes), 0);
		size = proxy_header_write(SEND_PROXY_V1, &header, bytes);
		snprintf(line, sizeof line, "PROXY %s\r\n", written[i].v1);
		assert_int_equal(size, strlen(line));
		assert_memory_equal(bytes, line, size);
		assert_int_equal(proxy_header_read(bytes, size, &read, &length), 0);
		size = proxy_header_write(SEND_PROXY_V2, &header, bytes);
		assert_int_equal(size, written[i].v2_length);
		assert_int_equal(proxy_header_read(bytes, size, &read, &length), 0);
		assert_int_equal(length, size);
		assert_string_equal(text_of(&read.client, text), written[i].read_client);
		assert_string_equal(text_of(&read.local, text), written[i].local);
	}
}

/* RFC 3720, appendix B.4. */
static void the_checksum_is_castagnolis(void **state)
{
	uint8_t bytes[32] = {0};

	(void)state;
	assert_int_equal(crc32c_add(0, bytes, sizeof bytes), 0x8a9136aa);
	memset(bytes, 0xff, sizeof bytes);
	assert_int_equal(crc32c_add(0, bytes, sizeof bytes), 0x62a8ab43);
	for (uint8_t i = 0; i < sizeof bytes; i++)
		bytes[i] = i;
	assert_int_equal(crc32c_add(0, bytes, sizeof bytes), 0x46dd794e);
	assert_int_equal(crc32c_add(crc32c_add(0, bytes, 5), bytes + 5, sizeof bytes - 5), 0x46dd794e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_headers_are_read),
		cmocka_unit_test(each_byte_is_waited_for),
		cmocka_unit_test(wrong_headers_are_refused),
		cmocka_unit_test(the_longest_header_is_read),
		cmocka_unit_test(what_is_written_reads_the_same),
		cmocka_unit_test(the_checksum_is_castagnolis),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
