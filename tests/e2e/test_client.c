/* SPDX-License-Identifier: MIT */
/* Whom lbd takes for the client, and whom its servers do: the PROXY protocol in. */
#include "tests/e2e/fixture.h"

#include "common/system/fd.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE "PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\r\n"
#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define V2_TCP4 V2 "\x21\x11\0\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\x04\xd2\x01\xbb"
#define V2_LOCAL V2 "\x20\0\0\0"
#define BYTES(text) (text), sizeof(text) - 1

/* An lbd whose service believes 127.0.0.0/8 but for `stranger`. */
static struct {
	struct lbd_process lbd;
	struct endpoint front;
	struct endpoint back[2];
	int servers[2];
	unsigned sockets;
} here;

static int start(const char *service, const char *pool)
{
	AUTO_TEXT sections = {0};

	here.front = free_endpoint(61);
	for (size_t i = 0; i < ARRAY_LEN(here.servers); i++) {
		here.back[i] = free_endpoint((uint8_t)(62 + i));
		here.servers[i] = listen_on(&here.back[i], 64);
	}
	text_addf(&sections, "service s { listen = { \"%s\" } pool = p %s }\n", at(&here.front), service);
	text_addf(&sections, "pool p { %s server a { address = \"%s\" }\n server b { address = \"%s\" } }\n", pool,
		at(&here.back[0]), at(&here.back[1]));
	here.lbd = lbd_start(text_get(&sections), 0);
	here.sockets = lbd_count_sockets(&here.lbd);
	return 0;
}

static bool is_at_rest(void *context)
{
	(void)context;
	return lbd_service_number(&here.lbd, "s", "connections") == 0 && lbd_count_sockets(&here.lbd) <= here.sockets;
}

static void stop(void)
{
	int status;

	wait_until(is_at_rest, NULL, 5000);
	status = lbd_end(&here.lbd, SIGTERM);
	for (size_t i = 0; i < ARRAY_LEN(here.servers); i++)
		close(here.servers[i]);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int start_trusting(void **state)
{
	(void)state;
	return start("accept-proxy = yes accept-proxy-from = { 127.0.0.0/8 } timeouts { hello = 60s }",
		"balance = source-hash");
}

static int start_hasty(void **state)
{
	(void)state;
	return start("accept-proxy = yes accept-proxy-from = { 127.0.0.0/8 } timeouts { hello = 400ms }", "");
}

static int stop_it(void **state)
{
	(void)state;
	stop();
	return 0;
}

static int accept_either(void)
{
	struct pollfd fds[] = {{.fd = here.servers[0], .events = POLLIN}, {.fd = here.servers[1], .events = POLLIN}};

	assert_true(poll(fds, ARRAY_LEN(fds), 5000) > 0);
	return accept_from(fds[0].revents != 0 ? here.servers[0] : here.servers[1]);
}

static void send_bytes(int fd, const char *bytes, size_t size)
{
	assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), size);
}

/* The header is taken out, to the byte, and nothing else is. */
static void headers_are_taken_out(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} headers[] = {{BYTES(LINE)}, {BYTES("PROXY UNKNOWN\r\n")}, {BYTES(V2_TCP4)}, {BYTES(V2_LOCAL)}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		int client = connect_to(&here.front), server;
		char bytes[256];

		memcpy(bytes, headers[i].bytes, headers[i].size);
		memcpy(bytes + headers[i].size, "PROXY and more", 14);
		send_bytes(client, bytes, headers[i].size + 14);
		server = accept_either();
		expect_text(server, "PROXY and more");
		send_all(server, "answer");
		expect_text(client, "answer");
		shutdown(client, SHUT_WR);
		expect_end(server);
		close(server);
		expect_end(client);
		close(client);
	}
}

static void headers_may_come_in_pieces(void **state)
{
	static const char bytes[] = V2_TCP4 "x";

	(void)state;
	for (size_t cut = 1; cut < sizeof bytes - 2; cut += 4) {
		int client = connect_to(&here.front), server;

		send_bytes(client, bytes, cut);
		assert_false(is_readable(here.servers[0], 10) || is_readable(here.servers[1], 10));
		send_bytes(client, bytes + cut, sizeof bytes - 1 - cut);
		server = accept_either();
		expect_text(server, "x");
		close(server);
		expect_end(client);
		close(client);
	}
}

/* A server that speaks first is reached by the header alone. */
static void a_server_may_speak_first(void **state)
{
	int client = connect_to(&here.front), server;

	(void)state;
	send_all(client, LINE);
	server = accept_either();
	send_all(server, "220 hello");
	expect_text(client, "220 hello");
	close(client);
	expect_end(server);
	close(server);
}

/* By which the server is chosen: connections of one client come to one server, whoever brings them. */
static void the_header_says_who_the_client_is(void **state)
{
	int clients[40];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		int server;
		char line[128];

		snprintf(line, sizeof line, "PROXY TCP4 192.0.2.%zu 198.51.100.2 %zu 443\r\n", i / 2, 1000 + i);
		clients[i] = connect_to(&here.front);
		send_all(clients[i], line);
		server = accept_either();
		close(server);
		expect_end(clients[i]);
		close(clients[i]);
	}
	/* All from one address, by the sockets, would be one server's. */
	assert_in_range(lbd_server_number(&here.lbd, "p/a", "connections_total"), 1, 200);
	assert_in_range(lbd_server_number(&here.lbd, "p/b", "connections_total"), 1, 200);
}

static void wrong_headers_are_refused(void **state)
{
	static char long_line[200];
	static const struct {
		const char *bytes;
		size_t size;
	} headers[] = {{BYTES("GET / HTTP/1.0\r\n\r\n")}, {BYTES("PROXY TCP4 nobody\r\n")}, {BYTES(V2 "\x31")},
		{BYTES(V2 "\x21\x11\0\0")}, {long_line, sizeof long_line}};
	json_int_t before = lbd_service_number(&here.lbd, "s", "refused_total");

	(void)state;
	memset(long_line, '1', sizeof long_line);
	memcpy(long_line, "PROXY TCP4 ", 11);
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		int client = connect_to(&here.front);

		send_bytes(client, headers[i].bytes, headers[i].size);
		expect_reset(client);
		close(client);
	}
	assert_int_equal(lbd_service_number(&here.lbd, "s", "refused_total"), before + (json_int_t)ARRAY_LEN(headers));
	assert_false(is_readable(here.servers[0], 0) || is_readable(here.servers[1], 0));
}

static void a_client_that_ends_within_its_header_is_refused(void **state)
{
	json_int_t before = lbd_service_number(&here.lbd, "s", "refused_total");

	(void)state;
	for (size_t size = 0; size < 16; size += 5) {
		int client = connect_to(&here.front);

		if (size > 0)
			send_bytes(client, LINE, size);
		shutdown(client, SHUT_WR);
		expect_reset(client);
		close(client);
	}
	assert_int_equal(lbd_service_number(&here.lbd, "s", "refused_total"), before + 4);
}

/* Nothing that is sent prolongs it. */
static void a_header_has_its_time(void **state)
{
	json_int_t before = lbd_service_number(&here.lbd, "s", "refused_total");
	int silent = connect_to(&here.front), slow = connect_to(&here.front);

	(void)state;
	send_all(slow, "PROXY ");
	for (int i = 0; i < 90 && !is_readable(slow, 50); i++)
		(void)send(slow, "1", 1, MSG_NOSIGNAL);
	expect_reset(slow);
	close(slow);
	expect_reset(silent);
	close(silent);
	assert_int_equal(lbd_service_number(&here.lbd, "s", "refused_total"), before + 2);
}

static int start_denying(void **state)
{
	(void)state;
	return start("accept-proxy = yes accept-proxy-from = { 127.0.0.0/8 } deny = { 192.0.2.0/24 }\n"
		     "per-source { connections = 1 }",
		"");
}

static void limits_go_by_the_headers_client(void **state)
{
	static const char other[] = "PROXY TCP4 198.51.100.7 198.51.100.2 1 2\r\n";
	int client = connect_to(&here.front), second, server;

	(void)state;
	send_all(client, LINE);
	expect_reset(client);
	close(client);
	client = connect_to(&here.front);
	send_all(client, other);
	server = accept_either();
	second = connect_to(&here.front);
	send_all(second, other);
	expect_reset(second);
	close(second);
	/* Of another client, over the same proxy. */
	second = connect_to(&here.front);
	send_all(second, "PROXY TCP4 198.51.100.8 198.51.100.2 1 2\r\n");
	close(accept_either());
	expect_end(second);
	close(second);
	close(client);
	expect_end(server);
	close(server);
}

static int start_trusting_another(void **state)
{
	(void)state;
	return start("accept-proxy = yes accept-proxy-from = { 192.0.2.0/24, ::1 }", "");
}

static void others_are_served_without_a_header(void **state)
{
	int client = connect_to(&here.front), server;

	(void)state;
	send_all(client, LINE);
	server = accept_either();
	expect_text(server, LINE);
	close(client);
	expect_end(server);
	close(server);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start_trusting, stop_it)

/* With an argument only the tests whose names match it are run. */
int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		TEST(headers_are_taken_out),
		TEST(headers_may_come_in_pieces),
		TEST(a_server_may_speak_first),
		TEST(the_header_says_who_the_client_is),
		TEST(wrong_headers_are_refused),
		TEST(a_client_that_ends_within_its_header_is_refused),
		cmocka_unit_test_setup_teardown(a_header_has_its_time, start_hasty, stop_it),
		cmocka_unit_test_setup_teardown(limits_go_by_the_headers_client, start_denying, stop_it),
		cmocka_unit_test_setup_teardown(others_are_served_without_a_header, start_trusting_another, stop_it),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
