/* SPDX-License-Identifier: MIT */
/* The page has two sides in two processes, and so have these tests: a child plays lbd. */
#include "common/system/liveness.h"

#include "common/system/fd.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char dir[] = "/tmp/test-liveness-XXXXXX";
static char page[64];

static int make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(page, sizeof page, "%s/lbd.live", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(page);
	return rmdir(dir);
}

static int remove_page(void **state)
{
	(void)state;
	unlink(page);
	return 0;
}

/* A child that has the page and waits for a byte before each step. */
struct writer_process {
	pid_t pid;
	int to;
	int from;
};

typedef void step_fn(struct liveness *live);

static void child_main(int in, int out, step_fn *const *steps)
{
	struct liveness *live;
	char byte = 0;
	int r = liveness_create(dir, 2, &live);

	if (r < 0)
		_exit(-r);
	if (write(out, &byte, 1) != 1)
		_exit(0);
	for (; *steps != NULL && read(in, &byte, 1) == 1; steps++) {
		(*steps)(live);
		if (write(out, &byte, 1) != 1)
			break;
	}
	while (read(in, &byte, 1) == 1)
		continue;
	_exit(0);
}

static void wait_step(const struct writer_process *process)
{
	char byte;

	assert_int_equal(read(process->from, &byte, 1), 1);
}

static struct writer_process start_writer(step_fn *const *steps)
{
	struct writer_process process;
	int down[2], up[2];

	assert_int_equal(pipe2(down, O_CLOEXEC), 0);
	assert_int_equal(pipe2(up, O_CLOEXEC), 0);
	process.pid = fork();
	assert_true(process.pid >= 0);
	if (process.pid == 0) {
		close(down[1]);
		close(up[0]);
		child_main(down[0], up[1], steps);
	}
	close(down[0]);
	close(up[1]);
	process.to = down[1];
	process.from = up[0];
	wait_step(&process);
	return process;
}

static void next_step(const struct writer_process *process)
{
	assert_int_equal(write(process->to, "x", 1), 1);
	wait_step(process);
}

static void end_writer(struct writer_process *process)
{
	int status;

	close(process->to);
	close(process->from);
	assert_int_equal(waitpid(process->pid, &status, 0), process->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void step_beat(struct liveness *live)
{
	liveness_beat(live, 1);
	liveness_beat(live, 1);
	liveness_beat(live, 0);
}

static void step_bound(struct liveness *live)
{
	liveness_set_bound(live, true);
	liveness_set_checked(live, true);
}

static void step_services(struct liveness *live)
{
	struct liveness_service services[200] = {0};

	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		snprintf(services[i].name, LIVENESS_NAME_MAX, "service%zu", i);
		services[i].up = i % 3 == 0;
	}
	liveness_set_services(live, services, ARRAY_LEN(services));
}

static void the_reader_sees_what_was_written(void **test_state)
{
	static step_fn *const steps[] = {step_beat, step_bound, step_services, NULL};
	struct writer_process writer = start_writer(steps);
	struct liveness_service services[300];
	struct liveness_state state;
	struct liveness *live;

	(void)test_state;
	assert_int_equal(liveness_open(dir, &live), 0);
	liveness_read(live, &state);
	assert_int_equal(state.loops, 2);
	assert_int_equal(state.beats[0] + state.beats[1], 0);
	assert_false(state.bound || state.checked);
	assert_int_equal(liveness_read_services(live, services, 300), 0);
	next_step(&writer);
	liveness_read(live, &state);
	assert_int_equal(state.beats[0], 1);
	assert_int_equal(state.beats[1], 2);
	next_step(&writer);
	liveness_read(live, &state);
	assert_true(state.bound && state.checked);
	next_step(&writer);
	assert_int_equal(liveness_read_services(live, services, 300), 200);
	for (size_t i = 0; i < 200; i++) {
		char name[LIVENESS_NAME_MAX];

		snprintf(name, sizeof name, "service%zu", i);
		assert_string_equal(services[i].name, name);
		assert_int_equal(services[i].up, i % 3 == 0);
	}
	assert_int_equal(liveness_read_services(live, services, 70), 70);
	liveness_free(live);
	end_writer(&writer);
}

static void the_lock_names_the_writer_and_goes_with_it(void **test_state)
{
	static step_fn *const steps[] = {NULL};
	struct writer_process writer = start_writer(steps);
	struct liveness *reader, *second;
	struct liveness_state state;
	pid_t pid = -1;

	(void)test_state;
	assert_int_equal(liveness_open(dir, &reader), 0);
	assert_int_equal(liveness_pid(reader, &pid), 0);
	assert_int_equal(pid, writer.pid);
	assert_int_equal(liveness_create(dir, 1, &second), -EBUSY);
	assert_int_equal(liveness_pid(reader, &pid), 0);
	assert_int_equal(pid, writer.pid);
	end_writer(&writer);
	assert_int_equal(liveness_pid(reader, &pid), 0);
	assert_int_equal(pid, 0);

	/* The next lbd takes the same page over, with nothing of the last one's state. */
	writer = start_writer((step_fn *const[]){step_bound, step_services, NULL});
	next_step(&writer);
	next_step(&writer);
	end_writer(&writer);
	writer = start_writer(steps);
	assert_true(liveness_is_current(reader, dir));
	assert_int_equal(liveness_pid(reader, &pid), 0);
	assert_int_equal(pid, writer.pid);
	liveness_read(reader, &state);
	assert_false(state.bound || state.checked);
	assert_int_equal(liveness_read_services(reader, &(struct liveness_service){0}, 1), 0);
	end_writer(&writer);
	unlink(page);
	assert_false(liveness_is_current(reader, dir));
	liveness_free(reader);
}

static void what_is_no_page_is_refused(void **test_state)
{
	struct liveness *live;
	int fd;

	(void)test_state;
	assert_int_equal(liveness_open(dir, &live), -ENOENT);
	assert_int_equal(liveness_open("/nonexistent", &live), -ENOENT);
	assert_int_equal(mkfifo(page, 0600), 0);
	assert_int_equal(liveness_open(dir, &live), -EINVAL);
	unlink(page);
	assert_int_equal(symlink("/dev/zero", page), 0);
	assert_int_equal(liveness_open(dir, &live), -EINVAL);
	unlink(page);
	fd = open(page, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(liveness_open(dir, &live), -EINVAL);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(liveness_open(dir, &live), -EINVAL);
	close(fd);
}

/* Fills all of the page but its magic with 0xff, and then cuts it short while the reader has it open. */
static void hostile_contents_are_bounded(void **test_state)
{
	static step_fn *const steps[] = {step_services, NULL};
	static struct liveness_service services[LIVENESS_SERVICES_MAX + 10];
	static uint8_t bytes[4096];
	struct writer_process writer = start_writer(steps);
	struct liveness_state state;
	struct liveness *live;
	struct stat st;
	int fd;

	(void)test_state;
	next_step(&writer);
	assert_int_equal(liveness_open(dir, &live), 0);
	fd = open(page, O_RDWR | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	memset(bytes, 0xff, sizeof bytes);
	/* An odd sequence: a writer that died amid. */
	for (off_t at = 8; at < st.st_size; at += (off_t)sizeof bytes)
		assert_true(pwrite(fd, bytes, (size_t)MIN((off_t)sizeof bytes, st.st_size - at), at) > 0);
	assert_int_equal(liveness_read_services(live, services, ARRAY_LEN(services)), -EAGAIN);
	liveness_read(live, &state);
	assert_int_equal(state.loops, LIVENESS_LOOPS_MAX);
	assert_true(state.bound && state.checked);
	/* An even one, with a count that is not to be believed. */
	memset(bytes, 0xfe, sizeof bytes);
	for (off_t at = 8; at < st.st_size; at += (off_t)sizeof bytes)
		assert_true(pwrite(fd, bytes, (size_t)MIN((off_t)sizeof bytes, st.st_size - at), at) > 0);
	services[LIVENESS_SERVICES_MAX].name[0] = '!';
	assert_int_equal(liveness_read_services(live, services, ARRAY_LEN(services)), LIVENESS_SERVICES_MAX);
	assert_int_equal(strlen(services[LIVENESS_SERVICES_MAX - 1].name), LIVENESS_NAME_MAX - 1);
	assert_int_equal(services[LIVENESS_SERVICES_MAX].name[0], '!');
	assert_int_equal(ftruncate(fd, 700), 0);
	assert_int_equal(liveness_read_services(live, services, ARRAY_LEN(services)), -EINVAL);
	assert_int_equal(ftruncate(fd, 100), 0);
	liveness_read(live, &state);
	assert_int_equal(state.loops, 0);
	assert_false(state.bound);
	close(fd);
	liveness_free(live);
	end_writer(&writer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_reader_sees_what_was_written, remove_page),
		cmocka_unit_test_teardown(the_lock_names_the_writer_and_goes_with_it, remove_page),
		cmocka_unit_test_teardown(what_is_no_page_is_refused, remove_page),
		cmocka_unit_test_teardown(hostile_contents_are_bounded, remove_page),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
