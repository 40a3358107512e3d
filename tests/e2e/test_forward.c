/* SPDX-License-Identifier: MIT */
/* Through lbd as a process, on loopback and without privilege: what goes in comes out, byte for byte, end for end. */
#include "tests/e2e/fixture.h"

#include "common/system/fd.h"
#include "tests/e2e/storm.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>

static void set_inline(int fd)
{
	const int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
}

/* Each takes two descriptors here and two in lbd, and a pipe or two while it is bulk. */
#define STORM 3000
#define SMALL_STORM 400

static void storm_of(uint32_t connections, uint32_t seed)
{
	struct storm_setup setup = {
		.to = fixture.front[PLAIN],
		.server_fds = fixture.servers,
		.server_count = SERVERS,
		.connections = connections,
		.seed = seed,
		.limit_ns = 240 * NS_PER_S,
	};
	struct storm_result result;

	for (size_t i = 0; i < SERVERS; i++)
		set_blocking(fixture.servers[i], false);
	storm_run(&setup, &result);
	for (size_t i = 0; i < SERVERS; i++)
		set_blocking(fixture.servers[i], true);
	if (result.failures > 0)
		fail_msg("%u failures, seed %u, the first: %s", result.failures, seed, result.error);
	assert_in_range(result.fins, connections, 2 * connections);
	assert_in_range(result.resets, connections / 10, connections);
	assert_in_range(result.late_resets, connections / 20, connections / 2);
}

static void a_storm_passes_unchanged(void **state)
{
	struct rlimit limit;
	json_int_t in = lbd_service_number(&fixture.lbd, "plain", "bytes_in");

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	storm_of(SMALL_STORM, 1);
	storm_of(STORM, 2);
	assert_true(lbd_service_number(&fixture.lbd, "plain", "bytes_in") > in);
}

/* The operator's decisions change what new connections meet, and nothing for those that are open. */

static void decide(const char *method, const char *server, int weight)
{
	json_t *result = lbd_call(&fixture.lbd, method, json_pack("{s:s, s:i}", "server", server, "weight", weight));

	if (result == NULL)
		abort();
	json_decref(result);
}

static void *decide_on(void *context)
{
	static const char *const names[] = {"all/a", "all/b", "all/c"};
	_Atomic bool *stopping = context;

	for (unsigned i = 0; !atomic_load(stopping); i++) {
		const char *name = names[i % ARRAY_LEN(names)];

		decide("drain", name, 0);
		decide("weight", name, (int)(i % 256 + 1));
		poll(NULL, 0, 5);
		decide("enable", name, 0);
	}
	return NULL;
}

static void a_storm_passes_while_servers_come_and_go(void **state)
{
	_Atomic bool stopping = false;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, decide_on, &stopping), 0);
	storm_of(SMALL_STORM, 3);
	atomic_store(&stopping, true);
	pthread_join(thread, NULL);
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
	wait_until(fixture_is_at_rest, NULL, 2000);
	close(server);
	client = connect_to(&fixture.front[PLAIN]);
	(void)accept_any(&server);
	(void)stuff(server);
	reset_close(server);
	wait_until(fixture_is_at_rest, NULL, 2000);
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

static void urgent_bytes_stay_in_the_stream(void **state)
{
	int client = connect_to(&fixture.front[PLAIN]), server;

	(void)state;
	(void)accept_any(&server);
	for (int i = 0; i < 20; i++) {
		int from = i % 2 == 0 ? client : server, to = i % 2 == 0 ? server : client;

		send_all(from, "before");
		assert_int_equal(send(from, "!", 1, MSG_OOB), 1);
		send_all(from, "after");
		set_inline(to);
		expect_text(to, "before!after");
	}
	close(client);
	expect_end(server);
	close(server);
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

#define TEST(function) cmocka_unit_test_teardown(function, fixture_rest)

/* With an argument only the tests whose names match it are run. */
int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		TEST(a_storm_passes_unchanged),
		TEST(a_storm_passes_while_servers_come_and_go),
		TEST(a_slow_reader_holds_the_writer_back),
		TEST(a_reset_passes_a_stalled_reader),
		TEST(an_answer_before_a_reset_arrives),
		TEST(urgent_bytes_stay_in_the_stream),
		TEST(a_failed_connect_is_tried_elsewhere),
		TEST(without_a_server_it_is_a_reset),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
