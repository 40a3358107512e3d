/* SPDX-License-Identifier: MIT */
#include "lbd/name_plan.h"

#include "tests/unit/unit.h"

#define MOST 4

static size_t read_addresses(const char *const *texts, struct ip *addresses)
{
	size_t count = 0;

	for (; count < MOST && texts[count] != NULL; count++)
		assert_int_equal(ip_parse(texts[count], &addresses[count]), 0);
	return count;
}

/* Answers one after the other, and the address after each. */
static void an_address_is_kept_as_long_as_it_is_there(void **state)
{
	static const struct {
		const char *answer[MOST];
		const char *address;
		bool changed;
	} steps[] = {
		{{"192.0.2.9", "192.0.2.3", "192.0.2.5"}, "192.0.2.3", true},
		/* In turn, as name servers deal them out. */
		{{"192.0.2.5", "192.0.2.9", "192.0.2.3"}, "192.0.2.3", false},
		{{"192.0.2.3", "192.0.2.1"}, "192.0.2.3", false},
		{{"192.0.2.9", "192.0.2.5"}, "192.0.2.5", true},
		{{"2001:db8::1", "2001:db8::2"}, "2001:db8::1", true},
		{{"2001:db8::1", "192.0.2.5"}, "2001:db8::1", false},
		{{"2001:db8::2", "192.0.2.200"}, "192.0.2.200", true},
	};
	struct name_plan plan = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct ip addresses[MOST];
		size_t count = read_addresses(steps[i].answer, addresses);
		char text[IP_TEXT_MAX];
		bool changed;

		(void)name_plan_answer(&plan, addresses, count, 10, (struct mono){0}, &changed);
		assert_string_equal(ip_text(&plan.address, text), steps[i].address);
		assert_int_equal(changed, steps[i].changed);
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
		bool changed;
		struct mono next = name_plan_answer(&plan, &address, 1, cases[i].ttl_s, now, &changed);

		assert_int_equal(mono_diff(next, now), cases[i].next_s * NS_PER_S);
	}
}

static void failures_are_asked_again_and_change_nothing(void **state)
{
	static const int64_t spans_s[] = {1, 2, 4, 8, 16, 30, 30};
	const struct ip address = {.family = AF_INET, .bytes = {192, 0, 2, 1}};
	struct mono now = {7 * NS_PER_S};
	struct name_plan plan = {0};
	bool changed;

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ARRAY_LEN(spans_s); i++)
			assert_int_equal(mono_diff(name_plan_failure(&plan, now), now), spans_s[i] * NS_PER_S);
		assert_int_equal(ip_equal(&plan.address, &address), round == 1);
		(void)name_plan_answer(&plan, &address, 1, 5, now, &changed);
		assert_int_equal(changed, round == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_kept_as_long_as_it_is_there),
		cmocka_unit_test(an_answer_is_good_as_long_as_it_says),
		cmocka_unit_test(failures_are_asked_again_and_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
