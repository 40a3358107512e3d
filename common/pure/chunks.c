/* SPDX-License-Identifier: MIT */
#include "common/pure/chunks.h"

#include <errno.h>
#include <string.h>

static_assert(sizeof(size_t) == sizeof(unsigned long), "chunks_at counts the zeros of a long");

static size_t items_in(unsigned chunk)
{
	return CHUNKS_FIRST << chunk;
}

static size_t items_before(unsigned chunk)
{
	return items_in(chunk) - CHUNKS_FIRST;
}

static int add(struct chunks *chunks)
{
	size_t size = items_in(chunks->count) * chunks->item_size;
	unsigned char *chunk;

	if (chunks->count == CHUNKS_MAX)
		return -ENOMEM;
	size = (size + CHUNKS_ALIGN - 1) / CHUNKS_ALIGN * CHUNKS_ALIGN;
	chunk = aligned_alloc(CHUNKS_ALIGN, size);
	if (chunk == NULL)
		return -ENOMEM;
	memset(chunk, 0, size);
	chunks->list[chunks->count++] = chunk;
	return 0;
}

int chunks_reserve(struct chunks *chunks, size_t count)
{
	int r = 0;

	while (r == 0 && items_before(chunks->count) < count)
		r = add(chunks);
	return r;
}

void chunks_free(struct chunks *chunks)
{
	for (unsigned i = 0; i < chunks->count; i++)
		free(chunks->list[i]);
	chunks->count = 0;
}
