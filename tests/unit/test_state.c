/* SPDX-License-Identifier: MIT */
#include "vrrpd/state.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/lbpair-state.XXXXXX";
static char file[64];

static int setup(void **state)
{
	(void)state;
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(file, sizeof file, "%s/vrrpd.json", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(file);
	return rmdir(dir);
}

static void write_text(const char *text)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void what_is_saved_is_loaded(void **unused)
{
	char yielding[2][64] = {"web", "mail"};
	struct state out = {
		.sequence = UINT64_MAX - 1,
		.peer_sequence = 42,
		.maintenance = true,
		.yielding = yielding,
		.yielding_count = 2,
		.lent = yielding + 1,
		.lent_count = 1,
	};
	struct state in;

	(void)unused;
	state_save(dir, &out);
	state_stop();
	assert_int_equal(state_load(dir, &in), 0);
	assert_true(in.sequence == UINT64_MAX - 1);
	assert_true(in.peer_sequence == 42);
	assert_true(state_is_yielding(&in, "web"));
	assert_true(state_is_yielding(&in, "mail"));
	assert_false(state_is_yielding(&in, "we"));
	assert_true(in.maintenance);
	assert_true(state_is_lent(&in, "mail"));
	assert_false(state_is_lent(&in, "web"));
	state_free(&in);
}

static void the_last_of_many_wins(void **unused)
{
	struct state in;

	(void)unused;
	assert_int_equal(state_start(), 0);
	for (uint64_t i = 1; i <= 200; i++)
		state_save(dir, &(struct state){.sequence = i});
	state_stop();
	assert_int_equal(state_load(dir, &in), 0);
	assert_true(in.sequence == 200);
	state_free(&in);
}

/* What was saved before the thread ran, and what is saved while it runs, is written without an end being near. */
static void it_is_written_meanwhile(void **unused)
{
	struct state in = {0};
	uint64_t sequence = 0;

	(void)unused;
	state_save(dir, &(struct state){.sequence = 1});
	assert_int_equal(state_start(), 0);
	for (uint64_t wanted = 1; wanted <= 2; wanted++) {
		for (int i = 0; i < 10000 && sequence != wanted; i++) {
			usleep(1000);
			assert_int_equal(state_load(dir, &in), 0);
			sequence = in.sequence;
			state_free(&in);
		}
		assert_true(sequence == wanted);
		/* The thread goes to sleep, and has to be woken. */
		usleep(50000);
		state_save(dir, &(struct state){.sequence = 2});
	}
	state_stop();
}

/* Whatever stands there, vrrpd starts; what can be used is. */
static const struct {
	const char *text;
	uint64_t sequence;
	bool web;
} bad_files[] = {
	{"", 0, false},
	{"{", 0, false},
	{"[]", 0, false},
	{"{\"sequence\": 5, \"yielding\": \"web\"}", 0, false},
	{"{\"sequence\": \"-5\", \"yielding\": [null, 3, \"web\"]}", 0, true},
	{"{\"sequence\": \"7\", \"yielding\": "
	 "[\"0123456789012345678901234567890123456789012345678901234567890123456789\"]}",
		7, false},
};

static void bad_files_are_survived(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(bad_files); i++) {
		struct state in;

		write_text(bad_files[i].text);
		assert_int_equal(state_load(dir, &in), 0);
		assert_true(in.sequence == bad_files[i].sequence);
		assert_int_equal(state_is_yielding(&in, "web"), bad_files[i].web);
		state_free(&in);
	}
}

static void no_file_is_an_empty_state(void **unused)
{
	struct state in;

	(void)unused;
	assert_int_equal(state_load(dir, &in), 0);
	assert_true(in.sequence == 0);
	assert_int_equal(in.yielding_count, 0);
	state_free(&in);
	/* Nothing to tear down but the directory. */
	write_text("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_saved_is_loaded, setup, teardown),
		cmocka_unit_test_setup_teardown(the_last_of_many_wins, setup, teardown),
		cmocka_unit_test_setup_teardown(it_is_written_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_files_are_survived, setup, teardown),
		cmocka_unit_test_setup_teardown(no_file_is_an_empty_state, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
