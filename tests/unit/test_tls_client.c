/* SPDX-License-Identifier: MIT */
#include "common/system/tls_client.h"

#include "common/system/clock.h"
#include "tests/e2e/tls_server.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DAY 86400L

static const struct ip localhost = {.family = AF_INET, .bytes = {127, 0, 0, 1}};

/* A client and what it speaks to, over a pair of sockets. */
static struct fixture {
	int fds[2];
	struct tls_server server;
	SSL *ssl; /* the server's side */
	struct tls_trust *trust;
	struct tls_client *client;
	char bundle[64];
} fixture;

static void open_pair(const char *name, long seconds, int version)
{
	int fd;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fixture.fds), 0);
	tls_server_init(&fixture.server, name, seconds, version);
	fixture.ssl = tls_server_new(&fixture.server, fixture.fds[1]);
	strcpy(fixture.bundle, "/tmp/lbpair-bundle-XXXXXX");
	fd = mkstemp(fixture.bundle);
	assert_true(fd >= 0);
	close(fd);
	tls_server_write_certificate(&fixture.server, fixture.bundle);
}

static void close_pair(void)
{
	tls_client_free(fixture.client);
	tls_trust_free(fixture.trust);
	SSL_free(fixture.ssl);
	tls_server_free(&fixture.server);
	unlink(fixture.bundle);
	close(fixture.fds[0]);
	close(fixture.fds[1]);
	fixture = (struct fixture){0};
}

/* Both sides in turn, until the client has an outcome. */
static int shake_hands(const char *ca_file, const char *name)
{
	int r = -EAGAIN;

	assert_int_equal(tls_trust_new(ca_file, &fixture.trust), 0);
	assert_int_equal(tls_client_new(fixture.trust, fixture.fds[0], name, &localhost, &fixture.client), 0);
	for (int i = 0; r == -EAGAIN && i < 10; i++) {
		r = tls_client_handshake(fixture.client);
		(void)SSL_do_handshake(fixture.ssl);
	}
	return r;
}

static void a_handshake_shows_version_and_certificate(void **state)
{
	static const struct {
		int version;
		const char *text;
	} versions[] = {{TLS1_3_VERSION, "TLS 1.3"}, {TLS1_2_VERSION, "TLS 1.2"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		int64_t until = clock_real_ns() / NS_PER_S + 30 * DAY;

		open_pair("app.example.com", 30 * DAY, versions[i].version);
		assert_int_equal(shake_hands(NULL, "other.example.com:443"), 0);
		assert_string_equal(tls_client_version(fixture.client), versions[i].text);
		assert_in_range(tls_client_certificate_until_s(fixture.client), until - 5, until + 5);
		assert_string_equal(fixture.server.asked, "other.example.com");
		close_pair();
	}
}

static void bytes_go_both_ways_until_the_end(void **state)
{
	char bytes[64];

	(void)state;
	open_pair("app", DAY, TLS1_3_VERSION);
	assert_int_equal(shake_hands(NULL, ""), 0);
	assert_string_equal(fixture.server.asked, "");
	assert_int_equal(tls_client_write(fixture.client, "ping", 4), 4);
	assert_int_equal(SSL_read(fixture.ssl, bytes, sizeof bytes), 4);
	assert_int_equal(tls_client_read(fixture.client, bytes, sizeof bytes), -EAGAIN);
	assert_false(tls_client_wants_write(fixture.client));
	assert_int_equal(SSL_write(fixture.ssl, "pong!", 5), 5);
	assert_int_equal(tls_client_read(fixture.client, bytes, sizeof bytes), 5);
	assert_memory_equal(bytes, "pong!", 5);
	/* Without a word of TLS before it. */
	shutdown(fixture.fds[1], SHUT_WR);
	assert_int_equal(tls_client_read(fixture.client, bytes, sizeof bytes), 0);
	close_pair();
}

static void a_full_socket_is_waited_for(void **state)
{
	static char bytes[65536];
	ssize_t put;

	(void)state;
	open_pair("app", DAY, TLS1_3_VERSION);
	assert_int_equal(shake_hands(NULL, ""), 0);
	do
		put = tls_client_write(fixture.client, bytes, sizeof bytes);
	while (put > 0);
	assert_int_equal(put, -EAGAIN);
	assert_true(tls_client_wants_write(fixture.client));
	close_pair();
}

static void certificates_are_verified_where_that_is_wanted(void **state)
{
	static const struct {
		const char *name;
		long seconds;
		bool own_bundle;
		const char *error; /* NULL: it is good */
	} cases[] = {
		{"app.example.com", DAY, true, NULL},
		{"", DAY, true, NULL},
		{"127.0.0.1", DAY, true, NULL},
		{"app.example.com:8443", DAY, true, NULL},
		{"other.example.com", DAY, true, "certificate: hostname mismatch"},
		{"127.0.0.2", DAY, true, "certificate: IP address mismatch"},
		{"app.example.com", -60, true, "certificate: certificate has expired"},
		{"app.example.com", DAY, false, "certificate: self-signed certificate"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int r;

		open_pair("app.example.com", cases[i].seconds, TLS1_3_VERSION);
		r = shake_hands(cases[i].own_bundle ? fixture.bundle : "", cases[i].name);
		assert_int_equal(r, cases[i].error == NULL ? 0 : -EPROTO);
		if (cases[i].error != NULL)
			assert_string_equal(tls_client_error(fixture.client), cases[i].error);
		close_pair();
	}
}

static void what_is_no_tls_fails(void **state)
{
	(void)state;
	open_pair("app", DAY, TLS1_3_VERSION);
	assert_int_equal(write(fixture.fds[1], "HTTP/1.1 400 Bad Request\r\n\r\n", 28), 28);
	assert_int_equal(shake_hands(NULL, ""), -EPROTO);
	assert_string_equal(tls_client_error(fixture.client), "TLS: wrong version number");
	close_pair();

	open_pair("app", DAY, TLS1_3_VERSION);
	shutdown(fixture.fds[1], SHUT_WR);
	assert_true(shake_hands(NULL, "") < 0);
	close_pair();
}

static void bundles_that_are_none_are_told(void **state)
{
	struct tls_trust *trust;

	(void)state;
	assert_int_equal(tls_trust_new("/nonexistent/bundle", &trust), -ENOENT);
	assert_int_equal(tls_trust_new("/dev/null", &trust), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handshake_shows_version_and_certificate),
		cmocka_unit_test(bytes_go_both_ways_until_the_end),
		cmocka_unit_test(a_full_socket_is_waited_for),
		cmocka_unit_test(certificates_are_verified_where_that_is_wanted),
		cmocka_unit_test(what_is_no_tls_fails),
		cmocka_unit_test(bundles_that_are_none_are_told),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
