/* SPDX-License-Identifier: MIT */
#include "lbd/lots.h"

#include "common/pure/hash.h"

size_t lots_draw(const struct lots *lots, uint64_t hash)
{
	uint32_t ticket = hash_below(hash, lots_total(lots));
	size_t low = 0, high = lots->count;

	/* The first end beyond the ticket. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lots->ends[middle] <= ticket)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
