/* SPDX-License-Identifier: MIT */
/* Programs as vrrpd runs them, in a thread of their own: what is refused, how each end is told, and what a cancelled
 * run leaves: nothing. */
#include "vrrpd/runner.h"

#include "common/system/clock.h"
#include "tests/unit/unit.h"
#include "vrrpd/programs.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
	char dir[64];
	char path[128];
	struct loop *loop;
	struct loop_timer limit;
	struct runner *runner;
	struct run *run;
	struct run_end end;
	unsigned ended;
	unsigned wanted;
};

static void on_end(void *context, const struct run_end *end)
{
	struct fixture *fixture = context;

	fixture->end = *end;
	if (++fixture->ended == fixture->wanted)
		loop_stop(fixture->loop);
}

static void on_limit(struct loop_timer *timer, struct mono now)
{
	(void)now;
	loop_stop(CONTAINER_OF(timer, struct fixture, limit)->loop);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	strcpy(fixture->dir, "/tmp/lbpair-runner.XXXXXX");
	if (mkdtemp(fixture->dir) == NULL || loop_new(&fixture->loop) < 0 ||
		runner_new(fixture->loop, &fixture->runner) < 0 || runner_begin(fixture->runner) < 0)
		return -1;
	snprintf(fixture->path, sizeof fixture->path, "%s/program", fixture->dir);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	char path[160];

	runner_close(fixture->runner);
	runner_free(fixture->runner);
	loop_timer_clear(fixture->loop, &fixture->limit);
	unlink(fixture->path);
	snprintf(path, sizeof path, "%s/out", fixture->dir);
	unlink(path);
	rmdir(fixture->dir);
	loop_free(fixture->loop);
	free(fixture);
	/* No zombie. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		return -1;
	return errno == ECHILD ? 0 : -1;
}

static void need_root(void)
{
	if (geteuid() != 0)
		skip();
}

static void write_program(const struct fixture *fixture, const char *body)
{
	FILE *file = fopen(fixture->path, "w");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", body);
	fclose(file);
	assert_int_equal(chmod(fixture->path, 0755), 0);
}

static void begin(struct fixture *fixture, int64_t timeout_ns)
{
	const char *argv[] = {fixture->path, "a b", "c", NULL};

	assert_int_equal(runner_run(fixture->runner, argv, timeout_ns, on_end, fixture, &fixture->run), 0);
}

static void run_for(struct fixture *fixture, int64_t ns)
{
	assert_int_equal(loop_timer_set(fixture->loop, &fixture->limit, mono_add(clock_mono(), ns), on_limit), 0);
	assert_int_equal(loop_run(fixture->loop), 0);
}

static void run(struct fixture *fixture, const char *body, int64_t timeout_ns)
{
	write_program(fixture, body);
	fixture->ended = 0;
	fixture->wanted = 1;
	begin(fixture, timeout_ns);
	run_for(fixture, 30 * NS_PER_S);
	assert_int_equal(fixture->ended, 1);
}

static void read_out(const struct fixture *fixture, char *buffer, size_t size)
{
	char path[160];
	FILE *file;

	snprintf(path, sizeof path, "%s/out", fixture->dir);
	file = fopen(path, "r");
	assert_non_null(file);
	buffer[fread(buffer, 1, size - 1, file)] = '\0';
	fclose(file);
}

static void each_end_is_told(void **state)
{
	static const struct {
		const char *body;
		int64_t timeout_ns;
		const char *why; /* NULL: it is good */
	} cases[] = {
		{"exit 0", 10 * NS_PER_S, NULL},
		{"exit 3", 10 * NS_PER_S, "it ended with status 3"},
		{"kill -TERM $$", 10 * NS_PER_S, "it was ended by signal 15"},
		{"trap '' TERM; sleep 60", NS_PER_S / 5, "it took too long and was killed"},
	};

	need_root();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture *fixture = *state;

		fixture->end = (struct run_end){0};
		run(fixture, cases[i].body, cases[i].timeout_ns);
		assert_int_equal(fixture->end.good, cases[i].why == NULL);
		if (cases[i].why != NULL)
			assert_string_equal(fixture->end.why, cases[i].why);
	}
}

/* Gone, or dead and waiting for whoever adopted it. */
static bool has_ended(pid_t pid)
{
	char path[64], stat[256] = "";
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	if (file == NULL)
		return true;
	stat[fread(stat, 1, sizeof stat - 1, file)] = '\0';
	fclose(file);
	return strstr(stat, ") Z ") != NULL;
}

static void await_end(pid_t pid)
{
	for (int i = 0; i < 100 && !has_ended(pid); i++)
		usleep(10000);
	assert_true(has_ended(pid));
}

/* The daemon's locked memory, real-time priority, blocked signals, descriptors and environment stay the daemon's. */
static void it_inherits_nothing(void **state)
{
	struct fixture *fixture = *state;
	const struct sched_param param = {.sched_priority = 1};
	char out[2048], command[512];
	sigset_t blocked, before;
	bool real_time, locked;
	int marker;

	need_root();
	marker = open("/etc/passwd", O_RDONLY); /* as if somebody had forgotten O_CLOEXEC */
	assert_true(marker > 2);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	signal(SIGPIPE, SIG_IGN);
	setenv("SECRET", "x", 1);
	locked = mlockall(MCL_CURRENT) == 0;
	real_time = sched_setscheduler(0, SCHED_RR, &param) == 0;
	snprintf(command, sizeof command,
		"{ grep -E '^(VmLck|SigBlk|SigIgn)' /proc/self/status; ls -l /proc/$$/fd; "
		"cut -d ' ' -f 41 /proc/$$/stat; env; echo \"$1|$2\"; } > %s/out",
		fixture->dir);
	run(fixture, command, 10 * NS_PER_S);
	if (real_time)
		sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0});
	if (locked)
		munlockall();
	close(marker);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, SIG_DFL);
	assert_true(fixture->end.good);
	read_out(fixture, out, sizeof out);
	assert_non_null(strstr(out, "VmLck:\t       0 kB"));
	assert_non_null(strstr(out, "SigBlk:\t0000000000000000"));
	assert_non_null(strstr(out, "SigIgn:"));
	assert_int_equal(strtoull(strstr(out, "SigIgn:") + strlen("SigIgn:"), NULL, 16) >> (SIGPIPE - 1) & 1, 0);
	assert_non_null(strstr(out, "/dev/null"));
	assert_null(strstr(out, "/etc/passwd"));
	assert_non_null(strstr(out, "\n0\n")); /* SCHED_OTHER */
	assert_null(strstr(out, "SECRET"));
	assert_non_null(strstr(out, "a b|c"));
}

static void refused(const struct fixture *fixture, const char *reason)
{
	char why[512] = "";

	assert_int_equal(program_check(fixture->path, why, sizeof why), -EACCES);
	if (strstr(why, reason) == NULL)
		fail_msg("'%s' does not say '%s'", why, reason);
}

static void what_others_can_write_to_is_refused(void **state)
{
	struct fixture *fixture = *state;
	char why[512];

	need_root();
	refused(fixture, "No such file");
	write_program(fixture, "exit 0");
	assert_int_equal(program_check(fixture->path, why, sizeof why), 0);
	chmod(fixture->path, 0644);
	refused(fixture, "is not executable");
	chmod(fixture->path, 0757);
	refused(fixture, "can be written by others");
	chmod(fixture->path, 0755);
	assert_int_equal(chown(fixture->path, 1, 0), 0);
	refused(fixture, "does not belong to root");
	assert_int_equal(chown(fixture->path, 0, 1), 0);
	chmod(fixture->path, 0775);
	refused(fixture, "can be written by its group");
	chmod(fixture->path, 0755);
	chmod(fixture->dir, 0777);
	refused(fixture, "can be written by others");
	assert_int_equal(program_check("relative", why, sizeof why), -EACCES);
	assert_int_equal(program_check("/", why, sizeof why), -EACCES);
	chmod(fixture->dir, 0700);
}

/* What has become writable since the start is not run. */
static void it_is_checked_again_before_each_run(void **state)
{
	struct fixture *fixture = *state;

	need_root();
	write_program(fixture, "exit 0");
	chmod(fixture->path, 0757);
	fixture->wanted = 1;
	begin(fixture, NS_PER_S);
	run_for(fixture, 30 * NS_PER_S);
	assert_int_equal(fixture->ended, 1);
	assert_false(fixture->end.good);
	assert_non_null(strstr(fixture->end.why, "it is refused: /tmp/lbpair-runner."));
	assert_non_null(strstr(fixture->end.why, "can be written by others"));
}

static pid_t await_pid(const struct fixture *fixture)
{
	char path[160], out[64] = "";

	snprintf(path, sizeof path, "%s/out", fixture->dir);
	for (int i = 0; i < 1000 && strchr(out, '\n') == NULL; i++) {
		usleep(10000);
		if (access(path, F_OK) == 0)
			read_out(fixture, out, sizeof out);
	}
	return (pid_t)atoi(out);
}

/* With what it has started. */
static void one_that_is_cancelled_is_killed(void **state)
{
	struct fixture *fixture = *state;
	char command[256];
	pid_t child;

	need_root();
	snprintf(command, sizeof command, "sleep 60 & echo $! >%s/out; wait", fixture->dir);
	write_program(fixture, command);
	begin(fixture, 100 * NS_PER_S);
	child = await_pid(fixture);
	assert_true(child > 1);
	run_cancel(fixture->run);
	await_end(child);
	run_for(fixture, NS_PER_S / 5);
	assert_int_equal(fixture->ended, 0);
}

/* At each moment of its life: before it has begun, in it, and when its end is on the way. */
static void whenever_it_is_cancelled_nothing_is_told(void **state)
{
	struct fixture *fixture = *state;

	need_root();
	write_program(fixture, "exit 0");
	for (unsigned i = 0; i < 40; i++) {
		begin(fixture, 10 * NS_PER_S);
		usleep(i * 200);
		run_cancel(fixture->run);
	}
	run_for(fixture, NS_PER_S / 5);
	assert_int_equal(fixture->ended, 0);
}

static void many_run_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct mono began = clock_mono();

	need_root();
	write_program(fixture, "sleep 1");
	fixture->wanted = 50;
	for (unsigned i = 0; i < fixture->wanted; i++)
		begin(fixture, 50 * NS_PER_S);
	run_for(fixture, 60 * NS_PER_S);
	assert_int_equal(fixture->ended, fixture->wanted);
	assert_true(fixture->end.good);
	/* One after the other they would take 50 s. */
	assert_true(mono_diff(clock_mono(), began) < 40 * NS_PER_S);
}

/* Nobody runs what would not fit the mailbox. */
static void too_many_are_refused(void **state)
{
	struct fixture *fixture = *state;
	const char *argv[] = {"/nonexistent/program", NULL};
	const char *long_argv[RUNNER_ARGUMENTS_MAX + 2] = {0};
	struct run *run;

	for (size_t i = 0; i <= RUNNER_ARGUMENTS_MAX; i++)
		long_argv[i] = "x";
	assert_int_equal(runner_run(fixture->runner, long_argv, 0, on_end, fixture, &run), -E2BIG);
	for (unsigned i = 0; i < RUNNER_RUNS_MAX; i++)
		assert_int_equal(runner_run(fixture->runner, argv, 0, on_end, fixture, &run), 0);
	assert_int_equal(runner_run(fixture->runner, argv, 0, on_end, fixture, &run), -EAGAIN);
	fixture->wanted = RUNNER_RUNS_MAX;
	run_for(fixture, 60 * NS_PER_S);
	assert_int_equal(fixture->ended, RUNNER_RUNS_MAX);
	assert_int_equal(runner_run(fixture->runner, argv, 0, on_end, fixture, &run), 0);
}

/* tear_down finds it gone. */
static void what_runs_at_the_end_is_killed(void **state)
{
	struct fixture *fixture = *state;

	need_root();
	write_program(fixture, "sleep 60");
	for (unsigned i = 0; i < 5; i++)
		begin(fixture, 100 * NS_PER_S);
	run_for(fixture, NS_PER_S / 5);
	assert_int_equal(fixture->ended, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(each_end_is_told),
		TEST(it_inherits_nothing),
		TEST(what_others_can_write_to_is_refused),
		TEST(it_is_checked_again_before_each_run),
		TEST(one_that_is_cancelled_is_killed),
		TEST(whenever_it_is_cancelled_nothing_is_told),
		TEST(many_run_at_once),
		TEST(too_many_are_refused),
		TEST(what_runs_at_the_end_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
