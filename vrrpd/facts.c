/* SPDX-License-Identifier: MIT */
#include "vrrpd/facts.h"

#include "vrrpd/services.h"

/* For so long, from the start or the link's return, a preemption waits for the peer's word on its services. */
#define PEER_WORD_NS (10 * NS_PER_S)

static void judge_health(const struct facts_input *input, const struct vrrp_fsm *fsm, struct health_fsm *health,
	struct mono now, struct health_verdict *ret_verdict)
{
	const struct peer_message *heartbeat = input->heartbeat;
	const struct peer_vip *other = input->other;
	struct health_input health_input = {
		.lbd_wanted = input->lbd_wanted,
		.own = input->view.health,
		.peer_known = heartbeat != NULL,
		.peer_unable = other != NULL && other->state == PEER_VIP_FAULT,
		.peer = heartbeat != NULL ? heartbeat->health : PEER_HEALTH_DEAD,
		.is_active = fsm->state == VRRP_ACTIVE,
		.configured_priority = fsm->conf.priority,
		.interval_ns = input->interval_ns,
	};

	health_step(health, &health_input, now, ret_verdict);
}

/*
 * Each server is to have been checked since the carrier's return as well (DESIGN section 5.6): by then every check has
 * had its interval and its timeout.
 */
static int64_t settle_ns(const struct facts_input *input)
{
	int64_t longest_ns = 0;

	for (size_t i = 0; input->lbd_wanted && i < input->conf->pool_count; i++) {
		const struct check_conf *check = &input->conf->pools[i].check;

		if (check->kind != CHECK_NONE)
			longest_ns = MAX(longest_ns, check->interval_ns + check->timeout_ns);
	}
	return longest_ns;
}

/*
 * Until the peer's word is heard, a service that is down here may well be up there. That is waited for a while only: it
 * may be down everywhere, or the state port be closed.
 */
static bool services_unsure(const struct facts_input *input, const struct vrrp_fsm *fsm, struct mono now)
{
	struct mono since = input->link_ok_at.ns != 0 ? input->link_ok_at : fsm->started_at;

	return input->heartbeat == NULL && mono_before(now, mono_add(since, PEER_WORD_NS)) &&
	       services_any_down(input->conf, &input->view);
}

/* What the peer's tracking costs it, by what it says of itself; 0 where it says nothing. */
static unsigned peer_penalty(const struct facts_input *input, const struct peer_vip *other)
{
	return other != NULL && other->effective_priority < input->peer_priority
		       ? (unsigned)(input->peer_priority - other->effective_priority)
		       : 0;
}

/*
 * A backup that was told of the silence here has claimed, and asks no more: one that is active without anybody to hear
 * it leaves the vip to that node, until somebody answers: a port that lets nothing out may let others' words in. Who
 * claimed is to have heard somebody: of a node that has just started, and knows nobody whom it could ask, that nobody
 * fails to answer says nothing.
 */
static bool has_lost_lan(const struct facts_input *input, const struct vrrp_fsm *fsm, const struct peer_vip *other)
{
	if (input->peer_on_lan || other == NULL || other->state != PEER_VIP_ACTIVE || other->lan_mute)
		return false;
	if (fsm->facts.lan_dead)
		return input->lan_mute;
	return input->lan_silent && fsm->state == VRRP_ACTIVE && other->lan_heard;
}

/*
 * To give up is of use to nobody where the peer could not serve, or may not claim yet; nor to stay away from a vip
 * whose owner nobody answers any more.
 */
static bool peer_can_take(const struct facts_input *input, const struct peer_vip *other)
{
	if (other == NULL)
		return false;
	/* Whom nobody answers is no better off, as a backup either: the vip would come back, and go to and fro. */
	return (!other->lan_mute || input->peer_on_lan) &&
	       (other->state == PEER_VIP_ACTIVE || (other->state == PEER_VIP_BACKUP && !other->holds_back)) &&
	       (!input->lbd_wanted || input->heartbeat->health <= input->view.health);
}

struct vrrp_facts facts_gather(const struct facts_input *input, const struct vrrp_fsm *fsm, struct health_fsm *health,
	struct mono now, struct health_verdict *ret_verdict)
{
	const struct peer_message *heartbeat = input->heartbeat;
	const struct peer_vip *other = input->other;
	bool settled = input->link_ok_at.ns == 0 || mono_reached(mono_add(input->link_ok_at, settle_ns(input)), now);
	struct vrrp_facts facts = {
		.link_ok = input->link_ok, .link_carries = input->link_carries, .source = input->source};
	unsigned own_penalty;

	judge_health(input, fsm, health, now, ret_verdict);
	facts.priority = track_priority(ret_verdict->effective_priority, input->tracked.penalty);
	facts.tracked_fault = input->tracked.fault;
	facts.tracked_unsure = input->tracked.unsure;
	/* The nodes check on their own: what the peer found out, this one knows a check later. */
	facts.weigh_ns = input->tracks_services ? settle_ns(input) : 0;
	own_penalty = (unsigned)(fsm->conf.priority - facts.priority);
	facts.peer_penalised = peer_penalty(input, other) > own_penalty;
	facts.self_penalised = heartbeat != NULL && own_penalty > peer_penalty(input, other);
	facts.hold_back_until = ret_verdict->hold_back_until;
	facts.bound = input->view.bound;
	facts.ready = input->view.bound && input->view.checked && settled && !services_unsure(input, fsm, now) &&
		      !services_worse(input->conf, &input->view, heartbeat);
	/* Who is heard on the vip's own LAN has not lost it, whatever else is silent there. */
	facts.peer_holds = other != NULL && other->state == PEER_VIP_ACTIVE && other->carrier &&
			   (!other->lan_mute || other->lan_heard || input->peer_on_lan);
	facts.peer_active = other != NULL && other->state == PEER_VIP_ACTIVE;
	facts.peer_on_lan = facts.peer_holds && (input->peer_on_lan || other->lan_heard);
	facts.peer_well = heartbeat != NULL && heartbeat->health != PEER_HEALTH_DEAD;
	facts.maintenance = input->maintenance;
	facts.lan_dead = (input->lan_dead && peer_can_take(input, other)) || has_lost_lan(input, fsm, other);
	facts.group_fault = input->group_fault;
	facts.group_unready = input->group_unready;
	facts.group_elsewhere = input->group_elsewhere;
	facts.peer_sicker = heartbeat != NULL && heartbeat->health > input->view.health;
	return facts;
}

bool facts_equal(const struct vrrp_facts *a, const struct vrrp_facts *b)
{
	return a->link_ok == b->link_ok && a->link_carries == b->link_carries && ip_equal(&a->source, &b->source) &&
	       a->priority == b->priority && a->bound == b->bound && a->ready == b->ready &&
	       a->hold_back_until.ns == b->hold_back_until.ns && a->peer_holds == b->peer_holds &&
	       a->peer_active == b->peer_active && a->peer_on_lan == b->peer_on_lan &&
	       a->peer_sicker == b->peer_sicker && a->peer_well == b->peer_well && a->weigh_ns == b->weigh_ns &&
	       a->tracked_fault == b->tracked_fault && a->tracked_unsure == b->tracked_unsure &&
	       a->peer_penalised == b->peer_penalised && a->self_penalised == b->self_penalised &&
	       a->maintenance == b->maintenance && a->lan_dead == b->lan_dead && a->group_fault == b->group_fault &&
	       a->group_unready == b->group_unready && a->group_elsewhere == b->group_elsewhere;
}
