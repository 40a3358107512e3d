/* SPDX-License-Identifier: MIT */
/*
 * Balancing: which server of a pool gets the next connection.
 *
 * An algorithm is a row of `balance_table`. Its state belongs to one worker and one pool; the memory is the caller's,
 * of the size that `state_size` gives. Servers are numbered by their place in the pool. A server that is not usable or
 * of weight 0 is never picked.
 */
#ifndef LBPAIR_LBD_BALANCE_H
#define LBPAIR_LBD_BALANCE_H

#include "common/model/conf.h"
#include "common/pure/base.h"

struct balance_server {
	unsigned weight;
	bool usable;
};

#define BALANCE_NONE SIZE_MAX

/* What a pick depends on besides the state. */
struct balance_query {
	/* Places that are passed over: they have failed for this connection. Few. */
	const uint32_t *excluded;
	size_t excluded_count;
};

struct balance_ops {
	const char *name;
	size_t (*state_size)(size_t server_count);
	/* `seed` sets workers apart, so that they do not all begin with the same server. */
	void (*init)(void *state, size_t server_count, uint32_t seed);
	/* Takes over which servers are usable and their weights; what was dealt out before goes on counting. */
	void (*update)(void *state, const struct balance_server *servers, size_t server_count);
	/* A place, or BALANCE_NONE. */
	size_t (*pick)(void *state, const struct balance_query *query);
};

extern const struct balance_ops *const balance_table[BALANCE_COUNT];

extern const struct balance_ops balance_round_robin;

bool balance_excludes(const struct balance_query *query, size_t place);

#endif
