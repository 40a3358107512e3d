/* SPDX-License-Identifier: MIT */
/* The record of what was changed of other interfaces' settings, line by line. */
#include "vrrpd/settings.h"

#include "tests/unit/unit.h"

static const struct {
	const char *line;
	bool good;
} cases[] = {
	{"2 arp_ignore 0 1", true},
	{"2 arp_announce 0 2\n", true},
	{"2 forwarding 0 1", false},
	{"0 arp_ignore 0 1", false},
	{"-1 arp_ignore 0 1", false},
	{"2 arp_ignore -1 1", false},
	{"2 arp_ignore 0", false},
	{"2 arp_ignore 0 1 1", false},
	{"arp_ignore", false},
	{"", false},
};

static void lines_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings_entry entry;

		if (settings_parse(cases[i].line, &entry) != cases[i].good)
			fail_msg("%s", cases[i].line);
	}
}

static void each_setting_is_read_as_written(void **state)
{
	(void)state;
	for (enum settings_name name = 0; name < SETTINGS_COUNT; name++) {
		const struct settings_entry entry = {.ifindex = 7, .name = name, .before = 0, .ours = 1 + (int)name};
		struct settings_entry again;
		char line[SETTINGS_LINE_MAX];

		assert_true(settings_parse(settings_line(&entry, line), &again));
		assert_int_equal(again.ifindex, 7);
		assert_int_equal(again.name, name);
		assert_int_equal(again.before, 0);
		assert_int_equal(again.ours, 1 + (int)name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read),
		cmocka_unit_test(each_setting_is_read_as_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
