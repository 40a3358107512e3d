/* SPDX-License-Identifier: MIT */
/*
 * A record is a header of 4 bytes, the line's length, and the line, and begins at a multiple of 8. A writer takes its
 * place by moving `head`, fills it, and writes the header last; until then the header is 0, which is why the reader
 * leaves zeros behind.
 */
#include "common/system/log_ring.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#define HEADER_SIZE sizeof(uint32_t)
#define ALIGNMENT ((size_t)8)

struct log_ring {
	_Atomic size_t head;
	_Atomic size_t tail;
	size_t size;
	char *bytes;
};

int log_ring_new(size_t size, struct log_ring **ret_ring)
{
	struct log_ring *ring = calloc(1, sizeof *ring);

	assert(size >= ALIGNMENT && (size & (size - 1)) == 0);
	if (ring == NULL)
		return -ENOMEM;
	ring->size = size;
	ring->bytes = calloc(1, size);
	if (ring->bytes == NULL) {
		free(ring);
		return -ENOMEM;
	}
	*ret_ring = ring;
	return 0;
}

void log_ring_free(struct log_ring *ring)
{
	if (ring == NULL)
		return;
	free(ring->bytes);
	free(ring);
}

static size_t record_size(size_t length)
{
	return (HEADER_SIZE + length + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

static uint32_t *header_at(const struct log_ring *ring, size_t place)
{
	return (uint32_t *)(void *)(ring->bytes + (place & (ring->size - 1)));
}

/* How much of `length` bytes from `place` on lies before the ring's end. */
static size_t before_end(const struct log_ring *ring, size_t place, size_t length)
{
	return MIN(length, ring->size - (place & (ring->size - 1)));
}

bool log_ring_push(struct log_ring *ring, const char *bytes, size_t length)
{
	size_t need = record_size(length);
	size_t head = atomic_load(&ring->head);
	size_t first;

	assert(length > 0);
	do {
		if (need > ring->size || head - atomic_load(&ring->tail) > ring->size - need)
			return false;
	} while (!atomic_compare_exchange_weak(&ring->head, &head, head + need));
	first = before_end(ring, head + HEADER_SIZE, length);
	memcpy(ring->bytes + ((head + HEADER_SIZE) & (ring->size - 1)), bytes, first);
	memcpy(ring->bytes, bytes + first, length - first);
	__atomic_store_n(header_at(ring, head), (uint32_t)length, __ATOMIC_RELEASE);
	return true;
}

size_t log_ring_pop(struct log_ring *ring, char *buffer, size_t size)
{
	size_t tail = atomic_load(&ring->tail);
	size_t length = __atomic_load_n(header_at(ring, tail), __ATOMIC_ACQUIRE);
	size_t taken = MIN(length, size), need = record_size(length), first;

	if (length == 0)
		return 0;
	first = before_end(ring, tail + HEADER_SIZE, taken);
	memcpy(buffer, ring->bytes + ((tail + HEADER_SIZE) & (ring->size - 1)), first);
	memcpy(buffer + first, ring->bytes, taken - first);
	first = before_end(ring, tail, need);
	memset(ring->bytes + (tail & (ring->size - 1)), 0, first);
	memset(ring->bytes, 0, need - first);
	atomic_store(&ring->tail, tail + need);
	return taken;
}

bool log_ring_is_empty(const struct log_ring *ring)
{
	return atomic_load(&ring->head) == atomic_load(&ring->tail);
}
