/* SPDX-License-Identifier: MIT */
/* A watch's results as traces, and what several of them cost together. */
#include "vrrpd/track.h"

#include "tests/unit/unit.h"

/* A result at a time, and the state behind it. */
struct step {
	int at_ms;
	char result; /* '+' good, '-' bad, '\0': the trace has ended */
	enum track_state state;
	bool doubtful;
};

static const struct {
	const char *name;
	struct track_rule rule;
	struct step steps[16];
} traces[] = {
	{"the first good result is a verdict", {2, 3, 0}, {{0, '+', TRACK_UP, false}}},
	{"the first bad one is not", {2, 3, 0},
		{{0, '-', TRACK_UNKNOWN, true}, {100, '-', TRACK_UNKNOWN, true}, {200, '-', TRACK_DOWN, false}}},
	{"single losses do not count, but are a doubt", {2, 3, 0},
		{{0, '+', TRACK_UP, false}, {100, '-', TRACK_UP, true}, {200, '-', TRACK_UP, true},
			{300, '+', TRACK_UP, false}, {400, '-', TRACK_UP, true}, {500, '-', TRACK_UP, true},
			{600, '-', TRACK_DOWN, false}}},
	{"it is up again after its rise, and a second without a break", {2, 1, 0},
		{{0, '-', TRACK_DOWN, false}, {100, '+', TRACK_DOWN, false}, {600, '+', TRACK_DOWN, false},
			{700, '-', TRACK_DOWN, false}, {800, '+', TRACK_DOWN, false}, {1799, '+', TRACK_DOWN, false},
			{1800, '+', TRACK_UP, true}, {3799, '+', TRACK_UP, true}, {3800, '+', TRACK_UP, false}}},
	{"rarely asked, the rise counts", {2, 1, 0},
		{{0, '-', TRACK_DOWN, false}, {10000, '+', TRACK_DOWN, false}, {20000, '+', TRACK_UP, true}}},
	{"what fails again within a minute waits twice as long each time", {1, 1, 0},
		{{0, '-', TRACK_DOWN, false}, {1, '+', TRACK_DOWN, false}, {1001, '+', TRACK_UP, true},
			{2000, '-', TRACK_DOWN, false}, {2001, '+', TRACK_DOWN, false}, {4000, '+', TRACK_DOWN, false},
			{4001, '+', TRACK_UP, true}, {5000, '-', TRACK_DOWN, false}, {5001, '+', TRACK_DOWN, false},
			{9000, '+', TRACK_DOWN, false}, {9001, '+', TRACK_UP, true}}},
	{"and after a minute's calm a second again", {1, 1, 0},
		{{0, '-', TRACK_DOWN, false}, {1, '+', TRACK_DOWN, false}, {1001, '+', TRACK_UP, true},
			{2000, '-', TRACK_DOWN, false}, {2001, '+', TRACK_DOWN, false}, {4001, '+', TRACK_UP, true},
			{64001, '-', TRACK_DOWN, false}, {64002, '+', TRACK_DOWN, false},
			{65002, '+', TRACK_UP, true}}},
};

static struct mono at(int ms)
{
	return (struct mono){NS_PER_S + ms * NS_PER_MS};
}

static void results_become_states(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(traces); i++) {
		struct track_score score = {0};

		for (const struct step *step = traces[i].steps; step->result != '\0'; step++) {
			enum track_state before = score.state;
			bool moved = track_score_take(&score, &traces[i].rule, step->result == '+', at(step->at_ms));

			if (score.state != step->state ||
				track_score_is_doubtful(&score, at(step->at_ms)) != step->doubtful ||
				moved != (before != score.state))
				fail_msg("%s, at %d ms: %s%s", traces[i].name, step->at_ms,
					track_state_name(score.state),
					track_score_is_doubtful(&score, at(step->at_ms)) ? ", doubtful" : "");
		}
	}
}

static void the_hold_has_an_end(void **state)
{
	const struct track_rule rule = {1, 1, 0};
	struct track_score score = {0};
	struct mono now = at(0);

	(void)state;
	for (int i = 0; i < 20; i++) {
		assert_true(track_score_take(&score, &rule, false, now));
		now = mono_add(now, 1);
		assert_false(track_score_take(&score, &rule, true, now));
		now = mono_add(now, TRACK_HOLD_MAX_NS);
		assert_true(track_score_take(&score, &rule, true, now));
	}
	assert_int_equal(score.hold_ns, TRACK_HOLD_MAX_NS);
}

static void penalties_add_up(void **state)
{
	const struct track_item items[] = {
		{TRACK_UP, false, 10}, {TRACK_DOWN, false, 20}, {TRACK_DOWN, false, 30}, {TRACK_UNKNOWN, false, 40}};
	const struct track_item fault = {TRACK_DOWN, false, TRACK_PENALTY_FAULT};
	const struct track_item fine = {TRACK_UP, false, TRACK_PENALTY_FAULT};
	const struct track_item doubtful = {TRACK_UP, true, 10};
	struct track_sum sum = {0};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		track_sum_add(&sum, &items[i]);
	track_sum_add(&sum, &fine);
	assert_int_equal(sum.penalty, 50);
	assert_false(sum.fault);
	assert_false(sum.unsure);
	track_sum_add(&sum, &items[3]);
	assert_true(sum.unsure);
	track_sum_add(&sum, &fault);
	assert_true(sum.fault);
	assert_int_equal(sum.penalty, 50);
	sum = (struct track_sum){0};
	track_sum_add(&sum, &doubtful);
	assert_true(sum.unsure);
	assert_int_equal(sum.penalty, 0);
}

static const struct {
	uint8_t priority;
	unsigned penalty;
	uint8_t effective;
} priorities[] = {
	{150, 0, 150},
	{150, 60, 90},
	{100, 98, 2},
	{100, 99, 2},
	{100, 100000, 2},
	{255, 60, 255}, /* the owner */
	{1, 60, 1},     /* a node without its lbd */
	{2, 60, 2},
};

static void penalties_leave_a_node_above_a_sick_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(priorities); i++)
		assert_int_equal(
			track_priority(priorities[i].priority, priorities[i].penalty), priorities[i].effective);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_become_states),
		cmocka_unit_test(the_hold_has_an_end),
		cmocka_unit_test(penalties_add_up),
		cmocka_unit_test(penalties_leave_a_node_above_a_sick_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
