/* SPDX-License-Identifier: MIT */
/*
 * The counters of one worker. One thread writes them and any may read them: relaxed loads and stores, no locked
 * instruction. Services and servers go by their slots.
 */
#ifndef LBPAIR_LBD_COUNTERS_H
#define LBPAIR_LBD_COUNTERS_H

#include "common/pure/chunks.h"
#include "lbd/ending.h"

#include <stdatomic.h>

typedef _Atomic uint64_t counter;

struct service_counters {
	counter connections; /* open now */
	counter connections_total;
	counter refused_total;
	counter ended_total[END_COUNT]; /* by cause; what was refused before it was one is not in it */
	counter bytes_in;               /* from clients, and taken by servers */
	counter bytes_out;
	counter datagrams_dropped; /* UDP: that came from clients or from servers and were not passed on */
	counter sessions_evicted;  /* UDP: ended before their time, to make room for others */
};

struct server_counters {
	counter connections; /* open now, those that are being connected included */
	counter connections_total;
	counter connects_failed;
	counter resets_early;  /* by the server, before its first byte */
	counter ports_missing; /* attempts for which this host had no port left */
};

struct counters {
	struct chunks services;
	struct chunks servers;
	counter accepts_paused; /* for want of descriptors or memory */
};

static inline void counters_init(struct counters *counters)
{
	*counters = (struct counters){0};
	chunks_init(&counters->services, sizeof(struct service_counters));
	chunks_init(&counters->servers, sizeof(struct server_counters));
}

static inline struct service_counters *counters_service(const struct counters *counters, uint32_t slot)
{
	return chunks_at(&counters->services, sizeof(struct service_counters), slot);
}

static inline struct server_counters *counters_server(const struct counters *counters, uint32_t slot)
{
	return chunks_at(&counters->servers, sizeof(struct server_counters), slot);
}

static inline void counter_add(counter *at, uint64_t amount)
{
	uint64_t before = atomic_load_explicit(at, memory_order_relaxed);

	atomic_store_explicit(at, before + amount, memory_order_relaxed);
}

static inline void counter_subtract(counter *at, uint64_t amount)
{
	uint64_t before = atomic_load_explicit(at, memory_order_relaxed);

	assert(before >= amount);
	/* Whoever finds a slot's last connection gone may give the slot away: what came before has happened. */
	atomic_store_explicit(at, before - amount, memory_order_release);
}

static inline uint64_t counter_read(const counter *at)
{
	return atomic_load_explicit(at, memory_order_acquire);
}

#endif
