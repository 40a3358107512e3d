/* SPDX-License-Identifier: MIT */
/* Objects of one size, many of them: taken from large pieces, and given back to be used again. */
#ifndef LBPAIR_LBD_SLAB_H
#define LBPAIR_LBD_SLAB_H

#include "common/pure/base.h"

struct slab_chunk;
struct slab_object;

#define SLAB_CHUNK 64

struct slab {
	size_t object_size;
	struct slab_chunk *chunks; /* the newest first */
	size_t chunk_count;
	struct slab_object *idle;
};

void slab_init(struct slab *slab, size_t object_size);
/* Zeroed; NULL: out of memory. */
MUST_USE void *slab_take(struct slab *slab);
void slab_give(struct slab *slab, void *object);
/*
 * The first of the SLAB_CHUNK objects of a chunk, which stand `object_size` apart; NULL: there are not so many chunks.
 * A chunk keeps its number, from 0, and stays. An object that is not taken begins with a pointer, to another such one
 * or NULL.
 */
const void *slab_chunk(const struct slab *slab, size_t number);
/* Frees all objects, given back or not. */
void slab_free(struct slab *slab);

#endif
