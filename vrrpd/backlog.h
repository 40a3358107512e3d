/* SPDX-License-Identifier: MIT */
/*
 * What the scribe's thread has yet to write, in the order in which it was asked for. Addresses that are about to go are
 * not written any more: who gives them up does not wait for renewals, and none of these comes behind the removal. Pure.
 */
#ifndef LBPAIR_VRRPD_BACKLOG_H
#define LBPAIR_VRRPD_BACKLOG_H

#include "common/pure/list.h"

enum write_kind {
	WRITE_INSTALL,   /* all of a vip's addresses, on one condition: that its lease is whole */
	WRITE_RENEW,     /* the same; what is gone is put back */
	WRITE_REMOVE,    /* all of them: the end of a tenure */
	WRITE_TAKE_AWAY, /* some addresses, whatever else is to be done */
	WRITE_KIND_COUNT,
};

struct backlog_item {
	struct list link;
	enum write_kind kind;
	uint64_t tenure; /* which writes it belongs to (tenure.h) */
};

/* Behind all others. A removal moves the writes of its tenure that are still waiting to `dropped`. */
void backlog_add(struct list *backlog, struct backlog_item *item, struct list *dropped);
/* The next one; NULL: there is none. */
struct backlog_item *backlog_take(struct list *backlog);

#endif
