/* SPDX-License-Identifier: MIT */
#include "lbd/status_calls.h"

#include "common/pure/list.h"
#include "lbd/status_page.h"

#include <errno.h>

/* So many things at once, and then the loop has this long for others. */
#define SLICE 100
#define PAUSE_NS NS_PER_MS
#define RESTARTS_MAX 3

struct asking {
	struct list link;
	struct control_call *call;
};

struct status_calls {
	struct loop *loop;
	const struct director *director;
	struct status_identity identity;
	struct loop_timer timer;
	struct list waiting;
	struct list served; /* by the page that is being written */
	bool busy;
	unsigned restarts;
	struct status_page *page;
};

static void begin(struct status_calls *calls);

static void refuse_all(struct list *list, const char *why)
{
	struct asking *asking;

	LIST_FOR_EACH(asking, list, link)
	{
		list_remove(&asking->link);
		control_refuse(asking->call, CONTROL_REFUSED, "%s", why);
		free(asking);
	}
}

static void answer_all(struct status_calls *calls)
{
	struct asking *asking;

	LIST_FOR_EACH(asking, &calls->served, link)
	{
		list_remove(&asking->link);
		control_reply_text(asking->call, status_page_text(calls->page));
		free(asking);
	}
}

/* Whoever has an answer may ask again at once, and is among those who wait then. */
static void finish(struct status_calls *calls, int result)
{
	if (result == 0)
		answer_all(calls);
	else
		refuse_all(&calls->served,
			result == -EAGAIN ? "the configuration changes again and again: try again" : "out of memory");
	status_page_free(TAKE(calls->page));
	calls->busy = false;
	if (!list_is_empty(&calls->waiting))
		begin(calls);
}

static int restart(struct status_calls *calls)
{
	status_page_free(TAKE(calls->page));
	return status_page_new(calls->director, &calls->identity, &calls->page);
}

static void on_slice(struct loop_timer *timer, struct mono now)
{
	struct status_calls *calls = CONTAINER_OF(timer, struct status_calls, timer);
	int r = calls->page == NULL ? restart(calls) : 0;

	if (r == 0)
		r = status_page_go_on(calls->page, SLICE);
	if (r == -EAGAIN && ++calls->restarts <= RESTARTS_MAX) {
		r = restart(calls);
		r = r < 0 ? r : 1;
	}
	if (r == 1 && loop_timer_set(calls->loop, timer, mono_add(now, PAUSE_NS), on_slice) < 0)
		r = -ENOMEM;
	if (r != 1)
		finish(calls, r);
}

/* In another round: who asks is in the middle of something. */
static void begin(struct status_calls *calls)
{
	struct mono now = loop_now(calls->loop);

	calls->busy = true;
	calls->restarts = 0;
	list_take_all(&calls->waiting, &calls->served);
	if (loop_timer_set(calls->loop, &calls->timer, now, on_slice) == 0)
		return;
	refuse_all(&calls->served, "out of memory");
	calls->busy = false;
}

void status_calls_ask(struct status_calls *calls, struct control_call *call)
{
	struct asking *asking = calloc(1, sizeof *asking);

	if (asking == NULL) {
		control_reply(call, NULL);
		return;
	}
	asking->call = call;
	list_append(&calls->waiting, &asking->link);
	if (!calls->busy)
		begin(calls);
}

int status_calls_new(struct loop *loop, const struct director *director, const struct status_identity *identity,
	struct status_calls **ret_calls)
{
	struct status_calls *calls = calloc(1, sizeof *calls);

	if (calls == NULL)
		return -ENOMEM;
	calls->loop = loop;
	calls->director = director;
	calls->identity = *identity;
	list_init(&calls->waiting);
	list_init(&calls->served);
	*ret_calls = calls;
	return 0;
}

void status_calls_free(struct status_calls *calls)
{
	if (calls == NULL)
		return;
	loop_timer_clear(calls->loop, &calls->timer);
	refuse_all(&calls->served, "lbd is stopping");
	refuse_all(&calls->waiting, "lbd is stopping");
	status_page_free(calls->page);
	free(calls);
}
