/* SPDX-License-Identifier: MIT */
#include "vrrpd/scribe.h"

#include "common/system/clock.h"
#include "common/system/log.h"
#include "common/system/mailbox.h"
#include "common/system/thread.h"
#include "vrrpd/place.h"
#include "vrrpd/priority.h"

#include <errno.h>
#include <string.h>

/* A removal and a write for each vip, and as many again of earlier tenures, and of strays. */
#define ORDERS_MAX ((size_t)16 * CONF_VIPS_MAX)

/* Made and freed by the thread of the adverts, so that the two threads' heaps do not meet. */
struct write {
	struct backlog_item item;
	struct list link; /* of its owner's orders */
	void *owner;
	struct write_order order;
	int result;
	int64_t boot_ns;
	struct prefix addresses[];
};

struct scribe {
	struct mailbox *in;
	struct mailbox *back;
	const struct fence *fence;
	write_fn *fn;
	void *context;
	size_t out;
	pthread_t thread;
	bool runs;
	bool closed;

	/* The thread's; before and after it, of who calls scribe_close. */
	struct address_socket *addresses;
	struct macvlan_socket *macvlans;
	struct list backlog;
};

static void post(struct mailbox *mailbox, void *message)
{
	/* No mailbox is ever full: ORDERS_MAX. */
	bool posted = mailbox_post(mailbox, message);

	assert(posted);
	(void)posted;
}

/* In the thread. */

static bool is_whole(const struct scribe *scribe, const struct write *write)
{
	return lease_is_whole(&write->order.lease, fence_epoch(scribe->fence), clock_boot_ns());
}

static void set_up(struct scribe *scribe, const struct write *write, bool up)
{
	int r = place_set_up(scribe->macvlans, write->order.place.macvlans, up);

	if (r < 0 && r != -ENODEV)
		log_error("the virtual MAC's interface could not be changed", log_int("vrid", write->order.place.vrid),
			log_errno(r));
}

static int write_lease(struct scribe *scribe, struct write *write)
{
	place_fn *fn = write->order.kind == WRITE_INSTALL ? address_install : address_renew;
	const struct fence_vip *place = &write->order.place;
	int r;

	if (write->order.raise)
		set_up(scribe, write, true);
	write->boot_ns = clock_boot_ns();
	if (!is_whole(scribe, write))
		return -ESTALE;
	r = place_write(scribe->addresses, place, fn, (unsigned)(write->order.lease_ns / NS_PER_S));
	if (is_whole(scribe, write))
		return r;
	r = place_remove(scribe->addresses, place);
	if (r < 0 && r != -ENODEV)
		log_error("the addresses could not be removed; their lease ends by itself",
			log_int("vrid", place->vrid), log_errno(r));
	return -ESTALE;
}

static void carry_out(struct scribe *scribe, struct write *write)
{
	switch (write->order.kind) {
	case WRITE_INSTALL:
	case WRITE_RENEW:
		write->result = write_lease(scribe, write);
		break;
	case WRITE_REMOVE:
	case WRITE_TAKE_AWAY:
		write->result = place_remove(scribe->addresses, &write->order.place);
		break;
	case WRITE_KIND_COUNT:
		abort();
	}
	if (write->order.lower)
		set_up(scribe, write, false);
	post(scribe->back, write);
}

/* Takes in all that has been ordered by now. False: the farewell was among it. */
static bool take_orders(struct scribe *scribe)
{
	struct backlog_item *item;
	struct list dropped;
	struct write *write;
	bool goes_on = true;
	void *message;

	list_init(&dropped);
	while ((message = mailbox_take(scribe->in)) != NULL) {
		write = message;
		/* The farewell. */
		if (message == scribe)
			goes_on = false;
		else
			backlog_add(&scribe->backlog, &write->item, &dropped);
	}
	while ((item = backlog_take(&dropped)) != NULL) {
		write = CONTAINER_OF(item, struct write, item);
		write->result = -ECANCELED;
		post(scribe->back, write);
	}
	return goes_on;
}

/* Below the adverts, which must not wait for a processor on which this thread spins for the kernel's lock. */
static void claim_priority(void)
{
	int r = priority_claim(PRIORITY_SCRIBE);

	if (r < 0)
		log_info("no real-time priority is to be had for the addresses", log_errno(r));
}

/* Until nothing waits. False: the farewell was among it. */
static bool work_off(struct scribe *scribe)
{
	struct backlog_item *item;
	bool goes_on = true;

	/* Each time anew, since what comes meanwhile may spare a write. */
	while (goes_on &= take_orders(scribe), (item = backlog_take(&scribe->backlog)) != NULL)
		carry_out(scribe, CONTAINER_OF(item, struct write, item));
	return goes_on;
}

static void *scribe_main(void *context)
{
	struct scribe *scribe = context;

	claim_priority();
	while (work_off(scribe))
		mailbox_wait(scribe->in, MONO_NEVER);
	return NULL;
}

/* In the thread of the adverts. */

static void on_back(void *context, void *message)
{
	struct scribe *scribe = context;
	struct write *write = message;
	const struct write_end end = {.order = &write->order, .result = write->result, .boot_ns = write->boot_ns};

	scribe->out--;
	list_remove(&write->link);
	scribe->fn(scribe->context, write->owner, &end);
	free(write);
}

int scribe_order(struct scribe *scribe, const struct write_order *order, void *owner, struct list *orders)
{
	size_t count = order->place.address_count;
	struct write *write;

	assert(!scribe->closed);
	if (scribe->out == ORDERS_MAX - 1)
		return -EAGAIN;
	write = calloc(1, sizeof *write + count * sizeof *write->addresses);
	if (write == NULL)
		return -ENOMEM;
	write->item = (struct backlog_item){.kind = order->kind, .tenure = order->tenure};
	write->owner = owner;
	write->order = *order;
	if (count > 0)
		memcpy(write->addresses, order->place.addresses, count * sizeof *write->addresses);
	write->order.place.addresses = write->addresses;
	list_append(orders, &write->link);
	scribe->out++;
	post(scribe->in, write);
	return 0;
}

void scribe_disown(struct list *orders)
{
	struct write *write;

	LIST_FOR_EACH(write, orders, link)
	{
		list_remove(&write->link);
		write->owner = NULL;
	}
}

bool scribe_is_idle(const struct scribe *scribe)
{
	return scribe->out == 0;
}

static void report_all(struct scribe *scribe)
{
	void *message;

	while ((message = mailbox_take(scribe->back)) != NULL)
		on_back(scribe, message);
}

void scribe_settle(struct scribe *scribe, int64_t limit_ns)
{
	struct mono limit = mono_add(clock_mono(), limit_ns);

	while (scribe->runs && scribe->out > 0 && !mono_reached(limit, clock_mono())) {
		mailbox_wait(scribe->back, limit);
		report_all(scribe);
	}
}

/* Life. */

int scribe_new(struct loop *loop, const struct fence *fence, write_fn *fn, void *context, struct scribe **ret_scribe)
{
	struct scribe *scribe = calloc(1, sizeof *scribe);
	int r;

	if (scribe == NULL)
		return -ENOMEM;
	scribe->fence = fence;
	scribe->fn = fn;
	scribe->context = context;
	list_init(&scribe->backlog);
	r = address_open(&scribe->addresses);
	if (r == 0)
		r = macvlan_open_switch(&scribe->macvlans);
	if (r == 0)
		r = mailbox_new(ORDERS_MAX, &scribe->in);
	if (r == 0)
		r = mailbox_new(ORDERS_MAX, &scribe->back);
	if (r == 0)
		r = mailbox_open(scribe->back, loop, on_back, scribe);
	if (r < 0)
		scribe_free(scribe);
	else
		*ret_scribe = scribe;
	return r;
}

int scribe_begin(struct scribe *scribe)
{
	int r = thread_start(&scribe->thread, "vrrpd-scribe", scribe_main, scribe);

	scribe->runs = r == 0;
	return r;
}

void scribe_close(struct scribe *scribe)
{
	if (scribe == NULL || scribe->closed)
		return;
	if (scribe->runs) {
		post(scribe->in, scribe);
		pthread_join(scribe->thread, NULL);
		scribe->runs = false;
	}
	/* Who is told may order more. */
	do {
		(void)work_off(scribe);
		report_all(scribe);
	} while (scribe->out > 0);
	scribe->closed = true;
}

void scribe_free(struct scribe *scribe)
{
	if (scribe == NULL)
		return;
	mailbox_free(scribe->in);
	mailbox_free(scribe->back);
	address_close(scribe->addresses);
	macvlan_close(scribe->macvlans);
	free(scribe);
}
