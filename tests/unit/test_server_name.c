/* SPDX-License-Identifier: MIT */
#include "common/pure/server_name.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#define LABEL_63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"
/* 253 characters. */
#define LONGEST \
	LABEL_63 "." LABEL_63 "." LABEL_63 "." \
		 "bcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz"

static const struct {
	const char *text;
	const char *name; /* NULL: it is none */
} names[] = {
	{"shop.example.com", "shop.example.com"},
	{"Shop.EXAMPLE.com", "shop.example.com"},
	{"shop.example.com.", "shop.example.com"},
	{"localhost", "localhost"},
	{"_dmarc.a-b.xn--bcher-kva.example", "_dmarc.a-b.xn--bcher-kva.example"},
	{"a", "a"},
	{"1.example", "1.example"},
	{LABEL_63 ".example", LABEL_63 ".example"},
	{LONGEST, LONGEST},
	{LONGEST ".", LONGEST},
	{LONGEST "a", NULL},
	{LABEL_63 "a.example", NULL},
	{"", NULL},
	{".", NULL},
	{"..", NULL},
	{"a..b", NULL},
	{".a", NULL},
	{"a..", NULL},
	{"a b", NULL},
	{"a/b", NULL},
	{"*.example.com", NULL},
	{"b\303\274cher.example", NULL},
	{"192.0.2.1", NULL},
	{"192.0.2.1.", NULL},
	{"example.1", NULL},
	{"2001:db8::1", NULL},
	{"[2001:db8::1]", NULL},
};

static void names_have_one_form(void **state)
{
	(void)state;
	assert_int_equal(strlen(LONGEST), SERVER_NAME_MAX);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char name[SERVER_NAME_MAX + 1] = "";
		int r = server_name_read(names[i].text, strlen(names[i].text), name);

		if (r != (names[i].name != NULL ? 0 : -EINVAL) || (r == 0 && strcmp(name, names[i].name) != 0))
			fail_msg("'%s': %d, '%s'", names[i].text, r, name);
	}
}

static void a_nul_is_no_end(void **state)
{
	char name[SERVER_NAME_MAX + 1];

	(void)state;
	assert_int_equal(server_name_read("shop\0.evil", 10, name), -EINVAL);
	assert_int_equal(server_name_read("shop.example", 4, name), 0);
	assert_string_equal(name, "shop");
}

static const struct {
	const char *text;
	const char *pattern;
} patterns[] = {
	{"Shop.example.com", "shop.example.com"},
	{"*.Example.COM.", "*.example.com"},
	{"*", "*"},
	{"*." LONGEST, "*." LONGEST},
	{"*.", NULL},
	{"**", NULL},
	{"*.*.example.com", NULL},
	{"*example.com", NULL},
	{"shop.*", NULL},
	{"*.192.0.2.1", NULL},
	{"", NULL},
};

static void patterns_have_one_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		char pattern[SERVER_NAME_PATTERN_MAX + 1] = "";
		int r = server_name_read_pattern(patterns[i].text, pattern);

		if (r != (patterns[i].pattern != NULL ? 0 : -EINVAL) ||
			(r == 0 && strcmp(pattern, patterns[i].pattern) != 0))
			fail_msg("'%s': %d, '%s'", patterns[i].text, r, pattern);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_one_form),
		cmocka_unit_test(a_nul_is_no_end),
		cmocka_unit_test(patterns_have_one_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
