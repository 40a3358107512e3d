/* SPDX-License-Identifier: MIT */
#include "vrrpd/maintenance.h"

#include "common/system/clock.h"
#include "vrrpd/agent.h"
#include "vrrpd/moves.h"
#include "vrrpd/review.h"

struct entering {
	struct agent *agent;
	maintenance_fn *done;
	void *context;
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
	AUTO_TEXT text = {0};

	text_addf(&text, "this node is not in maintenance:\n%s", why);
	entering->done(entering->context, true, text_get(&text));
	free(entering);
}

static void on_moved(void *context, bool refused, const char *report)
{
	struct entering *entering = context;
	struct agent *agent = entering->agent;
	AUTO_TEXT text = {0};

	for (size_t i = 0; refused && i < agent->vip_count; i++)
		agent->vips[i]->lent = false;
	if (refused) {
		refuse(entering, report);
		return;
	}
	set(agent, true);
	text_addf(&text, "this node is in maintenance%s%s", *report != '\0' ? ":\n" : "", report);
	entering->done(entering->context, false, text_get(&text));
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

void maintenance_begin(struct agent *agent, maintenance_fn *done, void *context)
{
	struct moves_setup moves = {
		.to = agent->other != NULL ? agent->other->name : NULL, .dry_run = true, .done = on_tried};
	struct entering *entering;

	if (agent->maintenance) {
		done(context, false, "this node is in maintenance already");
		return;
	}
	if (agent->other == NULL && has_active(agent)) {
		done(context, true, "there is no other node to give the vips to");
		return;
	}
	entering = calloc(1, sizeof *entering);
	if (entering != NULL)
		*entering = (struct entering){.agent = agent, .done = done, .context = context};
	moves.context = entering;
	if (entering == NULL || moves_start(agent, &moves) < 0) {
		free(entering);
		done(context, true, "out of memory");
	}
}

void maintenance_end(struct agent *agent, maintenance_fn *done, void *context)
{
	if (!agent->maintenance) {
		done(context, false, "this node is not in maintenance");
		return;
	}
	for (size_t i = 0; i < agent->vip_count; i++) {
		struct vip *vip = agent->vips[i];

		if (vip->lent)
			vrrp_end_yield(&vip->fsm);
		vip->lent = false;
	}
	set(agent, false);
	done(context, false, "maintenance is over");
}
