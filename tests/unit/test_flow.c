/* SPDX-License-Identifier: MIT */
/* A flow between two loopback connections whose buffers are small, so that each read and write may be a partial one. */
#include "lbd/flow.h"

#include "common/system/fd.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* A prime, so that no buffer's size is a multiple of it. */
#define PATTERN 65521
#define PIECE_MAX ((size_t)200000)

static unsigned char pattern[PATTERN + PIECE_MAX];
static unsigned char received[PIECE_MAX];
static uint32_t seed = 1;

static uint32_t random_below(uint32_t limit)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % limit;
}

/* writer -> source =flow=> sink -> reader */
static struct ends {
	int writer;
	int reader;
	struct side source;
	struct side sink;
	struct flow flow;
	struct store store;
	uint64_t written;
	uint64_t read;
	uint64_t moved;
} ends;

/* Buffers of 0 are left to the kernel. */
static void connect_pair(int *ret_from, int *ret_to, int send_buffer, int receive_buffer)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	AUTO_FD listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (receive_buffer > 0)
		setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	*ret_from = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (send_buffer > 0)
		setsockopt(*ret_from, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
	(void)connect(*ret_from, (struct sockaddr *)&address, size);
	*ret_to = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(*ret_to >= 0);
}

static int setup(void **state)
{
	(void)state;
	ends = (struct ends){0};
	for (uint32_t i = 0; i < sizeof pattern; i++)
		pattern[i] = (unsigned char)((i % PATTERN) * 2654435761u >> 13);
	connect_pair(&ends.writer, &ends.source.io.fd, 0, 0);
	connect_pair(&ends.sink.io.fd, &ends.reader, 4096, 4096);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	flow_drop(&ends.flow, &ends.store);
	store_free(&ends.store);
	close(ends.writer);
	close(ends.reader);
	close(ends.source.io.fd);
	close(ends.sink.io.fd);
	return 0;
}

static void write_some(uint32_t limit)
{
	ssize_t put = send(ends.writer, pattern + ends.written % PATTERN, 1 + random_below(limit), MSG_NOSIGNAL);

	if (put > 0)
		ends.written += (uint64_t)put;
}

/* False: nothing was there. */
static bool read_some(uint32_t limit)
{
	ssize_t got = recv(ends.reader, received, 1 + random_below(limit), 0);

	if (got <= 0)
		return false;
	assert_memory_equal(received, pattern + ends.read % PATTERN, (size_t)got);
	ends.read += (uint64_t)got;
	return true;
}

/* As after an event that tells of everything; readiness that is none does no harm. */
static enum flow_result run(void)
{
	enum flow_result result;
	uint64_t moved;

	ends.source.readable = true;
	ends.sink.writable = true;
	result = flow_run(&ends.flow, &ends.source, &ends.sink, &ends.store, &moved);
	ends.moved += moved;
	return result;
}

static enum flow_result run_to_the_end(void)
{
	enum flow_result result = FLOW_WAITS;

	for (int i = 0; i < 1000000 && result != FLOW_ENDED; i++) {
		result = run();
		while (read_some(100000))
			continue;
	}
	return result;
}

static void bytes_come_whole_and_in_order(void **state)
{
	bool was_bulk = false, was_partial = false;

	(void)state;
	for (int phase = 0; phase < 60; phase++) {
		uint32_t write_limit = phase % 3 == 0 ? 3000 : PIECE_MAX;
		uint32_t read_limit = phase % 2 == 0 ? 2000 : PIECE_MAX;

		for (int i = 0; i < 300; i++) {
			write_some(write_limit);
			assert_int_not_equal(run(), FLOW_BROKEN);
			was_bulk |= ends.flow.pipe != NULL;
			was_partial |= ends.flow.buffer != NULL && ends.flow.start > 0;
			assert_true(ends.flow.pipe == NULL || ends.flow.buffer == NULL);
			(void)read_some(read_limit);
		}
		while (phase % 4 == 3 && ends.read < ends.written) {
			(void)run();
			(void)read_some(PIECE_MAX);
		}
	}
	assert_true(was_bulk && was_partial);
	assert_int_equal(shutdown(ends.writer, SHUT_WR), 0);
	assert_int_equal(run_to_the_end(), FLOW_ENDED);
	assert_int_equal(ends.read, ends.written);
	assert_int_equal(ends.moved, ends.written);
}

static void nothing_is_held_while_nothing_is_in_flight(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		write_some(i % 2 == 0 ? 100 : PIECE_MAX);
		while (ends.read < ends.written) {
			(void)run();
			(void)read_some(PIECE_MAX);
		}
		assert_int_equal(run(), FLOW_WAITS);
		assert_true(flow_is_empty(&ends.flow));
		assert_null(ends.flow.buffer);
		assert_null(ends.flow.pipe);
		assert_int_equal(ends.store.lent_pipes, 0);
	}
}

static void reset_writer(void)
{
	const struct linger linger = {.l_onoff = 1};

	setsockopt(ends.writer, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	close(ends.writer);
	ends.writer = -1;
}

static void a_reset_comes_after_the_bytes_before_it(void **state)
{
	(void)state;
	write_some(1000);
	while (recv(ends.source.io.fd, received, 1, MSG_PEEK) != 1)
		continue;
	reset_writer();
	/* A short read has to be followed by a further event, and that by another read. */
	assert_int_equal(run(), FLOW_WAITS);
	assert_int_equal(ends.moved, ends.written);
	assert_int_equal(run(), FLOW_BROKEN);
	assert_true(ends.source.reset);
	while (ends.read < ends.written)
		(void)read_some(1000);
}

static void a_reset_stays_one_when_its_error_has_been_fetched(void **state)
{
	(void)state;
	reset_writer();
	side_note(&ends.source, LOOP_READ | LOOP_HANGUP | LOOP_ERROR | LOOP_PEER_CLOSED);
	assert_true(ends.source.reset);
	assert_int_equal(run(), FLOW_BROKEN);
	assert_false(ends.source.ended);
}

static int unsent(int fd)
{
	int size = -1;

	assert_int_equal(ioctl(fd, SIOCOUTQNSD, &size), 0);
	return size;
}

static void a_fin_that_is_there_goes_with_the_last_bytes(void **state)
{
	(void)state;
	write_some(1000);
	assert_int_equal(shutdown(ends.writer, SHUT_WR), 0);
	side_note(&ends.source, LOOP_READ | LOOP_PEER_CLOSED);
	assert_int_equal(run(), FLOW_ENDED);
	assert_int_equal(unsent(ends.sink.io.fd), ends.written);
	assert_int_equal(shutdown(ends.sink.io.fd, SHUT_WR), 0);
	assert_int_equal(unsent(ends.sink.io.fd), 0);
	while (read_some(1000))
		continue;
	assert_int_equal(ends.read, ends.written);
}

static void bytes_before_others_go_at_once(void **state)
{
	(void)state;
	write_some(1000);
	assert_int_equal(run(), FLOW_WAITS);
	assert_int_equal(unsent(ends.sink.io.fd), 0);
}

static bool sink_delays(void)
{
	int no_delay = -1;
	socklen_t size = sizeof no_delay;

	assert_int_equal(getsockopt(ends.sink.io.fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
	return no_delay == 0;
}

static void the_second_write_turns_delays_off(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		write_some(100);
		assert_int_equal(run(), FLOW_WAITS);
		assert_int_equal(sink_delays(), i == 0);
		assert_int_equal(unsent(ends.sink.io.fd), 0);
	}
}

static void a_reset_sink_breaks_the_flow(void **state)
{
	const struct linger linger = {.l_onoff = 1};
	enum flow_result result = FLOW_WAITS;

	(void)state;
	setsockopt(ends.reader, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	close(ends.reader);
	ends.reader = -1;
	for (int i = 0; i < 100000 && result != FLOW_BROKEN; i++) {
		write_some(1000);
		result = run();
	}
	assert_int_equal(result, FLOW_BROKEN);
	assert_true(ends.sink.reset);
	assert_true(flow_is_empty(&ends.flow));
}

static void set_blocking(int fd)
{
	assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK), 0);
}

/* No byte more than the budget is read, nor is a read that it cut short taken for the socket's end of bytes. */
static void it_reads_what_it_may(void **state)
{
	uint64_t budget = 1000, moved;

	(void)state;
	ends.flow.budget = &budget;
	assert_int_equal(send(ends.writer, pattern, 5000, 0), 5000);
	ends.source.readable = ends.sink.writable = true;
	assert_int_equal(flow_run(&ends.flow, &ends.source, &ends.sink, &ends.store, &moved), FLOW_HELD);
	assert_int_equal(moved, 1000);
	assert_int_equal(budget, 0);
	assert_int_equal(flow_run(&ends.flow, &ends.source, &ends.sink, &ends.store, &moved), FLOW_HELD);
	assert_int_equal(moved, 0);
	budget = 3999;
	assert_int_equal(flow_run(&ends.flow, &ends.source, &ends.sink, &ends.store, &moved), FLOW_HELD);
	assert_int_equal(moved, 3999);
	budget = 100;
	assert_int_equal(flow_run(&ends.flow, &ends.source, &ends.sink, &ends.store, &moved), FLOW_WAITS);
	assert_int_equal(moved, 1);
	assert_int_equal(budget, 99);
	set_blocking(ends.reader);
	assert_int_equal(recv(ends.reader, received, 5000, MSG_WAITALL), 5000);
	assert_memory_equal(received, pattern, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_reads_what_it_may, setup, teardown),
		cmocka_unit_test_setup_teardown(bytes_come_whole_and_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_held_while_nothing_is_in_flight, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reset_comes_after_the_bytes_before_it, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reset_stays_one_when_its_error_has_been_fetched, setup, teardown),
		cmocka_unit_test_setup_teardown(a_fin_that_is_there_goes_with_the_last_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(bytes_before_others_go_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(the_second_write_turns_delays_off, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reset_sink_breaks_the_flow, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
