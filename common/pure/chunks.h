/* SPDX-License-Identifier: MIT */
/*
 * An array that grows without moving, so that other threads may go on using what is in it: pieces, each twice as large
 * as the one before. Whoever hands a new index to another thread also hands it what stands there.
 */
#ifndef LBPAIR_COMMON_PURE_CHUNKS_H
#define LBPAIR_COMMON_PURE_CHUNKS_H

#include "common/pure/base.h"

#define CHUNKS_FIRST ((size_t)64)
#define CHUNKS_MAX 24
#define CHUNKS_ALIGN 64

struct chunks {
	size_t item_size;
	unsigned count;
	unsigned char *list[CHUNKS_MAX];
};

static inline void chunks_init(struct chunks *chunks, size_t item_size)
{
	*chunks = (struct chunks){.item_size = item_size};
}

/* From now on there are `count` items at least; new ones are zeroed. -ENOMEM: there are as many as before. */
MUST_USE int chunks_reserve(struct chunks *chunks, size_t count);
void chunks_free(struct chunks *chunks);

/* `item_size` is that of chunks_init, written out where it is constant. */
static inline void *chunks_at(const struct chunks *chunks, size_t item_size, size_t i)
{
	size_t ordinal = i / CHUNKS_FIRST + 1;
	unsigned chunk = (unsigned)(8 * sizeof ordinal - 1) - (unsigned)__builtin_clzl(ordinal);
	size_t before = CHUNKS_FIRST * (((size_t)1 << chunk) - 1);

	assert(chunk < chunks->count);
	return chunks->list[chunk] + (i - before) * item_size;
}

#endif
