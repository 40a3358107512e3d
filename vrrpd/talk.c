/* SPDX-License-Identifier: MIT */
#include "vrrpd/talk.h"

#include "common/system/clock.h"
#include "vrrpd/hearing.h"
#include "vrrpd/parts.h"
#include "vrrpd/review.h"
#include "vrrpd/services.h"
#include "vrrpd/vip_lease.h"

#include <stdio.h>
#include <string.h>

static bool is_among(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/* One for each LAN: many vips may miss their adverts at once. */
static void fill_probes(const struct agent *agent, struct peer_message *message)
{
	const char *interfaces[PEER_PROBES_MAX];

	for (size_t i = 0; i < agent->vip_count && message->probe_count < PEER_PROBES_MAX; i++) {
		const struct vip *vip = agent->vips[i];
		struct peer_probe *probe = &message->probes[message->probe_count];
		struct doubt doubt = review_doubt(agent, vip);

		if (!doubt_tells(&doubt, clock_mono()) ||
			is_among(interfaces, message->probe_count, vip->conf->interface))
			continue;
		interfaces[message->probe_count] = vip->conf->interface;
		probe->id = vip->peer_id;
		(void)lanwatch_answering(agent->lanwatch, vip->conf->interface, &probe->answering);
		message->probe_count++;
	}
}

static void fill_vips(const struct agent *agent, struct roll *ret_roll)
{
	for (size_t i = 0; i < agent->vip_count; i++) {
		const struct vip *vip = agent->vips[i];
		struct peer_vip word = word_of(vip->peer_id, &vip->fsm, clock_mono());

		if (vip_lease_is_leaving(vip, clock_mono()))
			word.state = PEER_VIP_ACTIVE;
		word.carrier = vip->link.carrier;
		word.lan_heard = lanwatch_is_heard(agent->lanwatch, vip->conf->interface);
		word.lan_mute = lanwatch_is_mute(agent->lanwatch, vip->conf->interface);
		roll_add(ret_roll, &word);
	}
}

static void fill_heartbeat(void *context, struct peer_message *message, struct roll *ret_roll)
{
	struct agent *agent = context;
	struct forwarder_view view = review_forwarder(agent);

	snprintf(message->config_hash, sizeof message->config_hash, "%s", agent->conf->hash);
	message->sequence = fence_last_sequence(agent->shared.fence);
	message->health = view.health;
	message->ready = view.bound && view.checked;
	services_fill(agent->conf, &view, message);
	fill_vips(agent, ret_roll);
	fill_probes(agent, message);
	lanwatch_fill(agent->lanwatch, message);
}

static void note_drift(struct agent *agent, const struct peer_message *heartbeat)
{
	bool drift = strcmp(heartbeat->config_hash, agent->conf->hash) != 0;

	if (drift == agent->drift)
		return;
	agent->drift = drift;
	if (drift)
		log_warning("the configurations of the two nodes differ", log_str("here", agent->conf->hash),
			log_str("there", heartbeat->config_hash));
	else
		log_info("the configurations of the two nodes are the same again");
	recorder_add(&agent->recorder, clock_mono(), clock_real_ns(), NULL,
		drift ? "the peer has another configuration" : "the peer has the same configuration again");
}

static void take_word(struct agent *agent, struct vip *vip, const struct peer_message *heartbeat)
{
	struct word_change change = word_take(&vip->word, peer_vip(agent->peer, vip->peer_id));

	hearing_prove_clock(vip, heartbeat->stamp.session, heartbeat->sequence, heartbeat->real_ns);
	review_vip(agent, vip);
	if (word_resigned(&change, vip->fsm.state))
		vip_event(vip, VRRP_EVENT_PEER_GONE);
	if (change.hears_again)
		vip_event(vip, VRRP_EVENT_PEER_BACK);
}

/* The datagrams that speak of the vip have not come for some time: nothing is known of it, as after a silence. */
static void forget_word(struct agent *agent, struct vip *vip)
{
	if (vip->word.state == PEER_VIP_INITIALIZE || peer_vip(agent->peer, vip->peer_id) != NULL)
		return;
	vip->word = (struct word){0};
	review_vip(agent, vip);
}

static void take_heartbeat(struct agent *agent, const struct peer_message *heartbeat)
{
	note_drift(agent, heartbeat);
	lanwatch_take(agent->lanwatch, heartbeat, agent->vips, agent->vip_count);
	for (size_t i = 0; i < agent->vip_count; i++) {
		struct vip *vip = agent->vips[i];

		if (roll_covers(heartbeat, vip->peer_id))
			take_word(agent, vip, heartbeat);
		else
			forget_word(agent, vip);
	}
}

static void on_message(void *context, const struct peer_message *message)
{
	struct agent *agent = context;

	if (message->kind == PEER_HEARTBEAT)
		take_heartbeat(agent, message);
	else
		handover_message(agent->handovers, message);
}

static void on_alive(void *context, bool alive)
{
	struct agent *agent = context;

	recorder_add(&agent->recorder, clock_mono(), clock_real_ns(), NULL, "the peer is %s on the state port",
		alive ? "heard" : "silent");
	for (size_t i = 0; i < agent->vip_count; i++) {
		if (alive)
			vip_event(agent->vips[i], VRRP_EVENT_PEER_BACK);
		else
			word_silent(&agent->vips[i]->word);
	}
	review_all(agent);
}

const struct peer_events talk_events = {.fill = fill_heartbeat, .message = on_message, .alive = on_alive};
