/* SPDX-License-Identifier: MIT */
/* The sender of announcements; the frame itself is test_announce of the unit tests. */
#include "vrrpd/announce.h"

#include "tests/lab/netns.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <net/ethernet.h>
#include <string.h>
#include <unistd.h>

static int lan_fd;

static bool frame_came(void *context)
{
	return recv(lan_fd, context, ANNOUNCE_FRAME_SIZE, 0) == ANNOUNCE_FRAME_SIZE;
}

static void the_lan_hears_it(void **state)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 7};
	uint8_t expected[ANNOUNCE_FRAME_SIZE], frame[ANNOUNCE_FRAME_SIZE];
	struct writer out = writer_of(expected, sizeof expected);
	struct ip vip = ip_of("192.0.2.100");
	int host, lan, fd;

	(void)state;
	netns_make_veth("host", "lan", &host, &lan);
	lan_fd = netns_packet_socket(lan, ETHERTYPE_ARP);
	assert_int_equal(announce_open(&fd), 0);
	announce_encode(mac, &vip, &vip, &out);
	assert_int_equal(announce_send(fd, host, mac, &vip, &vip), 0);
	assert_true(netns_wait(frame_came, frame, 10 * NS_PER_S, NULL));
	assert_memory_equal(frame, expected, sizeof expected);

	assert_int_equal(announce_send(fd, 9999, mac, &vip, &vip), -ENXIO);
	netns_run("ip link set host down");
	assert_int_equal(announce_send(fd, host, mac, &vip, &vip), -ENETDOWN);
	close(fd);
	close(lan_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lan_hears_it),
	};

	netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
