/* SPDX-License-Identifier: MIT */
#include "vrrpd/status.h"

#include "common/system/clock.h"
#include "vrrpd/reason.h"
#include "vrrpd/review.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The peer's clock is worth a word when it is off by so much; below it, it may be the network's delay. */
#define CLOCK_OFFSET_SHOWN_NS (1 * NS_PER_S)
#define EXPLAIN_ENTRIES 20

/* Who holds the vip as far as this node knows; NULL: nobody is known. `buffer` serves for an address. */
static const char *active_node(const struct agent *agent, const struct vip *vip, char buffer[static IP_TEXT_MAX])
{
	if (vip->fsm.state == VRRP_ACTIVE)
		return agent->self->name;
	if (vip->peer_state == PEER_VIP_ACTIVE)
		return agent->other->name;
	if (vip->fsm.state != VRRP_BACKUP || vip->fsm.active_priority == 0 || vip->fsm.silent_at.ns != 0)
		return NULL;
	if (agent->other != NULL && ip_equal(&vip->heard_source, &agent->other->address))
		return agent->other->name;
	return ip_text(&vip->heard_source, buffer);
}

static json_t *counters_json(const struct vip *vip)
{
	json_t *discarded = json_object();

	for (size_t i = ADVERT_TAKEN + 1; i < ADVERT_DISCARD_COUNT; i++)
		json_object_set_new(discarded, advert_discard_name((enum advert_discard)i),
			json_integer((json_int_t)vip->counters.discarded[i]));
	return json_pack("{s:I, s:I, s:I, s:o}", "adverts_sent", (json_int_t)vip->counters.adverts_sent,
		"adverts_received", (json_int_t)vip->counters.adverts_received, "transitions",
		(json_int_t)vip->counters.transitions, "discarded", discarded);
}

static json_t *tracks_json(const struct agent *agent, const struct vip *vip)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tracker_count(agent->tracker, vip->conf); i++) {
		struct tracker_entry entry = tracker_entry(agent->tracker, vip->conf, i);
		bool fault = entry.penalty == TRACK_PENALTY_FAULT;

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:o, s:s}", "kind", entry.kind, "name", entry.name, "state",
				      track_state_name(entry.state), "penalty",
				      fault ? json_string("fault") : json_integer(entry.penalty), "reason", entry.why));
	}
	return list;
}

static json_t *vip_json(const struct agent *agent, const struct vip *vip)
{
	json_t *addresses = json_array();
	char node[IP_TEXT_MAX], reason[REASON_MAX], address[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < vip->conf->address_count; i++)
		json_array_append_new(addresses, json_string(prefix_text(&vip->conf->addresses[i], address)));
	return json_pack("{s:s, s:i, s:s, s:s, s:i, s:i, s:s?, s:b, s:b, s:o, s:I, s:s, s:o, s:o}", "name",
		vip->conf->name, "vrid", vip->conf->vrid, "interface", vip->conf->interface, "state",
		vrrp_state_name(vip->fsm.state), "priority", vip->fsm.conf.priority, "effective_priority",
		vip->fsm.facts.priority, "active_node", active_node(agent, vip, node), "conflict",
		vrrp_in_conflict(&vip->fsm), "yielding", vip->fsm.yielding, "addresses", addresses, "transitions",
		(json_int_t)vip->counters.transitions, "reason", reason_of(agent, vip, reason), "counters",
		counters_json(vip), "tracks", tracks_json(agent, vip));
}

/* The peer's clock minus ours: by the state port, else by the adverts that were taken in spite of it. */
static bool clock_offset_ns(const struct agent *agent, int64_t *ret_offset_ns)
{
	if (agent->peer != NULL && peer_heartbeat(agent->peer) != NULL) {
		*ret_offset_ns = peer_clock_offset_ns(agent->peer);
		return true;
	}
	for (size_t i = 0; i < agent->vip_count; i++) {
		for (size_t k = 0; k < SENDERS_MAX; k++) {
			const struct sender *sender = &agent->vips[i]->senders.list[k];

			if (sender->source.family == 0)
				continue;
			*ret_offset_ns = sender->offset_ns;
			return true;
		}
	}
	return false;
}

static json_t *peer_json(const struct agent *agent)
{
	const struct peer_message *heartbeat = agent->peer != NULL ? peer_heartbeat(agent->peer) : NULL;
	char address[IP_TEXT_MAX];
	int64_t offset_ns;
	json_t *seen, *json;

	if (agent->other == NULL)
		return json_null();
	seen = json_array();
	/* Without a key there are no paths but the adverts' own. */
	for (size_t i = 0; agent->peer != NULL && i < peer_path_count(agent->peer); i++) {
		struct peer_path path = peer_path(agent->peer, i);

		json_array_append_new(
			seen, json_pack("{s:s, s:b}", "path", ip_text(&path.address, address), "alive", path.alive));
	}
	json = json_pack("{s:s, s:s?, s:b, s:o, s:I}", "node", agent->other->name, "config_hash",
		heartbeat != NULL ? heartbeat->config_hash : NULL, "drift", agent->drift, "seen", seen, "discarded",
		(json_int_t)(agent->peer != NULL ? peer_discarded(agent->peer) : 0));
	if (json == NULL)
		return NULL;
	if (clock_offset_ns(agent, &offset_ns))
		json_object_set_new(json, "clock_offset_ms", json_integer(offset_ns / NS_PER_MS));
	else
		json_object_set_new(json, "clock_offset_ms", json_null());
	return json;
}

json_t *status_json(struct agent *agent)
{
	json_t *vips = json_array();

	for (size_t i = 0; i < agent->vip_count; i++)
		json_array_append_new(vips, vip_json(agent, agent->vips[i]));
	return json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:{s:i, s:i}}", "node", agent->self->name, "version",
		PACKAGE_VERSION, "config_hash", agent->conf->hash, "maintenance", agent->maintenance, "peer",
		peer_json(agent), "vips", vips, "pids", "vrrpd", (int)getpid(), "guardian",
		(int)guardian_pid(agent->guardian));
}

/* Explain. */

static void explain_state(struct agent *agent, const struct vip *vip, struct text *out)
{
	char node[IP_TEXT_MAX], reason[REASON_MAX];
	const char *active = active_node(agent, vip, node);

	text_addf(out, "vip %s is %s on %s: %s.\n", vip->conf->name, vrrp_state_name(vip->fsm.state), agent->self->name,
		reason_of(agent, vip, reason));
	text_addf(out, "Priority %u, effective %u. Active node: %s.\n", vip->fsm.conf.priority, vip->fsm.facts.priority,
		active != NULL ? active : "none is known");
}

static void explain_health(struct agent *agent, struct text *out)
{
	struct forwarder_view view = review_forwarder(agent);

	if (agent->forwarder == NULL)
		text_add(out, "The configuration has no services: the forwarder does not matter.\n");
	else if (view.why != NULL)
		text_addf(out, "The forwarder here: %s.\n", view.why);
	else
		text_addf(out, "The forwarder here is serving%s.\n",
			view.checked ? "" : ", but has not checked all servers yet");
}

static void explain_tracks(const struct agent *agent, const struct vip *vip, struct text *out)
{
	for (size_t i = 0; i < tracker_count(agent->tracker, vip->conf); i++) {
		struct tracker_entry entry = tracker_entry(agent->tracker, vip->conf, i);

		text_addf(out, "Tracked %s %s is %s", entry.kind, entry.name, track_state_name(entry.state));
		if (*entry.why != '\0')
			text_addf(out, " (%s)", entry.why);
		if (entry.state != TRACK_DOWN)
			text_add(out, ".\n");
		else if (entry.penalty == TRACK_PENALTY_FAULT)
			text_add(out, ": the vip is given up.\n");
		else
			text_addf(out, ": it costs %u of the priority.\n", entry.penalty);
	}
}

static void explain_peer(struct agent *agent, struct text *out)
{
	int64_t offset_ns;

	if (agent->peer == NULL) {
		text_add(out, "The nodes share no key: the peer is known by its adverts alone.\n");
		return;
	}
	text_addf(out, "The peer %s is %s on the state port.\n", agent->other->name,
		peer_is_alive(agent->peer) ? "heard" : "not heard");
	for (size_t i = 0; peer_is_alive(agent->peer) && i < peer_path_count(agent->peer); i++) {
		struct peer_path path = peer_path(agent->peer, i);
		char address[IP_TEXT_MAX];

		if (!path.alive)
			text_addf(out, "ALARM: not on its path %s.\n", ip_text(&path.address, address));
	}
	if (clock_offset_ns(agent, &offset_ns) && llabs(offset_ns) >= CLOCK_OFFSET_SHOWN_NS)
		text_addf(out, "ALARM: the peer's clock is off by %+.3f s; see to time synchronisation.\n",
			(double)offset_ns / (double)NS_PER_S);
}

static void explain_future(const struct vip *vip, struct text *out)
{
	switch (vip->fsm.state) {
	case VRRP_ACTIVE:
		text_add(out,
			"It would go to the peer: by `lbctl failover`, when vrrpd stops or the interface fails, "
			"when lbd here is in worse health than the peer's, when what it tracks fails here and not "
			"there, or when the peer preempts.\n");
		break;
	case VRRP_BACKUP:
		text_add(
			out, "It would come here: by `lbctl failover`, when the active node resigns or falls silent, ");
		if (vip->fsm.yielding)
			text_add(out, "but by no preemption, since it was given away as planned.\n");
		else if (!vip->conf->preempt)
			text_add(out,
				"but by no preemption (preempt = no), unless the active node is sick or lacks what it "
				"tracks.\n");
		else
			text_add(out, "or by preemption when the active node's priority is lower and lbd here is "
				      "ready.\n");
		break;
	case VRRP_FAULT:
		if (vip->fsm.facts.maintenance)
			text_add(out, "It may come here again after `lbctl maintenance off`.\n");
		else
			text_add(out, vip->fsm.facts.link_ok ? "It may come here again when what it tracks is back.\n"
							     : "It may come here again when the interface is back.\n");
		break;
	case VRRP_INITIALIZE:
	case VRRP_STATE_COUNT:
		break;
	}
}

void status_explain(struct agent *agent, const struct vip *vip, struct text *out)
{
	explain_state(agent, vip, out);
	explain_health(agent, out);
	explain_tracks(agent, vip, out);
	explain_peer(agent, out);
	explain_future(vip, out);
	text_add(out, "Last decisions:\n");
	recorder_print(&agent->recorder, vip->conf->name, EXPLAIN_ENTRIES, clock_mono(), out);
}
