/* SPDX-License-Identifier: MIT */
/*
 * lbd as a process, on loopback and without privilege: what goes in comes out, byte for byte and end for end, and what
 * an operator or a failing server changes does what it should.
 */
#include "tests/e2e/daemon.h"

#include "common/system/clock.h"
#include "common/system/fd.h"
#include "tests/e2e/storm.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define SERVERS 3

/* One lbd for most tests; its services differ by their last byte. */
static struct fixture {
	struct lbd_process lbd;
	struct endpoint front[7]; /* where the services listen */
	struct endpoint back[SERVERS];
	int servers[SERVERS];   /* listening */
	struct endpoint nobody; /* where nothing listens */
	/* The checks fill their queues; so these two stand for themselves. */
	struct endpoint checked;
	int checked_fd;
	struct endpoint spare;
	int spare_fd;
	unsigned sockets; /* of lbd, at rest */
} fixture;

enum front {
	PLAIN,    /* to all three */
	PAIR,     /* to the first two */
	RETRYING, /* to nobody, mostly, and to the first */
	REFUSING, /* to nobody */
	HASTY,    /* short timeouts, to the first */
	CHECKED,  /* to two servers that are checked */
	EMPTY,    /* a pool without servers */
};

static const char *at(const struct endpoint *endpoint)
{
	static char texts[16][ENDPOINT_TEXT_MAX];
	static unsigned next;

	return endpoint_text(endpoint, texts[next++ % 16]);
}

static void write_services(struct text *out)
{
	static const struct {
		const char *name;
		const char *pool;
		const char *more;
	} services[] = {
		[PLAIN] = {"plain", "all", ""},
		[PAIR] = {"pair", "pair", ""},
		[RETRYING] = {"retrying", "retrying", "retries = 1"},
		[REFUSING] = {"refusing", "refusing", ""},
		[HASTY] = {"hasty", "first", "timeouts { connect = 200ms idle = 400ms half-close = 300ms }"},
		[CHECKED] = {"checked", "checked", ""},
		[EMPTY] = {"empty", "empty", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(services); i++)
		text_addf(out, "service %s { listen = { \"%s\" } pool = %s %s }\n", services[i].name,
			at(&fixture.front[i]), services[i].pool, services[i].more);
}

static void write_pools(struct text *out)
{
	const struct endpoint *back = fixture.back;

	text_addf(out, "pool all {\n server a { address = \"%s\" }\n server b { address = \"%s\" }\n", at(&back[0]),
		at(&back[1]));
	text_addf(out, " server c { address = \"%s\" weight = 50 }\n}\n", at(&back[2]));
	text_addf(out, "pool pair { server a { address = \"%s\" }\n server b { address = \"%s\" } }\n", at(&back[0]),
		at(&back[1]));
	text_addf(out, "pool retrying { server dead { address = \"%s\" weight = 256 }\n", at(&fixture.nobody));
	text_addf(out, " server a { address = \"%s\" weight = 1 } }\n", at(&back[0]));
	text_addf(out, "pool refusing { server dead { address = \"%s\" } }\n", at(&fixture.nobody));
	text_addf(out, "pool first { server a { address = \"%s\" } }\n", at(&back[0]));
	text_addf(out, "pool checked {\n check tcp { interval = 50ms timeout = 50ms rise = 2 fall = 2 }\n");
	text_addf(out, " server x { address = \"%s\" weight = 256 }\n server a { address = \"%s\" weight = 1 } }\n",
		at(&fixture.checked), at(&fixture.spare));
	text_addf(out, "pool empty { }\n");
}

static int setup(void **state)
{
	AUTO_TEXT sections = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fixture.front); i++)
		fixture.front[i] = free_endpoint((uint8_t)(100 + i));
	for (size_t i = 0; i < SERVERS; i++) {
		fixture.back[i] = free_endpoint((uint8_t)(1 + i));
		fixture.servers[i] = listen_on(&fixture.back[i], 4096);
	}
	fixture.nobody = free_endpoint(50);
	fixture.checked = free_endpoint(51);
	fixture.checked_fd = listen_on(&fixture.checked, 4096);
	fixture.spare = free_endpoint(52);
	fixture.spare_fd = listen_on(&fixture.spare, 4096);
	write_services(&sections);
	write_pools(&sections);
	fixture.lbd = lbd_start(text_get(&sections), 0);
	fixture.sockets = lbd_count_sockets(&fixture.lbd);
	return 0;
}

static int teardown(void **state)
{
	int status = lbd_end(&fixture.lbd, SIGTERM);

	(void)state;
	/* The sanitizers speak by the exit status. */
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static bool is_at_rest(void *context)
{
	static const char *const names[] = {"plain", "pair", "retrying", "refusing", "hasty", "checked", "empty"};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (lbd_service_number(&fixture.lbd, names[i], "connections") != 0)
			return false;
	}
	/* Checks come and go. */
	return lbd_count_sockets(&fixture.lbd) <= fixture.sockets + 2;
}

/* After each test: nothing of it is left in lbd. */
static int rest(void **state)
{
	(void)state;
	wait_until(is_at_rest, NULL, 5000);
	return 0;
}

static void reset_close(int fd)
{
	const struct linger linger = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	close(fd);
}

static void send_all(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void expect_text(int fd, const char *text)
{
	char bytes[64];

	assert_int_equal(recv(fd, bytes, strlen(text), MSG_WAITALL), strlen(text));
	assert_memory_equal(bytes, text, strlen(text));
}

static void expect_end(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

static void expect_reset(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
}

static bool is_readable(int fd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, timeout_ms) == 1;
}

/* Which of the servers has a connection waiting, accepted into `ret_fd`. */
static size_t accept_any(int *ret_fd)
{
	struct pollfd fds[SERVERS];

	for (size_t i = 0; i < SERVERS; i++)
		fds[i] = (struct pollfd){.fd = fixture.servers[i], .events = POLLIN};
	assert_int_equal(poll(fds, SERVERS, 5000) > 0, 1);
	for (size_t i = 0; i < SERVERS; i++) {
		if (fds[i].revents & POLLIN) {
			*ret_fd = accept_from(fixture.servers[i]);
			return i;
		}
	}
	fail();
	return SERVERS;
}

static void set_blocking(int fd, bool blocking)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

static void a_storm_passes_unchanged(void **state)
{
	struct storm_setup setup = {
		.to = fixture.front[PLAIN],
		.server_fds = fixture.servers,
		.server_count = SERVERS,
		.connections = 400,
		.limit_ns = 60 * NS_PER_S,
	};
	json_int_t in = lbd_service_number(&fixture.lbd, "plain", "bytes_in");

	(void)state;
	for (size_t i = 0; i < SERVERS; i++)
		set_blocking(fixture.servers[i], false);
	for (setup.seed = 1; setup.seed <= 3; setup.seed++) {
		struct storm_result result;

		storm_run(&setup, &result);
		if (result.failures > 0)
			fail_msg("%u failures, seed %u, the first: %s", result.failures, setup.seed, result.error);
		assert_in_range(result.fins, 400, 800);
		assert_in_range(result.resets, 40, 200);
	}
	for (size_t i = 0; i < SERVERS; i++)
		set_blocking(fixture.servers[i], true);
	assert_true(lbd_service_number(&fixture.lbd, "plain", "bytes_in") > in);
}

/* Writes until nothing has been taken for a while; how much that was. */
static size_t stuff(int fd)
{
	static const char bytes[65536];
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
	size_t total = 0;

	set_blocking(fd, false);
	while (total < 1u << 30 && poll(&poll_fd, 1, 300) == 1) {
		ssize_t put = send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);

		assert_true(put > 0 || errno == EAGAIN);
		total += put > 0 ? (size_t)put : 0;
	}
	set_blocking(fd, true);
	return total;
}

static void a_slow_reader_holds_the_writer_back(void **state)
{
	int client = connect_to(&fixture.front[PLAIN]), server;
	static char bytes[65536];
	size_t sent, got = 0;
	ssize_t piece;

	(void)state;
	(void)accept_any(&server);
	sent = stuff(client);
	/* The sockets' buffers, and not lbd's memory, have taken it. */
	assert_in_range(sent, 1, 64 << 20);
	shutdown(client, SHUT_WR);
	while ((piece = recv(server, bytes, sizeof bytes, 0)) > 0)
		got += (size_t)piece;
	assert_int_equal(piece, 0);
	assert_int_equal(got, sent);
	send_all(server, "and back");
	expect_text(client, "and back");
	close(server);
	expect_end(client);
	close(client);
}

static void a_reset_passes_a_stalled_reader(void **state)
{
	int client = connect_to(&fixture.front[PLAIN]), server;

	(void)state;
	(void)accept_any(&server);
	(void)stuff(client);
	reset_close(client);
	wait_until(is_at_rest, NULL, 2000);
	close(server);
	client = connect_to(&fixture.front[PLAIN]);
	(void)accept_any(&server);
	(void)stuff(server);
	reset_close(server);
	wait_until(is_at_rest, NULL, 2000);
	close(client);
}

static void an_answer_before_a_reset_arrives(void **state)
{
	int client = connect_to(&fixture.front[PLAIN]), server;

	(void)state;
	(void)accept_any(&server);
	send_all(client, "a request that nobody reads");
	assert_true(is_readable(server, 1000));
	/* To close with unread data is to reset, as servers do that refuse a large request. */
	send_all(server, "413");
	close(server);
	expect_text(client, "413");
	expect_reset(client);
	close(client);
}

static void a_failed_connect_is_tried_elsewhere(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		int client = connect_to(&fixture.front[RETRYING]);
		int server = accept_from(fixture.servers[0]);

		send_all(client, "hello");
		expect_text(server, "hello");
		close(client);
		expect_end(server);
		close(server);
	}
	assert_int_equal(lbd_service_number(&fixture.lbd, "retrying", "refused_total"), 0);
	assert_true(lbd_server_number(&fixture.lbd, "retrying/dead", "connects_failed") > 10);
	assert_int_equal(lbd_server_number(&fixture.lbd, "retrying/dead", "connections"), 0);
}

static void without_a_server_it_is_a_reset(void **state)
{
	static const struct {
		enum front front;
		const char *name;
	} cases[] = {{REFUSING, "refusing"}, {EMPTY, "empty"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_int_t before = lbd_service_number(&fixture.lbd, cases[i].name, "refused_total");
		int client = connect_to(&fixture.front[cases[i].front]);

		expect_reset(client);
		close(client);
		assert_int_equal(lbd_service_number(&fixture.lbd, cases[i].name, "refused_total"), before + 1);
	}
}

static void a_server_that_does_not_answer_is_passed_over(void **state)
{
	/* SYNs to a full queue are dropped. */
	struct endpoint deaf = free_endpoint(60), front = free_endpoint(61);
	int deaf_fd = listen_on(&deaf, 0);
	int fillers[3], client, server;
	AUTO_TEXT sections = {0};
	struct lbd_process lbd;
	struct mono began;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fillers); i++) {
		struct sockaddr_storage address;
		socklen_t size = endpoint_to_sockaddr(&deaf, &address);

		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(fillers[i], (struct sockaddr *)&address, size);
	}
	text_addf(&sections, "service s { listen = { \"%s\" } pool = p timeouts { connect = 200ms } }\n", at(&front));
	text_addf(&sections, "pool p { server deaf { address = \"%s\" weight = 256 }\n", at(&deaf));
	text_addf(&sections, " server a { address = \"%s\" weight = 1 } }\n", at(&fixture.back[0]));
	lbd = lbd_start(text_get(&sections), 0);
	for (int i = 0; i < 3; i++) {
		began = clock_mono();
		client = connect_to(&front);
		server = accept_from(fixture.servers[0]);
		assert_in_range(mono_diff(clock_mono(), began) / NS_PER_MS, 0, 1500);
		close(client);
		expect_end(server);
		close(server);
	}
	assert_true(lbd_server_number(&lbd, "p/deaf", "connects_failed") > 0);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
	for (size_t i = 0; i < ARRAY_LEN(fillers); i++)
		close(fillers[i]);
	close(deaf_fd);
}

static void drain_keeps_what_is_open(void **state)
{
	int client = connect_to(&fixture.front[PAIR]), server, other;
	size_t first = accept_any(&server);
	const char *name = first == 0 ? "pair/a" : "pair/b";

	(void)state;
	json_decref(lbd_call(&fixture.lbd, "drain", json_pack("{s:s}", "server", name)));
	for (int i = 0; i < 10; i++) {
		int next = connect_to(&fixture.front[PAIR]);

		assert_int_not_equal(accept_any(&other), first);
		close(next);
		expect_end(other);
		close(other);
	}
	send_all(client, "still here");
	expect_text(server, "still here");
	assert_int_equal(lbd_server_number(&fixture.lbd, name, "connections"), 1);
	assert_null(lbd_call(&fixture.lbd, "drain", json_pack("{s:s}", "server", "pair/nobody")));
	assert_null(lbd_call(&fixture.lbd, "drain", NULL));
	json_decref(lbd_call(&fixture.lbd, "enable", json_pack("{s:s}", "server", name)));
	close(client);
	expect_end(server);
	close(server);
}

static bool health_is(void *wanted)
{
	char health[200];

	lbd_server_text(&fixture.lbd, "checked/x", "health", health);
	return strcmp(health, wanted) == 0;
}

/* The first connection in the queue that says `text`; those of checks say nothing. */
static int accept_with_text(int listener, const char *text)
{
	for (;;) {
		int fd = accept_from(listener);
		char byte;

		if (recv(fd, &byte, 1, MSG_PEEK) == 1) {
			expect_text(fd, text);
			return fd;
		}
		close(fd);
	}
}

static void a_server_that_goes_down_gets_nothing(void **state)
{
	char check[200], up[] = "up", down[] = "down";
	int client, server;

	(void)state;
	wait_until(health_is, up, 3000);
	lbd_server_text(&fixture.lbd, "checked/x", "check", check);
	assert_memory_equal(check, "connected in ", strlen("connected in "));
	close(fixture.checked_fd);
	wait_until(health_is, down, 3000);
	lbd_server_text(&fixture.lbd, "checked/x", "check", check);
	assert_string_equal(check, "connection refused");
	for (int i = 0; i < 10; i++) {
		client = connect_to(&fixture.front[CHECKED]);
		send_all(client, "x");
		server = accept_with_text(fixture.spare_fd, "x");
		close(client);
		expect_end(server);
		close(server);
	}
	assert_int_equal(lbd_server_number(&fixture.lbd, "checked/x", "connects_failed"), 0);
	fixture.checked_fd = listen_on(&fixture.checked, 4096);
	wait_until(health_is, up, 3000);
}

static int64_t ms_until_end(int fd)
{
	struct mono began = clock_mono();

	expect_end(fd);
	return mono_diff(clock_mono(), began) / NS_PER_MS;
}

static void accept_hasty(int *ret_client, int *ret_server)
{
	*ret_client = connect_to(&fixture.front[HASTY]);
	*ret_server = accept_from(fixture.servers[0]);
}

static void timeouts_end_connections(void **state)
{
	int client, server;

	(void)state;
	accept_hasty(&client, &server);
	for (int i = 0; i < 6; i++) {
		assert_false(is_readable(client, 200));
		send_all(client, "y");
		expect_text(server, "y");
	}
	assert_in_range(ms_until_end(client), 300, 900);
	expect_end(server);
	close(client);
	close(server);

	/* Half closed: 300 ms from the FIN on, though the other direction is busy. */
	accept_hasty(&client, &server);
	shutdown(client, SHUT_WR);
	expect_end(server);
	for (int i = 0; i < 2; i++) {
		send_all(server, "z");
		expect_text(client, "z");
		assert_false(is_readable(client, 80));
	}
	assert_in_range(ms_until_end(client), 50, 600);
	close(client);
	close(server);
}

static void a_role_resets_connections_to_its_addresses(void **state)
{
	int client = connect_to(&fixture.front[PLAIN]), kept = connect_to(&fixture.front[PAIR]);
	int servers[2];
	char address[IP_TEXT_MAX];

	(void)state;
	(void)accept_any(&servers[0]);
	(void)accept_any(&servers[1]);
	ip_text(&fixture.front[PLAIN].ip, address);
	json_decref(lbd_call(&fixture.lbd, "role",
		json_pack("{s:s, s:s, s:[s]}", "vip", "web", "state", "active", "addresses", address)));
	assert_false(is_readable(client, 50));
	json_decref(lbd_call(&fixture.lbd, "role",
		json_pack("{s:s, s:s, s:[s]}", "vip", "web", "state", "backup", "addresses", address)));
	/* The answer comes when it is done. */
	assert_true(is_readable(client, 0));
	expect_reset(client);
	assert_false(is_readable(kept, 50));
	close(client);
	/* What comes later is served. */
	client = connect_to(&fixture.front[PLAIN]);
	assert_false(is_readable(client, 50));
	assert_null(lbd_call(&fixture.lbd, "role",
		json_pack("{s:s, s:s, s:[s]}", "vip", "web", "state", "backup", "addresses", "not an address")));
	close(client);
	close(kept);
	for (size_t i = 0; i < 2; i++)
		close(servers[i]);
	(void)accept_any(&servers[0]);
	close(servers[0]);
}

#define CROWD 200

static bool crowd_is_gone(void *context)
{
	return lbd_service_number(context, "s", "connections") == 0;
}

static void descriptors_run_out_quietly(void **state)
{
	struct endpoint front = free_endpoint(62);
	AUTO_TEXT sections = {0};
	struct lbd_process lbd;
	int clients[CROWD], server;
	int64_t cpu_ms;

	(void)state;
	text_addf(&sections, "service s { listen = { \"%s\" } pool = p }\npool p { server b { address = \"%s\" } }\n",
		at(&front), at(&fixture.back[1]));
	lbd = lbd_start(text_get(&sections), 64);
	for (size_t i = 0; i < CROWD; i++)
		clients[i] = connect_to(&front);
	cpu_ms = lbd_cpu_ms(&lbd);
	assert_false(is_readable(clients[0], 1000));
	assert_in_range(lbd_cpu_ms(&lbd) - cpu_ms, 0, 300);
	for (size_t i = 0; i < CROWD; i++)
		close(clients[i]);
	while (is_readable(fixture.servers[1], 300))
		close(accept_from(fixture.servers[1]));
	wait_until(crowd_is_gone, &lbd, 5000);
	while (is_readable(fixture.servers[1], 300))
		close(accept_from(fixture.servers[1]));
	clients[0] = connect_to(&front);
	send_all(clients[0], "after");
	server = accept_from(fixture.servers[1]);
	expect_text(server, "after");
	close(clients[0]);
	close(server);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

static void quit_waits_for_the_last_connection(void **state)
{
	struct endpoint front = free_endpoint(63);
	AUTO_TEXT sections = {0};
	struct lbd_process lbd;
	int client, server, status;
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(&front, &address);
	AUTO_FD late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	text_addf(&sections, "service s { listen = { \"%s\" } pool = p }\npool p { server b { address = \"%s\" } }\n",
		at(&front), at(&fixture.back[1]));
	lbd = lbd_start(text_get(&sections), 0);
	client = connect_to(&front);
	server = accept_from(fixture.servers[1]);
	assert_int_equal(kill(lbd.pid, SIGQUIT), 0);
	/* Within moments nobody listens any more, and what is open goes on. */
	for (int i = 0; i < 1000 && connect(late, (struct sockaddr *)&address, size) == 0; i++) {
		close(late);
		late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		poll(NULL, 0, 2);
	}
	assert_int_equal(errno, ECONNREFUSED);
	send_all(client, "still here");
	expect_text(server, "still here");
	assert_int_equal(waitpid(lbd.pid, &status, WNOHANG), 0);
	close(client);
	expect_end(server);
	close(server);
	/* Those that came in before nobody listened any more. */
	while (is_readable(fixture.servers[1], 50))
		close(accept_from(fixture.servers[1]));
	assert_int_equal(lbd_end(&lbd, 0), 0);
}

static void a_taken_port_is_one_clear_line(void **state)
{
	struct endpoint taken = free_endpoint(64);
	AUTO_FD holder = listen_on(&taken, 1);
	const struct endpoint *fronts[] = {&taken, &fixture.front[PLAIN]};

	(void)state;
	/* By somebody else, and by another lbd, with which the kernel would let us share it. */
	for (size_t i = 0; i < ARRAY_LEN(fronts); i++) {
		AUTO_TEXT sections = {0};
		AUTO_TEXT errors = {0};

		text_addf(&sections, "service s { listen = { \"%s\" } pool = p }\npool p { }\n", at(fronts[i]));
		assert_int_equal(lbd_run_briefly(text_get(&sections), &errors), 1);
		assert_non_null(strstr(text_get(&errors), at(fronts[i])));
		assert_non_null(strstr(text_get(&errors), "another process listens there"));
	}
}

#define TEST(function) cmocka_unit_test_teardown(function, rest)

/* With an argument only the tests whose names match it are run. */
int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		TEST(a_storm_passes_unchanged),
		TEST(a_slow_reader_holds_the_writer_back),
		TEST(a_reset_passes_a_stalled_reader),
		TEST(an_answer_before_a_reset_arrives),
		TEST(a_failed_connect_is_tried_elsewhere),
		TEST(without_a_server_it_is_a_reset),
		TEST(a_server_that_does_not_answer_is_passed_over),
		TEST(drain_keeps_what_is_open),
		TEST(a_role_resets_connections_to_its_addresses),
		TEST(a_server_that_goes_down_gets_nothing),
		TEST(timeouts_end_connections),
		TEST(descriptors_run_out_quietly),
		TEST(quit_waits_for_the_last_connection),
		TEST(a_taken_port_is_one_clear_line),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, setup, teardown);
}
