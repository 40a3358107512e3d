/* SPDX-License-Identifier: MIT */
#include "vrrpd/moves.h"

#include "vrrpd/review.h"

#include <errno.h>
#include <string.h>

struct moves {
	struct moves_setup setup;
	size_t waiting; /* handovers that have not ended, and one for the loop that starts them */
	bool refused;
	struct text refusals; /* which come first in the report */
	struct text report;
};

static void conclude(struct moves *moves)
{
	if (--moves->waiting > 0)
		return;
	if (moves->refusals.length > 0 && moves->report.length > 0)
		text_add(&moves->refusals, "\n");
	text_add(&moves->refusals, text_get(&moves->report));
	moves->setup.done(moves->setup.context, moves->refused, text_get(&moves->refusals));
	text_free(&moves->refusals);
	text_free(&moves->report);
	free(moves);
}

static void report(struct text *report, const char *vip, const char *what, const char *reason)
{
	text_addf(report, "%s%s: %s%s%s", report->length > 0 ? "\n" : "", vip, what, reason != NULL ? ": " : "",
		reason != NULL ? reason : "");
}

static void on_handover(void *context, struct vip *vip, const struct handover_result *result)
{
	struct moves *moves = context;

	if (!result->done)
		moves->refused = true;
	report(result->done ? &moves->report : &moves->refusals, vip->conf->name,
		!result->done          ? "not moved"
		: moves->setup.dry_run ? "the peer is ready"
				       : "moved",
		result->reason);
	conclude(moves);
}

/* A vip that is here goes there, and the other way round. */
static void start_one(struct moves *moves, struct agent *agent, struct vip *vip)
{
	const struct node_conf *target = vip->fsm.state == VRRP_ACTIVE ? agent->other : agent->self;
	const char *to = moves->setup.to;

	if (to != NULL && target != NULL && strcmp(to, target->name) != 0) {
		report(&moves->report, vip->conf->name, "stays, its place is already", to);
		return;
	}
	moves->waiting++;
	handover_start(agent->handovers, vip, moves->setup.dry_run, on_handover, moves);
}

int moves_start(struct agent *agent, const struct moves_setup *setup)
{
	struct moves *moves = calloc(1, sizeof *moves);

	if (moves == NULL)
		return -ENOMEM;
	moves->setup = *setup;
	moves->waiting = 1;
	for (size_t i = 0; i < agent->vip_count; i++) {
		if (setup->only == NULL || setup->only == agent->vips[i] ||
			review_is_grouped(setup->only, agent->vips[i]))
			start_one(moves, agent, agent->vips[i]);
	}
	conclude(moves);
	return 0;
}
