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

#define LIST_ENTRY(link, type, member) CONTAINER_OF(link, type, member)

/* Walks the list `head`; the entry at hand may be removed and freed in the body. */
#define LIST_FOR_EACH(entry, head, member) \
	for (struct list *link_ = (head)->next, *next_ = link_->next; \
		link_ != (head) && ((entry) = LIST_ENTRY(link_, __typeof__(*(entry)), member), true); \
		link_ = next_, next_ = link_->next)

#endif
