/* SPDX-License-Identifier: MIT */
#include "lbd/census.h"

#include "tests/unit/unit.h"

#include <string.h>

#define OBJECTS 5000

struct object {
	void *owner;
	unsigned number;
	unsigned char rest[40];
};

static struct {
	struct slab slab;
	struct object *objects[OBJECTS];
	unsigned met[OBJECTS];
	unsigned pages;
} it;

static struct object *take(unsigned number)
{
	struct object *object = slab_take(&it.slab);

	assert_non_null(object);
	object->owner = &it;
	object->number = number;
	return object;
}

static int set_up(void **state)
{
	(void)state;
	memset(&it, 0, sizeof it);
	slab_init(&it.slab, sizeof(struct object));
	for (unsigned i = 0; i < OBJECTS; i++)
		it.objects[i] = take(i);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	slab_free(&it.slab);
	return 0;
}

static void describe(const void *object, struct census_entry *ret_entry)
{
	const struct object *one = object;

	*ret_entry = (struct census_entry){.bytes_in = one->number};
}

/* All pages; `between` runs after each. */
static void count_all(void (*between)(void))
{
	struct census_page page = {0};

	while (!page.over && it.pages <= OBJECTS) {
		struct census_page next = {.chunk = page.chunk};

		census_fill(&next, &it.slab, &it, describe);
		assert_true(next.count <= CENSUS_ENTRIES && next.chunk - page.chunk <= CENSUS_CHUNKS);
		for (size_t i = 0; i < next.count; i++)
			it.met[next.list[i].bytes_in]++;
		page = next;
		it.pages++;
		if (between != NULL)
			between();
	}
}

static void each_is_met_once(void **state)
{
	(void)state;
	count_all(NULL);
	for (unsigned i = 0; i < OBJECTS; i++)
		assert_int_equal(it.met[i], 1);
	assert_true(it.pages >= OBJECTS / CENSUS_ENTRIES);
}

static void what_is_not_taken_is_not_met(void **state)
{
	(void)state;
	for (unsigned i = 0; i < OBJECTS; i += 3)
		slab_give(&it.slab, it.objects[i]);
	count_all(NULL);
	for (unsigned i = 0; i < OBJECTS; i++)
		assert_int_equal(it.met[i], i % 3 != 0);
}

/* Two of three go and come all the time, and the slab grows. */
static void swap_some(void)
{
	static unsigned more;

	for (unsigned i = 0; i < OBJECTS; i += 3) {
		slab_give(&it.slab, it.objects[i]);
		it.objects[i] = take(i);
	}
	for (unsigned i = 0; i < 10; i++)
		(void)take(3 * (more++ % 1000));
}

static void what_stays_is_met_once_while_others_change(void **state)
{
	(void)state;
	count_all(swap_some);
	for (unsigned i = 0; i < OBJECTS; i++) {
		if (i % 3 != 0)
			assert_int_equal(it.met[i], 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_is_met_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_taken_is_not_met, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_stays_is_met_once_while_others_change, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
