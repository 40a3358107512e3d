/* SPDX-License-Identifier: MIT */
/*
 *	host  <---- veth ---->  lan        in a namespace of our own
 */
#include "vrrpd/address.h"

#include "common/system/clock.h"
#include "tests/lab/netns.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MANY 200

static int host, lan;
static struct address_socket *addresses;

static int setup(void **state)
{
	(void)state;
	netns_make_veth("host", "lan", &host, &lan);
	return address_open(&addresses);
}

static int teardown(void **state)
{
	(void)state;
	address_close(addresses);
	netns_run("ip link delete host");
	return 0;
}

static bool is_present(const char *text)
{
	struct prefix prefix = prefix_of(text);
	bool present;

	assert_int_equal(address_is_present(addresses, host, &prefix, &present), 0);
	return present;
}

static bool is_gone(void *context)
{
	return !is_present(context);
}

/* Whether `ip address show` has a line that the pattern matches. */
static bool shows(const char *pattern)
{
	char command[256];

	snprintf(command, sizeof command, "ip -details address show dev host | tr -s ' \n' ' ' | grep -Eq '%s'",
		pattern);
	return system(command) == 0;
}

static void fill(struct prefix list[static MANY])
{
	for (size_t i = 0; i < MANY; i++) {
		list[i] = prefix_of("198.51.100.0/32");
		list[i].ip.bytes[3] = (uint8_t)i;
	}
}

static void installs_a_lease(void **state)
{
	const struct prefix list[] = {prefix_of("192.0.2.100/32"), prefix_of("2001:db8::100/128")};

	(void)state;
	assert_int_equal(address_install(addresses, host, list, ARRAY_LEN(list), 5), 0);
	assert_true(is_present("192.0.2.100"));
	assert_true(is_present("2001:db8::100"));
	assert_false(is_present("192.0.2.101"));
	assert_true(shows("192.0.2.100/32 scope global .{0,30}dynamic host valid_lft [45]sec preferred_lft [45]sec"));
	assert_true(shows("2001:db8::100/128 scope global .{0,30}nodad .{0,60}valid_lft [45]sec preferred_lft 0sec"));
}

static void renews_what_is_there_and_puts_back_what_is_not(void **state)
{
	const struct prefix list[] = {
		prefix_of("192.0.2.100/32"), prefix_of("192.0.2.101/32"), prefix_of("2001:db8::100/128")};

	(void)state;
	assert_int_equal(address_install(addresses, host, list, 2, 5), 0);
	netns_run("ip address delete 192.0.2.101/32 dev host");
	assert_int_equal(address_renew(addresses, host, list, ARRAY_LEN(list), 50), 0);
	assert_true(shows("192.0.2.100/32 .{1,60} valid_lft (50|49)sec"));
	assert_true(shows("192.0.2.101/32 .{1,60} valid_lft (50|49)sec"));
	assert_true(shows("2001:db8::100/128 .{1,60} valid_lft (50|49)sec preferred_lft 0sec"));
	/* Installing does the same. */
	netns_run("ip address delete 192.0.2.100/32 dev host");
	assert_int_equal(address_install(addresses, host, list, ARRAY_LEN(list), 90), 0);
	assert_true(shows("192.0.2.100/32 .{1,60} valid_lft (90|89)sec"));
	assert_true(shows("192.0.2.101/32 .{1,60} valid_lft (90|89)sec"));
	assert_true(shows("2001:db8::100/128 .{1,60} valid_lft (90|89)sec preferred_lft 0sec"));
}

static void lapses_with_its_lease(void **state)
{
	const struct prefix list[] = {prefix_of("192.0.2.100/32"), prefix_of("2001:db8::100/128")};
	struct mono start = clock_mono();
	int64_t v4_ns, v6_ns;

	(void)state;
	assert_int_equal(address_install(addresses, host, list, ARRAY_LEN(list), 1), 0);
	/* Kept over the first lease's end. */
	for (int i = 0; i < 3; i++) {
		usleep(500000);
		assert_true(is_present("192.0.2.100"));
		assert_int_equal(address_renew(addresses, host, list, ARRAY_LEN(list), 1), 0);
	}
	start = clock_mono();
	assert_true(netns_wait(is_gone, "192.0.2.100", 10 * NS_PER_S, NULL));
	v4_ns = mono_diff(clock_mono(), start);
	assert_true(netns_wait(is_gone, "2001:db8::100", 10 * NS_PER_S, NULL));
	v6_ns = mono_diff(clock_mono(), start);
	printf("a lease of 1 s lapsed after: IPv4 %.3f s, IPv6 %.3f s\n", (double)v4_ns / 1e9, (double)v6_ns / 1e9);
	assert_true(v4_ns >= 900 * NS_PER_MS && v6_ns >= 900 * NS_PER_MS);
}

static void removes_what_is_there(void **state)
{
	const struct prefix list[] = {
		prefix_of("192.0.2.100/32"), prefix_of("192.0.2.101/32"), prefix_of("2001:db8::100/128")};

	(void)state;
	assert_int_equal(address_install(addresses, host, &list[1], 2, 50), 0);
	assert_int_equal(address_remove(addresses, host, list, ARRAY_LEN(list)), 0);
	assert_false(is_present("192.0.2.101"));
	assert_false(is_present("2001:db8::100"));
	assert_int_equal(address_remove(addresses, host, list, ARRAY_LEN(list)), 0);
	assert_int_equal(address_remove(addresses, 9999, list, ARRAY_LEN(list)), 0);
}

static void an_interface_that_is_not_there_is_an_error(void **state)
{
	const struct prefix list[] = {prefix_of("192.0.2.100/32")};
	bool present = true;

	(void)state;
	assert_int_equal(address_install(addresses, 9999, list, 1, 5), -ENODEV);
	assert_int_equal(address_renew(addresses, 9999, list, 1, 5), -ENODEV);
	assert_int_equal(address_is_present(addresses, 9999, list, &present), 0);
	assert_false(present);
}

static void a_failure_takes_back_what_was_added(void **state)
{
	struct prefix list[] = {prefix_of("192.0.2.100/32"), prefix_of("192.0.2.101/32"), prefix_of("192.0.2.102/32")};

	(void)state;
	assert_int_equal(address_install(addresses, host, &list[1], 1, 50), 0);
	list[2].length = 33;
	assert_int_equal(address_install(addresses, host, list, ARRAY_LEN(list), 50), -EINVAL);
	assert_false(is_present("192.0.2.100"));
	assert_true(is_present("192.0.2.101"));
	assert_int_equal(address_install(addresses, host, list, 1, 0), -EINVAL);
	assert_false(is_present("192.0.2.100"));
}

static void many_go_in_bursts(void **state)
{
	struct prefix list[MANY], doubled[2 * MANY];
	struct mono start = clock_mono();
	int64_t install_ns, renew_ns, remove_ns;

	(void)state;
	fill(list);
	assert_int_equal(address_install(addresses, host, list, MANY, 50), 0);
	install_ns = mono_diff(clock_mono(), start);
	start = clock_mono();
	assert_int_equal(address_renew(addresses, host, list, MANY, 50), 0);
	renew_ns = mono_diff(clock_mono(), start);
	assert_true(is_present("198.51.100.0") && is_present("198.51.100.63") && is_present("198.51.100.64") &&
		    is_present("198.51.100.199"));
	start = clock_mono();
	assert_int_equal(address_remove(addresses, host, list, MANY), 0);
	remove_ns = mono_diff(clock_mono(), start);
	assert_false(is_present("198.51.100.0") || is_present("198.51.100.64") || is_present("198.51.100.199"));
	printf("%d addresses: installed in %.3f ms, renewed in %.3f ms, removed in %.3f ms\n", MANY,
		(double)install_ns / 1e6, (double)renew_ns / 1e6, (double)remove_ns / 1e6);

	/* Hundreds of errors in one call. */
	for (size_t i = 0; i < 2 * MANY; i++)
		doubled[i] = list[i / 2];
	assert_int_equal(address_remove(addresses, host, doubled, 2 * MANY), 0);
	assert_int_equal(address_install(addresses, host, doubled, 2 * MANY, 50), 0);
	assert_true(is_present("198.51.100.199"));
}

static void what_an_earlier_run_left_is_removed(void **state)
{
	const struct prefix left[] = {prefix_of("192.0.2.100/32"), prefix_of("2001:db8::100/128")};
	const struct prefix listed[] = {prefix_of("192.0.2.105/32"), prefix_of("2001:db8::105/128")};

	(void)state;
	assert_int_equal(address_install(addresses, host, left, 2, 50), 0);
	assert_int_equal(address_install(addresses, lan, left, 1, 50), 0);
	netns_run("ip address add 192.0.2.1/24 dev host");
	netns_run("ip address add 192.0.2.105/24 dev lan");
	netns_run("ip address add 192.0.2.105/32 dev host");
	netns_run("ip address add 2001:db8::105/64 dev host nodad");
	netns_run("ip address add 2001:db8::1/64 dev host nodad");
	assert_int_equal(address_remove_stale(addresses, listed, ARRAY_LEN(listed)), 6);
	assert_true(is_present("192.0.2.1"));
	assert_true(is_present("2001:db8::1"));
	assert_false(is_present("192.0.2.100"));
	assert_false(is_present("192.0.2.105"));
	assert_false(is_present("2001:db8::100"));
	assert_false(is_present("2001:db8::105"));
	assert_int_equal(address_remove_stale(addresses, listed, ARRAY_LEN(listed)), 0);
	assert_int_equal(address_remove_stale(addresses, NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(installs_a_lease, setup, teardown),
		cmocka_unit_test_setup_teardown(renews_what_is_there_and_puts_back_what_is_not, setup, teardown),
		cmocka_unit_test_setup_teardown(lapses_with_its_lease, setup, teardown),
		cmocka_unit_test_setup_teardown(removes_what_is_there, setup, teardown),
		cmocka_unit_test_setup_teardown(an_interface_that_is_not_there_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failure_takes_back_what_was_added, setup, teardown),
		cmocka_unit_test_setup_teardown(many_go_in_bursts, setup, teardown),
		cmocka_unit_test_setup_teardown(what_an_earlier_run_left_is_removed, setup, teardown),
	};

	netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
