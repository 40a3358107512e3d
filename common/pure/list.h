/* SPDX-License-Identifier: MIT */
/* An intrusive doubly linked list. A link that is in no list points at itself, so removing it twice does no harm. */
#ifndef LBPAIR_COMMON_PURE_LIST_H
#define LBPAIR_COMMON_PURE_LIST_H

#include "common/pure/base.h"

struct list {
	struct list *next;
	struct list *previous;
};

static inline void list_init(struct list *list)
{
	list->next = list;
	list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->next == list;
}

static inline void list_append(struct list *list, struct list *link)
{
	link->previous = list->previous;
	link->next = list;
	list->previous->next = link;
	list->previous = link;
}

static inline void list_remove(struct list *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
	list_init(link);
}

/* Moves all links of `from` to `to`, which needs no list_init: what is appended to `from` meanwhile is not met. */
static inline void list_take_all(struct list *from, struct list *to)
{
	list_init(to);
	if (list_is_empty(from))
		return;
	*to = *from;
	to->next->previous = to;
	to->previous->next = to;
	list_init(from);
}

#define LIST_ENTRY(link, type, member) CONTAINER_OF(link, type, member)

/* Walks the list `head`; the entry at hand may be removed and freed in the body. */
#define LIST_FOR_EACH(entry, head, member) \
	for (struct list *link_ = (head)->next, *next_ = link_->next; \
		link_ != (head) && ((entry) = LIST_ENTRY(link_, __typeof__(*(entry)), member), true); \
		link_ = next_, next_ = link_->next)

#endif
