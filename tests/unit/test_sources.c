/* SPDX-License-Identifier: MIT */
#include "lbd/sources.h"

#include "common/pure/hash.h"
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>

static struct sources *sources;
static struct crypto_hash *hash;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(sources_new(&sources), 0);
	return sources_hash_new(sources, &hash);
}

static int teardown(void **state)
{
	(void)state;
	crypto_hash_free(hash);
	sources_free(sources);
	return 0;
}

static struct mono at_ms(int64_t ms)
{
	return (struct mono){NS_PER_S + ms * NS_PER_MS};
}

static sources_key key_of(uint32_t service, const char *text)
{
	struct ip ip;

	assert_int_equal(ip_parse(text, &ip), 0);
	return sources_key_of(hash, service, &ip);
}

static bool enter(sources_key key, unsigned connections, unsigned rate, int64_t ms)
{
	const struct per_source_conf limits = {.connections = connections, .rate = rate};
	sources_key counted;
	bool entered = sources_enter(sources, key, &limits, at_ms(ms), &counted);

	assert_int_equal(counted, entered ? key : SOURCES_NONE);
	return entered;
}

static void so_many_are_open_at_once(void **state)
{
	sources_key key = key_of(1, "192.0.2.1");

	(void)state;
	assert_true(enter(key, 2, 0, 0));
	assert_true(enter(key, 2, 0, 0));
	assert_false(enter(key, 2, 0, 0));
	sources_leave(sources, key);
	assert_true(enter(key, 2, 0, 1));
	assert_false(enter(key, 2, 0, 1000000));
	/* Another limit holds from the next on, with those that are open. */
	assert_true(enter(key, 3, 0, 1000000));
	assert_false(enter(key, 1, 0, 1000000));
	for (unsigned i = 0; i < 3; i++)
		sources_leave(sources, key);
	assert_true(enter(key, 1, 0, 1000000));
	sources_leave(sources, key);
	sources_leave(sources, SOURCES_NONE);
}

/* A second's worth at once, and then one as soon as there is one. */
static void so_many_come_in_a_second(void **state)
{
	static const struct {
		int64_t ms;
		unsigned come;
		unsigned enter;
	} steps[] = {
		{0, 20, 10},
		{99, 5, 0},
		{100, 5, 1},
		{350, 5, 2},
		{400, 5, 1},
		{1400, 20, 10},
		{9999, 3, 3},
		{9999, 20, 7},
	};
	sources_key key = key_of(2, "192.0.2.1");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		unsigned entered = 0;

		for (unsigned j = 0; j < steps[i].come; j++)
			entered += enter(key, 0, 10, steps[i].ms);
		assert_int_equal(entered, steps[i].enter);
		while (entered-- > 0)
			sources_leave(sources, key);
	}
}

static void what_is_too_much_takes_nothing(void **state)
{
	sources_key key = key_of(3, "192.0.2.1");

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(enter(key, 1, 2, 0), i == 0);
	sources_leave(sources, key);
	/* The four did not use the rate up. */
	assert_true(enter(key, 1, 2, 0));
	sources_leave(sources, key);
	assert_false(enter(key, 1, 2, 0));
}

static void one_source_is_told_from_another(void **state)
{
	static const struct {
		uint32_t service;
		const char *ip;
	} others[] = {
		{5, "192.0.2.1"},
		{4, "192.0.2.2"},
		{4, "2001:db8::1"},
		{4, "2001:db8:0:1::1"},
		{4, "::"},
		{4, "0.0.0.0"},
	};
	sources_key key = key_of(4, "192.0.2.1");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		assert_true(key_of(others[i].service, others[i].ip) != key);
		for (size_t j = 0; j < i; j++)
			assert_true(key_of(others[i].service, others[i].ip) != key_of(others[j].service, others[j].ip));
	}
	assert_true(key_of(4, "2001:db8::1") == key_of(4, "2001:db8::ffff:ffff:ffff:ffff"));
	assert_true(key_of(4, "2001:db8::1") == key_of(4, "2001:db8::"));
}

#define RESIDENTS 2000U
#define FLOOD 1000000U

/* Far more sources than there are places: those that have connections are not forgotten, whatever comes. */
static void a_flood_drives_out_nobody_with_connections(void **state)
{
	static sources_key residents[RESIDENTS];
	uint64_t random = 3;
	unsigned entered = 0, counted_twice = 0;

	(void)state;
	for (unsigned i = 0; i < RESIDENTS; i++) {
		residents[i] = hash_next(&random) | 1;
		assert_true(enter(residents[i], 1, 0, 0));
	}
	for (unsigned i = 0; i < FLOOD; i++) {
		sources_key key = hash_next(&random) | 1;

		if (enter(key, 1, 100, i / 1000)) {
			entered++;
			sources_leave(sources, key);
		}
	}
	assert_int_equal(entered, FLOOD);
	for (unsigned i = 0; i < RESIDENTS; i++) {
		counted_twice += enter(residents[i], 1, 0, 2000);
		sources_leave(sources, residents[i]);
	}
	assert_int_equal(counted_twice, 0);
}

/* A bucket's places, all with connections: the ninth comes in uncounted, and takes nobody's place. */
static void a_full_bucket_lets_others_in(void **state)
{
	const struct per_source_conf limits = {.connections = 1};
	sources_key keys[9], counted;

	(void)state;
	for (unsigned i = 0; i < 9; i++)
		keys[i] = 77 + ((uint64_t)i << 40);
	for (unsigned i = 0; i < 8; i++)
		assert_true(enter(keys[i], 1, 0, 0));
	for (unsigned i = 0; i < 3; i++) {
		assert_true(sources_enter(sources, keys[8], &limits, at_ms(0), &counted));
		assert_int_equal(counted, SOURCES_NONE);
	}
	assert_false(enter(keys[0], 1, 0, 0));
	sources_leave(sources, keys[3]);
	assert_true(enter(keys[8], 1, 0, 0));
	assert_false(enter(keys[8], 1, 0, 0));
	for (unsigned i = 0; i < 9; i++) {
		if (i != 3)
			sources_leave(sources, keys[i]);
	}
}

/* Of those that only have a rate, the one is forgotten that has used the least of it. */
static void the_least_busy_is_forgotten_first(void **state)
{
	sources_key keys[9];

	(void)state;
	for (unsigned i = 0; i < 9; i++)
		keys[i] = 78 + ((uint64_t)i << 40);
	for (unsigned i = 0; i < 8; i++) {
		for (unsigned j = 0; j <= (i == 5 ? 0 : 1); j++) {
			assert_true(enter(keys[i], 0, 2, 0));
			sources_leave(sources, keys[i]);
		}
	}
	assert_true(enter(keys[8], 0, 2, 0));
	sources_leave(sources, keys[8]);
	for (unsigned i = 0; i < 8; i++) {
		if (i != 5)
			assert_false(enter(keys[i], 0, 2, 0));
	}
}

#define THREADS 4
#define ROUNDS 50000U
#define SHARE 3

static _Atomic unsigned inside, most;

static void *press(void *context)
{
	const struct per_source_conf limits = {.connections = SHARE};
	sources_key counted;

	(void)context;
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned now;

		if (!sources_enter(sources, 4711, &limits, at_ms(0), &counted))
			continue;
		now = atomic_fetch_add(&inside, 1) + 1;
		for (unsigned before = atomic_load(&most); now > before;) {
			if (atomic_compare_exchange_weak(&most, &before, now))
				break;
		}
		atomic_fetch_sub(&inside, 1);
		sources_leave(sources, counted);
	}
	return NULL;
}

static void threads_share_one_limit(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, press, NULL), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_in_range(atomic_load(&most), 1, SHARE);
	for (unsigned i = 0; i < SHARE; i++)
		assert_true(enter(4711, SHARE, 0, 0));
	assert_false(enter(4711, SHARE, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_are_open_at_once),
		cmocka_unit_test(so_many_come_in_a_second),
		cmocka_unit_test(what_is_too_much_takes_nothing),
		cmocka_unit_test(one_source_is_told_from_another),
		cmocka_unit_test(a_flood_drives_out_nobody_with_connections),
		cmocka_unit_test(a_full_bucket_lets_others_in),
		cmocka_unit_test(the_least_busy_is_forgotten_first),
		cmocka_unit_test(threads_share_one_limit),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
