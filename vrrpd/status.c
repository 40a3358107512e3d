/* SPDX-License-Identifier: MIT */
#include "vrrpd/status.h"

#include "common/system/clock.h"
#include "vrrpd/forms.h"
#include "vrrpd/reason.h"
#include "vrrpd/timers.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The peer's clock is worth a word when it is off by so much; below it, it may be the network's delay. */
#define CLOCK_OFFSET_SHOWN_NS (1 * NS_PER_S)
#define EXPLAIN_ENTRIES 20
#define PRIORITY_OWNER 255

/* Who holds the vip as far as this node knows; NULL: nobody is known. `buffer` serves for an address. */
static const char *active_node(const struct view *view, const struct view_vip *vip, char buffer[static IP_TEXT_MAX])
{
	if (vip->fsm.state == VRRP_ACTIVE)
		return view->self->name;
	if (vip->peer_state == PEER_VIP_ACTIVE)
		return view->other->name;
	if (vip->fsm.state != VRRP_BACKUP || vip->fsm.active_priority == 0 || vip->fsm.silent_at.ns != 0)
		return NULL;
	if (view->other != NULL && ip_equal(&vip->heard_source, &view->other->address))
		return view->other->name;
	return ip_text(&vip->heard_source, buffer);
}

static json_t *counters_json(const struct view_vip *vip)
{
	json_t *discarded = json_object(), *checksums = json_object();

	for (size_t i = ADVERT_TAKEN + 1; i < ADVERT_DISCARD_COUNT; i++)
		json_object_set_new(discarded, advert_discard_name((enum advert_discard)i),
			json_integer((json_int_t)vip->counters.discarded[i]));
	for (unsigned i = 0; i < ADVERT_CHECKSUM_COUNT; i++)
		json_object_set_new(checksums, forms_name((uint8_t)(1U << i)),
			json_integer((json_int_t)vip->counters.checksums[i]));
	return json_pack("{s:I, s:I, s:o, s:I, s:I, s:o}", "adverts_sent", (json_int_t)vip->counters.adverts_sent,
		"adverts_received", (json_int_t)vip->counters.adverts_received, "checksums", checksums,
		"advert_late_max_us", (json_int_t)(vip->counters.late_max_ns / NS_PER_US), "transitions",
		(json_int_t)vip->counters.transitions, "discarded", discarded);
}

static json_t *tracks_json(const struct view *view, const struct view_vip *vip)
{
	json_t *list = json_array();

	for (size_t i = 0; i < vip->track_count; i++) {
		const struct view_track *track = &view->tracks[vip->first_track + i];
		bool fault = track->penalty == TRACK_PENALTY_FAULT;

		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s, s:o, s:s}", "kind", track->kind, "name", track->name, "state",
				track_state_name(track->state), "penalty",
				fault ? json_string("fault") : json_integer(track->penalty), "reason", track->why));
	}
	return list;
}

static json_t *vip_json(const struct view *view, const struct view_vip *vip)
{
	json_t *addresses = json_array();
	char node[IP_TEXT_MAX], reason[REASON_MAX], address[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < vip->conf->address_count; i++)
		json_array_append_new(addresses, json_string(prefix_text(&vip->conf->addresses[i], address)));
	return json_pack("{s:s, s:i, s:s, s:s, s:i, s:i, s:s?, s:b, s:s?, s:b, s:o, s:I, s:s, s:o, s:o}", "name",
		vip->conf->name, "vrid", vip->conf->vrid, "interface", vip->conf->interface, "state",
		vrrp_state_name(vip->fsm.state), "priority", vip->fsm.conf.priority, "effective_priority",
		vip->fsm.facts.priority, "active_node", active_node(view, vip, node), "conflict", vip->conflict,
		"lan_alarm", doubt_alarm_text(vip->lan_alarm), "yielding", vip->fsm.yielding, "addresses", addresses,
		"transitions", (json_int_t)vip->counters.transitions, "reason", reason_of(vip, reason), "counters",
		counters_json(vip), "tracks", tracks_json(view, vip));
}

static json_t *peer_json(const struct view *view)
{
	char address[IP_TEXT_MAX];
	json_t *seen, *json;

	if (view->other == NULL)
		return json_null();
	seen = json_array();
	/* Without a key there are no paths but the adverts' own. */
	for (size_t i = 0; i < view->path_count; i++)
		json_array_append_new(
			seen, json_pack("{s:s, s:b, s:b}", "path", ip_text(&view->paths[i].address, address), "alive",
				      view->paths[i].alive, "unanswered", view->paths[i].unanswered));
	json = json_pack("{s:s, s:s?, s:b, s:o, s:I}", "node", view->other->name, "config_hash",
		view->peer_known ? view->peer_hash : NULL, "drift", view->drift, "seen", seen, "discarded",
		(json_int_t)view->peer_discarded);
	if (json == NULL)
		return NULL;
	json_object_set_new(
		json, "clock_offset_ms", view->offset_known ? json_integer(view->offset_ns / NS_PER_MS) : json_null());
	return json;
}

json_t *status_json(const struct view *view)
{
	json_t *vips = json_array();

	for (size_t i = 0; i < view->vip_count; i++)
		json_array_append_new(vips, vip_json(view, &view->vips[i]));
	return json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:{s:i, s:i}}", "node", view->self->name, "version",
		PACKAGE_VERSION, "config_hash", view->conf->hash, "maintenance", view->maintenance, "peer",
		peer_json(view), "vips", vips, "pids", "vrrpd", (int)getpid(), "guardian", (int)view->guardian);
}

/* Explain. */

static void explain_state(const struct view *view, const struct view_vip *vip, struct text *out)
{
	char node[IP_TEXT_MAX], reason[REASON_MAX];
	const char *active = active_node(view, vip, node);

	text_addf(out, "vip %s is %s on %s: %s.\n", vip->conf->name, vrrp_state_name(vip->fsm.state), view->self->name,
		reason_of(vip, reason));
	text_addf(out, "Priority %u, effective %u. Active node: %s.\n", vip->fsm.conf.priority, vip->fsm.facts.priority,
		active != NULL ? active : "none is known");
}

static void explain_health(const struct view *view, struct text *out)
{
	if (!view->has_forwarder)
		text_add(out, "The configuration has no services: the forwarder does not matter.\n");
	else if (view->forwarder_why != NULL)
		text_addf(out, "The forwarder here: %s.\n", view->forwarder_why);
	else
		text_addf(out, "The forwarder here is serving%s.\n",
			view->forwarder_checked ? "" : ", but has not checked all servers yet");
}

static void explain_tracks(const struct view *view, const struct view_vip *vip, struct text *out)
{
	for (size_t i = 0; i < vip->track_count; i++) {
		const struct view_track *track = &view->tracks[vip->first_track + i];

		text_addf(out, "Tracked %s %s is %s", track->kind, track->name, track_state_name(track->state));
		if (*track->why != '\0')
			text_addf(out, " (%s)", track->why);
		if (track->state != TRACK_DOWN)
			text_add(out, ".\n");
		else if (track->penalty == TRACK_PENALTY_FAULT)
			text_add(out, ": the vip is given up.\n");
		else
			text_addf(out, ": it costs %u of the priority.\n", track->penalty);
	}
}

static void explain_path(const struct view *view, const struct peer_path *path, struct text *out)
{
	char address[IP_TEXT_MAX];

	ip_text(&path->address, address);
	if (path->unanswered)
		text_addf(out,
			"ALARM: what comes by its path %s answers nothing that this node sends: it does not hear this "
			"node there, and where it is active on that LAN, it may hear nobody.\n",
			address);
	else if (view->peer_alive && !path->alive)
		text_addf(out, "ALARM: not on its path %s.\n", address);
}

static void explain_peer(const struct view *view, struct text *out)
{
	if (view->other == NULL) {
		text_add(out, "There is no other node in the configuration.\n");
		return;
	}
	if (!view->has_peer) {
		text_add(out, "The nodes share no key: the peer is known by its adverts alone.\n");
		return;
	}
	text_addf(out, "The peer %s is %s on the state port.\n", view->other->name,
		view->peer_alive ? "heard" : "not heard");
	for (size_t i = 0; i < view->path_count; i++)
		explain_path(view, &view->paths[i], out);
	if (view->offset_known && llabs(view->offset_ns) >= CLOCK_OFFSET_SHOWN_NS)
		text_addf(out, "ALARM: the peer's clock is off by %+.3f s; see to time synchronisation.\n",
			(double)view->offset_ns / (double)NS_PER_S);
}

/* Where the two nodes are configured otherwise (RFC 9568 section 7.1 has version 3 bear it, version 2 refuse it). */
static void explain_differences(const struct view *view, const struct view_vip *vip, struct text *out)
{
	if (vip->misfit[0] != '\0')
		text_addf(out, "ALARM: %s. Both nodes want the same configuration file and key.\n", vip->misfit);
	if (vip->list_differs)
		text_add(out, "ALARM: the adverts that are heard name other addresses than the vip has here.\n");
	if (vip->interval_differs && vip->fsm.state == VRRP_BACKUP)
		text_addf(out, "The active node's adverts come every %lld ms, this node's own would every %lld ms.\n",
			(long long)(vip->fsm.active_interval_ns / NS_PER_MS),
			(long long)(vip->conf->advert_interval_ns / NS_PER_MS));
	if (view->drift)
		text_add(out,
			"ALARM: the peer runs another configuration; compare what `lbctl config show` says on both.\n");
}

/* All that stands in the way: where only the first is told, mending it brings a disappointment. */
static void explain_way_back(const struct view_vip *vip, struct text *out)
{
	const struct vrrp_facts *facts = &vip->fsm.facts;

	if (!facts->link_ok)
		text_addf(out,
			"It may come here again when interface %s is there and up, with a carrier and an address of "
			"this "
			"node's own.\n",
			vip->conf->interface);
	if (facts->maintenance)
		text_add(out, "It may come here again after `lbctl maintenance off`.\n");
	if (facts->tracked_fault)
		text_add(out, "It may come here again when what it tracks is back.\n");
	if (facts->group_fault)
		text_add(out, "It may come here again when each vip of its group can.\n");
	if (facts->lan_dead)
		text_add(out, "It may come here again when somebody on its LAN answers.\n");
}

static bool is_owner(const struct view_vip *vip)
{
	return vip->fsm.conf.priority == PRIORITY_OWNER;
}

/* Why the peer cannot be asked for its consent to a planned failover (DESIGN section 5.6); NULL: it can. */
static const char *unasked_why(const struct view *view)
{
	if (view->other == NULL)
		return "there is no other node";
	if (!view->has_peer)
		return "the nodes share no key";
	return view->peer_alive ? NULL : "the peer is not heard on the state port";
}

static void explain_active(const struct view *view, const struct view_vip *vip, struct text *out)
{
	if (vip->lan_alarm != DOUBT_NONE)
		text_addf(out,
			"ALARM: %s. The vip stays here; a track-gateway with penalty = fault would give it up.\n",
			doubt_alarm_text(vip->lan_alarm));
	if (vip->conflict)
		text_add(out, "ALARM: another node sends adverts as well. Of two that hear each other one yields: see "
			      "whether that one hears this node, and takes its adverts.\n");
	if (view->other == NULL)
		text_add(out, "There is no other node that it could go to.\n");
	else if (is_owner(vip))
		text_addf(out,
			"It would go to the peer when vrrpd stops, or when the interface or what it tracks with "
			"penalty = fault fails%s; but for that the owner (priority 255) yields to nobody.\n",
			view->has_forwarder ? ", or when lbd here is in worse health than the peer's" : "");
	else
		text_addf(out,
			"It would go to the peer: %swhen vrrpd stops or the interface fails, "
			"%swhen what it tracks fails here and not there%s.\n",
			unasked_why(view) == NULL ? "by `lbctl failover`, " : "",
			view->has_forwarder ? "when lbd here is in worse health than the peer's, " : "",
			vip->conf->preempt ? ", or when the peer's priority is higher and it preempts" : "");
	if (view->other != NULL && !is_owner(vip) && unasked_why(view) != NULL)
		text_addf(out, "A planned failover is refused while %s.\n", unasked_why(view));
}

/* What holds a claim, or a preemption, back just now, and for how long. */
static void explain_waits(const struct view_vip *vip, struct mono now, struct text *out)
{
	const struct vrrp_fsm *fsm = &vip->fsm;
	double held_s = (double)mono_diff(fsm->facts.hold_back_until, now) / (double)NS_PER_S;
	double start_s = (double)mono_diff(mono_add(fsm->started_at, fsm->conf.start_delay_ns), now) / (double)NS_PER_S;
	double delay_s =
		(double)mono_diff(mono_add(fsm->weaker_since, fsm->conf.preempt_delay_ns), now) / (double)NS_PER_S;

	if (held_s > 0)
		text_addf(out, "After its resignation it claims nothing for %.1f s more, unless the peer goes.\n",
			held_s);
	if (start_s > 0)
		text_addf(out, "It claims nothing for %.1f s more (start-delay).\n", start_s);
	if (!fsm->facts.bound && vip->verdict.reason == HEALTH_REASON_SICK)
		text_addf(out,
			"Until lbd serves again it has priority %u, and would come here only for want of a better.\n",
			HEALTH_PRIORITY_SICK);
	else if (!fsm->facts.bound)
		text_add(out, "It waits for lbd to bind its listeners: after the start 10 s at most.\n");
	if (fsm->weaker_since.ns != 0 && fsm->conf.preempt && delay_s > 0)
		text_addf(out, "A weaker node is active, and is not preempted for %.1f s more (preempt-delay).\n",
			delay_s);
}

/* Why this node would consent to no planned failover, being a backup; NULL: it would. */
static const char *unready_why(const struct view *view, const struct view_vip *vip)
{
	static const char *const texts[VRRP_REFUSAL_COUNT] = {
		[VRRP_REFUSAL_TRACK] = "something that it tracks here has failed",
		[VRRP_REFUSAL_UNBOUND] = "lbd here does not run or has not bound its listeners",
		[VRRP_REFUSAL_UNREADY] = "lbd here finds a service down that the peer has up",
		[VRRP_REFUSAL_GROUP_UNREADY] = "another vip of its group is not ready here",
	};
	enum vrrp_refusal refusal = vrrp_refusal(&vip->fsm);

	if (unasked_why(view) != NULL)
		return unasked_why(view);
	if (refusal == VRRP_REFUSAL_UNREADY && !view->forwarder_checked)
		return "lbd here has not checked all servers";
	return texts[refusal];
}

static void explain_backup(const struct view *view, const struct view_vip *vip, struct text *out)
{
	const struct vrrp_fsm *fsm = &vip->fsm;
	const char *unready = unready_why(view, vip);
	bool owned = fsm->active_priority == PRIORITY_OWNER;

	explain_waits(vip, clock_mono(), out);
	if (vip->fsm.active_priority != 0 && vip->fsm.silent_at.ns == 0)
		text_addf(out, "The active node's priority is %u, this node's %u.\n", vip->fsm.active_priority,
			vip->fsm.facts.priority);
	if (owned)
		text_add(out, "The active node is the owner (priority 255): it takes no planned failover.\n");
	else if (unready != NULL)
		text_addf(out, "A planned failover to this node is refused while %s.\n", unready);
	text_addf(out, "It would come here: %swhen the active node resigns, or falls silent for %.2f s, ",
		owned || unready != NULL ? "" : "by `lbctl failover`, ",
		(double)timers_active_down_ns(fsm->conf.version, fsm->facts.priority, fsm->active_interval_ns) /
			(double)NS_PER_S);
	if (is_owner(vip))
		text_addf(out, "or at once%s: this node is the owner (priority 255).\n",
			view->has_forwarder ? " when lbd has bound its listeners" : "");
	else if (vip->fsm.yielding)
		text_add(out, "but by no preemption, since it was given away as planned, unless the active node is "
			      "sick or lacks what it tracks.\n");
	else if (!vip->conf->preempt)
		text_add(out, "but by no preemption (preempt = no), unless the active node is sick or lacks what it "
			      "tracks.\n");
	else
		text_addf(out, "or by preemption when the active node's priority is lower%s.\n",
			view->has_forwarder ? " and lbd here is ready" : "");
}

static void explain_future(const struct view *view, const struct view_vip *vip, struct text *out)
{
	switch (vip->fsm.state) {
	case VRRP_ACTIVE:
		explain_active(view, vip, out);
		break;
	case VRRP_BACKUP:
		explain_backup(view, vip, out);
		break;
	case VRRP_FAULT:
		explain_way_back(vip, out);
		break;
	case VRRP_INITIALIZE:
	case VRRP_STATE_COUNT:
		break;
	}
}

void status_explain(
	const struct view *view, const struct view_vip *vip, const struct recorder *recorder, struct text *out)
{
	explain_state(view, vip, out);
	explain_health(view, out);
	explain_tracks(view, vip, out);
	explain_peer(view, out);
	explain_differences(view, vip, out);
	explain_future(view, vip, out);
	text_add(out, "Last decisions:\n");
	recorder_print(recorder, vip->conf->name, EXPLAIN_ENTRIES, clock_mono(), out);
}
