/* SPDX-License-Identifier: MIT */
/* Objects of one size, many of them: taken from large pieces, and given back to be used again. */
#ifndef LBPAIR_LBD_SLAB_H
#define LBPAIR_LBD_SLAB_H

#include "common/pure/base.h"

struct slab_chunk;
struct slab_object;

struct slab {
	size_t object_size;
	struct slab_chunk *chunks;
	struct slab_object *idle;
};

void slab_init(struct slab *slab, size_t object_size);
/* Zeroed; NULL: out of memory. */
MUST_USE void *slab_take(struct slab *slab);
void slab_give(struct slab *slab, void *object);
/* Frees all objects, given back or not. */
void slab_free(struct slab *slab);

#endif
