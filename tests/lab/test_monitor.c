/* SPDX-License-Identifier: MIT */
/*
 *	host  <---- veth ---->  lan        in a namespace of our own, changed by ip(8) while the monitor looks on
 */
#include "vrrpd/monitor.h"

#include "common/system/clock.h"
#include "common/system/log.h"
#include "tests/lab/netns.h"
#include "tests/unit/unit.h"
#include "vrrpd/address.h"
#include "vrrpd/route.h"

#include <stdio.h>
#include <string.h>

#define EVENTS_MAX 64

/* What the monitor said, as text. */
static char heard[EVENTS_MAX][96];
static size_t heard_count;
static size_t overruns;

static struct loop *loop;
static struct monitor *monitor;
static int host, lan;

static char *next_line(void)
{
	return heard_count < EVENTS_MAX ? heard[heard_count++] : heard[EVENTS_MAX - 1];
}

static void on_link(void *context, const struct monitor_link *link)
{
	struct monitor_link found = monitor_find(monitor, link->name);

	assert_ptr_equal(context, &heard);
	/* The table is right by the time that the event comes. */
	assert_int_equal(found.ifindex, link->ifindex);
	assert_int_equal(found.carrier, link->carrier);
	snprintf(next_line(), sizeof heard[0], "%s %s%s", link->name,
		link->ifindex == 0 ? "gone"
		: link->up         ? "up"
				   : "down",
		link->carrier ? " carrier" : "");
}

static void on_address(void *context, int ifindex, const struct prefix *address, bool added)
{
	char text[PREFIX_TEXT_MAX];

	assert_ptr_equal(context, &heard);
	snprintf(next_line(), sizeof heard[0], "%s %s on %s", prefix_text(address, text), added ? "added" : "removed",
		ifindex == host  ? "host"
		: ifindex == lan ? "lan"
				 : "another");
}

static void on_overrun(void *context)
{
	assert_ptr_equal(context, &heard);
	overruns++;
}

static const struct monitor_events events = {
	.on_link = on_link,
	.on_address = on_address,
	.on_overrun = on_overrun,
};

static int setup(void **state)
{
	(void)state;
	netns_make_veth("host", "lan", &host, &lan);
	netns_run("ip address add 192.0.2.1/24 dev host");
	netns_run("ip address add 192.0.2.2/24 dev host");
	heard_count = overruns = 0;
	if (loop_new(&loop) < 0)
		return -1;
	return monitor_new(loop, &events, &heard, &monitor);
}

static int teardown(void **state)
{
	(void)state;
	monitor_free(monitor);
	loop_free(loop);
	netns_run("ip link delete host 2>/dev/null || ip link delete renamed 2>/dev/null || true");
	return 0;
}

static void on_time(struct loop_timer *timer, struct mono now)
{
	(void)timer;
	(void)now;
	loop_stop(loop);
}

static void run_loop(int64_t span_ns)
{
	struct loop_timer timer = {0};

	assert_int_equal(loop_timer_set(loop, &timer, mono_add(clock_mono(), span_ns), on_time), 0);
	assert_int_equal(loop_run(loop), 0);
}

static bool was_heard(const char *line)
{
	for (size_t i = 0; i < heard_count; i++) {
		if (strcmp(heard[i], line) == 0)
			return true;
	}
	return false;
}

static bool hears(void *line)
{
	run_loop(5 * NS_PER_MS);
	return was_heard(line);
}

static void assert_hears(const char *line)
{
	char copy[96];

	snprintf(copy, sizeof copy, "%s", line);
	if (netns_wait(hears, copy, 3 * NS_PER_S, NULL))
		return;
	for (size_t i = 0; i < heard_count; i++)
		printf("heard: %s\n", heard[i]);
	fail_msg("not heard: %s", line);
}

static void forget(void)
{
	run_loop(50 * NS_PER_MS);
	heard_count = 0;
}

static struct ip primary(const struct prefix *except, size_t count)
{
	struct ip ip = {0};

	(void)!monitor_source(monitor, host, FAMILY_IPV4, except, count, &ip);
	return ip;
}

static void assert_primary(const struct prefix *except, size_t count, const char *expected)
{
	struct ip found = primary(except, count), wanted = ip_of(expected);

	assert_true(ip_equal(&found, &wanted));
}

static void the_present_state_is_there_at_once(void **state)
{
	const struct prefix first = prefix_of("192.0.2.1/24");
	struct monitor_link link = monitor_find(monitor, "host");

	(void)state;
	assert_int_equal(link.ifindex, host);
	assert_true(link.up);
	assert_true(link.carrier);
	assert_true(link.mac[0] != 0 || link.mac[5] != 0);
	assert_int_equal(monitor_find(monitor, "lo").carrier, true);
	assert_int_equal(monitor_find(monitor, "none").ifindex, 0);
	assert_primary(NULL, 0, "192.0.2.1");
	assert_primary(&first, 1, "192.0.2.2");
	assert_false(monitor_source(monitor, lan, FAMILY_IPV4, NULL, 0, &(struct ip){0}));
	run_loop(50 * NS_PER_MS);
	assert_int_equal(heard_count, 0);
}

static void links_change(void **state)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 0x77};
	struct monitor_link link;

	(void)state;
	netns_run("ip link set lan down");
	assert_hears("host up");
	assert_hears("lan down");
	assert_false(monitor_find(monitor, "host").carrier);
	forget();
	netns_run("ip link set lan up");
	assert_hears("host up carrier");
	forget();
	netns_run("ip link set host address 02:00:00:00:00:77");
	assert_hears("host up carrier");
	link = monitor_find(monitor, "host");
	assert_memory_equal(link.mac, mac, sizeof mac);
	forget();
	netns_run("ip link set host down");
	assert_hears("host down");
	assert_false(monitor_find(monitor, "host").up);
}

static void links_are_renamed_come_and_go(void **state)
{
	(void)state;
	netns_run("ip link set host down && ip link set host name renamed && ip link set renamed up");
	assert_hears("host gone");
	assert_hears("renamed up carrier");
	assert_int_equal(monitor_find(monitor, "host").ifindex, 0);
	assert_int_equal(monitor_find(monitor, "renamed").ifindex, host);
	forget();
	netns_run("ip link delete renamed");
	assert_hears("renamed gone");
	assert_hears("lan gone");
	assert_true(was_heard("192.0.2.1/24 removed on host"));
	assert_int_equal(monitor_find(monitor, "renamed").ifindex, 0);
	forget();
	netns_run("ip link add host type veth peer name lan && ip link set host up && ip link set lan up");
	assert_hears("host up carrier");
	assert_true(monitor_find(monitor, "host").ifindex > 0);
}

/* A bridge speaks of its ports as links too, and of one that leaves as of one that is gone. */
static void a_port_that_leaves_its_bridge_is_not_gone(void **state)
{
	(void)state;
	netns_run("ip link add bridge type bridge && ip link set bridge up && ip link set lan master bridge");
	run_loop(50 * NS_PER_MS);
	netns_run("ip link set lan nomaster");
	netns_run("ip link delete bridge");
	assert_hears("bridge gone");
	assert_false(was_heard("lan gone"));
	assert_int_equal(monitor_find(monitor, "lan").ifindex, lan);
}

static void addresses_come_and_go(void **state)
{
	const struct prefix first = prefix_of("192.0.2.1/24");

	(void)state;
	netns_run("ip address add 192.0.2.3/32 dev host");
	assert_hears("192.0.2.3/32 added on host");
	netns_run("ip address delete 192.0.2.1/24 dev host");
	assert_hears("192.0.2.1/24 removed on host");
	/* The kernel takes the secondary address of the same subnet along, where it may not promote it. */
	run_loop(20 * NS_PER_MS);
	netns_run("ip address flush dev host && ip address add 192.0.2.3/32 dev host");
	run_loop(20 * NS_PER_MS);
	assert_primary(&first, 1, "192.0.2.3");
	netns_run("ip address flush dev host");
	assert_hears("192.0.2.3/32 removed on host");
	assert_false(monitor_source(monitor, host, FAMILY_IPV4, NULL, 0, &(struct ip){0}));
}

static void a_vip_comes_is_renewed_in_silence_and_is_deleted_by_another(void **state)
{
	const struct prefix list[] = {prefix_of("192.0.2.100/32"), prefix_of("192.0.2.101/32")};
	struct address_socket *addresses;

	(void)state;
	netns_run("ip address flush dev host");
	assert_int_equal(address_open(&addresses), 0);
	assert_int_equal(address_install(addresses, host, list, 2, 30), 0);
	assert_hears("192.0.2.101/32 added on host");
	/* Another vip's address is nobody's primary address. */
	assert_false(monitor_source(monitor, host, FAMILY_IPV4, NULL, 0, &(struct ip){0}));
	forget();
	assert_int_equal(address_renew(addresses, host, list, 2, 60), 0);
	run_loop(50 * NS_PER_MS);
	assert_int_equal(heard_count, 0);
	netns_run("ip address delete 192.0.2.100/32 dev host");
	assert_hears("192.0.2.100/32 removed on host");
	/* A lease that ends is told alike. */
	assert_int_equal(address_renew(addresses, host, list, 2, 1), 0);
	run_loop(20 * NS_PER_MS);
	assert_hears("192.0.2.100/32 removed on host");
	address_close(addresses);
}

static void lost_events_are_made_good(void **state)
{
	static struct prefix list[2000];
	struct address_socket *addresses;
	struct monitor_link link;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(list); i++) {
		list[i] = prefix_of("198.18.0.0/32");
		list[i].ip.bytes[2] = (uint8_t)(i >> 8);
		list[i].ip.bytes[3] = (uint8_t)i;
	}
	log_set_level(LOG_LEVEL_ERROR);
	assert_int_equal(address_open(&addresses), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(address_install(addresses, host, list, ARRAY_LEN(list), 60), 0);
		assert_int_equal(address_remove(addresses, host, list, ARRAY_LEN(list)), 0);
	}
	netns_run("ip link set lan down && ip address flush dev host && ip address add 192.0.2.9/24 dev host");
	run_loop(300 * NS_PER_MS);
	assert_true(overruns > 0);
	link = monitor_find(monitor, "host");
	assert_true(link.up && !link.carrier);
	assert_primary(NULL, 0, "192.0.2.9");
	/* It listens as before. */
	heard_count = 0;
	netns_run("ip link set lan up");
	assert_hears("host up carrier");
	address_close(addresses);
	log_set_level(LOG_LEVEL_INFO);
}

static void neighbours_are_found_by_their_network(void **state)
{
	static const struct {
		const char *ip, *own; /* NULL: it is none */
	} cases[] = {
		{"192.0.2.77", "192.0.2.1"},
		{"198.51.100.1", NULL},
		{"2001:db8::77", "2001:db8::1"},
		{"2001:db8:1::77", NULL},
		{"fe80::77", NULL},
	};

	(void)state;
	netns_run("ip address add 2001:db8::1/64 dev host nodad");
	assert_hears("2001:db8::1/64 added on host");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[IP_TEXT_MAX];
		struct monitor_link link;
		struct ip ip, own;

		assert_int_equal(ip_parse(cases[i].ip, &ip), 0);
		assert_int_equal(monitor_find_neighbour(monitor, &ip, &link, &own), cases[i].own != NULL);
		if (cases[i].own == NULL)
			continue;
		assert_int_equal(link.ifindex, host);
		assert_string_equal(ip_text(&own, text), cases[i].own);
		assert_true(monitor_has(monitor, &own));
		assert_false(monitor_has(monitor, &ip));
	}
}

static void gateway_is(struct route_socket *routes, enum family family, const char *expected)
{
	char text[IP_TEXT_MAX];
	struct ip gateway;

	if (!route_gateway(routes, family, host, &gateway)) {
		assert_null(expected);
		return;
	}
	assert_non_null(expected);
	assert_string_equal(ip_text(&gateway, text), expected);
	assert_false(route_gateway(routes, family, lan, &gateway));
}

/* Each question is answered at once, by the routes of that moment. */
static void gateways_are_those_of_the_routes(void **state)
{
	struct route_socket *routes;

	(void)state;
	assert_int_equal(route_open(&routes), 0);
	gateway_is(routes, FAMILY_IPV4, NULL);
	gateway_is(routes, FAMILY_IPV6, NULL);
	netns_run("ip route add default via 192.0.2.254 dev host");
	netns_run("ip -6 route add default via fe80::fe dev host");
	gateway_is(routes, FAMILY_IPV4, "192.0.2.254");
	gateway_is(routes, FAMILY_IPV6, "fe80::fe");
	netns_run("ip route replace default via 192.0.2.253 dev host");
	gateway_is(routes, FAMILY_IPV4, "192.0.2.253");
	netns_run("ip route del default");
	netns_run("ip -6 route del default dev host");
	gateway_is(routes, FAMILY_IPV4, NULL);
	gateway_is(routes, FAMILY_IPV6, NULL);
	route_close(routes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_present_state_is_there_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(links_change, setup, teardown),
		cmocka_unit_test_setup_teardown(links_are_renamed_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(a_port_that_leaves_its_bridge_is_not_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(addresses_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_vip_comes_is_renewed_in_silence_and_is_deleted_by_another, setup, teardown),
		cmocka_unit_test_setup_teardown(neighbours_are_found_by_their_network, setup, teardown),
		cmocka_unit_test_setup_teardown(gateways_are_those_of_the_routes, setup, teardown),
		cmocka_unit_test_setup_teardown(lost_events_are_made_good, setup, teardown),
	};

	netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
