/* SPDX-License-Identifier: MIT */
/*
 * What the connection log says of a connection or a UDP session that has ended, and the ring in which a worker leaves
 * it for the thread that writes (connlog.h). One thread writes into a ring and one reads; neither ever waits: where the
 * ring is full the record is dropped and counted. No I/O.
 */
#ifndef LBPAIR_LBD_RECORD_H
#define LBPAIR_LBD_RECORD_H

#include "common/pure/addr.h"
#include "common/system/log.h"
#include "lbd/ending.h"

#define RECORD_NAME_MAX 64
#define RECORD_SERVER_MAX (2 * RECORD_NAME_MAX)

struct record {
	struct endpoint client;
	enum end_cause cause;
	uint64_t bytes_in; /* from the client */
	uint64_t bytes_out;
	int64_t connect_ns; /* that the server took to take it; below 0: none has */
	int64_t duration_ns;
	/* Copies: what they name may be gone when the line is written. */
	char service[RECORD_NAME_MAX];
	char server[RECORD_SERVER_MAX]; /* POOL/SERVER; "": none */
};

/* Copies them; NULL: there is none. */
void record_set_names(struct record *record, const char *service, const char *server);
void record_line(const struct record *record, struct log_line *ret_line);

struct record_ring;

/* `capacity` is a power of two. Memory is used as records come. -ENOMEM. */
MUST_USE int record_ring_new(size_t capacity, struct record_ring **ret_ring);
/* Accepts NULL. */
void record_ring_free(struct record_ring *ring);

/* The writer's. A place to be filled, which the reader sees from record_ring_push on; NULL: it is full. */
struct record *record_ring_claim(struct record_ring *ring);
void record_ring_push(struct record_ring *ring);

/* The reader's. The oldest, until record_ring_pop; NULL: there is none. */
const struct record *record_ring_first(struct record_ring *ring);
void record_ring_pop(struct record_ring *ring);
/* How many have been dropped since the beginning. */
uint64_t record_ring_dropped(const struct record_ring *ring);

#endif
