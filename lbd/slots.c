/* SPDX-License-Identifier: MIT */
#include "lbd/slots.h"

#include "common/pure/hash.h"

#include <errno.h>
#include <string.h>

/* Where each key stands, by its hash, with linear probing. */
struct finder {
	uint32_t *buckets; /* a slot's number plus 1; 0: empty */
	size_t mask;
};

static int finder_init(struct finder *finder, size_t count)
{
	size_t size = 16;

	while (size < 2 * count)
		size *= 2;
	finder->mask = size - 1;
	finder->buckets = calloc(size, sizeof *finder->buckets);
	return finder->buckets == NULL ? -ENOMEM : 0;
}

static void finder_add(struct finder *finder, const char *key, size_t number)
{
	size_t at = hash_text(key) & finder->mask;

	while (finder->buckets[at] != 0)
		at = (at + 1) & finder->mask;
	finder->buckets[at] = (uint32_t)number + 1;
}

/* NULL: there is none. */
static struct slot *finder_find(const struct finder *finder, const struct slots *slots, const char *key)
{
	for (size_t at = hash_text(key) & finder->mask; finder->buckets[at] != 0; at = (at + 1) & finder->mask) {
		struct slot *slot = &slots->list[finder->buckets[at] - 1];

		if (strcmp(slot->key, key) == 0)
			return slot;
	}
	return NULL;
}

/* All that was is leaving, until it is asked for. */
static int take_over(struct slots *next, const struct slots *previous, struct finder *finder)
{
	for (size_t i = 0; i < previous->count; i++) {
		if (previous->list[i].state == SLOT_FREE)
			continue;
		next->list[i].key = arena_strdup(&next->arena, previous->list[i].key);
		if (next->list[i].key == NULL)
			return -ENOMEM;
		next->list[i].state = SLOT_LEAVING;
		next->count = i + 1;
		finder_add(finder, next->list[i].key, i);
	}
	return 0;
}

/* `*cursor` is where the search for free ones has come to. */
static struct slot *take_free(struct slots *next, size_t *cursor, const char *key)
{
	struct slot *slot;

	while (next->list[*cursor].state != SLOT_FREE)
		(*cursor)++;
	slot = &next->list[*cursor];
	slot->key = arena_strdup(&next->arena, key);
	if (slot->key == NULL)
		return NULL;
	next->count = MAX(next->count, *cursor + 1);
	return slot;
}

static int take_all(
	struct slots *next, const struct finder *finder, const char *const *keys, size_t count, uint32_t *numbers)
{
	size_t cursor = 0;

	for (size_t i = 0; i < count; i++) {
		struct slot *slot = finder_find(finder, next, keys[i]);

		if (slot == NULL)
			slot = take_free(next, &cursor, keys[i]);
		if (slot == NULL)
			return -ENOMEM;
		slot->state = SLOT_USED;
		numbers[i] = (uint32_t)(slot - next->list);
	}
	return 0;
}

int slots_next(
	const struct slots *previous, const char *const *keys, size_t count, struct slots *ret_next, uint32_t *numbers)
{
	static const struct slots nothing;
	struct finder finder;
	struct slots next = {0};
	int r;

	previous = previous != NULL ? previous : &nothing;
	r = finder_init(&finder, previous->count);
	next.list = calloc(previous->count + count + 1, sizeof *next.list);
	if (next.list == NULL)
		r = -ENOMEM;
	if (r == 0)
		r = take_over(&next, previous, &finder);
	if (r == 0)
		r = take_all(&next, &finder, keys, count, numbers);
	free(finder.buckets);
	if (r < 0)
		slots_free(&next);
	else
		*ret_next = next;
	return r;
}

void slots_release(struct slots *slots, uint32_t number)
{
	assert(slots->list[number].state == SLOT_LEAVING);
	slots->list[number] = (struct slot){0};
	while (slots->count > 0 && slots->list[slots->count - 1].state == SLOT_FREE)
		slots->count--;
}

void slots_free(struct slots *slots)
{
	free(slots->list);
	arena_free(&slots->arena);
	*slots = (struct slots){0};
}
