/* SPDX-License-Identifier: MIT */
#include "vrrpd/requests.h"

#include "common/pure/list.h"
#include "vrrpd/maintenance.h"
#include "vrrpd/moves.h"
#include "vrrpd/request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct requests {
	struct agent *agent;
	struct mailbox *in;
	struct mailbox *out;
	struct list pending;
};

/* An order that is being carried out. */
struct pending {
	struct list link;
	struct requests *requests;
	struct order *order;
};

static void answer(struct requests *requests, struct request *request)
{
	bool posted = mailbox_post(requests->out, request);

	assert(posted);
	(void)posted;
}

static void answer_order(struct requests *requests, struct order *order, bool refused, const char *text)
{
	static const char cut[] = "...";

	order->refused = refused;
	if (snprintf(order->text, sizeof order->text, "%s", text) >= (int)sizeof order->text)
		memcpy(order->text + sizeof order->text - sizeof cut, cut, sizeof cut);
	answer(requests, &order->request);
}

static void forget(struct pending *pending)
{
	list_remove(&pending->link);
	free(pending);
}

static void on_order_done(void *context, bool refused, const char *report)
{
	struct pending *pending = context;

	answer_order(pending->requests, pending->order, refused, report);
	forget(pending);
}

static struct pending *pending_new(struct requests *requests, struct order *order)
{
	struct pending *pending = calloc(1, sizeof *pending);

	if (pending == NULL) {
		answer_order(requests, order, true, "out of memory");
		return NULL;
	}
	*pending = (struct pending){.requests = requests, .order = order};
	list_append(&requests->pending, &pending->link);
	return pending;
}

static void answer_unknown(struct requests *requests, struct order *order, const char *what, const char *name)
{
	char why[256];

	snprintf(why, sizeof why, "there is no %s %s; `lbctl status` shows the vips and nodes", what, name);
	answer_order(requests, order, true, why);
}

static void fail_over(struct requests *requests, struct order *order)
{
	struct agent *agent = requests->agent;
	struct moves_setup moves = {
		.to = order->to[0] != '\0' ? order->to : NULL,
		.dry_run = order->dry_run,
		.done = on_order_done,
	};
	struct pending *pending;

	if (moves.to != NULL && conf_find_node(agent->conf, moves.to) == NULL) {
		answer_unknown(requests, order, "node", order->to);
		return;
	}
	if (order->vip[0] != '\0') {
		moves.only = agent_find_vip(agent, order->vip);
		if (moves.only == NULL) {
			answer_unknown(requests, order, "vip", order->vip);
			return;
		}
	}
	pending = pending_new(requests, order);
	moves.context = pending;
	if (pending != NULL && moves_start(agent, &moves) < 0)
		on_order_done(pending, true, "out of memory");
}

static void maintain(struct requests *requests, struct order *order)
{
	struct pending *pending = pending_new(requests, order);

	if (pending == NULL)
		return;
	if (order->on)
		maintenance_begin(requests->agent, on_order_done, pending);
	else
		maintenance_end(requests->agent, on_order_done, pending);
}

static void on_reloaded(void *context, const struct reload_result *result)
{
	struct pending *pending = context;

	pending->order->failed = result->error < 0;
	on_order_done(pending, false, result->error < 0 ? result->errors : result->plan);
}

static void reload(struct requests *requests, struct order *order)
{
	struct pending *pending = pending_new(requests, order);
	int r = pending == NULL ? 0 : reload_start(requests->agent->reload, order->dry_run, on_reloaded, pending);

	if (r == -EBUSY)
		on_order_done(pending, true, "a reload is under way: try again when it is over");
	else if (r < 0)
		on_order_done(pending, true, strerrordesc_np(-r));
}

static void on_request(void *context, void *message)
{
	struct requests *requests = context;
	struct request *request = message;
	struct view_request *view;
	struct events_request *events;

	switch (request->kind) {
	case REQUEST_VIEW:
		view = CONTAINER_OF(request, struct view_request, request);
		view->error = view_copy(requests->agent, &view->view);
		answer(requests, request);
		break;
	case REQUEST_EVENTS:
		events = CONTAINER_OF(request, struct events_request, request);
		recorder_copy(&requests->agent->recorder, events->page.first, &events->page);
		answer(requests, request);
		break;
	case REQUEST_FAILOVER:
		fail_over(requests, CONTAINER_OF(request, struct order, request));
		break;
	case REQUEST_MAINTENANCE:
		maintain(requests, CONTAINER_OF(request, struct order, request));
		break;
	case REQUEST_RELOAD:
		reload(requests, CONTAINER_OF(request, struct order, request));
		break;
	}
}

int requests_serve(struct agent *agent, struct mailbox *in, struct mailbox *out, struct requests **ret_requests)
{
	struct requests *requests = calloc(1, sizeof *requests);
	int r;

	if (requests == NULL)
		return -ENOMEM;
	*requests = (struct requests){.agent = agent, .in = in, .out = out};
	list_init(&requests->pending);
	r = mailbox_open(in, agent->loop, on_request, requests);
	if (r < 0)
		free(requests);
	else
		*ret_requests = requests;
	return r;
}

void requests_end(struct requests *requests)
{
	struct pending *pending;

	if (requests == NULL)
		return;
	mailbox_close(requests->in);
	LIST_FOR_EACH(pending, &requests->pending, link)
	forget(pending);
	free(requests);
}
