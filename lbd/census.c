/* SPDX-License-Identifier: MIT */
#include "lbd/census.h"

#include <string.h>

static_assert(CENSUS_ENTRIES >= 2 * SLAB_CHUNK, "a page is too small");

/* One that is not taken begins with a pointer of the slab's. */
static bool is_taken(const void *object, const void *owner)
{
	return memcmp(object, &owner, sizeof owner) == 0;
}

void census_fill(struct census_page *page, const struct slab *slab, const void *owner, census_fn *fn)
{
	for (unsigned i = 0; i < CENSUS_CHUNKS && page->count + SLAB_CHUNK <= CENSUS_ENTRIES; i++) {
		const unsigned char *objects = slab_chunk(slab, page->chunk);

		page->over = objects == NULL;
		if (page->over)
			return;
		page->chunk++;
		for (size_t j = 0; j < SLAB_CHUNK; j++) {
			const void *object = objects + j * slab->object_size;

			if (is_taken(object, owner))
				fn(object, &page->list[page->count++]);
		}
	}
}
