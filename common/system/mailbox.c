/* SPDX-License-Identifier: MIT */
#include "common/system/mailbox.h"

#include "common/system/clock.h"
#include "common/system/fd.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>

struct mailbox {
	/* Each is written by one side: how many have been posted, and taken. */
	_Atomic size_t posted;
	_Atomic size_t taken;
	size_t capacity;
	void **messages;
	int fd; /* counts the messages */

	/* The receiver's. */
	struct loop *loop;
	struct loop_io io;
	mailbox_fn *fn;
	void *context;
};

int mailbox_new(size_t capacity, struct mailbox **ret_mailbox)
{
	struct mailbox *mailbox = calloc(1, sizeof *mailbox);
	int r;

	assert(capacity > 0 && (capacity & (capacity - 1)) == 0);
	if (mailbox == NULL)
		return -ENOMEM;
	mailbox->capacity = capacity;
	mailbox->messages = calloc(capacity, sizeof(void *));
	mailbox->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	r = mailbox->fd < 0 ? -errno : mailbox->messages == NULL ? -ENOMEM : 0;
	if (r < 0)
		mailbox_free(mailbox);
	else
		*ret_mailbox = mailbox;
	return r;
}

void mailbox_free(struct mailbox *mailbox)
{
	if (mailbox == NULL)
		return;
	mailbox_close(mailbox);
	fd_close(&mailbox->fd);
	free(mailbox->messages);
	free(mailbox);
}

bool mailbox_post(struct mailbox *mailbox, void *message)
{
	size_t posted = atomic_load_explicit(&mailbox->posted, memory_order_relaxed);

	if (posted - atomic_load_explicit(&mailbox->taken, memory_order_acquire) == mailbox->capacity)
		return false;
	mailbox->messages[posted & (mailbox->capacity - 1)] = message;
	atomic_store_explicit(&mailbox->posted, posted + 1, memory_order_release);
	/* It never holds more than the capacity, so this cannot fail. */
	(void)eventfd_write(mailbox->fd, 1);
	return true;
}

void *mailbox_take(struct mailbox *mailbox)
{
	size_t taken = atomic_load_explicit(&mailbox->taken, memory_order_relaxed);
	eventfd_t one;
	void *message;

	if (eventfd_read(mailbox->fd, &one) < 0 ||
		taken == atomic_load_explicit(&mailbox->posted, memory_order_acquire))
		return NULL;
	message = mailbox->messages[taken & (mailbox->capacity - 1)];
	atomic_store_explicit(&mailbox->taken, taken + 1, memory_order_release);
	return message;
}

void mailbox_wait(struct mailbox *mailbox, struct mono limit)
{
	struct pollfd poll_fd = {.fd = mailbox->fd, .events = POLLIN};
	int64_t left_ns = mono_is_never(limit) ? 0 : MAX(mono_diff(limit, clock_mono()), INT64_C(0));
	struct timespec left = {.tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S};

	(void)ppoll(&poll_fd, 1, mono_is_never(limit) ? NULL : &left, NULL);
}

static void on_mail(struct loop_io *io, unsigned events)
{
	struct mailbox *mailbox = CONTAINER_OF(io, struct mailbox, io);
	void *message = mailbox_take(mailbox);

	(void)events;
	if (message != NULL)
		mailbox->fn(mailbox->context, message);
}

int mailbox_open(struct mailbox *mailbox, struct loop *loop, mailbox_fn *fn, void *context)
{
	mailbox->loop = loop;
	mailbox->fn = fn;
	mailbox->context = context;
	return loop_io_add(loop, &mailbox->io, mailbox->fd, LOOP_READ, on_mail);
}

void mailbox_close(struct mailbox *mailbox)
{
	if (mailbox->loop != NULL)
		loop_io_remove(mailbox->loop, &mailbox->io);
}
