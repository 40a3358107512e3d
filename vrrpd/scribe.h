/* SPDX-License-Identifier: MIT */
/*
 * Writes addresses in a thread of its own: rtnetlink(7) waits for the kernel's one lock, which whoever creates or
 * deletes interfaces on this host holds for tens of milliseconds, and adverts do not wait for that (DESIGN section
 * 5.7). The thread of the adverts hands requests over and gets their ends back, in order, as events of its loop.
 *
 * A lease is looked at right before its addresses are written, and once more behind that: what the kernel put back
 * after the lease had lapsed, while the write waited for the lock, is taken away again at once (DESIGN section 5.1).
 *
 * The guardian is told nothing of it. A thread that waits in the kernel is no hang that a kill would mend: the
 * guardian's own removal would wait for the same lock, and the process could not end before its thread has it. The
 * lease says when it has taken too long; the thread of the adverts, which goes on, finds that out by itself.
 */
#ifndef LBPAIR_VRRPD_SCRIBE_H
#define LBPAIR_VRRPD_SCRIBE_H

#include "common/system/loop.h"
#include "vrrpd/backlog.h"
#include "vrrpd/fence.h"
#include "vrrpd/lease.h"

struct scribe;

struct write_order {
	enum write_kind kind;
	uint64_t tenure;
	struct fence_vip place; /* where, and which addresses; they are copied */
	struct lease lease;     /* of WRITE_INSTALL and WRITE_RENEW: the one that has to be whole, */
	int64_t lease_ns;       /* and what they are written for */
	bool raise;             /* its macvlans are brought up first */
	bool lower;             /* or taken down, last */
	bool says_goodbye;      /* for who asked: an advert of that priority follows */
	uint8_t priority;
};

struct write_end {
	const struct write_order *order;
	/* 0, an errno of address.h; -ESTALE: the lease was not whole, and the addresses are not there; -ECANCELED. */
	int result;
	int64_t boot_ns; /* CLOCK_BOOTTIME before it */
};

/* `owner`: NULL, it has gone meanwhile. */
typedef void write_fn(void *context, void *owner, const struct write_end *end);

/* `fn` is called in the loop, once for each order. Negative errno. */
MUST_USE int scribe_new(
	struct loop *loop, const struct fence *fence, write_fn *fn, void *context, struct scribe **ret_scribe);
/* Starts the thread; what was ordered before waits for that. Negative errno. */
MUST_USE int scribe_begin(struct scribe *scribe);
/*
 * Writes what is still waiting and ends the thread, which takes as long as the kernel takes; the ends are reported from
 * within. Nothing may be ordered after it. Accepts NULL, and may be called twice.
 */
void scribe_close(struct scribe *scribe);
/* After scribe_close. Accepts NULL. */
void scribe_free(struct scribe *scribe);

/* The order is noted in `orders`, a list of the owner's. -ENOMEM; -EAGAIN: too many are out. */
MUST_USE int scribe_order(struct scribe *scribe, const struct write_order *order, void *owner, struct list *orders);
/* The owner of those orders goes; they are carried out all the same. */
void scribe_disown(struct list *orders);
bool scribe_is_idle(const struct scribe *scribe);
/* Waits so long at most until all orders have been carried out and reported, from within. */
void scribe_settle(struct scribe *scribe, int64_t limit_ns);

#endif
