/* SPDX-License-Identifier: MIT */
#include "lbd/balance.h"

#include "common/pure/hash.h"

#include <errno.h>

const struct balance_ops *const balance_table[] = {
	[BALANCE_ROUND_ROBIN] = &balance_round_robin,
	[BALANCE_LEAST_CONNECTIONS] = &balance_least_connections,
	[BALANCE_RANDOM_TWO] = &balance_random_two,
	[BALANCE_SOURCE_HASH] = &balance_source_hash,
	[BALANCE_MAGLEV] = &balance_maglev,
};
static_assert(ARRAY_LEN(balance_table) == BALANCE_COUNT, "a row is missing");

int balance_plan_new(const struct balance_ops *ops, const struct balance_server *servers, size_t count,
	struct balance_plan **ret_plan)
{
	struct balance_plan *plan;
	size_t words;

	if (ops->plan == NULL) {
		*ret_plan = NULL;
		return 0;
	}
	words = ops->plan_size(servers, count);
	plan = malloc(sizeof *plan + words * sizeof plan->words[0]);
	if (plan == NULL)
		return -ENOMEM;
	atomic_init(&plan->references, 1);
	plan->count = words;
	if (ops->plan(plan->words, words, servers, count) < 0) {
		free(plan);
		return -ENOMEM;
	}
	plan->digest = 0;
	for (size_t i = 0; i < words; i++)
		plan->digest = hash_add(plan->digest, plan->words[i]);
	*ret_plan = plan;
	return 0;
}

struct balance_plan *balance_plan_ref(struct balance_plan *plan)
{
	if (plan != NULL)
		atomic_fetch_add(&plan->references, 1);
	return plan;
}

void balance_plan_unref(struct balance_plan *plan)
{
	if (plan != NULL && atomic_fetch_sub(&plan->references, 1) == 1)
		free(plan);
}

bool balance_excludes(const struct balance_query *query, size_t place)
{
	for (size_t i = 0; i < query->excluded_count; i++) {
		if (query->excluded[i] == place)
			return true;
	}
	return false;
}

bool balance_accepts(const struct balance_pool *pool, const struct balance_query *query, size_t place)
{
	return pool->servers[place].share > 0 && !balance_is_full(query, place) && !balance_excludes(query, place);
}

/* The active ones of a word without the full and the excluded ones. */
static uint64_t accepting_in(const struct balance_pool *pool, const struct balance_query *query, size_t word)
{
	uint64_t bits = pool->active[word] & ~(query->full != NULL ? board_full(query->full, word) : 0);

	for (size_t i = 0; i < query->excluded_count; i++) {
		if (query->excluded[i] / 64 == word)
			bits &= ~(UINT64_C(1) << query->excluded[i] % 64);
	}
	return bits;
}

size_t balance_next(const struct balance_pool *pool, const struct balance_query *query, size_t place)
{
	size_t words = balance_active_size(pool->count);
	uint64_t from_place = UINT64_MAX << place % 64;

	/* The first word comes again at the end, for what is before `place` in it. */
	for (size_t i = 0; words > 0 && i <= words; i++) {
		size_t word = (place / 64 + i) % words;
		uint64_t bits = accepting_in(pool, query, word) & (i == 0 ? from_place : UINT64_MAX);

		if (bits != 0)
			return word * 64 + (size_t)__builtin_ctzll(bits);
	}
	return BALANCE_NONE;
}
