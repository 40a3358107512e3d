/* SPDX-License-Identifier: MIT */
#include "vrrpd/roll.h"

#include "tests/unit/unit.h"

#include <string.h>

static struct mono at_ms(int64_t ms)
{
	return (struct mono){ms * NS_PER_MS};
}

static struct peer_vip vip_of(uint32_t id)
{
	return (struct peer_vip){.id = id, .effective_priority = (uint8_t)(id % 251)};
}

/* Ids that differ, in no order. */
static uint32_t id_of(size_t i)
{
	return (uint32_t)(i + 1) * UINT32_C(2654435761);
}

static void fill(struct roll *roll, size_t count)
{
	roll->count = 0;
	for (size_t i = 0; i < count; i++) {
		struct peer_vip vip = vip_of(id_of(i));

		roll_add(roll, &vip);
	}
	roll_sort(roll);
}

static void vips_are_found_by_their_ids(void **state)
{
	static struct roll roll;

	(void)state;
	assert_null(roll_find(&roll, 0));
	fill(&roll, ROLL_VIPS_MAX);
	assert_int_equal(roll.count, ROLL_VIPS_MAX);
	for (size_t i = 0; i < ROLL_VIPS_MAX; i++) {
		assert_int_equal(roll_find(&roll, id_of(i))->id, id_of(i));
		assert_null(roll_find(&roll, id_of(i) + 1));
	}
	assert_null(roll_find(&roll, 0));
	assert_null(roll_find(&roll, UINT32_MAX));
}

static void of_two_alike_one_stays(void **state)
{
	static struct roll roll;
	static const uint32_t ids[] = {7, 3, 7, 9, 3, 3};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct peer_vip vip = vip_of(ids[i]);

		roll_add(&roll, &vip);
	}
	roll_sort(&roll);
	assert_int_equal(roll.count, 3);
	assert_int_equal(roll.entries[0].vip.id, 3);
	assert_int_equal(roll.entries[1].vip.id, 7);
	assert_int_equal(roll.entries[2].vip.id, 9);
}

/* Sends all of it in datagrams with so much room; those whose bit is in `lost` do not arrive. Returns how many. */
static size_t deliver(
	const struct roll *own, struct roll *theirs, size_t room, uint32_t beat, struct mono now, uint64_t lost)
{
	static struct peer_message message;
	size_t next = 0, count = 0;
	uint32_t covered = 0;

	do {
		message = (struct peer_message){.kind = PEER_HEARTBEAT, .beat = beat};
		next = roll_cut(own, next, room, &message);
		assert_true(message.vip_count <= room);
		/* No id is left out, and none spoken of twice. */
		assert_int_equal(message.first_id, covered);
		covered = message.last_id + 1;
		for (size_t i = 0; i < message.vip_count; i++)
			assert_true(roll_covers(&message, message.vips[i].id));
		if (!(lost >> count & 1))
			assert_true(roll_merge(theirs, &message, now));
		count++;
	} while (next < own->count);
	assert_int_equal(message.last_id, UINT32_MAX);
	return count;
}

static void assert_same(const struct roll *a, const struct roll *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		assert_int_equal(a->entries[i].vip.id, b->entries[i].vip.id);
		assert_int_equal(a->entries[i].vip.effective_priority, b->entries[i].vip.effective_priority);
	}
}

static const struct {
	size_t vips;
	size_t room;
	size_t datagrams;
} sizes[] = {
	{0, 100, 1},
	{1, 100, 1},
	{100, 100, 1},
	{101, 100, 2},
	{400, 190, 3},
	{1024, 500, 5}, /* as many as a datagram has room for, whatever else is in it */
	{1024, 16, 64},
	{7, 1, 7},
};

static void what_is_cut_comes_together_again(void **state)
{
	static struct roll own, theirs;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		/* What was there before, more or less, is told of by its absence. */
		for (size_t before = 0; before <= ROLL_VIPS_MAX; before += 256) {
			fill(&theirs, before);
			fill(&own, sizes[i].vips);
			assert_int_equal(deliver(&own, &theirs, sizes[i].room, 1, at_ms(1), 0), sizes[i].datagrams);
			assert_same(&own, &theirs);
		}
	}
}

/* Ids that lie side by side: a range ends right before the next one's first. */
static void a_range_ends_where_the_next_begins(void **state)
{
	static const uint32_t left[] = {1, 5, 9};
	static struct roll own, theirs;

	(void)state;
	for (uint32_t id = 0; id < 12; id++)
		roll_add(&theirs, &(struct peer_vip){.id = id});
	for (size_t i = 0; i < ARRAY_LEN(left); i++)
		roll_add(&own, &(struct peer_vip){.id = left[i]});
	assert_int_equal(deliver(&own, &theirs, 1, 1, at_ms(1), 0), 3);
	assert_same(&own, &theirs);
}

static void a_lost_datagram_leaves_what_was_heard(void **state)
{
	static struct roll own, theirs;
	struct peer_message message = {.kind = PEER_HEARTBEAT};
	struct peer_vip changed;

	(void)state;
	fill(&own, 400);
	theirs.count = 0;
	deliver(&own, &theirs, 100, 1, at_ms(0), 0);
	own.entries[150].vip.state = PEER_VIP_ACTIVE;
	own.entries[250].vip.state = PEER_VIP_ACTIVE;
	changed = own.entries[150].vip;
	/* The second of four. */
	deliver(&own, &theirs, 100, 2, at_ms(10), 1 << 1);
	assert_int_equal(theirs.count, 400);
	assert_int_not_equal(roll_find(&theirs, changed.id)->state, PEER_VIP_ACTIVE);
	assert_int_equal(theirs.entries[150].heard_at.ns, 0);
	assert_int_equal(theirs.entries[250].vip.state, PEER_VIP_ACTIVE);
	assert_int_equal(theirs.entries[250].heard_at.ns, at_ms(10).ns);
	/* And with it what is gone there. */
	memmove(&own.entries[150], &own.entries[151], (own.count - 151) * sizeof own.entries[0]);
	own.count--;
	deliver(&own, &theirs, 100, 3, at_ms(20), 0);
	assert_null(roll_find(&theirs, changed.id));
	assert_same(&own, &theirs);
	message.beat = 3;
	assert_int_equal(roll_age(&theirs, &message, at_ms(20)), 0);
}

/* At 10 ms, as vrrpd calls it: after each datagram, with three intervals. */
static const struct {
	const char *name;
	uint32_t beat;
	int64_t ms;
	size_t forgotten;
} ages[] = {
	{"the same heartbeat", 1, 0, 0},
	{"after a pause the first datagram of the next", 2, 5000, 0},
	{"many at once, as when much happens", 9, 29, 0},
	{"three heartbeats on", 4, 5000, 0},
	{"four, and at once", 5, 30, 0},
	{"four, and over three intervals", 5, 31, 100},
	{"many", 400, 5000, 100},
	{"an older one that comes late", UINT32_MAX, 5000, 0},
};

static void what_is_not_told_again_is_forgotten(void **state)
{
	static struct roll own, theirs;

	(void)state;
	fill(&own, 400);
	for (size_t i = 0; i < ARRAY_LEN(ages); i++) {
		struct peer_message message = {.kind = PEER_HEARTBEAT, .beat = ages[i].beat};
		size_t forgotten;

		theirs.count = 0;
		deliver(&own, &theirs, 100, 1, at_ms(0), 0);
		deliver(&own, &theirs, 100, ages[i].beat, at_ms(ages[i].ms), 1 << 2);
		forgotten = roll_age(&theirs, &message, at_ms(ages[i].ms - 30));
		if (forgotten != ages[i].forgotten)
			fail_msg("%s: %zu", ages[i].name, forgotten);
		assert_int_equal(theirs.count, 400 - forgotten);
		assert_int_equal(roll_find(&theirs, own.entries[250].vip.id) == NULL, forgotten > 0);
	}
}

static void a_sender_who_starts_again_counts_anew(void **state)
{
	static struct roll own, theirs;
	struct peer_message message = {.kind = PEER_HEARTBEAT, .beat = 1};

	(void)state;
	fill(&own, 400);
	deliver(&own, &theirs, 100, UINT32_C(3000000000), at_ms(0), 0);
	roll_restart(&theirs, &message);
	assert_int_equal(roll_age(&theirs, &message, at_ms(5000)), 0);
	message.beat = 5;
	assert_int_equal(roll_age(&theirs, &message, at_ms(5000)), 400);
}

static void more_than_there_is_place_for_changes_nothing(void **state)
{
	static struct roll theirs, before;
	struct peer_message message = {
		.kind = PEER_HEARTBEAT, .vip_count = 2, .vips = {{.id = 1}, {.id = 2}}, .last_id = 2};

	(void)state;
	fill(&theirs, ROLL_VIPS_MAX - 1);
	assert_true(theirs.entries[0].vip.id > 2);
	before = theirs;
	assert_false(roll_merge(&theirs, &message, at_ms(1)));
	assert_same(&before, &theirs);
	message.vip_count = 1;
	assert_true(roll_merge(&theirs, &message, at_ms(1)));
	assert_int_equal(theirs.count, ROLL_VIPS_MAX);
}

/* Of two that belong together the second may come first; of two heartbeats the later one counts. */
static void parts_of_one_heartbeat_belong_together(void **state)
{
	struct peer_message last = {.beat = 7, .stamp = {.session = 3, .counter = 20}};
	struct peer_message part = {.beat = 7, .stamp = {.session = 3, .counter = 19}};

	(void)state;
	assert_true(roll_goes_on(&last, &part));
	assert_false(roll_goes_on(NULL, &part));
	part.beat = 6;
	assert_false(roll_goes_on(&last, &part));
	part = (struct peer_message){.beat = 7, .stamp = {.session = 4}};
	assert_false(roll_goes_on(&last, &part));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_of_one_heartbeat_belong_together),
		cmocka_unit_test(vips_are_found_by_their_ids),
		cmocka_unit_test(of_two_alike_one_stays),
		cmocka_unit_test(what_is_cut_comes_together_again),
		cmocka_unit_test(a_range_ends_where_the_next_begins),
		cmocka_unit_test(a_lost_datagram_leaves_what_was_heard),
		cmocka_unit_test(what_is_not_told_again_is_forgotten),
		cmocka_unit_test(a_sender_who_starts_again_counts_anew),
		cmocka_unit_test(more_than_there_is_place_for_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
