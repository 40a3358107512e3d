/* SPDX-License-Identifier: MIT */
#include "vrrpd/view.h"

#include "common/system/clock.h"
#include "vrrpd/review.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void copy_track(const struct tracker_entry *entry, struct view_track *ret_track)
{
	ret_track->kind = entry->kind;
	ret_track->name = entry->name;
	ret_track->state = entry->state;
	ret_track->penalty = entry->penalty;
	snprintf(ret_track->why, sizeof ret_track->why, "%s", entry->why);
}

static void copy_failures(const struct agent *agent, const struct vip *vip, struct view_vip *copy)
{
	size_t count = tracker_count(agent->tracker, vip->conf);

	for (size_t i = 0; i < count; i++) {
		struct tracker_entry entry = tracker_entry(agent->tracker, vip->conf, i);

		if (entry.state != TRACK_DOWN)
			continue;
		if (copy->failed.kind == NULL)
			copy_track(&entry, &copy->failed);
		if (copy->fault.kind == NULL && entry.penalty == TRACK_PENALTY_FAULT)
			copy_track(&entry, &copy->fault);
	}
}

void view_copy_vip(const struct agent *agent, const struct vip *vip, struct view_vip *ret_vip)
{
	*ret_vip = (struct view_vip){
		.conf = vip->conf,
		.fsm = vip->fsm,
		.counters = vip->counters,
		.verdict = vip->verdict,
		.peer_state = vip->word.state,
		.conflict = vrrp_in_conflict(&vip->fsm) && vip->rival_told,
		.lan_alarm = vip->lan_alarm,
		.heard_source = vip->heard_source,
		.list_differs = vip->other_list.now,
		.interval_differs = vip->other_interval.now,
	};
	for (size_t i = 0; i < ADVERT_DISCARD_COUNT; i++)
		ret_vip->counters.discarded[i] += vip->port->discarded[i];
	if (misfit_is_current(&vip->misfit, vip->conf, clock_mono()))
		(void)misfit_text(&vip->misfit, vip->conf, ret_vip->misfit);
	(void)rival_text(vip, ret_vip->rival);
	(void)vip_link_fault(vip, ret_vip->link_fault);
	copy_failures(agent, vip, ret_vip);
}

/* The peer's clock minus ours: by the state port, else by the adverts that were taken in spite of it. */
static bool find_offset(const struct agent *agent, int64_t *ret_offset_ns)
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

static void copy_peer(const struct agent *agent, struct view *view)
{
	const struct peer_message *heartbeat;

	view->offset_known = find_offset(agent, &view->offset_ns);
	view->has_peer = agent->peer != NULL;
	view->path_count = 0;
	view->peer_alive = view->peer_known = false;
	view->peer_discarded = 0;
	if (agent->peer == NULL)
		return;
	heartbeat = peer_heartbeat(agent->peer);
	view->peer_alive = peer_is_alive(agent->peer);
	view->peer_known = heartbeat != NULL;
	if (heartbeat != NULL)
		memcpy(view->peer_hash, heartbeat->config_hash, sizeof view->peer_hash);
	view->peer_discarded = peer_discarded(agent->peer);
	view->path_count = MIN(peer_path_count(agent->peer), (size_t)PEER_PATHS_MAX);
	for (size_t i = 0; i < view->path_count; i++)
		view->paths[i] = peer_path(agent->peer, i);
}

static void copy_vips(const struct agent *agent, struct view *view)
{
	size_t tracks = 0;

	for (size_t i = 0; i < view->vip_count; i++) {
		const struct vip *vip = agent->vips[i];
		struct view_vip *copy = &view->vips[i];

		view_copy_vip(agent, vip, copy);
		copy->first_track = tracks;
		copy->track_count = tracker_count(agent->tracker, vip->conf);
		for (size_t k = 0; k < copy->track_count; k++) {
			struct tracker_entry entry = tracker_entry(agent->tracker, vip->conf, k);

			copy_track(&entry, &view->tracks[tracks++]);
		}
	}
}

int view_copy(struct agent *agent, struct view *view)
{
	struct forwarder_view forwarder = review_forwarder(agent);

	/* Where it was the last reference, whoever gives it back frees a whole configuration. */
	assert(view->conf == NULL);
	view->vip_count = agent->vip_count;
	view->track_count = 0;
	for (size_t i = 0; i < agent->vip_count; i++)
		view->track_count += tracker_count(agent->tracker, agent->vips[i]->conf);
	if (view->vip_count > view->vip_capacity || view->track_count > view->track_capacity)
		return -ENOSPC;
	view->conf = conf_ref(agent->conf);
	view->self = agent->self;
	view->other = agent->other;
	view->maintenance = agent->maintenance;
	view->drift = agent->drift;
	view->guardian = guardian_pid(agent->guardian);
	view->has_forwarder = agent->forwarder != NULL;
	view->forwarder_checked = forwarder.checked;
	view->forwarder_why = forwarder.why;
	copy_peer(agent, view);
	copy_vips(agent, view);
	return 0;
}

int view_grow(struct view *view)
{
	if (view->vip_count > view->vip_capacity) {
		free(view->vips);
		view->vip_capacity = 0;
		view->vips = calloc(view->vip_count, sizeof *view->vips);
		if (view->vips == NULL)
			return -ENOMEM;
		view->vip_capacity = view->vip_count;
	}
	if (view->track_count > view->track_capacity) {
		free(view->tracks);
		view->track_capacity = 0;
		view->tracks = calloc(view->track_count, sizeof *view->tracks);
		if (view->tracks == NULL)
			return -ENOMEM;
		view->track_capacity = view->track_count;
	}
	return 0;
}

void view_clear(struct view *view)
{
	conf_unref(TAKE(view->conf));
}

void view_free(struct view *view)
{
	view_clear(view);
	free(view->vips);
	free(view->tracks);
	*view = (struct view){0};
}
