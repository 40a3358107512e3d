/* SPDX-License-Identifier: MIT */
#include "vrrpd/review.h"

#include "common/system/clock.h"
#include "vrrpd/adverts.h"
#include "vrrpd/facts.h"
#include "vrrpd/vip_advert.h"
#include "vrrpd/vip_lease.h"

#include <string.h>

/* How long a vip stays where it is while its interface has no address of the node's own. */
#define GAP_INTERVALS 2
#define GAP_MIN_NS (50 * NS_PER_MS)
#define GAP_MAX_NS (300 * NS_PER_MS)

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

/* Doubts of the LAN (doubt.h). */

/* By where it was heard last; who was never heard comes by the interface whose network he is in. */
static bool leads_over(const struct agent *agent, const struct peer_path *path, int ifindex)
{
	struct monitor_link link;
	struct ip own;

	if (path->ifindex != 0)
		return path->ifindex == ifindex;
	return monitor_find_neighbour(agent->monitor, &path->address, &link, &own) && link.ifindex == ifindex;
}

/* Whether it is heard, but not by that interface, though a path leads over it; and since when. */
static bool is_off_lan(const struct agent *agent, int ifindex, struct mono *ret_since)
{
	bool leads = false;

	if (!peer_is_alive(agent->peer) || peer_is_heard_on(agent->peer, ifindex))
		return false;
	for (size_t i = 0; i < peer_path_count(agent->peer); i++) {
		struct peer_path path = peer_path(agent->peer, i);

		if (!leads_over(agent, &path, ifindex))
			continue;
		leads = true;
		if (mono_before(*ret_since, path.silent_at))
			*ret_since = path.silent_at;
	}
	return leads;
}

/* Being active, it wants to know who answers here. */
static bool peer_asks(const struct agent *agent, const struct vip *vip)
{
	const struct peer_message *heartbeat = living_heartbeat(agent);

	return heartbeat != NULL && vip->word.state == PEER_VIP_ACTIVE &&
	       peermsg_find_probe(heartbeat, vip->peer_id) != NULL;
}

struct doubt review_doubt(const struct agent *agent, const struct vip *vip)
{
	static const struct lan unknown;
	struct doubt doubt = {.fsm = &vip->fsm, .lan = &unknown, .has_peer = agent->peer != NULL};
	const struct lan *lan = lanwatch_lan(agent->lanwatch, vip->conf->interface, &doubt.interval_ns);

	if (lan != NULL)
		doubt.lan = lan;
	if (agent->peer == NULL)
		return doubt;
	doubt.peer_alive = peer_is_alive(agent->peer);
	/* To others it does not matter. */
	doubt.peer_off_lan = vip->fsm.state == VRRP_ACTIVE && is_off_lan(agent, vip->link.ifindex, &doubt.off_since);
	doubt.peer_asks = peer_asks(agent, vip);
	return doubt;
}

static void set_lan_alarm(struct vip *vip, enum doubt_alarm alarm)
{
	const char *text = doubt_alarm_text(alarm);

	if (alarm == vip->lan_alarm)
		return;
	vip->lan_alarm = alarm;
	if (text != NULL)
		log_warning("the LAN is in doubt", log_str("vip", vip->conf->name), log_str("reason", text));
	else
		log_info("the LAN is no longer in doubt", log_str("vip", vip->conf->name));
	recorder_add(vip->shared->recorder, clock_mono(), clock_real_ns(), vip->conf->name, "%s",
		text != NULL ? text : "its LAN is no longer in doubt");
}

static void doubt_lan(struct agent *agent, struct vip *vip)
{
	struct doubt doubt = review_doubt(agent, vip);
	struct mono now = clock_mono();

	set_lan_alarm(vip, doubt_alarm(&doubt, now));
	if (doubt_asks(&doubt, now))
		lanwatch_want(agent->lanwatch, vip->conf->interface);
}

static const char *link_fault(const struct vip *vip, const struct monitor_link *link, const struct ip *source)
{
	if (link->ifindex == 0)
		return "does not exist";
	if (!link->up)
		return "is down";
	if (!link->carrier)
		return "has no carrier";
	if (source->family != 0)
		return NULL;
	return vip->conf->has_ipv4 ? "has no IPv4 address to send from" : "has no link-local IPv6 address to send from";
}

static bool can_carry(const struct vip *vip, const struct monitor_link *link)
{
	return link->ifindex != 0 && link->ifindex == vip->link.ifindex && link->up && link->carrier;
}

/*
 * An address that somebody takes away and gives back at once, as those do who configure networks anew, costs no
 * failover: for a moment adverts go out from where they did before.
 */
static bool bridges_gap(struct vip *vip, const struct monitor_link *link, const struct ip *source)
{
	struct mono now = clock_mono();
	int64_t gap_ns = MIN(MAX(GAP_INTERVALS * vip->conf->advert_interval_ns, GAP_MIN_NS), GAP_MAX_NS);

	if (source->family != 0 || !can_carry(vip, link) || !vip->fsm.facts.link_ok) {
		vip->unnamed_at = (struct mono){0};
		return false;
	}
	if (vip->unnamed_at.ns == 0)
		vip->unnamed_at = now;
	return mono_before(now, mono_add(vip->unnamed_at, gap_ns));
}

static void set_link_why(struct vip *vip, const char *why)
{
	char text[VIP_FAULT_MAX];
	bool news = why != NULL && vip->link_why != NULL && strcmp(why, vip->link_why) != 0;

	vip->link_why = why;
	if (!news || vip_link_fault(vip, text) == NULL)
		return;
	log_info("the vip is still at fault", log_str("vip", vip->conf->name), log_str("reason", text));
	recorder_add(vip->shared->recorder, clock_mono(), clock_real_ns(), vip->conf->name, "still at fault: %s", text);
}

/* What the vip's adverts would be sent from; returns that of the family which breaks ties. */
static struct ip find_sources(
	const struct agent *agent, const struct vip *vip, int ifindex, struct ip ret_sources[static FAMILY_COUNT])
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		if (ifindex == 0 || !monitor_source(agent->monitor, ifindex, family, vip->conf->addresses,
					    vip->conf->address_count, &ret_sources[family]))
			ret_sources[family] = (struct ip){0};
	}
	return ret_sources[vip->conf->has_ipv4 ? FAMILY_IPV4 : FAMILY_IPV6];
}

/* Groups (DESIGN section 3): the vips of one stand and fall together. */

bool review_is_grouped(const struct vip *vip, const struct vip *other)
{
	return vip != other && *vip->conf->group != '\0' && strcmp(vip->conf->group, other->conf->group) == 0;
}

static void add_group(const struct agent *agent, const struct vip *vip, struct facts_input *input)
{
	for (size_t i = 0; i < agent->vip_count; i++) {
		const struct vip *other = agent->vips[i];

		if (review_is_grouped(vip, other))
			group_add(input, &(struct group_member){
						 .fsm = &other->fsm,
						 .word = &other->word,
						 .condition = &other->condition,
						 .is_before = strcmp(other->conf->name, vip->conf->name) < 0,
					 });
	}
}

static struct vrrp_facts gather_facts(
	struct agent *agent, struct vip *vip, const struct ip *source, bool link_ok, bool carries)
{
	const struct peer_message *heartbeat = living_heartbeat(agent);
	struct facts_input input = {
		.conf = agent->conf,
		.interval_ns = vip->conf->advert_interval_ns,
		.link_ok = link_ok,
		.link_carries = carries,
		.source = *source,
		/* What was given away is left a moment later, as planned and without a word of resignation. */
		.maintenance = agent->maintenance && vip->fsm.state != VRRP_ACTIVE,
		.lan_dead = lanwatch_is_dead(agent->lanwatch, vip->conf->interface),
		.lan_silent = lanwatch_is_silent(agent->lanwatch, vip->conf->interface),
		.lan_mute = lanwatch_is_mute(agent->lanwatch, vip->conf->interface),
		.link_ok_at = vip->link_ok_at,
		.lbd_wanted = agent->forwarder != NULL,
		.view = review_forwarder(agent),
		.tracked = tracker_sum(agent->tracker, vip->conf),
		.tracks_services = vip->conf->track_service_count > 0,
		.peer_priority = agent->other != NULL ? (uint8_t)agent->other->priority : 0,
		.heartbeat = heartbeat,
		.other = heartbeat != NULL ? peer_vip(agent->peer, vip->peer_id) : NULL,
		.peer_on_lan = heartbeat != NULL && peer_is_heard_on(agent->peer, vip->link.ifindex),
	};

	struct vrrp_facts facts;

	vip->condition.tracked = input.tracked;
	add_group(agent, vip, &input);
	facts = facts_gather(&input, &vip->fsm, &vip->health, clock_mono(), &vip->verdict);
	group_note(&vip->condition, &facts);
	return facts;
}

static void step_facts(struct vip *vip, const struct vrrp_facts *facts)
{
	struct vrrp_event event = {.kind = VRRP_EVENT_FACTS, .facts = *facts};

	if (!facts_equal(facts, &vip->fsm.facts))
		vip_step(vip, &event);
}

/* Makes what a vip with a virtual MAC sits on when its interface comes; without it the vip is at fault. */
static bool has_place(struct vip *vip, const struct monitor_link *link)
{
	int r;

	if (vip->fsm.facts.link_ok && link->ifindex == vip->link.ifindex)
		return true;
	r = vip_prepare(vip, link->ifindex);
	if (r < 0 && r != vip->place_error)
		log_error("the interface of the virtual MAC could not be made", log_str("vip", vip->conf->name),
			log_str("interface", link->name), log_errno(r));
	vip->place_error = r;
	return r == 0;
}

/* Looks at everything that concerns the vip. The link is taken over last where it fails: the addresses sit on the old
 * one. */
void review_vip(struct agent *agent, struct vip *vip)
{
	struct monitor_link link = monitor_find(agent->monitor, vip->conf->interface);
	struct ip sources[FAMILY_COUNT];
	struct ip source = find_sources(agent, vip, link.ifindex, sources);
	struct vrrp_facts facts;
	const char *why;

	adverts_follow(agent, vip, link.ifindex, link.ifindex != 0 && link.up && link.carrier);
	if (bridges_gap(vip, &link, &source)) {
		memcpy(sources, vip->sources, sizeof sources);
		source = vip->fsm.facts.source;
	}
	why = link_fault(vip, &link, &source);
	if (why == NULL && !has_place(vip, &link))
		why = "cannot carry the virtual MAC: the log says why";
	set_link_why(vip, why);
	if (link.ifindex != vip->link.ifindex && vip->fsm.facts.link_ok) {
		/* Another interface of the same name: the one that we knew is gone. */
		facts = gather_facts(agent, vip, &source, false, false);
		step_facts(vip, &facts);
	}
	facts = gather_facts(agent, vip, &source, why == NULL, can_carry(vip, &link));
	if (why != NULL) {
		/* What is said at the end goes out as long as it can, from where adverts did before. */
		step_facts(vip, &facts);
		vip_set_sources(vip, sources);
		vip->link = link;
		set_lan_alarm(vip, DOUBT_NONE);
		return;
	}
	vip_set_sources(vip, sources);
	if (!vip->fsm.facts.link_ok) {
		/* At the start lbd's own word covers it; later on checks made while the cable was out do not count. */
		vip->link_ok_at = vip->fsm.state == VRRP_FAULT ? clock_mono() : (struct mono){0};
		if (adverts_join(agent, vip) < 0)
			log_error("the group of the adverts could not be joined",
				log_str("interface", vip->conf->interface));
	}
	vip->link = link;
	step_facts(vip, &facts);
	doubt_lan(agent, vip);
	if (vip->verdict.resign && vip->fsm.state == VRRP_ACTIVE)
		vip_event(vip, VRRP_EVENT_RESIGN);
}

void review_all(struct agent *agent)
{
	tracker_look(agent->tracker);
	for (size_t i = 0; i < agent->vip_count; i++)
		review_vip(agent, agent->vips[i]);
}
