/* SPDX-License-Identifier: MIT */
#include "lbd/checker.h"

#include "common/system/clock.h"
#include "tests/unit/unit.h"

#define CROWD 500

static struct fixture {
	struct loop *loop;
	unsigned results;
	unsigned in_round;
	unsigned most;
} fixture;

static void on_result(void *context, uint32_t slot, const struct check_result *result, const char *text)
{
	(void)context;
	(void)slot;
	assert_false(result->passed);
	assert_string_equal(text, "connection refused");
	fixture.results++;
	fixture.in_round++;
}

static void after_round(void *context)
{
	(void)context;
	fixture.most = MAX(fixture.most, fixture.in_round);
	fixture.in_round = 0;
	if (fixture.results >= CROWD)
		loop_stop(fixture.loop);
}

/* On this host a refusal comes at once, in the round in which the check began. */
static void checks_that_are_due_together_leave_room_for_others(void **state)
{
	static const struct check_conf conf = {
		.kind = CHECK_TCP, .interval_ns = 3600 * NS_PER_S, .timeout_ns = NS_PER_S, .rise = 1, .fall = 1};
	struct checker_gate gate = {0};
	struct checker *checkers[CROWD];
	struct checker_setup setup = {
		.gate = &gate,
		.target = {.conf = &conf, .pool = "p", .name = "s"},
		.fn = on_result,
	};

	(void)state;
	list_init(&gate.waiting);
	assert_int_equal(endpoint_parse("127.0.0.1:1", &setup.target.server), 0);
	assert_int_equal(loop_new(&fixture.loop), 0);
	loop_after_round(fixture.loop, after_round, NULL);
	setup.loop = fixture.loop;
	for (setup.slot = 0; setup.slot < CROWD; setup.slot++)
		assert_int_equal(checker_new(&setup, &checkers[setup.slot]), 0);
	assert_int_equal(loop_run(fixture.loop), 0);
	assert_int_equal(fixture.results, CROWD);
	assert_in_range(fixture.most, 1, CHECKER_BEGUN_MAX);
	assert_int_equal(gate.under_way, 0);
	for (size_t i = 0; i < CROWD; i++)
		checker_free(checkers[i]);
	loop_free(fixture.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_that_are_due_together_leave_room_for_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
