/* SPDX-License-Identifier: MIT */
#include "vrrpd/reports.h"

#include "common/system/clock.h"
#include "vrrpd/drain.h"
#include "vrrpd/pulse.h"
#include "vrrpd/reason.h"
#include "vrrpd/review.h"
#include "vrrpd/rival.h"
#include "vrrpd/round.h"
#include "vrrpd/vip_lease.h"

#include <string.h>

/* The vips. */

static void publish(void *context)
{
	round_note(context, ROUND_PUBLISH);
}

static void settle(void *context)
{
	round_settle(context, ROUND_PUBLISH);
}

static void keep(void *context)
{
	round_note(context, ROUND_SAVE);
}

static void notify(struct agent *agent, const struct vip *vip, enum vrrp_state from)
{
	char reason[REASON_MAX];
	struct view_vip view;
	struct notify_change change = {
		.program = vip->conf->notify,
		.vip = vip->conf->name,
		.from = vrrp_state_name(from),
		.to = vrrp_state_name(vip->fsm.state),
	};

	if (*change.program == '\0')
		return;
	view_copy_vip(agent, vip, &view);
	change.reason = reason_of(&view, reason);
	notifier_add(agent->notifier, &change);
}

/* One vip of a group has left: the others do not stay behind. As planned, they are asked to move as well. */
static void take_group_along(struct agent *agent, const struct vip *vip)
{
	for (size_t i = 0; i < agent->vip_count; i++) {
		struct vip *other = agent->vips[i];

		if (!review_is_grouped(vip, other) || other->fsm.state != VRRP_ACTIVE)
			continue;
		if (group_is_parted_by(&vip->fsm))
			vip_event(other, VRRP_EVENT_PARTED);
		else
			review_vip(agent, other);
	}
}

/* Addresses that somebody else has put where the vip sits, or above it. */
static void remove_strays(const struct agent *agent, struct vip *vip, int ifindex)
{
	for (size_t i = 0; ifindex != 0 && i < vip->conf->address_count; i++) {
		struct prefix stray;

		if (monitor_find_unmarked(agent->monitor, ifindex, &vip->conf->addresses[i].ip, &stray))
			vip_address_strays(vip, ifindex, &stray);
	}
}

static void on_moved(void *context, struct vip *vip, enum vrrp_state from)
{
	struct agent *agent = context;

	if (agent->forwarder != NULL)
		forwarder_tell_role(agent->forwarder, vip->conf, vrrp_state_name(vip->fsm.state));
	round_note(agent, ROUND_TELL);
	notify(agent, vip, from);
	if (agent->stopping)
		return;
	round_note(agent, ROUND_SAVE);
	if (from != VRRP_ACTIVE)
		return;
	remove_strays(agent, vip, vip->link.ifindex);
	take_group_along(agent, vip);
}

static void on_fenced(void *context, struct vip *vip)
{
	(void)context;
	vip_event(vip, VRRP_EVENT_FENCED);
}

static void on_left(void *context)
{
	struct agent *agent = context;

	round_note(agent, ROUND_TELL);
	reports_settled(agent);
}

static void on_release(void *context, struct vip *vip)
{
	struct agent *agent = context;

	if (agent->forwarder != NULL)
		forwarder_tell_role(agent->forwarder, vip->conf, vrrp_state_name(VRRP_BACKUP));
}

/* Adverts. */

static bool look(void *context, struct mono due)
{
	return drain_until(context, due);
}

static bool is_blind(void *context, struct mono since)
{
	const struct agent *agent = context;

	return agent->peer != NULL && peer_is_alive(agent->peer) && mono_before(peer_heard_at(agent->peer), since);
}

static struct mono lost_at(void *context)
{
	return drain_lost_at(context);
}

/* lbd and the links. */

static void on_forwarder_changed(void *context)
{
	struct agent *agent = context;

	round_note(agent, ROUND_REVIEW | ROUND_TELL);
}

static void on_forwarder_linked(void *context)
{
	struct agent *agent = context;

	for (size_t i = 0; i < agent->vip_count; i++)
		forwarder_tell_role(agent->forwarder, agent->vips[i]->conf, vrrp_state_name(agent->vips[i]->fsm.state));
}

static void on_link(void *context, const struct monitor_link *link)
{
	struct agent *agent = context;

	tracker_look(agent->tracker);
	for (size_t i = 0; i < agent->vip_count; i++) {
		struct vip *vip = agent->vips[i];

		if (strcmp(vip->conf->interface, link->name) == 0)
			review_vip(agent, vip);
		else if (link->ifindex != 0 && !link->up && vip_sits_on(vip, link->ifindex))
			vip_place_down(vip);
	}
}

static void on_address(void *context, int ifindex, const struct prefix *address, bool added)
{
	struct agent *agent = context;

	for (size_t i = 0; i < agent->vip_count; i++) {
		struct vip *vip = agent->vips[i];

		if (!vip_sits_on(vip, ifindex) || !vip_has_address(vip, &address->ip))
			continue;
		if (added)
			remove_strays(agent, vip, ifindex);
		else
			vip_address_gone(vip, ifindex, address);
	}
	round_note(agent, ROUND_REVIEW);
}

bool reports_claimed(void *context, int ifindex, const struct neighbour_word *word)
{
	struct agent *agent = context;
	struct vip *vip = ports_find_address(agent->ports, &word->sender, NULL);
	bool ours = vip != NULL;

	for (; vip != NULL; vip = ports_find_address(agent->ports, &word->sender, vip)) {
		if (vip->link.ifindex == ifindex)
			rival_heard(vip, word);
	}
	return ours;
}

static void on_overrun(void *context)
{
	round_note(context, ROUND_REVIEW);
}

/* A tracked thing changed its state: the vips take it up with the end of the round. */
void reports_tracked(void *context, const char *kind, const char *name, enum track_state state, const char *why)
{
	struct agent *agent = context;

	recorder_add(&agent->recorder, clock_mono(), clock_real_ns(), NULL, "tracked %s %s is %s%s%s", kind, name,
		track_state_name(state), *why != '\0' ? ": " : "", why);
	if (state == TRACK_DOWN)
		log_warning("tracked: failed", log_str("kind", kind), log_str("name", name), log_str("reason", why));
	else
		log_info("tracked: up", log_str("kind", kind), log_str("name", name));
	pulse_at(agent, loop_now(agent->loop));
}

void reports_settled(void *context)
{
	struct agent *agent = context;

	if (agent->finished != NULL && notifier_is_idle(agent->notifier) && scribe_is_idle(agent->shared.scribe))
		agent->finished(agent->finished_context);
}

const struct monitor_events reports_monitor = {.on_link = on_link, .on_address = on_address, .on_overrun = on_overrun};
const struct forwarder_events reports_forwarder = {.changed = on_forwarder_changed, .linked = on_forwarder_linked};

void reports_share(struct agent *agent)
{
	agent->shared.context = agent;
	agent->shared.publish = publish;
	agent->shared.settle = settle;
	agent->shared.keep = keep;
	agent->shared.fenced = on_fenced;
	agent->shared.left = on_left;
	agent->shared.moved = on_moved;
	agent->shared.release = on_release;
	agent->shared.look = look;
	agent->shared.is_blind = is_blind;
	agent->shared.lost_at = lost_at;
}
