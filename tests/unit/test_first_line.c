/* SPDX-License-Identifier: MIT */
#include "lbd/first_line.h"

#include "tests/unit/unit.h"

#include <string.h>

static const struct {
	const char *bytes;
	const char *text;
	bool ended;
} cases[] = {
	{"", "", false},
	{"fine", "fine", false},
	{"fine\nmore\n", "fine", true},
	{"fine\r\n", "fine", true},
	{"\nlate", "", true},
	{"tab\there \x1b[31m\xc3\xa4 end", "tab?here ?[31m?? end", false},
};

static void pieces_make_the_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t piece = 1; piece < 8; piece++) {
			struct first_line line = {0};
			size_t size = strlen(cases[i].bytes);

			for (size_t at = 0; at < size; at += piece)
				first_line_feed(&line, cases[i].bytes + at, MIN(piece, size - at));
			assert_string_equal(line.text, cases[i].text);
			assert_int_equal(line.ended, cases[i].ended);
		}
	}
}

static void long_lines_are_cut(void **state)
{
	struct first_line line = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		first_line_feed(&line, "abc", 3);
	assert_int_equal(strlen(line.text), FIRST_LINE_MAX - 1);
	assert_int_equal(line.length, FIRST_LINE_MAX - 1);
	assert_false(line.ended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_make_the_line),
		cmocka_unit_test(long_lines_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
