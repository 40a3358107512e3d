/* SPDX-License-Identifier: MIT */
/* The programs that are told of changes: what they are told, in which order, one at a time, and what a bad one costs.
 */
#include "vrrpd/notify.h"

#include "common/system/clock.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Far beyond what the programs here take. */
#define LIMIT_NS (60 * NS_PER_S)

struct fixture {
	char dir[64];
	char program[128];
	char out[128];
	struct loop *loop;
	struct runner *runner;
	struct loop_timer limit;
	struct recorder recorder;
	struct notifier *notifier;
	bool late;
};

static void on_idle(void *context)
{
	struct fixture *fixture = context;

	loop_stop(fixture->loop);
}

static void on_limit(struct loop_timer *timer, struct mono now)
{
	struct fixture *fixture = CONTAINER_OF(timer, struct fixture, limit);

	(void)now;
	fixture->late = true;
	loop_stop(fixture->loop);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	strcpy(fixture->dir, "/tmp/lbpair-notify.XXXXXX");
	if (mkdtemp(fixture->dir) == NULL || loop_new(&fixture->loop) < 0)
		return -1;
	snprintf(fixture->program, sizeof fixture->program, "%s/program", fixture->dir);
	snprintf(fixture->out, sizeof fixture->out, "%s/out", fixture->dir);
	*state = fixture;
	if (runner_new(fixture->loop, &fixture->runner) < 0 || runner_begin(fixture->runner) < 0)
		return -1;
	return notifier_new(fixture->runner, &fixture->recorder, on_idle, fixture, &fixture->notifier);
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	notifier_free(fixture->notifier);
	runner_close(fixture->runner);
	runner_free(fixture->runner);
	loop_timer_clear(fixture->loop, &fixture->limit);
	unlink(fixture->program);
	unlink(fixture->out);
	rmdir(fixture->dir);
	loop_free(fixture->loop);
	free(fixture);
	return 0;
}

/* `$out` is where the program may write. */
static void write_program(const struct fixture *fixture, const char *body)
{
	FILE *file = fopen(fixture->program, "w");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\nout=%s\n%s\n", fixture->out, body);
	fclose(file);
	assert_int_equal(chmod(fixture->program, 0755), 0);
}

static void add(struct fixture *fixture, const char *program, const char *vip, const char *reason)
{
	notifier_add(fixture->notifier,
		&(struct notify_change){
			.program = program, .vip = vip, .from = "backup", .to = "active", .reason = reason});
}

static void run(struct fixture *fixture)
{
	assert_int_equal(loop_timer_set(fixture->loop, &fixture->limit, mono_add(clock_mono(), LIMIT_NS), on_limit), 0);
	assert_int_equal(loop_run(fixture->loop), 0);
	assert_false(fixture->late);
	assert_true(notifier_is_idle(fixture->notifier));
}

static void assert_out(const struct fixture *fixture, const char *expected)
{
	char text[8192] = "";
	FILE *file = fopen(fixture->out, "r");

	if (file != NULL) {
		text[fread(text, 1, sizeof text - 1, file)] = '\0';
		fclose(file);
	}
	assert_string_equal(text, expected);
}

static void changes_are_told_in_order(void **state)
{
	struct fixture *fixture = *state;

	if (geteuid() != 0)
		skip();
	/* The first takes longest: side by side, it would come last. */
	write_program(fixture, "[ \"$1\" != a ] || sleep 0.3\necho \"$#: $1 $2 $3 $4\" >>\"$out\"");
	add(fixture, fixture->program, "a", "the active node fell silent");
	add(fixture, fixture->program, "b", "\"quoted\" $HOME; and a blank");
	add(fixture, fixture->program, "a", "");
	assert_false(notifier_is_idle(fixture->notifier));
	run(fixture);
	assert_out(fixture, "4: a backup active the active node fell silent\n"
			    "4: b backup active \"quoted\" $HOME; and a blank\n"
			    "4: a backup active \n");
}

static void a_bad_program_holds_nobody_up(void **state)
{
	struct fixture *fixture = *state;

	if (geteuid() != 0)
		skip();
	write_program(fixture, "echo \"$1\" >>\"$out\"; exit 3");
	add(fixture, "/nonexistent/program", "a", "");
	add(fixture, fixture->program, "b", "");
	add(fixture, fixture->program, "c", "");
	run(fixture);
	assert_out(fixture, "b\nc\n");
	assert_int_equal(fixture->recorder.count, 3);
	assert_string_equal(recorder_entry(&fixture->recorder, 1)->vip, "b");
	assert_string_equal(
		recorder_entry(&fixture->recorder, 1)->text, "notify backup -> active: it ended with status 3");
}

/* The first runs already, and holds all others up until they are there. */
static void of_too_many_the_oldest_are_passed_over(void **state)
{
	struct fixture *fixture = *state;
	char name[32];

	if (geteuid() != 0)
		skip();
	write_program(fixture,
		"[ \"$1\" != first ] || sleep 1; [ -s \"$out\" ] || [ \"$1\" = first ] || echo \"$1\" >>\"$out\"");
	add(fixture, fixture->program, "first", "");
	for (unsigned i = 0; i < NOTIFY_QUEUE + 3; i++) {
		snprintf(name, sizeof name, "vip%u", i);
		add(fixture, fixture->program, name, "");
	}
	run(fixture);
	assert_out(fixture, "vip3\n");
	assert_string_equal(recorder_entry(&fixture->recorder, 2)->vip, "vip2");
	assert_string_equal(recorder_entry(&fixture->recorder, 2)->text,
		"notify backup -> active: passed over, the programs are too slow");
	assert_int_equal(fixture->recorder.count, 3);
}

/* However many changes there are: what each vip's program hears last is what is. */
static void the_last_change_of_each_vip_is_told(void **state)
{
	struct fixture *fixture = *state;

	if (geteuid() != 0)
		skip();
	write_program(fixture, "[ \"$1\" != first ] || sleep 1; [ \"$1$4\" = bflap ] || echo \"$1 $4\" >>\"$out\"");
	add(fixture, fixture->program, "first", "begins");
	add(fixture, fixture->program, "a", "once");
	for (unsigned i = 0; i < NOTIFY_QUEUE + 10; i++)
		add(fixture, fixture->program, "b", "flap");
	add(fixture, fixture->program, "b", "at last");
	add(fixture, fixture->program, "c", "once");
	run(fixture);
	assert_out(fixture, "first begins\na once\nb at last\nc once\n");
}

static void what_runs_at_the_end_is_killed(void **state)
{
	struct fixture *fixture = *state;

	if (geteuid() != 0)
		skip();
	write_program(fixture, "echo begun >>\"$out\"; sleep 600; echo ended >>\"$out\"");
	add(fixture, fixture->program, "a", "");
	assert_int_equal(
		loop_timer_set(fixture->loop, &fixture->limit, mono_add(clock_mono(), NS_PER_S / 2), on_limit), 0);
	assert_int_equal(loop_run(fixture->loop), 0);
	assert_false(notifier_is_idle(fixture->notifier));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(changes_are_told_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_bad_program_holds_nobody_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_too_many_the_oldest_are_passed_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_last_change_of_each_vip_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_runs_at_the_end_is_killed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
