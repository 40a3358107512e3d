/* SPDX-License-Identifier: MIT */
/* How servers are reached: over which family, from which address, at a Unix socket; and what they are told first. */
#include "tests/e2e/fixture.h"

#include "common/system/fd.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* An lbd with one service `s` and one pool `p`; and a server or two of the test's. */
static struct {
	struct lbd_process lbd;
	struct endpoint front;
	struct endpoint back;
	int server;
	unsigned sockets;
} here;

static void start(const char *service, const char *pool)
{
	AUTO_TEXT sections = {0};

	text_addf(&sections, "service s { listen = { \"%s\" } pool = p %s }\npool p { %s }\n", at(&here.front), service,
		pool);
	here.lbd = lbd_start(text_get(&sections), 0);
	here.sockets = lbd_count_sockets(&here.lbd);
}

static bool is_at_rest(void *context)
{
	(void)context;
	return lbd_service_number(&here.lbd, "s", "connections") == 0;
}

static void stop(void)
{
	int status;

	wait_until(is_at_rest, NULL, 5000);
	status = lbd_end(&here.lbd, SIGTERM);
	close(here.server);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* One server `a` at here.back. */
static void start_with(struct endpoint front, struct endpoint back, const char *service, const char *pool)
{
	AUTO_TEXT sections = {0};

	here.front = front;
	here.back = back;
	here.server = listen_on(&back, 64);
	text_addf(&sections, "%s server a { address = \"%s\" }", pool, at(&back));
	start(service, text_get(&sections));
}

static struct endpoint own_address(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;
	struct endpoint endpoint;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(endpoint_from_sockaddr(&address, &endpoint), 0);
	return endpoint;
}

static struct endpoint peer_address(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;
	struct endpoint endpoint;

	assert_int_equal(getpeername(fd, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(endpoint_from_sockaddr(&address, &endpoint), 0);
	return endpoint;
}

static void talk(int client, int server)
{
	send_all(client, "question");
	expect_text(server, "question");
	send_all(server, "answer");
	expect_text(client, "answer");
	shutdown(client, SHUT_WR);
	expect_end(server);
	send_all(server, "and more");
	expect_text(client, "and more");
	close(server);
	expect_end(client);
	close(client);
}

/* Families. */

static bool is_up(void *context)
{
	char health[200];

	(void)context;
	lbd_server_text(&here.lbd, "p/a", "health", health);
	return strcmp(health, "up") == 0;
}

static void tcp_goes_over_any_families(void **state)
{
	const struct {
		struct endpoint front;
		struct endpoint back;
	} rows[] = {{free_endpoint6(), free_endpoint(1)}, {free_endpoint(2), free_endpoint6()},
		{free_endpoint6(), free_endpoint6()}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int client;

		start_with(rows[i].front, rows[i].back, "", "check tcp { interval = 24h rise = 1 }");
		wait_until(is_up, NULL, 5000);
		close(accept_from(here.server));
		client = connect_to(&here.front);
		talk(client, accept_from(here.server));
		stop();
	}
}

/* What the kernel says in /proc/net/tcp of connections between lbd and `port`: how many have their keepalive timer on.
 */
static unsigned count_keepalives(uint16_t port)
{
	FILE *file = fopen("/proc/net/tcp", "re");
	char line[256];
	unsigned count = 0;

	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		unsigned local_port, remote_port, state, timer;

		if (sscanf(line, " %*d: %*8x:%4x %*8x:%4x %2x %*x:%*x %2x:", &local_port, &remote_port, &state,
			    &timer) == 4 &&
			state == 1 && timer == 2 && (local_port == port || remote_port == port))
			count++;
	}
	fclose(file);
	return count;
}

static void keepalives_are_set_on_both_sides(void **state)
{
	int client, server;

	(void)state;
	start_with(free_endpoint(1), free_endpoint(2), "keepalive = 30s", "");
	client = connect_to(&here.front);
	server = accept_from(here.server);
	send_all(client, "question");
	expect_text(server, "question");
	assert_int_equal(count_keepalives(here.front.port), 1);
	assert_int_equal(count_keepalives(here.back.port), 1);
	talk(client, server);
	stop();
}

/* The header of the PROXY protocol. */

static void servers_are_told_of_the_client(void **state)
{
	static const struct {
		const char *service;
		const char *pool;
		const char *sent;  /* by the client first */
		const char *wants; /* by the server; %s: the client's address, its port, the front's */
	} rows[] = {
		{"", "send-proxy = v1", "", "PROXY TCP4 %s %s %u %u\r\n"},
		{"accept-proxy = yes accept-proxy-from = { 127.0.0.0/8 }", "send-proxy = v1",
			"PROXY TCP6 2001:db8::1 2001:db8::2 123 456\r\n",
			"PROXY TCP6 2001:db8::1 2001:db8::2 123 456\r\n"},
		{"accept-proxy = yes accept-proxy-from = { 127.0.0.0/8 }", "send-proxy = v1", "PROXY UNKNOWN\r\n",
			"PROXY TCP4 %s %s %u %u\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char client_text[IP_TEXT_MAX], front_text[IP_TEXT_MAX], wanted[128];
		struct endpoint own;
		int client, server;

		start_with(free_endpoint(1), free_endpoint(2), rows[i].service, rows[i].pool);
		client = connect_to(&here.front);
		own = own_address(client);
		if (*rows[i].sent != '\0')
			send_all(client, rows[i].sent);
		server = accept_from(here.server);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(wanted, sizeof wanted, rows[i].wants, ip_text(&own.ip, client_text),
			ip_text(&here.front.ip, front_text), own.port, here.front.port);
#pragma GCC diagnostic pop
		/* Before the client has said anything of its own. */
		expect_text(server, wanted);
		talk(client, server);
		stop();
	}
}

static void version_2_is_binary(void **state)
{
	static const uint8_t fixed[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c";
	uint8_t wanted[28], got[28];
	struct endpoint own;
	int client, server;

	(void)state;
	start_with(free_endpoint(1), free_endpoint(2), "", "send-proxy = v2");
	client = connect_to(&here.front);
	own = own_address(client);
	memcpy(wanted, fixed, 16);
	memcpy(wanted + 16, own.ip.bytes, 4);
	memcpy(wanted + 20, here.front.ip.bytes, 4);
	wanted[24] = (uint8_t)(own.port >> 8);
	wanted[25] = (uint8_t)own.port;
	wanted[26] = (uint8_t)(here.front.port >> 8);
	wanted[27] = (uint8_t)here.front.port;
	server = accept_from(here.server);
	assert_int_equal(recv(server, got, sizeof got, MSG_WAITALL), sizeof got);
	assert_memory_equal(got, wanted, sizeof got);
	talk(client, server);
	assert_int_equal(lbd_service_number(&here.lbd, "s", "bytes_in"), 8);
	stop();
}

static void a_server_may_have_its_own_version(void **state)
{
	AUTO_TEXT pool = {0};
	struct endpoint other = free_endpoint(3);
	int other_fd = listen_on(&other, 16);

	(void)state;
	here.front = free_endpoint(1);
	here.back = free_endpoint(2);
	here.server = listen_on(&here.back, 16);
	text_addf(&pool, "send-proxy = v1 server a { address = \"%s\" }\n", at(&here.back));
	text_addf(&pool, "server b { address = \"%s\" send-proxy = none }\n", at(&other));
	start("", text_get(&pool));
	for (int i = 0; i < 4; i++) {
		struct pollfd fds[] = {{.fd = here.server, .events = POLLIN}, {.fd = other_fd, .events = POLLIN}};
		int client = connect_to(&here.front), server;

		assert_true(poll(fds, 2, 5000) > 0);
		server = accept_from(fds[0].revents != 0 ? here.server : other_fd);
		if (fds[0].revents != 0) {
			char byte = 0;

			expect_text(server, "PROXY TCP4 ");
			while (byte != '\n')
				assert_int_equal(recv(server, &byte, 1, 0), 1);
		}
		talk(client, server);
	}
	close(other_fd);
	stop();
}

static void checks_send_a_header_that_names_nobody(void **state)
{
	static const struct {
		const char *pool;
		const char *wants;
		size_t size;
	} rows[] = {
		{"send-proxy = v1 check http { interval = 50ms }", "PROXY UNKNOWN\r\nGET /healthz", 27},
		{"send-proxy = v2 check http { interval = 50ms }", "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0GET /healthz", 28},
		{"check http { interval = 50ms }", "GET /healthz", 12},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char bytes[64];
		int server;

		start_with(free_endpoint(1), free_endpoint(2), "", rows[i].pool);
		server = accept_from(here.server);
		assert_int_equal(recv(server, bytes, rows[i].size, MSG_WAITALL), rows[i].size);
		assert_memory_equal(bytes, rows[i].wants, rows[i].size);
		close(server);
		stop();
	}
}

/* The source. */

static void connections_come_from_the_source(void **state)
{
	struct endpoint source = free_endpoint(9);
	char text[IP_TEXT_MAX], pool[128];

	(void)state;
	snprintf(pool, sizeof pool, "source = %s", ip_text(&source.ip, text));
	start_with(free_endpoint(1), free_endpoint(2), "", pool);
	for (int i = 0; i < 3; i++) {
		int client = connect_to(&here.front), server = accept_from(here.server);
		struct endpoint peer = peer_address(server);

		assert_true(ip_equal(&peer.ip, &source.ip));
		talk(client, server);
	}
	stop();
}

/* Which is not the server's failure; another server is tried. */
static void a_source_that_is_not_here_is_told(void **state)
{
	AUTO_TEXT pool = {0};

	(void)state;
	here.front = free_endpoint(1);
	here.back = free_endpoint(2);
	here.server = listen_on(&here.back, 16);
	text_addf(&pool, "server a { address = \"%s\" source = 192.0.2.99 weight = 256 }\n", at(&here.back));
	text_addf(&pool, "server b { address = \"%s\" weight = 1 }\n", at(&here.back));
	start("", text_get(&pool));
	for (int i = 0; i < 3; i++) {
		int client = connect_to(&here.front);

		talk(client, accept_from(here.server));
	}
	assert_int_equal(lbd_server_number(&here.lbd, "p/a", "connects_failed"), 0);
	assert_int_equal(lbd_server_number(&here.lbd, "p/a", "connections_total"), 0);
	assert_int_equal(lbd_server_number(&here.lbd, "p/b", "connections_total"), 3);
	stop();
}

/* A reload changes how new connections reach their servers, and nothing of those that are open. */
static void a_reload_changes_the_reach(void **state)
{
	struct endpoint source = free_endpoint(9), peer;
	char path[128], pool[200], text[IP_TEXT_MAX];
	int open_client, open_server, client, server;
	FILE *file;
	json_t *result;

	(void)state;
	start_with(free_endpoint(1), free_endpoint(2), "", "");
	open_client = connect_to(&here.front);
	open_server = accept_from(here.server);
	snprintf(path, sizeof path, "%s/conf", here.lbd.dir);
	snprintf(pool, sizeof pool, "pool p { send-proxy = v1 source = %s server a { address = \"%s\" } }\n",
		ip_text(&source.ip, text), at(&here.back));
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file,
		"pair {\n key-file = /nonexistent\n node a { address = 127.0.0.1 priority = 150 }\n"
		" node b { address = 127.0.0.2 }\n}\nforwarder { threads = 2 }\n"
		"service s { listen = { \"%s\" } pool = p keepalive = 30s }\n%s",
		at(&here.front), pool);
	assert_int_equal(fclose(file), 0);
	result = lbd_call(&here.lbd, "reload", NULL);
	assert_non_null(result);
	json_decref(result);
	/* Each worker goes by it as soon as it comes round. */
	for (int i = 0; i < 500; i++) {
		client = connect_to(&here.front);
		server = accept_from(here.server);
		peer = peer_address(server);
		if (ip_equal(&peer.ip, &source.ip))
			break;
		close(client);
		close(server);
		poll(NULL, 0, 5);
	}
	assert_true(ip_equal(&peer.ip, &source.ip));
	expect_text(server, "PROXY TCP4 ");
	close(client);
	close(server);
	talk(open_client, open_server);
	stop();
}

/* Unix sockets. */

static int listen_at(const char *path)
{
	const struct timeval limit = {.tv_sec = 5};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

static bool has_health(void *wanted)
{
	char health[200];

	lbd_server_text(&here.lbd, "p/u", "health", health);
	return strcmp(health, wanted) == 0;
}

/* The next connection that says something: those of checks do not. */
static int accept_client(int listener)
{
	for (;;) {
		int fd = accept_from(listener);
		char byte;

		if (recv(fd, &byte, 1, MSG_PEEK) == 1)
			return fd;
		close(fd);
	}
}

static void servers_may_be_unix_sockets(void **state)
{
	char dir[] = "/tmp/lbd-unix-XXXXXX", path[64], address[200], wanted[80];
	AUTO_TEXT pool = {0};
	int client;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/s", dir);
	snprintf(wanted, sizeof wanted, "unix:%s", path);
	here.front = free_endpoint(1);
	here.server = listen_at(path);
	text_addf(&pool, "check tcp { interval = 20ms rise = 1 fall = 1 } source = 127.0.0.1 send-proxy = v1\n");
	text_addf(&pool, "server u { address = \"unix:%s\" }\n", path);
	start("", text_get(&pool));
	wait_until(has_health, "up", 5000);
	lbd_server_text(&here.lbd, "p/u", "address", address);
	assert_string_equal(address, wanted);
	for (int i = 0; i < 3; i++) {
		int server;
		char byte = 0;

		client = connect_to(&here.front);
		do {
			server = accept_client(here.server);
			expect_text(server, "PROXY ");
			assert_int_equal(recv(server, &byte, 1, 0), 1);
		} while (byte != 'T');
		while (byte != '\n')
			assert_int_equal(recv(server, &byte, 1, 0), 1);
		talk(client, server);
	}
	/* Nobody listens there any more. */
	unlink(path);
	wait_until(has_health, "down", 5000);
	client = connect_to(&here.front);
	expect_reset(client);
	close(client);
	rmdir(dir);
	stop();
}

/* With an argument only the tests whose names match it are run. */
int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_goes_over_any_families),
		cmocka_unit_test(keepalives_are_set_on_both_sides),
		cmocka_unit_test(servers_are_told_of_the_client),
		cmocka_unit_test(version_2_is_binary),
		cmocka_unit_test(a_server_may_have_its_own_version),
		cmocka_unit_test(checks_send_a_header_that_names_nobody),
		cmocka_unit_test(connections_come_from_the_source),
		cmocka_unit_test(a_source_that_is_not_here_is_told),
		cmocka_unit_test(a_reload_changes_the_reach),
		cmocka_unit_test(servers_may_be_unix_sockets),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
