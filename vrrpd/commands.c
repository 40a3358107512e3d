/* SPDX-License-Identifier: MIT */
#include "vrrpd/commands.h"

#include "common/shell/daemon.h"
#include "vrrpd/maintenance.h"
#include "vrrpd/moves.h"
#include "vrrpd/status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void do_status(struct control_call *call, const json_t *params, void *context)
{
	(void)params;
	control_reply(call, status_json(context));
}

static void do_config(struct control_call *call, const json_t *params, void *context)
{
	const struct agent *agent = context;
	AUTO_TEXT text = {0};

	(void)params;
	conf_show(agent->conf, &text);
	control_reply(call, json_pack("{s:s}", "text", text_get(&text)));
}

/* The vip that the parameters name; all where they name none. Refuses the call and returns false otherwise. */
static bool pick_vip(struct control_call *call, const json_t *params, struct agent *agent, struct vip **ret_vip)
{
	const char *name = control_string(params, "vip");

	*ret_vip = name != NULL ? agent_find_vip(agent, name) : NULL;
	if (name != NULL && *ret_vip == NULL) {
		control_refuse(call, CONTROL_REFUSED, "there is no vip %s; `lbctl status` lists them", name);
		return false;
	}
	return true;
}

static void do_explain(struct control_call *call, const json_t *params, void *context)
{
	struct agent *agent = context;
	struct vip *only;
	AUTO_TEXT text = {0};

	if (!pick_vip(call, params, agent, &only))
		return;
	for (size_t i = 0; i < agent->vip_count; i++) {
		if (only == NULL || only == agent->vips[i])
			status_explain(agent, agent->vips[i], &text);
	}
	control_reply(call, json_pack("{s:s}", "text", text_get(&text)));
}

static void on_failover(void *context, bool refused, const char *report)
{
	struct control_call *call = context;

	if (refused)
		control_refuse(call, CONTROL_REFUSED, "%s", report);
	else
		control_reply(call, json_pack("{s:s}", "message", report));
}

static void do_failover(struct control_call *call, const json_t *params, void *context)
{
	struct agent *agent = context;
	struct moves_setup moves = {
		.to = control_string(params, "to"),
		.dry_run = json_is_true(json_object_get(params, "dry_run")),
		.done = on_failover,
		.context = call,
	};
	struct vip *only;

	if (moves.to != NULL && conf_find_node(agent->conf, moves.to) == NULL) {
		control_refuse(call, CONTROL_REFUSED, "there is no node %s in the configuration", moves.to);
		return;
	}
	if (!pick_vip(call, params, agent, &only))
		return;
	moves.only = only;
	if (moves_start(agent, &moves) < 0)
		control_refuse(call, CONTROL_REFUSED, "out of memory");
}

static void do_maintenance(struct control_call *call, const json_t *params, void *context)
{
	const json_t *on = json_object_get(params, "on");

	if (!json_is_boolean(on))
		control_refuse(call, CONTROL_REFUSED, "the parameter `on` is true or false");
	else if (json_is_true(on))
		maintenance_begin(context, call);
	else
		maintenance_end(context, call);
}

static void do_events(struct control_call *call, const json_t *params, void *context)
{
	struct agent *agent = context;

	events_ask(agent->events, call, params);
}

static const struct control_command commands[] = {
	{"status", do_status},
	{"failover", do_failover},
	{"maintenance", do_maintenance},
	{"explain", do_explain},
	{"events", do_events},
	{"config", do_config},
	{NULL, NULL},
};

int commands_serve(struct agent *agent, const char *run_dir, struct control_server **ret_server)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/vrrpd.sock", run_dir);
	return control_server_new(agent->loop, path, DAEMON_GROUP, commands, agent, ret_server);
}
