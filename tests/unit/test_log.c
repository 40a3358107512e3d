/* SPDX-License-Identifier: MIT */
/* What comes out of stderr, which is a pipe here while a line is written. */
#include "common/system/log.h"

#include "tests/unit/unit.h"

#include "common/pure/mono.h"
#include "common/system/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_has_its_fields, set_up, tear_down),
		cmocka_unit_test_setup_teardown(values_are_quoted_where_they_must_be, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_level_holds_lines_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_long_line_is_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_pipe_loses_lines_and_counts_them, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
