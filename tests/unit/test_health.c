/* SPDX-License-Identifier: MIT */
#include "vrrpd/health.h"

#include "tests/unit/unit.h"

#include <string.h>

#define INTERVAL (100 * NS_PER_MS)
#define SERVING PEER_HEALTH_SERVING
#define UNBOUND PEER_HEALTH_NOT_BOUND
#define DEAD PEER_HEALTH_DEAD

static struct mono at_ms(int64_t ms)
{
	return (struct mono){ms * NS_PER_MS};
}

/* One step on a node that has run for a minute and has never resigned, unless the row says otherwise. */
static const struct {
	enum peer_health own;
	bool peer_known;
	enum peer_health peer;
	bool is_active;
	int64_t running_ms;
	bool lbd_unwanted;
	bool peer_unable;
	uint8_t priority;
	bool resigns;
	enum health_reason reason;
} single[] = {
	{SERVING, true, SERVING, true, 60000, false, false, 150, false, HEALTH_REASON_NONE},
	{SERVING, true, DEAD, true, 60000, false, false, 150, false, HEALTH_REASON_NONE},
	{SERVING, false, DEAD, false, 60000, false, false, 150, false, HEALTH_REASON_NONE},
	/* Not bound is no reason to resign, only to be taken over from. */
	{UNBOUND, true, SERVING, true, 60000, false, false, 150, false, HEALTH_REASON_NONE},
	{UNBOUND, true, SERVING, false, 60000, false, false, 150, false, HEALTH_REASON_NONE},
	/* Active and dead. */
	{DEAD, true, SERVING, true, 60000, false, false, 1, true, HEALTH_REASON_PEER_BETTER},
	{DEAD, true, UNBOUND, true, 60000, false, false, 1, true, HEALTH_REASON_PEER_BETTER},
	{DEAD, true, DEAD, true, 60000, false, false, 1, false, HEALTH_REASON_SICK},
	{DEAD, false, SERVING, true, 60000, false, false, 1, false, HEALTH_REASON_SICK},
	{DEAD, true, SERVING, true, 60000, false, true, 1, false, HEALTH_REASON_SICK},
	/* The first 10 s excuse a backup alone. */
	{DEAD, true, SERVING, true, 1000, false, false, 1, true, HEALTH_REASON_PEER_BETTER},
	{DEAD, false, SERVING, true, 1000, false, false, 1, false, HEALTH_REASON_SICK},
	{DEAD, true, SERVING, false, 1000, false, false, 150, false, HEALTH_REASON_STARTING},
	{DEAD, true, SERVING, false, 9999, false, false, 150, false, HEALTH_REASON_STARTING},
	{DEAD, true, SERVING, false, 10000, false, false, 1, false, HEALTH_REASON_SICK},
	{DEAD, false, SERVING, false, 60000, false, false, 1, false, HEALTH_REASON_SICK},
	/* Without services there is nothing to be sick of. */
	{DEAD, true, SERVING, true, 60000, true, false, 150, false, HEALTH_REASON_NONE},
	{DEAD, true, SERVING, false, 60000, true, false, 150, false, HEALTH_REASON_NONE},
};

static void single_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(single); i++) {
		struct health_fsm fsm;
		struct health_verdict verdict;
		struct health_input input = {
			.lbd_wanted = !single[i].lbd_unwanted,
			.own = single[i].own,
			.peer_known = single[i].peer_known,
			.peer_unable = single[i].peer_unable,
			.peer = single[i].peer,
			.is_active = single[i].is_active,
			.configured_priority = 150,
			.interval_ns = INTERVAL,
		};

		health_init(&fsm, at_ms(1000));
		health_step(&fsm, &input, at_ms(1000 + single[i].running_ms), &verdict);
		if (verdict.effective_priority != single[i].priority || verdict.resign != single[i].resigns ||
			verdict.reason != single[i].reason)
			fail_msg("row %zu: priority %u, resigns %d, %s", i, verdict.effective_priority, verdict.resign,
				health_reason_text(verdict.reason));
		assert_int_equal(
			verdict.hold_back_until.ns, single[i].resigns ? at_ms(1300 + single[i].running_ms).ns : 0);
	}
}

struct life {
	struct health_fsm fsm;
	struct health_input input;
	struct health_verdict verdict;
};

static struct life long_lived(void)
{
	struct life life = {
		.input =
			{
				.lbd_wanted = true,
				.peer_known = true,
				.configured_priority = 150,
				.interval_ns = INTERVAL,
			},
	};

	health_init(&life.fsm, at_ms(-60000));
	return life;
}

static void step(struct life *life, enum peer_health own, bool is_active, int64_t ms)
{
	life->input.own = own;
	life->input.is_active = is_active;
	health_step(&life->fsm, &life->input, at_ms(ms), &life->verdict);
}

/* lbd dies as soon as the node is active again, which it is when it no longer holds back. */
static void holding_back_doubles(void **state)
{
	struct life life = long_lived();
	int64_t ms = 0;
	int64_t held_ms = 300;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		step(&life, DEAD, true, ms);
		assert_true(life.verdict.resign);
		assert_int_equal(life.verdict.hold_back_until.ns, at_ms(ms + held_ms).ns);
		/* Asked again before it is done: the same resignation. */
		step(&life, DEAD, true, ms + 10);
		assert_true(life.verdict.resign);
		assert_int_equal(life.verdict.hold_back_until.ns, at_ms(ms + held_ms).ns);
		step(&life, SERVING, false, ms + 100);
		assert_int_equal(life.verdict.hold_back_until.ns, at_ms(ms + held_ms).ns);
		assert_int_equal(life.verdict.reason, HEALTH_REASON_HOLDING_BACK);
		assert_int_equal(life.verdict.effective_priority, 150);
		ms += held_ms;
		step(&life, SERVING, false, ms);
		assert_int_equal(life.verdict.reason, HEALTH_REASON_NONE);
		ms += 1000;
		held_ms = MIN(2 * held_ms, INT64_C(300000));
	}
	assert_int_equal(held_ms, 300000);
	/* A minute of calm after the hold-back, and it begins at three intervals. */
	ms += 60000;
	step(&life, DEAD, true, ms);
	assert_int_equal(life.verdict.hold_back_until.ns, at_ms(ms + 300).ns);
}

static void calm_is_a_minute_after_the_hold_back(void **state)
{
	struct life life = long_lived();

	(void)state;
	step(&life, DEAD, true, 0);
	step(&life, DEAD, true, 300 + 59999);
	assert_int_equal(life.verdict.hold_back_until.ns, at_ms(60299 + 600).ns);
	step(&life, DEAD, true, 60299 + 600 + 60000);
	assert_int_equal(life.verdict.hold_back_until.ns, at_ms(120899 + 300).ns);
}

/* Never none: a long hold-back holds for the sake of a peer that lives, can and is no worse off. */
static void nobody_is_held_back_for(void **state)
{
	static const struct {
		bool known;
		bool unable;
		enum peer_health peer;
		int64_t held_ms;
	} table[] = {
		{true, false, SERVING, 600},
		{false, false, SERVING, 300},
		{true, true, SERVING, 300},
		{true, false, UNBOUND, 300},
		{true, false, DEAD, 300},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct life life = long_lived();

		step(&life, DEAD, true, 0);
		step(&life, DEAD, true, 1000);
		life.input.peer_known = table[i].known;
		life.input.peer_unable = table[i].unable;
		life.input.peer = table[i].peer;
		step(&life, SERVING, false, 1010);
		assert_int_equal(life.verdict.hold_back_until.ns, at_ms(1000 + table[i].held_ms).ns);
	}
}

/* An interval of two minutes: three are longer than a hold-back ever grows. */
static void long_intervals_are_waited_for(void **state)
{
	struct life life = long_lived();

	(void)state;
	life.input.interval_ns = 120 * NS_PER_S;
	step(&life, DEAD, true, 0);
	assert_int_equal(life.verdict.hold_back_until.ns, at_ms(360000).ns);
	step(&life, DEAD, true, 361000);
	assert_int_equal(life.verdict.hold_back_until.ns, at_ms(361000 + 360000).ns);
}

/* A sick node that has resigned has no excuse of having just started. */
static void a_start_excuses_once(void **state)
{
	struct life life = long_lived();

	(void)state;
	health_init(&life.fsm, at_ms(0));
	step(&life, DEAD, true, 1000);
	assert_true(life.verdict.resign);
	step(&life, DEAD, false, 1100);
	assert_int_equal(life.verdict.effective_priority, 1);
}

/* Two nodes see each other and lose their lbd one after the other. */
static void the_equally_sick_keep_their_places(void **state)
{
	struct life a = long_lived();
	struct life b = long_lived();

	(void)state;
	step(&a, DEAD, true, 0);
	assert_true(a.verdict.resign);
	b.input.peer = DEAD;
	step(&b, SERVING, true, 50);
	step(&b, DEAD, true, 1000);
	a.input.peer = DEAD;
	for (int64_t ms = 1100; ms < 400000; ms += 100) {
		step(&a, DEAD, false, ms);
		step(&b, DEAD, true, ms);
		assert_false(a.verdict.resign);
		assert_false(b.verdict.resign);
		/* Equal: a backup that hears an equal priority stays. */
		assert_int_equal(a.verdict.effective_priority, b.verdict.effective_priority);
	}
	/* One is mended. */
	b.input.peer = SERVING;
	step(&a, SERVING, false, 400000);
	step(&b, DEAD, true, 400000);
	assert_true(b.verdict.resign);
	assert_int_equal(a.verdict.effective_priority, 150);
	assert_true(mono_reached(a.verdict.hold_back_until, at_ms(400000)));
}

static void deadlines_are_those_of_the_verdict(void **state)
{
	struct life life = long_lived();

	(void)state;
	health_init(&life.fsm, at_ms(0));
	assert_int_equal(health_deadline(&life.fsm, at_ms(0)).ns, at_ms(10000).ns);
	assert_true(mono_is_never(health_deadline(&life.fsm, at_ms(10000))));
	step(&life, DEAD, true, 20000);
	step(&life, DEAD, true, 21000);
	assert_int_equal(health_deadline(&life.fsm, at_ms(21000)).ns, at_ms(21300).ns);
	assert_int_equal(health_deadline(&life.fsm, at_ms(21300)).ns, at_ms(21600).ns);
	assert_true(mono_is_never(health_deadline(&life.fsm, at_ms(21600))));
}

static void each_reason_has_its_text(void **state)
{
	(void)state;
	for (unsigned i = 0; i < HEALTH_REASON_COUNT; i++)
		assert_int_equal(strlen(health_reason_text((enum health_reason)i)) == 0, i == HEALTH_REASON_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_steps),
		cmocka_unit_test(holding_back_doubles),
		cmocka_unit_test(calm_is_a_minute_after_the_hold_back),
		cmocka_unit_test(nobody_is_held_back_for),
		cmocka_unit_test(long_intervals_are_waited_for),
		cmocka_unit_test(a_start_excuses_once),
		cmocka_unit_test(the_equally_sick_keep_their_places),
		cmocka_unit_test(deadlines_are_those_of_the_verdict),
		cmocka_unit_test(each_reason_has_its_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
