/* SPDX-License-Identifier: MIT */
#include "vrrpd/commands.h"

#include "common/shell/daemon.h"
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
		if (only == NULL || only == &agent->vips[i])
			status_explain(agent, &agent->vips[i], &text);
	}
	control_reply(call, json_pack("{s:s}", "text", text_get(&text)));
}

/* One `lbctl failover`: a handover for each vip, answered when the last has ended. */
struct failover {
	struct control_call *call;
	bool dry_run;
	size_t waiting; /* handovers that have not ended, and one for the loop that starts them */
	bool refused;
	struct text report;
};

static void conclude(struct failover *failover)
{
	if (--failover->waiting > 0)
		return;
	if (failover->refused)
		control_refuse(failover->call, CONTROL_REFUSED, "%s", text_get(&failover->report));
	else
		control_reply(failover->call, json_pack("{s:s}", "message", text_get(&failover->report)));
	text_free(&failover->report);
	free(failover);
}

static void report(struct failover *failover, const char *vip, const char *what, const char *reason)
{
	text_addf(&failover->report, "%s%s: %s%s%s", failover->report.length > 0 ? "\n" : "", vip, what,
		reason != NULL ? ": " : "", reason != NULL ? reason : "");
}

static void on_handover(void *context, struct vip *vip, const struct handover_result *result)
{
	struct failover *failover = context;

	if (!result->done)
		failover->refused = true;
	report(failover, vip->conf->name,
		!result->done       ? "not moved"
		: failover->dry_run ? "the peer is ready"
				    : "moved",
		result->reason);
	conclude(failover);
}

/* A vip that is here goes there, and the other way round. */
static void start_one(struct failover *failover, struct agent *agent, struct vip *vip, const char *to)
{
	const struct node_conf *target = vip->fsm.state == VRRP_ACTIVE ? agent->other : agent->self;

	if (to != NULL && target != NULL && strcmp(to, target->name) != 0) {
		report(failover, vip->conf->name, "stays, its place is already", to);
		return;
	}
	failover->waiting++;
	handover_start(agent->handovers, vip, failover->dry_run, on_handover, failover);
}

static void do_failover(struct control_call *call, const json_t *params, void *context)
{
	struct agent *agent = context;
	const char *to = control_string(params, "to");
	struct failover *failover;
	struct vip *only;

	if (to != NULL && conf_find_node(agent->conf, to) == NULL) {
		control_refuse(call, CONTROL_REFUSED, "there is no node %s in the configuration", to);
		return;
	}
	if (!pick_vip(call, params, agent, &only))
		return;
	failover = calloc(1, sizeof *failover);
	if (failover == NULL) {
		control_refuse(call, CONTROL_REFUSED, "out of memory");
		return;
	}
	failover->call = call;
	failover->dry_run = json_is_true(json_object_get(params, "dry_run"));
	failover->waiting = 1;
	for (size_t i = 0; i < agent->vip_count; i++) {
		if (only == NULL || only == &agent->vips[i])
			start_one(failover, agent, &agent->vips[i], to);
	}
	conclude(failover);
}

static void do_events(struct control_call *call, const json_t *params, void *context)
{
	struct agent *agent = context;

	events_ask(agent->events, call, params);
}

static const struct control_command commands[] = {
	{"status", do_status},
	{"failover", do_failover},
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
