/* SPDX-License-Identifier: MIT */
/*
 * Dealing a service's connections out to several pools by their shares.
 *
 * Each side gets a number from the connection's and its own key, weighted by its parts, and the least one wins
 * (weighted rendezvous hashing: Thaler and Ravishankar, 1998; Schindelhain and Schomaker, 2005). So a side whose parts
 * grow takes from the others what it is to have more and nothing else moves, a side that goes leaves its connections to
 * the others by their shares, and the order of the sides and the history of their parts do not matter: two nodes with
 * the same split draw alike.
 */
#ifndef LBPAIR_LBD_SPLIT_H
#define LBPAIR_LBD_SPLIT_H

#include "common/pure/base.h"

struct split_side {
	uint64_t key;   /* the same on both nodes: a hash of the pool's name */
	uint32_t pool;  /* its place */
	uint32_t parts; /* not 0 */
};

struct split {
	const struct split_side *sides;
	uint32_t count; /* 0: there is none */
	bool by_source; /* the same source stays on its side */
};

#define SPLIT_NONE UINT32_MAX

/* The pool that `number`, a hash, draws; SPLIT_NONE where there is no side. */
uint32_t split_draw(const struct split *split, uint64_t number);

#endif
