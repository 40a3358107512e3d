/* SPDX-License-Identifier: MIT */
/* The connection log: who, where, how much, and why it ended. */
#include "tests/e2e/daemon.h"

#include "common/system/fd.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
	struct lbd_process lbd;
	struct endpoint front, refusing, hasty, udp, back, nobody;
	int server;
	int udp_server;
	int log; /* what lbd writes to stderr */
} it;

static void add_service(struct text *out, const char *name, const struct endpoint *listen, const char *more)
{
	char text[ENDPOINT_TEXT_MAX];

	text_addf(out, "service %s { listen = { \"%s\" } %s }\n", name, endpoint_text(listen, text), more);
}

static void add_pool(struct text *out, const char *name, const struct endpoint *server)
{
	char text[ENDPOINT_TEXT_MAX];

	text_addf(out, "pool %s { server a { address = \"%s\" } }\n", name, endpoint_text(server, text));
}

static int udp_socket(const struct endpoint *at)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(at, &address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, size), 0);
	return fd;
}

/* lbd inherits stderr. */
static void start_lbd(const char *sections)
{
	char name[] = "/tmp/lbpair-connlog-XXXXXX";
	int saved = dup(STDERR_FILENO);

	it.log = mkstemp(name);
	assert_true(it.log >= 0 && saved >= 0);
	unlink(name);
	assert_true(fcntl(it.log, F_SETFL, O_APPEND) == 0 && dup2(it.log, STDERR_FILENO) >= 0);
	it.lbd = lbd_start(sections, 0);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
}

static int set_up(void **state)
{
	AUTO_TEXT sections = {0};

	(void)state;
	it.front = free_endpoint(100);
	it.refusing = free_endpoint(101);
	it.hasty = free_endpoint(102);
	it.udp = free_endpoint(103);
	it.back = free_endpoint(1);
	it.nobody = free_endpoint(50);
	it.server = listen_on(&it.back, 64);
	it.udp_server = udp_socket(&it.back);
	text_add(&sections, "log { level = error connections = yes }\n");
	add_service(&sections, "front", &it.front, "pool = back");
	add_service(&sections, "refusing", &it.refusing, "pool = nobody retries = 0");
	add_service(&sections, "hasty", &it.hasty, "pool = back timeouts { idle = 200ms }");
	add_service(&sections, "names", &it.udp, "pool = back protocol = udp udp { answers = 1 }");
	add_pool(&sections, "back", &it.back);
	add_pool(&sections, "nobody", &it.nobody);
	start_lbd(text_get(&sections));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)lbd_end(&it.lbd, SIGTERM);
	fd_close(&it.server);
	fd_close(&it.udp_server);
	fd_close(&it.log);
	return 0;
}

static void local_text(int fd, char text[static ENDPOINT_TEXT_MAX])
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;
	struct endpoint endpoint;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(endpoint_from_sockaddr(&address, &endpoint), 0);
	endpoint_text(&endpoint, text);
}

/* For wait_until: `context` is a line's beginning and end, with anything between. */
struct wanted {
	char start[400];
	char end[64];
};

static bool has_line(void *context)
{
	const struct wanted *wanted = context;
	static char bytes[256 * 1024];
	ssize_t count = pread(it.log, bytes, sizeof bytes - 1, 0);
	char *rest = NULL;

	assert_true(count >= 0);
	bytes[count] = '\0';
	for (char *line = strtok_r(bytes, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		size_t length = strlen(line), end = strlen(wanted->end);

		if (strncmp(line, wanted->start, strlen(wanted->start)) == 0 && length > end &&
			strcmp(line + length - end, wanted->end) == 0)
			return true;
	}
	return false;
}

static void expect_line(const char *client, const char *more, const char *cause)
{
	struct wanted wanted;

	snprintf(wanted.start, sizeof wanted.start, "level=info msg=connection client=%s %s", client, more);
	snprintf(wanted.end, sizeof wanted.end, "ms end=%s", cause);
	wait_until(has_line, &wanted, 10000);
}

/* 5 bytes up and 7 down, and then whoever closes. */
static void an_exchange_is_logged(void **state)
{
	static const struct {
		bool client_first;
		bool reset;
		const char *cause;
	} cases[] = {
		{true, false, "client-closed"},
		{false, false, "server-closed"},
		{true, true, "client-reset"},
		{false, true, "server-reset"},
	};
	const struct linger linger = {.l_onoff = 1};
	char byte[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int client = connect_to(&it.front), server = accept_from(it.server);
		int *first = cases[i].client_first ? &client : &server;
		int *second = cases[i].client_first ? &server : &client;
		char text[ENDPOINT_TEXT_MAX];

		local_text(client, text);
		assert_int_equal(send(client, "hello", 5, 0), 5);
		assert_int_equal(recv(server, byte, 5, MSG_WAITALL), 5);
		assert_int_equal(send(server, "goodbye", 7, 0), 7);
		assert_int_equal(recv(client, byte, 7, MSG_WAITALL), 7);
		if (cases[i].reset)
			(void)setsockopt(*first, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
		fd_close(first);
		(void)recv(*second, byte, 1, 0);
		fd_close(second);
		expect_line(text, "service=front server=back/a bytes_in=5 bytes_out=7 connect=", cases[i].cause);
	}
}

static void what_nobody_took_is_logged(void **state)
{
	AUTO_FD client = connect_to(&it.refusing);
	char text[ENDPOINT_TEXT_MAX], byte;

	(void)state;
	local_text(client, text);
	(void)recv(client, &byte, 1, 0);
	expect_line(
		text, "service=refusing server=nobody/a bytes_in=0 bytes_out=0 connect=- duration=", "connect-refused");
}

static void what_rests_is_logged(void **state)
{
	AUTO_FD client = connect_to(&it.hasty);
	AUTO_FD server = accept_from(it.server);
	char text[ENDPOINT_TEXT_MAX];

	(void)state;
	assert_true(server >= 0);
	local_text(client, text);
	expect_line(text, "service=hasty server=back/a bytes_in=0 bytes_out=0 connect=", "idle-timeout");
}

static void sessions_of_udp_are_logged(void **state)
{
	struct sockaddr_storage address, peer;
	socklen_t size = endpoint_to_sockaddr(&it.udp, &address), peer_size = sizeof peer;
	AUTO_FD client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char text[ENDPOINT_TEXT_MAX], bytes[16];

	(void)state;
	assert_int_equal(connect(client, (const struct sockaddr *)&address, size), 0);
	local_text(client, text);
	assert_int_equal(send(client, "who?", 4, 0), 4);
	assert_int_equal(recvfrom(it.udp_server, bytes, sizeof bytes, 0, (struct sockaddr *)&peer, &peer_size), 4);
	assert_int_equal(sendto(it.udp_server, "me", 2, 0, (struct sockaddr *)&peer, peer_size), 2);
	assert_int_equal(recv(client, bytes, sizeof bytes, 0), 2);
	expect_line(text, "service=names server=back/a bytes_in=4 bytes_out=2 connect=- duration=", "answered");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exchange_is_logged),
		cmocka_unit_test(what_nobody_took_is_logged),
		cmocka_unit_test(what_rests_is_logged),
		cmocka_unit_test(sessions_of_udp_are_logged),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
