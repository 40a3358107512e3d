/* SPDX-License-Identifier: MIT */
/* The clients' end of TCP. */
#include "common/pure/hash.h"
#include "common/system/clock.h"
#include "tests/bench/load.h"

#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define VISITOR_EVENTS (LOOP_READ | LOOP_WRITE | LOOP_PEER_CLOSED | LOOP_EDGE)
#define WAITING_MAX ((size_t)1 << 20)
#define LATENCIES_MAX ((size_t)1 << 22)

static struct load_peer *visitor_of(struct loop_io *io)
{
	return CONTAINER_OF(io, struct load_peer, io);
}

static int connect_to_front(struct load *load)
{
	struct endpoint front = load->options.front;
	struct sockaddr_storage address;
	const int on = 1;
	socklen_t length;
	int fd;

	front.port = (uint16_t)(front.port + hash_below(hash_next(&load->random), (uint32_t)load->options.fronts));
	length = endpoint_to_sockaddr(&front, &address);
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
		(connect(fd, (struct sockaddr *)&address, length) < 0 && errno != EINPROGRESS))
		load_fail("connect");
	return fd;
}

static struct load_peer *visit(struct load *load, loop_io_fn *on_visitor)
{
	struct load_peer *visitor = calloc(1, sizeof *visitor);

	if (visitor == NULL)
		load_fail("memory");
	visitor->load = load;
	list_append(&load->visitors, &visitor->link);
	list_init(&visitor->idle);
	if (loop_io_add(load->loop, &visitor->io, connect_to_front(load), VISITOR_EVENTS, on_visitor) < 0)
		load_fail("epoll");
	return visitor;
}

static int visit_all(struct load *load, loop_io_fn *on_visitor)
{
	for (uint64_t i = 0; i < load->options.connections; i++)
		(void)visit(load, on_visitor);
	return 0;
}

static void ask(struct load_peer *visitor)
{
	visitor->sent = load_peer_send(visitor, visitor->load->options.request_size);
	visitor->got = 0;
	if (!visitor->sent && errno != EAGAIN)
		load_error(visitor->load);
}

/* For the first request, which had to wait for the connection. */
static void ask_first(struct load_peer *visitor, unsigned events)
{
	if (!visitor->sent && (events & LOOP_WRITE))
		ask(visitor);
}

/* True: the answer is complete. False, with an error noted, too where the connection has ended: `visitor` is gone. */
static bool read_answer(struct load_peer *visitor, unsigned events, bool *ret_ended)
{
	uint64_t got = 0;

	*ret_ended = (events & (LOOP_READ | LOOP_HANGUP)) && !load_peer_read(visitor, &got);
	visitor->got += got;
	return got > 0 && visitor->got == visitor->load->options.answer_size;
}

static void answered(struct load_peer *visitor)
{
	visitor->load->answered++;
	load_count(visitor->load, 1, visitor->got);
}

/* Who was cut off comes again. */
static void come_again(struct load_peer *visitor)
{
	struct load *load = visitor->load;
	loop_io_fn *fn = visitor->io.fn;

	load_peer_close(visitor);
	(void)visit(load, fn);
}

static void cut_off(struct load_peer *visitor)
{
	load_error(visitor->load);
	come_again(visitor);
}

/* Requests over connections that stay, as fast as the answers come. */

static void on_requests(struct loop_io *io, unsigned events)
{
	struct load_peer *visitor = visitor_of(io);
	bool ended;

	ask_first(visitor, events);
	if (read_answer(visitor, events, &ended)) {
		answered(visitor);
		ask(visitor);
	} else if (ended) {
		cut_off(visitor);
	}
}

static int begin_requests(struct load *load)
{
	return visit_all(load, on_requests);
}

/* A connection for each request. */

static void on_connections(struct loop_io *io, unsigned events)
{
	struct load_peer *visitor = visitor_of(io);
	bool ended;

	ask_first(visitor, events);
	(void)read_answer(visitor, events, &ended);
	if (visitor->got < visitor->load->options.answer_size) {
		if (ended)
			cut_off(visitor);
	} else if (ended || (events & (LOOP_PEER_CLOSED | LOOP_HANGUP))) {
		answered(visitor);
		come_again(visitor);
	}
}

static int begin_connections(struct load *load)
{
	return visit_all(load, on_connections);
}

/* One request each, and then they stay. */

static void on_idle(struct loop_io *io, unsigned events)
{
	struct load_peer *visitor = visitor_of(io);
	bool ended;

	ask_first(visitor, events);
	if (read_answer(visitor, events, &ended))
		answered(visitor);
	else if (ended)
		load_fail("an idle connection was closed");
}

static int begin_idle(struct load *load)
{
	return visit_all(load, on_idle);
}

static bool all_are_idle(const struct load *load)
{
	return load->answered == load->options.connections;
}

/*
 * Requests at a given rate, whatever becomes of them. The time counts from when each was due, not from when a
 * connection was free for it: else a balancer that stands still would be asked less, and look better for it.
 */

static void note_latency(struct load *load, struct mono due)
{
	/* Those that were due before the measured time began do not count. */
	if (load->measures && !mono_before(due, load->began) && load->latency_count < LATENCIES_MAX)
		load->latencies[load->latency_count++] = mono_diff(clock_mono(), due);
}

static void ask_due(struct load_peer *visitor, struct mono due)
{
	list_remove(&visitor->idle);
	visitor->due = due;
	ask(visitor);
}

static void ask_waiting(struct load *load)
{
	while (load->waiting_count > 0 && !list_is_empty(&load->idle)) {
		struct load_peer *visitor = LIST_ENTRY(load->idle.next, struct load_peer, idle);

		ask_due(visitor, load->waiting[load->first_waiting % WAITING_MAX]);
		load->first_waiting++;
		load->waiting_count--;
	}
}

static void on_due(struct loop_timer *timer, struct mono now)
{
	struct load *load = CONTAINER_OF(timer, struct load, due_timer);

	while (mono_reached(load->due, now)) {
		double draw = (double)((hash_next(&load->random) >> 11) + 1) / 9007199254740992.0;

		if (load->waiting_count == WAITING_MAX)
			load_fail("the rate is too high");
		load->waiting[(load->first_waiting + load->waiting_count++) % WAITING_MAX] = load->due;
		/* As of many clients that know nothing of each other. */
		load->due = mono_add(load->due, (int64_t)(-log(draw) * 1e9 / (double)load->options.rate));
	}
	ask_waiting(load);
	if (loop_timer_set(load->loop, timer, load->due, on_due) < 0)
		load_fail("timer");
}

static void on_latency(struct loop_io *io, unsigned events)
{
	struct load_peer *visitor = visitor_of(io);
	struct load *load = visitor->load;
	bool ended;

	if (!visitor->sent && (events & LOOP_WRITE)) {
		visitor->sent = true;
		list_append(&load->idle, &visitor->idle);
	}
	if (read_answer(visitor, events, &ended)) {
		answered(visitor);
		note_latency(load, visitor->due);
		list_append(&load->idle, &visitor->idle);
	} else if (ended) {
		cut_off(visitor);
	}
	ask_waiting(load);
}

static int begin_latency(struct load *load)
{
	load->waiting = calloc(WAITING_MAX, sizeof *load->waiting);
	load->latencies = calloc(LATENCIES_MAX, sizeof *load->latencies);
	if (load->waiting == NULL || load->latencies == NULL)
		return -ENOMEM;
	load->due = clock_mono();
	on_due(&load->due_timer, load->due);
	return visit_all(load, on_latency);
}

/* Who has no answer by now has waited at least so long. */
static void end_latency(struct load *load)
{
	struct load_peer *visitor;

	LIST_FOR_EACH(visitor, &load->visitors, link)
	{
		if (visitor->due.ns > 0 && list_is_empty(&visitor->idle))
			note_latency(load, visitor->due);
	}
	for (size_t i = 0; i < load->waiting_count; i++)
		note_latency(load, load->waiting[(load->first_waiting + i) % WAITING_MAX]);
}

/* Bulk. */

static void on_download(struct loop_io *io, unsigned events)
{
	struct load_peer *visitor = visitor_of(io);
	uint64_t got;

	if ((events & (LOOP_READ | LOOP_HANGUP)) && !load_peer_swallow(visitor, &got))
		cut_off(visitor);
	else if (events & LOOP_READ)
		load_count(visitor->load, got > 0, got);
}

/* Not by edges: each takes its share, and the others have their turn. */
static int visit_for_bulk(struct load *load, loop_io_fn *on_visitor, unsigned events)
{
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < load->options.connections; i++)
		r = loop_io_change(load->loop, &visit(load, on_visitor)->io, events);
	return r;
}

static int begin_download(struct load *load)
{
	return visit_for_bulk(load, on_download, LOOP_READ);
}

static void on_upload(struct loop_io *io, unsigned events)
{
	struct load_peer *visitor = visitor_of(io);

	if ((events & LOOP_HANGUP) || ((events & LOOP_WRITE) && !load_peer_flood(visitor)))
		cut_off(visitor);
}

static int begin_upload(struct load *load)
{
	return visit_for_bulk(load, on_upload, LOOP_WRITE);
}

const struct load_mode load_requests = {
	.name = "requests",
	.counts = "requests",
	.serve = load_listen,
	.on_guest = load_guest_answers,
	.guest_events = LOOP_READ,
	.begin = begin_requests,
};

const struct load_mode load_connections = {
	.name = "connections",
	.counts = "connections",
	.serve = load_listen,
	.on_guest = load_guest_answers_and_closes,
	.guest_events = LOOP_READ,
	.begin = begin_connections,
};

const struct load_mode load_idle = {
	.name = "idle",
	.counts = "connections",
	.serve = load_listen,
	.on_guest = load_guest_answers,
	.guest_events = LOOP_READ,
	.begin = begin_idle,
	.is_done = all_are_idle,
};

const struct load_mode load_latency = {
	.name = "latency",
	.counts = "requests",
	.serve = load_listen,
	.on_guest = load_guest_answers,
	.guest_events = LOOP_READ,
	.begin = begin_latency,
	.end = end_latency,
};

const struct load_mode load_download = {
	.name = "download",
	.counts = "reads",
	.serve = load_listen,
	.on_guest = load_guest_sends,
	.guest_events = LOOP_WRITE,
	.begin = begin_download,
};

const struct load_mode load_upload = {
	.name = "upload",
	.counts = "reads",
	.serve = load_listen,
	.on_guest = load_guest_takes,
	.guest_events = LOOP_READ,
	.begin = begin_upload,
};
