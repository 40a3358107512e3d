/* SPDX-License-Identifier: MIT */
#include "common/pure/text.h"

#include "tests/unit/unit.h"

#include "common/pure/mono.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *text;
	uint64_t min, max;
	int result;
	uint64_t value;
} numbers[] = {
	{"0", 0, 10, 0, 0},
	{"10", 0, 10, 0, 10},
	{"007", 0, 10, 0, 7},
	{"18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX},
	{"18446744073709551616", 0, UINT64_MAX, -ERANGE, 0},
	{"99999999999999999999999999", 0, UINT64_MAX, -ERANGE, 0},
	{"11", 0, 10, -ERANGE, 0},
	{"4", 5, 10, -ERANGE, 0},
	{"", 0, 10, -EINVAL, 0},
	{"-1", 0, 10, -EINVAL, 0},
	{"+1", 0, 10, -EINVAL, 0},
	{" 1", 0, 10, -EINVAL, 0},
	{"1 ", 0, 10, -EINVAL, 0},
	{"1x", 0, 10, -EINVAL, 0},
	{"0x1", 0, 10, -EINVAL, 0},
	{"99999999999999999999999999x", 0, 10, -EINVAL, 0},
};

static void numbers_are_digits_within_a_range(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		uint64_t value = 4711;

		assert_int_equal(
			text_to_u64(numbers[i].text, numbers[i].min, numbers[i].max, &value), numbers[i].result);
		assert_true(value == (numbers[i].result == 0 ? numbers[i].value : 4711));
	}
}

static const struct {
	const char *text;
	int result;
	int64_t ns;
	const char *back; /* the shortest form */
} spans[] = {
	{"100ms", 0, 100 * NS_PER_MS, "100ms"},
	{"1s", 0, NS_PER_S, "1s"},
	{"1000ms", 0, NS_PER_S, "1s"},
	{"1500ms", 0, 1500 * NS_PER_MS, "1500ms"},
	{"60s", 0, 60 * NS_PER_S, "1m"},
	{"90s", 0, 90 * NS_PER_S, "90s"},
	{"10m", 0, 600 * NS_PER_S, "10m"},
	{"24h", 0, 86400 * NS_PER_S, "24h"},
	{"0", 0, 0, "0s"},
	{"0ms", 0, 0, "0s"},
	{"0h", 0, 0, "0s"},
	{"2562047h", 0, INT64_C(2562047) * 3600 * NS_PER_S, "2562047h"},
	{"2562048h", -ERANGE, 0, NULL},
	{"99999999999999999999ms", -ERANGE, 0, NULL},
	{"99999999999999999999", -EINVAL, 0, NULL},
	{"100", -EINVAL, 0, NULL},
	{"", -EINVAL, 0, NULL},
	{"s", -EINVAL, 0, NULL},
	{"1.5s", -EINVAL, 0, NULL},
	{"-1s", -EINVAL, 0, NULL},
	{"1 s", -EINVAL, 0, NULL},
	{"1d", -EINVAL, 0, NULL},
	{"1us", -EINVAL, 0, NULL},
	{"1S", -EINVAL, 0, NULL},
	{"1m30s", -EINVAL, 0, NULL},
};

static void spans_have_a_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
		char back[SPAN_TEXT_MAX];
		int64_t ns = 4711;

		assert_int_equal(text_to_span_ns(spans[i].text, &ns), spans[i].result);
		assert_true(ns == (spans[i].result == 0 ? spans[i].ns : 4711));
		if (spans[i].result == 0)
			assert_string_equal(span_text(ns, back), spans[i].back);
	}
}

static void a_span_below_a_millisecond_has_a_fraction(void **state)
{
	char text[SPAN_TEXT_MAX];

	(void)state;
	assert_string_equal(span_text(1500, text), "0.002ms");
	assert_string_equal(span_text(INT64_MAX, text), "9223372036854.775ms");
	assert_string_equal(span_text(INT64_MIN, text), "-9223372036854.775ms");
}

static void hex_goes_both_ways(void **state)
{
	static const uint8_t wanted[] = {0x00, 0x7f, 0xab, 0xff};
	uint8_t bytes[4] = {0};
	size_t count = 0;
	char back[9];

	(void)state;
	assert_int_equal(hex_to_bytes("007FaBff", 8, bytes, sizeof bytes, &count), 0);
	assert_int_equal(count, 4);
	assert_memory_equal(bytes, wanted, 4);
	bytes_to_hex(bytes, 4, back);
	assert_string_equal(back, "007fabff");
	assert_int_equal(hex_to_bytes("", 0, bytes, sizeof bytes, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(hex_to_bytes("abc", 3, bytes, sizeof bytes, &count), -EINVAL);
	assert_int_equal(hex_to_bytes("0g", 2, bytes, sizeof bytes, &count), -EINVAL);
	assert_int_equal(hex_to_bytes("0 ", 2, bytes, sizeof bytes, &count), -EINVAL);
	assert_int_equal(hex_to_bytes("0011223344", 10, bytes, sizeof bytes, &count), -ERANGE);
	assert_memory_equal(bytes, wanted, 4);
}

static const char *name_at(const void *context, size_t i)
{
	return ((const char *const *)context)[i];
}

static const struct {
	const char *word;
	const char *nearest;
} misspelt[] = {
	{"vird", "vrid"},          /* a swap */
	{"prioritty", "priority"}, /* one too many */
	{"priorty", "priority"},   /* one missing */
	{"prioroty", "priority"},  /* a wrong one */
	{"advertinterval", "advert-interval"},
	{"advert_intervall", "advert-interval"}, /* two */
	{"wieght", "weight"},
	{"x", NULL},
	{"a", "b"}, /* a third, but at least one */
	{"colour", NULL},
	{"", "b"},
	{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
};

static void the_nearest_name_is_found(void **state)
{
	static const char *const names[] = {"vrid", "priority", "advert-interval", "weight", NULL};
	static const char *const short_names[] = {"b", NULL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(misspelt); i++) {
		bool is_short = misspelt[i].nearest != NULL && strlen(misspelt[i].nearest) == 1;
		const char *nearest = text_nearest(misspelt[i].word, name_at, is_short ? short_names : names);

		if (misspelt[i].nearest == NULL)
			assert_null(nearest);
		else
			assert_string_equal(nearest, misspelt[i].nearest);
	}
}

static void a_text_grows_and_is_consumed(void **state)
{
	AUTO_TEXT text = {0};

	(void)state;
	assert_string_equal(text_get(&text), "");
	for (unsigned i = 0; i < 1000; i++)
		text_addf(&text, "%u,", i);
	assert_int_equal(text.length, 10 * 2 + 90 * 3 + 900 * 4);
	assert_int_equal(strlen(text_get(&text)), text.length);
	text_consume(&text, 20);
	assert_int_equal(strncmp(text_get(&text), "10,11,", 6), 0);
	text_consume(&text, text.length);
	assert_string_equal(text_get(&text), "");
	text_add_bytes(&text, "a\0b", 3);
	assert_int_equal(text.length, 3);
	assert_memory_equal(text_get(&text), "a\0b", 4);
	text_add_bytes(&text, NULL, 0);
	assert_int_equal(text.length, 3);
	assert_false(text.failed);
}

static void running_out_of_memory_is_sticky(void **state)
{
	AUTO_TEXT text = {0};

	(void)state;
	text_add(&text, "before");
	text.failed = true;
	text_add(&text, "after");
	assert_string_equal(text_get(&text), "before");
	text.failed = false;
	text_add_bytes(&text, "x", SIZE_MAX);
	assert_true(text.failed);
	assert_string_equal(text_get(&text), "before");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_digits_within_a_range),
		cmocka_unit_test(spans_have_a_unit),
		cmocka_unit_test(a_span_below_a_millisecond_has_a_fraction),
		cmocka_unit_test(hex_goes_both_ways),
		cmocka_unit_test(the_nearest_name_is_found),
		cmocka_unit_test(a_text_grows_and_is_consumed),
		cmocka_unit_test(running_out_of_memory_is_sticky),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
