/* SPDX-License-Identifier: MIT */
/* What comes out of stderr, which is a pipe here while a line is written. */
#include "common/system/log.h"

#include "tests/unit/unit.h"

#include "common/pure/mono.h"
#include "common/system/clock.h"
#include "common/system/fd.h"
#include "common/system/log_ring.h"
#include "common/system/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int pipe_fds[2];
static int saved_stderr;

static int set_up(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_INFO);
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

/* What has been written since the last call. */
static const char *written(void)
{
	static char bytes[256 * 1024];
	ssize_t count = read(pipe_fds[0], bytes, sizeof bytes - 1);

	bytes[count > 0 ? count : 0] = '\0';
	return bytes;
}

static void a_line_has_its_fields(void **state)
{
	struct ip ip;
	struct endpoint endpoint;

	(void)state;
	assert_int_equal(ip_parse("192.0.2.1", &ip), 0);
	assert_int_equal(endpoint_parse("[2001:db8::1]:80", &endpoint), 0);
	log_info("vip state", log_str("vip", "web"), log_int("i", -5), log_uint("u", UINT64_MAX),
		log_ms("took", 1500 * NS_PER_US), log_ip("ip", &ip), log_endpoint("to", &endpoint), log_errno(-ENOENT));
	assert_string_equal(written(), "level=info msg=\"vip state\" vip=web i=-5 u=18446744073709551615 took=1.500ms "
				       "ip=192.0.2.1 to=[2001:db8::1]:80 error=\"No such file or directory\"\n");
	log_error("short");
	assert_string_equal(written(), "level=error msg=short\n");
}

/* One line stays one line, and its fields stay apart, whatever a value has in it. */
static void values_are_quoted_where_they_must_be(void **state)
{
	(void)state;
	log_warning("a\"b", log_str("x", "a b"), log_str("y", ""), log_str("z", NULL), log_str("e", "a=b"));
	assert_string_equal(written(), "level=warning msg=\"a\\\"b\" x=\"a b\" y=\"\" z=- e=\"a=b\"\n");
	log_warning("m", log_str("x", "1\nlevel=error msg=forged"), log_str("y", "\x1b[31m\\\x7f"));
	assert_string_equal(
		written(), "level=warning msg=m x=\"1\\x0alevel=error msg=forged\" y=\"\\x1b[31m\\\\\\x7f\"\n");
}

static void the_level_holds_lines_back(void **state)
{
	(void)state;
	log_debug("no");
	assert_string_equal(written(), "");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("yes");
	assert_string_equal(written(), "level=debug msg=yes\n");
	log_set_level(LOG_LEVEL_ERROR);
	log_warning("no");
	assert_string_equal(written(), "");
}

static void a_long_line_is_cut(void **state)
{
	char value[8000];
	const char *line;

	(void)state;
	memset(value, 'x', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	log_info("long", log_str("x", value));
	line = written();
	assert_int_equal(strlen(line), 4096);
	assert_int_equal(line[4095], '\n');
	assert_ptr_equal(strchr(line, '\n'), line + 4095);
}

static void a_full_pipe_loses_lines_and_counts_them(void **state)
{
	const char *line;
	char wanted[128];
	unsigned lost = 0;
	char filler[1024];

	(void)state;
	memset(filler, 'x', sizeof filler);
	while (write(pipe_fds[1], filler, sizeof filler) > 0)
		continue;
	for (; lost < 7; lost++)
		log_info("lost");
	written();
	errno = EXDEV;
	log_info("after");
	assert_int_equal(errno, EXDEV);
	line = written();
	snprintf(wanted, sizeof wanted,
		"level=warning msg=\"log lines lost, stderr was full\" lines=%u\nlevel=info msg=after\n", lost);
	assert_string_equal(line, wanted);
	log_info("again");
	assert_string_equal(written(), "level=info msg=again\n");
}

/* With a thread that writes. */

static void fill_pipe(void)
{
	char filler[1024];

	memset(filler, 'x', sizeof filler);
	while (write(pipe_fds[1], filler, sizeof filler) > 0)
		continue;
}

static void lines_come_in_order(void **state)
{
	char wanted[64 * 1024] = "";
	size_t length = 0;

	(void)state;
	assert_int_equal(log_start(), 0);
	for (unsigned i = 0; i < 500; i++) {
		length += (size_t)snprintf(wanted + length, sizeof wanted - length, "level=info msg=line i=%u\n", i);
		log_info("line", log_uint("i", i));
	}
	log_stop();
	assert_string_equal(written(), wanted);
	log_info("without the thread");
	assert_string_equal(written(), "level=info msg=\"without the thread\"\n");
}

static void a_flush_waits_for_what_there_is(void **state)
{
	(void)state;
	assert_int_equal(log_start(), 0);
	log_info("one");
	log_flush();
	assert_string_equal(written(), "level=info msg=one\n");
	log_stop();
}

/* A stderr that nobody reads holds up the thread that writes, and nobody else; what there is no room for is counted. */
static void a_full_pipe_holds_up_nobody(void **state)
{
	struct mono began = clock_mono();
	unsigned lines = 0, lost = 0;
	const unsigned tried = 100000;
	const char *text;

	(void)state;
	fill_pipe();
	assert_int_equal(log_start(), 0);
	for (unsigned i = 0; i < tried; i++)
		log_info("a line of some length, of which not all find room", log_uint("i", i));
	/* Far less than one wait for stderr for each of them. */
	assert_true(mono_diff(clock_mono(), began) < 20 * NS_PER_S);
	for (int i = 0; i < 2000 && lines + lost < tried; i++) {
		text = written();
		for (const char *at = text; (at = strstr(at, " i=")) != NULL; at++)
			lines++;
		for (const char *at = text; (at = strstr(at, " lines=")) != NULL; at++)
			lost += (unsigned)strtoul(at + strlen(" lines="), NULL, 10);
		(void)nanosleep(&(struct timespec){.tv_nsec = 5 * NS_PER_MS}, NULL);
	}
	log_stop();
	assert_true(lost > 0);
	assert_int_equal(lines + lost, tried);
}

/* The end is waited for, but not for ever. */
static void a_full_pipe_does_not_hold_up_the_end(void **state)
{
	(void)state;
	fill_pipe();
	assert_int_equal(log_start(), 0);
	log_info("nobody reads this");
	log_stop();
}

/* The ring. */

#define WRITERS 4
#define LINES_EACH 20000

static struct log_ring *ring;

static void *push_lines(void *context)
{
	char line[64];

	for (unsigned i = 0; i < LINES_EACH; i++) {
		/* Of all lengths, so that records end everywhere. */
		int length = snprintf(line, sizeof line, "%u %u %.*s", *(unsigned *)context, i, (int)(i % 23),
			"abcdefghijklmnopqrstuvw");

		while (!log_ring_push(ring, line, (size_t)length))
			(void)nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
	}
	return NULL;
}

static void many_threads_put_whole_lines_in(void **state)
{
	unsigned numbers[WRITERS], next[WRITERS] = {0}, total = 0;
	pthread_t threads[WRITERS];
	char line[65];

	(void)state;
	assert_int_equal(log_ring_new(512, &ring), 0);
	for (unsigned i = 0; i < WRITERS; i++) {
		numbers[i] = i;
		assert_int_equal(thread_start(&threads[i], "test-writer", push_lines, &numbers[i]), 0);
	}
	while (total < WRITERS * LINES_EACH) {
		size_t length = log_ring_pop(ring, line, sizeof line - 1);
		unsigned writer, i;
		char wanted[64];

		if (length == 0)
			continue;
		line[length] = '\0';
		assert_int_equal(sscanf(line, "%u %u", &writer, &i), 2);
		assert_in_range(writer, 0, WRITERS - 1);
		assert_int_equal(i, next[writer]);
		snprintf(wanted, sizeof wanted, "%u %u %.*s", writer, i, (int)(i % 23), "abcdefghijklmnopqrstuvw");
		assert_string_equal(line, wanted);
		next[writer]++;
		total++;
	}
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	assert_true(log_ring_is_empty(ring));
	log_ring_free(ring);
}

static void a_ring_refuses_what_has_no_room(void **state)
{
	char line[64];

	(void)state;
	assert_int_equal(log_ring_new(32, &ring), 0);
	assert_false(log_ring_push(ring, "a line that is longer than all of it", 36));
	assert_true(log_ring_push(ring, "0123456789", 10));
	assert_true(log_ring_push(ring, "01234567", 8));
	assert_false(log_ring_push(ring, "x", 1));
	assert_int_equal(log_ring_pop(ring, line, 4), 4);
	assert_memory_equal(line, "0123", 4);
	assert_true(log_ring_push(ring, "abcdefghijk", 11));
	assert_int_equal(log_ring_pop(ring, line, sizeof line), 8);
	assert_int_equal(log_ring_pop(ring, line, sizeof line), 11);
	assert_memory_equal(line, "abcdefghijk", 11);
	assert_int_equal(log_ring_pop(ring, line, sizeof line), 0);
	log_ring_free(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_has_its_fields, set_up, tear_down),
		cmocka_unit_test_setup_teardown(values_are_quoted_where_they_must_be, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_level_holds_lines_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_long_line_is_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_pipe_loses_lines_and_counts_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lines_come_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_flush_waits_for_what_there_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_pipe_holds_up_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_pipe_does_not_hold_up_the_end, set_up, tear_down),
		cmocka_unit_test(many_threads_put_whole_lines_in),
		cmocka_unit_test(a_ring_refuses_what_has_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
