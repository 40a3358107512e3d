/* SPDX-License-Identifier: MIT */
#include "common/system/loop.h"

#include "common/system/clock.h"
#include "common/system/fd.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#define EVENTS_PER_ROUND 128
/* Then descriptors have their turn again. */
#define TIMERS_PER_ROUND 32

/* A binary heap, earliest first; timers[0] is unused so that place 0 can mean "not set". */
struct heap {
	struct loop_timer **timers;
	size_t count;
	size_t capacity;
};

struct loop {
	int epoll_fd;
	bool stopping;
	struct mono now;

	/* The events of the current round that are not dispatched yet: [next, count). */
	struct epoll_event events[EVENTS_PER_ROUND];
	int next;
	int count;

	struct heap timers;
	struct heap urgent;

	struct loop_io signal_io;
	int signal_fd;
	loop_signal_fn *signal_fn;
	void *signal_context;

	void (*after_round)(void *context);
	void *after_round_context;
};

int loop_new(struct loop **ret_loop)
{
	AUTO_FD epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	struct loop *loop;

	if (epoll_fd < 0)
		return -errno;
	loop = calloc(1, sizeof *loop);
	if (loop == NULL)
		return -ENOMEM;
	loop->epoll_fd = fd_take(&epoll_fd);
	loop->signal_fd = -1;
	loop->now = clock_mono();
	*ret_loop = loop;
	return 0;
}

void loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	fd_close(&loop->signal_fd);
	fd_close(&loop->epoll_fd);
	free(loop->timers.timers);
	free(loop->urgent.timers);
	free(loop);
}

struct mono loop_now(const struct loop *loop)
{
	return loop->now;
}

void loop_stop(struct loop *loop)
{
	loop->stopping = true;
}

void loop_after_round(struct loop *loop, void (*fn)(void *context), void *context)
{
	loop->after_round = fn;
	loop->after_round_context = context;
}

/* Timers. */

static bool heap_is_due(const struct heap *heap, struct mono now)
{
	return heap->count > 0 && mono_reached(heap->timers[1]->at, now);
}

static void heap_put(struct heap *heap, size_t place, struct loop_timer *timer)
{
	heap->timers[place] = timer;
	timer->place = place;
}

static void heap_rise(struct heap *heap, size_t place, struct loop_timer *timer)
{
	for (; place > 1 && mono_before(timer->at, heap->timers[place / 2]->at); place /= 2)
		heap_put(heap, place, heap->timers[place / 2]);
	heap_put(heap, place, timer);
}

static void heap_sink(struct heap *heap, size_t place, struct loop_timer *timer)
{
	size_t child;

	while ((child = 2 * place) <= heap->count) {
		if (child < heap->count && mono_before(heap->timers[child + 1]->at, heap->timers[child]->at))
			child++;
		if (!mono_before(heap->timers[child]->at, timer->at))
			break;
		heap_put(heap, place, heap->timers[child]);
		place = child;
	}
	heap_put(heap, place, timer);
}

/* Moves the timer at `place` to where its time belongs. */
static void heap_settle(struct heap *heap, size_t place, struct loop_timer *timer)
{
	if (place > 1 && mono_before(timer->at, heap->timers[place / 2]->at))
		heap_rise(heap, place, timer);
	else
		heap_sink(heap, place, timer);
}

static int heap_grow(struct heap *heap)
{
	size_t capacity = MAX((size_t)64, heap->capacity * 2);
	struct loop_timer **timers;

	if (heap->count + 1 < heap->capacity)
		return 0;
	timers = reallocarray(heap->timers, capacity, sizeof(struct loop_timer *));
	if (timers == NULL)
		return -ENOMEM;
	heap->timers = timers;
	heap->capacity = capacity;
	return 0;
}

static int heap_set(struct heap *heap, struct loop_timer *timer, struct mono at, loop_timer_fn *fn)
{
	timer->fn = fn;
	timer->at = at;
	if (timer->place == 0) {
		int r = heap_grow(heap);

		if (r < 0)
			return r;
		heap_rise(heap, ++heap->count, timer);
	} else {
		heap_settle(heap, timer->place, timer);
	}
	return 0;
}

static void heap_remove(struct heap *heap, struct loop_timer *timer)
{
	size_t place = timer->place;
	struct loop_timer *last;

	if (place == 0)
		return;
	timer->place = 0;
	last = heap->timers[heap->count--];
	if (last != timer)
		heap_settle(heap, place, last);
}

static int set_timer(struct loop *loop, struct loop_timer *timer, bool urgent, struct mono at, loop_timer_fn *fn)
{
	if (timer->urgent != urgent)
		loop_timer_clear(loop, timer);
	timer->urgent = urgent;
	return heap_set(urgent ? &loop->urgent : &loop->timers, timer, at, fn);
}

int loop_timer_set(struct loop *loop, struct loop_timer *timer, struct mono at, loop_timer_fn *fn)
{
	return set_timer(loop, timer, false, at, fn);
}

int loop_timer_set_urgent(struct loop *loop, struct loop_timer *timer, struct mono at, loop_timer_fn *fn)
{
	return set_timer(loop, timer, true, at, fn);
}

void loop_timer_clear(struct loop *loop, struct loop_timer *timer)
{
	heap_remove(timer->urgent ? &loop->urgent : &loop->timers, timer);
}

static void fire(struct heap *heap, struct mono now)
{
	struct loop_timer *timer = heap->timers[1];

	heap_remove(heap, timer);
	timer->fn(timer, now);
}

/* By the clock, once: one that is set again for now lets another callback pass. */
static void fire_urgent(struct loop *loop)
{
	struct mono now;

	if (loop->urgent.count == 0)
		return;
	now = clock_mono();
	while (heap_is_due(&loop->urgent, now))
		fire(&loop->urgent, now);
}

/* Fires what was due when the round began; a timer that is set again for now waits for the next round. */
static void fire_timers(struct loop *loop)
{
	fire_urgent(loop);
	for (int i = 0; i < TIMERS_PER_ROUND && heap_is_due(&loop->timers, loop->now); i++) {
		fire(&loop->timers, loop->now);
		fire_urgent(loop);
	}
}

static struct mono heap_next(const struct heap *heap)
{
	return heap->count > 0 ? heap->timers[1]->at : MONO_NEVER;
}

/* Descriptors. */

static uint32_t to_epoll(unsigned events)
{
	uint32_t mask = 0;

	if (events & LOOP_READ)
		mask |= EPOLLIN;
	if (events & LOOP_WRITE)
		mask |= EPOLLOUT;
	if (events & LOOP_EDGE)
		mask |= EPOLLET;
	if (events & LOOP_PEER_CLOSED)
		mask |= EPOLLRDHUP;
	if (events & LOOP_URGENT)
		mask |= EPOLLPRI;
	return mask;
}

static unsigned from_epoll(uint32_t mask)
{
	unsigned events = 0;

	if (mask & EPOLLIN)
		events |= LOOP_READ;
	if (mask & EPOLLOUT)
		events |= LOOP_WRITE;
	if (mask & EPOLLRDHUP)
		events |= LOOP_PEER_CLOSED;
	if (mask & EPOLLPRI)
		events |= LOOP_URGENT;
	if (mask & (EPOLLHUP | EPOLLERR))
		events |= LOOP_HANGUP;
	if (mask & EPOLLERR)
		events |= LOOP_ERROR;
	return events;
}

static int io_control(struct loop *loop, int operation, struct loop_io *io)
{
	struct epoll_event event = {.events = to_epoll(io->events), .data.ptr = io};

	return epoll_ctl(loop->epoll_fd, operation, io->fd, &event) < 0 ? -errno : 0;
}

int loop_io_add(struct loop *loop, struct loop_io *io, int fd, unsigned events, loop_io_fn *fn)
{
	int r;

	assert(!io->added);
	*io = (struct loop_io){.fn = fn, .fd = fd, .events = events};
	r = io_control(loop, EPOLL_CTL_ADD, io);
	io->added = r == 0;
	return r;
}

int loop_io_change(struct loop *loop, struct loop_io *io, unsigned events)
{
	unsigned before = io->events;
	int r;

	assert(io->added);
	io->events = events;
	r = io_control(loop, EPOLL_CTL_MOD, io);
	if (r < 0)
		io->events = before;
	return r;
}

void loop_io_remove(struct loop *loop, struct loop_io *io)
{
	if (!io->added)
		return;
	(void)io_control(loop, EPOLL_CTL_DEL, io);
	loop_io_forget(loop, io);
}

void loop_io_forget(struct loop *loop, struct loop_io *io)
{
	io->added = false;
	for (int i = loop->next; i < loop->count; i++) {
		if (loop->events[i].data.ptr == io)
			loop->events[i].data.ptr = NULL;
	}
}

static void dispatch_one(struct loop *loop, int i)
{
	struct loop_io *io = loop->events[i].data.ptr;

	if (io == NULL)
		return;
	loop->events[i].data.ptr = NULL;
	io->fn(io, from_epoll(loop->events[i].events));
}

static void dispatch(struct loop *loop)
{
	/* The whole round stays in view of loop_io_remove while those with priority go first. */
	loop->next = 0;
	for (int i = 0; i < loop->count; i++) {
		struct loop_io *io = loop->events[i].data.ptr;

		if (io != NULL && (io->events & LOOP_PRIORITY)) {
			dispatch_one(loop, i);
			fire_urgent(loop);
		}
	}
	for (int i = 0; i < loop->count; i++) {
		loop->next = i + 1;
		dispatch_one(loop, i);
		fire_urgent(loop);
	}
	loop->count = 0;
}

/* Rounds. */

static int wait_for_events(struct loop *loop)
{
	struct mono next = mono_min(heap_next(&loop->timers), heap_next(&loop->urgent));
	struct timespec timeout = {0};
	struct timespec *until = NULL;

	if (!mono_is_never(next)) {
		int64_t wait_ns = MAX(mono_diff(next, clock_mono()), INT64_C(0));

		timeout.tv_sec = wait_ns / NS_PER_S;
		timeout.tv_nsec = wait_ns % NS_PER_S;
		until = &timeout;
	}
	loop->count = epoll_pwait2(loop->epoll_fd, loop->events, EVENTS_PER_ROUND, until, NULL);
	if (loop->count >= 0)
		return 0;
	loop->count = 0;
	return errno == EINTR ? 0 : -errno;
}

int loop_run(struct loop *loop)
{
	loop->stopping = false;
	while (!loop->stopping) {
		int r = wait_for_events(loop);

		if (r < 0)
			return r;
		loop->now = clock_mono();
		dispatch(loop);
		fire_timers(loop);
		if (loop->after_round != NULL)
			loop->after_round(loop->after_round_context);
	}
	return 0;
}

/* Signals. */

static void on_signal(struct loop_io *io, unsigned events)
{
	struct loop *loop = CONTAINER_OF(io, struct loop, signal_io);
	struct signalfd_siginfo info;

	(void)events;
	while (read(io->fd, &info, sizeof info) == (ssize_t)sizeof info)
		loop->signal_fn(loop->signal_context, (int)info.ssi_signo);
}

int loop_signals(struct loop *loop, const int *signals, size_t count, loop_signal_fn *fn, void *context)
{
	AUTO_FD fd = -1;
	sigset_t set;
	int r;

	assert(loop->signal_fd < 0);
	sigemptyset(&set);
	for (size_t i = 0; i < count; i++)
		sigaddset(&set, signals[i]);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	r = pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (r != 0)
		return -r;
	loop->signal_fn = fn;
	loop->signal_context = context;
	r = loop_io_add(loop, &loop->signal_io, fd, LOOP_READ, on_signal);
	if (r < 0)
		return r;
	loop->signal_fd = fd_take(&fd);
	return 0;
}
