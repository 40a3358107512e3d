/* SPDX-License-Identifier: MIT */
#include "lbd/runtime.h"

#include "tests/unit/unit.h"

#include <stdio.h>

#define SERVERS 200

static void decisions_are_kept_by_name(void **state)
{
	struct runtime *runtime;
	char name[32];

	(void)state;
	assert_int_equal(runtime_new(&runtime), 0);
	assert_int_equal(runtime_admin(runtime, "blue/app1"), ADMIN_ENABLED);
	for (unsigned i = 0; i < SERVERS; i++) {
		snprintf(name, sizeof name, "pool/app%u", i * 37 % SERVERS);
		assert_int_equal(runtime_set_admin(runtime, name, ADMIN_DRAIN), 0);
		assert_int_equal(runtime_set_admin(runtime, name, ADMIN_DRAIN), 0);
	}
	for (unsigned i = 0; i < SERVERS; i += 2) {
		snprintf(name, sizeof name, "pool/app%u", i);
		assert_int_equal(runtime_set_admin(runtime, name, ADMIN_ENABLED), 0);
	}
	for (unsigned i = 0; i < SERVERS; i++) {
		snprintf(name, sizeof name, "pool/app%u", i);
		assert_int_equal(runtime_admin(runtime, name), i % 2 == 0 ? ADMIN_ENABLED : ADMIN_DRAIN);
	}
	assert_int_equal(runtime_set_admin(runtime, "never/decided", ADMIN_ENABLED), 0);
	assert_int_equal(runtime_admin(runtime, "pool"), ADMIN_ENABLED);
	runtime_free(runtime);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decisions_are_kept_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
