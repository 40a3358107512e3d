/* SPDX-License-Identifier: MIT */
#include "common/pure/host.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define L10 "abcdefghij"
#define L60 L10 L10 L10 L10 L10 L10
#define L63 L60 "abc"
#define N252 L63 "." L63 "." L63 "." L60

static const struct {
	const char *text;
	const char *name; /* NULL: it is none */
	uint16_t port;
} cases[] = {
	{"app1.example.com:8080", "app1.example.com", 8080},
	{"a:1", "a", 1},
	{"a.:65535", "a.", 65535},
	{"1a.2:80", NULL, 0},
	{"1.2a:80", "1.2a", 80},
	{"_x-y_.b:80", "_x-y_.b", 80},
	{L63 ".b:80", L63 ".b", 80},
	{N252 "a:80", N252 "a", 80},
	{N252 "a.:80", N252 "a.", 80},
	{N252 "ab:80", NULL, 0},
	{L63 "d.b:80", NULL, 0},
	{"", NULL, 0},
	{":80", NULL, 0},
	{".:80", NULL, 0},
	{"..:80", NULL, 0},
	{"a", NULL, 0},
	{"a:", NULL, 0},
	{"a:0", NULL, 0},
	{"a:65536", NULL, 0},
	{"a:80x", NULL, 0},
	{"a:80:80", NULL, 0},
	{"a..b:80", NULL, 0},
	{".a:80", NULL, 0},
	{"-a:80", NULL, 0},
	{"a-:80", NULL, 0},
	{"a b:80", NULL, 0},
	{"a/b:80", NULL, 0},
	{"b\xc3\xbc.de:80", NULL, 0},
	{"192.0.2.300:80", NULL, 0},
	{"192.0.2.1.:80", NULL, 0},
	{"300:80", NULL, 0},
	{"unix:/run/a", NULL, 0},
};

static void names_with_ports_are_taken_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char name[HOST_MAX] = "";
		uint16_t port = 0;
		int r = host_parse(cases[i].text, name, &port);

		if (r != (cases[i].name != NULL ? 0 : -EINVAL))
			fail_msg("case %zu: %s", i, cases[i].text);
		if (r == 0) {
			assert_string_equal(name, cases[i].name);
			assert_int_equal(port, cases[i].port);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_with_ports_are_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
