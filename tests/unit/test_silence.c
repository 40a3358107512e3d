/* SPDX-License-Identifier: MIT */
#include "vrrpd/silence.h"

#include "tests/unit/unit.h"
#include "vrrpd/vitals.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MS NS_PER_MS

static void each_state_has_its_cause(void **state)
{
	static const struct {
		char state;
		int64_t ran_ns, silent_ns;
		enum silence expected;
	} rows[] = {
		{'R', 100 * MS, 100 * MS, SILENCE_RUNS},
		/* Another of the same priority has the other half. */
		{'R', 50 * MS, 100 * MS, SILENCE_RUNS},
		{'R', 25 * MS, 100 * MS, SILENCE_RUNS},
		{'R', 24 * MS, 100 * MS, SILENCE_STARVED},
		{'R', 0, 100 * MS, SILENCE_STARVED},
		{'R', 0, 10 * MS, SILENCE_STARVED},
		/* Known to be runnable, and not known whether it runs. */
		{'R', -1, 100 * MS, SILENCE_UNKNOWN},
		{'S', 0, 100 * MS, SILENCE_WAITS},
		{'D', 0, 100 * MS, SILENCE_WAITS},
		{'T', 0, 100 * MS, SILENCE_STOPPED},
		{'t', 0, 100 * MS, SILENCE_TRACED},
		{'Z', 0, 0, SILENCE_ENDED},
		{'X', 0, 0, SILENCE_ENDED},
		{'?', 0, 100 * MS, SILENCE_UNKNOWN},
		{'I', 0, 100 * MS, SILENCE_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(silence_of(rows[i].state, rows[i].ran_ns, rows[i].silent_ns), rows[i].expected);
}

static void patience_is_for_those_who_do_no_harm(void **state)
{
	static const struct {
		enum silence silence;
		bool holds;
		int64_t threshold_ns, expected_ns;
	} rows[] = {
		{SILENCE_STOPPED, true, 100 * MS, 100 * MS},
		{SILENCE_RUNS, true, 200 * MS, 200 * MS},
		{SILENCE_WAITS, true, 100 * MS, 100 * MS},
		{SILENCE_TRACED, true, 100 * MS, 100 * MS},
		{SILENCE_UNKNOWN, true, 100 * MS, 100 * MS},
		{SILENCE_STARVED, true, 100 * MS, 300 * MS},
		{SILENCE_STARVED, true, 300 * MS, 300 * MS},
		{SILENCE_STOPPED, false, 100 * MS, 1000 * MS},
		{SILENCE_STARVED, false, 300 * MS, 1000 * MS},
		/* A test's, or a slow interval's. */
		{SILENCE_STARVED, true, 2000 * MS, 2000 * MS},
		{SILENCE_WAITS, false, 2000 * MS, 2000 * MS},
		{SILENCE_ENDED, true, 100 * MS, 0},
		{SILENCE_ENDED, false, 100 * MS, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_true(silence_patience_ns(rows[i].silence, rows[i].holds, rows[i].threshold_ns) ==
			    rows[i].expected_ns);
}

static void each_cause_has_words(void **state)
{
	(void)state;
	for (enum silence i = SILENCE_UNKNOWN; i <= SILENCE_ENDED; i++)
		for (enum silence j = SILENCE_UNKNOWN; j < i; j++)
			assert_string_not_equal(silence_text(i), silence_text(j));
}

/* What the kernel says of a real child. */

enum doing { DOING_NOTHING, DOING_ROUNDS };

static pid_t start_child(enum doing doing)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	while (pid == 0)
		if (doing == DOING_NOTHING)
			pause();
	return pid;
}

/* The state comes at once, but for a busy machine. */
static void assert_state(const struct vitals *vitals, const char *letters)
{
	for (int i = 0; i < 5000; i++) {
		if (strchr(letters, vitals_state(vitals)) != NULL)
			return;
		usleep(1000);
	}
	fail_msg("the state is %c and not one of %s", vitals_state(vitals), letters);
}

static void a_child_is_read(void **state)
{
	struct vitals vitals;
	char place[VITALS_PLACE_MAX];
	pid_t pid = start_child(DOING_NOTHING);

	(void)state;
	vitals_open(pid, &vitals);
	assert_state(&vitals, "S");
	assert_true(vitals_ran_ns(&vitals) >= 0);
	vitals_place(&vitals, place);
	kill(pid, SIGSTOP);
	assert_state(&vitals, "T");
	kill(pid, SIGKILL);
	assert_state(&vitals, "ZX");
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(vitals_state(&vitals), '?');
	assert_true(vitals_ran_ns(&vitals) == -1);
	vitals_place(&vitals, place);
	assert_string_equal(place, "");
	vitals_close(&vitals);
}

static void a_child_that_runs_has_run(void **state)
{
	struct vitals vitals;
	pid_t pid = start_child(DOING_ROUNDS);
	int64_t before_ns;

	(void)state;
	vitals_open(pid, &vitals);
	assert_state(&vitals, "R");
	before_ns = vitals_ran_ns(&vitals);
	for (int i = 0; i < 5000 && vitals_ran_ns(&vitals) < before_ns + 10 * MS; i++)
		usleep(1000);
	assert_true(vitals_ran_ns(&vitals) >= before_ns + 10 * MS);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	vitals_close(&vitals);
}

static void nobody_is_read_as_nobody(void **state)
{
	struct vitals vitals;

	(void)state;
	vitals_open(0, &vitals);
	assert_int_equal(vitals_state(&vitals), '?');
	assert_true(vitals_ran_ns(&vitals) == -1);
	vitals_close(&vitals);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_has_its_cause),
		cmocka_unit_test(patience_is_for_those_who_do_no_harm),
		cmocka_unit_test(each_cause_has_words),
		cmocka_unit_test(a_child_is_read),
		cmocka_unit_test(a_child_that_runs_has_run),
		cmocka_unit_test(nobody_is_read_as_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
