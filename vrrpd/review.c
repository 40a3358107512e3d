/* SPDX-License-Identifier: MIT */
#include "vrrpd/review.h"

#include "common/system/clock.h"
#include "vrrpd/services.h"

struct forwarder_view review_forwarder(const struct agent *agent)
{
	/* Without services there is no lbd to want: vrrpd runs alone (DESIGN section 5). */
	if (agent->forwarder == NULL)
		return (struct forwarder_view){.health = PEER_HEALTH_SERVING, .bound = true, .checked = true};
	return forwarder_view(agent->forwarder);
}

static const struct peer_message *living_heartbeat(const struct agent *agent)
{
	if (agent->peer == NULL || !peer_is_alive(agent->peer))
		return NULL;
	return peer_heartbeat(agent->peer);
}

static void judge_health(
	struct agent *agent, struct vip *vip, const struct forwarder_view *view, const struct peer_message *heartbeat)
{
	const struct peer_vip *other = heartbeat != NULL ? peermsg_find_vip(heartbeat, vip->peer_id) : NULL;
	struct health_input input = {
		.lbd_wanted = agent->forwarder != NULL,
		.own = view->health,
		.peer_known = heartbeat != NULL,
		.peer_unable = other != NULL && other->state == PEER_VIP_FAULT,
		.peer = heartbeat != NULL ? heartbeat->health : PEER_HEALTH_DEAD,
		.is_active = vip->fsm.state == VRRP_ACTIVE,
		.configured_priority = vip->fsm.conf.priority,
		.interval_ns = vip->conf->advert_interval_ns,
	};

	health_step(&vip->health, &input, clock_mono(), &vip->verdict);
}

/*
 * Each server is to have been checked since the carrier's return as well (DESIGN section 5.6): by then every check has
 * had its interval and its timeout.
 */
static int64_t settle_ns(const struct agent *agent)
{
	int64_t longest_ns = 0;

	for (size_t i = 0; agent->forwarder != NULL && i < agent->conf->pool_count; i++) {
		const struct check_conf *check = &agent->conf->pools[i].check;

		if (check->kind != CHECK_NONE)
			longest_ns = MAX(longest_ns, check->interval_ns + check->timeout_ns);
	}
	return longest_ns;
}

static bool link_usable(const struct monitor_link *link, const struct ip *source)
{
	return link->ifindex != 0 && link->up && link->carrier && source->family != 0;
}

static struct vrrp_facts gather_facts(struct agent *agent, struct vip *vip, const struct ip *source, bool link_ok)
{
	struct forwarder_view view = review_forwarder(agent);
	const struct peer_message *heartbeat = living_heartbeat(agent);
	const struct peer_vip *other = heartbeat != NULL ? peermsg_find_vip(heartbeat, vip->peer_id) : NULL;
	bool settled =
		vip->link_ok_at.ns == 0 || mono_reached(mono_add(vip->link_ok_at, settle_ns(agent)), clock_mono());
	struct vrrp_facts facts = {.link_ok = link_ok, .source = *source};

	judge_health(agent, vip, &view, heartbeat);
	facts.priority = vip->verdict.effective_priority;
	facts.hold_back_until = vip->verdict.hold_back_until;
	facts.bound = view.bound;
	facts.ready = view.bound && view.checked && settled && !services_worse(agent->conf, &view, heartbeat);
	facts.peer_holds = other != NULL && other->state == PEER_VIP_ACTIVE && other->carrier;
	facts.peer_on_lan = facts.peer_holds && peer_ifindex(agent->peer) == vip->link.ifindex;
	facts.peer_sicker = heartbeat != NULL && heartbeat->health > view.health;
	return facts;
}

static bool facts_equal(const struct vrrp_facts *a, const struct vrrp_facts *b)
{
	return a->link_ok == b->link_ok && ip_equal(&a->source, &b->source) && a->priority == b->priority &&
	       a->bound == b->bound && a->ready == b->ready && a->hold_back_until.ns == b->hold_back_until.ns &&
	       a->peer_holds == b->peer_holds && a->peer_on_lan == b->peer_on_lan && a->peer_sicker == b->peer_sicker;
}

static void step_facts(struct vip *vip, const struct vrrp_facts *facts)
{
	struct vrrp_event event = {.kind = VRRP_EVENT_FACTS, .facts = *facts};

	if (!facts_equal(facts, &vip->fsm.facts))
		vip_step(vip, &event);
}

/* Looks at everything that concerns the vip. The link is taken over last where it fails: the addresses sit on the old
 * one. */
void review_vip(struct agent *agent, struct vip *vip)
{
	struct monitor_link link = monitor_find(agent->monitor, vip->conf->interface);
	struct ip source = {0};
	struct vrrp_facts facts;
	bool usable;

	if (link.ifindex != 0 && !monitor_primary_ipv4(agent->monitor, link.ifindex, vip->conf->addresses,
					 vip->conf->address_count, &source))
		source = (struct ip){0};
	usable = link_usable(&link, &source);
	if (link.ifindex != vip->link.ifindex && vip->fsm.facts.link_ok) {
		/* Another interface of the same name: the one that we knew is gone. */
		facts = gather_facts(agent, vip, &source, false);
		step_facts(vip, &facts);
	}
	facts = gather_facts(agent, vip, &source, usable);
	if (!usable) {
		step_facts(vip, &facts);
		vip->link = link;
		return;
	}
	if (!vip->fsm.facts.link_ok) {
		/* At the start lbd's own word covers it; later on checks made while the cable was out do not count. */
		vip->link_ok_at = vip->fsm.state == VRRP_FAULT ? clock_mono() : (struct mono){0};
		if (rawsock_join(&agent->shared.rawsock, link.ifindex) < 0)
			log_error("the group of the adverts could not be joined",
				log_str("interface", vip->conf->interface));
	}
	vip->link = link;
	step_facts(vip, &facts);
	if (vip->verdict.resign && vip->fsm.state == VRRP_ACTIVE)
		vip_event(vip, VRRP_EVENT_RESIGN);
}

void review_all(struct agent *agent)
{
	for (size_t i = 0; i < agent->vip_count; i++)
		review_vip(agent, &agent->vips[i]);
}
