/* SPDX-License-Identifier: MIT */
#include "common/pure/chunks.h"

#include "tests/unit/unit.h"

#include <string.h>

#define COUNT 5000

struct item {
	uint64_t number;
	char fill[24];
};

static void items_stay_where_they_are(void **state)
{
	static const size_t steps[] = {1, 64, 65, 191, 192, 193, 1000, COUNT};
	static struct item *seen[COUNT];
	struct chunks chunks;
	size_t known = 0;

	(void)state;
	chunks_init(&chunks, sizeof(struct item));
	assert_int_equal(chunks_reserve(&chunks, 0), 0);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		assert_int_equal(chunks_reserve(&chunks, steps[i]), 0);
		for (; known < steps[i]; known++) {
			seen[known] = chunks_at(&chunks, sizeof(struct item), known);
			assert_int_equal(seen[known]->number, 0);
			memset(seen[known], 0xff, sizeof(struct item));
			seen[known]->number = known + 1;
		}
		/* Nothing has moved, and no two are in one place. */
		for (size_t j = 0; j < known; j++) {
			assert_ptr_equal(chunks_at(&chunks, sizeof(struct item), j), seen[j]);
			assert_int_equal(seen[j]->number, j + 1);
		}
	}
	chunks_free(&chunks);
	assert_int_equal(chunks.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_stay_where_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
