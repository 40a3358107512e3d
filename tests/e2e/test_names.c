/* SPDX-License-Identifier: MIT */
/* Servers with names: looked up by a name server of ours, which answers, fails, lies and falls silent. */
#include "tests/e2e/named.h"

#include "common/system/clock.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void a_name_is_looked_up(void **state)
{
	(void)state;
	named_say("app.test", 0, 60);
	named_say("checked.test", 1, 60);
	named_start();
	named_wait_for_back("plain/app", 0);
	named_wait_for_back("checked/app", 1);
	named_wait_for("checked/app", "health", "up");
	named_wait_for("plain/app", "host", "app.test");
	named_reaches_and_closes(&named.front, 0);
}

static void a_move_leaves_open_connections(void **state)
{
	int client, server;

	(void)state;
	named_say("app.test", 0, 0);
	named_say("checked.test", 0, 0);
	named_start();
	named_wait_for_back("plain/app", 0);
	client = named_reaches(&named.front, 0, &server);
	named_speaks(client, server);
	named_say("app.test", 1, 0);
	named_wait_for_back("plain/app", 1);
	named_reaches_and_closes(&named.front, 1);
	named_speaks(client, server);
	named_speaks(server, client);
	assert_int_equal(lbd_server_number(&named.lbd, "plain/app", "connections"), 1);
	close(client);
	close(server);
}

/* Its checks begin anew there, and the first of them decides. */
static void checks_move_with_the_address(void **state)
{
	(void)state;
	named_say("app.test", 0, 60);
	named_say("checked.test", 0, 0);
	named_start();
	named_wait_for("checked/app", "health", "up");
	close(named.servers[1]);
	named_say("checked.test", 1, 0);
	named_wait_for_back("checked/app", 1);
	named_wait_for("checked/app", "health", "down");
	named_wait_for("checked/app", "check", "connection refused");
	named.servers[1] = listen_on(&named.back[1], 64);
	named_wait_for("checked/app", "health", "up");
}

static void without_an_answer_the_last_one_stands(void **state)
{
	static const enum name_mood moods[] = {
		NAME_SERVFAIL, NAME_REFUSED, NAME_SILENT, NAME_GARBAGE, NAME_WRONG_ID, NAME_ENDLESS};

	(void)state;
	named_say("app.test", 0, 0);
	named_say("checked.test", 0, 0);
	named_start();
	named_wait_for_back("plain/app", 0);
	for (size_t i = 0; i < ARRAY_LEN(moods); i++) {
		struct name_record record = named_record("app.test", 1, 0);

		record.mood = moods[i];
		/* What it would have said leads elsewhere. */
		if (moods[i] == NAME_ENDLESS)
			record.address_count = 0;
		name_server_say(named.names, &record);
		wait_for_questions("app.test", 2);
		named_wait_for_back("plain/app", 0);
		named_reaches_and_closes(&named.front, 0);
		/* A good answer in between, or the next question would be long in coming. */
		named_say("app.test", 0, 0);
		wait_for_questions("app.test", 2);
	}
	name_server_forget(named.names, "app.test");
	wait_for_questions("app.test", 2);
	named_reaches_and_closes(&named.front, 0);
	/* And it is asked again until there is one. */
	named_say("app.test", 1, 60);
	named_wait_for_back("plain/app", 1);
	named_reaches_and_closes(&named.front, 1);
}

static void an_unknown_name_is_a_server_down(void **state)
{
	char port[16];

	(void)state;
	named_start();
	named_wait_for("plain/app", "health", "down");
	named_wait_for("plain/app", "check", "name not resolved: there is no such name");
	named_wait_for("checked/app", "health", "down");
	named_wait_for("checked/app", "check", "name not resolved: there is no such name");
	snprintf(port, sizeof port, "app.test:%u", named.back[0].port);
	named_wait_for("plain/app", "address", port);
	named_is_refused(&named.front);
	named_is_refused(&named.checked_front);
	named_say("app.test", 0, 60);
	named_say("checked.test", 1, 60);
	named_wait_for("plain/app", "health", "unknown");
	named_wait_for("checked/app", "health", "up");
	named_reaches_and_closes(&named.front, 0);
}

static void nobody_answers_at_the_start(void **state)
{
	struct name_record record = named_record("app.test", 0, 60);

	(void)state;
	record.mood = NAME_SILENT;
	name_server_say(named.names, &record);
	named_say("checked.test", 0, 60);
	named_start();
	/* The other one does not wait for named. */
	named_wait_for("checked/app", "health", "up");
	named_wait_for("plain/app", "check", "name not resolved: no name server answers in time");
	named_say("app.test", 0, 60);
	named_wait_for_back("plain/app", 0);
}

static void aliases_and_long_answers_are_read(void **state)
{
	struct name_record alias = {.name = "app.test", .alias_of = "b.test", .ttl_s = 60};
	struct name_record next = {.name = "b.test", .alias_of = "c.test", .ttl_s = 60};
	struct name_record many = {.name = "checked.test", .ttl_s = 0};

	(void)state;
	name_server_say(named.names, &alias);
	name_server_say(named.names, &next);
	named_say("c.test", 1, 60);
	/* Too many for a datagram; the lowest is one that we have, and nobody listens at the others. */
	for (size_t i = 0; i < NAME_ADDRESSES_MAX; i++)
		many.addresses[i] = (struct ip){.family = AF_INET, .bytes = {127, 255, 113, (uint8_t)i}};
	many.addresses[20] = named.back[0].ip;
	many.address_count = NAME_ADDRESSES_MAX;
	name_server_say(named.names, &many);
	named_start();
	named_wait_for_back("plain/app", 1);
	named_wait_for_back("checked/app", 0);
	/* In another order, and truncated by hand, it stays. */
	many.addresses[20] = many.addresses[0];
	many.addresses[40] = named.back[0].ip;
	many.addresses[0] = named.back[1].ip;
	many.mood = NAME_TRUNCATED;
	name_server_say(named.names, &many);
	wait_for_questions("checked.test", 4);
	named_wait_for_back("checked/app", 0);
}

static void ipv6_is_asked_for_where_there_is_no_ipv4(void **state)
{
	struct name_record six = {.name = "app.test", .address_count = 1, .ttl_s = 0};

	(void)state;
	assert_int_equal(ip_parse("2001:db8::7", &six.addresses[0]), 0);
	name_server_say(named.names, &six);
	named_say("checked.test", 0, 60);
	named_start();
	named_wait_for("plain/app", "address", "[2001:db8::7]:");
	named_say("app.test", 0, 60);
	named_wait_for_back("plain/app", 0);
}

/* Asked no oftener than the TTL says, and no oftener than each second. */
static void a_ttl_is_kept(void **state)
{
	unsigned before;
	struct mono began;

	(void)state;
	named_say("app.test", 0, 0);
	named_say("checked.test", 0, 3600);
	named_start();
	named_wait_for_back("checked/app", 0);
	began = clock_mono();
	before = name_server_questions(named.names, "app.test");
	wait_for_questions("app.test", 3);
	assert_true(mono_diff(clock_mono(), began) > NS_PER_S);
	assert_true(name_server_questions(named.names, "app.test") >= before + 3);
	assert_int_equal(name_server_questions(named.names, "checked.test"), 1);
}

static bool has_other(void *context)
{
	json_t *status = lbd_call(&named.lbd, "status", NULL), *pool, *server;
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
	struct name_record silent = named_record("app.test", 1, 3600);
	bool there = true;
	char more[128];

	(void)state;
	named_say("app.test", 0, 3600);
	named_say("checked.test", 1, 3600);
	named_start();
	named_wait_for_back("plain/app", 0);
	named_wait_for("checked/app", "health", "up");
	silent.mood = NAME_SILENT;
	name_server_say(named.names, &silent);
	named_say("other.test", 1, 3600);
	snprintf(more, sizeof more, "server other { address = \"other.test:%u\" weight = 0 }", named.back[0].port);
	named_reload(more);
	wait_until(has_other, &there, 15000);
	named_wait_for_back("plain/other", 1);
	named_wait_for_back("plain/app", 0);
	named_wait_for("checked/app", "health", "up");
	named_wait_for_back("checked/app", 1);
	named_reaches_and_closes(&named.front, 0);
	assert_int_equal(name_server_questions(named.names, "app.test"), 1);
	there = false;
	named_reload("");
	wait_until(has_other, &there, 15000);
	named_wait_for_back("plain/app", 0);
	named_reaches_and_closes(&named.front, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, named_setup, named_teardown)

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
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
