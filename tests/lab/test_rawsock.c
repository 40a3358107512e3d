/* SPDX-License-Identifier: MIT */
/*
 *	host (192.0.2.1)  <---- veth ---->  lan: frames are looked at, and made up, on a packet socket
 */
#include "vrrpd/rawsock.h"

#include "tests/lab/netns.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int host, lan, lan_fd;
static struct rawsock raw;

#define IP_HEADER_SIZE 20
#define FRAME_MAX 2048

static int setup(void **state)
{
	(void)state;
	netns_make_veth("host", "lan", &host, &lan);
	netns_run("ip address add 192.0.2.1/24 dev host");
	netns_run("ip address add 192.0.2.2/24 dev host");
	lan_fd = netns_packet_socket(lan, ETH_P_IP);
	return rawsock_open(FAMILY_IPV4, &raw);
}

static int teardown(void **state)
{
	(void)state;
	close(lan_fd);
	rawsock_close(&raw);
	netns_run("ip link delete host");
	return 0;
}

static uint16_t header_checksum(const uint8_t *bytes)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < IP_HEADER_SIZE; i += 2)
		sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Puts an IP packet of protocol 112 on the wire, from the LAN's side. */
static void inject(const char *source, const char *destination, uint8_t ttl, const void *payload, size_t size)
{
	static const uint8_t ethernet[] = {0x01, 0, 0x5e, 0, 0, 0x12, 2, 0, 0, 0, 0, 9, 8, 0};
	uint8_t frame[FRAME_MAX] = {0};
	uint8_t *header = frame + sizeof ethernet;
	uint16_t checksum;

	memcpy(frame, ethernet, sizeof ethernet);
	header[0] = 0x45;
	header[2] = (uint8_t)((IP_HEADER_SIZE + size) >> 8);
	header[3] = (uint8_t)(IP_HEADER_SIZE + size);
	header[8] = ttl;
	header[9] = 112;
	memcpy(header + 12, ip_of(source).bytes, 4);
	memcpy(header + 16, ip_of(destination).bytes, 4);
	checksum = header_checksum(header);
	header[10] = (uint8_t)(checksum >> 8);
	header[11] = (uint8_t)checksum;
	memcpy(header + IP_HEADER_SIZE, payload, size);
	assert_int_equal(send(lan_fd, frame, sizeof ethernet + IP_HEADER_SIZE + size, 0),
		sizeof ethernet + IP_HEADER_SIZE + size);
}

struct frame {
	uint8_t bytes[FRAME_MAX];
	ssize_t size;
};

static bool frame_came(void *context)
{
	struct frame *frame = context;

	do {
		frame->size = recv(lan_fd, frame->bytes, sizeof frame->bytes, 0);
	} while (frame->size >= 0 && (frame->size < 34 || frame->bytes[23] != 112));
	return frame->size >= 0;
}

static void sends_to_the_group_from_the_given_source(void **state)
{
	static const char *const sources[] = {"192.0.2.2", "192.0.2.1"};
	static const uint8_t group_mac[] = {0x01, 0, 0x5e, 0, 0, 0x12};
	struct frame frame;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		struct ip source = ip_of(sources[i]), group = family_group(FAMILY_IPV4);

		assert_int_equal(rawsock_send(&raw, host, &source, &group, (const uint8_t *)"advert", 6), 0);
		assert_true(netns_wait(frame_came, &frame, 10 * NS_PER_S, NULL));
		assert_int_equal(frame.size, 14 + IP_HEADER_SIZE + 6);
		assert_memory_equal(frame.bytes, group_mac, sizeof group_mac);
		assert_int_equal(frame.bytes[15], 0xc0);
		assert_int_equal(frame.bytes[22], 255);
		assert_memory_equal(frame.bytes + 26, source.bytes, 4);
		assert_memory_equal(frame.bytes + 30, group.bytes, 4);
		assert_memory_equal(frame.bytes + 34, "advert", 6);
	}
}

/* The last word of a vip, when somebody has just removed the address that its adverts came from. */
static void sends_from_an_address_that_is_gone(void **state)
{
	struct ip gone = ip_of("192.0.2.77"), group = family_group(FAMILY_IPV4);
	struct frame frame;

	(void)state;
	netns_run("ip -4 address flush dev host");
	assert_int_equal(rawsock_send(&raw, host, &gone, &group, (const uint8_t *)"advert", 6), 0);
	assert_true(netns_wait(frame_came, &frame, 10 * NS_PER_S, NULL));
	assert_memory_equal(frame.bytes + 26, gone.bytes, 4);
}

static void says_why_it_cannot_send(void **state)
{
	struct ip source = ip_of("192.0.2.1"), group = family_group(FAMILY_IPV4);

	(void)state;
	assert_int_equal(rawsock_send(&raw, 9999, &source, &group, (const uint8_t *)"x", 1), -ENODEV);
	netns_run("ip link set host down");
	assert_true(rawsock_send(&raw, host, &source, &group, (const uint8_t *)"x", 1) < 0);
}

static struct rawsock_packet packet;

static bool packet_came(void *context)
{
	int *result = context;

	*result = rawsock_receive(&raw, &packet);
	return *result != -EAGAIN;
}

static void receives_what_was_sent_to_the_group(void **state)
{
	static const uint8_t payload[] = {1, 2, 3, 4, 5};
	struct ip source = ip_of("192.0.2.9"), group = family_group(FAMILY_IPV4);
	int r;

	(void)state;
	assert_int_equal(rawsock_join(&raw, host), 0);
	assert_int_equal(rawsock_join(&raw, host), 0);
	inject("192.0.2.9", "224.0.0.18", 254, payload, sizeof payload);
	assert_true(netns_wait(packet_came, &r, 10 * NS_PER_S, NULL));
	assert_int_equal(r, 0);
	assert_int_equal(packet.size, sizeof payload);
	assert_memory_equal(packet.bytes, payload, sizeof payload);
	assert_int_equal(packet.ttl, 254);
	assert_int_equal(packet.ifindex, host);
	assert_true(ip_equal(&packet.source, &source));
	assert_true(ip_equal(&packet.destination, &group));
	assert_int_equal(rawsock_receive(&raw, &packet), -EAGAIN);
}

static void the_age_is_the_time_in_the_queue(void **state)
{
	int r;

	(void)state;
	assert_int_equal(rawsock_join(&raw, host), 0);
	/* The kernel begins to stamp a moment after the first socket asked for it. */
	usleep(100000);
	inject("192.0.2.9", "224.0.0.18", 255, "x", 1);
	usleep(50000);
	assert_true(netns_wait(packet_came, &r, 10 * NS_PER_S, NULL));
	assert_int_equal(r, 0);
	assert_true(packet.age_ns >= 50 * NS_PER_MS);
	assert_true(packet.age_ns < 2 * NS_PER_S);

	/* As if the clock had been set an hour ahead while the next packet waited, and the one after it too. */
	inject("192.0.2.9", "224.0.0.18", 255, "x", 1);
	inject("192.0.2.9", "224.0.0.18", 255, "x", 1);
	usleep(20000);
	raw.offset_ns -= 3600 * NS_PER_S;
	for (int i = 0; i < 2; i++) {
		assert_true(netns_wait(packet_came, &r, 10 * NS_PER_S, NULL));
		assert_int_equal(r, 0);
		assert_int_equal(packet.age_ns, 0);
	}
	inject("192.0.2.9", "224.0.0.18", 255, "x", 1);
	usleep(20000);
	assert_true(netns_wait(packet_came, &r, 10 * NS_PER_S, NULL));
	assert_true(packet.age_ns >= 20 * NS_PER_MS);
}

static void receives_nothing_where_it_has_not_joined(void **state)
{
	struct rawsock other;

	(void)state;
	assert_int_equal(rawsock_open(FAMILY_IPV4, &other), 0);
	assert_int_equal(rawsock_join(&other, host), 0);
	inject("192.0.2.9", "224.0.0.18", 255, "x", 1);
	usleep(20000);
	assert_int_equal(rawsock_receive(&raw, &packet), -EAGAIN);
	assert_int_equal(rawsock_receive(&other, &packet), 0);
	rawsock_close(&other);
	assert_int_equal(rawsock_join(&raw, 9999), -ENODEV);
	assert_int_equal(rawsock_leave(&raw, 9999), 0);
	assert_int_equal(rawsock_leave(&raw, host), 0);
	assert_int_equal(rawsock_join(&raw, host), 0);
	assert_int_equal(rawsock_leave(&raw, host), 0);
	inject("192.0.2.9", "224.0.0.18", 255, "x", 1);
	usleep(20000);
	assert_int_equal(rawsock_receive(&raw, &packet), -EAGAIN);
}

/* Takes in all that is there. */
static void empty(void)
{
	int r = 0;

	while (r == 0)
		r = rawsock_receive(&raw, &packet);
	assert_int_equal(r, -EAGAIN);
}

static void fill(void)
{
	for (int i = 0; i < 500; i++)
		inject("192.0.2.9", "224.0.0.18", 255, "x", 1);
	/* What is on its way through the kernel comes. */
	usleep(20000);
}

/* What was lost before a packet that packet says; what was lost after the last one is asked for. */
static void says_when_packets_were_lost(void **state)
{
	const int small = 4096;
	struct mono lost_at;
	int r;

	(void)state;
	assert_int_equal(rawsock_join(&raw, host), 0);
	assert_int_equal(setsockopt(raw.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
	rawsock_look_for_losses(&raw);
	assert_int_equal(rawsock_lost_at(&raw).ns, 0);
	fill();
	empty();
	assert_int_equal(rawsock_lost_at(&raw).ns, 0);
	inject("192.0.2.9", "224.0.0.18", 255, "x", 1);
	assert_true(netns_wait(packet_came, &r, 10 * NS_PER_S, NULL));
	lost_at = rawsock_lost_at(&raw);
	assert_int_not_equal(lost_at.ns, 0);
	rawsock_look_for_losses(&raw);
	assert_int_equal(rawsock_lost_at(&raw).ns, lost_at.ns);
	fill();
	empty();
	rawsock_look_for_losses(&raw);
	assert_true(mono_before(lost_at, rawsock_lost_at(&raw)));
}

/* Each socket of IPv4 has room for few groups, 20 as Linux has it. */
static void joins_more_interfaces_than_one_socket_can(void **state)
{
	int first = 0, r;

	(void)state;
	for (int i = 0; i < 45; i++) {
		char name[IFNAMSIZ];

		snprintf(name, sizeof name, "many%d", i);
		if (i % 2 == 0)
			netns_run("ip link add many%d type veth peer name many%d", i, i + 1);
		assert_int_equal(rawsock_join(&raw, (int)if_nametoindex(name)), 0);
		if (i == 0)
			first = (int)if_nametoindex(name);
	}
	assert_int_equal(rawsock_join(&raw, host), 0);
	assert_int_equal(rawsock_join(&raw, host), 0);
	assert_true(raw.holder_count > 0);
	inject("192.0.2.9", "224.0.0.18", 255, "x", 1);
	assert_true(netns_wait(packet_came, &r, 10 * NS_PER_S, NULL));
	assert_int_equal(r, 0);
	assert_int_equal(packet.ifindex, host);
	/* There is room in the first now; it is left wherever it stands. */
	assert_int_equal(rawsock_leave(&raw, first), 0);
	assert_int_equal(rawsock_join(&raw, host), 0);
	assert_int_equal(rawsock_leave(&raw, host), 0);
	inject("192.0.2.9", "224.0.0.18", 255, "x", 1);
	usleep(20000);
	assert_int_equal(rawsock_receive(&raw, &packet), -EAGAIN);
	for (int i = 0; i < 45; i += 2)
		netns_run("ip link delete many%d", i);
}

static void a_long_packet_is_cut_and_stays_too_long(void **state)
{
	static const uint8_t payload[1400];
	int r;

	(void)state;
	assert_int_equal(rawsock_join(&raw, host), 0);
	inject("192.0.2.9", "224.0.0.18", 255, payload, sizeof payload);
	assert_true(netns_wait(packet_came, &r, 10 * NS_PER_S, NULL));
	assert_int_equal(r, 0);
	assert_int_equal(packet.size, sizeof payload);
}

/* A veth pair can be made anew under the old indices, and then the socket's old membership is worth nothing. */
static void joins_an_interface_that_came_back(void **state)
{
	int r;

	(void)state;
	assert_int_equal(rawsock_join(&raw, host), 0);
	netns_run("ip link delete host");
	netns_run("ip link add host index %d type veth peer name lan", host);
	netns_run("ip link set host up && ip link set lan up && ip address add 192.0.2.1/24 dev host");
	close(lan_fd);
	lan_fd = netns_packet_socket((int)if_nametoindex("lan"), ETH_P_IP);
	assert_int_equal(rawsock_join(&raw, host), 0);
	inject("192.0.2.9", "224.0.0.18", 255, "x", 1);
	assert_true(netns_wait(packet_came, &r, 10 * NS_PER_S, NULL));
	assert_int_equal(r, 0);
}

/* Two ends of the same veth: what one sends to the group the other receives, hop limit and all. */
static void ipv6_goes_from_one_end_to_the_other(void **state)
{
	struct ip source = ip_of("fe80::1"), group = family_group(FAMILY_IPV6), other = ip_of("fe80::2");
	struct rawsock v6;
	struct ip destinations[] = {group, other};

	(void)state;
	netns_run("ip address add fe80::1/64 dev host nodad");
	netns_run("ip address add fe80::2/64 dev lan nodad");
	rawsock_close(&raw);
	assert_int_equal(rawsock_open(FAMILY_IPV6, &raw), 0);
	assert_int_equal(rawsock_open(FAMILY_IPV6, &v6), 0);
	assert_int_equal(rawsock_join(&raw, lan), 0);
	assert_int_equal(rawsock_join(&raw, lan), 0);
	for (size_t i = 0; i < ARRAY_LEN(destinations); i++) {
		int r;

		assert_int_equal(rawsock_send(&v6, host, &source, &destinations[i], (const uint8_t *)"advert", 6), 0);
		assert_true(netns_wait(packet_came, &r, 10 * NS_PER_S, NULL));
		assert_int_equal(r, 0);
		assert_int_equal(packet.size, 6);
		assert_memory_equal(packet.bytes, "advert", 6);
		assert_int_equal(packet.ttl, 255);
		assert_int_equal(packet.ifindex, lan);
		assert_true(ip_equal(&packet.source, &source));
		assert_true(ip_equal(&packet.destination, &destinations[i]));
	}
	assert_int_equal(rawsock_leave(&raw, lan), 0);
	assert_int_equal(rawsock_leave(&raw, 9999), 0);
	rawsock_close(&v6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sends_to_the_group_from_the_given_source, setup, teardown),
		cmocka_unit_test_setup_teardown(sends_from_an_address_that_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(says_why_it_cannot_send, setup, teardown),
		cmocka_unit_test_setup_teardown(receives_what_was_sent_to_the_group, setup, teardown),
		cmocka_unit_test_setup_teardown(the_age_is_the_time_in_the_queue, setup, teardown),
		cmocka_unit_test_setup_teardown(receives_nothing_where_it_has_not_joined, setup, teardown),
		cmocka_unit_test_setup_teardown(says_when_packets_were_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(joins_more_interfaces_than_one_socket_can, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_packet_is_cut_and_stays_too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(ipv6_goes_from_one_end_to_the_other, setup, teardown),
		cmocka_unit_test_setup_teardown(joins_an_interface_that_came_back, setup, teardown),
	};

	netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
