/* SPDX-License-Identifier: MIT */
#include "lbd/agent.h"

#include "tests/unit/unit.h"

#define SAME AGENT_PERCENT_SAME

static const struct {
	const char *line;
	bool known;
	struct agent_words words;
} cases[] = {
	{"up", true, {AGENT_MODE_SAME, AGENT_HEALTH_UP, SAME}},
	{"75%", true, {AGENT_MODE_SAME, AGENT_HEALTH_SAME, 75}},
	{"0%", true, {AGENT_MODE_SAME, AGENT_HEALTH_SAME, 0}},
	{"256%", true, {AGENT_MODE_SAME, AGENT_HEALTH_SAME, 256}},
	{"up ready 100%", true, {AGENT_MODE_READY, AGENT_HEALTH_UP, 100}},
	{" UP,\tReady ", true, {AGENT_MODE_READY, AGENT_HEALTH_UP, SAME}},
	{"drain", true, {AGENT_MODE_DRAIN, AGENT_HEALTH_SAME, SAME}},
	{"maint down", true, {AGENT_MODE_MAINT, AGENT_HEALTH_DOWN, SAME}},
	{"failed", true, {AGENT_MODE_SAME, AGENT_HEALTH_DOWN, SAME}},
	{"stopped#up", true, {AGENT_MODE_SAME, AGENT_HEALTH_DOWN, SAME}},
	{"down # disk is full, 30% left", true, {AGENT_MODE_SAME, AGENT_HEALTH_DOWN, SAME}},
	{"maxconn:30 50%", true, {AGENT_MODE_SAME, AGENT_HEALTH_SAME, 50}},
	/* The last word counts. */
	{"up down", true, {AGENT_MODE_SAME, AGENT_HEALTH_DOWN, SAME}},
	{"", false, {0}},
	{"#up", false, {0}},
	{"upper", false, {0}},
	{"u", false, {0}},
	{"257%", false, {0}},
	{"1000%", false, {0}},
	{"-1%", false, {0}},
	{"%", false, {0}},
	{"7 5%x", false, {0}},
	{"HTTP/1.1 400 Bad Request", false, {0}},
};

static void expect_words(const struct agent_words *words, const struct agent_words *wanted)
{
	assert_int_equal(words->mode, wanted->mode);
	assert_int_equal(words->health, wanted->health);
	assert_int_equal(words->percent, wanted->percent);
}

static void lines_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct agent_words words;

		assert_int_equal(agent_parse(cases[i].line, &words), cases[i].known);
		if (cases[i].known)
			expect_words(&words, &cases[i].words);
	}
}

/* What is said in turn, and what a server of weight 200 then has. */
static void words_are_kept_until_others_come(void **state)
{
	static const struct {
		const char *line;
		unsigned share;
	} turns[] = {{"up", 200}, {"50%", 100}, {"drain", 0}, {"up", 0}, {"ready", 100}, {"down 100%", 0}, {"25%", 0},
		{"up", 50}, {"maint", 0}, {"ready 200%", 256}, {"1%", 2}, {"0%", 0}, {"100%", 200}};
	struct agent_words words, said;

	(void)state;
	agent_init(&words);
	assert_int_equal(agent_share(&words, 200), 200);
	for (size_t i = 0; i < ARRAY_LEN(turns); i++) {
		assert_true(agent_parse(turns[i].line, &said));
		agent_merge(&words, &said);
		assert_int_equal(agent_share(&words, 200), turns[i].share);
	}
	assert_true(agent_parse("1%", &words));
	assert_int_equal(agent_share(&words, 10), 1);
	assert_int_equal(agent_share(&words, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read),
		cmocka_unit_test(words_are_kept_until_others_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
