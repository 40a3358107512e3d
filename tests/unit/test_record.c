/* SPDX-License-Identifier: MIT */
#include "lbd/record.h"

#include "common/pure/mono.h"
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct record a_record(void)
{
	struct record record = {
		.cause = END_CLIENT_CLOSED,
		.bytes_in = 517,
		.bytes_out = UINT64_MAX,
		.connect_ns = 250 * NS_PER_US,
		.duration_ns = 12 * NS_PER_S,
		.service = "web",
		.server = "blue/app1",
	};

	assert_int_equal(endpoint_parse("[2001:db8::7]:50000", &record.client), 0);
	return record;
}

static void assert_line(const struct record *record, const char *expected)
{
	struct log_line line;

	record_line(record, &line);
	assert_int_equal(line.length, strlen(expected));
	assert_memory_equal(line.bytes, expected, line.length);
}

static void a_record_becomes_a_line(void **state)
{
	struct record record = a_record();

	(void)state;
	assert_line(&record, "level=info msg=connection client=[2001:db8::7]:50000 service=web server=blue/app1 "
			     "bytes_in=517 bytes_out=18446744073709551615 connect=0.250ms duration=12000.000ms "
			     "end=client-closed\n");
	record.connect_ns = -1;
	record.server[0] = '\0';
	record.cause = END_NO_SERVER;
	assert_line(&record, "level=info msg=connection client=[2001:db8::7]:50000 service=web server=- bytes_in=517 "
			     "bytes_out=18446744073709551615 connect=- duration=12000.000ms end=no-server\n");
}

static void a_full_ring_drops_and_counts(void **state)
{
	struct record_ring *ring;

	(void)state;
	assert_int_equal(record_ring_new(4, &ring), 0);
	assert_null(record_ring_first(ring));
	for (uint64_t turn = 0; turn < 3; turn++) {
		for (uint64_t i = 0; i < 6; i++) {
			struct record *record = record_ring_claim(ring);

			assert_int_equal(record != NULL, i < 4);
			if (record == NULL)
				continue;
			*record = a_record();
			record->bytes_in = i;
			record_ring_push(ring);
		}
		assert_int_equal(record_ring_dropped(ring), 2 * (turn + 1));
		for (uint64_t i = 0; i < 4; i++) {
			assert_int_equal(record_ring_first(ring)->bytes_in, i);
			record_ring_pop(ring);
		}
		assert_null(record_ring_first(ring));
	}
	record_ring_free(ring);
}

/* A claim that is not pushed is seen by nobody. */
static void a_record_is_seen_when_it_is_whole(void **state)
{
	struct record_ring *ring;

	(void)state;
	assert_int_equal(record_ring_new(4, &ring), 0);
	assert_non_null(record_ring_claim(ring));
	assert_null(record_ring_first(ring));
	record_ring_push(ring);
	assert_non_null(record_ring_first(ring));
	record_ring_free(ring);
}

#define MANY 200000

static void *write_many(void *context)
{
	struct record_ring *ring = context;

	for (uint64_t i = 0; i < MANY; i++) {
		struct record *record = record_ring_claim(ring);

		if (record == NULL)
			continue;
		record->bytes_in = i;
		record->bytes_out = ~i;
		snprintf(record->service, sizeof record->service, "%llu", (unsigned long long)i);
		record_ring_push(ring);
	}
	return NULL;
}

/* What comes out has gone in, whole and in order, and all others are counted as dropped. */
static void two_threads_share_a_ring(void **state)
{
	struct record_ring *ring;
	pthread_t writer;
	uint64_t seen = 0, next = 0;

	(void)state;
	assert_int_equal(record_ring_new(64, &ring), 0);
	assert_int_equal(pthread_create(&writer, NULL, write_many, ring), 0);
	while (seen + record_ring_dropped(ring) < MANY) {
		const struct record *record = record_ring_first(ring);

		if (record == NULL)
			continue;
		assert_true(record->bytes_in >= next);
		assert_true(record->bytes_out == ~record->bytes_in);
		assert_true(strtoull(record->service, NULL, 10) == record->bytes_in);
		next = record->bytes_in + 1;
		seen++;
		record_ring_pop(ring);
	}
	pthread_join(writer, NULL);
	assert_true(seen > 0);
	record_ring_free(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_becomes_a_line),
		cmocka_unit_test(a_full_ring_drops_and_counts),
		cmocka_unit_test(a_record_is_seen_when_it_is_whole),
		cmocka_unit_test(two_threads_share_a_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
