/* SPDX-License-Identifier: MIT */
#include "common/system/child.h"

#include "common/system/clock.h"
#include "common/system/fd.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* Under ThreadSanitizer what happens in the child before the program begins cannot be told to us. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
static const bool vfork_is_fork = true;
#else
static const bool vfork_is_fork = false;
#endif

/* A shell under a loop, and what came of it. */
static struct fixture {
	struct loop *loop;
	struct children *children;
	struct child *child;
	struct loop_timer timer;
	int output[2];
	struct child_end end;
	bool ended;
} fixture;

static int setup(void **state)
{
	(void)state;
	fixture = (struct fixture){0};
	assert_int_equal(loop_new(&fixture.loop), 0);
	assert_int_equal(children_new(fixture.loop, &fixture.children), 0);
	assert_int_equal(pipe2(fixture.output, O_CLOEXEC | O_NONBLOCK), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	children_free(fixture.children);
	loop_timer_clear(fixture.loop, &fixture.timer);
	loop_free(fixture.loop);
	fd_close(&fixture.output[0]);
	fd_close(&fixture.output[1]);
	/* Nothing is left to be waited for. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return 0;
}

static void on_end(void *context, const struct child_end *end)
{
	(void)context;
	fixture.end = *end;
	fixture.ended = true;
	loop_stop(fixture.loop);
}

static void on_late(struct loop_timer *timer, struct mono now)
{
	(void)timer;
	(void)now;
	loop_stop(fixture.loop);
}

static void begin_for(const char *script, int64_t timeout_ns)
{
	const char *arguments[] = {"/bin/sh", "-c", script, NULL};
	const char *environment[] = {"WORD=hello", NULL};
	struct child_setup child = {.arguments = arguments,
		.environment = environment,
		.output_fd = fixture.output[1],
		.timeout_ns = timeout_ns,
		.fn = on_end};

	assert_int_equal(child_start(fixture.children, &child, &fixture.child), 0);
}

static void begin(const char *script)
{
	begin_for(script, 0);
}

static void run_for(int64_t ms)
{
	assert_int_equal(
		loop_timer_set(fixture.loop, &fixture.timer, mono_add(clock_mono(), ms * NS_PER_MS), on_late), 0);
	assert_int_equal(loop_run(fixture.loop), 0);
}

static void expect_output(const char *text)
{
	char bytes[256];
	ssize_t got = read(fixture.output[0], bytes, sizeof bytes - 1);

	bytes[MAX(got, (ssize_t)0)] = '\0';
	assert_string_equal(bytes, text);
}

static void the_end_is_told_with_its_status(void **state)
{
	static const struct {
		const char *script;
		int status; /* the exit status, or a signal as a negative number */
		const char *output;
	} cases[] = {
		{"exit 0", 0, ""},
		{"echo $WORD; echo $WORD >&2; exit 3", 3, "hello\nhello\n"},
		{"kill -TERM $$", -SIGTERM, ""},
		/* Signals that we ignore are its own again. */
		{"kill -PIPE $$", -SIGPIPE, ""},
		{"cat; echo \"[$HOME]\"", 0, "[]\n"},
	};

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fixture.ended = false;
		begin(cases[i].script);
		run_for(5000);
		assert_true(fixture.ended);
		assert_int_equal(fixture.end.status, MAX(cases[i].status, 0));
		assert_int_equal(fixture.end.signal, MAX(-cases[i].status, 0));
		assert_int_equal(child_end_is_good(&fixture.end), cases[i].status == 0);
		expect_output(cases[i].output);
	}
}

static void it_has_nothing_of_ours(void **state)
{
	/* One that is not closed by exec. */
	int open_fd = open("/dev/null", O_RDONLY); /* NOLINT */
	sigset_t blocked;

	(void)state;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	/* The last is the directory that is being listed. */
	begin("for fd in /proc/$$/fd/*; do echo ${fd##*/}; done; "
	      "while read -r name mask; do [ $name != SigBlk: ] || echo $mask; done </proc/$$/status");
	run_for(5000);
	pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
	close(open_fd);
	expect_output("0\n1\n2\n3\n0000000000000000\n");
}

static bool was_killed(pid_t pid)
{
	int status;

	/* Its parent has gone too, so that it is ours to wait for. */
	for (int i = 0; i < 500; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
		poll(NULL, 0, 2);
	}
	return false;
}

static pid_t read_pid(void)
{
	char bytes[32] = "";

	for (int i = 0; i < 500 && read(fixture.output[0], bytes, sizeof bytes - 1) <= 0; i++)
		poll(NULL, 0, 2);
	return (pid_t)strtol(bytes, NULL, 10);
}

static void what_it_leaves_behind_is_killed(void **state)
{
	pid_t pid;

	(void)state;
	begin("sleep 60 & echo $!");
	pid = read_pid();
	assert_true(pid > 1);
	run_for(5000);
	assert_true(fixture.ended);
	assert_true(was_killed(pid));
}

static void one_that_is_killed_takes_its_group_along(void **state)
{
	pid_t pid;

	(void)state;
	begin("trap '' TERM; sleep 60 & echo $!; wait");
	pid = read_pid();
	assert_true(pid > 1);
	child_kill(fixture.child);
	run_for(50);
	assert_false(fixture.ended);
	assert_true(was_killed(pid));
}

static void one_that_takes_too_long_is_killed_with_its_group(void **state)
{
	struct child_end good = {0}, status = {.status = 3}, signal = {.signal = 15};
	char text[64];
	pid_t pid;

	(void)state;
	begin_for("trap '' TERM; sleep 60 & echo $!; wait", 300 * NS_PER_MS);
	pid = read_pid();
	assert_true(pid > 1);
	run_for(5000);
	assert_true(fixture.ended);
	assert_true(fixture.end.timed_out);
	assert_false(child_end_is_good(&fixture.end));
	child_end_text(&fixture.end, text, sizeof text);
	assert_string_equal(text, "it took too long and was killed");
	assert_true(was_killed(pid));
	child_end_text(&status, text, sizeof text);
	assert_string_equal(text, "it ended with status 3");
	child_end_text(&signal, text, sizeof text);
	assert_string_equal(text, "it was ended by signal 15");
	assert_true(child_end_is_good(&good));
}

/* Of the two that there is room for, the one that ends makes room. */
static void what_runs_is_written_down(void **state)
{
	_Atomic pid_t slots[2] = {0};
	struct child *kept;

	(void)state;
	children_keep_ledger(fixture.children, slots, ARRAY_LEN(slots));
	begin("exec sleep 60");
	kept = fixture.child;
	begin("exit 0");
	assert_true(slots[0] > 1 && slots[1] > 1);
	assert_int_equal(getpgid(slots[0]), slots[0]);
	begin("exec sleep 60");
	run_for(5000);
	assert_true(slots[0] > 1);
	assert_int_equal(slots[1], 0);
	child_kill(kept);
	run_for(300);
	assert_int_equal(slots[0], 0);
	begin("exec sleep 60");
	assert_true(slots[0] > 1);
	children_free(TAKE(fixture.children));
	assert_int_equal(slots[0], 0);
}

/* As a SIGKILL of the daemon leaves it: nobody is there to kill what runs. */
static void it_dies_with_us(void **state)
{
	pid_t parent = fork(), pid;

	(void)state;
	if (parent == 0) {
		begin("echo $$; exec sleep 60");
		pause();
	}
	pid = read_pid();
	assert_true(pid > 1);
	assert_int_equal(kill(parent, SIGKILL), 0);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_true(was_killed(pid));
}

static void the_end_of_all_kills_and_waits(void **state)
{
	pid_t pid;

	(void)state;
	begin("sleep 60 & echo $!; wait");
	pid = read_pid();
	assert_true(pid > 1);
	children_free(TAKE(fixture.children));
	assert_true(was_killed(pid));
}

static void what_cannot_be_run_is_told(void **state)
{
	const char *arguments[] = {"/nonexistent/program", NULL}, *environment[] = {NULL};
	struct child_setup child = {
		.arguments = arguments, .environment = environment, .output_fd = fixture.output[1], .fn = on_end};

	(void)state;
	if (vfork_is_fork)
		skip();
	assert_int_equal(child_start(fixture.children, &child, &fixture.child), -ENOENT);
	arguments[0] = "/dev/null";
	assert_int_equal(child_start(fixture.children, &child, &fixture.child), -EACCES);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_end_is_told_with_its_status),
		TEST(it_has_nothing_of_ours),
		TEST(what_it_leaves_behind_is_killed),
		TEST(one_that_is_killed_takes_its_group_along),
		TEST(one_that_takes_too_long_is_killed_with_its_group),
		TEST(what_runs_is_written_down),
		TEST(it_dies_with_us),
		TEST(the_end_of_all_kills_and_waits),
		TEST(what_cannot_be_run_is_told),
	};

	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
