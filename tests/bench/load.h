/* SPDX-License-Identifier: MIT */
/*
 * Both ends of a load balancer under load, in one thread: the clients and the servers, each in a network namespace of
 * its own. One loop for both means no switch between them, so that it is the balancer's processor that is full, and it
 * means that each end knows what the other has to send. A mode is a row of load_modes.
 */
#ifndef LBPAIR_TESTS_BENCH_LOAD_H
#define LBPAIR_TESTS_BENCH_LOAD_H

#include "common/pure/addr.h"
#include "common/pure/list.h"
#include "common/system/loop.h"
#include "tests/bench/meter.h"

struct load;

struct load_mode {
	const char *name;
	const char *counts; /* what `count` is of */
	int (*serve)(struct load *load);
	/* Whom the server's end has accepted. NULL: datagrams. */
	loop_io_fn *on_guest;
	unsigned guest_events;
	/* Lets the clients begin. */
	int (*begin)(struct load *load);
	/* At the end of the measured time; NULL: there is nothing to add. */
	void (*end)(struct load *load);
	/* It ends when this says so, and not with its time. NULL: by time. */
	bool (*is_done)(const struct load *load);
};

struct load_options {
	const struct load_mode *mode;
	struct endpoint front; /* of the balancer; with `fronts` above 1, the first of so many ports */
	struct endpoint server;
	const char *client_netns;
	const char *server_netns;
	struct meter_subject subject;
	uint64_t fronts;
	uint64_t connections;
	uint64_t request_size;
	uint64_t answer_size;
	uint64_t joined; /* datagrams that are handed to the kernel in one piece */
	uint64_t rate;   /* a second */
	uint64_t milliseconds;
};

struct load {
	struct load_options options;
	struct loop *loop;
	struct loop_timer phase_timer;
	bool measures;
	struct mono began;
	struct meter before;

	/* Since `began`. */
	uint64_t count;
	uint64_t bytes;
	/* Since ever. */
	uint64_t answered;
	uint64_t total_bytes;
	uint64_t errors;

	int listener_fd;
	struct loop_io listener_io;
	struct list guests;
	struct list visitors;

	/* The open loop. */
	struct loop_timer due_timer;
	struct mono due;      /* the next request */
	struct mono *waiting; /* a ring of those that are due and found no idle connection */
	size_t first_waiting, waiting_count;
	struct list idle;
	uint64_t random;
	int64_t *latencies;
	size_t latency_count;
};

extern const struct load_mode load_requests, load_connections, load_latency, load_idle, load_download, load_upload,
	load_datagrams;

/* Ends the run where it makes no sense any more. */
_Noreturn void load_fail(const char *what);
/* A connection or a request went wrong; too many of them are a failed run. */
void load_error(struct load *load);
/* So much has been done. */
void load_count(struct load *load, uint64_t count, uint64_t bytes);

/* Who is on the other end of a connection. */
struct load_peer {
	struct loop_io io;
	struct list link;
	struct load *load;
	uint64_t got; /* of the request or the answer that comes */
	bool sent;
	struct mono due; /* when the request under way was */
	struct list idle;
};

/* load_server.c: TCP. */
int load_listen(struct load *load);
void load_guest_answers(struct loop_io *io, unsigned events);
void load_guest_answers_and_closes(struct loop_io *io, unsigned events);
void load_guest_sends(struct loop_io *io, unsigned events);
void load_guest_takes(struct loop_io *io, unsigned events);

/* load_peer.c: what both ends of TCP have in common. */
void load_peer_close(struct load_peer *peer);
/* Reads once; how many bytes, 0: nothing now. False: the connection has ended. */
bool load_peer_read(struct load_peer *peer, uint64_t *ret_got);
/* Reads and drops all there is. */
bool load_peer_swallow(struct load_peer *peer, uint64_t *ret_got);
/* Writes a part of what there is room for. */
bool load_peer_flood(struct load_peer *peer);
bool load_peer_send(struct load_peer *peer, uint64_t size);

#endif
