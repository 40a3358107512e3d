/* SPDX-License-Identifier: MIT */
#include "vrrpd/maintenance.h"

#include "common/system/clock.h"
#include "vrrpd/agent.h"
#include "vrrpd/moves.h"
#include "vrrpd/review.h"

struct entering {
	struct agent *agent;
	struct control_call *call;
};

static void set(struct agent *agent, bool on)
{
	agent->maintenance = on;
	log_info(on ? "maintenance begins" : "maintenance ends");
	recorder_add(&agent->recorder, clock_mono(), clock_real_ns(), NULL, "maintenance %s", on ? "begins" : "ends");
	review_all(agent);
	agent_save(agent);
}

static void refuse(struct entering *entering, const char *why)
{
	control_refuse(entering->call, CONTROL_REFUSED, "this node is not in maintenance:\n%s", why);
	free(entering);
}

static void on_moved(void *context, bool refused, const char *report)
{
	struct entering *entering = context;
	struct agent *agent = entering->agent;

	for (size_t i = 0; refused && i < agent->vip_count; i++)
		agent->vips[i]->lent = false;
	if (refused) {
		refuse(entering, report);
		return;
	}
	set(agent, true);
	control_reply(entering->call, json_pack("{s:s}", "message", *report != '\0' ? report : "in maintenance"));
	free(entering);
}

/* The peer is ready for all of them. */
static void on_tried(void *context, bool refused, const char *report)
{
	struct entering *entering = context;
	struct agent *agent = entering->agent;
	struct moves_setup moves = {
		.to = agent->other != NULL ? agent->other->name : NULL, .done = on_moved, .context = entering};

	if (refused) {
		refuse(entering, report);
		return;
	}
	for (size_t i = 0; i < agent->vip_count; i++)
		agent->vips[i]->lent = agent->vips[i]->fsm.state == VRRP_ACTIVE;
	if (moves_start(agent, &moves) < 0)
		refuse(entering, "out of memory");
}

static bool has_active(const struct agent *agent)
{
	bool any = false;

	for (size_t i = 0; i < agent->vip_count; i++)
		any |= agent->vips[i]->fsm.state == VRRP_ACTIVE;
	return any;
}

void maintenance_begin(struct agent *agent, struct control_call *call)
{
	struct moves_setup moves = {
		.to = agent->other != NULL ? agent->other->name : NULL, .dry_run = true, .done = on_tried};
	struct entering *entering;

	if (agent->maintenance) {
		control_reply(call, json_pack("{s:s}", "message", "this node is in maintenance already"));
		return;
	}
	if (agent->other == NULL && has_active(agent)) {
		control_refuse(call, CONTROL_REFUSED, "there is no other node to give the vips to");
		return;
	}
	entering = calloc(1, sizeof *entering);
	if (entering != NULL)
		*entering = (struct entering){.agent = agent, .call = call};
	moves.context = entering;
	if (entering == NULL || moves_start(agent, &moves) < 0) {
		free(entering);
		control_refuse(call, CONTROL_REFUSED, "out of memory");
	}
}

void maintenance_end(struct agent *agent, struct control_call *call)
{
	if (!agent->maintenance) {
		control_reply(call, json_pack("{s:s}", "message", "this node is not in maintenance"));
		return;
	}
	for (size_t i = 0; i < agent->vip_count; i++) {
		struct vip *vip = agent->vips[i];

		if (vip->lent)
			vrrp_end_yield(&vip->fsm);
		vip->lent = false;
	}
	set(agent, false);
	control_reply(call, json_pack("{s:s}", "message", "maintenance is over"));
}
