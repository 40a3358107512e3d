/* SPDX-License-Identifier: MIT */
#include "lbd/name_plan.h"

#include "tests/unit/unit.h"

#define MOST 12

static size_t read_addresses(const char *const *texts, struct ip *addresses)
{
	size_t count = 0;

	for (; count < MOST && texts[count] != NULL; count++)
		assert_int_equal(ip_parse(texts[count], &addresses[count]), 0);
	return count;
}

/* `-` for a place without an address, and nothing for those at the end. */
static void print_places(const struct name_plan *plan, struct text *out)
{
	size_t used = SERVER_PLACES_MAX;
	char text[IP_TEXT_MAX];

	while (used > 0 && plan->places[used - 1].family == 0)
		used--;
	for (size_t i = 0; i < used; i++)
		text_addf(out, "%s%s", i > 0 ? " " : "", ip_text(&plan->places[i], text));
}

/* Answers one after the other, and the places after each. */
static void an_address_keeps_its_place(void **state)
{
	static const struct {
		const char *answer[MOST];
		const char *places;
		size_t passed_over;
	} steps[] = {
		{{"192.0.2.5"}, "192.0.2.5", 0},
		/* One instead of another moves, and a second comes behind it. */
		{{"192.0.2.4"}, "192.0.2.4", 0},
		{{"192.0.2.9", "192.0.2.3", "192.0.2.4"}, "192.0.2.4 192.0.2.3 192.0.2.9", 0},
		/* In turn, as name servers deal them out; one that is said twice is one. */
		{{"192.0.2.3", "192.0.2.4", "192.0.2.9", "192.0.2.3"}, "192.0.2.4 192.0.2.3 192.0.2.9", 0},
		/* One vanishes, the others stay; the next new one takes its place. */
		{{"192.0.2.9", "192.0.2.3"}, "- 192.0.2.3 192.0.2.9", 0},
		{{"192.0.2.9"}, "- - 192.0.2.9", 0},
		{{"192.0.2.9", "192.0.2.200", "192.0.2.2"}, "192.0.2.2 192.0.2.200 192.0.2.9", 0},
		{{"192.0.2.1", "192.0.2.200", "192.0.2.7", "192.0.2.6"}, "192.0.2.1 192.0.2.200 192.0.2.6 192.0.2.7",
			0},
		{{"2001:db8::2", "192.0.2.6", "2001:db8::1"}, "2001:db8::1 2001:db8::2 192.0.2.6", 0},
		/* As many as there are places, and more. */
		{{"192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.14", "192.0.2.15", "192.0.2.16", "192.0.2.17",
			 "192.0.2.18"},
			"192.0.2.11 192.0.2.12 192.0.2.13 192.0.2.14 192.0.2.15 192.0.2.16 192.0.2.17 192.0.2.18", 0},
		{{"192.0.2.1", "192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.14", "192.0.2.15", "192.0.2.16",
			 "192.0.2.17", "192.0.2.18", "192.0.2.2"},
			"192.0.2.11 192.0.2.12 192.0.2.13 192.0.2.14 192.0.2.15 192.0.2.16 192.0.2.17 192.0.2.18", 2},
		{{"192.0.2.1", "192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.15", "192.0.2.16", "192.0.2.17",
			 "192.0.2.18", "192.0.2.2"},
			"192.0.2.11 192.0.2.12 192.0.2.13 192.0.2.1 192.0.2.15 192.0.2.16 192.0.2.17 192.0.2.18", 1},
	};
	struct name_plan plan = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct ip addresses[MOST];
		size_t count = read_addresses(steps[i].answer, addresses), passed_over;
		AUTO_TEXT places = {0};

		(void)name_plan_answer(&plan, addresses, count, 10, (struct mono){0}, &passed_over);
		print_places(&plan, &places);
		assert_string_equal(text_get(&places), steps[i].places);
		assert_int_equal(passed_over, steps[i].passed_over);
	}
}

static void an_answer_is_good_as_long_as_it_says(void **state)
{
	static const struct {
		uint32_t ttl_s;
		int64_t next_s;
	} cases[] = {{0, 1}, {1, 1}, {2, 2}, {60, 60}, {3600, 3600}, {3601, 3600}, {UINT32_MAX, 3600}};
	const struct ip address = {.family = AF_INET, .bytes = {192, 0, 2, 1}};
	struct mono now = {5 * NS_PER_S};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct name_plan plan = {0};
		size_t passed_over;
		struct mono next = name_plan_answer(&plan, &address, 1, cases[i].ttl_s, now, &passed_over);

		assert_int_equal(mono_diff(next, now), cases[i].next_s * NS_PER_S);
	}
}

static void failures_are_asked_again_and_change_nothing(void **state)
{
	static const int64_t spans_s[] = {1, 2, 4, 8, 16, 30, 30};
	const struct ip address = {.family = AF_INET, .bytes = {192, 0, 2, 1}};
	struct mono now = {7 * NS_PER_S};
	struct name_plan plan = {0};
	size_t passed_over;

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ARRAY_LEN(spans_s); i++)
			assert_int_equal(mono_diff(name_plan_failure(&plan, now), now), spans_s[i] * NS_PER_S);
		assert_int_equal(ip_equal(&plan.places[0], &address), round == 1);
		(void)name_plan_answer(&plan, &address, 1, 5, now, &passed_over);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_keeps_its_place),
		cmocka_unit_test(an_answer_is_good_as_long_as_it_says),
		cmocka_unit_test(failures_are_asked_again_and_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
