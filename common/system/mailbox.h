/* SPDX-License-Identifier: MIT */
/*
 * The way of messages from one thread to another: a ring of pointers with room for so many, which one thread posts into
 * and one takes from, in order. Nobody waits and nothing is allocated on the way; whose a message is goes over with it.
 */
#ifndef LBPAIR_COMMON_SYSTEM_MAILBOX_H
#define LBPAIR_COMMON_SYSTEM_MAILBOX_H

#include "common/system/loop.h"

struct mailbox;
typedef void mailbox_fn(void *context, void *message);

/* `capacity` is a power of two. Negative errno. */
MUST_USE int mailbox_new(size_t capacity, struct mailbox **ret_mailbox);
/* Neither side uses it any more; what is still in it is forgotten. Accepts NULL. */
void mailbox_free(struct mailbox *mailbox);

/* The sender's: false: it is full. */
MUST_USE bool mailbox_post(struct mailbox *mailbox, void *message);

/*
 * The receiver's: has `fn` called in its loop, for one message a round, so that what else the loop has to do comes in
 * between; may be called before the loop runs. mailbox_close ends it. Negative errno.
 */
MUST_USE int mailbox_open(struct mailbox *mailbox, struct loop *loop, mailbox_fn *fn, void *context);
void mailbox_close(struct mailbox *mailbox);

/*
 * The receiver's, without a loop or from within it: the next message; NULL, there is none. mailbox_wait waits until
 * there is one, or until `limit`.
 */
void *mailbox_take(struct mailbox *mailbox);
void mailbox_wait(struct mailbox *mailbox, struct mono limit);

#endif
