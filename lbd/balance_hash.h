/* SPDX-License-Identifier: MIT */
/*
 * What the algorithms that go by the client's address share: a source has its servers in an order that follows from the
 * plan alone, and gets the first of them that is to be had. So the sources of one server that goes down are all
 * that move, spread over the others by weight, and they come back with it.
 */
#ifndef LBPAIR_LBD_BALANCE_HASH_H
#define LBPAIR_LBD_BALANCE_HASH_H

#include "lbd/balance.h"

/* The server that the plan has for a hash. */
typedef size_t balance_place_fn(const struct balance_plan *plan, uint64_t hash);

size_t balance_hash_pick(
	const struct balance_pool *pool, const struct balance_query *query, balance_place_fn *place_of);

/* These keep nothing by worker. */
size_t balance_hash_state_size(size_t server_count);
void balance_hash_init(void *state, size_t server_count, uint32_t seed);

#endif
