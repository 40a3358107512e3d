/* SPDX-License-Identifier: MIT */
#include "lbd/record.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

/* Each side's counter on a line of the processor's caches of its own; places are the counters modulo the capacity. */
struct record_ring {
	size_t capacity;
	struct record *records;
	_Alignas(64) _Atomic uint64_t written;
	_Atomic uint64_t dropped;
	_Alignas(64) _Atomic uint64_t read;
};

void record_set_names(struct record *record, const char *service, const char *server)
{
	snprintf(record->service, sizeof record->service, "%s", service != NULL ? service : "");
	snprintf(record->server, sizeof record->server, "%s", server != NULL ? server : "");
}

void record_line(const struct record *record, struct log_line *ret_line)
{
	bool connected = record->connect_ns >= 0;

	log_line_format(ret_line, LOG_LEVEL_INFO, "connection",
		(const struct log_field[]){
			log_endpoint("client", &record->client),
			log_str("service", record->service),
			log_str("server", *record->server != '\0' ? record->server : NULL),
			log_uint("bytes_in", record->bytes_in),
			log_uint("bytes_out", record->bytes_out),
			connected ? log_ms("connect", record->connect_ns) : log_str("connect", NULL),
			log_ms("duration", record->duration_ns),
			log_str("end", ending_table[record->cause].name),
			{0},
		});
}

int record_ring_new(size_t capacity, struct record_ring **ret_ring)
{
	struct record_ring *ring = aligned_alloc(_Alignof(struct record_ring), sizeof *ring);

	if (ring == NULL)
		return -ENOMEM;
	*ring = (struct record_ring){.capacity = capacity};
	ring->records = calloc(capacity, sizeof *ring->records);
	if (ring->records == NULL) {
		free(ring);
		return -ENOMEM;
	}
	*ret_ring = ring;
	return 0;
}

void record_ring_free(struct record_ring *ring)
{
	if (ring == NULL)
		return;
	free(ring->records);
	free(ring);
}

static struct record *place_of(struct record_ring *ring, uint64_t number)
{
	return &ring->records[number & (ring->capacity - 1)];
}

struct record *record_ring_claim(struct record_ring *ring)
{
	uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);

	if (written - atomic_load_explicit(&ring->read, memory_order_acquire) >= ring->capacity) {
		atomic_fetch_add_explicit(&ring->dropped, 1, memory_order_relaxed);
		return NULL;
	}
	return place_of(ring, written);
}

void record_ring_push(struct record_ring *ring)
{
	uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);

	atomic_store_explicit(&ring->written, written + 1, memory_order_release);
}

const struct record *record_ring_first(struct record_ring *ring)
{
	uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);

	return atomic_load_explicit(&ring->written, memory_order_acquire) == read ? NULL : place_of(ring, read);
}

void record_ring_pop(struct record_ring *ring)
{
	uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);

	atomic_store_explicit(&ring->read, read + 1, memory_order_release);
}

uint64_t record_ring_dropped(const struct record_ring *ring)
{
	return atomic_load_explicit(&ring->dropped, memory_order_relaxed);
}
