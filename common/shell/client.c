/* SPDX-License-Identifier: MIT */
#include "common/shell/client.h"

#include "common/pure/text.h"
#include "common/shell/lines.h"
#include "common/shell/rpc.h"
#include "common/system/clock.h"
#include "common/system/fd.h"
#include "common/system/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define READ_SIZE ((size_t)64 * 1024)
/* The daemons answer 16 MiB at most. */
#define ANSWER_MAX ((size_t)32 * 1024 * 1024)
#define CALL_ID 1
/* How long to wait before another attempt at a listener whose queue is full. */
#define CONNECT_PAUSE_MS 10

/* -ETIMEDOUT when `deadline` comes first. */
static int wait_for(int fd, short events, struct mono deadline)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};
	int64_t left_ms = mono_diff(deadline, clock_mono()) / NS_PER_MS;
	int r;

	if (left_ms <= 0)
		return -ETIMEDOUT;
	r = poll(&poll_fd, 1, (int)MIN(left_ms, (int64_t)INT32_MAX));
	if (r < 0 && errno != EINTR)
		return -errno;
	return 0;
}

static int connect_until(const char *path, struct mono deadline, int *ret_fd)
{
	int r;

	while ((r = stream_connect(path, ret_fd)) == -EAGAIN) {
		if (mono_reached(deadline, clock_mono()))
			return -ETIMEDOUT;
		(void)poll(NULL, 0, CONNECT_PAUSE_MS);
	}
	return r;
}

static int send_until(int fd, struct text *out, struct mono deadline)
{
	int r;

	while ((r = stream_flush(fd, out)) == 0 && out->length > 0) {
		r = wait_for(fd, POLLOUT, deadline);
		if (r < 0)
			return r;
	}
	/* A server that refuses to listen may still have said why. */
	return r == -EPIPE ? 0 : r;
}

/* Waits for one line, which stays in `in`. */
static int receive_until(int fd, struct lines *in, struct mono deadline, const char **ret_line, size_t *ret_length)
{
	AUTO_FREE char *bytes = malloc(READ_SIZE);
	int r;

	if (bytes == NULL)
		return -ENOMEM;
	while ((r = lines_next(in, ret_line, ret_length)) == 0) {
		ssize_t count = recv(fd, bytes, READ_SIZE, MSG_DONTWAIT);

		if (count > 0)
			r = lines_feed(in, bytes, (size_t)count);
		else if (count < 0 && errno == EAGAIN)
			r = wait_for(fd, POLLIN, deadline);
		else
			r = count == 0 ? -ECONNRESET : -errno;
		if (r < 0)
			return r;
	}
	return r < 0 ? r : 0;
}

static int exchange(int fd, struct text *request, struct mono deadline, json_t **ret_result,
	char ret_error[static CLIENT_ERROR_MAX])
{
	struct lines in = lines_of(ANSWER_MAX);
	const char *line;
	size_t length;
	int r = send_until(fd, request, deadline);

	if (r == 0)
		r = receive_until(fd, &in, deadline, &line, &length);
	if (r == 0)
		r = rpc_parse_answer(line, length, CALL_ID, ret_result, ret_error, CLIENT_ERROR_MAX);
	lines_free(&in);
	return r;
}

static void explain(int error, const char *path, int timeout_ms, char ret_error[static CLIENT_ERROR_MAX])
{
	switch (error) {
	case 0:
	case -EREMOTEIO:
	case -EOPNOTSUPP:
		return;
	case -ENOENT:
	case -ECONNREFUSED:
		snprintf(ret_error, CLIENT_ERROR_MAX, "nobody answers on %s", path);
		return;
	case -ETIMEDOUT:
		snprintf(ret_error, CLIENT_ERROR_MAX, "no answer on %s within %d ms", path, timeout_ms);
		return;
	case -ECONNRESET:
		snprintf(ret_error, CLIENT_ERROR_MAX, "the daemon on %s closed the connection without an answer", path);
		return;
	case -EPROTO:
		snprintf(ret_error, CLIENT_ERROR_MAX, "what came from %s is no answer", path);
		return;
	case -EACCES:
		snprintf(ret_error, CLIENT_ERROR_MAX,
			"no permission to use %s: run it as root or as a member of the group lbpair", path);
		return;
	default:
		snprintf(ret_error, CLIENT_ERROR_MAX, "%s: %s", path, strerrordesc_np(-error));
		return;
	}
}

int client_call(const char *path, const char *method, json_t *params, int timeout_ms, json_t **ret_result,
	char ret_error[static CLIENT_ERROR_MAX])
{
	struct mono deadline = mono_add(clock_mono(), timeout_ms * NS_PER_MS);
	AUTO_TEXT request = {0};
	AUTO_FD fd = -1;
	int r;

	rpc_write_call(&request, CALL_ID, method, params);
	r = request.failed ? -ENOMEM : connect_until(path, deadline, &fd);
	if (r == 0)
		r = exchange(fd, &request, deadline, ret_result, ret_error);
	explain(r, path, timeout_ms, ret_error);
	return r;
}
