/* SPDX-License-Identifier: MIT */
/* Messages from one thread to another: all of them, in order, one a round, and never more than there is room for. */
#include "common/system/mailbox.h"

#include "common/system/thread.h"
#include "tests/unit/unit.h"

#include <sched.h>
#include <signal.h>

#define MANY 20000

static struct loop *loop;
static struct mailbox *mailbox;
static uintptr_t seen;
static unsigned rounds;
static struct loop_timer other;

static int set_up(void **state)
{
	(void)state;
	seen = 0;
	rounds = 0;
	other = (struct loop_timer){0};
	return loop_new(&loop) < 0 || mailbox_new(4, &mailbox) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	mailbox_free(mailbox);
	loop_free(loop);
	return 0;
}

static void on_message(void *context, void *message)
{
	uintptr_t last = *(const uintptr_t *)context;

	assert_int_equal((uintptr_t)message, seen + 1);
	seen++;
	if (seen == last)
		loop_stop(loop);
}

static void a_full_one_takes_no_more(void **state)
{
	uintptr_t last = 4;

	(void)state;
	for (uintptr_t i = 1; i <= 4; i++)
		assert_true(mailbox_post(mailbox, (void *)i));
	assert_false(mailbox_post(mailbox, (void *)5));
	assert_int_equal(mailbox_open(mailbox, loop, on_message, &last), 0);
	assert_int_equal(loop_run(loop), 0);
	assert_true(mailbox_post(mailbox, (void *)5));
	last = 5;
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(seen, 5);
}

static void on_round(void *context)
{
	(void)context;
	rounds++;
	/* What else the loop has to do comes in between. */
	assert_int_equal(seen, rounds);
}

static void one_is_taken_a_round(void **state)
{
	uintptr_t last = 4;

	(void)state;
	for (uintptr_t i = 1; i <= last; i++)
		assert_true(mailbox_post(mailbox, (void *)i));
	loop_after_round(loop, on_round, NULL);
	assert_int_equal(mailbox_open(mailbox, loop, on_message, &last), 0);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(rounds, 4);
}

static void *post_many(void *context)
{
	(void)context;
	for (uintptr_t i = 1; i <= MANY; i++) {
		while (!mailbox_post(mailbox, (void *)i))
			sched_yield();
	}
	return NULL;
}

static void another_thread_posts(void **state)
{
	uintptr_t last = MANY;
	pthread_t thread;

	(void)state;
	assert_int_equal(mailbox_open(mailbox, loop, on_message, &last), 0);
	assert_int_equal(thread_start(&thread, "test-sender-with-a-long-name", post_many, NULL), 0);
	assert_int_equal(loop_run(loop), 0);
	pthread_join(thread, NULL);
	assert_int_equal(seen, MANY);
}

static void *look_at_thread(void *context)
{
	int *policy = context;
	struct sched_param param;
	sigset_t mask;

	assert_int_equal(pthread_getschedparam(pthread_self(), policy, &param), 0);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	return sigismember(&mask, SIGTERM) == 1 ? context : NULL;
}

/* Whatever its maker has; without the right to more there is nothing to be seen, and nothing to go wrong. */
static void a_thread_is_an_ordinary_one(void **state)
{
	const struct sched_param real_time = {.sched_priority = 1}, ordinary = {0};
	int policy = -1;
	void *result = NULL;
	pthread_t thread;

	(void)state;
	(void)sched_setscheduler(0, SCHED_RR, &real_time);
	assert_int_equal(thread_start(&thread, "test", look_at_thread, &policy), 0);
	pthread_join(thread, &result);
	(void)sched_setscheduler(0, SCHED_OTHER, &ordinary);
	assert_int_equal(policy, SCHED_OTHER);
	assert_ptr_equal(result, &policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_full_one_takes_no_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_is_taken_a_round, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_thread_posts, set_up, tear_down),
		cmocka_unit_test(a_thread_is_an_ordinary_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
