/* SPDX-License-Identifier: MIT */
/*
 * Smooth weighted round robin as stride scheduling (Waldspurger and Weihl, 1995): each server has a pass, the lowest
 * pass is next, and its server's stride, which is the inverse of the weight, is added to it. The passes stand in a
 * heap, so that a pick costs the logarithm of the pool's size. Passes wrap around; only their differences count.
 */
#include "lbd/balance.h"

#define STRIDE_ONE (UINT64_C(1) << 40)

struct entry {
	uint64_t pass;
	uint64_t stride; /* 0: not in the heap */
	uint32_t phase;  /* where in its first stride the server begins, of 2^16 */
};

struct round_robin {
	uint64_t clock; /* the pass of the last pick */
	size_t heap_count;
	size_t server_count;
	/* `server_count` entries, and after them as many places of the heap. */
	struct entry entries[];
};

static uint32_t *heap_of(struct round_robin *state)
{
	return (uint32_t *)(void *)&state->entries[state->server_count];
}

static size_t round_robin_size(size_t server_count)
{
	return sizeof(struct round_robin) + server_count * (sizeof(struct entry) + sizeof(uint32_t));
}

static bool is_before(const struct round_robin *state, uint32_t a, uint32_t b)
{
	int64_t difference = (int64_t)(state->entries[a].pass - state->entries[b].pass);

	return difference < 0 || (difference == 0 && a < b);
}

static void sink(struct round_robin *state, size_t at)
{
	uint32_t *heap = heap_of(state);
	uint32_t moved = heap[at];
	size_t child;

	while ((child = 2 * at + 1) < state->heap_count) {
		if (child + 1 < state->heap_count && is_before(state, heap[child + 1], heap[child]))
			child++;
		if (!is_before(state, heap[child], moved))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

/* Spreads consecutive numbers over the range (the golden ratio's multiples modulo 2^16). */
static uint32_t phase_of(uint32_t number)
{
	return number * UINT32_C(40503) & 0xffff;
}

static void round_robin_init(void *memory, size_t server_count, uint32_t seed)
{
	struct round_robin *state = memory;

	state->clock = 0;
	state->heap_count = 0;
	state->server_count = server_count;
	for (size_t i = 0; i < server_count; i++)
		state->entries[i] = (struct entry){.phase = phase_of((uint32_t)i + seed)};
}

/* A server that joins, and one whose weight has changed, begins within one stride from now. */
static void entry_update(struct round_robin *state, struct entry *entry, const struct balance_server *server)
{
	uint64_t stride = server->usable && server->weight > 0 ? STRIDE_ONE / server->weight : 0;

	if (stride == entry->stride)
		return;
	entry->stride = stride;
	entry->pass = state->clock + (stride >> 16) * entry->phase;
}

static void round_robin_update(void *memory, const struct balance_server *servers, size_t server_count)
{
	struct round_robin *state = memory;
	uint32_t *heap = heap_of(state);

	assert(server_count == state->server_count);
	state->heap_count = 0;
	for (size_t i = 0; i < server_count; i++) {
		entry_update(state, &state->entries[i], &servers[i]);
		if (state->entries[i].stride > 0)
			heap[state->heap_count++] = (uint32_t)i;
	}
	for (size_t i = state->heap_count / 2; i-- > 0;)
		sink(state, i);
}

#define NOWHERE SIZE_MAX

/*
 * The best of `best` and the heap's subtree at `at`, without what the query excludes. As few are excluded, few are
 * looked at: below a candidate there is nothing better.
 */
static size_t best_below(struct round_robin *state, const struct balance_query *query, size_t at, size_t best)
{
	const uint32_t *heap = heap_of(state);

	if (at >= state->heap_count || (best != NOWHERE && is_before(state, heap[best], heap[at])))
		return best;
	if (!balance_excludes(query, heap[at]))
		return at;
	best = best_below(state, query, 2 * at + 1, best);
	return best_below(state, query, 2 * at + 2, best);
}

static size_t round_robin_pick(void *memory, const struct balance_query *query)
{
	struct round_robin *state = memory;
	size_t at = best_below(state, query, 0, NOWHERE);
	struct entry *entry;
	uint32_t place;

	if (at == NOWHERE)
		return BALANCE_NONE;
	place = heap_of(state)[at];
	entry = &state->entries[place];
	if (at == 0)
		state->clock = entry->pass;
	entry->pass += entry->stride;
	sink(state, at);
	return place;
}

const struct balance_ops balance_round_robin = {
	.name = "round-robin",
	.state_size = round_robin_size,
	.init = round_robin_init,
	.update = round_robin_update,
	.pick = round_robin_pick,
};
