/* SPDX-License-Identifier: MIT */
/* Programs as vrrpd runs them: what is refused, how each end is told, and that nothing of one stays behind. */
#include "vrrpd/script.h"

#include "common/system/clock.h"
#include "tests/unit/unit.h"

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
	struct script script;
	struct script_end end;
	bool ended;
};

static void on_end(struct script *script, const struct script_end *end)
{
	struct fixture *fixture = CONTAINER_OF(script, struct fixture, script);

	fixture->end = *end;
	fixture->ended = true;
	loop_stop(fixture->loop);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	strcpy(fixture->dir, "/tmp/lbpair-script.XXXXXX");
	if (mkdtemp(fixture->dir) == NULL || loop_new(&fixture->loop) < 0)
		return -1;
	snprintf(fixture->path, sizeof fixture->path, "%s/program", fixture->dir);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	char path[160];

	unlink(fixture->path);
	snprintf(path, sizeof path, "%s/out", fixture->dir);
	unlink(path);
	rmdir(fixture->dir);
	loop_free(fixture->loop);
	free(fixture);
	return 0;
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

static void run(struct fixture *fixture, const char *body, int64_t timeout_ns)
{
	char *argv[] = {fixture->path, (char *)"a b", (char *)"c", NULL};

	write_program(fixture, body);
	fixture->ended = false;
	assert_int_equal(script_start(&fixture->script, fixture->loop, argv, timeout_ns, on_end), 0);
	assert_int_equal(loop_run(fixture->loop), 0);
	assert_true(fixture->ended);
	assert_false(script_is_running(&fixture->script));
	/* No zombie. */
	assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
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
	struct fixture *fixture = *state;
	char text[96];

	need_root();
	run(fixture, "exit 0", NS_PER_S * 10);
	assert_true(script_end_is_good(&fixture->end));
	run(fixture, "exit 3", NS_PER_S * 10);
	assert_false(script_end_is_good(&fixture->end));
	script_end_text(&fixture->end, text, sizeof text);
	assert_string_equal(text, "it ended with status 3");
	run(fixture, "kill -TERM $$", NS_PER_S * 10);
	script_end_text(&fixture->end, text, sizeof text);
	assert_string_equal(text, "it was ended by signal 15");
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

static void what_takes_too_long_is_killed_with_its_children(void **state)
{
	struct fixture *fixture = *state;
	char out[64], command[256];
	struct mono began = clock_mono();
	pid_t child;

	need_root();
	snprintf(command, sizeof command, "sleep 60 & echo $! > %s/out; trap '' TERM; wait", fixture->dir);
	run(fixture, command, 200 * NS_PER_MS);
	assert_true(fixture->end.timed_out);
	assert_true(mono_diff(clock_mono(), began) < 5 * NS_PER_S);
	read_out(fixture, out, sizeof out);
	child = atoi(out);
	assert_true(child > 1);
	await_end(child);
}

/* Nor is what it leaves behind when it ends by itself. */
static void what_it_left_behind_is_killed(void **state)
{
	struct fixture *fixture = *state;
	char out[64], command[256];
	pid_t child;

	need_root();
	snprintf(command, sizeof command, "sleep 60 & echo $! > %s/out", fixture->dir);
	run(fixture, command, 10 * NS_PER_S);
	assert_true(script_end_is_good(&fixture->end));
	read_out(fixture, out, sizeof out);
	child = atoi(out);
	await_end(child);
}

/* The daemon's locked memory, real-time priority, blocked signals, descriptors and environment stay the daemon's. */
static void it_inherits_nothing(void **state)
{
	struct fixture *fixture = *state;
	const struct sched_param param = {.sched_priority = 1};
	char out[2048], command[512];
	sigset_t blocked, before;
	bool real_time;
	int marker;

	need_root();
	marker = open("/etc/passwd", O_RDONLY); /* as if somebody had forgotten O_CLOEXEC */
	assert_true(marker > 2);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	signal(SIGPIPE, SIG_IGN);
	setenv("SECRET", "x", 1);
	real_time = sched_setscheduler(0, SCHED_RR, &param) == 0;
	snprintf(command, sizeof command,
		"{ grep -E '^(VmLck|SigBlk|SigIgn)' /proc/self/status; ls -l /proc/$$/fd; "
		"cut -d ' ' -f 41 /proc/$$/stat; env; echo \"$1|$2\"; } > %s/out",
		fixture->dir);
	run(fixture, command, 10 * NS_PER_S);
	if (real_time)
		sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0});
	close(marker);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, SIG_DFL);
	assert_true(script_end_is_good(&fixture->end));
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

	assert_int_equal(script_check(fixture->path, why, sizeof why), -EACCES);
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
	assert_int_equal(script_check(fixture->path, why, sizeof why), 0);
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
	assert_int_equal(script_check("relative", why, sizeof why), -EACCES);
	assert_int_equal(script_check("/", why, sizeof why), -EACCES);
	chmod(fixture->dir, 0700);
}

/* What has become writable since the start is not run. */
static void it_is_checked_again_before_each_run(void **state)
{
	struct fixture *fixture = *state;
	char *argv[] = {fixture->path, NULL};

	need_root();
	write_program(fixture, "exit 0");
	chmod(fixture->path, 0757);
	assert_int_equal(script_start(&fixture->script, fixture->loop, argv, NS_PER_S, on_end), 0);
	assert_int_equal(loop_run(fixture->loop), 0);
	assert_int_equal(fixture->end.status, 126);
}

static void one_that_is_forgotten_is_killed(void **state)
{
	struct fixture *fixture = *state;
	char *argv[] = {fixture->path, NULL};

	need_root();
	write_program(fixture, "sleep 60");
	assert_int_equal(script_start(&fixture->script, fixture->loop, argv, 100 * NS_PER_S, on_end), 0);
	script_kill(&fixture->script);
	assert_false(script_is_running(&fixture->script));
	assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(each_end_is_told),
		TEST(what_takes_too_long_is_killed_with_its_children),
		TEST(what_it_left_behind_is_killed),
		TEST(it_inherits_nothing),
		TEST(what_others_can_write_to_is_refused),
		TEST(it_is_checked_again_before_each_run),
		TEST(one_that_is_forgotten_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
