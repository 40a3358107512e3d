/* SPDX-License-Identifier: MIT */
/*
 * The event loop: descriptors by epoll(7), timers on CLOCK_MONOTONIC with nanoseconds, signals by signalfd(2).
 *
 * A loop belongs to one thread. Watches and timers are embedded in their owner's structs and are zeroed before first
 * use. Every one of them may be removed, and its memory freed, inside any callback, its own and others' included.
 */
#ifndef LBPAIR_COMMON_SYSTEM_LOOP_H
#define LBPAIR_COMMON_SYSTEM_LOOP_H

#include "common/pure/mono.h"

struct loop;

enum {
	LOOP_READ = 1 << 0,
	LOOP_WRITE = 1 << 1,
	LOOP_EDGE = 1 << 2,        /* edge-triggered */
	LOOP_HANGUP = 1 << 3,      /* reported always: the other side has closed both directions, or an error stands */
	LOOP_PEER_CLOSED = 1 << 4, /* the other side has closed its sending direction (EPOLLRDHUP) */
	LOOP_PRIORITY = 1 << 5,    /* its callback runs before the others' of the same round */
	LOOP_URGENT = 1 << 6,      /* TCP's urgent data (EPOLLPRI) */
	LOOP_ERROR = 1 << 7,       /* reported always, beside LOOP_HANGUP: an error stands */
};

struct loop_io;
typedef void loop_io_fn(struct loop_io *io, unsigned events);

struct loop_io {
	loop_io_fn *fn;
	int fd;
	unsigned events;
	bool added;
};

struct loop_timer;
typedef void loop_timer_fn(struct loop_timer *timer, struct mono now);

struct loop_timer {
	loop_timer_fn *fn;
	struct mono at;
	size_t place; /* in its heap, from 1; 0 while it is not set */
	bool urgent;
};

typedef void loop_signal_fn(void *context, int signal_number);

MUST_USE int loop_new(struct loop **ret_loop);
/* Frees the loop; watches and timers that are left are forgotten. Accepts NULL. */
void loop_free(struct loop *loop);

/* Watches `fd`, which stays the caller's. Negative errno of epoll_ctl(2). */
MUST_USE int loop_io_add(struct loop *loop, struct loop_io *io, int fd, unsigned events, loop_io_fn *fn);
MUST_USE int loop_io_change(struct loop *loop, struct loop_io *io, unsigned events);
/* No further callback comes for `io`. To be called before the descriptor is closed. Does nothing when not added. */
void loop_io_remove(struct loop *loop, struct loop_io *io);
/*
 * The same, for a descriptor without duplicates that is closed next: the kernel then drops the watch by itself, and a
 * system call is saved.
 */
void loop_io_forget(struct loop *loop, struct loop_io *io);

/* Calls `fn` once at `at` or soon after; replaces an earlier setting. -ENOMEM. */
MUST_USE int loop_timer_set(struct loop *loop, struct loop_timer *timer, struct mono at, loop_timer_fn *fn);
/*
 * The same for what outranks the rest. Those that are due go before all other timers, and whatever falls due while a
 * round is worked off goes between any two others, and between any two descriptors: it waits for one callback at most.
 */
MUST_USE int loop_timer_set_urgent(struct loop *loop, struct loop_timer *timer, struct mono at, loop_timer_fn *fn);
void loop_timer_clear(struct loop *loop, struct loop_timer *timer);
static inline bool loop_timer_is_set(const struct loop_timer *timer)
{
	return timer->place != 0;
}

/*
 * Blocks the `count` signals in the calling thread (call it before other threads start) and has `fn` called for each
 * that comes. Once a loop. A child that is to take them must unblock them.
 */
MUST_USE int loop_signals(struct loop *loop, const int *signals, size_t count, loop_signal_fn *fn, void *context);

/* The time at which the current round began; to be preferred to the clock where nanoseconds do not matter. */
struct mono loop_now(const struct loop *loop);

/*
 * `fn` is called at the end of each round, after all callbacks and before the loop sleeps again: what a round has
 * gathered is done once. One a loop.
 */
void loop_after_round(struct loop *loop, void (*fn)(void *context), void *context);

/* Runs until loop_stop. Negative errno when epoll itself fails. */
MUST_USE int loop_run(struct loop *loop);
/* Ends loop_run after the current round. */
void loop_stop(struct loop *loop);

#endif
