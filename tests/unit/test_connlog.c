/* SPDX-License-Identifier: MIT */
/* What the thread writes to stderr, which is a pipe here. */
#include "lbd/connlog.h"

#include "common/pure/text.h"
#include "common/system/clock.h"
#include "common/system/fd.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static int pipe_fds[2];
static int saved_stderr;

static int set_up(void **state)
{
	(void)state;
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	return saved_stderr < 0 || dup2(pipe_fds[1], STDERR_FILENO) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	dup2(saved_stderr, STDERR_FILENO);
	fd_close(&saved_stderr);
	fd_close(&pipe_fds[0]);
	fd_close(&pipe_fds[1]);
	return 0;
}

static void read_pipe(struct text *to)
{
	char bytes[4096];
	ssize_t count;

	while ((count = read(pipe_fds[0], bytes, sizeof bytes)) > 0)
		text_add_bytes(to, bytes, (size_t)count);
}

static unsigned count_of(const struct text *text, const char *what)
{
	unsigned count = 0;

	for (const char *at = text_get(text); (at = strstr(at, what)) != NULL; at += strlen(what))
		count++;
	return count;
}

/* Reads until there are so many. */
static void await(struct text *text, const char *what, unsigned count)
{
	struct mono until = mono_add(clock_mono(), 20 * NS_PER_S);

	while (count_of(text, what) < count) {
		struct pollfd at = {.fd = pipe_fds[0], .events = POLLIN};

		if (mono_reached(until, clock_mono()))
			fail_msg("no %u of '%s' in: %s", count, what, text_get(text));
		(void)poll(&at, 1, 100);
		read_pipe(text);
	}
}

static void leave(struct connlog *connlog, unsigned worker, const char *service)
{
	struct record *record = record_ring_claim(connlog_ring(connlog, worker));

	if (record == NULL)
		return;
	*record = (struct record){.cause = END_SERVER_CLOSED, .connect_ns = -1};
	snprintf(record->service, sizeof record->service, "%s", service);
	record_ring_push(connlog_ring(connlog, worker));
}

static void all_workers_are_heard(void **state)
{
	struct connlog *connlog;
	AUTO_TEXT text = {0};

	(void)state;
	assert_int_equal(connlog_new(3, &connlog), 0);
	assert_int_equal(connlog_set(connlog, true), 0);
	for (unsigned i = 0; i < 600; i++)
		leave(connlog, i % 3, i % 3 == 0 ? "one" : i % 3 == 1 ? "two" : "three");
	await(&text, "service=one ", 200);
	await(&text, "service=two ", 200);
	await(&text, "service=three ", 200);
	assert_int_equal(count_of(&text, "\n"), 600);
	assert_int_equal(connlog_dropped(connlog), 0);
	connlog_free(connlog);
}

/* Off, the thread sleeps; what has been left before is written all the same, at the end at the latest. */
static void nothing_is_lost_at_the_end(void **state)
{
	struct connlog *connlog;
	AUTO_TEXT text = {0};

	(void)state;
	assert_int_equal(connlog_new(1, &connlog), 0);
	assert_int_equal(connlog_set(connlog, true), 0);
	assert_int_equal(connlog_set(connlog, false), 0);
	for (unsigned i = 0; i < 100; i++)
		leave(connlog, 0, "last");
	connlog_free(connlog);
	read_pipe(&text);
	assert_int_equal(count_of(&text, "service=last "), 100);
}

/* All lines that tell of it together. */
static uint64_t told(const struct text *text)
{
	static const char key[] = "not_logged=";
	uint64_t sum = 0;

	for (const char *at = text_get(text); (at = strstr(at, key)) != NULL; at += sizeof key)
		sum += strtoull(at + sizeof key - 1, NULL, 10);
	return sum;
}

/* The pipe is read by nobody: the writer goes on, what finds no room is counted, and said when there is some. */
static void a_stderr_that_is_full_holds_nobody_up(void **state)
{
	struct connlog *connlog;
	unsigned left = 20000;
	uint64_t dropped;
	AUTO_TEXT text = {0};

	(void)state;
	assert_int_equal(connlog_new(1, &connlog), 0);
	assert_int_equal(connlog_set(connlog, true), 0);
	for (unsigned i = 0; i < left; i++)
		leave(connlog, 0, "crowd");
	dropped = connlog_dropped(connlog);
	assert_in_range(dropped, 1, left - 1);
	await(&text, "service=crowd ", left - (unsigned)dropped);
	connlog_free(connlog);
	read_pipe(&text);
	assert_int_equal(told(&text), dropped);
	assert_int_equal(count_of(&text, "service=crowd "), left - dropped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_workers_are_heard, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_lost_at_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_stderr_that_is_full_holds_nobody_up, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
