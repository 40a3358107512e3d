/* SPDX-License-Identifier: MIT */
/* Servers with names: looked up by a name server of ours, which answers, fails, lies and falls silent. */
#include "tests/e2e/daemon.h"
#include "tests/e2e/name_server.h"

#include "common/system/clock.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BACKS 2

static struct {
	struct endpoint dns, front, checked_front;
	struct endpoint back[BACKS]; /* of different addresses and one port */
	int servers[BACKS];
	bool one_thread; /* connections go to the servers by turns */
	struct name_server *names;
	struct lbd_process lbd;
} it;

static const char *text_of(const struct endpoint *endpoint)
{
	static char texts[8][ENDPOINT_TEXT_MAX];
	static unsigned next;

	return endpoint_text(endpoint, texts[next++ % 8]);
}

/* They share a port, so that only the address tells them apart. */
static void open_backs(void)
{
	it.back[0] = free_endpoint(20);
	it.back[1] = it.back[0];
	it.back[1].ip.bytes[3] = 21;
	for (size_t i = 0; i < BACKS; i++)
		it.servers[i] = listen_on(&it.back[i], 4096);
}

static struct name_record record_of(const char *name, size_t back, uint32_t ttl_s)
{
	return (struct name_record){.name = name, .addresses = {it.back[back].ip}, .address_count = 1, .ttl_s = ttl_s};
}

static void say(const char *name, size_t back, uint32_t ttl_s)
{
	struct name_record record = record_of(name, back, ttl_s);

	name_server_say(it.names, &record);
}

/* `more`: servers of the pool `plain`. */
static void write_sections(struct text *sections, const char *more)
{
	text_addf(sections, "resolver { servers = { \"%s\" } timeout = 200ms tries = 2 }\n", text_of(&it.dns));
	text_addf(sections, "service web { listen = { \"%s\" } pool = plain }\n", text_of(&it.front));
	text_addf(sections, "service sure { listen = { \"%s\" } pool = checked }\n", text_of(&it.checked_front));
	text_addf(sections, "pool plain { server app { address = \"app.test:%u\" } %s }\n", it.back[0].port, more);
	text_addf(sections,
		"pool checked { check tcp { interval = 50ms rise = 3 fall = 3 } server app { address = "
		"\"checked.test:%u\" } }\n",
		it.back[0].port);
}

static void start(void)
{
	AUTO_TEXT sections = {0};

	if (it.one_thread)
		text_add(&sections, "forwarder { threads = 1 }\n");
	write_sections(&sections, "");
	it.lbd = lbd_start(text_get(&sections), 0);
}

/* In the place of the former sections, behind the same pair. */
static void reload(const char *more)
{
	char path[128], head[4096];
	AUTO_TEXT sections = {0};
	char *end;
	size_t got;
	FILE *file;

	write_sections(&sections, more);
	snprintf(path, sizeof path, "%s/conf", it.lbd.dir);
	file = fopen(path, "re");
	assert_non_null(file);
	got = fread(head, 1, sizeof head - 1, file);
	head[got] = '\0';
	fclose(file);
	end = strstr(head, "resolver {");
	assert_non_null(end);
	*end = '\0';
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "%s%s", head, text_get(&sections));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(kill(it.lbd.pid, SIGHUP), 0);
}

static int setup(void **state)
{
	(void)state;
	it.one_thread = false;
	it.dns = free_endpoint(1);
	it.front = free_endpoint(2);
	it.checked_front = free_endpoint(3);
	open_backs();
	it.names = name_server_start(&it.dns);
	return 0;
}

static int teardown(void **state)
{
	int status = lbd_end(&it.lbd, SIGTERM);

	(void)state;
	name_server_stop(it.names);
	for (size_t i = 0; i < BACKS; i++)
		close(it.servers[i]);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* Conditions. */

struct expected {
	const char *server;
	const char *field;
	const char *text;
};

static bool field_begins(void *context)
{
	const struct expected *expected = context;
	char text[200];

	lbd_server_text(&it.lbd, expected->server, expected->field, text);
	return strncmp(text, expected->text, strlen(expected->text)) == 0;
}

static void wait_for(const char *server, const char *field, const char *text)
{
	struct expected expected = {server, field, text};

	wait_until(field_begins, &expected, 15000);
}

static void wait_for_back(const char *server, size_t back)
{
	wait_for(server, "address", text_of(&it.back[back]));
}

struct asked {
	const char *name;
	unsigned more_than;
};

static bool was_asked(void *context)
{
	const struct asked *asked = context;

	return name_server_questions(it.names, asked->name) > asked->more_than;
}

static void wait_for_questions(const char *name, unsigned more)
{
	struct asked asked = {name, name_server_questions(it.names, name) + more - 1};

	wait_until(was_asked, &asked, 15000);
}

/* A connection that reaches that server; it stays open. */
static int reaches(const struct endpoint *front, size_t back, int *ret_server)
{
	int client = connect_to(front), server;
	char byte;

	assert_int_equal(send(client, "x", 1, 0), 1);
	/* Checks come there as well, and say nothing. */
	while (server = accept_from(it.servers[back]), recv(server, &byte, 1, 0) != 1)
		close(server);
	*ret_server = server;
	return client;
}

static void reaches_and_closes(const struct endpoint *front, size_t back)
{
	int server, client = reaches(front, back, &server);

	close(client);
	close(server);
}

static void is_refused(const struct endpoint *front)
{
	int client = connect_to(front);
	char byte;

	assert_true(recv(client, &byte, 1, 0) <= 0);
	close(client);
}

static void speaks(int from, int to)
{
	char bytes[4];

	assert_int_equal(send(from, "ping", 4, 0), 4);
	assert_int_equal(recv(to, bytes, 4, MSG_WAITALL), 4);
	assert_memory_equal(bytes, "ping", 4);
}

/* Tests. */

static void a_name_is_looked_up(void **state)
{
	(void)state;
	say("app.test", 0, 60);
	say("checked.test", 1, 60);
	start();
	wait_for_back("plain/app", 0);
	wait_for_back("checked/app", 1);
	wait_for("checked/app", "health", "up");
	wait_for("plain/app", "host", "app.test");
	reaches_and_closes(&it.front, 0);
}

static void a_move_leaves_open_connections(void **state)
{
	int client, server;

	(void)state;
	say("app.test", 0, 0);
	say("checked.test", 0, 0);
	start();
	wait_for_back("plain/app", 0);
	client = reaches(&it.front, 0, &server);
	speaks(client, server);
	say("app.test", 1, 0);
	wait_for_back("plain/app", 1);
	reaches_and_closes(&it.front, 1);
	speaks(client, server);
	speaks(server, client);
	assert_int_equal(lbd_server_number(&it.lbd, "plain/app", "connections"), 1);
	close(client);
	close(server);
}

/* Its checks begin anew there, and the first of them decides. */
static void checks_move_with_the_address(void **state)
{
	(void)state;
	say("app.test", 0, 60);
	say("checked.test", 0, 0);
	start();
	wait_for("checked/app", "health", "up");
	close(it.servers[1]);
	say("checked.test", 1, 0);
	wait_for_back("checked/app", 1);
	wait_for("checked/app", "health", "down");
	wait_for("checked/app", "check", "connection refused");
	it.servers[1] = listen_on(&it.back[1], 64);
	wait_for("checked/app", "health", "up");
}

static void without_an_answer_the_last_one_stands(void **state)
{
	static const enum name_mood moods[] = {
		NAME_SERVFAIL, NAME_REFUSED, NAME_SILENT, NAME_GARBAGE, NAME_WRONG_ID, NAME_ENDLESS};

	(void)state;
	say("app.test", 0, 0);
	say("checked.test", 0, 0);
	start();
	wait_for_back("plain/app", 0);
	for (size_t i = 0; i < ARRAY_LEN(moods); i++) {
		struct name_record record = record_of("app.test", 1, 0);

		record.mood = moods[i];
		/* What it would have said leads elsewhere. */
		if (moods[i] == NAME_ENDLESS)
			record.address_count = 0;
		name_server_say(it.names, &record);
		wait_for_questions("app.test", 2);
		wait_for_back("plain/app", 0);
		reaches_and_closes(&it.front, 0);
		/* A good answer in between, or the next question would be long in coming. */
		say("app.test", 0, 0);
		wait_for_questions("app.test", 2);
	}
	name_server_forget(it.names, "app.test");
	wait_for_questions("app.test", 2);
	reaches_and_closes(&it.front, 0);
	/* And it is asked again until there is one. */
	say("app.test", 1, 60);
	wait_for_back("plain/app", 1);
	reaches_and_closes(&it.front, 1);
}

static void an_unknown_name_is_a_server_down(void **state)
{
	char port[16];

	(void)state;
	start();
	wait_for("plain/app", "health", "down");
	wait_for("plain/app", "check", "name not resolved: there is no such name");
	wait_for("checked/app", "health", "down");
	wait_for("checked/app", "check", "name not resolved: there is no such name");
	snprintf(port, sizeof port, "app.test:%u", it.back[0].port);
	wait_for("plain/app", "address", port);
	is_refused(&it.front);
	is_refused(&it.checked_front);
	say("app.test", 0, 60);
	say("checked.test", 1, 60);
	wait_for("plain/app", "health", "unknown");
	wait_for("checked/app", "health", "up");
	reaches_and_closes(&it.front, 0);
}

static void nobody_answers_at_the_start(void **state)
{
	struct name_record record = record_of("app.test", 0, 60);

	(void)state;
	record.mood = NAME_SILENT;
	name_server_say(it.names, &record);
	say("checked.test", 0, 60);
	start();
	/* The other one does not wait for it. */
	wait_for("checked/app", "health", "up");
	wait_for("plain/app", "check", "name not resolved: no name server answers in time");
	say("app.test", 0, 60);
	wait_for_back("plain/app", 0);
}

static void aliases_and_long_answers_are_read(void **state)
{
	struct name_record alias = {.name = "app.test", .alias_of = "b.test", .ttl_s = 60};
	struct name_record next = {.name = "b.test", .alias_of = "c.test", .ttl_s = 60};
	struct name_record many = {.name = "checked.test", .ttl_s = 0};

	(void)state;
	name_server_say(it.names, &alias);
	name_server_say(it.names, &next);
	say("c.test", 1, 60);
	/* Too many for a datagram; the lowest is one that we have, and nobody listens at the others. */
	for (size_t i = 0; i < NAME_ADDRESSES_MAX; i++)
		many.addresses[i] = (struct ip){.family = AF_INET, .bytes = {127, 255, 113, (uint8_t)i}};
	many.addresses[20] = it.back[0].ip;
	many.address_count = NAME_ADDRESSES_MAX;
	name_server_say(it.names, &many);
	start();
	wait_for_back("plain/app", 1);
	wait_for_back("checked/app", 0);
	/* In another order, and truncated by hand, it stays. */
	many.addresses[20] = many.addresses[0];
	many.addresses[40] = it.back[0].ip;
	many.addresses[0] = it.back[1].ip;
	many.mood = NAME_TRUNCATED;
	name_server_say(it.names, &many);
	wait_for_questions("checked.test", 4);
	wait_for_back("checked/app", 0);
}

static void ipv6_is_asked_for_where_there_is_no_ipv4(void **state)
{
	struct name_record six = {.name = "app.test", .address_count = 1, .ttl_s = 0};

	(void)state;
	assert_int_equal(ip_parse("2001:db8::7", &six.addresses[0]), 0);
	name_server_say(it.names, &six);
	say("checked.test", 0, 60);
	start();
	wait_for("plain/app", "address", "[2001:db8::7]:");
	say("app.test", 0, 60);
	wait_for_back("plain/app", 0);
}

/* Asked no oftener than the TTL says, and no oftener than each second. */
static void a_ttl_is_kept(void **state)
{
	unsigned before;
	struct mono began;

	(void)state;
	say("app.test", 0, 0);
	say("checked.test", 0, 3600);
	start();
	wait_for_back("checked/app", 0);
	began = clock_mono();
	before = name_server_questions(it.names, "app.test");
	wait_for_questions("app.test", 3);
	assert_true(mono_diff(clock_mono(), began) > NS_PER_S);
	assert_true(name_server_questions(it.names, "app.test") >= before + 3);
	assert_int_equal(name_server_questions(it.names, "checked.test"), 1);
}

static bool has_other(void *context)
{
	json_t *status = lbd_call(&it.lbd, "status", NULL), *pool, *server;
	bool *there = context;
	size_t i, j, count = 0;

	json_array_foreach(json_object_get(status, "pools"), i, pool)
	{
		json_array_foreach(json_object_get(pool, "servers"), j, server)
		{
			count += strcmp(json_string_value(json_object_get(server, "name")), "other") == 0;
		}
	}
	json_decref(status);
	return (count == 1) == *there;
}

/* What was resolved stays so, though the name server is silent by then; what is new is looked up. */
static void a_reload_keeps_what_is_known(void **state)
{
	struct name_record silent = record_of("app.test", 1, 3600);
	bool there = true;
	char more[128];

	(void)state;
	say("app.test", 0, 3600);
	say("checked.test", 1, 3600);
	start();
	wait_for_back("plain/app", 0);
	wait_for("checked/app", "health", "up");
	silent.mood = NAME_SILENT;
	name_server_say(it.names, &silent);
	say("other.test", 1, 3600);
	snprintf(more, sizeof more, "server other { address = \"other.test:%u\" weight = 0 }", it.back[0].port);
	reload(more);
	wait_until(has_other, &there, 15000);
	wait_for_back("plain/other", 1);
	wait_for_back("plain/app", 0);
	wait_for("checked/app", "health", "up");
	wait_for_back("checked/app", 1);
	reaches_and_closes(&it.front, 0);
	assert_int_equal(name_server_questions(it.names, "app.test"), 1);
	there = false;
	reload("");
	wait_until(has_other, &there, 15000);
	wait_for_back("plain/app", 0);
	reaches_and_closes(&it.front, 0);
}

static struct name_record record_of_both(uint32_t ttl_s)
{
	return (struct name_record){
		.name = "app.test", .addresses = {it.back[1].ip, it.back[0].ip}, .address_count = 2, .ttl_s = ttl_s};
}

struct expected_count {
	const char *pool;
	size_t count;
};

static bool has_servers(void *context)
{
	const struct expected_count *expected = context;
	json_t *status = lbd_call(&it.lbd, "status", NULL), *pool;
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
	json_decref(lbd_call(&it.lbd, "enable", json_pack("{s:s}", "server", "plain/app")));
}

/* Where the next connection that says something comes out. */
static int accept_talking(size_t back)
{
	int server;
	char byte;

	while (server = accept_from(it.servers[back]), recv(server, &byte, 1, 0) != 1)
		close(server);
	return server;
}

/* Two connections by turns, one to each server. */
static void reaches_both(int clients[BACKS], int servers[BACKS])
{
	char byte;

	for (size_t i = 0; i < BACKS; i++) {
		clients[i] = connect_to(&it.front);
		assert_int_equal(send(clients[i], "x", 1, 0), 1);
	}
	for (size_t i = 0; i < BACKS; i++)
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

static void close_all(const int fds[BACKS])
{
	for (size_t i = 0; i < BACKS; i++)
		close(fds[i]);
}

static void each_address_is_a_server(void **state)
{
	struct name_record both = record_of_both(60), checked = both;
	int clients[BACKS], servers[BACKS];

	(void)state;
	checked.name = "checked.test";
	name_server_say(it.names, &both);
	name_server_say(it.names, &checked);
	it.one_thread = true;
	start();
	wait_for_servers("plain", 2);
	wait_for_servers("checked", 2);
	/* Of the lowest address first, in whatever order they come. */
	wait_for_back("plain/app", 0);
	wait_for_back("plain/app#2", 1);
	wait_for("plain/app#2", "host", "app.test");
	wait_for("checked/app", "health", "up");
	wait_for("checked/app#2", "health", "up");
	wait_for_workers();
	for (int i = 0; i < 3; i++) {
		reaches_both(clients, servers);
		close_all(clients);
		close_all(servers);
	}
	assert_int_equal(lbd_server_number(&it.lbd, "plain/app", "weight"), 100);
	assert_int_equal(lbd_server_number(&it.lbd, "plain/app#2", "share"), 100);
	assert_int_equal(lbd_server_number(&it.lbd, "plain/app", "connections_total"), 3);
	assert_int_equal(lbd_server_number(&it.lbd, "plain/app#2", "connections_total"), 3);
	/* One of them fails alone. */
	close(it.servers[1]);
	wait_for("checked/app#2", "health", "down");
	wait_for("checked/app", "health", "up");
	it.servers[1] = listen_on(&it.back[1], 64);
	wait_for("checked/app#2", "health", "up");
}

/* Whether it has had more by now than `before`. */
static bool gets_connections(void *before)
{
	close(connect_to(&it.front));
	return lbd_server_number(&it.lbd, "plain/app", "connections_total") > *(const json_int_t *)before;
}

static void an_address_that_vanishes_gets_nothing_new(void **state)
{
	struct name_record both = record_of_both(0);
	json_int_t before = 1;
	int clients[BACKS], servers[BACKS];

	(void)state;
	name_server_say(it.names, &both);
	say("checked.test", 0, 60);
	it.one_thread = true;
	start();
	wait_for_servers("plain", 2);
	wait_for_servers("checked", 1);
	wait_for_workers();
	reaches_both(clients, servers);
	/* The other one keeps its place and its connections; this one's go on, and it is there as long as they are. */
	say("app.test", 1, 0);
	wait_for("plain/app", "address", "app.test:");
	wait_for_workers();
	assert_int_equal(lbd_server_number(&it.lbd, "plain/app", "share"), 0);
	for (int i = 0; i < 4; i++)
		reaches_and_closes(&it.front, 1);
	speaks(clients[0], servers[0]);
	speaks(servers[0], clients[0]);
	speaks(clients[1], servers[1]);
	wait_for_back("plain/app#2", 1);
	assert_int_equal(lbd_server_number(&it.lbd, "plain/app#2", "connections_total"), 5);
	close_all(clients);
	close_all(servers);
	wait_for_servers("plain", 1);
	/* It comes back. */
	name_server_say(it.names, &both);
	wait_for_servers("plain", 2);
	wait_for_back("plain/app", 0);
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
	many.addresses[0] = it.back[0].ip;
	for (size_t i = 1; i < many.address_count; i++)
		many.addresses[i] = (struct ip){.family = AF_INET, .bytes = {127, 255, 113, (uint8_t)i}};
	name_server_say(it.names, &many);
	say("checked.test", 0, 60);
	log_fd = memfd_create("log", MFD_CLOEXEC);
	assert_true(log_fd >= 0);
	lbd_before_exec = log_to_file;
	start();
	lbd_before_exec = NULL;
	wait_for_servers("plain", 8);
	wait_for_back("plain/app", 0);
	wait_for("plain/app#2", "address", "127.255.113.1:");
	wait_for("plain/app#8", "address", "127.255.113.7:");
	/* Said once; and those that were passed over are taken when there is room. */
	wait_for_questions("app.test", 3);
	assert_int_equal(count_in_log("more addresses than are used"), 1);
	many.addresses[3] = many.addresses[9];
	many.address_count = 9;
	name_server_say(it.names, &many);
	wait_for("plain/app#4", "address", "127.255.113.8:");
	wait_for_servers("plain", 8);
	wait_for_back("plain/app", 0);
	close(log_fd);
}

static void each_address_is_drained_by_itself(void **state)
{
	struct name_record both = record_of_both(0);
	int clients[BACKS], servers[BACKS];

	(void)state;
	name_server_say(it.names, &both);
	say("checked.test", 0, 60);
	it.one_thread = true;
	start();
	wait_for_servers("plain", 2);
	wait_for_workers();
	reaches_both(clients, servers);
	json_decref(lbd_call(&it.lbd, "drain", json_pack("{s:s}", "server", "plain/app#2")));
	wait_for("plain/app#2", "admin", "drain");
	wait_for("plain/app", "admin", "enabled");
	for (int i = 0; i < 4; i++)
		reaches_and_closes(&it.front, 0);
	speaks(clients[1], servers[1]);
	/* Neither an answer nor reloads end it. */
	wait_for_questions("app.test", 2);
	reload("server other { address = 127.0.0.1:9 weight = 0 }");
	wait_for_servers("plain", 3);
	wait_for("plain/app#2", "admin", "drain");
	/* The second one goes by what the first has left of the decisions. */
	reload("");
	wait_for_servers("plain", 2);
	wait_for("plain/app#2", "admin", "drain");
	wait_for_back("plain/app#2", 1);
	reaches_and_closes(&it.front, 0);
	json_decref(lbd_call(&it.lbd, "drain", json_pack("{s:s}", "server", "plain/app")));
	is_refused(&it.front);
	json_decref(lbd_call(&it.lbd, "enable", json_pack("{s:s}", "server", "plain/app#2")));
	reaches_and_closes(&it.front, 1);
	speaks(clients[0], servers[0]);
	close_all(clients);
	close_all(servers);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_is_looked_up),
		TEST(a_move_leaves_open_connections),
		TEST(checks_move_with_the_address),
		TEST(without_an_answer_the_last_one_stands),
		TEST(an_unknown_name_is_a_server_down),
		TEST(nobody_answers_at_the_start),
		TEST(aliases_and_long_answers_are_read),
		TEST(ipv6_is_asked_for_where_there_is_no_ipv4),
		TEST(a_ttl_is_kept),
		TEST(a_reload_keeps_what_is_known),
		TEST(each_address_is_a_server),
		TEST(an_address_that_vanishes_gets_nothing_new),
		TEST(more_addresses_than_places_are_passed_over),
		TEST(each_address_is_drained_by_itself),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
