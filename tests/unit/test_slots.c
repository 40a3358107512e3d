/* SPDX-License-Identifier: MIT */
/* Names come and go; the table says which slots they have. */
#include "lbd/slots.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define NAMES_MAX 8

/* Each letter of `wanted` is a name. `given` has the slots' numbers in that order. */
struct step {
	const char *wanted;
	const char *release; /* names that have left, before that */
	const char *given;
	const char *after; /* by slot: the name, in capitals where it is leaving, - where it is free */
};

static const struct step steps[] = {
	{"abc", "", "012", "abc"},
	{"abc", "", "012", "abc"},
	/* The order does not count. */
	{"cab", "", "201", "abc"},
	{"ac", "", "02", "aBc"},
	/* What is leaving keeps its slot, and gets it back. */
	{"acd", "", "023", "aBcd"},
	{"bcd", "", "123", "Abcd"},
	/* The lowest free one first. */
	{"cde", "a", "230", "eBcd"},
	{"cdefg", "b", "23014", "efcdg"},
	{"", "", "", "EFCDG"},
	{"h", "gd", "3", "EFCh"},
	{"", "efc", "", "---H"},
	{"abcd", "h", "0123", "abcd"},
};

static const char *name_of(char letter)
{
	static char names[NAMES_MAX][32];
	char *name = names[letter - 'a'];

	snprintf(name, sizeof names[0], "pool/%c 192.0.2.1:80", letter);
	return name;
}

static void release(struct slots *slots, const char *names)
{
	for (; *names != '\0'; names++) {
		for (size_t i = 0; i < slots->count; i++) {
			if (slots->list[i].key != NULL && strcmp(slots->list[i].key, name_of(*names)) == 0)
				slots_release(slots, (uint32_t)i);
		}
	}
}

static void check_state(const struct slots *slots, const char *wanted)
{
	char text[NAMES_MAX + 1] = "";

	for (size_t i = 0; i < slots->count; i++) {
		const struct slot *slot = &slots->list[i];
		char letter = '-';

		if (slot->state != SLOT_FREE)
			letter = slot->key[strlen("pool/")];
		if (slot->state == SLOT_LEAVING)
			letter = (char)(letter - 'a' + 'A');
		text[i] = letter;
	}
	assert_string_equal(text, wanted);
}

static void names_keep_their_slots(void **state)
{
	struct slots slots = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		const struct step *step = &steps[i];
		const char *keys[NAMES_MAX];
		uint32_t numbers[NAMES_MAX];
		struct slots next;
		size_t count = strlen(step->wanted);

		release(&slots, step->release);
		for (size_t j = 0; j < count; j++)
			keys[j] = name_of(step->wanted[j]);
		assert_int_equal(slots_next(i == 0 ? NULL : &slots, keys, count, &next, numbers), 0);
		for (size_t j = 0; j < count; j++)
			assert_int_equal(numbers[j], step->given[j] - '0');
		check_state(&next, step->after);
		slots_free(&slots);
		slots = next;
	}
	slots_free(&slots);
}

/* Slots do not pile up however often names change. */
static void free_slots_are_used_again(void **state)
{
	struct slots slots = {0};
	char names[4][16];

	(void)state;
	for (unsigned round = 0; round < 100; round++) {
		const char *keys[ARRAY_LEN(names)];
		uint32_t numbers[ARRAY_LEN(names)];
		struct slots next;

		for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
			snprintf(names[i], sizeof names[i], "%u", round * 3 + i);
			keys[i] = names[i];
		}
		assert_int_equal(slots_next(&slots, keys, ARRAY_LEN(keys), &next, numbers), 0);
		slots_free(&slots);
		slots = next;
		assert_in_range(slots.count, 4, 7);
		for (size_t i = 0; i < slots.count; i++) {
			if (slots.list[i].state == SLOT_LEAVING)
				slots_release(&slots, (uint32_t)i);
		}
	}
	slots_free(&slots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_keep_their_slots),
		cmocka_unit_test(free_slots_are_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
