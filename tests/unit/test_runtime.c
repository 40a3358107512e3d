/* SPDX-License-Identifier: MIT */
#include "lbd/runtime.h"

#include "common/pure/text.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SERVERS 200

static void decisions_are_kept_by_name(void **state)
{
	struct runtime *runtime;
	char name[32];

	(void)state;
	assert_int_equal(runtime_new("lb1", &runtime), 0);
	assert_int_equal(runtime_admin(runtime, "blue/app1"), ADMIN_ENABLED);
	for (unsigned i = 0; i < SERVERS; i++) {
		snprintf(name, sizeof name, "pool/app%u", i * 37 % SERVERS);
		assert_int_equal(runtime_set_admin(runtime, name, ADMIN_DISABLED), 0);
		assert_int_equal(runtime_set_admin(runtime, name, ADMIN_DRAIN), 0);
		assert_int_equal(runtime_set_weight(runtime, name, i, 100), 0);
	}
	assert_int_equal(runtime_generation(runtime), 3 * SERVERS);
	assert_int_equal(runtime_count(runtime), 2 * SERVERS);
	for (unsigned i = 0; i < SERVERS; i += 2) {
		snprintf(name, sizeof name, "pool/app%u", i * 37 % SERVERS);
		assert_int_equal(runtime_set_admin(runtime, name, ADMIN_ENABLED), 0);
	}
	for (unsigned i = 0; i < SERVERS; i++) {
		snprintf(name, sizeof name, "pool/app%u", i * 37 % SERVERS);
		assert_int_equal(runtime_admin(runtime, name), i % 2 == 0 ? ADMIN_ENABLED : ADMIN_DRAIN);
		assert_int_equal(runtime_weight(runtime, name, 100), i);
		/* Another one is configured by now. */
		assert_int_equal(runtime_weight(runtime, name, 99), 99);
	}
	assert_int_equal(runtime_admin(runtime, "pool"), ADMIN_ENABLED);
	for (size_t i = 1; i < runtime_count(runtime); i++) {
		const struct decision *one = runtime_at(runtime, i - 1), *next = runtime_at(runtime, i);

		assert_true(
			one->field < next->field || (one->field == next->field && strcmp(one->name, next->name) < 0));
	}
	runtime_free(runtime);
}

static void a_rollback_goes_back_once(void **state)
{
	struct runtime *runtime;
	const char *configured = "blue:100";

	(void)state;
	assert_int_equal(runtime_new("lb1", &runtime), 0);
	assert_int_equal(runtime_rollback(runtime, RUNTIME_POOLS, "web", configured), -ENOENT);
	assert_int_equal(runtime_decide(runtime, RUNTIME_POOLS, "web", "blue:90 green:10", configured, configured), 0);
	assert_int_equal(runtime_decide(runtime, RUNTIME_POOLS, "web", "green:100", "blue:90 green:10", configured), 0);
	assert_string_equal(runtime_value(runtime, RUNTIME_POOLS, "web", configured), "green:100");
	assert_int_equal(runtime_rollback(runtime, RUNTIME_POOLS, "shop", configured), -ENOENT);
	assert_int_equal(runtime_rollback(runtime, RUNTIME_POOLS, "web", configured), 0);
	assert_string_equal(runtime_value(runtime, RUNTIME_POOLS, "web", configured), "blue:90 green:10");
	assert_int_equal(runtime_rollback(runtime, RUNTIME_POOLS, "web", configured), -ENOENT);
	assert_int_equal(runtime_generation(runtime), 3);
	runtime_free(runtime);
}

static void another_configured_value_ends_a_decision(void **state)
{
	struct runtime *runtime;

	(void)state;
	assert_int_equal(runtime_new("lb1", &runtime), 0);
	assert_int_equal(runtime_decide(runtime, RUNTIME_POOLS, "web", "green:100", "blue:100", "blue:100"), 0);
	assert_int_equal(runtime_set_weight(runtime, "blue/app1", 5, 100), 0);
	assert_false(runtime_settle(runtime, RUNTIME_POOLS, "web", "blue:100"));
	assert_false(runtime_settle(runtime, RUNTIME_POOLS, "shop", NULL));
	assert_string_equal(runtime_value(runtime, RUNTIME_POOLS, "web", "red:100"), "red:100");
	assert_int_equal(runtime_rollback(runtime, RUNTIME_POOLS, "web", "red:100"), -ENOENT);
	assert_true(runtime_settle(runtime, RUNTIME_POOLS, "web", "red:100"));
	assert_string_equal(runtime_value(runtime, RUNTIME_POOLS, "web", "blue:100"), "blue:100");
	assert_true(runtime_settle(runtime, RUNTIME_WEIGHT, "blue/app1", NULL));
	assert_int_equal(runtime_count(runtime), 0);
	/* The next one is greater than all that have been. */
	assert_int_equal(runtime_generation(runtime), 2);
	runtime_free(runtime);
}

/* Decisions of two nodes; they must come to the same in whatever order they are heard of. */
static const struct {
	struct decision decisions[4];
	const char *outcome; /* the values that hold, by field and name */
} merges[] = {
	/* The greater generation. */
	{{{RUNTIME_ADMIN, "p/a", "drain", NULL, "enabled", 1, "lb1"},
		 {RUNTIME_ADMIN, "p/a", "enabled", NULL, "enabled", 2, "lb1"}},
		"enabled"},
	{{{RUNTIME_ADMIN, "p/a", "drain", NULL, "enabled", 9, "lb1"},
		 {RUNTIME_ADMIN, "p/a", "disabled", NULL, "enabled", 10, "lb1"}},
		"disabled"},
	/* The greater node, where the generations are the same. */
	{{{RUNTIME_ADMIN, "p/a", "drain", NULL, "enabled", 2, "lb1"},
		 {RUNTIME_ADMIN, "p/a", "disabled", NULL, "enabled", 2, "lb2"}},
		"disabled"},
	/* Field by field. */
	{{{RUNTIME_ADMIN, "p/a", "drain", NULL, "enabled", 5, "lb1"},
		 {RUNTIME_WEIGHT, "p/a", "7", NULL, "100", 3, "lb2"},
		 {RUNTIME_ADMIN, "p/b", "drain", NULL, "enabled", 4, "lb2"},
		 {RUNTIME_POOLS, "p/a", "g:1", "b:1", "b:1", 2, "lb2"}},
		"drain drain 7 g:1"},
	{{{RUNTIME_POOLS, "web", "g:1", "b:1", "b:1", 3, "lb1"}, {RUNTIME_POOLS, "web", "r:1", "b:1", "b:1", 3, "lb2"},
		 {RUNTIME_POOLS, "web", "b:1", NULL, "b:1", 2, "lb2"},
		 {RUNTIME_POOLS, "app", "b:1", NULL, "b:1", 1, "lb1"}},
		"b:1 r:1"},
};

static void hear(struct runtime *runtime, const struct decision *decision)
{
	if (decision->name != NULL)
		assert_true(runtime_merge(runtime, decision) >= 0);
}

/* All of what has been decided, with its generations and nodes. */
static char *whole(const struct runtime *runtime)
{
	json_t *json = runtime_to_json(runtime);
	char *text = json_dumps(json, JSON_COMPACT);

	assert_non_null(text);
	json_decref(json);
	return text;
}

static void values_are(const struct runtime *runtime, const char *wanted)
{
	AUTO_TEXT values = {0};

	for (size_t i = 0; i < runtime_count(runtime); i++)
		text_addf(&values, "%s%s", i > 0 ? " " : "", runtime_at(runtime, i)->value);
	assert_string_equal(text_get(&values), wanted);
}

static void any_order_comes_to_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(merges); i++) {
		char *first = NULL;

		/* Each order of four, and each heard of twice. */
		for (unsigned order = 0; order < 256; order++) {
			struct runtime *runtime;
			char *text;

			assert_int_equal(runtime_new("lb1", &runtime), 0);
			for (unsigned j = 0; j < 4; j++)
				hear(runtime, &merges[i].decisions[order >> 2 * j & 3]);
			for (unsigned j = 0; j < 4; j++)
				hear(runtime, &merges[i].decisions[j]);
			values_are(runtime, merges[i].outcome);
			text = whole(runtime);
			if (first == NULL)
				first = strdup(text);
			assert_string_equal(text, first);
			free(text);
			runtime_free(runtime);
		}
		free(first);
	}
}

static void what_is_decided_next_is_greater_than_what_was_heard(void **state)
{
	const struct decision heard = {RUNTIME_ADMIN, "p/a", "drain", NULL, "enabled", 41, "lb2"};
	struct runtime *runtime;

	(void)state;
	assert_int_equal(runtime_new("lb1", &runtime), 0);
	assert_int_equal(runtime_merge(runtime, &heard), 1);
	assert_int_equal(runtime_merge(runtime, &heard), 0);
	assert_int_equal(runtime_set_admin(runtime, "p/a", ADMIN_ENABLED), 0);
	assert_int_equal(runtime_generation(runtime), 42);
	assert_int_equal(runtime_merge(runtime, &heard), 0);
	assert_int_equal(runtime_admin(runtime, "p/a"), ADMIN_ENABLED);
	assert_string_equal(runtime_find(runtime, RUNTIME_ADMIN, "p/a")->node, "lb1");
	runtime_free(runtime);
}

static void json_carries_all_of_it(void **state)
{
	struct runtime *runtime, *other;
	char *texts[2];
	json_t *json;

	(void)state;
	assert_int_equal(runtime_new("lb1", &runtime), 0);
	assert_int_equal(runtime_new("lb2", &other), 0);
	assert_int_equal(runtime_set_admin(runtime, "p/a", ADMIN_DRAIN), 0);
	assert_int_equal(runtime_set_weight(runtime, "p/a", 0, 256), 0);
	assert_int_equal(runtime_decide(runtime, RUNTIME_POOLS, "web", "g:1", "b:1", "b:1"), 0);
	json = runtime_to_json(runtime);
	assert_int_equal(runtime_merge_json(other, json), 0);
	json_decref(json);
	texts[0] = whole(runtime);
	texts[1] = whole(other);
	assert_string_equal(texts[0], texts[1]);
	assert_int_equal(runtime_generation(other), 3);
	free(texts[0]);
	free(texts[1]);
	runtime_free(runtime);
	runtime_free(other);
}

static const struct {
	const char *text;
	int result;
	size_t count;
} documents[] = {
	{"[]", 0, 0},
	{"{}", -EBADMSG, 0},
	{"[3]", -EBADMSG, 0},
	{"[{\"field\":\"admin\",\"name\":\"p/a\",\"value\":\"drain\",\"before\":null,\"configured\":\"enabled\","
	 "\"generation\":1,\"node\":\"lb1\"}]",
		0, 1},
	/* A later version may leave `before` out, add fields, and have decisions that this one does not know. */
	{"[{\"field\":\"admin\",\"name\":\"p/a\",\"value\":\"drain\",\"configured\":\"enabled\",\"generation\":1,"
	 "\"node\":\"lb1\",\"why\":3}]",
		0, 1},
	{"[{\"field\":\"mood\",\"name\":\"p/a\",\"value\":\"good\",\"configured\":\"\",\"generation\":1,"
	 "\"node\":\"lb1\"}]",
		0, 0},
	{"[{\"field\":\"admin\",\"name\":\"p/a\",\"value\":\"drain\",\"configured\":\"enabled\",\"generation\":0,"
	 "\"node\":\"lb1\"}]",
		-EBADMSG, 0},
	{"[{\"field\":\"admin\",\"name\":\"p/a\",\"value\":1,\"configured\":\"enabled\",\"generation\":1,"
	 "\"node\":\"lb1\"}]",
		-EBADMSG, 0},
	{"[{\"field\":\"admin\",\"value\":\"drain\",\"configured\":\"enabled\",\"generation\":1,\"node\":\"lb1\"}]",
		-EBADMSG, 0},
};

static void documents_are_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
		json_t *json = json_loads(documents[i].text, 0, NULL);
		struct runtime *runtime;

		assert_non_null(json);
		assert_int_equal(runtime_new("lb1", &runtime), 0);
		assert_int_equal(runtime_merge_json(runtime, json), documents[i].result);
		assert_int_equal(runtime_count(runtime), documents[i].count);
		runtime_free(runtime);
		json_decref(json);
	}
}

static void values_of_later_versions_are_taken_carefully(void **state)
{
	const struct decision odd[] = {{RUNTIME_ADMIN, "p/a", "asleep", NULL, "enabled", 1, "lb2"},
		{RUNTIME_WEIGHT, "p/a", "257", NULL, "100", 1, "lb2"}};
	struct runtime *runtime;

	(void)state;
	assert_int_equal(runtime_new("lb1", &runtime), 0);
	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		assert_int_equal(runtime_merge(runtime, &odd[i]), 1);
	assert_int_equal(runtime_admin(runtime, "p/a"), ADMIN_DRAIN);
	assert_int_equal(runtime_weight(runtime, "p/a", 100), 100);
	runtime_free(runtime);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decisions_are_kept_by_name),
		cmocka_unit_test(a_rollback_goes_back_once),
		cmocka_unit_test(another_configured_value_ends_a_decision),
		cmocka_unit_test(any_order_comes_to_the_same),
		cmocka_unit_test(what_is_decided_next_is_greater_than_what_was_heard),
		cmocka_unit_test(json_carries_all_of_it),
		cmocka_unit_test(documents_are_checked),
		cmocka_unit_test(values_of_later_versions_are_taken_carefully),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
