/* SPDX-License-Identifier: MIT */
#include "lbd/flow.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* Reads and bytes in one go, after which the others of the worker have their turn. */
#define READS_A_TURN 16
#define BYTES_A_TURN ((uint64_t)1024 * 1024)
/* Full reads in a row that make a flow a bulk flow. */
#define BULK_STREAK 4

enum step {
	STEP_ON,
	STEP_WAIT,
	STEP_HELD,
	STEP_ENDED,
	STEP_BROKEN,
};

/* What stands, as a negative errno; 0: nothing does. */
static int read_error(int fd)
{
	int error = 0;
	socklen_t size = sizeof error;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? -errno : -error;
}

void side_note(struct side *side, unsigned events)
{
	if (events & (LOOP_READ | LOOP_PEER_CLOSED | LOOP_URGENT | LOOP_HANGUP))
		side->readable = true;
	if (events & (LOOP_WRITE | LOOP_HANGUP))
		side->writable = true;
	if (events & LOOP_PEER_CLOSED)
		side->peer_closed = true;
	if (events & LOOP_URGENT)
		side->urgent = true;
	/* A hangup is also what FINs in both directions make; only a reset leaves an error. */
	if ((events & LOOP_ERROR) && !side->reset) {
		side->error = read_error(side->io.fd);
		side->reset = side->error != 0;
	}
}

static void release(struct flow *flow, struct store *store)
{
	assert(flow->left == 0);
	if (flow->buffer != NULL)
		store_return_buffer(store, TAKE(flow->buffer));
	if (flow->pipe != NULL)
		store_return_pipe(store, TAKE(flow->pipe));
}

void flow_drop(struct flow *flow, struct store *store)
{
	if (flow->pipe != NULL && flow->left > 0)
		store_discard_pipe(store, TAKE(flow->pipe));
	flow->left = 0;
	release(flow, store);
}

static enum step broken(struct side *side)
{
	side->reset = true;
	return STEP_BROKEN;
}

/* Reading and writing have the same ways to fail. */
static enum step failed(struct side *side, bool *ready)
{
	if (errno == EINTR)
		return STEP_ON;
	if (errno != EAGAIN)
		return broken(side);
	*ready = false;
	return STEP_WAIT;
}

/* The end of the stream, or what a reset looks like once somebody has fetched its error. */
static enum step end_of_stream(struct side *source)
{
	if (source->reset)
		return STEP_BROKEN;
	source->ended = true;
	return STEP_ENDED;
}

/*
 * A short read has emptied the socket (epoll(7)); what comes from now on, a FIN too, is a new edge. The FIN that was
 * there before the read is all that is left, then, and need not be read.
 */
static void emptied(struct side *source)
{
	if (source->urgent)
		return;
	if (!source->peer_closed)
		source->readable = false;
	else if (!source->reset)
		source->ended = true;
}

/* How much may be read, of at most `size`. */
static size_t may_read(const struct flow *flow, size_t size)
{
	return flow->budget != NULL && *flow->budget < size ? (size_t)*flow->budget : size;
}

static void has_read(struct flow *flow, ssize_t got)
{
	flow->left = (uint32_t)got;
	if (flow->budget != NULL)
		*flow->budget -= (uint64_t)got;
}

static enum step fill_buffer(struct flow *flow, struct side *source, struct store *store)
{
	size_t size = may_read(flow, BUFFER_SIZE);
	ssize_t got;

	if (flow->buffer == NULL)
		flow->buffer = store_lend_buffer(store);
	if (flow->buffer == NULL)
		return broken(source);
	got = recv(source->io.fd, flow->buffer->bytes, size, 0);
	if (got < 0)
		return failed(source, &source->readable);
	if (got == 0)
		return end_of_stream(source);
	flow->start = 0;
	has_read(flow, got);
	if ((size_t)got == size) {
		flow->streak += size == BUFFER_SIZE;
		return STEP_ON;
	}
	flow->streak = 0;
	emptied(source);
	return STEP_ON;
}

static enum step fill_pipe(struct flow *flow, struct side *source)
{
	size_t size = may_read(flow, PIPE_SIZE);
	ssize_t got = splice(source->io.fd, NULL, flow->pipe->write_fd, NULL, size, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

	if (got < 0)
		return failed(source, &source->readable);
	if (got == 0)
		return end_of_stream(source);
	has_read(flow, got);
	if ((size_t)got < BUFFER_SIZE && (size_t)got < size)
		flow->streak = 0;
	return STEP_ON;
}

static enum step fill(struct flow *flow, struct side *source, struct store *store)
{
	if (flow->streak >= BULK_STREAK && flow->pipe == NULL) {
		struct pipe *pipe = store_lend_pipe(store);

		release(flow, store);
		flow->pipe = pipe;
		/* None to be had: it is asked for again after as many full reads. */
		if (pipe == NULL)
			flow->streak = 0;
	} else if (flow->streak < BULK_STREAK && flow->pipe != NULL) {
		release(flow, store);
	}
	return flow->pipe != NULL ? fill_pipe(flow, source) : fill_buffer(flow, source, store);
}

/*
 * Nagle's algorithm holds small pieces back behind others that are not acknowledged: never the first. Many a connection
 * has no second one, and a system call less.
 */
static void stop_delays(struct side *sink)
{
	const int on = 1;

	if (sink->writes == SIDE_WRITES_AT_ONCE || sink->writes++ == SIDE_WRITES_FIRST)
		return;
	(void)setsockopt(sink->io.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* `last`: a FIN follows, which then goes with the last bytes. */
static ssize_t write_out(struct flow *flow, struct side *sink, bool last)
{
	stop_delays(sink);
	if (flow->pipe != NULL)
		return splice(
			flow->pipe->read_fd, NULL, sink->io.fd, NULL, flow->left, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
	return send(sink->io.fd, flow->buffer->bytes + flow->start, flow->left, MSG_NOSIGNAL | (last ? MSG_MORE : 0));
}

static enum step drain(struct flow *flow, struct side *sink, bool last, uint64_t *moved)
{
	while (flow->left > 0) {
		ssize_t put = write_out(flow, sink, last);

		if (put < 0) {
			enum step step = failed(sink, &sink->writable);

			if (step != STEP_ON)
				return step;
			continue;
		}
		flow->start += (uint32_t)put;
		flow->left -= (uint32_t)put;
		*moved += (uint64_t)put;
	}
	return STEP_ON;
}

/* Passes on what is in flight, and then reads more. */
static enum step turn(struct flow *flow, struct side *source, struct side *sink, struct store *store, uint64_t *moved)
{
	if (flow->left > 0) {
		enum step step = sink->writable ? drain(flow, sink, source->ended, moved) : STEP_WAIT;

		if (step != STEP_ON)
			return step;
	}
	if (source->ended)
		return STEP_ENDED;
	if (!source->readable)
		return STEP_WAIT;
	return may_read(flow, 1) > 0 ? fill(flow, source, store) : STEP_HELD;
}

static enum flow_result result_of(enum step step)
{
	switch (step) {
	case STEP_ON:
		return FLOW_BUSY;
	case STEP_WAIT:
		return FLOW_WAITS;
	case STEP_HELD:
		return FLOW_HELD;
	case STEP_ENDED:
		return FLOW_ENDED;
	case STEP_BROKEN:
		break;
	}
	return FLOW_BROKEN;
}

enum flow_result flow_run(
	struct flow *flow, struct side *source, struct side *sink, struct store *store, uint64_t *ret_moved)
{
	enum step step = STEP_ON;

	*ret_moved = 0;
	if (sink->shut)
		return FLOW_WAITS;
	for (unsigned i = 0; step == STEP_ON && i < READS_A_TURN && *ret_moved < BYTES_A_TURN; i++)
		step = turn(flow, source, sink, store, ret_moved);
	if (step == STEP_BROKEN)
		flow_drop(flow, store);
	else if (flow->left == 0)
		release(flow, store);
	return result_of(step);
}
