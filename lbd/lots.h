/* SPDX-License-Identifier: MIT */
/*
 * Drawing by weight: the weights stand end to end, and whoever's piece a number below their sum falls into is drawn. A
 * draw costs the logarithm of their count.
 */
#ifndef LBPAIR_LBD_LOTS_H
#define LBPAIR_LBD_LOTS_H

#include "common/pure/base.h"

struct lots {
	const uint32_t *ends; /* by place: where the piece ends */
	size_t count;
};

/* All weights together; 0: nothing can be drawn. */
static inline uint32_t lots_total(const struct lots *lots)
{
	return lots->count > 0 ? lots->ends[lots->count - 1] : 0;
}

/* The place that `hash` draws; the total must not be 0. Equal hashes draw the same. */
size_t lots_draw(const struct lots *lots, uint64_t hash);

#endif
