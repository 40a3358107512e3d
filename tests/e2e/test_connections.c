/* SPDX-License-Identifier: MIT */
/* `lbctl connections`: what is open in lbd, in each state. */
#include "tests/e2e/daemon.h"

#include "common/system/fd.h"
#include "tests/unit/unit.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 2000

static struct {
	struct lbd_process lbd;
	struct endpoint front, full, deaf, told, udp, back, silent;
	int server;
	int silent_fd;
	int udp_server;
	int fillers[3];
} it;

static const char *at(const struct endpoint *endpoint)
{
	static char texts[16][ENDPOINT_TEXT_MAX];
	static unsigned next;

	return endpoint_text(endpoint, texts[next++ % 16]);
}

static int udp_socket(const struct endpoint *endpoint)
{
	const struct timeval limit = {.tv_sec = 5};
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(endpoint, &address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, size), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	return fd;
}

static void add_service(struct text *out, const char *name, const struct endpoint *listen, const char *more)
{
	text_addf(out, "service %s { listen = { \"%s\" } %s }\n", name, at(listen), more);
}

/* SYNs to a full queue are dropped. */
static void fill_silent(void)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(&it.silent, &address);

	it.silent_fd = listen_on(&it.silent, 0);
	for (size_t i = 0; i < ARRAY_LEN(it.fillers); i++) {
		it.fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(it.fillers[i], (struct sockaddr *)&address, size);
	}
}

static int set_up(void **state)
{
	AUTO_TEXT sections = {0};

	(void)state;
	it.front = free_endpoint(100);
	it.full = free_endpoint(101);
	it.deaf = free_endpoint(102);
	it.told = free_endpoint(103);
	it.udp = free_endpoint(104);
	it.back = free_endpoint(1);
	it.silent = free_endpoint(50);
	it.server = listen_on(&it.back, 4096);
	it.udp_server = udp_socket(&it.back);
	fill_silent();
	add_service(&sections, "front", &it.front, "pool = back");
	add_service(&sections, "full", &it.full, "pool = single");
	add_service(&sections, "deaf", &it.deaf, "pool = silent timeouts { connect = 60s }");
	add_service(&sections, "told", &it.told,
		"pool = back accept-proxy = yes accept-proxy-from = { 127.0.0.0/8 } timeouts { hello = 60s }");
	add_service(&sections, "names", &it.udp, "pool = back protocol = udp");
	text_addf(&sections, "pool back { server a { address = \"%s\" } }\n", at(&it.back));
	text_addf(&sections,
		"pool single { queue { size = 10 timeout = 60s } server a { address = \"%s\" max-connections = 1 } }\n",
		at(&it.back));
	text_addf(&sections, "pool silent { server a { address = \"%s\" } }\n", at(&it.silent));
	it.lbd = lbd_start(text_get(&sections), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_int_equal(lbd_end(&it.lbd, SIGTERM), 0);
	fd_close(&it.server);
	fd_close(&it.silent_fd);
	fd_close(&it.udp_server);
	for (size_t i = 0; i < ARRAY_LEN(it.fillers); i++)
		fd_close(&it.fillers[i]);
	return 0;
}

/* lbctl, with stderr, into `out`. Returns its exit status. */
static int run(const char *words, struct text *out)
{
	char line[200], piece[4096];
	FILE *pipe;
	size_t count;
	int status;

	snprintf(line, sizeof line, "./lbctl/lbctl --run-dir %s/run connections %s 2>&1", it.lbd.dir, words);
	pipe = popen(line, "re");
	assert_non_null(pipe);
	while ((count = fread(piece, 1, sizeof piece, pipe)) > 0)
		text_add_bytes(out, piece, count);
	status = pclose(pipe);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Before there is a server, a mere end would be passed on to it later. */
static void leave(int client)
{
	const struct linger linger = {.l_onoff = 1};

	(void)setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	close(client);
}

/* Owned by the caller. */
static json_t *list_of(const char *service)
{
	AUTO_TEXT out = {0};
	char words[80];
	json_t *list;

	snprintf(words, sizeof words, "--json %s", service);
	assert_int_equal(run(words, &out), 0);
	list = json_loads(text_get(&out), 0, NULL);
	assert_true(json_is_array(list));
	return list;
}

static struct endpoint local_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;
	struct endpoint endpoint;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(endpoint_from_sockaddr(&address, &endpoint), 0);
	return endpoint;
}

static bool says(const json_t *entry, const char *key, const char *wanted)
{
	const json_t *value = json_object_get(entry, key);

	return wanted == NULL ? json_is_null(value)
			      : json_is_string(value) && strcmp(json_string_value(value), wanted) == 0;
}

static json_int_t number_of(const json_t *entry, const char *key)
{
	const json_t *value = json_object_get(entry, key);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

/* For wait_until: a client that lbd shows so. */
struct wanted {
	int fd;
	const char *protocol;
	const struct endpoint *local;
	const char *service;
	const char *server; /* NULL: none */
	const char *state;
	json_int_t bytes_in, bytes_out;
};

static bool is_wanted(const json_t *entry, const struct wanted *wanted)
{
	return says(entry, "protocol", wanted->protocol) && says(entry, "local", at(wanted->local)) &&
	       says(entry, "service", wanted->service) && says(entry, "server", wanted->server) &&
	       says(entry, "state", wanted->state) && number_of(entry, "bytes_in") == wanted->bytes_in &&
	       number_of(entry, "bytes_out") == wanted->bytes_out && number_of(entry, "idle_ms") >= 0 &&
	       number_of(entry, "idle_ms") <= number_of(entry, "age_ms");
}

static bool is_shown(void *context)
{
	const struct wanted *wanted = context;
	struct endpoint client = local_of(wanted->fd);
	json_t *list = list_of(wanted->service);
	unsigned shown = 0, others = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);

		others += !says(entry, "service", wanted->service);
		shown += says(entry, "client", at(&client)) && is_wanted(entry, wanted);
	}
	json_decref(list);
	assert_int_equal(others, 0);
	return shown == 1;
}

static void expect_shown(struct wanted wanted)
{
	wait_until(is_shown, &wanted, 10000);
}

static bool is_empty(void *context)
{
	json_t *list = list_of("");
	bool empty = json_array_size(list) == 0;

	(void)context;
	json_decref(list);
	return empty;
}

/* A client that waits may get the place of the one before it in the moment in which it leaves. */
static void drop_what_nobody_accepted(void)
{
	struct pollfd server = {.fd = it.server, .events = POLLIN};

	while (poll(&server, 1, 0) > 0)
		close(accept_from(it.server));
}

static int rest(void **state)
{
	(void)state;
	wait_until(is_empty, NULL, 20000);
	drop_what_nobody_accepted();
	return 0;
}

static void an_open_one_is_shown_until_its_end(void **state)
{
	AUTO_FD client = connect_to(&it.front);
	AUTO_FD server = accept_from(it.server);
	struct wanted wanted = {client, "tcp", &it.front, "front", "back/a", "open", 5, 7};
	char bytes[16];

	(void)state;
	assert_int_equal(send(client, "hello", 5, 0), 5);
	assert_int_equal(recv(server, bytes, 5, MSG_WAITALL), 5);
	assert_int_equal(send(server, "goodbye", 7, 0), 7);
	assert_int_equal(recv(client, bytes, 7, MSG_WAITALL), 7);
	expect_shown(wanted);
	(void)shutdown(client, SHUT_WR);
	wanted.state = "client-done";
	expect_shown(wanted);
}

static void a_server_that_is_done_is_shown(void **state)
{
	AUTO_FD client = connect_to(&it.front);
	AUTO_FD server = accept_from(it.server);

	(void)state;
	(void)shutdown(server, SHUT_WR);
	expect_shown((struct wanted){client, "tcp", &it.front, "front", "back/a", "server-done", 0, 0});
}

static void one_that_waits_is_shown(void **state)
{
	AUTO_FD first = connect_to(&it.full);
	AUTO_FD server = accept_from(it.server);
	int second = connect_to(&it.full);

	(void)state;
	assert_true(server >= 0);
	expect_shown((struct wanted){first, "tcp", &it.full, "full", "single/a", "open", 0, 0});
	expect_shown((struct wanted){second, "tcp", &it.full, "full", NULL, "waiting", 0, 0});
	leave(second);
}

static void one_that_connects_is_shown(void **state)
{
	int client = connect_to(&it.deaf);

	(void)state;
	expect_shown((struct wanted){client, "tcp", &it.deaf, "deaf", "silent/a", "connecting", 0, 0});
	leave(client);
}

static void one_whose_preface_is_to_come_is_shown(void **state)
{
	int client = connect_to(&it.told);

	(void)state;
	expect_shown((struct wanted){client, "tcp", &it.told, "told", NULL, "preface", 0, 0});
	leave(client);
}

static void end_sessions(void)
{
	json_t *params = json_pack("{s:s}", "server", "back/a");

	json_decref(lbd_call(&it.lbd, "disable", json_incref(params)));
	json_decref(lbd_call(&it.lbd, "enable", params));
}

static void a_session_of_udp_is_shown(void **state)
{
	struct sockaddr_storage address, peer;
	socklen_t size = endpoint_to_sockaddr(&it.udp, &address), peer_size = sizeof peer;
	AUTO_FD client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char bytes[16];

	(void)state;
	assert_int_equal(connect(client, (const struct sockaddr *)&address, size), 0);
	assert_int_equal(send(client, "who?", 4, 0), 4);
	assert_int_equal(recvfrom(it.udp_server, bytes, sizeof bytes, 0, (struct sockaddr *)&peer, &peer_size), 4);
	assert_int_equal(sendto(it.udp_server, "me", 2, 0, (struct sockaddr *)&peer, peer_size), 2);
	expect_shown((struct wanted){client, "udp", &it.udp, "names", "back/a", "open", 4, 2});
	end_sessions();
}

/* Each of many once, the oldest first, and by the service alone that is asked for. */
static void many_are_shown_once(void **state)
{
	static int clients[MANY], servers[MANY];
	static uint8_t met[UINT16_MAX + 1];
	int other = connect_to(&it.deaf);
	json_int_t age = INT64_MAX;
	json_t *list;

	(void)state;
	expect_shown((struct wanted){other, "tcp", &it.deaf, "deaf", "silent/a", "connecting", 0, 0});
	for (unsigned i = 0; i < MANY; i++) {
		clients[i] = connect_to(&it.front);
		servers[i] = accept_from(it.server);
	}
	list = list_of("front");
	assert_int_equal(json_array_size(list), MANY);
	for (unsigned i = 0; i < MANY; i++) {
		const json_t *entry = json_array_get(list, i);
		struct endpoint client;

		assert_int_equal(endpoint_parse(json_string_value(json_object_get(entry, "client")), &client), 0);
		assert_true(number_of(entry, "age_ms") <= age);
		age = number_of(entry, "age_ms");
		met[client.port]++;
	}
	json_decref(list);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(met[local_of(clients[i]).port], 1);
	list = list_of("");
	assert_int_equal(json_array_size(list), MANY + 1);
	json_decref(list);
	for (unsigned i = 0; i < MANY; i++)
		close(clients[i]), close(servers[i]);
	leave(other);
}

static void expect_run(const char *words, int status, const char *says_this)
{
	AUTO_TEXT out = {0};

	assert_int_equal(run(words, &out), status);
	if (strstr(text_get(&out), says_this) == NULL)
		fail_msg("lbctl connections %s says %s", words, text_get(&out));
}

static void the_text_has_a_line_for_each(void **state)
{
	int client;
	char line[200];

	(void)state;
	expect_run("", 0, "no connections\n");
	client = connect_to(&it.deaf);
	expect_shown((struct wanted){client, "tcp", &it.deaf, "deaf", "silent/a", "connecting", 0, 0});
	snprintf(line, sizeof line, "%s  tcp       deaf     silent/a  connecting", at(&it.deaf));
	expect_run("", 0, line);
	expect_run("front", 0, "no connections\n");
	leave(client);
}

static void what_is_wrong_is_refused(void **state)
{
	static const char *const wrong[] = {"{\"from\":-1}", "{\"from\":\"0\"}", "{\"from\":1.5}",
		"{\"from\":17179869184}", "{\"service\":\"fronts\"}"};

	(void)state;
	expect_run("fronts", 1, "there is no service fronts, did you mean front?");
	expect_run("elsewhere", 1, "there is no service elsewhere\n");
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_null(lbd_call(&it.lbd, "connections", json_loads(wrong[i], 0, NULL)));
}

int main(void)
{
	const struct rlimit files = {8192, 8192};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(an_open_one_is_shown_until_its_end, rest),
		cmocka_unit_test_teardown(a_server_that_is_done_is_shown, rest),
		cmocka_unit_test_teardown(one_that_waits_is_shown, rest),
		cmocka_unit_test_teardown(one_that_connects_is_shown, rest),
		cmocka_unit_test_teardown(one_whose_preface_is_to_come_is_shown, rest),
		cmocka_unit_test_teardown(a_session_of_udp_is_shown, rest),
		cmocka_unit_test_teardown(many_are_shown_once, rest),
		cmocka_unit_test_teardown(the_text_has_a_line_for_each, rest),
		cmocka_unit_test_teardown(what_is_wrong_is_refused, rest),
	};

	signal(SIGPIPE, SIG_IGN);
	(void)setrlimit(RLIMIT_NOFILE, &files);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
