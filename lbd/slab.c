/* SPDX-License-Identifier: MIT */
#include "lbd/slab.h"

#include <string.h>

struct slab_object {
	struct slab_object *next;
};

struct slab_chunk {
	struct slab_chunk *next;
	_Alignas(max_align_t) unsigned char bytes[];
};

void slab_init(struct slab *slab, size_t object_size)
{
	const size_t align = _Alignof(max_align_t);

	*slab = (struct slab){.object_size = (object_size + align - 1) / align * align};
}

static bool grow(struct slab *slab)
{
	struct slab_chunk *chunk = malloc(sizeof *chunk + SLAB_CHUNK * slab->object_size);

	if (chunk == NULL)
		return false;
	chunk->next = slab->chunks;
	slab->chunks = chunk;
	slab->chunk_count++;
	for (size_t i = 0; i < SLAB_CHUNK; i++)
		slab_give(slab, chunk->bytes + i * slab->object_size);
	return true;
}

void *slab_take(struct slab *slab)
{
	struct slab_object *object;

	if (slab->idle == NULL && !grow(slab))
		return NULL;
	object = slab->idle;
	slab->idle = object->next;
	return memset(object, 0, slab->object_size);
}

void slab_give(struct slab *slab, void *object)
{
	struct slab_object *idle = object;

	idle->next = slab->idle;
	slab->idle = idle;
}

const void *slab_chunk(const struct slab *slab, size_t number)
{
	const struct slab_chunk *chunk = slab->chunks;

	if (number >= slab->chunk_count)
		return NULL;
	for (size_t i = slab->chunk_count - 1; i > number; i--)
		chunk = chunk->next;
	return chunk->bytes;
}

void slab_free(struct slab *slab)
{
	while (slab->chunks != NULL) {
		struct slab_chunk *chunk = slab->chunks;

		slab->chunks = chunk->next;
		free(chunk);
	}
	slab->idle = NULL;
	slab->chunk_count = 0;
}
