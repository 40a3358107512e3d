/* SPDX-License-Identifier: MIT */
#include "vrrpd/round.h"

#include "vrrpd/review.h"

#define ALL (ROUND_PUBLISH | ROUND_REVIEW | ROUND_TELL | ROUND_SAVE)

void round_note(struct agent *agent, unsigned what)
{
	agent->noted |= what;
}

/* Whether it was noted; it is not any longer. */
static bool take(struct agent *agent, unsigned what)
{
	bool noted = agent->noted & what;

	agent->noted &= ~what;
	return noted;
}

void round_settle(struct agent *agent, unsigned only)
{
	/* First, since it may note the others. */
	if (take(agent, only & ROUND_REVIEW))
		review_all(agent);
	if (take(agent, only & ROUND_PUBLISH))
		agent_publish(agent);
	if (take(agent, only & ROUND_TELL)) {
		if (agent->peer != NULL)
			peer_hurry(agent->peer);
		agent_tell_systemd(agent);
	}
	if (take(agent, only & ROUND_SAVE))
		agent_save(agent);
}

static void on_round_end(void *context)
{
	round_settle(context, ALL);
}

void round_watch(struct agent *agent)
{
	loop_after_round(agent->loop, on_round_end, agent);
}

void round_end(struct agent *agent)
{
	loop_after_round(agent->loop, NULL, NULL);
	round_settle(agent, ROUND_TELL);
}
