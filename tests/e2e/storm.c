/* SPDX-License-Identifier: MIT */
#include "tests/e2e/storm.h"

#include "common/pure/list.h"
#include "common/system/clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A prime, so that no buffer's size is a multiple of the pattern's. */
#define PATTERN 65521
#define PIECE_MAX 65536
/* The first bytes from the client tell the server which connection it is. */
#define HEADER 4

enum ending {
	ENDING_FIN,
	ENDING_CLIENT_RESETS,
	ENDING_SERVER_RESETS,
	/* After all that it sends and its FIN, while the other way still flows. */
	ENDING_CLIENT_RESETS_HALF_CLOSED,
	ENDING_SERVER_RESETS_HALF_CLOSED,
};

struct plan {
	uint64_t length[2]; /* from the server, from the client */
	uint64_t reset_at;  /* so many bytes are sent before the reset; half closed: so many have been received */
	enum ending ending;
};

struct storm;

struct peer {
	struct loop_io io;
	struct loop_timer timer;
	struct list link;
	struct storm *storm;
	bool is_client;
	bool known; /* id and plan */
	uint32_t id;
	uint32_t random;
	struct plan plan;
	unsigned char header[HEADER];
	uint64_t sent;
	uint64_t received;
	bool sent_end;
	bool got_end;
	bool resting;
	bool slow;
};

struct storm {
	const struct storm_setup *setup;
	struct storm_result *result;
	struct loop *loop;
	struct list peers;
	size_t clients_left;
	size_t peers_left;
	struct loop_io accept_ios[8];
	struct loop_timer limit_timer;
	struct loop_timer end_timer;
	unsigned char pattern[PATTERN + PIECE_MAX];
};

static struct storm storm_memory;

static uint32_t mix(uint32_t x)
{
	x ^= x >> 16;
	x *= 0x7feb352dU;
	x ^= x >> 15;
	x *= 0x846ca68bU;
	return x ^ x >> 16;
}

static uint32_t next_random(struct peer *peer)
{
	peer->random = peer->random * 1664525u + 1013904223u;
	return mix(peer->random);
}

static uint64_t plan_length(uint32_t random)
{
	uint32_t value = mix(random);

	switch (random % 64) {
	case 0:
		return value % 4000000; /* bulk */
	case 1 ... 12:
		return value % 400000;
	case 13 ... 40:
		return value % 40000;
	case 41 ... 44:
		return 0;
	default:
		return value % 2000;
	}
}

static struct plan plan_of(uint32_t id)
{
	struct plan plan = {
		.length = {plan_length(mix(id * 3 + 1)), HEADER + plan_length(mix(id * 3 + 2))},
	};
	uint32_t random = mix(id * 3);
	uint64_t own;

	if (random % 16 < 7)
		plan.ending = (const enum ending[]){ENDING_CLIENT_RESETS, ENDING_CLIENT_RESETS, ENDING_SERVER_RESETS,
			ENDING_SERVER_RESETS, ENDING_CLIENT_RESETS_HALF_CLOSED, ENDING_SERVER_RESETS_HALF_CLOSED,
			ENDING_SERVER_RESETS_HALF_CLOSED}[random % 16];
	/* What the one that resets has sent, or, half closed, has received. */
	own = plan.length[plan.ending == ENDING_CLIENT_RESETS || plan.ending == ENDING_SERVER_RESETS_HALF_CLOSED];
	plan.reset_at = own > HEADER ? HEADER + mix(random) % (own - HEADER) : own;
	return plan;
}

static void fail(struct peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fail(struct peer *peer, const char *format, ...)
{
	struct storm_result *result = peer->storm->result;
	char text[128];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (result->failures++ == 0)
		snprintf(result->error, sizeof result->error,
			"%s %u (ending %d): %s; sent %llu of %llu, received %llu of %llu",
			peer->is_client ? "client" : "server", peer->id, peer->plan.ending, text,
			(unsigned long long)peer->sent, (unsigned long long)peer->plan.length[peer->is_client],
			(unsigned long long)peer->received, (unsigned long long)peer->plan.length[!peer->is_client]);
}

static void on_end(struct loop_timer *timer, struct mono now)
{
	(void)now;
	loop_stop(CONTAINER_OF(timer, struct storm, end_timer)->loop);
}

static void peer_free(struct peer *peer)
{
	struct storm *storm = peer->storm;

	loop_io_remove(storm->loop, &peer->io);
	loop_timer_clear(storm->loop, &peer->timer);
	close(peer->io.fd);
	list_remove(&peer->link);
	storm->peers_left--;
	storm->clients_left -= peer->is_client;
	free(peer);
	/* A moment for a server's end that is still on its way to be accepted. */
	if (storm->peers_left == 0 &&
		loop_timer_set(storm->loop, &storm->end_timer, mono_add(clock_mono(), 50 * NS_PER_MS), on_end) < 0)
		abort();
}

static bool resets(const struct peer *peer)
{
	return peer->known && peer->plan.ending == (peer->is_client ? ENDING_CLIENT_RESETS : ENDING_SERVER_RESETS);
}

static bool resets_half_closed(const struct peer *peer)
{
	return peer->known && peer->plan.ending == (peer->is_client ? ENDING_CLIENT_RESETS_HALF_CLOSED
								    : ENDING_SERVER_RESETS_HALF_CLOSED);
}

/* Whether the other end is going to reset. A server that has not read the header yet does not know. */
static bool expects_reset(const struct peer *peer)
{
	return !peer->known || peer->plan.ending == (peer->is_client ? ENDING_SERVER_RESETS : ENDING_CLIENT_RESETS);
}

/* The same, or that it may: unless it has had all before. */
static bool takes_reset(const struct peer *peer)
{
	return expects_reset(peer) || peer->plan.ending == (peer->is_client ? ENDING_SERVER_RESETS_HALF_CLOSED
									    : ENDING_CLIENT_RESETS_HALF_CLOSED);
}

static void peer_reset(struct peer *peer)
{
	const struct linger linger = {.l_onoff = 1};

	setsockopt(peer->io.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	peer_free(peer);
}

/* Both ways have failed alike: the connection was reset, or something else is wrong. */
static void peer_failed(struct peer *peer, const char *what)
{
	if (errno != ECONNRESET && errno != EPIPE)
		fail(peer, "%s: %s", what, strerror(errno));
	else if (!takes_reset(peer))
		fail(peer, "%s: a reset that nobody sent", what);
	else
		peer->storm->result->resets++;
	peer_free(peer);
}

static void peer_watch(struct peer *peer);

static void on_rested(struct loop_timer *timer, struct mono now)
{
	struct peer *peer = CONTAINER_OF(timer, struct peer, timer);

	(void)now;
	peer->resting = false;
	peer_watch(peer);
}

static void maybe_rest(struct peer *peer)
{
	uint32_t random = next_random(peer);
	unsigned one_in = peer->slow ? 4 : 40;

	if (random % one_in != 0)
		return;
	peer->resting = true;
	if (loop_timer_set(peer->storm->loop, &peer->timer,
		    mono_add(clock_mono(), (int64_t)(random >> 8) % (10 * NS_PER_MS)), on_rested) < 0)
		abort();
}

static const unsigned char *pattern_at(const struct peer *peer, bool from_client, uint64_t offset)
{
	return peer->storm->pattern + (mix(peer->id * 2 + from_client) + offset) % PATTERN;
}

static void peer_know(struct peer *peer, uint32_t id)
{
	peer->id = id;
	peer->plan = plan_of(id);
	peer->random = mix(id + (peer->is_client ? 77 : 99));
	peer->slow = next_random(peer) % 6 == 0;
	peer->known = true;
}

/* False: the peer is gone. */
static bool peer_send(struct peer *peer)
{
	uint64_t length = peer->plan.length[peer->is_client];
	uint64_t limit = resets(peer) ? peer->plan.reset_at : length;
	size_t piece = 1 + next_random(peer) % (peer->slow ? 3000 : PIECE_MAX);
	const unsigned char *bytes = pattern_at(peer, peer->is_client, peer->sent);
	ssize_t put;

	if (peer->sent == limit) {
		if (resets(peer)) {
			peer_reset(peer);
			return false;
		}
		shutdown(peer->io.fd, SHUT_WR);
		peer->sent_end = true;
		return true;
	}
	if (peer->is_client && peer->sent < HEADER) {
		bytes = peer->header + peer->sent;
		piece = HEADER - peer->sent;
	}
	put = send(peer->io.fd, bytes, MIN((uint64_t)piece, limit - peer->sent), MSG_NOSIGNAL);
	if (put < 0 && errno == EAGAIN)
		return true;
	if (put < 0) {
		peer_failed(peer, "send");
		return false;
	}
	peer->sent += (uint64_t)put;
	return true;
}

static bool peer_got_end(struct peer *peer)
{
	if (expects_reset(peer))
		fail(peer, "a FIN where a RST was sent");
	else if (!resets(peer) && peer->received != peer->plan.length[!peer->is_client])
		fail(peer, "the stream is cut short");
	else
		peer->storm->result->fins++;
	peer->got_end = true;
	return true;
}

static bool peer_receive_header(struct peer *peer)
{
	ssize_t got = recv(peer->io.fd, peer->header + peer->received, HEADER - peer->received, 0);

	if (got < 0 && errno == EAGAIN)
		return true;
	if (got <= 0) {
		if (got == 0)
			errno = ENODATA;
		peer_failed(peer, "header");
		return false;
	}
	peer->received += (uint64_t)got;
	if (peer->received == HEADER) {
		uint32_t id;

		memcpy(&id, peer->header, HEADER);
		peer_know(peer, id);
	}
	return true;
}

static bool peer_receive(struct peer *peer)
{
	static unsigned char bytes[PIECE_MAX];
	size_t piece = 1 + next_random(peer) % (peer->slow ? 3000 : PIECE_MAX);
	ssize_t got;

	if (!peer->known)
		return peer_receive_header(peer);
	got = recv(peer->io.fd, bytes, piece, 0);
	if (got < 0 && errno == EAGAIN)
		return true;
	if (got < 0) {
		peer_failed(peer, "receive");
		return false;
	}
	if (got == 0)
		return peer_got_end(peer);
	if (peer->received + (uint64_t)got > peer->plan.length[!peer->is_client] ||
		memcmp(bytes, pattern_at(peer, !peer->is_client, peer->received), (size_t)got) != 0) {
		fail(peer, "%zd bytes at %llu are not what was sent", got, (unsigned long long)peer->received);
		peer_free(peer);
		return false;
	}
	peer->received += (uint64_t)got;
	peer->storm->result->bytes += (uint64_t)got;
	if (resets_half_closed(peer) && peer->sent_end && peer->received >= peer->plan.reset_at) {
		peer->storm->result->late_resets++;
		peer_reset(peer);
		return false;
	}
	return true;
}

static void on_peer(struct loop_io *io, unsigned events)
{
	struct peer *peer = CONTAINER_OF(io, struct peer, io);

	if ((events & (LOOP_READ | LOOP_HANGUP)) && !peer->got_end && !peer_receive(peer))
		return;
	if ((events & (LOOP_WRITE | LOOP_HANGUP)) && peer->known && !peer->sent_end && !peer_send(peer))
		return;
	if (peer->got_end && peer->sent_end) {
		peer_free(peer);
		return;
	}
	maybe_rest(peer);
	peer_watch(peer);
}

static void peer_watch(struct peer *peer)
{
	unsigned events = 0;

	if (peer->resting) {
		/* Not even hangups are to be seen: the watch goes altogether. */
		loop_io_remove(peer->storm->loop, &peer->io);
		return;
	}
	if (!peer->got_end)
		events |= LOOP_READ;
	if (peer->known && !peer->sent_end)
		events |= LOOP_WRITE;
	if (!peer->io.added) {
		if (loop_io_add(peer->storm->loop, &peer->io, peer->io.fd, events, on_peer) < 0)
			abort();
	} else if (loop_io_change(peer->storm->loop, &peer->io, events) < 0) {
		abort();
	}
}

static struct peer *peer_new(struct storm *storm, int fd, bool is_client)
{
	struct peer *peer = calloc(1, sizeof *peer);

	if (peer == NULL)
		abort();
	peer->storm = storm;
	peer->io.fd = fd;
	peer->is_client = is_client;
	list_append(&storm->peers, &peer->link);
	storm->peers_left++;
	storm->clients_left += is_client;
	return peer;
}

/* A slow reader with a small window is what makes the forwarder's own writes partial. */
static void make_window_small(int fd)
{
	const int size = 8192;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

static void on_accept(struct loop_io *io, unsigned events)
{
	struct storm *storm = &storm_memory;
	int fd;

	(void)events;
	while ((fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct peer *peer = peer_new(storm, fd, false);

		peer->random = storm->setup->seed;
		peer_watch(peer);
	}
}

static void start_client(struct storm *storm, uint32_t number)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(&storm->setup->to, &address);
	int fd = socket(storm->setup->to.ip.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct peer *peer;

	if (fd < 0)
		abort();
	peer = peer_new(storm, fd, true);
	peer_know(peer, storm->setup->seed * 100000 + number);
	memcpy(peer->header, &peer->id, HEADER);
	if (peer->slow)
		make_window_small(fd);
	if (connect(fd, (const struct sockaddr *)&address, size) < 0 && errno != EINPROGRESS) {
		fail(peer, "connect: %s", strerror(errno));
		peer_free(peer);
		return;
	}
	peer_watch(peer);
}

static void on_limit(struct loop_timer *timer, struct mono now)
{
	struct storm *storm = CONTAINER_OF(timer, struct storm, limit_timer);
	struct peer *peer;

	(void)now;
	LIST_FOR_EACH(peer, &storm->peers, link)
	{
		fail(peer, "stuck");
		peer_free(peer);
	}
	loop_stop(storm->loop);
}

void storm_run(const struct storm_setup *setup, struct storm_result *ret_result)
{
	struct storm *storm = &storm_memory;
	bool ok = true;

	*ret_result = (struct storm_result){0};
	*storm = (struct storm){.setup = setup, .result = ret_result};
	list_init(&storm->peers);
	for (uint32_t i = 0; i < sizeof storm->pattern; i++)
		storm->pattern[i] = (unsigned char)mix(i % PATTERN);
	if (loop_new(&storm->loop) < 0)
		abort();
	/* Accepted sockets inherit it: one server of all has small windows. */
	make_window_small(setup->server_fds[0]);
	for (size_t i = 0; i < setup->server_count; i++)
		ok &= loop_io_add(storm->loop, &storm->accept_ios[i], setup->server_fds[i], LOOP_READ, on_accept) == 0;
	ok &= loop_timer_set(storm->loop, &storm->limit_timer, mono_add(clock_mono(), setup->limit_ns), on_limit) == 0;
	if (!ok)
		abort();
	for (uint32_t i = 0; i < setup->connections; i++)
		start_client(storm, i);
	if (loop_run(storm->loop) < 0)
		abort();
	loop_free(storm->loop);
}
