/* SPDX-License-Identifier: MIT */
/*
 * What is open now, for those who ask: pages of connections and UDP sessions that the workers fill on their own
 * threads. A census goes through a worker's slabs by the numbers of their chunks, and holds nothing between its pages
 * but such a number: what is open from its beginning to its end is met once. No I/O.
 */
#ifndef LBPAIR_LBD_CENSUS_H
#define LBPAIR_LBD_CENSUS_H

#include "common/model/conf.h"
#include "common/pure/addr.h"
#include "lbd/slab.h"

/* Those of two chunks at least; and so many chunks are looked at, whatever is in them: a worker has more to do. */
#define CENSUS_ENTRIES 128
#define CENSUS_CHUNKS 16

#define CENSUS_NO_SERVER UINT32_MAX

struct census_entry {
	enum service_protocol protocol;
	struct endpoint client;
	struct endpoint local; /* of family 0: it has none any more */
	const char *state;     /* a literal */
	int64_t age_ns;
	int64_t idle_ns;
	uint64_t bytes_in; /* from the client */
	uint64_t bytes_out;
	uint32_t service; /* their slots (layout.h) */
	uint32_t server;  /* CENSUS_NO_SERVER: none */
};

struct census_page {
	/* Which one: of the forwarder `way` of a worker, from `chunk` on. */
	uint32_t worker;
	uint32_t way;
	uint32_t chunk; /* afterwards: where the next one begins */

	bool over; /* there is no next one */
	size_t count;
	struct census_entry list[CENSUS_ENTRIES];
};

typedef void census_fn(const void *object, struct census_entry *ret_entry);
/* Of the slab's objects, each of which begins with a pointer to `owner` while it is taken. */
void census_fill(struct census_page *page, const struct slab *slab, const void *owner, census_fn *fn);

#endif
