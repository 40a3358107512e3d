/* SPDX-License-Identifier: MIT */
#include "lbd/store.h"

#include <fcntl.h>
#include <unistd.h>

/* What is kept idle after a burst. */
#define IDLE_BUFFERS_MAX 64
#define IDLE_PIPES_MAX 64
/* A stalled bulk connection keeps its pipe: so many may do so, the others get buffers. */
#define LENT_PIPES_MAX 2048

struct buffer *store_lend_buffer(struct store *store)
{
	struct buffer *buffer = store->buffers;

	if (buffer == NULL)
		return malloc(sizeof *buffer);
	store->buffers = buffer->next;
	store->idle_buffers--;
	return buffer;
}

void store_return_buffer(struct store *store, struct buffer *buffer)
{
	if (store->idle_buffers >= IDLE_BUFFERS_MAX) {
		free(buffer);
		return;
	}
	buffer->next = store->buffers;
	store->buffers = buffer;
	store->idle_buffers++;
}

static struct pipe *pipe_new(void)
{
	struct pipe *pipe = calloc(1, sizeof *pipe);
	int fds[2];

	if (pipe == NULL)
		return NULL;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0) {
		free(pipe);
		return NULL;
	}
	pipe->read_fd = fds[0];
	pipe->write_fd = fds[1];
	/* pipe(7): the user's share of pipe pages may be used up; a smaller pipe does as well. */
	(void)fcntl(pipe->read_fd, F_SETPIPE_SZ, (int)PIPE_SIZE);
	return pipe;
}

static void pipe_free(struct pipe *pipe)
{
	close(pipe->read_fd);
	close(pipe->write_fd);
	free(pipe);
}

struct pipe *store_lend_pipe(struct store *store)
{
	struct pipe *pipe = store->pipes;

	if (store->lent_pipes >= LENT_PIPES_MAX)
		return NULL;
	if (pipe != NULL) {
		store->pipes = pipe->next;
		store->idle_pipes--;
	} else {
		pipe = pipe_new();
	}
	if (pipe != NULL)
		store->lent_pipes++;
	return pipe;
}

void store_return_pipe(struct store *store, struct pipe *pipe)
{
	store->lent_pipes--;
	if (store->idle_pipes >= IDLE_PIPES_MAX) {
		pipe_free(pipe);
		return;
	}
	pipe->next = store->pipes;
	store->pipes = pipe;
	store->idle_pipes++;
}

void store_discard_pipe(struct store *store, struct pipe *pipe)
{
	store->lent_pipes--;
	pipe_free(pipe);
}

void store_free(struct store *store)
{
	while (store->buffers != NULL) {
		struct buffer *buffer = store->buffers;

		store->buffers = buffer->next;
		free(buffer);
	}
	while (store->pipes != NULL) {
		struct pipe *pipe = store->pipes;

		store->pipes = pipe->next;
		pipe_free(pipe);
	}
	*store = (struct store){0};
}
