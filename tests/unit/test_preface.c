/* SPDX-License-Identifier: MIT */
#include "lbd/preface.h"

#include "lbd/snapshot.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE "PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\r\n"

/* A client's end, and ours as it is looked at. */
static struct {
	struct store store;
	struct side side;
	int client;
	struct preface preface;
	uint8_t due;
} here;

static const struct prefix trusted[] = {
	{.ip = {.family = AF_INET, .bytes = {127}}, .length = 8},
	{.ip = {.family = AF_INET6, .bytes = {[15] = 1}}, .length = 128},
};
static const struct snapshot_service service = {.proxy_from = trusted, .proxy_from_count = ARRAY_LEN(trusted)};
static const struct endpoint proxy = {.ip = {.family = AF_INET, .bytes = {127, 0, 0, 9}}, .port = 5000};

static int setup(void **state)
{
	int fds[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	memset(&here, 0, sizeof here);
	here.client = fds[0];
	here.side.io.fd = fds[1];
	here.preface = (struct preface){.service = &service, .client = proxy};
	here.due = 1u << PREFACE_PROXY;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(here.client);
	close(here.side.io.fd);
	/* Nothing has been kept. */
	assert_int_equal(here.store.idle_buffers, here.store.buffers != NULL ? 1 : 0);
	store_free(&here.store);
	return 0;
}

static void client_sends(const void *bytes, size_t size)
{
	assert_int_equal(send(here.client, bytes, size, 0), size);
}

static int run(void)
{
	return preface_run(&here.preface, &here.due, &here.side, &here.store);
}

static void each_kind_is_whole(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < PREFACE_COUNT; kind++) {
		const struct preface_ops *ops = preface_table[kind];

		assert_true(ops->name != NULL && *ops->name != '\0');
		assert_true(ops->is_asked != NULL && ops->is_due != NULL && ops->read != NULL);
	}
}

static void services_ask_for_what_they_are_told_to(void **state)
{
	struct service_conf conf = {0};

	(void)state;
	assert_int_equal(preface_asked(&conf), 0);
	conf.accept_proxy = true;
	assert_int_equal(preface_asked(&conf), 1u << PREFACE_PROXY);
}

static void only_the_trusted_have_to(void **state)
{
	static const struct {
		const char *client;
		bool due;
	} rows[] = {{"127.0.0.9:1", true}, {"128.0.0.9:1", false}, {"[::1]:1", true}, {"[::2]:1", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(endpoint_parse(rows[i].client, &here.preface.client), 0);
		assert_int_equal(preface_due(&here.preface, 1u << PREFACE_PROXY), rows[i].due ? 1 : 0);
		assert_int_equal(preface_due(&here.preface, 0), 0);
	}
}

/* Not a byte more, or less, is taken out. */
static void what_follows_is_left(void **state)
{
	char bytes[16];

	(void)state;
	for (size_t i = 0; i < sizeof LINE - 1; i++) {
		assert_int_equal(run(), -EAGAIN);
		client_sends(&LINE[i], 1);
	}
	client_sends("PROXY", 5);
	assert_int_equal(run(), 0);
	assert_int_equal(here.due, 0);
	assert_int_equal(recv(here.side.io.fd, bytes, sizeof bytes, 0), 5);
	assert_memory_equal(bytes, "PROXY", 5);
	assert_int_equal(here.preface.client.port, 1234);
	assert_int_equal(here.preface.local.port, 443);
}

static void who_names_nobody_is_the_client(void **state)
{
	(void)state;
	client_sends("PROXY UNKNOWN\r\n", 15);
	assert_int_equal(run(), 0);
	assert_true(endpoint_equal(&here.preface.client, &proxy));
	assert_int_equal(here.preface.local.ip.family, 0);
}

static void what_is_wrong_ends_it(void **state)
{
	(void)state;
	client_sends("GET", 3);
	assert_int_equal(run(), -EBADMSG);
}

static void an_end_within_it_is_wrong(void **state)
{
	(void)state;
	client_sends("PROX", 4);
	assert_int_equal(run(), -EAGAIN);
	shutdown(here.client, SHUT_WR);
	here.side.peer_closed = true;
	assert_int_equal(run(), -EBADMSG);
}

static void an_end_in_its_place_is_wrong(void **state)
{
	(void)state;
	shutdown(here.client, SHUT_WR);
	assert_int_equal(run(), -EBADMSG);
}

/* The end may come with it. */
static void an_end_behind_it_is_not(void **state)
{
	(void)state;
	client_sends(LINE, sizeof LINE - 1);
	shutdown(here.client, SHUT_WR);
	here.side.peer_closed = true;
	assert_int_equal(run(), 0);
}

/* One whose length alone says that it would be longer than what is looked at, and one that fills that. */
static void its_length_is_bounded(void **state)
{
	static uint8_t bytes[PREFACE_MAX + 1] = "\r\n\r\n\0\r\nQUIT\n\x20\0\x3f\xf0";

	(void)state;
	client_sends(bytes, PREFACE_MAX);
	assert_int_equal(run(), 0);
	bytes[15] = 0xf1;
	here.due = 1u << PREFACE_PROXY;
	client_sends(bytes, PREFACE_MAX + 1);
	assert_int_equal(run(), -EBADMSG);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_kind_is_whole),
		TEST(services_ask_for_what_they_are_told_to),
		TEST(only_the_trusted_have_to),
		TEST(what_follows_is_left),
		TEST(who_names_nobody_is_the_client),
		TEST(what_is_wrong_ends_it),
		TEST(an_end_within_it_is_wrong),
		TEST(an_end_in_its_place_is_wrong),
		TEST(an_end_behind_it_is_not),
		TEST(its_length_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
