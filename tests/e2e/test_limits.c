/* SPDX-License-Identifier: MIT */
/* What services take from whom, and how much of it: lbd as a process, with two workers. */
#include "tests/e2e/daemon.h"

#include "common/system/clock.h"
#include "common/system/fd.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static struct {
	struct endpoint at;
	int fd; /* accepts */
	struct endpoint udp_at;
	int udp_fd;
} server;

static struct lbd_process lbd;
static struct endpoint front;

static const char *text_of(const struct endpoint *endpoint)
{
	static char texts[16][ENDPOINT_TEXT_MAX];
	static unsigned next;

	return endpoint_text(endpoint, texts[next++ % 16]);
}

/* Sources: 127.77.N.N. */
static struct endpoint source_of(uint16_t number)
{
	return (struct endpoint){
		.ip = {.family = AF_INET, .bytes = {127, 77, (uint8_t)(number >> 8), (uint8_t)number}}};
}

static int udp_socket(const struct endpoint *own)
{
	const struct timeval limit = {.tv_sec = 5};
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(own, &address);
	int fd = socket(own->ip.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	return fd;
}

static int udp_client(const struct endpoint *own)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(&front, &address);
	int fd = udp_socket(own);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
	return fd;
}

static int setup(void **state)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;

	(void)state;
	server.at = free_endpoint(1);
	server.fd = listen_on(&server.at, 4096);
	server.udp_at = free_endpoint(2);
	server.udp_at.port = 0;
	server.udp_fd = udp_socket(&server.udp_at);
	assert_int_equal(getsockname(server.udp_fd, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(endpoint_from_sockaddr(&address, &server.udp_at), 0);
	return 0;
}

/* A service `s` with `options` in it. */
static void start(const char *options)
{
	AUTO_TEXT sections = {0};

	front = free_endpoint(3);
	text_addf(&sections, "service s { listen = { \"%s\" } pool = p %s }\n", text_of(&front), options);
	text_addf(&sections, "pool p { server a { address = \"%s\" } }\n",
		text_of(strstr(options, "udp") != NULL ? &server.udp_at : &server.at));
	lbd = lbd_start(text_get(&sections), 0);
}

static void end(void)
{
	/* The sanitizers speak by the exit status. */
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

static bool is_refused(int client)
{
	char byte;

	return recv(client, &byte, 1, 0) < 0 && errno == ECONNRESET;
}

/* Whether a client from there reaches the server, and back. */
static bool is_served(uint16_t source)
{
	const struct endpoint from = source_of(source);
	int client = connect_from(&from, &front), served;
	struct pollfd fds[] = {{.fd = client, .events = POLLIN}, {.fd = server.fd, .events = POLLIN}};
	bool arrived;

	assert_true(poll(fds, 2, 5000) > 0);
	arrived = (fds[1].revents & POLLIN) != 0;
	if (arrived) {
		served = accept_from(server.fd);
		close(client);
		close(served);
	} else {
		assert_true(is_refused(client));
		close(client);
	}
	return arrived;
}

struct number {
	const char *field;
	json_int_t value;
};

static bool is_number(void *context)
{
	const struct number *number = context;

	return lbd_service_number(&lbd, "s", number->field) == number->value;
}

static void wait_for(const char *field, json_int_t value)
{
	struct number number = {field, value};

	wait_until(is_number, &number, 5000);
}

static void the_lists_say_who_is_served(void **state)
{
	(void)state;
	start("allow = { 127.77.0.0/24, 127.77.2.1 } deny = { 127.77.0.128/25, 127.77.2.1/32, ::/0 }");
	assert_true(is_served(1));
	assert_true(is_served(127));
	assert_false(is_served(128));
	assert_false(is_served(255));
	assert_false(is_served(256));
	assert_false(is_served(513));
	assert_int_equal(lbd_service_number(&lbd, "s", "refused_total"), 4);
	assert_int_equal(lbd_service_number(&lbd, "s", "connections_total"), 6);
	end();
}

/* What counts is whom the header names, not who brings it. */
static void the_header_says_whom_the_lists_are_for(void **state)
{
	static const char denied[] = "PROXY TCP4 203.0.113.7 192.0.2.1 1000 80\r\n";
	static const char allowed[] = "PROXY TCP4 198.51.100.7 192.0.2.1 1000 80\r\n";
	const struct endpoint from = source_of(1);
	int client, served;

	(void)state;
	start("accept-proxy = yes accept-proxy-from = { 127.77.0.1 } deny = { 203.0.113.0/24, 127.77.0.1 } "
	      "per-source { connections = 1 }");
	client = connect_from(&from, &front);
	assert_int_equal(send(client, denied, sizeof denied - 1, 0), sizeof denied - 1);
	assert_true(is_refused(client));
	close(client);
	client = connect_from(&from, &front);
	assert_int_equal(send(client, allowed, sizeof allowed - 1, 0), sizeof allowed - 1);
	served = accept_from(server.fd);
	close(client);
	close(served);
	end();
}

static void denied_datagrams_go_nowhere(void **state)
{
	const struct endpoint good = source_of(1), bad = source_of(2);
	int good_client, bad_client;
	char bytes[8];

	(void)state;
	start("protocol = udp deny = { 127.77.0.2 }");
	good_client = udp_client(&good);
	bad_client = udp_client(&bad);
	assert_int_equal(send(bad_client, "bad", 3, 0), 3);
	assert_int_equal(send(good_client, "good", 4, 0), 4);
	assert_int_equal(recv(server.udp_fd, bytes, sizeof bytes, 0), 4);
	assert_memory_equal(bytes, "good", 4);
	wait_for("refused_total", 1);
	assert_int_equal(lbd_service_number(&lbd, "s", "datagrams_dropped"), 1);
	assert_int_equal(lbd_service_number(&lbd, "s", "connections"), 1);
	close(good_client);
	close(bad_client);
	end();
}

/* libconfuse's list grows one by one, which takes sanitizers a time that grows with its square. */
#define MANY_PREFIXES 10000U

static void a_long_list_is_as_good_as_a_short_one(void **state)
{
	AUTO_TEXT options = {0};

	(void)state;
	text_add(&options, "deny = { 127.77.0.2");
	for (unsigned i = 0; i < MANY_PREFIXES; i++)
		text_addf(&options, ",\n10.%u.%u.%u/31", i >> 15, (i >> 7) & 255, (i << 1) & 255);
	text_add(&options, " }");
	start(text_get(&options));
	assert_true(is_served(1));
	assert_false(is_served(2));
	end();
}

/* However the kernel deals them out to the workers. */
static void a_source_has_so_many_connections(void **state)
{
	const struct endpoint one = source_of(1), other = source_of(2);
	int clients[12], served[3];
	struct pollfd refused[12];
	unsigned resets = 0;

	(void)state;
	start("per-source { connections = 3 }");
	for (size_t i = 0; i < 12; i++) {
		clients[i] = connect_from(&one, &front);
		refused[i] = (struct pollfd){.fd = clients[i], .events = POLLIN};
	}
	for (size_t i = 0; i < 3; i++)
		served[i] = accept_from(server.fd);
	wait_for("refused_total", 9);
	assert_int_equal(lbd_service_number(&lbd, "s", "connections"), 3);
	assert_true(poll(refused, 12, 0) >= 0);
	for (size_t i = 0; i < 12; i++)
		resets += refused[i].revents != 0 && is_refused(clients[i]);
	assert_int_equal(resets, 9);
	/* Another one has a share of its own, and each that ends leaves room for the next. */
	assert_true(is_served(2));
	close(connect_from(&other, &front));
	close(accept_from(server.fd));
	for (size_t i = 0; i < 12; i++)
		close(clients[i]);
	for (size_t i = 0; i < 3; i++)
		close(served[i]);
	wait_for("connections", 0);
	assert_true(is_served(1));
	end();
}

static void a_source_may_come_so_often(void **state)
{
	struct mono begin;
	unsigned served = 0, most;

	(void)state;
	start("per-source { rate = 20/s }");
	begin = clock_mono();
	for (unsigned i = 0; i < 60; i++)
		served += is_served(1);
	/* A second's worth at once, and what the time brought. */
	most = 20 + (unsigned)(mono_diff(clock_mono(), begin) * 20 / NS_PER_S) + 1;
	assert_in_range(served, 20, most);
	assert_true(is_served(2));
	poll(NULL, 0, 1100);
	for (unsigned i = 0; i < 20; i++)
		assert_true(is_served(1));
	end();
}

static void a_source_has_so_many_sessions(void **state)
{
	const struct endpoint one = source_of(1), other = source_of(2);
	int clients[3];
	char byte;

	(void)state;
	start("protocol = udp per-source { connections = 2 }");
	for (size_t i = 0; i < 3; i++) {
		clients[i] = udp_client(i < 2 ? &one : &other);
		assert_int_equal(send(clients[i], "x", 1, 0), 1);
		assert_int_equal(recv(server.udp_fd, &byte, 1, 0), 1);
	}
	close(clients[2]);
	clients[2] = udp_client(&one);
	assert_int_equal(send(clients[2], "y", 1, 0), 1);
	assert_int_equal(send(clients[0], "z", 1, 0), 1);
	assert_int_equal(recv(server.udp_fd, &byte, 1, 0), 1);
	assert_int_equal(byte, 'z');
	assert_int_equal(lbd_service_number(&lbd, "s", "connections"), 3);
	for (size_t i = 0; i < 3; i++)
		close(clients[i]);
	end();
}

#define PIECE (512 * 1024)

static char piece[PIECE];

/* How long the piece takes from one end to the other. */
static int64_t send_piece_ms(int from, int to)
{
	struct mono begin = clock_mono();
	size_t sent = 0, got = 0;

	while (got < sizeof piece) {
		struct pollfd fds[] = {
			{.fd = from, .events = sent < sizeof piece ? POLLOUT : 0}, {.fd = to, .events = POLLIN}};
		ssize_t count;

		assert_true(poll(fds, 2, 5000) > 0);
		if (fds[0].revents & POLLOUT) {
			count = send(from, piece, sizeof piece - sent, MSG_DONTWAIT);
			assert_true(count > 0 || errno == EAGAIN);
			sent += count > 0 ? (size_t)count : 0;
		}
		if (fds[1].revents & POLLIN) {
			static char bytes[65536];

			count = recv(to, bytes, sizeof bytes, MSG_DONTWAIT);
			assert_true(count > 0);
			got += (size_t)count;
		}
	}
	return mono_diff(clock_mono(), begin) / NS_PER_MS;
}

/* A machine with much else to do gets three tries. */
static bool is_fast(int from, int to)
{
	for (unsigned i = 0; i < 3; i++) {
		if (send_piece_ms(from, to) < 800)
			return true;
	}
	return false;
}

/* Each connection and each direction by itself; and whoever waits for its time costs none. */
static void a_connection_goes_no_faster_than_it_may(void **state)
{
	int client, served;
	int64_t cpu_ms;

	(void)state;
	start("bandwidth { up = 512k }");
	client = connect_to(&front);
	served = accept_from(server.fd);
	cpu_ms = lbd_cpu_ms(&lbd);
	/* An eighth of a second's worth is there at once. */
	assert_in_range(send_piece_ms(client, served), 850, 5000);
	assert_in_range(lbd_cpu_ms(&lbd) - cpu_ms, 0, 400);
	assert_true(is_fast(served, client));
	/* Its end comes after the last byte. */
	assert_int_equal(send(client, piece, sizeof piece / 4, 0), sizeof piece / 4);
	close(client);
	for (size_t got = 0; got < sizeof piece / 4;) {
		ssize_t count = recv(served, piece, sizeof piece, 0);

		assert_true(count > 0);
		got += (size_t)count;
	}
	assert_int_equal(recv(served, piece, 1, 0), 0);
	close(served);
	end();

	start("bandwidth { up = 1g down = 512k }");
	client = connect_to(&front);
	served = accept_from(server.fd);
	assert_true(is_fast(client, served));
	assert_in_range(send_piece_ms(served, client), 850, 5000);
	close(client);
	close(served);
	end();
}

static long resident_kib(void)
{
	char path[64], line[128];
	long kib = -1;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)lbd.pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (kib < 0 && fgets(line, sizeof line, file) != NULL)
		(void)sscanf(line, "VmRSS: %ld kB", &kib);
	fclose(file);
	return kib;
}

#define FLOOD 10000U

/* The table is what it is: 262144 places of 24 bytes at most. */
static void a_flood_of_sources_costs_no_memory(void **state)
{
	long before;

	(void)state;
	front = free_endpoint(3);
	{
		AUTO_TEXT sections = {0};

		text_addf(&sections,
			"service s { listen = { \"%s\" } pool = p per-source { connections = 1 rate = 1/s } }\n",
			text_of(&front));
		text_add(&sections, "pool p { }\n");
		lbd = lbd_start(text_get(&sections), 0);
	}
	before = resident_kib();
	for (unsigned i = 0; i < FLOOD; i++) {
		const struct endpoint from = source_of((uint16_t)i);
		int client = connect_from(&from, &front);

		assert_true(is_refused(client));
		close(client);
	}
	assert_int_equal(lbd_service_number(&lbd, "s", "connections_total"), FLOOD);
	assert_in_range(MAX(resident_kib() - before, 0L), 0, 262144 * 24 / 1024 + 4096);
	end();
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lists_say_who_is_served),
		cmocka_unit_test(the_header_says_whom_the_lists_are_for),
		cmocka_unit_test(denied_datagrams_go_nowhere),
		cmocka_unit_test(a_long_list_is_as_good_as_a_short_one),
		cmocka_unit_test(a_source_has_so_many_connections),
		cmocka_unit_test(a_source_may_come_so_often),
		cmocka_unit_test(a_source_has_so_many_sessions),
		cmocka_unit_test(a_connection_goes_no_faster_than_it_may),
		cmocka_unit_test(a_flood_of_sources_costs_no_memory),
	};

	/* For one of them: test_limits NAME */
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, setup, NULL);
}
