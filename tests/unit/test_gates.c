/* SPDX-License-Identifier: MIT */
#include "lbd/gates.h"

#include "lbd/admission.h"
#include "tests/unit/unit.h"

static struct board board;
static struct snapshot_service service;
static struct snapshot snapshot = {.services = &service, .service_count = 1};

static int setup(void **state)
{
	(void)state;
	board_init(&board);
	return board_reserve(&board, &(struct board_size){1, 1, 1});
}

static int teardown(void **state)
{
	(void)state;
	board_free(&board);
	return 0;
}

static void set_limits(uint32_t all, uint32_t one)
{
	snapshot.max_connections = all;
	service.max_connections = one;
}

static bool enter(struct gates_pass *pass)
{
	return gates_enter(&board, &snapshot, 0, pass) == NULL;
}

static void each_limit_holds(void **state)
{
	struct gates_pass passes[2], none;

	(void)state;
	set_limits(2, 0);
	assert_true(enter(&passes[0]) && enter(&passes[1]));
	assert_ptr_equal(gates_enter(&board, &snapshot, 0, &none), &board.all);
	set_limits(5, 1);
	gates_leave(&board, 0, &passes[0]);
	assert_true(enter(&passes[0]));
	assert_ptr_equal(gates_enter(&board, &snapshot, 0, &none), board_service(&board, 0));
	/* Whoever was turned away at the second gate stands at the first no more. */
	set_limits(3, 0);
	assert_true(enter(&none));
	gates_leave(&board, 0, &none);
	gates_leave(&board, 0, &passes[0]);
	gates_leave(&board, 0, &passes[1]);
}

/* Limits that come, go and come again while connections are open. */
static void a_new_limit_counts_what_is_open(void **state)
{
	struct gates_pass passes[3], none;

	(void)state;
	set_limits(0, 0);
	for (size_t i = 0; i < 3; i++)
		assert_true(enter(&passes[i]));
	set_limits(4, 3);
	for (size_t i = 0; i < 3; i++)
		gates_enter_late(&board, &snapshot, 0, &passes[i]);
	assert_false(enter(&none));
	/* Once is enough. */
	for (size_t i = 0; i < 3; i++)
		gates_enter_late(&board, &snapshot, 0, &passes[i]);
	set_limits(0, 0);
	gates_leave(&board, 0, &passes[0]);
	set_limits(4, 3);
	assert_true(enter(&passes[0]));
	assert_false(enter(&none));
	for (size_t i = 0; i < 3; i++)
		gates_leave(&board, 0, &passes[i]);
	set_limits(1, 1);
	assert_true(enter(&none));
	gates_leave(&board, 0, &none);
}

static void a_new_share_counts_what_is_open(void **state)
{
	const struct ip from = {.family = AF_INET, .bytes = {192, 0, 2, 1}};
	const struct mono now = {NS_PER_S};
	struct admission admission;
	struct sources *sources;
	sources_key keys[2], none;

	(void)state;
	assert_int_equal(sources_new(&sources), 0);
	assert_int_equal(admission_init(&admission, sources), 0);
	service.per_source = (struct per_source_conf){0};
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(admission_ask(&admission, &snapshot, 0, &from, now, &keys[i]), END_OPEN);
		assert_int_equal(keys[i], SOURCES_NONE);
	}
	service.per_source.connections = 2;
	for (size_t i = 0; i < 4; i++)
		admission_count_late(&admission, &snapshot, 0, &from, now, &keys[i % 2]);
	assert_int_equal(admission_ask(&admission, &snapshot, 0, &from, now, &none), END_SOURCE_LIMIT);
	assert_int_equal(none, SOURCES_NONE);
	sources_leave(sources, keys[0]);
	assert_int_equal(admission_ask(&admission, &snapshot, 0, &from, now, &keys[0]), END_OPEN);
	sources_leave(sources, keys[0]);
	sources_leave(sources, keys[1]);
	admission_free(&admission);
	sources_free(sources);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_limit_holds, setup, teardown),
		cmocka_unit_test_setup_teardown(a_new_limit_counts_what_is_open, setup, teardown),
		cmocka_unit_test_setup_teardown(a_new_share_counts_what_is_open, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
