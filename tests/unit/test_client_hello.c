/* SPDX-License-Identifier: MIT */
#include "lbd/client_hello.h"

#include "tests/unit/hello.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

static uint8_t bytes[HELLO_MAX];

/* What is found in whole ones. */
static const struct {
	const char *what;
	struct hello_plan plan;
	int result;
	const char *name;
	const char *offered; /* one of the protocols; NULL: none is */
} hellos[] = {
	{"as most are", {.name = "shop.example.com", .protocols = "h2,http/1.1"}, 0, "shop.example.com", "http/1.1"},
	{"GREASE around", {.name = "shop.example.com", .protocols = "h2", .grease = true}, 0, "shop.example.com", "h2"},
	{"capitals and the dot", {.name = "SHOP.Example.com."}, 0, "shop.example.com", NULL},
	{"no name", {.protocols = "h2"}, 0, "", "h2"},
	{"no protocols", {.name = "a.example"}, 0, "a.example", NULL},
	{"neither", {.grease = true}, 0, "", NULL},
	{"no extensions at all", {.no_extensions = true}, 0, "", NULL},
	{"an address for a name", {.name = "192.0.2.1"}, 0, "", NULL},
	{"an IPv6 one", {.name = "2001:db8::1"}, 0, "", NULL},
	{"what is no name", {.name = "a b"}, 0, "", NULL},
	{"an empty name", {.name = ""}, 0, "", NULL},
	{"one byte a record", {.name = "shop.example.com", .protocols = "h2", .fragment = 1}, 0, "shop.example.com",
		"h2"},
	{"seven bytes a record", {.name = "shop.example.com", .fragment = 7}, 0, "shop.example.com", NULL},
	{"a key share of 1,216 bytes", {.name = "pq.example", .padding = 1216}, 0, "pq.example", NULL},
	{"as large as can be", {.name = "big.example", .padding = 16000}, 0, "big.example", NULL},
	{"larger", {.name = "big.example", .padding = 16384}, -EMSGSIZE, NULL, NULL},
	{"larger by its records", {.name = "big.example", .padding = 5000, .fragment = 2}, -EMSGSIZE, NULL, NULL},
	{"two names", {.name = "a.example", .second = "b.example"}, -EBADMSG, NULL, NULL},
	{"the name twice", {.name = "a.example", .name_twice = true}, -EBADMSG, NULL, NULL},
	{"an empty protocol", {.name = "a.example", .protocols = "h2,,x"}, -EBADMSG, NULL, NULL},
	{"no protocol in the list", {.name = "a.example", .protocols = ""}, -EBADMSG, NULL, NULL},
};

static void hellos_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hellos); i++) {
		size_t size = hello_write(&hellos[i].plan, bytes);
		struct client_hello hello;
		int r = client_hello_read(bytes, size, &hello);

		if (r != hellos[i].result)
			fail_msg("%s: %d", hellos[i].what, r);
		if (r < 0)
			continue;
		assert_string_equal(hello.name, hellos[i].name);
		assert_int_equal(hello.protocols_size > 0, hellos[i].offered != NULL);
		assert_true(hellos[i].offered == NULL || client_hello_offers(&hello, hellos[i].offered));
		assert_false(client_hello_offers(&hello, "http/1"));
		assert_false(client_hello_offers(&hello, ""));
	}
}

/* Cut at each byte, it is known for what it is and not whole; and what follows it does not matter. */
static void a_hello_may_come_in_pieces(void **state)
{
	static const size_t fragments[] = {0, 1, 3, 100};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fragments); i++) {
		const struct hello_plan plan = {
			.name = "shop.example.com", .protocols = "h2", .padding = 60, .fragment = fragments[i]};
		size_t size = hello_write(&plan, bytes);
		struct client_hello hello;

		for (size_t cut = 0; cut < size; cut++)
			assert_int_equal(client_hello_read(bytes, cut, &hello), -EAGAIN);
		assert_int_equal(client_hello_read(bytes, size, &hello), 0);
		memset(bytes + size, 0x17, 100);
		assert_int_equal(client_hello_read(bytes, size + 100, &hello), 0);
		assert_string_equal(hello.name, "shop.example.com");
	}
}

/* The first byte that cannot be is found at once, so that nobody waits for more. */
static const struct {
	const char *what;
	const char *bytes;
	size_t size;
	int result;
} starts[] = {
	{"nothing yet", "", 0, -EAGAIN},
	{"HTTP", "G", 1, -EBADMSG},
	{"SSH", "SSH-2.0", 7, -EBADMSG},
	{"an alert", "\x15\x03\x01", 3, -EBADMSG},
	{"SSL 2", "\x80\x2e\x01\x03\x01", 5, -EBADMSG},
	{"another version", "\x16\x02", 2, -EBADMSG},
	{"an empty record", "\x16\x03\x01\0\0", 5, -EBADMSG},
	{"a record that is too large", "\x16\x03\x01\x40\x01", 5, -EBADMSG},
	{"a record of the largest size", "\x16\x03\x01\x40\x00", 5, -EAGAIN},
	{"a ServerHello", "\x16\x03\x01\0\x04\x02", 6, -EBADMSG},
	{"a huge one", "\x16\x03\x01\0\x04\x01\x01\0\0", 9, -EMSGSIZE},
	{"an empty one", "\x16\x03\x01\0\x04\x01\0\0\0", 9, -EBADMSG},
	{"another record in between", "\x16\x03\x01\0\x04\x01\0\x01\0\x14\x03\x03\0\x01\x01", 15, -EBADMSG},
};

static void what_is_none_is_known_early(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		struct client_hello hello;
		int r = client_hello_read((const uint8_t *)starts[i].bytes, starts[i].size, &hello);

		if (r != starts[i].result)
			fail_msg("%s: %d", starts[i].what, r);
	}
}

/* Each byte wrong in turn: whatever comes of it, it comes of these bytes alone. */
static void a_wrong_byte_does_no_harm(void **state)
{
	const struct hello_plan plan = {.name = "shop.example.com", .protocols = "h2,http/1.1", .fragment = 50};
	size_t size = hello_write(&plan, bytes);

	(void)state;
	for (size_t at = 0; at < size; at++) {
		for (unsigned value = 0; value < 256; value++) {
			uint8_t *copy = malloc(size);
			struct client_hello hello;

			assert_non_null(copy);
			memcpy(copy, bytes, size);
			copy[at] = (uint8_t)value;
			if (client_hello_read(copy, size, &hello) == 0)
				assert_true(strlen(hello.name) <= SERVER_NAME_MAX);
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hellos_are_read),
		cmocka_unit_test(a_hello_may_come_in_pieces),
		cmocka_unit_test(what_is_none_is_known_early),
		cmocka_unit_test(a_wrong_byte_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
