/* SPDX-License-Identifier: MIT */
#include "vrrpd/commands.h"

#include "common/shell/daemon.h"
#include "vrrpd/events.h"
#include "vrrpd/status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct commands {
	struct desk *desk;
	struct events *events;
	struct control_server *server;
};

/* Questions. */

static void on_status(
	struct control_call *call, const struct view *view, const struct recorder *recorder, void *context)
{
	(void)recorder;
	(void)context;
	control_reply(call, status_json(view));
}

static void do_status(struct control_call *call, const json_t *params, void *context)
{
	struct commands *commands = context;

	(void)params;
	desk_look(commands->desk, DESK_VIEW, call, on_status, NULL);
}

static void on_config(
	struct control_call *call, const struct view *view, const struct recorder *recorder, void *context)
{
	AUTO_TEXT text = {0};

	(void)recorder;
	(void)context;
	conf_show(view->conf, &text);
	control_reply(call, json_pack("{s:s}", "text", text_get(&text)));
}

static void do_config(struct control_call *call, const json_t *params, void *context)
{
	struct commands *commands = context;

	(void)params;
	desk_look(commands->desk, DESK_VIEW, call, on_config, NULL);
}

static void refuse_vip(struct control_call *call, const char *name)
{
	control_refuse(call, CONTROL_REFUSED, "there is no vip %s; `lbctl status` lists them", name);
}

/* `context`: the name that the parameters have, which live as long as the call; NULL: none. */
static void on_explain(
	struct control_call *call, const struct view *view, const struct recorder *recorder, void *context)
{
	const char *only = context;
	AUTO_TEXT text = {0};

	for (size_t i = 0; i < view->vip_count; i++) {
		if (only == NULL || strcmp(only, view->vips[i].conf->name) == 0)
			status_explain(view, &view->vips[i], recorder, &text);
	}
	if (only != NULL && text.length == 0)
		refuse_vip(call, only);
	else
		control_reply(call, json_pack("{s:s}", "text", text_get(&text)));
}

static void do_explain(struct control_call *call, const json_t *params, void *context)
{
	struct commands *commands = context;
	const char *only = control_string(params, "vip");

	desk_look(commands->desk, DESK_VIEW | DESK_EVENTS, call, on_explain, (void *)(uintptr_t)only);
}

static void do_events(struct control_call *call, const json_t *params, void *context)
{
	struct commands *commands = context;

	events_ask(commands->events, call, params);
}

/* Orders. */

/* A name that is too long for an order is no one's. */
static bool copy_name(const char *name, char (*ret_name)[SCHEMA_NAME_MAX + 1])
{
	if (name != NULL && strlen(name) > SCHEMA_NAME_MAX)
		return false;
	strcpy(*ret_name, name != NULL ? name : "");
	return true;
}

static void do_failover(struct control_call *call, const json_t *params, void *context)
{
	struct commands *commands = context;
	const char *vip = control_string(params, "vip"), *to = control_string(params, "to");
	AUTO_FREE struct order *order = desk_order_new(REQUEST_FAILOVER);

	if (order == NULL) {
		control_refuse(call, CONTROL_REFUSED, "out of memory");
	} else if (!copy_name(vip, &order->vip)) {
		refuse_vip(call, vip);
	} else if (!copy_name(to, &order->to)) {
		control_refuse(call, CONTROL_REFUSED, "there is no node %s in the configuration", to);
	} else {
		order->dry_run = json_is_true(json_object_get(params, "dry_run"));
		desk_order(commands->desk, call, TAKE(order));
	}
}

static void do_maintenance(struct control_call *call, const json_t *params, void *context)
{
	struct commands *commands = context;
	const json_t *on = json_object_get(params, "on");
	struct order *order;

	if (!json_is_boolean(on)) {
		control_refuse(call, CONTROL_REFUSED, "the parameter `on` is true or false");
		return;
	}
	order = desk_order_new(REQUEST_MAINTENANCE);
	if (order == NULL) {
		control_refuse(call, CONTROL_REFUSED, "out of memory");
		return;
	}
	order->on = json_is_true(on);
	desk_order(commands->desk, call, order);
}

static void do_reload(struct control_call *call, const json_t *params, void *context)
{
	struct commands *commands = context;
	struct order *order = desk_order_new(REQUEST_RELOAD);

	if (order == NULL) {
		control_refuse(call, CONTROL_REFUSED, "out of memory");
		return;
	}
	order->dry_run = json_is_true(json_object_get(params, "dry_run"));
	desk_order(commands->desk, call, order);
}

static const struct control_command rows[] = {
	{"status", do_status},
	{"failover", do_failover},
	{"maintenance", do_maintenance},
	{"reload", do_reload},
	{"explain", do_explain},
	{"events", do_events},
	{"config", do_config},
	{NULL, NULL},
};

int commands_serve(
	struct desk *desk, const struct recorder *recorder, const char *run_dir, struct commands **ret_commands)
{
	struct commands *commands = calloc(1, sizeof *commands);
	char path[4096];
	int r;

	if (commands == NULL)
		return -ENOMEM;
	commands->desk = desk;
	snprintf(path, sizeof path, "%s/vrrpd.sock", run_dir);
	r = events_new(desk, recorder, &commands->events);
	if (r == 0)
		r = control_server_new(desk_loop(desk), path, DAEMON_GROUP, rows, commands, &commands->server);
	if (r < 0)
		commands_end(commands);
	else
		*ret_commands = commands;
	return r;
}

void commands_end(struct commands *commands)
{
	if (commands == NULL)
		return;
	/* Who is refused now asks nothing more. */
	if (commands->server != NULL)
		control_server_stop(commands->server);
	events_free(commands->events);
	desk_refuse_all(commands->desk);
	control_server_free(commands->server);
	free(commands);
}
