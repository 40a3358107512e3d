/* SPDX-License-Identifier: MIT */
#include "lbctl/amount.h"

#include "lbctl/connections.h"
#include "tests/unit/unit.h"

static void bytes_are_readable(void **state)
{
	static const struct {
		double bytes;
		const char *text;
	} cases[] = {
		{0, "0 B"},
		{999, "999 B"},
		{1000, "1.0 kB"},
		{999949, "999.9 kB"},
		{999951, "1.0 MB"},
		{1.5e18, "1.5 EB"},
		{9e21, "9000.0 EB"},
	};
	char text[AMOUNT_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(amount_bytes(cases[i].bytes, text), cases[i].text);
}

static void spans_are_readable(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{0, "0 ms"},
		{999, "999 ms"},
		{1000, "1.0 s"},
		{59999, "59.9 s"},
		{60000, "1m00s"},
		{3599999, "59m59s"},
		{3600000, "1h00m"},
		{86399000, "23h59m"},
		{86400000, "1d00h"},
		{INT64_MAX, "106751991167d07h"},
	};
	char text[AMOUNT_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(amount_span(cases[i].ms, text), cases[i].text);
}

static void connections_become_a_table(void **state)
{
	json_t *list =
		json_loads("[{\"protocol\":\"tcp\",\"client\":\"192.0.2.7:50000\",\"local\":\"192.0.2.100:80\","
			   "\"service\":\"web\",\"server\":\"blue/app1\",\"state\":\"open\",\"age_ms\":61000,"
			   "\"idle_ms\":1500,\"bytes_in\":10,\"bytes_out\":2000},"
			   "{\"protocol\":\"udp\",\"client\":\"192.0.2.8:53\",\"local\":null,\"service\":\"dns\","
			   "\"server\":null,\"state\":\"connecting\",\"age_ms\":5,\"idle_ms\":5,\"bytes_in\":0,"
			   "\"bytes_out\":0}, 7]",
			0, NULL);
	json_t *none = json_array();
	AUTO_TEXT out = {0};
	AUTO_TEXT empty = {0};

	(void)state;
	connections_text(list, false, &out);
	assert_string_equal(text_get(&out), "CLIENT           LOCAL           PROTOCOL  SERVICE  SERVER     STATE      "
					    "   AGE   IDLE    IN     OUT\n"
					    "192.0.2.7:50000  192.0.2.100:80  tcp       web      blue/app1  open       "
					    " 1m01s  1.5 s  10 B  2.0 kB\n"
					    "192.0.2.8:53     -               udp       dns      -          connecting "
					    "  5 ms   5 ms   0 B     0 B\n"
					    "-                -               -         -        -          -          "
					    "  0 ms   0 ms   0 B     0 B\n");
	connections_text(none, false, &empty);
	assert_string_equal(text_get(&empty), "no connections\n");
	json_decref(list);
	json_decref(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_readable),
		cmocka_unit_test(spans_are_readable),
		cmocka_unit_test(connections_become_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
