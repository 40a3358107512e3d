/* SPDX-License-Identifier: MIT */
#include "lbd/routes.h"

#include "common/system/clock.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define NAMES(...) \
	.server_names = (const char *const[]){__VA_ARGS__}, \
	.server_name_count = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)
#define PROTOCOLS(...) \
	.alpn = (const char *const[]){__VA_ARGS__}, \
	.alpn_count = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)

static const struct route_conf list[] = {
	{.name = "exact", NAMES("shop.example.com", "store.example.com")},
	{.name = "h2", NAMES("www.example.com"), PROTOCOLS("h2", "h2c")},
	{.name = "deep", NAMES("*.eu.example.com")},
	{.name = "wide", NAMES("*.example.com", "www.example.com")},
	{.name = "late", NAMES("api.example.com")},
	{.name = "mail", NAMES("*"), PROTOCOLS("imap")},
	{.name = "org", NAMES("*.org")},
};

static struct client_hello hello_of(const char *name, const char *protocol)
{
	struct client_hello hello = {0};

	snprintf(hello.name, sizeof hello.name, "%s", name);
	if (protocol != NULL) {
		hello.protocols_size = strlen(protocol) + 1;
		hello.protocols[0] = (uint8_t)strlen(protocol);
		memcpy(hello.protocols + 1, protocol, strlen(protocol));
	}
	return hello;
}

static const struct {
	const char *name;
	const char *protocol;
	const char *route; /* NULL: none */
} cases[] = {
	{"shop.example.com", NULL, "exact"},
	{"store.example.com", "h2", "exact"},
	{"www.example.com", "h2", "h2"},
	{"www.example.com", "h2c", "h2"},
	{"www.example.com", "http/1.1", "wide"},
	{"www.example.com", NULL, "wide"},
	{"a.example.com", NULL, "wide"},
	{"a.b.example.com", NULL, "wide"},
	{"a.eu.example.com", NULL, "deep"},
	{"a.b.c.eu.example.com", NULL, "deep"},
	{"eu.example.com", NULL, "wide"},
	/* The first that fits: an earlier suffix goes before a later name. */
	{"api.example.com", NULL, "wide"},
	{"example.com", NULL, NULL},
	{"badexample.com", NULL, NULL},
	{"com", NULL, NULL},
	{"lbpair.org", NULL, "org"},
	{"lbpair.org", "imap", "mail"},
	{"anything", "imap", "mail"},
	{"anything", "h2", NULL},
	{"", "imap", NULL},
	{"org", NULL, NULL},
	{"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.example.com", NULL, "wide"},
};

static void the_first_that_fits_is_taken(void **state)
{
	struct routes *routes;

	(void)state;
	assert_int_equal(routes_new(list, ARRAY_LEN(list), &routes), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct client_hello hello = hello_of(cases[i].name, cases[i].protocol);
		size_t found = routes_find(routes, &hello);
		const char *name = found == ROUTES_NONE ? "-" : list[found].name;

		if (strcmp(name, cases[i].route != NULL ? cases[i].route : "-") != 0)
			fail_msg("%s with %s: %s", cases[i].name, cases[i].protocol, name);
	}
	routes_unref(routes);
}

static void no_routes_take_nobody(void **state)
{
	const struct client_hello hello = hello_of("shop.example.com", NULL);
	struct routes *routes;

	(void)state;
	assert_int_equal(routes_new(NULL, 0, &routes), 0);
	assert_true(routes_find(routes, &hello) == ROUTES_NONE);
	routes_unref(routes);
	routes_unref(NULL);
}

static void a_reference_holds_them(void **state)
{
	const struct client_hello hello = hello_of("shop.example.com", NULL);
	struct routes *routes, *other;

	(void)state;
	assert_int_equal(routes_new(list, ARRAY_LEN(list), &routes), 0);
	other = routes_ref(routes);
	routes_unref(routes);
	assert_int_equal(routes_find(other, &hello), 0);
	routes_unref(other);
}

#define MANY 20000

/* How long a number of lookups takes among `count` routes of two names each. */
static int64_t time_of(size_t count)
{
	struct route_conf *many = calloc(count, sizeof *many);
	char(*texts)[2][64] = calloc(count, sizeof *texts);
	const char *(*names)[2] = calloc(count, sizeof *names);
	struct routes *routes;
	struct mono start;
	int64_t took;

	assert_true(many != NULL && texts != NULL && names != NULL);
	for (size_t i = 0; i < count; i++) {
		snprintf(texts[i][0], sizeof texts[i][0], "host%zu.example.com", i);
		snprintf(texts[i][1], sizeof texts[i][1], "*.zone%zu.example.com", i);
		names[i][0] = texts[i][0];
		names[i][1] = texts[i][1];
		many[i] = (struct route_conf){.server_names = names[i], .server_name_count = 2};
	}
	assert_int_equal(routes_new(many, count, &routes), 0);
	start = clock_mono();
	for (size_t i = 0; i < MANY; i++) {
		size_t at = i * 7919 % count;
		struct client_hello hello = hello_of(texts[at][0], NULL);

		assert_true(routes_find(routes, &hello) == at);
		snprintf(hello.name, sizeof hello.name, "a%s", texts[at][1] + 1);
		assert_true(routes_find(routes, &hello) == at);
	}
	took = mono_diff(clock_mono(), start);
	routes_unref(routes);
	free(names);
	free(texts);
	free(many);
	return took;
}

/* By a search among them it would take five hundred times as long. */
static void many_routes_are_found_as_fast_as_few(void **state)
{
	int64_t few = time_of(20), many = time_of(10000);

	(void)state;
	if (many > 25 * few)
		fail_msg("%lld us among 20 routes, %lld us among 10,000", (long long)(few / NS_PER_US),
			(long long)(many / NS_PER_US));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_that_fits_is_taken),
		cmocka_unit_test(no_routes_take_nobody),
		cmocka_unit_test(a_reference_holds_them),
		cmocka_unit_test(many_routes_are_found_as_fast_as_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
