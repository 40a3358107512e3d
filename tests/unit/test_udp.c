/* SPDX-License-Identifier: MIT */
/* The UDP proxy without its sockets: the table of sessions, the order of a batch, the life of a session. */
#include "lbd/udp_groups.h"
#include "lbd/udp_life.h"
#include "lbd/udp_table.h"

#include "tests/unit/unit.h"

#include <string.h>

/* The table. */

#define SESSIONS 5000

static struct udp_entry entries[SESSIONS];
static struct udp_table table;

static struct udp_key some_key(uint32_t number)
{
	struct udp_key key = {.port = number % 7, .listener = number % 3};

	memcpy(key.client, &number, sizeof number);
	return key;
}

static int table_setup(void **state)
{
	(void)state;
	assert_int_equal(udp_table_init(&table, SESSIONS), 0);
	for (uint32_t i = 0; i < SESSIONS; i++) {
		assert_false(udp_table_is_full(&table));
		entries[i] = (struct udp_entry){.key = some_key(i)};
		udp_table_insert(&table, &entries[i]);
	}
	assert_true(udp_table_is_full(&table));
	return 0;
}

static int table_teardown(void **state)
{
	(void)state;
	udp_table_free(&table);
	return 0;
}

static void each_is_found_until_it_is_removed(void **state)
{
	struct udp_key key;

	(void)state;
	for (uint32_t i = 0; i < SESSIONS; i += 2)
		udp_table_remove(&table, &entries[i]);
	assert_int_equal(table.count, SESSIONS / 2);
	for (uint32_t i = 0; i < SESSIONS; i++) {
		key = some_key(i);
		assert_ptr_equal(udp_table_find(&table, &key), i % 2 == 0 ? NULL : &entries[i]);
	}
	key = some_key(SESSIONS);
	assert_null(udp_table_find(&table, &key));
}

static void every_part_of_the_key_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(struct udp_key); i++) {
		struct udp_key key = some_key(1);

		((unsigned char *)&key)[i] ^= 0x40;
		assert_null(udp_table_find(&table, &key));
	}
}

static void the_buckets_are_filled_evenly(void **state)
{
	size_t most = 0;

	(void)state;
	for (size_t i = 0; i < table.bucket_count; i++) {
		size_t length = 0;

		for (struct udp_entry *at = table.buckets[i]; at != NULL; at = at->next)
			length++;
		most = length > most ? length : most;
	}
	/* 0.6 on the average: more than 8 in one has a chance of about one in 10^5. */
	assert_in_range(most, 2, 8);
}

static void the_oldest_is_the_one_that_rests_longest(void **state)
{
	(void)state;
	assert_ptr_equal(udp_table_oldest(&table), &entries[0]);
	udp_table_touch(&table, &entries[0]);
	udp_table_touch(&table, &entries[2]);
	assert_ptr_equal(udp_table_oldest(&table), &entries[1]);
	udp_table_remove(&table, &entries[1]);
	assert_ptr_equal(udp_table_oldest(&table), &entries[3]);
	for (uint32_t i = 3; i < SESSIONS; i++)
		udp_table_remove(&table, &entries[i]);
	assert_ptr_equal(udp_table_oldest(&table), &entries[0]);
	udp_table_remove(&table, &entries[0]);
	udp_table_remove(&table, &entries[2]);
	assert_null(udp_table_oldest(&table));
	assert_int_equal(table.count, 0);
}

/* A batch's order. */

struct owner {
	uint8_t group;
	uint8_t expected[UDP_BATCH];
	unsigned count;
};

static void check_groups(const uint8_t *owner_of, size_t owner_count)
{
	struct owner owners[UDP_BATCH] = {0};
	struct udp_groups groups = {0};
	unsigned total = 0;

	for (size_t i = 0; i < owner_count; i++)
		owners[i].group = UDP_NO_GROUP;
	for (uint8_t i = 0; i < UDP_BATCH; i++) {
		struct owner *owner = &owners[owner_of[i]];

		udp_groups_add(&groups, i, owner, &owner->group);
		owner->expected[owner->count++] = i;
	}
	for (uint8_t i = 0; i < groups.count; i++) {
		const struct owner *owner = groups.list[i].owner;
		uint8_t places[UDP_BATCH];

		assert_int_equal(owner->group, i);
		assert_int_equal(udp_groups_list(&groups, i, places), owner->count);
		assert_memory_equal(places, owner->expected, owner->count);
		total += owner->count;
	}
	assert_int_equal(total, UDP_BATCH);
}

static void datagrams_are_grouped_in_order(void **state)
{
	static const uint8_t counts[] = {1, 2, 3, 7, 40, UDP_BATCH};

	(void)state;
	for (size_t i = 0; i < sizeof counts; i++) {
		uint8_t in_turn[UDP_BATCH], in_runs[UDP_BATCH];

		for (uint8_t j = 0; j < UDP_BATCH; j++) {
			in_turn[j] = j % counts[i];
			in_runs[j] = (uint8_t)(j * counts[i] / UDP_BATCH);
		}
		check_groups(in_turn, counts[i]);
		check_groups(in_runs, counts[i]);
	}
}

/* The life. */

static const struct mono start = {5 * NS_PER_S};

/* r: a request, from the client; a: an answer; f: the server fails. */
static const struct {
	const char *events;
	unsigned limit;
	size_t ends_after; /* 0: it goes on */
} lives[] = {
	{"ra", 0, 0},
	{"ra", 1, 2},
	{"a", 1, 1},
	/* Two questions at once get both their answers. */
	{"rraa", 1, 4},
	{"rarara", 3, 6},
	{"raaa", 3, 4},
	{"raa", 3, 0},
	{"rrrrraaaaa", 3, 10},
	/* What a server was asked that has failed gets no answer. */
	{"rrfra", 1, 5},
	{"rarfra", 2, 6},
};

static void answers_end_a_session(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
		struct udp_life life;
		size_t ended = 0;

		udp_life_begin(&life, 2, start);
		for (size_t at = 0; ended == 0 && lives[i].events[at] != '\0'; at++) {
			if (lives[i].events[at] == 'r')
				udp_life_request(&life, 1, start);
			else if (lives[i].events[at] == 'f')
				assert_true(udp_life_failed(&life));
			else if (udp_life_answer(&life, lives[i].limit, start))
				ended = at + 1;
		}
		assert_int_equal(ended, lives[i].ends_after);
	}
}

static void failures_use_the_attempts_up(void **state)
{
	struct udp_life life;

	(void)state;
	udp_life_begin(&life, 2, start);
	assert_true(udp_life_failed(&life));
	assert_true(udp_life_failed(&life));
	/* An answer gives them back. */
	assert_false(udp_life_answer(&life, 0, start));
	assert_true(udp_life_failed(&life));
	assert_true(udp_life_failed(&life));
	assert_false(udp_life_failed(&life));
	udp_life_begin(&life, 0, start);
	assert_false(udp_life_failed(&life));
}

static void both_sides_put_the_end_off(void **state)
{
	struct mono later = mono_add(start, NS_PER_S), latest = mono_add(start, 2 * NS_PER_S);
	struct udp_life life;

	(void)state;
	udp_life_begin(&life, 0, start);
	assert_true(mono_is_never(udp_life_deadline(&life, 0)));
	assert_int_equal(udp_life_deadline(&life, 7).ns, start.ns + 7);
	udp_life_request(&life, 1, later);
	assert_int_equal(udp_life_deadline(&life, 7).ns, later.ns + 7);
	assert_false(udp_life_answer(&life, 0, latest));
	assert_int_equal(udp_life_deadline(&life, 7).ns, latest.ns + 7);
	assert_false(udp_life_is_resting(&life, mono_add(latest, NS_PER_S - 1)));
	assert_true(udp_life_is_resting(&life, mono_add(latest, NS_PER_S)));
}

#define TABLE_TEST(function) cmocka_unit_test_setup_teardown(function, table_setup, table_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_TEST(each_is_found_until_it_is_removed),
		TABLE_TEST(every_part_of_the_key_counts),
		TABLE_TEST(the_buckets_are_filled_evenly),
		TABLE_TEST(the_oldest_is_the_one_that_rests_longest),
		cmocka_unit_test(datagrams_are_grouped_in_order),
		cmocka_unit_test(answers_end_a_session),
		cmocka_unit_test(failures_use_the_attempts_up),
		cmocka_unit_test(both_sides_put_the_end_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
