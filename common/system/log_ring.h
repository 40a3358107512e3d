/* SPDX-License-Identifier: MIT */
/*
 * Lines on their way to the thread that writes them: any number of threads put lines in, one takes them out, in the
 * order in which their places were taken. Nobody waits for anybody: where there is no room the line is refused, and a
 * thread that is held up in the middle of a line holds up those that are written out behind it, but no other thread.
 */
#ifndef LBPAIR_COMMON_SYSTEM_LOG_RING_H
#define LBPAIR_COMMON_SYSTEM_LOG_RING_H

#include "common/pure/base.h"

struct log_ring;

/* `size` is in bytes, a power of two and at least 8; a line takes up to 11 more than it has. -ENOMEM. */
MUST_USE int log_ring_new(size_t size, struct log_ring **ret_ring);
/* Accepts NULL. */
void log_ring_free(struct log_ring *ring);

/* False: there is no room. `length` is not 0. */
MUST_USE bool log_ring_push(struct log_ring *ring, const char *bytes, size_t length);

/* The reader's. The length of the oldest line, which goes into `buffer` as far as that has room; 0: none is ready. */
size_t log_ring_pop(struct log_ring *ring, char *buffer, size_t size);
/* Whether nothing is in it, not even a line that is just being put in. */
bool log_ring_is_empty(const struct log_ring *ring);

#endif
