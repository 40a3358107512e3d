/* SPDX-License-Identifier: MIT */
/*
 * Balancing: which server of a pool gets the next connection.
 *
 * An algorithm is a row of `balance_table`. Servers are numbered by their place in the pool. Three kinds of memory
 * meet in a pick: what follows from the configuration and from the servers' health is the same for all workers and
 * immutable (struct balance_pool); what one worker remembers of a pool is its state, in memory of the size that
 * `state_size` gives; and what all workers have open stands on the board.
 */
#ifndef LBPAIR_LBD_BALANCE_H
#define LBPAIR_LBD_BALANCE_H

#include "common/model/conf.h"
#include "common/pure/base.h"
#include "lbd/board.h"
#include "lbd/lots.h"

struct balance_server {
	uint64_t key;    /* the same on both nodes, and another for each server of a pool */
	unsigned weight; /* what the server is worth, whether it is up or not; at most WEIGHT_MAX */
	unsigned share;  /* what of that it gets now; 0: nothing new */
};

#define WEIGHT_MAX 256

/*
 * What an algorithm makes of the keys and weights, once for all workers: it does not depend on the shares, so that it
 * stays when servers come and go, and is the same on both nodes. Counted references.
 */
struct balance_plan {
	_Atomic unsigned references;
	uint64_t digest; /* of the words */
	size_t count;
	uint32_t words[];
};

struct balance_pool {
	const struct balance_server *servers;
	size_t count;
	const uint64_t *active;    /* a bit for each server that has a share */
	struct lots lots;          /* by the shares */
	struct balance_plan *plan; /* NULL where the algorithm makes none */
};

#define BALANCE_NONE SIZE_MAX

/* What a pick depends on besides. */
struct balance_query {
	uint64_t source; /* a hash of the client's address */
	/* Places that are passed over: they have failed for this connection. Few. */
	const uint32_t *excluded;
	size_t excluded_count;
	struct board_server *const *board; /* the pool's servers on it, by place */
	const board_bits *full;            /* the same; NULL: nobody is full */
};

struct balance_ops {
	const char *name;
	bool by_source; /* it looks at the query's source */
	bool by_load;   /* it looks at the board */
	/* How many words the plan has, and what is in them (-ENOMEM). NULL: there is none. */
	size_t (*plan_size)(const struct balance_server *servers, size_t count);
	int (*plan)(uint32_t *words, size_t word_count, const struct balance_server *servers, size_t count);
	size_t (*state_size)(size_t server_count);
	/* `seed` sets workers apart, so that they do not all begin with the same server. */
	void (*init)(void *state, size_t server_count, uint32_t seed);
	/* Takes over the shares; what was dealt out before goes on counting. NULL: nothing to be done. */
	void (*update)(void *state, const struct balance_pool *pool);
	/* A place, or BALANCE_NONE. Whoever takes it enters it on the board. */
	size_t (*pick)(void *state, const struct balance_pool *pool, const struct balance_query *query);
	/* This worker has entered or left the board at the place otherwise than by the last pick. NULL: never mind. */
	void (*changed)(void *state, const struct balance_pool *pool, struct board_server *const *board, size_t place);
};

extern const struct balance_ops *const balance_table[BALANCE_COUNT];

extern const struct balance_ops balance_round_robin;
extern const struct balance_ops balance_least_connections;
extern const struct balance_ops balance_random_two;
extern const struct balance_ops balance_source_hash;
extern const struct balance_ops balance_maglev;

/* 0 and NULL where the algorithm makes no plan. -ENOMEM. */
MUST_USE int balance_plan_new(const struct balance_ops *ops, const struct balance_server *servers, size_t count,
	struct balance_plan **ret_plan);
struct balance_plan *balance_plan_ref(struct balance_plan *plan);
/* Both accept NULL. */
void balance_plan_unref(struct balance_plan *plan);

/* How many words of 64 bits the `active` of so many servers has. */
static inline size_t balance_active_size(size_t server_count)
{
	return (server_count + 63) / 64;
}

static inline bool balance_is_full(const struct balance_query *query, size_t place)
{
	return query->full != NULL && (board_full(query->full, place / 64) >> place % 64 & 1) != 0;
}

bool balance_excludes(const struct balance_query *query, size_t place);
/* Whether a new connection may go there. */
bool balance_accepts(const struct balance_pool *pool, const struct balance_query *query, size_t place);
/* The first that accepts, from `place` on and around; BALANCE_NONE: there is none. Costs a step for 64 servers. */
size_t balance_next(const struct balance_pool *pool, const struct balance_query *query, size_t place);

#endif
