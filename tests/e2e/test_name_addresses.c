/* SPDX-License-Identifier: MIT */
/* Names with several addresses: each is a server of its own. */
#include "tests/e2e/named.h"

#include "tests/unit/unit.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static struct name_record record_of_both(uint32_t ttl_s)
{
	return (struct name_record){.name = "app.test",
		.addresses = {named.back[1].ip, named.back[0].ip},
		.address_count = 2,
		.ttl_s = ttl_s};
}

struct expected_count {
	const char *pool;
	size_t count;
};

static bool has_servers(void *context)
{
	const struct expected_count *expected = context;
	json_t *status = lbd_call(&named.lbd, "status", NULL), *pool;
	bool same = false;
	size_t i;

	json_array_foreach(json_object_get(status, "pools"), i, pool)
	{
		if (strcmp(json_string_value(json_object_get(pool, "name")), expected->pool) == 0)
			same = json_array_size(json_object_get(pool, "servers")) == expected->count;
	}
	json_decref(status);
	return same;
}

static void wait_for_servers(const char *pool, size_t count)
{
	struct expected_count expected = {pool, count};

	wait_until(has_servers, &expected, 15000);
}

/* The status tells first, and the workers hear of it then: an answer comes when all of them go by what is known. */
static void wait_for_workers(void)
{
	json_decref(lbd_call(&named.lbd, "enable", json_pack("{s:s}", "server", "plain/app")));
}

/* Where the next connection that says something comes out. */
static int accept_talking(size_t back)
{
	int server;
	char byte;

	while (server = accept_from(named.servers[back]), recv(server, &byte, 1, 0) != 1)
		close(server);
	return server;
}

/* Two connections by turns, one to each server. */
static void reaches_both(int clients[NAMED_BACKS], int servers[NAMED_BACKS])
{
	char byte;

	for (size_t i = 0; i < NAMED_BACKS; i++) {
		clients[i] = connect_to(&named.front);
		assert_int_equal(send(clients[i], "x", 1, 0), 1);
	}
	for (size_t i = 0; i < NAMED_BACKS; i++)
		servers[i] = accept_talking(i);
	/* Who is whose client is for the workers to say. */
	assert_int_equal(send(servers[0], "0", 1, 0), 1);
	assert_int_equal(send(servers[1], "1", 1, 0), 1);
	assert_int_equal(recv(clients[0], &byte, 1, MSG_WAITALL), 1);
	if (byte == '1') {
		int other = clients[0];

		clients[0] = clients[1];
		clients[1] = other;
	}
	assert_int_equal(recv(clients[byte == '0'], &byte, 1, MSG_WAITALL), 1);
}

static void close_all(const int fds[NAMED_BACKS])
{
	for (size_t i = 0; i < NAMED_BACKS; i++)
		close(fds[i]);
}

static void each_address_is_a_server(void **state)
{
	struct name_record both = record_of_both(60), checked = both;
	int clients[NAMED_BACKS], servers[NAMED_BACKS];

	(void)state;
	checked.name = "checked.test";
	name_server_say(named.names, &both);
	name_server_say(named.names, &checked);
	named.one_thread = true;
	named_start();
	wait_for_servers("plain", 2);
	wait_for_servers("checked", 2);
	/* Of the lowest address first, in whatever order they come. */
	named_wait_for_back("plain/app", 0);
	named_wait_for_back("plain/app#2", 1);
	named_wait_for("plain/app#2", "host", "app.test");
	named_wait_for("checked/app", "health", "up");
	named_wait_for("checked/app#2", "health", "up");
	wait_for_workers();
	for (int i = 0; i < 3; i++) {
		reaches_both(clients, servers);
		close_all(clients);
		close_all(servers);
	}
	assert_int_equal(lbd_server_number(&named.lbd, "plain/app", "weight"), 100);
	assert_int_equal(lbd_server_number(&named.lbd, "plain/app#2", "share"), 100);
	assert_int_equal(lbd_server_number(&named.lbd, "plain/app", "connections_total"), 3);
	assert_int_equal(lbd_server_number(&named.lbd, "plain/app#2", "connections_total"), 3);
	/* One of them fails alone. */
	close(named.servers[1]);
	named_wait_for("checked/app#2", "health", "down");
	named_wait_for("checked/app", "health", "up");
	named.servers[1] = listen_on(&named.back[1], 64);
	named_wait_for("checked/app#2", "health", "up");
}

/* Whether it has had more by now than `before`. */
static bool gets_connections(void *before)
{
	close(connect_to(&named.front));
	return lbd_server_number(&named.lbd, "plain/app", "connections_total") > *(const json_int_t *)before;
}

static void an_address_that_vanishes_gets_nothing_new(void **state)
{
	struct name_record both = record_of_both(0);
	json_int_t before = 1;
	int clients[NAMED_BACKS], servers[NAMED_BACKS];

	(void)state;
	name_server_say(named.names, &both);
	named_say("checked.test", 0, 60);
	named.one_thread = true;
	named_start();
	wait_for_servers("plain", 2);
	wait_for_servers("checked", 1);
	wait_for_workers();
	reaches_both(clients, servers);
	/* The other one keeps its place and its connections; this one's go on, and it is there as long as they are. */
	named_say("app.test", 1, 0);
	named_wait_for("plain/app", "address", "app.test:");
	wait_for_workers();
	assert_int_equal(lbd_server_number(&named.lbd, "plain/app", "share"), 0);
	for (int i = 0; i < 4; i++)
		named_reaches_and_closes(&named.front, 1);
	named_speaks(clients[0], servers[0]);
	named_speaks(servers[0], clients[0]);
	named_speaks(clients[1], servers[1]);
	named_wait_for_back("plain/app#2", 1);
	assert_int_equal(lbd_server_number(&named.lbd, "plain/app#2", "connections_total"), 5);
	close_all(clients);
	close_all(servers);
	wait_for_servers("plain", 1);
	/* It comes back. */
	name_server_say(named.names, &both);
	wait_for_servers("plain", 2);
	named_wait_for_back("plain/app", 0);
	wait_until(gets_connections, &before, 15000);
}

static int log_fd;

static void log_to_file(void)
{
	(void)dup2(log_fd, STDERR_FILENO);
}

static unsigned count_in_log(const char *words)
{
	static char log[64 * 1024];
	ssize_t size = pread(log_fd, log, sizeof log - 1, 0);
	unsigned count = 0;

	assert_true(size >= 0);
	log[size] = '\0';
	for (const char *at = log; (at = strstr(at, words)) != NULL; at++)
		count++;
	return count;
}

static void more_addresses_than_places_are_passed_over(void **state)
{
	struct name_record many = {.name = "app.test", .address_count = 10, .ttl_s = 0};

	(void)state;
	many.addresses[0] = named.back[0].ip;
	for (size_t i = 1; i < many.address_count; i++)
		many.addresses[i] = (struct ip){.family = AF_INET, .bytes = {127, 255, 113, (uint8_t)i}};
	name_server_say(named.names, &many);
	named_say("checked.test", 0, 60);
	log_fd = memfd_create("log", MFD_CLOEXEC);
	assert_true(log_fd >= 0);
	lbd_before_exec = log_to_file;
	named_start();
	lbd_before_exec = NULL;
	wait_for_servers("plain", 8);
	named_wait_for_back("plain/app", 0);
	named_wait_for("plain/app#2", "address", "127.255.113.1:");
	named_wait_for("plain/app#8", "address", "127.255.113.7:");
	/* Said once; and those that were passed over are taken when there is room. */
	wait_for_questions("app.test", 3);
	assert_int_equal(count_in_log("more addresses than are used"), 1);
	many.addresses[3] = many.addresses[9];
	many.address_count = 9;
	name_server_say(named.names, &many);
	named_wait_for("plain/app#4", "address", "127.255.113.8:");
	wait_for_servers("plain", 8);
	named_wait_for_back("plain/app", 0);
	close(log_fd);
}

static void each_address_is_drained_by_itself(void **state)
{
	struct name_record both = record_of_both(0);
	int clients[NAMED_BACKS], servers[NAMED_BACKS];

	(void)state;
	name_server_say(named.names, &both);
	named_say("checked.test", 0, 60);
	named.one_thread = true;
	named_start();
	wait_for_servers("plain", 2);
	wait_for_workers();
	reaches_both(clients, servers);
	json_decref(lbd_call(&named.lbd, "drain", json_pack("{s:s}", "server", "plain/app#2")));
	named_wait_for("plain/app#2", "admin", "drain");
	named_wait_for("plain/app", "admin", "enabled");
	for (int i = 0; i < 4; i++)
		named_reaches_and_closes(&named.front, 0);
	named_speaks(clients[1], servers[1]);
	/* Neither an answer nor reloads end named. */
	wait_for_questions("app.test", 2);
	named_reload("server other { address = 127.0.0.1:9 weight = 0 }");
	wait_for_servers("plain", 3);
	named_wait_for("plain/app#2", "admin", "drain");
	/* The second one goes by what the first has left of the decisions. */
	named_reload("");
	wait_for_servers("plain", 2);
	named_wait_for("plain/app#2", "admin", "drain");
	named_wait_for_back("plain/app#2", 1);
	named_reaches_and_closes(&named.front, 0);
	json_decref(lbd_call(&named.lbd, "drain", json_pack("{s:s}", "server", "plain/app")));
	named_is_refused(&named.front);
	json_decref(lbd_call(&named.lbd, "enable", json_pack("{s:s}", "server", "plain/app#2")));
	named_reaches_and_closes(&named.front, 1);
	named_speaks(clients[0], servers[0]);
	close_all(clients);
	close_all(servers);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, named_setup, named_teardown)

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		TEST(each_address_is_a_server),
		TEST(an_address_that_vanishes_gets_nothing_new),
		TEST(more_addresses_than_places_are_passed_over),
		TEST(each_address_is_drained_by_itself),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
