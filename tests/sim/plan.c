/* SPDX-License-Identifier: MIT */
/* Planned failovers and maintenance on a simulated host, as handover.c, moves.c and maintenance.c do them. */
#include "tests/sim/parts.h"
#include "vrrpd/consent.h"

#include <stdio.h>

#define REPEAT_NS (20 * NS_PER_MS)
#define OFFER_LIMIT_NS (900 * NS_PER_MS)
#define ASK_LIMIT_NS (2 * NS_PER_S)

static void send_request(struct sim_vip *vip, enum peer_kind kind, uint64_t request, bool dry_run, bool accepted)
{
	struct peer_message message = {.kind = kind, .request = request, .dry_run = dry_run, .accepted = accepted};

	snprintf(message.vip, sizeof message.vip, "%d", vip->index);
	talk_send(vip->node, &message);
}

static void answer_ask(struct sim_vip *vip, uint64_t request, bool accepted)
{
	vip->answered = request;
	vip->answer = accepted;
	send_request(vip, PEER_ANSWER, request, false, accepted);
}

/* Maintenance. */

static void begin_moving(struct sim_node *node)
{
	node->main.entering = (struct sim_entering){.moving = true, .waiting = 1};
	for (int i = 0; i < vip_count_of(node); i++)
		node->main.vips[i].lent = node->main.vips[i].fsm.state == VRRP_ACTIVE;
	for (int i = 0; i < vip_count_of(node); i++) {
		if (node->main.vips[i].lent)
			plan_start(&node->main.vips[i], false, true, 0);
	}
}

static void set_maintenance(struct sim_node *node, bool on)
{
	node->main.maintenance = on;
	world_note(&node->sim->world, node->index, "maintenance %s", on ? "begins" : "ends");
	sim_vip_review_all(node);
	sim_vip_save(node);
}

static void conclude_entering(struct sim_node *node)
{
	struct sim_entering *entering = &node->main.entering;
	struct sim_entering before = *entering;

	if (--entering->waiting > 0)
		return;
	*entering = (struct sim_entering){0};
	for (int i = 0; before.refused && i < vip_count_of(node); i++)
		node->main.vips[i].lent = node->main.vips[i].lent && !before.moving;
	if (before.refused)
		return;
	if (before.trying) {
		begin_moving(node);
		node->main.entering.over = before.over;
		conclude_entering(node);
		return;
	}
	set_maintenance(node, true);
	if (before.over)
		plan_end_maintenance(node);
}

void plan_enter_maintenance(struct sim_node *node)
{
	struct sim_entering *entering = &node->main.entering;

	if (entering->trying || entering->moving)
		entering->over = false;
	if (node->main.maintenance || entering->trying || entering->moving)
		return;
	*entering = (struct sim_entering){.trying = true, .waiting = 1};
	for (int i = 0; i < vip_count_of(node); i++) {
		if (node->main.vips[i].fsm.state == VRRP_ACTIVE)
			plan_start(&node->main.vips[i], true, true, 0);
	}
	conclude_entering(node);
}

void plan_end_maintenance(struct sim_node *node)
{
	node->main.entering.over = true;
	if (!node->main.maintenance)
		return;
	for (int i = 0; i < vip_count_of(node); i++) {
		struct sim_vip *vip = &node->main.vips[i];

		if (vip->lent) {
			vrrp_end_yield(&vip->fsm);
			node->sim->planned_to[i] = SIM_NOBODY;
		}
		vip->lent = false;
	}
	set_maintenance(node, false);
}

/* One vip. */

static void finish(struct sim_vip *vip, bool done)
{
	struct sim_handover handover = vip->handover;
	struct sim_node *node = vip->node;

	world_note(&node->sim->world, node->index, "vip %d: planned failover%s: %s", vip->index + 1,
		handover.dry_run ? " (dry run)" : "", done ? "agreed" : "refused");
	vip->handover.pending = false;
	set_vip_timer(vip, VIP_TIMER_REPEAT, MONO_NEVER);
	if (handover.kind == PEER_OFFER && !handover.dry_run) {
		sim_vip_event(vip, done ? VRRP_EVENT_TAKEN : VRRP_EVENT_OFFER_FAILED);
		if (done)
			node->sim->planned_to[vip->index] = 1 - node->index;
	}
	if (handover.asked != 0)
		answer_ask(vip, handover.asked, done);
	if (handover.entering) {
		node->main.entering.refused = node->main.entering.refused || !done;
		conclude_entering(node);
	}
}

void plan_on_repeat(struct sim_vip *vip)
{
	struct sim_handover *handover = &vip->handover;

	if (mono_reached(handover->limit, now_of(vip->node))) {
		finish(vip, false);
		return;
	}
	send_request(vip, handover->kind, handover->request, handover->dry_run, false);
	set_vip_timer(vip, VIP_TIMER_REPEAT, mono_add(now_of(vip->node), REPEAT_NS));
}

static bool is_refused(const struct sim_vip *vip)
{
	return !has_peer(vip->node) || !vip->node->main.alive ||
	       consent_refuse_start(&vip->fsm, vip->handover.pending) != NULL;
}

void plan_start(struct sim_vip *vip, bool dry_run, bool entering, uint64_t asked)
{
	struct sim_node *node = vip->node;
	bool is_active = vip->fsm.state == VRRP_ACTIVE;

	if (is_refused(vip)) {
		if (asked != 0)
			answer_ask(vip, asked, false);
		node->main.entering.refused = node->main.entering.refused || entering;
		return;
	}
	world_note(&node->sim->world, node->index, "vip %d: planned failover: %s", vip->index + 1,
		is_active ? "offered" : "asked for");
	vip->handover = (struct sim_handover){
		.pending = true,
		.kind = is_active ? PEER_OFFER : PEER_ASK,
		.dry_run = dry_run,
		.entering = entering,
		.request = random_next(&node->sim->world.random) | 1,
		.asked = asked,
		.limit = mono_add(now_of(node), is_active ? OFFER_LIMIT_NS : ASK_LIMIT_NS),
	};
	node->main.entering.waiting += entering;
	if (is_active && !dry_run) {
		node->records[vip->index].offers++;
		word_offer(&vip->word);
		sim_vip_event(vip, VRRP_EVENT_OFFERED);
	}
	plan_on_repeat(vip);
}

/* What the peer wants. */

static bool is_offered(const struct sim_vip *vip)
{
	return vip->handover.pending && vip->handover.kind == PEER_OFFER && !vip->handover.dry_run;
}

static void take_offer(struct sim_vip *vip, const struct peer_message *message)
{
	const char *reason;
	enum consent consent = CONSENT_REFUSED;

	if (vip->refused != message->request)
		consent = consent_to_offer(&vip->fsm, is_offered(vip), &reason);
	if (consent == CONSENT_SILENT)
		return;
	if (consent == CONSENT_REFUSED && !message->dry_run)
		vip->refused = message->request;
	if (consent == CONSENT_GIVEN && !message->dry_run) {
		vip->word.state = PEER_VIP_ACTIVE;
		sim_vip_event(vip, VRRP_EVENT_TAKE);
	}
	send_request(vip, PEER_ANSWER, message->request, message->dry_run, consent == CONSENT_GIVEN);
}

static void take_ask(struct sim_vip *vip, const struct peer_message *message)
{
	const char *reason;

	if (vip->answered == message->request) {
		send_request(vip, PEER_ANSWER, message->request, false, vip->answer);
		return;
	}
	switch (consent_to_ask(&vip->fsm, vip->handover.pending, &reason)) {
	case CONSENT_SILENT:
		break;
	case CONSENT_REFUSED:
		answer_ask(vip, message->request, false);
		break;
	case CONSENT_GIVEN:
		plan_start(vip, message->dry_run, false, message->request);
		break;
	}
}

static void take_answer(struct sim_node *node, const struct peer_message *message)
{
	for (int i = 0; i < vip_count_of(node); i++) {
		struct sim_vip *vip = &node->main.vips[i];

		if (vip->handover.pending && vip->handover.request == message->request)
			finish(vip, message->accepted);
	}
}

void plan_take(struct sim_node *node, const struct peer_message *message)
{
	struct sim_vip *vip = &node->main.vips[message->vip[0] - '0'];

	switch (message->kind) {
	case PEER_OFFER:
		take_offer(vip, message);
		break;
	case PEER_ASK:
		take_ask(vip, message);
		break;
	case PEER_ANSWER:
		take_answer(node, message);
		break;
	case PEER_HEARTBEAT:
	case PEER_KIND_COUNT:
		break;
	}
}
