/* SPDX-License-Identifier: MIT */
/*
 * Source hash, as HAProxy's `balance source` and nginx's `ip_hash` have it: the weights stand end to end, the hash of
 * the client's address falls into one of them. Shares are exact and the plan takes one number a server. A server that
 * goes down moves its own clients only (balance_hash.h), as with nginx; a change of the weights or of the servers in
 * the configuration moves most of them, as with both. Whoever wants to be spared that takes maglev.
 */
#include "lbd/balance.h"
#include "lbd/balance_hash.h"

static size_t source_hash_plan_size(const struct balance_server *servers, size_t count)
{
	(void)servers;
	return count;
}

static int source_hash_plan(uint32_t *words, size_t word_count, const struct balance_server *servers, size_t count)
{
	uint32_t end = 0;

	assert(word_count == count);
	for (size_t i = 0; i < count; i++)
		words[i] = end += servers[i].weight;
	return 0;
}

static size_t place_of(const struct balance_plan *plan, uint64_t hash)
{
	const struct lots lots = {.ends = plan->words, .count = plan->count};

	return lots_draw(&lots, hash);
}

static size_t source_hash_pick(void *state, const struct balance_pool *pool, const struct balance_query *query)
{
	(void)state;
	return balance_hash_pick(pool, query, place_of);
}

const struct balance_ops balance_source_hash = {
	.name = "source-hash",
	.by_source = true,
	.plan_size = source_hash_plan_size,
	.plan = source_hash_plan,
	.state_size = balance_hash_state_size,
	.init = balance_hash_init,
	.pick = source_hash_pick,
};
