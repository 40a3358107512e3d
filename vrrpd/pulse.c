/* SPDX-License-Identifier: MIT */
#include "vrrpd/pulse.h"

#include "common/system/clock.h"
#include "vrrpd/announce.h"
#include "vrrpd/review.h"

/* The main process shows the guardian its progress this often, and looks at what only time changes. */
#define PULSE_NS (20 * NS_PER_MS)
/* A silent peer on a LAN of ours is asked for this often. */
#define ASK_NS (100 * NS_PER_MS)
/* The sequence is saved this often; between two savings only a clock that steps back would miss it. */
#define SAVE_NS (60 * NS_PER_S)

/*
 * While the peer is silent the kernel asks for its hardware address once a second at best, and gives up in between; a
 * cable that comes back would leave the nodes strangers for that long. So we ask, and by the question the peer knows us
 * too.
 */
static void look_for_peer(struct agent *agent, struct mono now)
{
	struct monitor_link link;
	struct ip own;

	if (agent->peer == NULL || peer_is_alive(agent->peer) || mono_diff(now, agent->asked_at) < ASK_NS)
		return;
	if (!monitor_find_neighbour(agent->monitor, &agent->other->address, &link, &own) || !link.carrier)
		return;
	agent->asked_at = now;
	(void)!announce_ask(agent->shared.announce_fd, link.ifindex, link.mac, &own, &agent->other->address);
}

static void on_pulse(struct loop_timer *timer, struct mono now)
{
	struct agent *agent = CONTAINER_OF(timer, struct agent, pulse);

	fence_progress(agent->shared.fence);
	review_all(agent);
	look_for_peer(agent, now);
	if (mono_diff(now, agent->saved_at) > SAVE_NS)
		agent_save(agent);
	pulse_at(agent, mono_add(now, PULSE_NS));
}

void pulse_at(struct agent *agent, struct mono at)
{
	if (loop_timer_set_urgent(agent->loop, &agent->pulse, at, on_pulse) < 0)
		log_error("no memory for a timer");
}
