/* SPDX-License-Identifier: MIT */
/* Routes by TLS's server name and protocols: which server a client comes to, and that it gets each byte. */
#include "tests/e2e/daemon.h"

#include "common/system/clock.h"
#include "common/system/fd.h"
#include "common/system/tls_client.h"
#include "tests/e2e/tls_server.h"
#include "tests/unit/hello.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

enum { SHOP, H2, OTHER, BACKUP, SERVER_COUNT, NOBODY = SERVER_COUNT };

static const char *const server_names[] = {"shop", "h2", "other", "backup"};

static struct {
	struct lbd_process lbd;
	struct endpoint front, strict, proxied;
	struct endpoint back[SERVER_COUNT];
	int servers[SERVER_COUNT];
} it;

static uint8_t bytes[HELLO_MAX];

static const char routes[] = "route shop { server-names = { shop.example.com, Store.Example.com } pool = shop }\n"
			     "route h2 { server-names = { \"*.example.com\" } alpn = { h2 } pool = h2 }\n"
			     "route gone { server-names = { gone.example.com } pool = empty }\n";

static void add_service(struct text *out, const char *name, const struct endpoint *listen, const char *more)
{
	char text[ENDPOINT_TEXT_MAX];

	text_addf(out, "service %s { listen = { \"%s\" } timeouts { hello = 2s }\n%s%s }\n", name,
		endpoint_text(listen, text), routes, more);
}

static int set_up(void **state)
{
	AUTO_TEXT sections = {0};

	(void)state;
	it.front = free_endpoint(100);
	it.strict = free_endpoint(101);
	it.proxied = free_endpoint(102);
	add_service(&sections, "front", &it.front, "pool = other backup-pool = backup");
	add_service(&sections, "strict", &it.strict, "");
	add_service(&sections, "proxied", &it.proxied,
		"pool = other accept-proxy = yes accept-proxy-from = { 127.0.0.0/8 }");
	for (size_t i = 0; i < SERVER_COUNT; i++) {
		char text[ENDPOINT_TEXT_MAX];

		it.back[i] = free_endpoint((uint8_t)(1 + i));
		it.servers[i] = listen_on(&it.back[i], 64);
		text_addf(&sections, "pool %s { server a { address = \"%s\" } }\n", server_names[i],
			endpoint_text(&it.back[i], text));
	}
	text_add(&sections, "pool empty { }\n");
	it.lbd = lbd_start(text_get(&sections), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)lbd_end(&it.lbd, SIGTERM);
	for (size_t i = 0; i < SERVER_COUNT; i++)
		fd_close(&it.servers[i]);
	return 0;
}

static void send_bytes(int fd, const uint8_t *from, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(fd, from, size, MSG_NOSIGNAL);

		assert_true(sent > 0);
		from += sent;
		size -= (size_t)sent;
	}
}

static void expect_bytes(int fd, const uint8_t *expected, size_t size)
{
	static uint8_t got[HELLO_MAX];
	size_t have = 0;

	while (have < size) {
		ssize_t count = recv(fd, got + have, size - have, 0);

		assert_true(count > 0);
		have += (size_t)count;
	}
	assert_memory_equal(got, expected, size);
}

/* The server that a connection comes to, and it; NOBODY: none within the time. */
static int accept_within(int limit_ms, int *ret_fd)
{
	struct pollfd list[SERVER_COUNT];

	for (size_t i = 0; i < SERVER_COUNT; i++)
		list[i] = (struct pollfd){.fd = it.servers[i], .events = POLLIN};
	if (poll(list, SERVER_COUNT, limit_ms) == 0)
		return NOBODY;
	for (int i = 0; i < SERVER_COUNT; i++) {
		if (list[i].revents == 0)
			continue;
		*ret_fd = accept_from(it.servers[i]);
		return i;
	}
	return NOBODY;
}

static void expect_server(int expected, const uint8_t *sent, size_t size)
{
	AUTO_FD fd = -1;
	int server = accept_within(5000, &fd);

	if (server != expected)
		fail_msg("server %d instead of %d", server, expected);
	expect_bytes(fd, sent, size);
}

static json_int_t ended(const char *service, const char *cause)
{
	json_t *status = lbd_call(&it.lbd, "status", NULL);
	json_int_t count = 0;
	json_t *entry;
	size_t i;

	assert_non_null(status);
	json_array_foreach(json_object_get(status, "services"), i, entry)
	{
		if (strcmp(json_string_value(json_object_get(entry, "name")), service) == 0)
			count = json_integer_value(json_object_get(json_object_get(entry, "ended_total"), cause));
	}
	json_decref(status);
	return count;
}

static const struct {
	const char *what;
	struct hello_plan plan;
	int server;
} cases[] = {
	{"a name", {.name = "shop.example.com", .protocols = "h2"}, SHOP},
	{"one in capitals", {.name = "SHOP.EXAMPLE.COM."}, SHOP},
	{"one that is configured in capitals", {.name = "store.example.com"}, SHOP},
	{"a suffix and a protocol", {.name = "www.example.com", .protocols = "h2,http/1.1", .grease = true}, H2},
	{"a suffix and another protocol", {.name = "www.example.com", .protocols = "http/1.1"}, OTHER},
	{"another name", {.name = "example.com", .protocols = "h2"}, OTHER},
	{"no name", {.protocols = "h2"}, OTHER},
	{"no extensions", {.no_extensions = true}, OTHER},
	{"a key share over several segments", {.name = "shop.example.com", .padding = 6000}, SHOP},
	{"records of seven bytes", {.name = "shop.example.com", .fragment = 7}, SHOP},
	{"a hello that is too large", {.name = "shop.example.com", .padding = 16384}, OTHER},
	{"a pool without servers", {.name = "gone.example.com", .protocols = "http/1.1"}, BACKUP},
};

static void names_and_protocols_lead_to_servers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t size = hello_write(&cases[i].plan, bytes);
		AUTO_FD client = connect_to(&it.front);

		send_bytes(client, bytes, size);
		expect_server(cases[i].server, bytes, size);
	}
}

/* Each byte in a segment of its own; nobody is connected to before the last one. */
static void a_hello_may_come_byte_by_byte(void **state)
{
	const struct hello_plan plan = {.name = "shop.example.com", .protocols = "h2"};
	size_t size = hello_write(&plan, bytes);
	AUTO_FD client = connect_to(&it.front);
	const int on = 1;
	int fd;

	(void)state;
	assert_int_equal(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
	for (size_t i = 0; i + 1 < size; i++)
		send_bytes(client, bytes + i, 1);
	assert_int_equal(accept_within(100, &fd), NOBODY);
	send_bytes(client, bytes + size - 1, 1);
	expect_server(SHOP, bytes, size);
}

static void what_is_no_tls_goes_to_the_pool(void **state)
{
	static const uint8_t request[] = "GET / HTTP/1.1\r\nHost: shop.example.com\r\n\r\n";
	AUTO_FD client = connect_to(&it.front);

	(void)state;
	send_bytes(client, request, sizeof request - 1);
	expect_server(OTHER, request, sizeof request - 1);
}

/* Whoever waits for the server to speak first, and whoever stops on the way, and whoever ends there. */
static void a_hello_that_does_not_come_is_not_waited_for(void **state)
{
	const struct hello_plan plan = {.name = "shop.example.com"};
	size_t size = hello_write(&plan, bytes);
	AUTO_FD silent = connect_to(&it.front);
	int fd;

	(void)state;
	assert_true(silent >= 0);
	assert_int_equal(accept_within(100, &fd), NOBODY);
	expect_server(OTHER, bytes, 0);
	for (int shut = 0; shut < 2; shut++) {
		AUTO_FD client = connect_to(&it.front);

		send_bytes(client, bytes, size - 1);
		if (shut)
			assert_int_equal(shutdown(client, SHUT_WR), 0);
		expect_server(OTHER, bytes, size - 1);
	}
}

static void without_a_pool_the_rest_is_refused(void **state)
{
	const struct hello_plan right = {.name = "shop.example.com"}, wrong = {.name = "shop.example.org"};
	json_int_t before = ended("strict", "no-route");
	AUTO_FD refused = connect_to(&it.strict);
	AUTO_FD client = connect_to(&it.strict);
	size_t size = hello_write(&wrong, bytes);
	char byte;

	(void)state;
	send_bytes(refused, bytes, size);
	assert_int_equal(recv(refused, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(ended("strict", "no-route"), before + 1);
	size = hello_write(&right, bytes);
	send_bytes(client, bytes, size);
	expect_server(SHOP, bytes, size);
}

/* The PROXY header first, which is taken out, and then the hello, which is not; in one segment. */
static void a_hello_may_come_behind_a_proxy_header(void **state)
{
	static const char header[] = "PROXY TCP4 192.0.2.7 192.0.2.100 50000 443\r\n";
	const struct hello_plan plan = {.name = "www.example.com", .protocols = "h2"};
	size_t size = hello_write(&plan, bytes);
	uint8_t both[512];
	AUTO_FD client = connect_to(&it.proxied);

	(void)state;
	assert_true(sizeof header - 1 + size <= sizeof both);
	memcpy(both, header, sizeof header - 1);
	memcpy(both + sizeof header - 1, bytes, size);
	send_bytes(client, both, sizeof header - 1 + size);
	expect_server(H2, bytes, size);
}

/* A real handshake, by OpenSSL on both sides. */

static void *shake_hands(void *context)
{
	int fd = *(int *)context;
	struct tls_trust *trust;
	struct tls_client *client;
	struct mono until = mono_add(clock_mono(), 10 * NS_PER_S);
	int r;

	if (tls_trust_new(NULL, &trust) < 0)
		return NULL;
	if (tls_client_new(trust, fd, "shop.example.com", NULL, &client) < 0) {
		tls_trust_free(trust);
		return NULL;
	}
	while ((r = tls_client_handshake(client)) == -EAGAIN && !mono_reached(until, clock_mono())) {
		struct pollfd at = {.fd = fd, .events = tls_client_wants_write(client) ? POLLOUT : POLLIN};

		(void)poll(&at, 1, 100);
	}
	tls_client_free(client);
	tls_trust_free(trust);
	return r == 0 ? context : NULL;
}

static void tls_is_between_client_and_server(void **state)
{
	AUTO_FD client = connect_to(&it.front);
	struct tls_server server;
	pthread_t thread;
	char request[1024];
	void *done;
	int fd;

	(void)state;
	tls_server_init(&server, "shop.example.com", 3600, TLS1_3_VERSION);
	assert_int_equal(pthread_create(&thread, NULL, shake_hands, &client), 0);
	assert_int_equal(accept_within(5000, &fd), SHOP);
	assert_true(tls_server_answer(&server, fd, NULL, request));
	pthread_join(thread, &done);
	assert_non_null(done);
	assert_string_equal(server.asked, "shop.example.com");
	tls_server_free(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_protocols_lead_to_servers),
		cmocka_unit_test(a_hello_may_come_byte_by_byte),
		cmocka_unit_test(what_is_no_tls_goes_to_the_pool),
		cmocka_unit_test(a_hello_that_does_not_come_is_not_waited_for),
		cmocka_unit_test(without_a_pool_the_rest_is_refused),
		cmocka_unit_test(a_hello_may_come_behind_a_proxy_header),
		cmocka_unit_test(tls_is_between_client_and_server),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
