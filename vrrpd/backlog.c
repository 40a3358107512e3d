/* SPDX-License-Identifier: MIT */
#include "vrrpd/backlog.h"

static bool is_void_behind(const struct backlog_item *waiting, const struct backlog_item *item)
{
	switch (waiting->kind) {
	case WRITE_INSTALL:
	case WRITE_RENEW:
		return item->kind == WRITE_REMOVE && item->tenure == waiting->tenure;
	case WRITE_REMOVE:
	case WRITE_TAKE_AWAY:
	case WRITE_KIND_COUNT:
		break;
	}
	return false;
}

void backlog_add(struct list *backlog, struct backlog_item *item, struct list *dropped)
{
	struct backlog_item *waiting;

	LIST_FOR_EACH(waiting, backlog, link)
	{
		if (!is_void_behind(waiting, item))
			continue;
		list_remove(&waiting->link);
		list_append(dropped, &waiting->link);
	}
	list_append(backlog, &item->link);
}

struct backlog_item *backlog_take(struct list *backlog)
{
	struct backlog_item *item;

	if (list_is_empty(backlog))
		return NULL;
	item = LIST_ENTRY(backlog->next, struct backlog_item, link);
	list_remove(&item->link);
	return item;
}
