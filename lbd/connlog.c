/* SPDX-License-Identifier: MIT */
#include "lbd/connlog.h"

#include "common/pure/mono.h"
#include "common/system/clock.h"
#include "common/system/fd.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* In the time between two looks at them the rings must not overflow with what a worker can bring. */
#define RING_RECORDS 4096
#define LOOK_MS 20
#define LINES_A_LOOK (CONNLOG_LINES_A_SECOND * LOOK_MS / 1000)
#define TELL_DROPPED_NS NS_PER_S
/* How long a full stderr is waited for before the rings are looked at again; and in all at the end. */
#define STDERR_WAIT_MS 100
#define FAREWELL_NS NS_PER_S

struct connlog {
	struct record_ring **rings;
	unsigned count;
	int wake_fd;
	_Atomic bool on;
	_Atomic bool ending;
	pthread_t thread;
	bool thread_runs;

	/* The thread's. */
	uint64_t dropped_told;
	struct mono told_at;
	struct log_line line;
};

uint64_t connlog_dropped(const struct connlog *connlog)
{
	uint64_t dropped = 0;

	for (unsigned i = 0; i < connlog->count; i++)
		dropped += record_ring_dropped(connlog->rings[i]);
	return dropped;
}

/* In the thread. */

/* Waits for stderr a moment. False: it does not take the line. */
static bool send_line(const struct log_line *line)
{
	struct pollfd at = {.fd = STDERR_FILENO, .events = POLLOUT};

	if (log_line_send(line))
		return true;
	return poll(&at, 1, STDERR_WAIT_MS) == 1 && log_line_send(line);
}

static bool tell_dropped(struct connlog *connlog)
{
	uint64_t dropped = connlog_dropped(connlog);
	struct mono now = clock_mono();

	if (dropped == connlog->dropped_told || mono_diff(now, connlog->told_at) < TELL_DROPPED_NS)
		return true;
	log_line_format(&connlog->line, LOG_LEVEL_WARNING, "connections ended faster than they could be logged",
		(const struct log_field[]){log_uint("not_logged", dropped - connlog->dropped_told), {0}});
	if (!send_line(&connlog->line))
		return false;
	connlog->dropped_told = dropped;
	connlog->told_at = now;
	return true;
}

/* How many lines, `most` at most, have been written; below 0: stderr takes no more. */
static int write_ring(struct connlog *connlog, struct record_ring *ring, int most)
{
	const struct record *record;
	int count = 0;

	while (count < most && (record = record_ring_first(ring)) != NULL) {
		record_line(record, &connlog->line);
		if (!send_line(&connlog->line))
			return -EAGAIN;
		record_ring_pop(ring);
		count++;
	}
	return count;
}

/* Each ring has its share. The same. */
static int write_round(struct connlog *connlog, int most)
{
	int count = 0;

	for (unsigned i = 0; i < connlog->count; i++) {
		int left = most - count, rings = (int)(connlog->count - i);
		int written = write_ring(connlog, connlog->rings[i], (left + rings - 1) / rings);

		if (written < 0)
			return written;
		count += written;
	}
	return count;
}

/* What some rings have not used of their shares is for the others. The same. */
static int write_some(struct connlog *connlog, int most)
{
	int count = 0, written;

	if (!tell_dropped(connlog))
		return -EAGAIN;
	do {
		written = write_round(connlog, most - count);
		if (written < 0)
			return written;
		count += written;
	} while (written > 0 && count < most);
	return count;
}

static void say_farewell(struct connlog *connlog)
{
	struct mono until = mono_add(clock_mono(), FAREWELL_NS);

	connlog->told_at.ns -= TELL_DROPPED_NS;
	while (!mono_reached(until, clock_mono()) && write_some(connlog, LINES_A_LOOK) > 0)
		continue;
}

static void *connlog_main(void *context)
{
	struct connlog *connlog = context;
	struct pollfd wake = {.fd = connlog->wake_fd, .events = POLLIN};
	int written = 0;

	while (!atomic_load(&connlog->ending)) {
		bool busy = atomic_load(&connlog->on) || written > 0;
		eventfd_t count;

		if (poll(&wake, 1, busy ? LOOK_MS : -1) == 1)
			(void)eventfd_read(connlog->wake_fd, &count);
		written = write_some(connlog, LINES_A_LOOK);
	}
	say_farewell(connlog);
	return NULL;
}

/* In the control thread. */

static void wake(struct connlog *connlog)
{
	/* It can fail only where the counter is full, and then the thread has been told. */
	(void)eventfd_write(connlog->wake_fd, 1);
}

int connlog_new(unsigned workers, struct connlog **ret_connlog)
{
	struct connlog *connlog = calloc(1, sizeof *connlog);
	int r = 0;

	if (connlog == NULL)
		return -ENOMEM;
	connlog->told_at = (struct mono){-TELL_DROPPED_NS};
	connlog->rings = calloc(MAX(workers, 1u), sizeof(struct record_ring *));
	connlog->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (connlog->wake_fd < 0)
		r = -errno;
	else if (connlog->rings == NULL)
		r = -ENOMEM;
	while (r == 0 && connlog->count < workers) {
		r = record_ring_new(RING_RECORDS, &connlog->rings[connlog->count]);
		if (r == 0)
			connlog->count++;
	}
	if (r < 0)
		connlog_free(connlog);
	else
		*ret_connlog = connlog;
	return r;
}

void connlog_free(struct connlog *connlog)
{
	if (connlog == NULL)
		return;
	if (connlog->thread_runs) {
		atomic_store(&connlog->ending, true);
		wake(connlog);
		pthread_join(connlog->thread, NULL);
	}
	for (unsigned i = 0; i < connlog->count; i++)
		record_ring_free(connlog->rings[i]);
	free(connlog->rings);
	fd_close(&connlog->wake_fd);
	free(connlog);
}

/* Signals are the control thread's, which has blocked those that it takes from a descriptor; the rest as well here. */
static int start_thread(struct connlog *connlog)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = -pthread_create(&connlog->thread, NULL, connlog_main, connlog);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	connlog->thread_runs = r == 0;
	return r;
}

int connlog_set(struct connlog *connlog, bool on)
{
	int r = on && !connlog->thread_runs ? start_thread(connlog) : 0;

	if (r < 0)
		return r;
	atomic_store(&connlog->on, on);
	if (connlog->thread_runs)
		wake(connlog);
	return 0;
}

struct record_ring *connlog_ring(struct connlog *connlog, unsigned worker)
{
	assert(worker < connlog->count);
	return connlog->rings[worker];
}
