/* SPDX-License-Identifier: MIT */
#include "lbd/ending.h"

#include "common/pure/text.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void every_cause_has_a_name_and_a_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < END_COUNT; i++) {
		const struct ending *row = &ending_table[i];

		assert_non_null(row->name);
		assert_true(*row->name != '\0' && row->name[strspn(row->name, "abcdefghijklmnopqrstuvwxyz-")] == '\0');
		assert_true(row->help[0] >= 'A' && row->help[0] <= 'Z');
		assert_true(row->help[strlen(row->help) - 1] == '.');
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(ending_table[j].name, row->name);
	}
}

static void read_page(struct text *page)
{
	const char *source = getenv("srcdir");
	AUTO_TEXT path = {0};
	char line[1024];
	FILE *file;

	text_addf(&path, "%s/doc/lbd.8", source != NULL ? source : "..");
	file = fopen(text_get(&path), "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		text_add(page, line);
	fclose(file);
}

static void every_cause_stands_in_the_manual(void **state)
{
	AUTO_TEXT page = {0};
	const char *section;

	(void)state;
	read_page(&page);
	section = strstr(text_get(&page), ".SH WHY CONNECTIONS END\n");
	assert_non_null(section);
	for (size_t i = END_OPEN + 1; i < END_COUNT; i++) {
		AUTO_TEXT line = {0};
		const char *rest = ending_table[i].name;

		text_add(&line, "\n.B ");
		for (; *rest != '\0'; rest++)
			text_addf(&line, *rest == '-' ? "\\%c" : "%c", *rest);
		text_add(&line, "\n");
		if (strstr(section, text_get(&line)) == NULL)
			fail_msg("lbd.8 does not tell of %s", ending_table[i].name);
	}
}

static void failed_connects_are_told_apart(void **state)
{
	static const struct {
		int error;
		enum end_cause cause;
	} cases[] = {
		{ECONNREFUSED, END_CONNECT_REFUSED},
		{ETIMEDOUT, END_CONNECT_TIMEOUT},
		{EADDRNOTAVAIL, END_OUT_OF_PORTS},
		{EHOSTUNREACH, END_CONNECT_FAILED},
		{0, END_CONNECT_FAILED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(ending_of_connect(-cases[i].error), cases[i].cause);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cause_has_a_name_and_a_sentence),
		cmocka_unit_test(every_cause_stands_in_the_manual),
		cmocka_unit_test(failed_connects_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
