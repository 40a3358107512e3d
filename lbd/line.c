/* SPDX-License-Identifier: MIT */
#include "lbd/line.h"

#define STRIDE_ONE (UINT64_C(1) << 40)
#define ABSENT UINT32_MAX

struct entry {
	uint64_t pass;
	uint32_t weight; /* 0: not in the heap */
	uint32_t load;
	uint32_t at;    /* where in the heap, or among those aside */
	uint16_t phase; /* where in its first stride the server begins, of 2^16 */
	bool aside;
};

struct line {
	uint64_t clock; /* the highest pass that was first */
	size_t heap_count;
	size_t aside_count;
	size_t next_aside;
	size_t server_count;
	/*
	 * `server_count` entries, and after them as many places: of the heap, and at their end of those that stand
	 * aside.
	 */
	struct entry entries[];
};

static uint32_t *heap_of(struct line *line)
{
	return (uint32_t *)(void *)&line->entries[line->server_count];
}

static const uint32_t *heap_in(const struct line *line)
{
	return (const uint32_t *)(const void *)&line->entries[line->server_count];
}

static uint64_t stride_of(const struct entry *entry)
{
	return STRIDE_ONE / entry->weight;
}

static bool is_later(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) > 0;
}

static bool is_before(const struct line *line, uint32_t a, uint32_t b)
{
	const struct entry *x = &line->entries[a], *y = &line->entries[b];
	uint64_t load_x = (uint64_t)x->load * y->weight, load_y = (uint64_t)y->load * x->weight;

	if (load_x != load_y)
		return load_x < load_y;
	return x->pass != y->pass ? is_later(y->pass, x->pass) : a < b;
}

static void put(struct line *line, size_t at, uint32_t place)
{
	heap_of(line)[at] = place;
	line->entries[place].at = (uint32_t)at;
}

static void sink(struct line *line, size_t at)
{
	const uint32_t *heap = heap_of(line);
	uint32_t moved = heap[at];
	size_t child;

	while ((child = 2 * at + 1) < line->heap_count) {
		if (child + 1 < line->heap_count && is_before(line, heap[child + 1], heap[child]))
			child++;
		if (!is_before(line, heap[child], moved))
			break;
		put(line, at, heap[child]);
		at = child;
	}
	put(line, at, moved);
}

static void rise(struct line *line, size_t at)
{
	const uint32_t *heap = heap_of(line);
	uint32_t moved = heap[at];

	while (at > 0 && is_before(line, moved, heap[(at - 1) / 2])) {
		put(line, at, heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put(line, at, moved);
}

size_t line_size(size_t server_count)
{
	return sizeof(struct line) + server_count * (sizeof(struct entry) + sizeof(uint32_t));
}

/* Spreads consecutive numbers over the range (the golden ratio's multiples modulo 2^16). */
static uint16_t phase_of(uint32_t number)
{
	return (uint16_t)(number * UINT32_C(40503));
}

void line_init(struct line *line, size_t server_count, uint32_t seed)
{
	*line = (struct line){.server_count = server_count};
	for (size_t i = 0; i < server_count; i++)
		line->entries[i] = (struct entry){.phase = phase_of((uint32_t)i + seed), .at = ABSENT};
}

void line_set_weight(struct line *line, size_t place, uint32_t weight)
{
	struct entry *entry = &line->entries[place];

	if (weight == entry->weight)
		return;
	entry->weight = weight;
	if (weight > 0)
		entry->pass = line->clock + (stride_of(entry) >> 16) * entry->phase;
}

void line_order(struct line *line)
{
	line->heap_count = 0;
	line->aside_count = 0;
	for (size_t i = 0; i < line->server_count; i++) {
		line->entries[i].at = ABSENT;
		line->entries[i].aside = false;
		if (line->entries[i].weight > 0)
			put(line, line->heap_count++, (uint32_t)i);
	}
	for (size_t i = line->heap_count / 2; i-- > 0;)
		sink(line, i);
}

static uint32_t *aside_at(struct line *line, size_t nth)
{
	return &heap_of(line)[line->server_count - 1 - nth];
}

static void put_aside(struct line *line, size_t nth, uint32_t place)
{
	*aside_at(line, nth) = place;
	line->entries[place].at = (uint32_t)nth;
	line->entries[place].aside = true;
}

void line_step_aside(struct line *line, size_t place)
{
	size_t at = line->entries[place].at;
	uint32_t last = heap_of(line)[--line->heap_count];

	assert(at <= line->heap_count && !line->entries[place].aside);
	if (last != place) {
		put(line, at, last);
		rise(line, at);
		sink(line, line->entries[last].at);
	}
	put_aside(line, line->aside_count++, (uint32_t)place);
}

void line_step_in(struct line *line, size_t place)
{
	struct entry *entry = &line->entries[place];
	uint32_t last;

	if (!entry->aside)
		return;
	last = *aside_at(line, --line->aside_count);
	if (last != place)
		put_aside(line, entry->at, last);
	entry->aside = false;
	put(line, line->heap_count++, (uint32_t)place);
	rise(line, entry->at);
}

size_t line_next_aside(struct line *line)
{
	if (line->aside_count == 0)
		return LINE_NOBODY;
	line->next_aside = (line->next_aside + 1) % line->aside_count;
	return *aside_at(line, line->next_aside);
}

void line_set_load(struct line *line, size_t place, uint32_t load)
{
	struct entry *entry = &line->entries[place];
	uint32_t before = entry->load;

	entry->load = load;
	if (entry->at == ABSENT || entry->aside || load == before)
		return;
	if (load < before)
		rise(line, entry->at);
	else
		sink(line, entry->at);
}

uint32_t line_load(const struct line *line, size_t place)
{
	return line->entries[place].load;
}

static bool is_excluded(const uint32_t *excluded, size_t count, uint32_t place)
{
	for (size_t i = 0; i < count; i++) {
		if (excluded[i] == place)
			return true;
	}
	return false;
}

/* The best of `best` and the heap's subtree at `at`. */
static size_t best_below(const struct line *line, const uint32_t *excluded, size_t count, size_t at, size_t best)
{
	const uint32_t *heap = heap_in(line);

	if (at >= line->heap_count || (best != LINE_NOBODY && is_before(line, (uint32_t)best, heap[at])))
		return best;
	if (!is_excluded(excluded, count, heap[at]))
		return heap[at];
	best = best_below(line, excluded, count, 2 * at + 1, best);
	return best_below(line, excluded, count, 2 * at + 2, best);
}

size_t line_first(const struct line *line, const uint32_t *excluded, size_t excluded_count)
{
	return best_below(line, excluded, excluded_count, 0, LINE_NOBODY);
}

void line_take(struct line *line, size_t place)
{
	struct entry *entry = &line->entries[place];
	uint64_t stride = stride_of(entry);

	assert(!entry->aside);

	/* One that its load held back does not make up for the turns that it missed. */
	if (is_later(line->clock - stride, entry->pass))
		entry->pass = line->clock - stride;
	if (entry->at == 0 && is_later(entry->pass, line->clock))
		line->clock = entry->pass;
	entry->pass += stride;
	sink(line, entry->at);
}
