/* SPDX-License-Identifier: MIT */
/*
 * Maglev hashing (Eisenbud and others, NSDI 2016, section 3.4): a table whose slots the servers take in turns, each by
 * a permutation of its own that follows from its name. A server that is added, removed or weighted anew moves hardly
 * more sources than its share. The turns are dealt by weight (line.h).
 *
 * The table has a prime number of slots, at least SLOTS_A_SERVER for each, by which the shares are true to a percent;
 * it does not depend on the weights, or a changed one would move all.
 */
#include "lbd/balance.h"
#include "lbd/balance_hash.h"
#include "lbd/line.h"

#include "common/pure/hash.h"

#include <errno.h>
#include <string.h>

#define SLOTS_A_SERVER 100

/* Each but the first is the greatest prime below a power of two. */
static const uint32_t primes[] = {65537, 131071, 262139, 524287, 1048573, 2097143, 4194301, 8388593, 16777213};

static uint32_t slot_count(size_t server_count)
{
	for (size_t i = 0; i < ARRAY_LEN(primes); i++) {
		if (primes[i] >= server_count * SLOTS_A_SERVER)
			return primes[i];
	}
	return primes[ARRAY_LEN(primes) - 1];
}

static size_t maglev_plan_size(const struct balance_server *servers, size_t count)
{
	(void)servers;
	return slot_count(count);
}

/* A server's walk over the slots: each comes once. */
struct walk {
	uint32_t slot;
	uint32_t skip;
};

static struct walk walk_of(uint64_t key, uint32_t slots)
{
	return (struct walk){
		.slot = hash_below(hash_add(key, 1), slots),
		.skip = hash_below(hash_add(key, 2), slots - 1) + 1,
	};
}

/* A table in the making. Which slots are taken stands apart: it is asked for often, and fits the processor's cache. */
struct making {
	uint32_t *slots;
	uint32_t count;
	uint64_t *taken;
	struct walk *walks; /* by place */
	struct line *turns;
};

static void take_slot(struct making *making, size_t place)
{
	struct walk *walk = &making->walks[place];

	while (making->taken[walk->slot / 64] >> walk->slot % 64 & 1) {
		walk->slot += walk->skip;
		walk->slot -= walk->slot >= making->count ? making->count : 0;
	}
	making->taken[walk->slot / 64] |= UINT64_C(1) << walk->slot % 64;
	making->slots[walk->slot] = (uint32_t)place;
}

static void deal(struct making *making)
{
	for (uint32_t i = 0; i < making->count; i++) {
		size_t place = line_first(making->turns, NULL, 0);

		if (place == LINE_NOBODY)
			return; /* All weights are 0. */
		line_take(making->turns, place);
		take_slot(making, place);
	}
}

static void line_up(struct making *making, const struct balance_server *servers, size_t count)
{
	line_init(making->turns, count, 0);
	for (size_t i = 0; i < count; i++) {
		making->walks[i] = walk_of(servers[i].key, making->count);
		line_set_weight(making->turns, i, servers[i].weight);
	}
	line_order(making->turns);
}

static int maglev_plan(uint32_t *words, size_t word_count, const struct balance_server *servers, size_t count)
{
	AUTO_FREE uint64_t *taken = calloc(word_count / 64 + 1, sizeof *taken);
	AUTO_FREE struct walk *walks = calloc(MAX(count, (size_t)1), sizeof *walks);
	AUTO_FREE struct line *turns = malloc(line_size(count));
	struct making making = {words, (uint32_t)word_count, taken, walks, turns};

	if (taken == NULL || walks == NULL || turns == NULL)
		return -ENOMEM;
	memset(words, 0, word_count * sizeof words[0]);
	line_up(&making, servers, count);
	deal(&making);
	return 0;
}

static size_t place_of(const struct balance_plan *plan, uint64_t hash)
{
	return plan->words[hash_below(hash, (uint32_t)plan->count)];
}

static size_t maglev_pick(void *state, const struct balance_pool *pool, const struct balance_query *query)
{
	(void)state;
	return balance_hash_pick(pool, query, place_of);
}

const struct balance_ops balance_maglev = {
	.name = "maglev",
	.by_source = true,
	.plan_size = maglev_plan_size,
	.plan = maglev_plan,
	.state_size = balance_hash_state_size,
	.init = balance_hash_init,
	.pick = maglev_pick,
};
