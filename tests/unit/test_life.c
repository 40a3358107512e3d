/* SPDX-License-Identifier: MIT */
#include "lbd/life.h"

#include "tests/unit/unit.h"

#define SECOND(n) ((struct mono){(n)*NS_PER_S})

static const struct timeouts_conf limits = {
	.connect_ns = 3 * NS_PER_S,
	.idle_ns = 600 * NS_PER_S,
	.half_close_ns = 30 * NS_PER_S,
	.hello_ns = 5 * NS_PER_S,
};

/* A life with two retries, told event by event; `touch` says that bytes moved at that second, before the event. */
struct step {
	int at;
	enum life_event event;
	enum life_action action;
	enum life_state state;
	int deadline; /* in seconds; -1: never */
	int touch;
};

static const struct {
	const char *name;
	enum end_cause cause; /* once it has ended */
	struct step steps[8];
} lives[] = {
	{"fin from both, client first", END_CLIENT_CLOSED,
		{{1, LIFE_CONNECTED, LIFE_DO_NOTHING, LIFE_OPEN, 601, 0},
			{5, LIFE_CLIENT_FIN, LIFE_DO_FIN_TO_SERVER, LIFE_CLIENT_DONE, 35, 0},
			{6, LIFE_CLIENT_FIN, LIFE_DO_NOTHING, LIFE_CLIENT_DONE, 35, 0},
			{9, LIFE_SERVER_FIN, LIFE_DO_CLOSE, LIFE_ENDED, -1, 0},
			{9, LIFE_SERVER_RESET, LIFE_DO_NOTHING, LIFE_ENDED, -1, 0}}},
	{"fin from both, server first", END_SERVER_CLOSED,
		{{1, LIFE_CONNECTED, LIFE_DO_NOTHING, LIFE_OPEN, 601, 0},
			{5, LIFE_SERVER_FIN, LIFE_DO_FIN_TO_CLIENT, LIFE_SERVER_DONE, 35, 0},
			{7, LIFE_CLIENT_FIN, LIFE_DO_CLOSE, LIFE_ENDED, -1, 0}}},
	{"refused three times", END_CONNECT_FAILED,
		{{1, LIFE_CONNECT_FAILED, LIFE_DO_CONNECT, LIFE_CONNECTING, 4, 0},
			{2, LIFE_CONNECT_FAILED, LIFE_DO_CONNECT, LIFE_CONNECTING, 5, 0},
			{3, LIFE_CONNECT_FAILED, LIFE_DO_REFUSE, LIFE_ENDED, -1, 0}}},
	{"each attempt has its own time", END_OPEN,
		{{2, LIFE_TIME, LIFE_DO_NOTHING, LIFE_CONNECTING, 3, 0},
			{3, LIFE_TIME, LIFE_DO_CONNECT, LIFE_CONNECTING, 6, 0},
			{5, LIFE_TIME, LIFE_DO_NOTHING, LIFE_CONNECTING, 6, 0},
			{6, LIFE_CONNECTED, LIFE_DO_NOTHING, LIFE_OPEN, 606, 0}}},
	{"timeouts use the retries up", END_CONNECT_TIMEOUT,
		{{3, LIFE_TIME, LIFE_DO_CONNECT, LIFE_CONNECTING, 6, 0},
			{6, LIFE_TIME, LIFE_DO_CONNECT, LIFE_CONNECTING, 9, 0},
			{9, LIFE_TIME, LIFE_DO_REFUSE, LIFE_ENDED, -1, 0}}},
	{"no server", END_NO_SERVER, {{0, LIFE_NO_SERVER, LIFE_DO_REFUSE, LIFE_ENDED, -1, 0}}},
	{"the client gives up first", END_CLIENT_RESET, {{1, LIFE_CLIENT_RESET, LIFE_DO_RESET, LIFE_ENDED, -1, 0}}},
	{"idle, from the last byte on", END_IDLE_TIMEOUT,
		{{1, LIFE_CONNECTED, LIFE_DO_NOTHING, LIFE_OPEN, 601, 0},
			{601, LIFE_TIME, LIFE_DO_NOTHING, LIFE_OPEN, 900, 300},
			{900, LIFE_TIME, LIFE_DO_CLOSE, LIFE_ENDED, -1, 0}}},
	{"half closed, however busy", END_HALF_CLOSE_TIMEOUT,
		{{1, LIFE_CONNECTED, LIFE_DO_NOTHING, LIFE_OPEN, 601, 0},
			{10, LIFE_CLIENT_FIN, LIFE_DO_FIN_TO_SERVER, LIFE_CLIENT_DONE, 40, 0},
			{39, LIFE_TIME, LIFE_DO_NOTHING, LIFE_CLIENT_DONE, 40, 39},
			{40, LIFE_TIME, LIFE_DO_CLOSE, LIFE_ENDED, -1, 40}}},
	{"reset while half closed", END_SERVER_RESET,
		{{1, LIFE_CONNECTED, LIFE_DO_NOTHING, LIFE_OPEN, 601, 0},
			{2, LIFE_SERVER_FIN, LIFE_DO_FIN_TO_CLIENT, LIFE_SERVER_DONE, 32, 0},
			{3, LIFE_SERVER_RESET, LIFE_DO_RESET, LIFE_ENDED, -1, 0}}},
	{"closed by us while bytes move", END_OPEN,
		{{1, LIFE_CONNECTED, LIFE_DO_NOTHING, LIFE_OPEN, 601, 0},
			{2, LIFE_LOSE_SERVER, LIFE_DO_NOTHING, LIFE_OPEN, 602, 2},
			{2, LIFE_CLOSE, LIFE_DO_RESET, LIFE_ENDED, -1, 2}}},
	{"closed by us at rest", END_OPEN,
		{{1, LIFE_CONNECTED, LIFE_DO_NOTHING, LIFE_OPEN, 601, 0},
			{2, LIFE_CLOSE, LIFE_DO_CLOSE, LIFE_ENDED, -1, 0}}},
	{"closed by us, half closed and at rest", END_OPEN,
		{{1, LIFE_CONNECTED, LIFE_DO_NOTHING, LIFE_OPEN, 601, 0},
			{2, LIFE_SERVER_FIN, LIFE_DO_FIN_TO_CLIENT, LIFE_SERVER_DONE, 32, 0},
			{3, LIFE_CLOSE, LIFE_DO_CLOSE, LIFE_ENDED, -1, 0}}},
	{"closed by us before there is a server", END_OPEN, {{2, LIFE_CLOSE, LIFE_DO_RESET, LIFE_ENDED, -1, 0}}},
	{"a server is taken away, and no retry used", END_CONNECT_FAILED,
		{{2, LIFE_LOSE_SERVER, LIFE_DO_MOVE, LIFE_CONNECTING, 5, 0},
			{2, LIFE_CONNECT_FAILED, LIFE_DO_CONNECT, LIFE_CONNECTING, 5, 0},
			{2, LIFE_CONNECT_FAILED, LIFE_DO_CONNECT, LIFE_CONNECTING, 5, 0},
			{2, LIFE_LOSE_SERVER, LIFE_DO_MOVE, LIFE_CONNECTING, 5, 0},
			{2, LIFE_CONNECT_FAILED, LIFE_DO_REFUSE, LIFE_ENDED, -1, 0}}},
	{"what comes late changes nothing", END_OPEN,
		{{1, LIFE_CONNECTED, LIFE_DO_NOTHING, LIFE_OPEN, 601, 0},
			{2, LIFE_CONNECT_FAILED, LIFE_DO_NOTHING, LIFE_OPEN, 601, 0},
			{2, LIFE_CONNECTED, LIFE_DO_NOTHING, LIFE_OPEN, 602, 0},
			{2, LIFE_NO_SERVER, LIFE_DO_NOTHING, LIFE_OPEN, 602, 0}}},
};

static int deadline_s(const struct life *life, const struct timeouts_conf *timeouts)
{
	struct mono deadline = life_deadline(life, timeouts);

	return mono_is_never(deadline) ? -1 : (int)(deadline.ns / NS_PER_S);
}

static void lives_go_as_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lives); i++) {
		struct life life;

		life_begin(&life, 2, SECOND(0));
		assert_int_equal(deadline_s(&life, &limits), 3);
		for (const struct step *step = lives[i].steps;
			step < lives[i].steps + ARRAY_LEN(lives[i].steps) && (step->at > 0 || step->deadline != 0);
			step++) {
			enum end_cause cause = step->state == LIFE_ENDED ? lives[i].cause : END_OPEN;
			enum life_action action;

			if (step->touch > 0)
				life_touch(&life, SECOND(step->touch));
			action = life_step(&life, &limits, step->event, SECOND(step->at));
			if (action != step->action || life.state != step->state ||
				deadline_s(&life, &limits) != step->deadline || life.cause != cause)
				fail_msg("%s, at %d s: action %d, state %d, deadline %d, cause %d", lives[i].name,
					step->at, action, life.state, deadline_s(&life, &limits), life.cause);
		}
	}
}

static void zero_is_without_limit(void **state)
{
	static const struct timeouts_conf unlimited = {0};
	struct life life;

	(void)state;
	life_begin(&life, 0, SECOND(0));
	assert_int_equal(deadline_s(&life, &unlimited), -1);
	assert_int_equal(life_step(&life, &unlimited, LIFE_TIME, SECOND(100000)), LIFE_DO_NOTHING);
	(void)life_step(&life, &unlimited, LIFE_CONNECTED, SECOND(1));
	assert_int_equal(deadline_s(&life, &unlimited), -1);
	(void)life_step(&life, &unlimited, LIFE_CLIENT_FIN, SECOND(2));
	assert_int_equal(deadline_s(&life, &unlimited), -1);
	assert_int_equal(life.state, LIFE_CLIENT_DONE);
}

/* Nothing is counted against the retries or the time to connect. */
static void waiting_has_a_time_of_its_own(void **state)
{
	struct life life;

	(void)state;
	life_begin(&life, 1, SECOND(0));
	life_wait(&life, 5 * NS_PER_S, SECOND(1));
	assert_int_equal(deadline_s(&life, &limits), 6);
	assert_int_equal(life_step(&life, &limits, LIFE_TIME, SECOND(5)), LIFE_DO_NOTHING);
	life_go_on(&life, SECOND(5));
	assert_int_equal(deadline_s(&life, &limits), 8);
	assert_int_equal(life_step(&life, &limits, LIFE_CONNECT_FAILED, SECOND(6)), LIFE_DO_CONNECT);
	life_wait(&life, 5 * NS_PER_S, SECOND(6));
	assert_int_equal(life_step(&life, &limits, LIFE_TIME, SECOND(11)), LIFE_DO_REFUSE);
	assert_int_equal(life.cause, END_QUEUE_TIMEOUT);
	assert_int_equal(life.state, LIFE_ENDED);
	life_begin(&life, 1, SECOND(0));
	life_wait(&life, 0, SECOND(1));
	assert_int_equal(deadline_s(&life, &limits), -1);
	assert_int_equal(life_step(&life, &limits, LIFE_NO_SERVER, SECOND(7)), LIFE_DO_REFUSE);
	life_begin(&life, 1, SECOND(0));
	life_wait(&life, 0, SECOND(1));
	assert_int_equal(life_step(&life, &limits, LIFE_CLIENT_RESET, SECOND(7)), LIFE_DO_RESET);
}

/* For as long as an attempt may take, from the first time on until one is made. */
static void starving_has_an_end(void **state)
{
	struct life life;

	(void)state;
	life_begin(&life, 1, SECOND(0));
	life_starve(&life, &limits, SECOND(1));
	assert_int_equal(life.state, LIFE_WAITING);
	assert_int_equal(deadline_s(&life, &limits), 4);
	life_go_on(&life, SECOND(2));
	life_starve(&life, &limits, SECOND(2));
	assert_int_equal(deadline_s(&life, &limits), 4);
	life_go_on(&life, SECOND(3));
	assert_int_equal(life_step(&life, &limits, LIFE_CONNECT_FAILED, SECOND(5)), LIFE_DO_CONNECT);
	life_starve(&life, &limits, SECOND(5));
	assert_int_equal(deadline_s(&life, &limits), 8);
	assert_int_equal(life_step(&life, &limits, LIFE_TIME, SECOND(8)), LIFE_DO_REFUSE);
	assert_int_equal(life.cause, END_OUT_OF_RESOURCES);
	life_begin(&life, 1, SECOND(0));
	life_starve(&life, &limits, SECOND(1));
	life_go_on(&life, SECOND(2));
	life_wait(&life, 5 * NS_PER_S, SECOND(2));
	assert_int_equal(life_step(&life, &limits, LIFE_TIME, SECOND(7)), LIFE_DO_REFUSE);
	assert_int_equal(life.cause, END_QUEUE_TIMEOUT);
}

/* An event of several kinds, and then perhaps one that says all by itself. */
static void causes_can_be_said(void **state)
{
	struct life life;

	(void)state;
	life_begin(&life, 1, SECOND(0));
	life.cause = END_CONNECT_REFUSED;
	assert_int_equal(life_step(&life, &limits, LIFE_CONNECT_FAILED, SECOND(1)), LIFE_DO_CONNECT);
	assert_int_equal(life.cause, END_OPEN);
	life.cause = END_CONNECT_REFUSED;
	assert_int_equal(life_step(&life, &limits, LIFE_CONNECT_FAILED, SECOND(2)), LIFE_DO_REFUSE);
	assert_int_equal(life.cause, END_CONNECT_REFUSED);
	life_begin(&life, 1, SECOND(0));
	life.cause = END_SERVERS_FULL;
	assert_int_equal(life_step(&life, &limits, LIFE_NO_SERVER, SECOND(1)), LIFE_DO_REFUSE);
	assert_int_equal(life.cause, END_SERVERS_FULL);
	life_begin(&life, 1, SECOND(0));
	life.cause = END_VIP_LEFT;
	assert_int_equal(life_step(&life, &limits, LIFE_RESET, SECOND(1)), LIFE_DO_RESET);
	assert_int_equal(life.cause, END_VIP_LEFT);
}

static void a_preface_comes_before_the_first_attempt(void **state)
{
	struct life life;

	(void)state;
	life_begin(&life, 1, SECOND(0));
	life_expect_preface(&life, SECOND(1));
	assert_true(life_is_early(&life));
	assert_int_equal(deadline_s(&life, &limits), 6);
	assert_int_equal(life_step(&life, &limits, LIFE_TIME, SECOND(5)), LIFE_DO_NOTHING);
	assert_int_equal(life_step(&life, &limits, LIFE_PREFACE_READ, SECOND(5)), LIFE_DO_ADMIT);
	assert_int_equal(life.state, LIFE_CONNECTING);
	assert_int_equal(deadline_s(&life, &limits), 8);
	assert_int_equal(life_step(&life, &limits, LIFE_PREFACE_WRONG, SECOND(5)), LIFE_DO_NOTHING);
	assert_int_equal(life_step(&life, &limits, LIFE_CONNECT_FAILED, SECOND(6)), LIFE_DO_CONNECT);
	life_begin(&life, 1, SECOND(0));
	life_expect_preface(&life, SECOND(1));
	assert_int_equal(life_step(&life, &limits, LIFE_TIME, SECOND(6)), LIFE_DO_REFUSE);
	assert_int_equal(life.state, LIFE_ENDED);
	assert_int_equal(life.cause, END_PREFACE_TIMEOUT);
	life_begin(&life, 1, SECOND(0));
	life_expect_preface(&life, SECOND(1));
	assert_int_equal(life_step(&life, &limits, LIFE_PREFACE_WRONG, SECOND(2)), LIFE_DO_REFUSE);
	assert_int_equal(life.cause, END_PREFACE_ERROR);
	life_begin(&life, 1, SECOND(0));
	life_expect_preface(&life, SECOND(1));
	assert_int_equal(life_step(&life, &limits, LIFE_CLIENT_RESET, SECOND(2)), LIFE_DO_RESET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lives_go_as_told),
		cmocka_unit_test(zero_is_without_limit),
		cmocka_unit_test(waiting_has_a_time_of_its_own),
		cmocka_unit_test(starving_has_an_end),
		cmocka_unit_test(causes_can_be_said),
		cmocka_unit_test(a_preface_comes_before_the_first_attempt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
