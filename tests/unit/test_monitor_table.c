/* SPDX-License-Identifier: MIT */
/* What is known of the host's links and addresses: found again, in order, VIPs apart, however many others there are. */
#include "vrrpd/monitor_table.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define MANY 20000

static struct monitor_table table;

static int tear_down(void **state)
{
	(void)state;
	monitor_table_free(&table);
	return 0;
}

static struct ip ip_of(const char *text)
{
	struct ip ip;

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

static struct prefix prefix_of(const char *text, uint8_t length)
{
	return (struct prefix){.ip = ip_of(text), .length = length};
}

static void add(int ifindex, const char *address, uint8_t length, bool is_vip)
{
	const struct monitor_change change = {
		.kind = MONITOR_ADDRESS,
		.ifindex = ifindex,
		.address = prefix_of(address, length),
		.is_vip = is_vip,
	};

	/* A dump may show one twice. */
	monitor_table_collect(&table, &change);
	monitor_table_collect(&table, &change);
	assert_false(table.failed);
}

static void add_link(int ifindex, const char *name)
{
	struct monitor_change change = {.kind = MONITOR_LINK, .link = {.ifindex = ifindex, .up = true}};

	snprintf(change.link.name, sizeof change.link.name, "%s", name);
	monitor_table_collect(&table, &change);
}

/* "": there is none. */
static void expect_source(int ifindex, enum family family, const struct prefix *except, const char *wanted)
{
	char text[IP_TEXT_MAX];
	struct ip ip;
	bool found = monitor_table_source(&table, ifindex, family, except, except != NULL ? 1 : 0, &ip);

	assert_string_equal(found ? ip_text(&ip, text) : "", wanted);
}

static void the_source_is_the_first_that_is_no_vip(void **state)
{
	const struct prefix own = prefix_of("192.0.2.11", 24);
	struct monitor_address *address;

	(void)state;
	expect_source(2, FAMILY_IPV4, NULL, "");
	add(2, "192.0.2.100", 32, true);
	add(2, "192.0.2.11", 24, false);
	add(2, "192.0.2.12", 24, false);
	add(3, "198.51.100.1", 24, false);
	add(2, "2001:db8::1", 64, false);
	expect_source(2, FAMILY_IPV6, NULL, "");
	add(2, "fe80::1", 64, false);
	expect_source(2, FAMILY_IPV4, NULL, "192.0.2.11");
	expect_source(2, FAMILY_IPV4, &own, "192.0.2.12");
	expect_source(3, FAMILY_IPV4, NULL, "198.51.100.1");
	expect_source(2, FAMILY_IPV6, NULL, "fe80::1");
	address = monitor_table_find_address(&table, 2, &own);
	monitor_table_mark_address(&table, address, true);
	expect_source(2, FAMILY_IPV4, NULL, "192.0.2.12");
	monitor_table_mark_address(&table, address, false);
	monitor_table_remove_address(&table,
		monitor_table_find_address(&table, 2, &(struct prefix){.ip = ip_of("192.0.2.12"), .length = 24}));
	expect_source(2, FAMILY_IPV4, NULL, "192.0.2.11");
}

static void an_address_is_one_of_its_interface_and_length(void **state)
{
	const struct prefix wide = prefix_of("192.0.2.1", 24), narrow = prefix_of("192.0.2.1", 32);
	struct prefix found;

	(void)state;
	add(2, "192.0.2.1", 24, false);
	assert_null(monitor_table_find_address(&table, 3, &wide));
	assert_null(monitor_table_find_address(&table, 2, &narrow));
	add(2, "192.0.2.1", 32, true);
	add(3, "192.0.2.1", 24, true);
	assert_int_equal(table.address_count, 3);
	assert_true(monitor_table_has(&table, &wide.ip));
	assert_true(monitor_table_find_unmarked(&table, 2, &wide.ip, &found));
	assert_int_equal(found.length, 24);
	assert_false(monitor_table_find_unmarked(&table, 3, &wide.ip, &found));
	while (monitor_table_any_address(&table, 2) != NULL)
		monitor_table_remove_address(&table, monitor_table_any_address(&table, 2));
	assert_int_equal(table.address_count, 1);
	assert_true(monitor_table_has(&table, &wide.ip));
}

static void a_neighbour_is_on_the_interface_of_its_network(void **state)
{
	struct ip near = ip_of("192.0.2.50"), far = ip_of("203.0.113.1"), own;
	struct monitor_link link;
	char text[IP_TEXT_MAX];

	(void)state;
	add_link(2, "eth0");
	add_link(3, "eth1");
	add(2, "198.51.100.1", 24, false);
	add(3, "192.0.2.100", 24, true);
	assert_false(monitor_table_find_neighbour(&table, &near, &link, &own));
	add(3, "192.0.2.11", 24, false);
	assert_true(monitor_table_find_neighbour(&table, &near, &link, &own));
	assert_string_equal(link.name, "eth1");
	assert_string_equal(ip_text(&own, text), "192.0.2.11");
	assert_false(monitor_table_find_neighbour(&table, &far, &link, &own));
}

static void one_is_found_among_many(void **state)
{
	struct prefix address;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		char text[IP_TEXT_MAX];

		snprintf(text, sizeof text, "10.%u.%u.%u", i / 65536, i / 256 % 256, i % 256);
		add(2 + (int)(i % 3), text, 32, i % 2 == 0);
	}
	assert_int_equal(table.address_count, MANY);
	for (unsigned i = 0; i < MANY; i++) {
		struct monitor_address *at;

		address = (struct prefix){
			.ip = {.family = AF_INET,
				.bytes = {10, (uint8_t)(i / 65536), (uint8_t)(i / 256 % 256), (uint8_t)(i % 256)}},
			.length = 32};
		at = monitor_table_find_address(&table, 2 + (int)(i % 3), &address);
		assert_non_null(at);
		if (i % 4 == 0)
			monitor_table_remove_address(&table, at);
	}
	for (unsigned i = 0; i < MANY; i++) {
		address = (struct prefix){
			.ip = {.family = AF_INET,
				.bytes = {10, (uint8_t)(i / 65536), (uint8_t)(i / 256 % 256), (uint8_t)(i % 256)}},
			.length = 32};
		assert_int_equal(monitor_table_has(&table, &address.ip), i % 4 != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_source_is_the_first_that_is_no_vip, tear_down),
		cmocka_unit_test_teardown(an_address_is_one_of_its_interface_and_length, tear_down),
		cmocka_unit_test_teardown(a_neighbour_is_on_the_interface_of_its_network, tear_down),
		cmocka_unit_test_teardown(one_is_found_among_many, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
