/* SPDX-License-Identifier: MIT */
/* What operators, failing servers and a short supply do to lbd, and what it tells of it. */
#include "tests/e2e/fixture.h"

#include "common/system/clock.h"
#include "common/system/fd.h"
#include "common/system/liveness.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

static int64_t ms_since(struct mono began)
{
	return mono_diff(clock_mono(), began) / NS_PER_MS;
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
		assert_in_range(ms_since(began), 0, 2500);
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

static void accept_hasty(int *ret_client, int *ret_server)
{
	*ret_client = connect_to(&fixture.front[HASTY]);
	*ret_server = accept_from(fixture.servers[0]);
}

static void timeouts_end_connections(void **state)
{
	int client, server;
	struct mono began;

	(void)state;
	accept_hasty(&client, &server);
	for (int i = 0; i < 3; i++) {
		assert_false(is_readable(client, 1000));
		began = clock_mono();
		send_all(client, "y");
		expect_text(server, "y");
	}
	expect_end(client);
	assert_in_range(ms_since(began), 1900, 5000);
	expect_end(server);
	close(client);
	close(server);

	/* Half closed: from the FIN on, though the other direction is busy. */
	accept_hasty(&client, &server);
	began = clock_mono();
	shutdown(client, SHUT_WR);
	expect_end(server);
	for (int i = 0; i < 4; i++) {
		send_all(server, "z");
		expect_text(client, "z");
		assert_false(is_readable(client, 150));
	}
	expect_end(client);
	assert_in_range(ms_since(began), 1400, 5000);
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

static bool service_is_up(struct liveness *live, const char *name)
{
	struct liveness_service services[16];
	int count = liveness_read_services(live, services, ARRAY_LEN(services));

	for (int i = 0; i < count; i++) {
		if (strcmp(services[i].name, name) == 0)
			return services[i].up;
	}
	fail_msg("no service %s in the page", name);
	return false;
}

static bool is_checked(void *context)
{
	struct liveness_state state;

	liveness_read(context, &state);
	return state.checked;
}

struct beating {
	struct liveness *live;
	struct liveness_state before;
};

static bool have_beaten(void *context)
{
	const struct beating *beating = context;
	struct liveness_state now;
	bool all = true;

	liveness_read(beating->live, &now);
	for (unsigned i = 0; i < now.loops; i++)
		all &= now.beats[i] - beating->before.beats[i] >= 4;
	return all;
}

static void drain_or_enable(const char *method, const char *server)
{
	json_t *result = lbd_call(&fixture.lbd, method, json_pack("{s:s}", "server", server));

	assert_non_null(result);
	json_decref(result);
}

static void vrrpd_is_told(void **test_state)
{
	struct liveness_state before, after;
	struct beating beating;
	struct mono began;
	struct liveness *live;
	char run_dir[128];
	pid_t pid;

	(void)test_state;
	snprintf(run_dir, sizeof run_dir, "%s/run", fixture.lbd.dir);
	assert_int_equal(liveness_open(run_dir, &live), 0);
	assert_int_equal(liveness_pid(live, &pid), 0);
	assert_int_equal(pid, fixture.lbd.pid);
	wait_until(is_checked, live, 3000);
	liveness_read(live, &before);
	assert_true(before.bound);
	assert_int_equal(before.loops, 3);
	beating = (struct beating){.live = live, .before = before};
	began = clock_mono();
	wait_until(have_beaten, &beating, 5000);
	liveness_read(live, &after);
	for (unsigned i = 0; i < before.loops; i++)
		assert_in_range(after.beats[i] - before.beats[i], 4, ms_since(began) / LIVENESS_BEAT_MS + 2);
	assert_true(service_is_up(live, "pair"));
	assert_false(service_is_up(live, "empty"));
	drain_or_enable("drain", "pair/a");
	assert_true(service_is_up(live, "pair"));
	drain_or_enable("drain", "pair/b");
	assert_false(service_is_up(live, "pair"));
	drain_or_enable("enable", "pair/b");
	assert_true(service_is_up(live, "pair"));
	drain_or_enable("enable", "pair/a");
	liveness_free(live);
}

/* Answers the checks of `lbd` on `listener` with `response` until the server's check reads `wanted`. */
struct answering {
	const struct lbd_process *lbd;
	int listener;
	const char *response;
	const char *wanted;
	const char *health;
};

static bool check_reads(void *context)
{
	const struct answering *answering = context;
	char request[1024], text[200], health[200];

	while (is_readable(answering->listener, 20)) {
		int fd = accept_from(answering->listener);
		ssize_t got = recv(fd, request, sizeof request - 1, 0);

		/* A check that timed out meanwhile has gone. */
		if (got > 0) {
			request[got] = '\0';
			assert_ptr_equal(strstr(request, "GET /ready HTTP/1.1\r\nHost: app\r\n"), request);
			(void)send(fd, answering->response, strlen(answering->response), MSG_NOSIGNAL);
		}
		close(fd);
	}
	lbd_server_text(answering->lbd, "p/s", "check", text);
	lbd_server_text(answering->lbd, "p/s", "health", health);
	return strncmp(text, answering->wanted, strlen(answering->wanted)) == 0 &&
	       strcmp(health, answering->health) == 0;
}

static void http_checks_read_the_answer(void **state)
{
	static const struct {
		const char *response;
		const char *text;
		const char *health;
	} cases[] = {
		{"HTTP/1.1 200 OK\r\n\r\nall systems ready", "HTTP 200 in ", "up"},
		{"HTTP/1.1 503 Busy\r\n\r\n", "HTTP 503 where 200-399 is expected", "down"},
		{"HTTP/1.1 301 Moved\r\nContent-Length: 5\r\n\r\nready", "HTTP 301 in ", "up"},
		{"HTTP/1.1 200 OK\r\n\r\nnot yet", "HTTP 200 without the expected body", "down"},
		{"hello\r\n", "not an HTTP response", "down"},
	};
	struct endpoint front = free_endpoint(65), back = free_endpoint(66);
	struct answering answering = {.listener = listen_on(&back, 4096)};
	AUTO_TEXT sections = {0};
	struct lbd_process lbd;

	(void)state;
	text_addf(&sections, "service s { listen = { \"%s\" } pool = p }\npool p { server s { address = \"%s\" }\n",
		at(&front), at(&back));
	text_addf(&sections, "check http { path = /ready host = app interval = 40ms timeout = 300ms rise = 2 fall = 2 "
			     "expect-body = ready } }\n");
	lbd = lbd_start(text_get(&sections), 0);
	answering.lbd = &lbd;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		answering.response = cases[i].response;
		answering.wanted = cases[i].text;
		answering.health = cases[i].health;
		wait_until(check_reads, &answering, 5000);
	}
	/* Nobody answers. */
	poll(NULL, 0, 700);
	{
		char text[200];

		lbd_server_text(&lbd, "p/s", "check", text);
		assert_string_equal(text, "timeout after 300 ms");
	}
	close(answering.listener);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

#define CROWD 200

static bool any_is_readable(int clients[static CROWD], int limit_ms)
{
	struct pollfd polls[CROWD];

	for (size_t i = 0; i < CROWD; i++)
		polls[i] = (struct pollfd){.fd = clients[i], .events = POLLIN};
	return poll(polls, CROWD, limit_ms) > 0;
}

static bool fds_settle(void *context)
{
	unsigned before = lbd_count_fds(context, "");

	poll(NULL, 0, 50);
	return lbd_count_fds(context, "") == before;
}

/* It may open so many more than it has. */
static void leave_descriptors(struct lbd_process *lbd, unsigned count)
{
	struct rlimit files;

	wait_until(fds_settle, lbd, 5000);
	count += lbd_count_fds(lbd, "");
	files = (struct rlimit){count, count};
	assert_int_equal(prlimit(lbd->pid, RLIMIT_NOFILE, &files, NULL), 0);
}

/* More clients than there are descriptors for: they wait, and each is served when those before it have gone. */
static void crowd_is_served(unsigned descriptors)
{
	struct endpoint front = free_endpoint(62), back = free_endpoint(67);
	AUTO_FD listener = listen_on(&back, CROWD);
	AUTO_TEXT sections = {0};
	struct lbd_process lbd;
	int clients[CROWD];
	int64_t cpu_ms;

	text_addf(&sections,
		"forwarder { threads = 1 }\nservice s { listen = { \"%s\" } pool = p timeouts { connect = 60s } }\n",
		at(&front));
	text_addf(&sections, "pool p { server b { address = \"%s\" } }\n", at(&back));
	lbd = lbd_start(text_get(&sections), 0);
	leave_descriptors(&lbd, descriptors);
	for (size_t i = 0; i < CROWD; i++)
		clients[i] = connect_to(&front);
	cpu_ms = lbd_cpu_ms(&lbd);
	assert_false(any_is_readable(clients, 1000));
	assert_in_range(lbd_cpu_ms(&lbd) - cpu_ms, 0, 300);
	for (size_t i = 0; i < CROWD; i++) {
		AUTO_FD server = accept_from(listener);

		send_all(clients[i], "mine");
		expect_text(server, "mine");
		close(clients[i]);
		expect_end(server);
	}
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

/* A connection takes two descriptors: the last one finds none at all, or none for its server's side. */
static void descriptors_run_out_quietly(void **state)
{
	(void)state;
	crowd_is_served(20);
	crowd_is_served(21);
}

static void quit_waits_for_the_last_connection(void **state)
{
	struct endpoint front = free_endpoint(63), back = free_endpoint(68);
	AUTO_FD listener = listen_on(&back, 4096);
	AUTO_TEXT sections = {0};
	struct lbd_process lbd;
	int client, server, status;
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(&front, &address);
	AUTO_FD late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	text_addf(&sections, "service s { listen = { \"%s\" } pool = p }\npool p { server b { address = \"%s\" } }\n",
		at(&front), at(&back));
	lbd = lbd_start(text_get(&sections), 0);
	client = connect_to(&front);
	server = accept_from(listener);
	assert_int_equal(kill(lbd.pid, SIGQUIT), 0);
	/*
	 * Within moments nobody listens any more, and what is open goes on. A handshake that was under way while its
	 * listener closed is reset, which is the kernel's doing.
	 */
	for (int i = 0; i < 1000; i++) {
		if (connect(late, (struct sockaddr *)&address, size) < 0 && errno != ECONNRESET)
			break;
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
	while (is_readable(listener, 50))
		close(accept_from(listener));
	assert_int_equal(lbd_end(&lbd, 0), 0);
}

static void a_taken_port_is_one_clear_line(void **state)
{
	struct endpoint taken = free_endpoint(64);
	int holder = listen_on(&taken, 1);
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
	close(holder);
}

#define TEST(function) cmocka_unit_test_teardown(function, fixture_rest)

/* With an argument only the tests whose names match it are run. */
int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		TEST(a_server_that_does_not_answer_is_passed_over),
		TEST(drain_keeps_what_is_open),
		TEST(a_role_resets_connections_to_its_addresses),
		TEST(vrrpd_is_told),
		TEST(http_checks_read_the_answer),
		TEST(a_server_that_goes_down_gets_nothing),
		TEST(timeouts_end_connections),
		TEST(descriptors_run_out_quietly),
		TEST(quit_waits_for_the_last_connection),
		TEST(a_taken_port_is_one_clear_line),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
