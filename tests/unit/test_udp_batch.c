/* SPDX-License-Identifier: MIT */
/* Batches of datagrams through sockets on loopback. */
#include "lbd/udp_batch.h"

#include "tests/unit/unit.h"

#include "common/system/fd.h"

#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>

static struct udp_batch *batch;

static int setup(void **state)
{
	(void)state;
	return udp_batch_new(&batch);
}

static int teardown(void **state)
{
	(void)state;
	udp_batch_free(batch);
	return 0;
}

static const struct endpoint loopback = {.ip = {.bytes = {127, 0, 0, 1}, .family = AF_INET}};
static const struct endpoint everywhere = {.ip = {.family = AF_INET}};

static int bound(const struct endpoint *at, struct sockaddr_storage *ret_address, socklen_t *ret_size)
{
	int fd = socket(at->ip.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	*ret_size = endpoint_to_sockaddr(at, ret_address);
	assert_int_equal(bind(fd, (struct sockaddr *)ret_address, *ret_size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)ret_address, ret_size), 0);
	return fd;
}

static int connected(const struct sockaddr_storage *address, socklen_t size)
{
	int fd = socket(address->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)address, size), 0);
	return fd;
}

static void datagrams_pass_in_order_with_their_sizes(void **state)
{
	static const size_t sizes[] = {0, 1, 1200, 65507, 0, 9};
	static unsigned char bytes[65536];
	uint8_t places[UDP_BATCH];
	struct sockaddr_storage middle, end;
	socklen_t middle_size, end_size;
	AUTO_FD in = bound(&loopback, &middle, &middle_size);
	AUTO_FD last = bound(&loopback, &end, &end_size);
	AUTO_FD first = connected(&middle, middle_size);
	AUTO_FD out = connected(&end, end_size);

	(void)state;
	assert_int_equal(udp_batch_receive(batch, in, 0, UDP_BATCH, true), -EAGAIN);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		memset(bytes, (int)i, sizeof bytes);
		assert_int_equal(send(first, bytes, sizes[i], 0), sizes[i]);
	}
	assert_int_equal(udp_batch_receive(batch, in, 10, 2, true), 2);
	assert_int_equal(udp_batch_receive(batch, in, 12, 16, true), ARRAY_LEN(sizes) - 2);
	for (uint8_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct udp_datagram *datagram = udp_batch_at(batch, places[i] = (uint8_t)(10 + i));

		assert_int_equal(datagram->size, sizes[i]);
		assert_int_equal(udp_datagram_count(datagram), 1);
		assert_int_equal(datagram->peer.v4.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
		assert_int_equal(datagram->local.family, 0);
		datagram->peer_size = 0;
	}
	assert_int_equal(udp_batch_send(batch, out, places, ARRAY_LEN(sizes)), ARRAY_LEN(sizes));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		assert_int_equal(recv(last, bytes, sizeof bytes, 0), sizes[i]);
		for (size_t j = 0; j < sizes[i]; j++)
			assert_int_equal(bytes[j], i);
	}
}

static void the_answer_comes_from_where_it_was_asked(void **state)
{
	struct sockaddr_storage address, from;
	socklen_t size, from_size = sizeof from;
	AUTO_FD in = bound(&everywhere, &address, &size);
	struct endpoint asked = {.ip = {.bytes = {127, 3, 2, 1}, .family = AF_INET}}, answered;
	const int on = 1;
	const uint8_t place = 0;
	struct udp_datagram *datagram = udp_batch_at(batch, place);
	AUTO_FD client = -1;
	char bytes[8];

	(void)state;
	setsockopt(in, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
	asked.port = ntohs(((struct sockaddr_in *)(void *)&address)->sin_port);
	size = endpoint_to_sockaddr(&asked, &address);
	client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(sendto(client, "hello", 5, 0, (struct sockaddr *)&address, size), 5);
	assert_int_equal(udp_batch_receive(batch, in, 0, 1, true), 1);
	assert_true(ip_equal(&datagram->local, &asked.ip));
	assert_int_equal(udp_batch_send(batch, in, &place, 1), 1);
	assert_int_equal(recvfrom(client, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &from_size), 5);
	assert_int_equal(endpoint_from_sockaddr(&from, &answered), 0);
	assert_true(endpoint_equal(&answered, &asked));
	/* An address that this host does not have is one error, and no end. */
	datagram->local = (struct ip){.bytes = {192, 0, 2, 1}, .family = AF_INET};
	assert_true(udp_batch_send(batch, in, &place, 1) < 0);
}

/* Sends `size` bytes as datagrams of `segment` in one call. False: this kernel cannot. */
static bool send_joined(int fd, const unsigned char *bytes, size_t size, uint16_t segment)
{
	int value = segment;

	return setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &value, sizeof value) == 0 &&
	       send(fd, bytes, size, 0) == (ssize_t)size;
}

static void joined_datagrams_are_parted_again(void **state)
{
	static unsigned char bytes[10 * 1000 + 500], got[2000];
	const uint8_t place = 0;
	struct udp_datagram *datagram = udp_batch_at(batch, place);
	struct sockaddr_storage middle, end;
	socklen_t middle_size, end_size;
	AUTO_FD in = bound(&loopback, &middle, &middle_size);
	AUTO_FD last = bound(&loopback, &end, &end_size);
	AUTO_FD first = connected(&middle, middle_size);
	AUTO_FD out = connected(&end, end_size);

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * i >> 5);
	udp_join(in);
	if (!send_joined(first, bytes, sizeof bytes, 1000))
		skip();
	assert_int_equal(udp_batch_receive(batch, in, 0, UDP_BATCH, true), 1);
	assert_int_equal(datagram->segment, 1000);
	assert_int_equal(udp_datagram_count(datagram), 11);
	datagram->peer_size = 0;
	assert_int_equal(udp_batch_send(batch, out, &place, 1), 1);
	for (size_t i = 0; i < 11; i++) {
		assert_int_equal(recv(last, got, sizeof got, 0), i < 10 ? 1000 : 500);
		assert_memory_equal(got, bytes + i * 1000, i < 10 ? 1000 : 500);
	}
}

/* More than the kernel parts at once (UDP_MAX_SEGMENTS) is sent one by one. */
static void what_the_kernel_cannot_part_is_parted_here(void **state)
{
	static unsigned char got[100];
	const uint8_t place = 0;
	struct udp_datagram *datagram = udp_batch_at(batch, place);
	struct sockaddr_storage end;
	socklen_t end_size;
	AUTO_FD last = bound(&loopback, &end, &end_size);
	AUTO_FD out = connected(&end, end_size);

	(void)state;
	*datagram = (struct udp_datagram){.size = 300 * 10 + 4, .segment = 10};
	assert_int_equal(udp_datagram_count(datagram), 301);
	assert_int_equal(udp_batch_send(batch, out, &place, 1), 1);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(recv(last, got, sizeof got, MSG_DONTWAIT), 10);
}

static void a_refusal_is_told(void **state)
{
	struct sockaddr_storage address;
	socklen_t size;
	int gone = bound(&loopback, &address, &size);
	AUTO_FD out = connected(&address, size);
	const uint8_t places[] = {0, 1};

	(void)state;
	close(gone);
	*udp_batch_at(batch, 0) = *udp_batch_at(batch, 1) = (struct udp_datagram){.size = 3};
	assert_int_equal(udp_batch_send(batch, out, places, 1), 1);
	assert_int_equal(udp_batch_send(batch, out, places, 2), -ECONNREFUSED);
	assert_int_equal(udp_batch_send(batch, out, places, 1), 1);
	assert_int_equal(udp_batch_receive(batch, out, 0, 4, false), -ECONNREFUSED);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(datagrams_pass_in_order_with_their_sizes),
		TEST(the_answer_comes_from_where_it_was_asked),
		TEST(joined_datagrams_are_parted_again),
		TEST(what_the_kernel_cannot_part_is_parted_here),
		TEST(a_refusal_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
