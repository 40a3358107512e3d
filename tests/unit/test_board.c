/* SPDX-License-Identifier: MIT */
/* Limits that several threads press against at once. */
#include "lbd/board.h"

#include "common/pure/hash.h"
#include "tests/unit/unit.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define THREADS 4
#define ROUNDS 100000
#define SERVERS 70
#define LIMIT 2

static struct board board;
static struct board_pool *pool;

/* All servers of the board, in one pool, with one limit. */
static struct board_pool *make_pool(uint32_t limit)
{
	uint32_t servers[SERVERS], limits[SERVERS];
	struct board_pool *made;

	for (uint32_t i = 0; i < SERVERS; i++) {
		servers[i] = i;
		limits[i] = i == 68 ? 0 : limit;
	}
	assert_int_equal(board_pool_new(&board, 0, servers, limits, SERVERS, &made), 0);
	return made;
}

static void begin(void)
{
	board_init(&board);
	assert_int_equal(board_reserve(&board, &(struct board_size){1, 1, SERVERS}), 0);
	pool = make_pool(LIMIT);
}

static void end(void)
{
	board_pool_unref(pool);
	board_free(&board);
}

static struct board_place at(size_t place)
{
	return board_place(pool, place);
}

static bool is_marked(size_t place)
{
	return board_full(pool->full, place / 64) >> place % 64 & 1;
}

static void the_last_place_is_the_last(void **state)
{
	struct board_place last, free;

	(void)state;
	begin();
	last = at(69);
	free = at(68);
	assert_true(board_enter(&last));
	assert_false(is_marked(69));
	assert_true(board_enter(&last));
	assert_true(is_marked(69));
	assert_false(board_enter(&last));
	board_leave(&last);
	assert_false(is_marked(69));
	assert_true(board_enter(&last));
	for (int i = 0; i < 100; i++)
		assert_true(board_enter(&free));
	assert_int_equal(board_open(free.server), 100);
	assert_false(is_marked(68));
	end();
}

/* What changes to another pool of the same servers does, as after a reload. */
static void another_pool_goes_on_from_the_counts(void **state)
{
	struct board_place before, after;
	struct board_pool *former;

	(void)state;
	begin();
	before = at(5);
	assert_true(board_enter(&before));
	assert_true(board_enter(&before));
	former = pool;
	pool = make_pool(3);
	after = at(5);
	assert_int_equal(board_open(after.server), 2);
	assert_true(board_enter(&after));
	assert_false(board_enter(&after));
	assert_true(is_marked(5));
	/* One that still goes by the former pool makes room, which its bits tell and not ours. */
	board_leave(&before);
	board_pool_unref(former);
	assert_true(is_marked(5));
	board_pool_sweep(&board, pool);
	assert_false(is_marked(5));
	assert_true(board_enter(&after));
	board_pool_sweep(&board, pool);
	assert_true(is_marked(5));
	/* One that was not counted so far. */
	board_enter_late(&after);
	assert_int_equal(board_open(after.server), 4);
	board_leave_server(after.server);
	assert_false(board_enter(&after));
	end();
}

struct presser {
	pthread_t thread;
	uint64_t random;
	bool over; /* it saw more than the limit */
	unsigned entered;
};

/* Holds up to two at a time. */
static void *press(void *context)
{
	struct presser *presser = context;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct board_place one = at(hash_next(&presser->random) % 2);
		struct board_place other = at(hash_next(&presser->random) % 2);
		bool in_one = board_enter(&one), in_other = board_enter(&other);

		presser->entered += in_one + in_other;
		presser->over |= board_open(one.server) > LIMIT || board_open(other.server) > LIMIT;
		if (in_one)
			board_leave(&one);
		if (in_other)
			board_leave(&other);
	}
	return NULL;
}

static void threads_keep_to_the_limit(void **state)
{
	struct presser pressers[THREADS] = {0};
	unsigned entered = 0;

	(void)state;
	begin();
	for (size_t i = 0; i < THREADS; i++) {
		pressers[i].random = i;
		assert_int_equal(pthread_create(&pressers[i].thread, NULL, press, &pressers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(pressers[i].thread, NULL), 0);
		assert_false(pressers[i].over);
		entered += pressers[i].entered;
	}
	assert_true(entered > ROUNDS);
	/* Whatever the order was, nothing is left, and no bit where there is room. */
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(board_open(board_server(&board, (uint32_t)i)), 0);
		assert_false(is_marked(i));
	}
	end();
}

static bool was_woken(int fd)
{
	eventfd_t count;

	return eventfd_read(fd, &count) == 0;
}

static void those_that_wait_hear_in_turn(void **state)
{
	struct board_gate *queue;
	int fds[3];

	(void)state;
	begin();
	queue = board_queue(&board, 0);
	for (uint32_t i = 0; i < 3; i++) {
		fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		board_set_wake(&board, i, fds[i]);
	}
	board_tell_room(&board, queue);
	for (size_t i = 0; i < 3; i++)
		assert_false(was_woken(fds[i]));
	for (unsigned round = 0; round < 5; round++) {
		for (uint32_t i = 0; i < 3; i++)
			assert_int_equal(board_wait(queue, i), round == 0 || i == (round + 2) % 3);
		board_tell_room(&board, queue);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(was_woken(fds[i]), i == round % 3);
	}
	/* Worker 1 has been told last. Whoever wants to hear no more passes on what has been said to it. */
	board_stop_waiting(&board, queue, 1);
	assert_true(was_woken(fds[2]));
	/* One that has not been told has nothing to pass on. */
	board_stop_waiting(&board, queue, 0);
	for (size_t i = 0; i < 3; i++)
		assert_false(was_woken(fds[i]));
	board_tell_room(&board, queue);
	for (size_t i = 0; i < 3; i++) {
		assert_false(was_woken(fds[i]));
		close(fds[i]);
	}
	end();
}

static void all_that_wait_hear_at_once(void **state)
{
	struct board_gate *gate;
	int fds[BOARD_WORKERS_MAX];

	(void)state;
	begin();
	gate = board_service(&board, 0);
	for (uint32_t i = 0; i < BOARD_WORKERS_MAX; i++) {
		fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		board_set_wake(&board, i, fds[i]);
		if (i % 3 == 0)
			assert_true(board_wait(gate, i));
	}
	board_tell_all(&board, gate);
	for (uint32_t i = 0; i < BOARD_WORKERS_MAX; i++)
		assert_int_equal(was_woken(fds[i]), i % 3 == 0);
	board_tell_all(&board, gate);
	for (uint32_t i = 0; i < BOARD_WORKERS_MAX; i++) {
		assert_false(was_woken(fds[i]));
		close(fds[i]);
	}
	end();
}

static void a_queue_is_as_long_as_it_may_be(void **state)
{
	(void)state;
	begin();
	assert_false(board_gate_enter(board_queue(&board, 0), 0));
	assert_true(board_gate_enter(board_queue(&board, 0), 2));
	assert_true(board_gate_enter(board_queue(&board, 0), 2));
	assert_false(board_gate_enter(board_queue(&board, 0), 2));
	board_gate_leave(board_queue(&board, 0));
	assert_true(board_gate_enter(board_queue(&board, 0), 2));
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_place_is_the_last),
		cmocka_unit_test(another_pool_goes_on_from_the_counts),
		cmocka_unit_test(threads_keep_to_the_limit),
		cmocka_unit_test(those_that_wait_hear_in_turn),
		cmocka_unit_test(all_that_wait_hear_at_once),
		cmocka_unit_test(a_queue_is_as_long_as_it_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
