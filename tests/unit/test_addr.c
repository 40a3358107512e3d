/* SPDX-License-Identifier: MIT */
#include "common/pure/addr.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *text;
	const char *back; /* NULL: it is none */
} ips[] = {
	{"192.0.2.1", "192.0.2.1"},
	{"0.0.0.0", "0.0.0.0"},
	{"255.255.255.255", "255.255.255.255"},
	{"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
	{"::", "::"},
	{"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
	{"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	{"", NULL},
	{"192.0.2", NULL},
	{"192.0.2.256", NULL},
	{"192.0.2.01", NULL},
	{"192.0.2.1 ", NULL},
	{"192.0.2.1/32", NULL},
	{"0x7f.1", NULL},
	{"fe80::1%eth0", NULL},
	{"[::1]", NULL},
	{"2001:db8:::1", NULL},
	{"name", NULL},
};

static void addresses_have_one_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ips); i++) {
		struct ip ip = {.family = 99};
		char back[IP_TEXT_MAX];

		assert_int_equal(ip_parse(ips[i].text, &ip), ips[i].back != NULL ? 0 : -EINVAL);
		if (ips[i].back == NULL)
			assert_int_equal(ip.family, 99);
		else
			assert_string_equal(ip_text(&ip, back), ips[i].back);
	}
}

static const struct {
	const char *text;
	const char *back;
} endpoints[] = {
	{"192.0.2.1:80", "192.0.2.1:80"},
	{"192.0.2.1:65535", "192.0.2.1:65535"},
	{"192.0.2.1:080", "192.0.2.1:80"},
	{"[2001:db8::1]:443", "[2001:db8::1]:443"},
	{"[::]:1", "[::]:1"},
	{"[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
	{"192.0.2.1", NULL},
	{"192.0.2.1:", NULL},
	{"192.0.2.1:0", NULL},
	{"192.0.2.1:65536", NULL},
	{"192.0.2.1:80x", NULL},
	{"192.0.2.1:-1", NULL},
	{"[192.0.2.1]:80", NULL},
	{"2001:db8::1:80", NULL},
	{"[2001:db8::1]", NULL},
	{"[2001:db8::1:80", NULL},
	{"2001:db8::1]:80", NULL},
	{"[]:80", NULL},
	{"]:80", NULL},
	{"[:80", NULL},
	{":80", NULL},
	{":", NULL},
	{"", NULL},
	{"[", NULL},
	{"unix:/run/x", NULL},
};

static void endpoints_have_a_port(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(endpoints); i++) {
		struct endpoint endpoint = {.port = 99};
		char back[ENDPOINT_TEXT_MAX];

		assert_int_equal(endpoint_parse(endpoints[i].text, &endpoint), endpoints[i].back != NULL ? 0 : -EINVAL);
		if (endpoints[i].back == NULL)
			assert_int_equal(endpoint.port, 99);
		else
			assert_string_equal(endpoint_text(&endpoint, back), endpoints[i].back);
	}
}

static const struct {
	const char *text;
	int result;
	const char *back;
} prefixes[] = {
	{"192.0.2.1", 0, "192.0.2.1/32"},
	{"192.0.2.1/32", 0, "192.0.2.1/32"},
	{"192.0.2.1/0", 0, "192.0.2.1/0"},
	{"2001:db8::1", 0, "2001:db8::1/128"},
	{"2001:db8::1/64", 0, "2001:db8::1/64"},
	{"192.0.2.1/33", -ERANGE, NULL},
	{"2001:db8::1/129", -ERANGE, NULL},
	{"192.0.2.1/", -EINVAL, NULL},
	{"192.0.2.1/-1", -EINVAL, NULL},
	{"192.0.2.1/24/3", -EINVAL, NULL},
	{"/24", -EINVAL, NULL},
	{"", -EINVAL, NULL},
};

static void prefixes_have_a_length(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		struct prefix prefix = {.length = 99};
		char back[PREFIX_TEXT_MAX];

		assert_int_equal(prefix_parse(prefixes[i].text, &prefix), prefixes[i].result);
		if (prefixes[i].back == NULL)
			assert_int_equal(prefix.length, 99);
		else
			assert_string_equal(prefix_text(&prefix, back), prefixes[i].back);
	}
}

/* In the order in which VRRP breaks ties: as unsigned numbers, and IPv4 first. */
static void addresses_are_ordered_as_unsigned(void **state)
{
	static const char *const sorted[] = {"0.0.0.0", "10.0.0.255", "10.0.1.0", "127.255.255.255", "128.0.0.0",
		"255.255.255.255", "::", "::1", "7fff::", "8000::", "ffff::"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sorted); i++) {
		for (size_t j = 0; j < ARRAY_LEN(sorted); j++) {
			struct ip a, b;
			int order;

			assert_int_equal(ip_parse(sorted[i], &a), 0);
			assert_int_equal(ip_parse(sorted[j], &b), 0);
			order = ip_compare(&a, &b);
			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
			assert_int_equal(ip_equal(&a, &b), i == j);
		}
	}
}

static void sockaddrs_go_both_ways(void **state)
{
	static const char *const texts[] = {"192.0.2.1:80", "[2001:db8::1]:443"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct endpoint endpoint, back;
		struct sockaddr_storage address;

		assert_int_equal(endpoint_parse(texts[i], &endpoint), 0);
		assert_int_equal(endpoint_to_sockaddr(&endpoint, &address),
			endpoint.ip.family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
		assert_int_equal(endpoint_from_sockaddr(&address, &back), 0);
		assert_true(endpoint_equal(&endpoint, &back));
		back.port++;
		assert_false(endpoint_equal(&endpoint, &back));
	}
}

static void a_mapped_address_is_ipv4(void **state)
{
	struct endpoint endpoint, back;
	struct sockaddr_storage address;
	char text[ENDPOINT_TEXT_MAX];

	(void)state;
	assert_int_equal(endpoint_parse("[::ffff:192.0.2.1]:80", &endpoint), 0);
	endpoint_to_sockaddr(&endpoint, &address);
	assert_int_equal(endpoint_from_sockaddr(&address, &back), 0);
	assert_string_equal(endpoint_text(&back, text), "192.0.2.1:80");
	assert_int_equal(back.ip.family, AF_INET);
	address.ss_family = AF_UNIX;
	assert_int_equal(endpoint_from_sockaddr(&address, &back), -EAFNOSUPPORT);
}

static void no_address_is_a_dash(void **state)
{
	static const struct ip none;
	struct in_addr v4 = {.s_addr = htonl(0xc0000201)};
	struct in6_addr v6 = IN6ADDR_LOOPBACK_INIT;
	struct ip ip = ip_from_v4(v4);
	char text[IP_TEXT_MAX];

	(void)state;
	assert_string_equal(ip_text(&none, text), "-");
	assert_int_equal(ip_size(&none), 0);
	assert_true(ip_equal(&none, &none));
	assert_false(ip_equal(&none, &ip));
	assert_string_equal(ip_text(&ip, text), "192.0.2.1");
	assert_int_equal(ip_to_v4(&ip).s_addr, v4.s_addr);
	assert_int_equal(ip_size(&ip), 4);
	ip = ip_from_v6(&v6);
	v6 = ip_to_v6(&ip);
	assert_true(IN6_IS_ADDR_LOOPBACK(&v6));
	assert_int_equal(ip_size(&ip), 16);
}

static const struct {
	const char *prefix;
	const char *ip;
	bool contains;
} containments[] = {
	{"192.0.2.11/24", "192.0.2.255", true},
	{"192.0.2.11/24", "192.0.3.0", false},
	{"192.0.2.11/20", "192.0.15.1", true},
	{"192.0.2.11/20", "192.0.16.1", false},
	{"192.0.2.11/32", "192.0.2.11", true},
	{"192.0.2.11/32", "192.0.2.10", false},
	{"0.0.0.0/0", "203.0.113.9", true},
	{"0.0.0.0/0", "2001:db8::1", false},
	{"2001:db8::/33", "2001:db8:7fff::1", true},
	{"2001:db8::/33", "2001:db8:8000::1", false},
	{"2001:db8::1/128", "2001:db8::1", true},
};

static void prefixes_contain_their_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(containments); i++) {
		struct prefix prefix;
		struct ip ip;

		assert_int_equal(prefix_parse(containments[i].prefix, &prefix), 0);
		assert_int_equal(ip_parse(containments[i].ip, &ip), 0);
		if (prefix_contains(&prefix, &ip) != containments[i].contains)
			fail_msg("%s and %s", containments[i].prefix, containments[i].ip);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_have_one_form),
		cmocka_unit_test(endpoints_have_a_port),
		cmocka_unit_test(prefixes_have_a_length),
		cmocka_unit_test(prefixes_contain_their_addresses),
		cmocka_unit_test(addresses_are_ordered_as_unsigned),
		cmocka_unit_test(sockaddrs_go_both_ways),
		cmocka_unit_test(a_mapped_address_is_ipv4),
		cmocka_unit_test(no_address_is_a_dash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
