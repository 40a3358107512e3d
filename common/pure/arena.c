/* SPDX-License-Identifier: MIT */
#include "common/pure/arena.h"

#include <string.h>

#define CHUNK_SIZE ((size_t)64 * 1024)

struct arena_chunk {
	struct arena_chunk *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) unsigned char bytes[];
};

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_chunk *chunk = arena->chunks;
	size_t wanted;
	void *piece;

	if (__builtin_mul_overflow(count, size, &wanted) || wanted > SIZE_MAX / 2)
		return NULL;
	wanted = (wanted + align - 1) / align * align;
	if (chunk == NULL || chunk->size - chunk->used < wanted) {
		size_t chunk_size = MAX(wanted, CHUNK_SIZE);

		chunk = calloc(1, sizeof *chunk + chunk_size);
		if (chunk == NULL)
			return NULL;
		chunk->size = chunk_size;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	piece = chunk->bytes + chunk->used;
	chunk->used += wanted;
	return piece;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = arena_alloc(arena, size, 1);

	if (copy != NULL)
		memcpy(copy, text, size);
	return copy;
}

void arena_free(struct arena *arena)
{
	while (arena->chunks != NULL) {
		struct arena_chunk *next = arena->chunks->next;

		free(arena->chunks);
		arena->chunks = next;
	}
}
