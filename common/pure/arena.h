/* SPDX-License-Identifier: MIT */
/* Memory that is given out piece by piece and freed all at once, as a parsed configuration is. */
#ifndef LBPAIR_COMMON_PURE_ARENA_H
#define LBPAIR_COMMON_PURE_ARENA_H

#include "common/pure/base.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks;
};

/* `count` zeroed objects of `size` bytes, aligned for any type; NULL: out of memory. They live as long as the arena. */
MUST_USE void *arena_alloc(struct arena *arena, size_t count, size_t size);
MUST_USE char *arena_strdup(struct arena *arena, const char *text);
void arena_free(struct arena *arena);

#endif
