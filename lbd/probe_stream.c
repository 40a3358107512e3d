/* SPDX-License-Identifier: MIT */
/* A connection, with TLS on it where the check wants that, on which something is said and the answer judged. */
#include "lbd/probe.h"

#include "common/system/clock.h"
#include "common/system/fd.h"
#include "lbd/dial.h"
#include "lbd/proxy_header.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

/* One read: a record of TLS, so that nothing of it stays behind of which the socket does not tell. */
#define READ_SIZE 16384
#define READS_A_TURN 4

enum stage {
	STAGE_CONNECTING,
	STAGE_HANDSHAKE,
	STAGE_SENDING,
	STAGE_READING,
};

struct stream {
	struct probe probe;
	const struct check_ops *check;
	enum stage stage;
	struct text request; /* what is still to be sent */
	union check_state state;
	struct loop_io io;
	int fd;
	struct tls_client *tls; /* NULL: in the clear */
};

static const struct check_conf *stream_conf(const struct stream *stream)
{
	return stream->probe.setup.target->conf;
}

static void stream_free(struct probe *probe)
{
	struct stream *stream = CONTAINER_OF(probe, struct stream, probe);
	/* Without lingering: a check leaves nothing behind, above all no TIME_WAIT, of which there would be many. */
	const struct linger linger = {.l_onoff = 1};

	tls_client_free(stream->tls);
	if (stream->fd >= 0)
		(void)setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	loop_io_forget(stream->probe.setup.loop, &stream->io);
	fd_close(&stream->fd);
	text_free(&stream->request);
	free(stream);
}

/* The results; the stream may be gone after each of them. */

static void finish(struct stream *stream, const struct check_result *result)
{
	stream->probe.setup.fn(stream->probe.setup.context, result);
}

static void add_certificate(const struct stream *stream, struct check_result *result)
{
	time_t until = stream->tls != NULL ? tls_client_certificate_until_s(stream->tls) : 0;
	struct tm tm;

	result->certificate_until_s = until;
	if (until != 0 && gmtime_r(&until, &tm) != NULL)
		strftime(result->more, sizeof result->more, ", certificate until %Y-%m-%d", &tm);
}

static void finish_said(struct stream *stream, bool passed, const char *what)
{
	struct check_result result = {.passed = passed};

	snprintf(result.what, sizeof result.what, "%s", what);
	if (stream->stage >= STAGE_SENDING)
		add_certificate(stream, &result);
	if (stream->stage == STAGE_READING && stream->check->conclude != NULL)
		stream->check->conclude(&stream->state, &result);
	finish(stream, &result);
}

/* `error` is a negative errno. */
static void finish_failed(struct stream *stream, int error)
{
	struct check_result result = {0};

	if (error == -EPROTO && stream->tls != NULL) {
		finish_said(stream, false, tls_client_error(stream->tls));
		return;
	}
	check_result_error(&result, -error);
	finish(stream, &result);
}

/* The stages. These return whether the stream is still there and may go on at once. */

static bool watch(struct stream *stream, unsigned events)
{
	int r = 0;

	if (stream->io.events != events)
		r = loop_io_change(stream->probe.setup.loop, &stream->io, events);
	if (r < 0)
		finish_failed(stream, r);
	return r == 0;
}

static bool wait_for(struct stream *stream, unsigned usual)
{
	bool writes = stream->tls != NULL ? tls_client_wants_write(stream->tls) : usual == LOOP_WRITE;

	(void)watch(stream, writes ? LOOP_WRITE : LOOP_READ);
	return false;
}

static ssize_t stream_send(struct stream *stream)
{
	ssize_t put;

	if (stream->tls != NULL)
		return tls_client_write(stream->tls, stream->request.data, stream->request.length);
	put = send(stream->fd, stream->request.data, stream->request.length, MSG_NOSIGNAL);
	return put < 0 ? -errno : put;
}

static ssize_t stream_receive(struct stream *stream, void *to, size_t size)
{
	ssize_t got;

	if (stream->tls != NULL)
		return tls_client_read(stream->tls, to, size);
	got = recv(stream->fd, to, size, 0);
	return got < 0 ? -errno : got;
}

/* A server that demands a header gets one that names nobody. */
static int greet(const struct stream *stream)
{
	const struct proxy_header header = {0};
	uint8_t bytes[PROXY_HEADER_WRITE_MAX];
	size_t size = proxy_header_write(stream->probe.setup.target->send_proxy, &header, bytes);
	ssize_t put = size > 0 ? send(stream->fd, bytes, size, MSG_NOSIGNAL) : 0;

	if (put < 0)
		return -errno;
	/* A socket that has just been connected has room for more than that. */
	return put == (ssize_t)size ? 0 : -ENOBUFS;
}

static bool do_connect(struct stream *stream)
{
	int error = 0;
	socklen_t size = sizeof error;

	if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error == 0)
		error = -greet(stream);
	if (error != 0) {
		finish_failed(stream, -error);
		return false;
	}
	stream->stage = stream->tls != NULL ? STAGE_HANDSHAKE : STAGE_SENDING;
	return true;
}

static bool do_handshake(struct stream *stream)
{
	int r = tls_client_handshake(stream->tls);

	if (r == -EAGAIN)
		return wait_for(stream, LOOP_READ);
	if (r < 0) {
		finish_failed(stream, r);
		return false;
	}
	stream->stage = STAGE_SENDING;
	return true;
}

static bool do_send(struct stream *stream)
{
	if (stream->check->listens) {
		stream->stage = STAGE_READING;
		return watch(stream, LOOP_READ);
	}
	if (stream->check->request == NULL) {
		finish_said(stream, true, stream->tls != NULL ? tls_client_version(stream->tls) : "connected");
		return false;
	}
	while (stream->request.length > 0) {
		ssize_t put = stream_send(stream);

		if (put == -EAGAIN)
			return wait_for(stream, LOOP_WRITE);
		if (put < 0) {
			finish_failed(stream, (int)put);
			return false;
		}
		text_consume(&stream->request, (size_t)put);
	}
	stream->stage = STAGE_READING;
	return watch(stream, LOOP_READ);
}

static bool do_read(struct stream *stream)
{
	char bytes[READ_SIZE], text[CHECK_TEXT_MAX];
	ssize_t got = stream_receive(stream, bytes, sizeof bytes);

	if (got == -EAGAIN)
		return wait_for(stream, LOOP_READ);
	if (got < 0) {
		finish_failed(stream, (int)got);
		return false;
	}
	switch (stream->check->feed(&stream->state, stream_conf(stream), bytes, (size_t)got, text)) {
	case CHECK_MORE:
		return true;
	case CHECK_PASSED:
		finish_said(stream, true, text);
		break;
	case CHECK_FAILED:
		finish_said(stream, false, text);
		break;
	}
	return false;
}

static bool go_on(struct stream *stream)
{
	switch (stream->stage) {
	case STAGE_CONNECTING:
		return do_connect(stream);
	case STAGE_HANDSHAKE:
		return do_handshake(stream);
	case STAGE_SENDING:
		return do_send(stream);
	case STAGE_READING:
		return do_read(stream);
	}
	return false;
}

static void on_socket(struct loop_io *io, unsigned events)
{
	struct stream *stream = CONTAINER_OF(io, struct stream, io);

	(void)events;
	/* The stages before the reading are three. */
	for (unsigned i = 0; i < 3 + READS_A_TURN && go_on(stream); i++)
		continue;
}

/* Negative errno. */
static int stream_connect(struct stream *stream)
{
	const struct probe_target *target = stream->probe.setup.target;
	const struct dial how = {.type = SOCK_STREAM,
		.to = target->server,
		.path = target->path,
		.no_delay = target->send_proxy != SEND_PROXY_NONE};
	const char *host = target->conf->host;
	int r = dial(&how, &stream->fd);

	if (target->trust != NULL && target->path != NULL && *host == '\0')
		host = "localhost";
	if (r == 0 && target->trust != NULL)
		r = tls_client_new(target->trust, stream->fd, host, &target->server.ip, &stream->tls);
	if (r == 0)
		r = loop_io_add(stream->probe.setup.loop, &stream->io, stream->fd, LOOP_WRITE, on_socket);
	return r;
}

static int stream_start(const struct probe_setup *setup, struct probe **ret_probe)
{
	struct stream *stream = calloc(1, sizeof *stream);
	const struct check_conf *conf = setup->target->conf;
	int r;

	if (stream == NULL)
		return -ENOMEM;
	stream->probe = (struct probe){.ops = &probe_stream, .setup = *setup};
	stream->check = check_table[conf->kind];
	stream->fd = -1;
	if (stream->check->begin != NULL)
		stream->check->begin(&stream->state, conf);
	if (stream->check->request != NULL)
		stream->check->request(conf, &setup->target->server, &stream->request);
	r = stream->request.failed ? -ENOMEM : stream_connect(stream);
	if (r < 0)
		stream_free(&stream->probe);
	else
		*ret_probe = &stream->probe;
	return r;
}

const struct probe_ops probe_stream = {
	.start = stream_start,
	.free = stream_free,
};
