/* SPDX-License-Identifier: MIT */
#include "vrrpd/recorder.h"

#include "tests/unit/unit.h"

#include <string.h>

static struct recorder recorder;

static int setup(void **state)
{
	(void)state;
	recorder = (struct recorder){0};
	return 0;
}

static struct mono at_s(int64_t s)
{
	return (struct mono){s * NS_PER_S};
}

static void prints_the_newest_of_a_vip(void **state)
{
	AUTO_TEXT out = {0};

	(void)state;
	recorder_add(&recorder, at_s(1), 1 * NS_PER_S, "web", "first");
	recorder_add(&recorder, at_s(2), 2 * NS_PER_S + 5 * NS_PER_MS, "web", "second");
	recorder_add(&recorder, at_s(3), 3 * NS_PER_S, "mail", "another's");
	recorder_add(&recorder, at_s(4), 4 * NS_PER_S, NULL, "the node's");
	recorder_print(&recorder, "web", 2, at_s(5), &out);
	assert_string_equal(text_get(&out), "1970-01-01T00:00:02.005Z (3.000 s ago) web: second\n"
					    "1970-01-01T00:00:04.000Z (1.000 s ago) the node's\n");
}

static void forgets_the_oldest(void **state)
{
	AUTO_TEXT out = {0};
	size_t lines = 0;

	(void)state;
	for (int i = 0; i < RECORDER_ENTRIES + 10; i++)
		recorder_add(&recorder, at_s(i), 0, "web", "entry %d", i);
	recorder_print(&recorder, NULL, SIZE_MAX, at_s(RECORDER_ENTRIES + 10), &out);
	for (const char *c = text_get(&out); *c != '\0'; c++)
		lines += *c == '\n';
	assert_int_equal(lines, RECORDER_ENTRIES);
	assert_null(strstr(text_get(&out), "entry 9\n"));
	assert_non_null(strstr(text_get(&out), "entry 10\n"));
}

static void entries_have_numbers(void **state)
{
	char time[RECORDER_TIME_MAX];

	(void)state;
	assert_int_equal(recorder_first(&recorder), 0);
	for (int i = 0; i < RECORDER_ENTRIES + 10; i++)
		recorder_add(&recorder, at_s(i), 0, "web", "entry %d", i);
	assert_int_equal(recorder_first(&recorder), 10);
	assert_string_equal(recorder_entry(&recorder, 10)->text, "entry 10");
	assert_string_equal(recorder_entry(&recorder, RECORDER_ENTRIES + 9)->text, "entry 1009");
	assert_string_equal(recorder_time(2 * NS_PER_S + 5 * NS_PER_MS, time), "1970-01-01T00:00:02.005Z");
}

static void long_texts_are_cut(void **state)
{
	char name[2 * RECORDER_VIP_MAX], text[2 * RECORDER_TEXT_MAX];
	AUTO_TEXT out = {0};

	(void)state;
	memset(name, 'n', sizeof name);
	memset(text, 't', sizeof text);
	name[sizeof name - 1] = '\0';
	text[sizeof text - 1] = '\0';
	recorder_add(&recorder, at_s(1), 0, name, "%s", text);
	recorder_print(&recorder, NULL, 1, at_s(1), &out);
	assert_true(out.length < RECORDER_VIP_MAX + RECORDER_TEXT_MAX + 64);
	assert_true(out.length > RECORDER_TEXT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(prints_the_newest_of_a_vip, setup),
		cmocka_unit_test_setup(forgets_the_oldest, setup),
		cmocka_unit_test_setup(entries_have_numbers, setup),
		cmocka_unit_test_setup(long_texts_are_cut, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
