/* SPDX-License-Identifier: MIT */
#include "vrrpd/desk.h"

#include "common/pure/list.h"
#include "common/system/log.h"
#include "common/system/thread.h"

#include <errno.h>

/* How often it is looked whether somebody has waited too long. */
#define LOOK_NS (100 * NS_PER_MS)
/* Beside them there are one request of each other kind, and the farewell. */
#define ORDERS_MAX (REQUESTS_MAX - 8)

/* A call that waits for a copy. */
struct waiter {
	struct list link;
	struct control_call *call;
	unsigned wants;
	desk_look_fn *fn;
	void *context;
	struct mono limit;
};

/* An order on its way, and the call that waits for its end; NULL: it waits no longer. */
struct errand {
	struct list link;
	struct desk *desk;
	struct control_call *call;
	struct order *order;
	struct mono limit;
};

struct desk {
	struct loop *loop;
	pthread_t thread;
	bool thread_runs;
	struct mailbox *questions;
	struct mailbox *answers;
	struct request farewell;
	struct loop_timer look;

	/* Those whose copy is being made, and those who have come since. */
	struct list served;
	struct list waiting;
	unsigned asked; /* what is on its way */
	bool serving;
	struct view_request view;
	struct events_request events;
	struct recorder recorder;

	struct list errands;
	size_t errand_count;
};

/* Copies. */

static void ask_next(struct desk *desk);
static void on_look(struct loop_timer *timer, struct mono now);

/* There is room in both mailboxes for all that can be on its way (ORDERS_MAX). */
static void post(struct mailbox *mailbox, struct request *request)
{
	bool posted = mailbox_post(mailbox, request);

	assert(posted);
	(void)posted;
}

static void refuse(struct waiter *waiter, const char *why)
{
	list_remove(&waiter->link);
	control_refuse(waiter->call, CONTROL_REFUSED, "%s", why);
	free(waiter);
}

static void serve(struct desk *desk)
{
	struct waiter *waiter;

	if (desk->asked != 0)
		return;
	/* Who has his answer may ask again at once. */
	desk->serving = true;
	LIST_FOR_EACH(waiter, &desk->served, link)
	{
		list_remove(&waiter->link);
		waiter->fn(waiter->call, &desk->view.view, &desk->recorder, waiter->context);
		free(waiter);
	}
	desk->serving = false;
	view_clear(&desk->view.view);
	ask_next(desk);
}

static void on_view(struct request *request)
{
	struct desk *desk = CONTAINER_OF(request, struct desk, view.request);
	struct waiter *waiter;

	if (desk->view.error == -ENOSPC && view_grow(&desk->view.view) == 0) {
		post(desk->questions, request);
		return;
	}
	desk->asked &= ~(unsigned)DESK_VIEW;
	LIST_FOR_EACH(waiter, &desk->served, link)
	{
		if (desk->view.error < 0 && (waiter->wants & DESK_VIEW))
			refuse(waiter, "out of memory");
	}
	serve(desk);
}

static void ask_events(struct desk *desk)
{
	desk->events.page.first = desk->recorder.count;
	post(desk->questions, &desk->events.request);
}

/* Until the copy is as the recorder was when the page was made: pages hold more than is added in between. */
static void on_events(struct request *request)
{
	struct desk *desk = CONTAINER_OF(request, struct desk, events.request);

	recorder_follow(&desk->recorder, &desk->events.page);
	if (desk->recorder.count < desk->events.page.count) {
		ask_events(desk);
		return;
	}
	desk->asked &= ~(unsigned)DESK_EVENTS;
	serve(desk);
}

/* Asks for those who wait what they want, once for all. */
static void ask_next(struct desk *desk)
{
	struct waiter *waiter;

	if (desk->asked != 0 || desk->serving || list_is_empty(&desk->waiting))
		return;
	list_take_all(&desk->waiting, &desk->served);
	LIST_FOR_EACH(waiter, &desk->served, link)
	desk->asked |= waiter->wants;
	if (desk->asked & DESK_VIEW)
		post(desk->questions, &desk->view.request);
	if (desk->asked & DESK_EVENTS)
		ask_events(desk);
}

void desk_look(struct desk *desk, unsigned wants, struct control_call *call, desk_look_fn *fn, void *context)
{
	struct mono now = loop_now(desk->loop);
	struct waiter *waiter = calloc(1, sizeof *waiter);

	if (waiter == NULL || (!loop_timer_is_set(&desk->look) &&
				      loop_timer_set(desk->loop, &desk->look, mono_add(now, LOOK_NS), on_look) < 0)) {
		free(waiter);
		control_refuse(call, CONTROL_REFUSED, "out of memory");
		return;
	}
	*waiter = (struct waiter){
		.call = call, .wants = wants, .fn = fn, .context = context, .limit = mono_add(now, DESK_WAIT_NS)};
	list_append(&desk->waiting, &waiter->link);
	ask_next(desk);
}

const struct recorder *desk_recorder(const struct desk *desk)
{
	return &desk->recorder;
}

/* Orders. */

static void errand_end(struct errand *errand, bool refused, const char *text)
{
	struct control_call *call = TAKE(errand->call);

	if (call == NULL)
		return;
	if (refused)
		control_refuse(call, CONTROL_REFUSED, "%s", text);
	else
		control_reply(call, json_pack("{s:s}", "message", text));
}

/* As lbd answers it. */
static void errand_reloaded(struct errand *errand, const struct order *order)
{
	struct control_call *call = TAKE(errand->call);

	if (call != NULL)
		control_reply(
			call, json_pack("{s:b, s:s, s:s}", "done", !order->failed, "errors",
				      order->failed ? order->text : "", "plan", order->failed ? "" : order->text));
}

static void errand_free(struct errand *errand)
{
	list_remove(&errand->link);
	errand->desk->errand_count--;
	free(errand->order);
	free(errand);
}

static void on_order(struct request *request)
{
	struct order *order = CONTAINER_OF(request, struct order, request);
	struct errand *errand = order->errand;

	if (request->kind == REQUEST_RELOAD && !order->refused)
		errand_reloaded(errand, order);
	else
		errand_end(errand, order->refused, order->text);
	errand_free(errand);
}

struct order *desk_order_new(enum request_kind kind)
{
	struct order *order = calloc(1, sizeof *order);

	if (order != NULL)
		order->request = (struct request){.kind = kind, .done = on_order};
	return order;
}

void desk_order(struct desk *desk, struct control_call *call, struct order *order)
{
	struct mono now = loop_now(desk->loop);
	struct errand *errand = calloc(1, sizeof *errand);

	if (errand == NULL || desk->errand_count == ORDERS_MAX ||
		(!loop_timer_is_set(&desk->look) &&
			loop_timer_set(desk->loop, &desk->look, mono_add(now, LOOK_NS), on_look) < 0)) {
		free(errand);
		free(order);
		control_refuse(call, CONTROL_REFUSED, "too much is under way, try again later");
		return;
	}
	*errand =
		(struct errand){.desk = desk, .call = call, .order = order, .limit = mono_add(now, DESK_ORDER_WAIT_NS)};
	order->errand = errand;
	list_append(&desk->errands, &errand->link);
	desk->errand_count++;
	post(desk->questions, &order->request);
}

/* Who has waited too long. The requests themselves are still out, and come back or not. */

static void refuse_late(struct list *waiters, struct mono now)
{
	struct waiter *waiter;

	LIST_FOR_EACH(waiter, waiters, link)
	{
		if (mono_reached(waiter->limit, now))
			refuse(waiter, "vrrpd runs, but the thread of its adverts does not answer");
	}
}

static void on_look(struct loop_timer *timer, struct mono now)
{
	struct desk *desk = CONTAINER_OF(timer, struct desk, look);
	struct errand *errand;

	refuse_late(&desk->served, now);
	refuse_late(&desk->waiting, now);
	LIST_FOR_EACH(errand, &desk->errands, link)
	{
		if (mono_reached(errand->limit, now))
			errand_end(
				errand, true, "it takes too long; `lbctl status` and `lbctl events` show what happens");
	}
	if (list_is_empty(&desk->served) && list_is_empty(&desk->waiting) && list_is_empty(&desk->errands))
		return;
	/* The timer was in the heap a moment ago, whose place is still there: this cannot fail for want of memory. */
	if (loop_timer_set(desk->loop, timer, mono_add(now, LOOK_NS), on_look) < 0)
		abort();
}

/* Life. */

static void on_answer(void *context, void *message)
{
	struct request *request = message;

	(void)context;
	request->done(request);
}

static void on_farewell(struct request *request)
{
	loop_stop(CONTAINER_OF(request, struct desk, farewell)->loop);
}

int desk_new(struct desk **ret_desk)
{
	struct desk *desk = calloc(1, sizeof *desk);
	int r;

	if (desk == NULL)
		return -ENOMEM;
	list_init(&desk->served);
	list_init(&desk->waiting);
	list_init(&desk->errands);
	desk->view.request = (struct request){.kind = REQUEST_VIEW, .done = on_view};
	desk->events.request = (struct request){.kind = REQUEST_EVENTS, .done = on_events};
	desk->farewell.done = on_farewell;
	r = loop_new(&desk->loop);
	if (r == 0)
		r = mailbox_new(REQUESTS_MAX, &desk->questions);
	if (r == 0)
		r = mailbox_new(REQUESTS_MAX, &desk->answers);
	if (r == 0)
		r = mailbox_open(desk->answers, desk->loop, on_answer, NULL);
	if (r < 0)
		desk_free(desk);
	else
		*ret_desk = desk;
	return r;
}

struct loop *desk_loop(struct desk *desk)
{
	return desk->loop;
}

struct mailbox *desk_questions(struct desk *desk)
{
	return desk->questions;
}

struct mailbox *desk_answers(struct desk *desk)
{
	return desk->answers;
}

static void *desk_main(void *context)
{
	struct desk *desk = context;
	int r = loop_run(desk->loop);

	if (r < 0)
		log_error("lbctl is no longer served", log_errno(r));
	return NULL;
}

int desk_start(struct desk *desk)
{
	int r = thread_start(&desk->thread, "vrrpd-control", desk_main, desk);

	desk->thread_runs = r == 0;
	return r;
}

void desk_stop(struct desk *desk)
{
	if (desk == NULL || !desk->thread_runs)
		return;
	/* Since the thread runs, this one alone posts there. */
	post(desk->answers, &desk->farewell);
	pthread_join(desk->thread, NULL);
	desk->thread_runs = false;
}

void desk_refuse_all(struct desk *desk)
{
	struct waiter *waiter;
	struct errand *errand;

	LIST_FOR_EACH(waiter, &desk->served, link)
	refuse(waiter, "vrrpd is stopping");
	LIST_FOR_EACH(waiter, &desk->waiting, link)
	refuse(waiter, "vrrpd is stopping");
	LIST_FOR_EACH(errand, &desk->errands, link)
	errand_end(errand, true, "vrrpd is stopping");
}

void desk_free(struct desk *desk)
{
	struct errand *errand;

	if (desk == NULL)
		return;
	desk_stop(desk);
	desk_refuse_all(desk);
	LIST_FOR_EACH(errand, &desk->errands, link)
	errand_free(errand);
	mailbox_free(desk->questions);
	mailbox_free(desk->answers);
	loop_free(desk->loop);
	view_free(&desk->view.view);
	free(desk);
}
