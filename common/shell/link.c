/* SPDX-License-Identifier: MIT */
#include "common/shell/link.h"

#include "common/pure/text.h"
#include "common/shell/rpc.h"
#include "common/system/fd.h"
#include "common/system/log.h"
#include "common/system/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define QUEUE_MAX ((size_t)256 * 1024)
/* An empty line, well before the control server takes the silence for death (CONTROL_IDLE_NS). */
#define KEEPALIVE_NS (20 * NS_PER_S)

struct link {
	struct loop *loop;
	char *path;
	int64_t retry_ns;
	link_event_fn *fn;
	void *context;
	int fd; /* -1: not connected */
	struct loop_io io;
	/* Connected: the next keepalive. Else the next attempt, and before it the word that the link was lost. */
	struct loop_timer timer;
	struct text out;
	bool reported_up;
};

static void on_timer(struct loop_timer *timer, struct mono now);

static void set_timer(struct link *link, int64_t after_ns)
{
	int r = loop_timer_set(link->loop, &link->timer, mono_add(loop_now(link->loop), after_ns), on_timer);

	if (r < 0)
		log_error("connection is not opened again", log_str("path", link->path), log_errno(r));
}

static void link_close(struct link *link)
{
	loop_io_remove(link->loop, &link->io);
	fd_close(&link->fd);
	text_free(&link->out);
}

/* The owner hears of it in another round, as he may be the one who sent just now. */
static void link_lose(struct link *link)
{
	link_close(link);
	set_timer(link, 1);
}

static void link_flush(struct link *link)
{
	unsigned events;

	if (link->out.failed || link->out.length > QUEUE_MAX || stream_flush(link->fd, &link->out) < 0) {
		link_lose(link);
		return;
	}
	events = link->out.length > 0 ? LOOP_READ | LOOP_WRITE : LOOP_READ;
	if (events != link->io.events && loop_io_change(link->loop, &link->io, events) < 0)
		link_lose(link);
}

static void on_io(struct loop_io *io, unsigned events)
{
	struct link *link = CONTAINER_OF(io, struct link, io);
	char ignored[4096];

	if (events & LOOP_READ) {
		ssize_t count = recv(link->fd, ignored, sizeof ignored, MSG_DONTWAIT);

		if (count == 0 || (count < 0 && errno != EAGAIN))
			events |= LOOP_HANGUP;
	}
	if (events & LOOP_HANGUP)
		link_lose(link);
	else if (events & LOOP_WRITE)
		link_flush(link);
}

static void link_connect(struct link *link)
{
	AUTO_FD fd = -1;

	if (stream_connect(link->path, &fd) < 0 || loop_io_add(link->loop, &link->io, fd, LOOP_READ, on_io) < 0) {
		set_timer(link, link->retry_ns);
		return;
	}
	link->fd = fd_take(&fd);
	set_timer(link, KEEPALIVE_NS);
}

static void on_timer(struct loop_timer *timer, struct mono now)
{
	struct link *link = CONTAINER_OF(timer, struct link, timer);

	(void)now;
	if (link_is_up(link)) {
		text_add(&link->out, "\n");
		set_timer(link, KEEPALIVE_NS);
		link_flush(link);
		return;
	}
	if (link->reported_up)
		set_timer(link, link->retry_ns);
	else
		link_connect(link);
	if (link->reported_up != link_is_up(link)) {
		link->reported_up = link_is_up(link);
		link->fn(link, link->reported_up, link->context);
	}
}

int link_new(
	struct loop *loop, const char *path, int64_t retry_ns, link_event_fn *fn, void *context, struct link **ret_link)
{
	AUTO_FREE struct link *link = calloc(1, sizeof *link);
	AUTO_FREE char *own_path = strdup(path);
	int r;

	if (link == NULL || own_path == NULL)
		return -ENOMEM;
	*link = (struct link){.loop = loop, .retry_ns = retry_ns, .fn = fn, .context = context, .fd = -1};
	r = loop_timer_set(loop, &link->timer, loop_now(loop), on_timer);
	if (r < 0)
		return r;
	link->path = TAKE(own_path);
	*ret_link = TAKE(link);
	return 0;
}

void link_free(struct link *link)
{
	if (link == NULL)
		return;
	link_close(link);
	loop_timer_clear(link->loop, &link->timer);
	free(link->path);
	free(link);
}

int link_send(struct link *link, const char *method, json_t *params)
{
	if (!link_is_up(link)) {
		json_decref(params);
		return -ENOTCONN;
	}
	rpc_write_notification(&link->out, method, params);
	link_flush(link);
	return link_is_up(link) ? 0 : -ENOTCONN;
}

bool link_is_up(const struct link *link)
{
	return link->fd >= 0;
}
