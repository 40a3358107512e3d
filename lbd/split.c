/* SPDX-License-Identifier: MIT */
#include "lbd/split.h"

#include "common/pure/hash.h"

#include <math.h>

/* Distributed exponentially, with a mean that is the inverse of the parts: the least of several is each side's with the
 * probability of its share. */
static double distance(const struct split_side *side, uint64_t number)
{
	/* In (0, 1]: the upper 53 bits are what a double holds. */
	double uniform = ((double)(hash_add(number, side->key) >> 11) + 1) * 0x1p-53;

	return -log(uniform) / side->parts;
}

uint32_t split_draw(const struct split *split, uint64_t number)
{
	const struct split_side *nearest = split->sides;
	double least;

	if (split->count <= 1)
		return split->count == 1 ? nearest->pool : SPLIT_NONE;
	least = distance(nearest, number);
	for (uint32_t i = 1; i < split->count; i++) {
		double other = distance(&split->sides[i], number);

		if (other < least) {
			least = other;
			nearest = &split->sides[i];
		}
	}
	return nearest->pool;
}
