/* SPDX-License-Identifier: MIT */
/*
 * Where bytes stand between two sockets: buffers and pipes, pooled by worker and lent out only while bytes are in
 * flight. The one given back last is lent out first, since it is the one that the processor's cache still holds.
 */
#ifndef LBPAIR_LBD_STORE_H
#define LBPAIR_LBD_STORE_H

#include "common/pure/base.h"

#define BUFFER_SIZE ((size_t)16 * 1024)
/* What a pipe is asked to hold, and so how much one splice(2) may move. */
#define PIPE_SIZE ((size_t)512 * 1024)

struct buffer {
	struct buffer *next; /* in the pool */
	unsigned char bytes[BUFFER_SIZE];
};

struct pipe {
	struct pipe *next;
	int read_fd;
	int write_fd;
};

struct store {
	struct buffer *buffers; /* idle ones */
	struct pipe *pipes;
	size_t idle_buffers;
	size_t idle_pipes;
	size_t lent_pipes;
};

/* NULL: out of memory. */
MUST_USE struct buffer *store_lend_buffer(struct store *store);
void store_return_buffer(struct store *store, struct buffer *buffer);

/* NULL: there are as many pipes as may be, or no descriptors for one more. */
MUST_USE struct pipe *store_lend_pipe(struct store *store);
/* An empty pipe comes back. */
void store_return_pipe(struct store *store, struct pipe *pipe);
/* One that still holds bytes, which go with it. */
void store_discard_pipe(struct store *store, struct pipe *pipe);

void store_free(struct store *store);

#endif
