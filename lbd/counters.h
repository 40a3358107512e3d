/* SPDX-License-Identifier: MIT */
/*
 * The counters of one worker. One thread writes them and any may read them: relaxed loads and stores, no locked
 * instruction. Services and servers have the places that they have in the snapshot.
 */
#ifndef LBPAIR_LBD_COUNTERS_H
#define LBPAIR_LBD_COUNTERS_H

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
	counter resets_early; /* by the server, before its first byte */
};

struct counters {
	struct service_counters *services;
	struct server_counters *servers;
	counter accepts_paused; /* for want of descriptors or memory */
};

static inline void counter_add(counter *at, uint64_t amount)
{
	uint64_t before = atomic_load_explicit(at, memory_order_relaxed);

	atomic_store_explicit(at, before + amount, memory_order_relaxed);
}

static inline void counter_subtract(counter *at, uint64_t amount)
{
	uint64_t before = atomic_load_explicit(at, memory_order_relaxed);

	assert(before >= amount);
	atomic_store_explicit(at, before - amount, memory_order_relaxed);
}

static inline uint64_t counter_read(const counter *at)
{
	return atomic_load_explicit(at, memory_order_relaxed);
}

#endif
