/* SPDX-License-Identifier: MIT */
#include "vrrpd/peer_session.h"

#include "tests/unit/unit.h"

#define MAX_AGE (300 * NS_PER_MS)

static struct mono at_ms(int64_t ms)
{
	return (struct mono){ms * NS_PER_MS};
}

static struct peer_message stamped(struct peer_session *session, int64_t ms)
{
	struct peer_message message = {.kind = PEER_HEARTBEAT};

	peer_session_stamp(session, at_ms(ms), &message);
	return message;
}

static enum peer_freshness take(struct peer_session *session, const struct peer_message *message, int64_t ms)
{
	return peer_session_take(session, message, at_ms(ms));
}

/* Two that know each other. */
static void meet(struct peer_session *a, struct peer_session *b)
{
	struct peer_message hello;

	peer_session_init(a, 0xa1, MAX_AGE);
	peer_session_init(b, 0xb1, MAX_AGE);
	hello = stamped(a, 0);
	assert_int_equal(take(b, &hello, 1), PEER_GREETING);
	hello = stamped(b, 2);
	assert_int_equal(take(a, &hello, 3), PEER_FRESH);
	hello = stamped(a, 4);
	assert_int_equal(take(b, &hello, 5), PEER_FRESH);
}

static void two_meet_in_three_datagrams(void **state)
{
	struct peer_session a;
	struct peer_session b;

	(void)state;
	meet(&a, &b);
	for (int64_t ms = 100; ms < 1000; ms += 100) {
		struct peer_message message = stamped(&a, ms);

		assert_true(message.echo.session == 0xb1 && message.answer.session == 0);
		assert_int_equal(take(&b, &message, ms + 1), PEER_FRESH);
		assert_int_equal(take(&b, &message, ms + 2), PEER_OLD);
		message = stamped(&b, ms + 10);
		assert_true(message.echo.session == 0xa1 && message.answer.session == 0);
		assert_int_equal(take(&a, &message, ms + 11), PEER_FRESH);
		assert_int_equal(take(&a, &message, ms + 12), PEER_OLD);
	}
}

/* One such datagram, so many later. */
static enum peer_freshness take_numbered(
	struct peer_session *to, const struct peer_message *of, uint64_t counter, uint64_t base)
{
	struct peer_message message = *of;

	message.stamp.counter = base + counter;
	return take(to, &message, 11);
}

static void other_paths_may_overtake(void **state)
{
	static const struct {
		uint64_t counter;
		enum peer_freshness result;
	} rows[] = {
		{2, PEER_FRESH},
		{1, PEER_OVERTAKEN},
		{1, PEER_OLD},
		{2, PEER_OLD},
		{70, PEER_FRESH},
		{69, PEER_OVERTAKEN},
		{1025, PEER_FRESH},
		/* 1023 behind can be told from one seen before, 1024 cannot. */
		{2, PEER_OLD},
		{3, PEER_OVERTAKEN},
		{3, PEER_OLD},
		{1, PEER_OLD},
		{70, PEER_OLD},
		{71, PEER_OVERTAKEN},
		/* In the place of one that was taken a round earlier. */
		{1094, PEER_FRESH},
		{1093, PEER_OVERTAKEN},
		{1093, PEER_OLD},
		{71, PEER_OLD},
		/* A long way on. */
		{3000, PEER_FRESH},
		{2999, PEER_OVERTAKEN},
		{2118, PEER_OVERTAKEN},
		{1976, PEER_OLD},
	};
	struct peer_session a;
	struct peer_session b;
	struct peer_message message;

	(void)state;
	meet(&a, &b);
	message = stamped(&a, 10);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum peer_freshness result = take_numbered(&b, &message, rows[i].counter, message.stamp.counter);

		if (result != rows[i].result)
			fail_msg("row %zu: %d", i, (int)result);
	}
}

static void what_was_held_up_is_not_fresh(void **state)
{
	struct peer_session a;
	struct peer_session b;
	struct peer_message held;

	(void)state;
	meet(&a, &b);
	held = stamped(&a, 10);
	for (int64_t ms = 100; ms < 1100; ms += 100)
		(void)stamped(&b, ms);
	assert_int_equal(take(&b, &held, 1100), PEER_GREETING);
}

/* Nothing of ours arrives there: what it sends echoes old stamps, and may as well be old itself. */
static void one_way_is_no_exchange(void **state)
{
	struct peer_session a;
	struct peer_session b;
	enum peer_freshness last = PEER_FRESH;

	(void)state;
	meet(&a, &b);
	for (int64_t ms = 100; ms < 2000; ms += 100) {
		struct peer_message message = stamped(&a, ms);

		(void)stamped(&b, ms);
		last = take(&b, &message, ms);
		assert_int_equal(last, ms <= 300 ? PEER_FRESH : ms >= 900 ? PEER_GREETING : last);
	}
}

/* We slept: what waits in the socket was made at an unknown time. */
static void after_a_pause_all_is_old_until_the_next_exchange(void **state)
{
	struct peer_session a;
	struct peer_session b;
	struct peer_message waiting;
	struct peer_message message;

	(void)state;
	meet(&a, &b);
	waiting = stamped(&a, 100);
	assert_int_equal(take(&b, &waiting, 5000), PEER_GREETING);
	message = stamped(&b, 5001);
	assert_int_equal(take(&a, &message, 5002), PEER_GREETING);
	message = stamped(&a, 5003);
	assert_int_equal(take(&b, &message, 5004), PEER_FRESH);
}

static void a_restart_is_taken_up_once(void **state)
{
	struct peer_session a;
	struct peer_session b;
	struct peer_session again;
	struct peer_message last;
	struct peer_message message;

	(void)state;
	meet(&a, &b);
	/* On its way while a starts again. */
	last = stamped(&a, 10);
	peer_session_init(&again, 0xa2, MAX_AGE);
	message = stamped(&again, 20);
	assert_int_equal(take(&b, &message, 21), PEER_GREETING);
	message = stamped(&b, 22);
	assert_int_equal(take(&again, &message, 23), PEER_FRESH);
	message = stamped(&again, 24);
	assert_int_equal(take(&b, &message, 25), PEER_FRESH);
	assert_int_equal(take(&b, &last, 26), PEER_OLD);
	/* And it has not put the present session aside. */
	message = stamped(&again, 27);
	assert_int_equal(take(&b, &message, 28), PEER_FRESH);
}

static void what_comes_back_to_its_sender_is_old(void **state)
{
	struct peer_session a;
	struct peer_session b;
	struct peer_message own;

	(void)state;
	meet(&a, &b);
	own = stamped(&a, 10);
	assert_int_equal(take(&a, &own, 11), PEER_OLD);
}

/* Replayed greetings of ended sessions do not come between the two. */
static void old_greetings_disturb_nobody(void **state)
{
	struct peer_session a;
	struct peer_session b;
	struct peer_session ended;
	struct peer_message greetings[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(greetings); i++) {
		peer_session_init(&ended, 0xe0 + i, MAX_AGE);
		greetings[i] = stamped(&ended, -1000);
	}
	meet(&a, &b);
	for (int64_t ms = 100; ms < 1000; ms += 100) {
		struct peer_message message;

		for (size_t i = 0; i < ARRAY_LEN(greetings); i++)
			assert_int_equal(take(&b, &greetings[i], ms), PEER_GREETING);
		message = stamped(&b, ms);
		assert_int_equal(take(&a, &message, ms), PEER_FRESH);
		message = stamped(&a, ms);
		assert_int_equal(take(&b, &message, ms), PEER_FRESH);
	}
}

static void an_echo_of_the_future_is_none(void **state)
{
	struct peer_session a;
	struct peer_session b;
	struct peer_message message;

	(void)state;
	meet(&a, &b);
	message = stamped(&a, 10);
	message.echo.counter = 1000;
	assert_int_equal(take(&b, &message, 11), PEER_GREETING);
}

/*
 * Two nodes that start again now and then, a network that loses, doubles, delays and reorders, and an attacker who
 * keeps all datagrams of all sessions and sends any of them to anybody at any time.
 */

#define MESSAGES 4096
#define SESSIONS 64

struct made {
	struct peer_message message;
	int64_t at_ms;
	int by;
	unsigned taken[SESSIONS]; /* as fresh or overtaken, by the receiver's session */
};

static struct made made[MESSAGES];

struct flight {
	size_t which;
	int64_t due_ms;
	int to;
};

struct world {
	uint32_t random;
	int64_t now_ms;
	struct peer_session nodes[2];
	unsigned session_number[2]; /* of the node's present session */
	unsigned sessions;
	size_t newest_session[2]; /* by session number: which session of the other each takes for the present one */
	size_t made_count;
	struct flight flights[256];
	size_t flight_count;
	unsigned fresh[2];
};

static uint32_t draw(struct world *world, uint32_t bound)
{
	world->random = world->random * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)world->random * bound >> 32);
}

static void start_node(struct world *world, int node)
{
	assert_true(world->sessions < SESSIONS);
	world->session_number[node] = world->sessions++;
	peer_session_init(&world->nodes[node], 1 + world->session_number[node], MAX_AGE);
}

static void deliver(struct world *world, size_t which, int to, unsigned seed)
{
	struct made *datagram = &made[which];
	enum peer_freshness verdict = take(&world->nodes[to], &datagram->message, world->now_ms);

	if (verdict != PEER_FRESH && verdict != PEER_OVERTAKEN)
		return;
	if (datagram->by == to)
		fail_msg("seed %u: its own datagram came back as fresh", seed);
	if (world->now_ms - datagram->at_ms > 3 * MAX_AGE / NS_PER_MS)
		fail_msg("seed %u: fresh after %d ms", seed, (int)(world->now_ms - datagram->at_ms));
	if (datagram->taken[world->session_number[to]]++ > 0)
		fail_msg("seed %u: taken twice", seed);
	/* Session numbers grow with time: no return to an ended one. */
	if (datagram->message.stamp.session < world->newest_session[to])
		fail_msg("seed %u: an ended session is taken for the present one", seed);
	world->newest_session[to] = datagram->message.stamp.session;
	world->fresh[to]++;
}

static void send_one(struct world *world, int node, unsigned loss_percent)
{
	size_t which = world->made_count++;
	unsigned copies = draw(world, 100) < loss_percent ? 0 : 1 + draw(world, 10) / 9;

	assert_true(which < MESSAGES);
	made[which] = (struct made){.at_ms = world->now_ms, .by = node};
	peer_session_stamp(&world->nodes[node], at_ms(world->now_ms), &made[which].message);
	for (unsigned i = 0; i < copies && world->flight_count < ARRAY_LEN(world->flights); i++) {
		int64_t delay_ms = draw(world, 10) == 0 ? draw(world, 2000) : draw(world, 20);

		world->flights[world->flight_count++] = (struct flight){which, world->now_ms + delay_ms, 1 - node};
	}
}

static void land_flights(struct world *world, unsigned seed)
{
	for (size_t i = 0; i < world->flight_count;) {
		struct flight flight = world->flights[i];

		if (flight.due_ms > world->now_ms) {
			i++;
			continue;
		}
		world->flights[i] = world->flights[--world->flight_count];
		deliver(world, flight.which, flight.to, seed);
	}
}

static void run_world(struct world *world, unsigned seed, int64_t until_ms, unsigned loss_percent, bool attacked)
{
	for (; world->now_ms < until_ms; world->now_ms += 10) {
		for (int node = 0; node < 2; node++) {
			if (attacked && draw(world, 300) == 0 && world->sessions < SESSIONS)
				start_node(world, node);
			if (world->now_ms % 50 == 0)
				send_one(world, node, loss_percent);
		}
		land_flights(world, seed);
		while (attacked && world->made_count > 0 && draw(world, 2) == 0) {
			size_t which = draw(world, (uint32_t)world->made_count);

			/* Often a recent one. */
			if (draw(world, 2) == 0)
				which = world->made_count - 1 -
					draw(world, (uint32_t)MIN(world->made_count, (size_t)20));
			deliver(world, which, (int)draw(world, 2), seed);
		}
	}
}

static void nothing_old_is_ever_fresh(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 200; seed++) {
		struct world world = {.random = seed * 2654435761u};

		start_node(&world, 0);
		start_node(&world, 1);
		run_world(&world, seed, 20000, seed % 60, true);
		assert_true(world.fresh[0] > 0 && world.fresh[1] > 0);
		/* Left alone the two are in step again at once. */
		world.flight_count = 0;
		world.fresh[0] = world.fresh[1] = 0;
		run_world(&world, seed, world.now_ms + 1000, 0, false);
		assert_true(world.fresh[0] > 10 && world.fresh[1] > 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_meet_in_three_datagrams),
		cmocka_unit_test(other_paths_may_overtake),
		cmocka_unit_test(what_was_held_up_is_not_fresh),
		cmocka_unit_test(one_way_is_no_exchange),
		cmocka_unit_test(after_a_pause_all_is_old_until_the_next_exchange),
		cmocka_unit_test(a_restart_is_taken_up_once),
		cmocka_unit_test(what_comes_back_to_its_sender_is_old),
		cmocka_unit_test(old_greetings_disturb_nobody),
		cmocka_unit_test(an_echo_of_the_future_is_none),
		cmocka_unit_test(nothing_old_is_ever_fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
