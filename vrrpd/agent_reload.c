/* SPDX-License-Identifier: MIT */
#include "vrrpd/agent_reload.h"

#include "common/system/clock.h"
#include "common/system/crypto.h"
#include "vrrpd/adverts.h"
#include "vrrpd/hearing.h"
#include "vrrpd/pairkey.h"
#include "vrrpd/programs.h"
#include "vrrpd/reports.h"
#include "vrrpd/review.h"
#include "vrrpd/succession.h"
#include "vrrpd/talk.h"
#include "vrrpd/vip_change.h"
#include "vrrpd/wanted.h"

#include <errno.h>
#include <string.h>

/*
 * So long at most the vips that stay wait with their adverts until those that a reload has taken away have said
 * goodbye: half of the shortest interval. Who has not said it by then falls silent.
 */
#define GOODBYE_NS (50 * NS_PER_MS)

const char *const agent_reload_sections[] = {"pair", "log", "vip", NULL};

struct conf *agent_reload_current(void *context)
{
	const struct agent *agent = context;

	return agent->conf;
}

/* In the thread that reads the file. */

void agent_reload_discard(void *prepared)
{
	crypto_wipe(prepared, sizeof(struct keyring));
	free(prepared);
}

int agent_reload_prepare(const struct conf *conf, void **ret_prepared, struct text *errors)
{
	struct keyring *ring = calloc(1, sizeof *ring);
	int r = ring == NULL ? -ENOMEM : programs_check(conf, errors);

	if (r == 0)
		r = pairkey_load(conf, ring, errors);
	if (r < 0) {
		free(ring);
		return r;
	}
	*ret_prepared = ring;
	return 0;
}

/* All that is made before anything is changed. */
struct change {
	struct agent *agent;
	struct conf *conf;
	const struct keyring *ring;
	const struct node_conf *self;
	const struct node_conf *other;
	const struct key *key; /* in the agent's ring, once that has been replaced; NULL: none */
	bool wants_peer;
	struct peer *peer;               /* a new one; NULL: there was one, or none is wanted */
	struct peer_change *peer_change; /* of the one that there is */
	struct forwarder *forwarder;     /* a new one; NULL: the same */
	struct tracker *tracker;
	struct vip **vips; /* in the order of the configuration */
	size_t vip_count;
	struct ports *ports;
	struct vip_change *kept; /* those of them that there were */
	size_t kept_count;
};

static bool goes_on(const struct change *change, const struct vip *vip)
{
	return succession_find(change->conf, vip->conf) != NULL;
}

/* Making. */

static int make_peer(struct change *change)
{
	struct agent *agent = change->agent;
	struct peer_conf conf = agent_peer_conf(change->conf, change->self, change->other, change->ring, change->key);

	if (!change->wants_peer)
		return 0;
	if (agent->peer != NULL)
		return peer_prepare(agent->peer, &conf, &change->peer_change);
	return peer_new(agent->loop, &conf, &talk_events, agent, &change->peer);
}

static int make_forwarder(struct change *change)
{
	struct agent *agent = change->agent;
	int r;

	if (agent->forwarder != NULL || change->conf->service_count == 0)
		return 0;
	r = forwarder_new(agent->loop, agent->run_dir, &reports_forwarder, agent, &change->forwarder);
	if (r == 0)
		forwarder_look(change->forwarder);
	return r;
}

static struct forwarder *forwarder_after(const struct change *change)
{
	if (change->conf->service_count == 0)
		return NULL;
	return change->forwarder != NULL ? change->forwarder : change->agent->forwarder;
}

/* One that was another virtual router, or is new. What was given away as planned stays so. */
static int make_vip(struct change *change, const struct vip_conf *conf, struct vip **ret_vip)
{
	struct agent *agent = change->agent;
	const struct vip *former = agent_find_vip(agent, conf->name);
	int r = vip_new(
		conf, (uint8_t)change->self->priority, former != NULL && former->fsm.yielding, &agent->shared, ret_vip);

	if (r == 0)
		(*ret_vip)->lent = former != NULL && former->lent;
	return r;
}

static int make_vips(struct change *change)
{
	const struct conf *conf = change->conf;
	struct agent *agent = change->agent;
	int r = 0;

	change->vips = calloc(MAX(conf->vip_count, (size_t)1), sizeof *change->vips);
	change->kept = calloc(MAX(conf->vip_count, (size_t)1), sizeof *change->kept);
	if (change->vips == NULL || change->kept == NULL)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < conf->vip_count; i++) {
		struct vip *vip = agent_find_vip(agent, conf->vips[i].name);
		bool same = vip != NULL && goes_on(change, vip);

		if (same) {
			r = vip_change_prepare(vip, &conf->vips[i], (uint8_t)change->self->priority,
				&change->kept[change->kept_count]);
			change->kept_count += r == 0;
		} else {
			r = make_vip(change, &conf->vips[i], &vip);
		}
		if (r == 0)
			change->vips[change->vip_count++] = vip;
	}
	return r < 0 ? r : ports_new(conf, &change->ports);
}

static bool is_kept(const struct change *change, const struct vip *vip)
{
	for (size_t i = 0; i < change->kept_count; i++) {
		if (change->kept[i].vip == vip)
			return true;
	}
	return false;
}

static void unmake(struct change *change)
{
	for (size_t i = 0; i < change->vip_count; i++) {
		if (!is_kept(change, change->vips[i]))
			vip_free(change->vips[i]);
	}
	for (size_t i = 0; i < change->kept_count; i++)
		vip_change_abandon(&change->kept[i]);
	tracker_free(change->tracker);
	forwarder_free(change->forwarder);
	peer_abandon(change->peer_change);
	peer_free(change->peer);
	ports_free(change->ports);
	adverts_trim(change->agent);
}

/* The last of them is the first that changes something, and cannot be taken back. */
static int make(struct change *change, const char **ret_what)
{
	struct agent *agent = change->agent;
	int r;

	*ret_what = "the sockets of the adverts";
	r = adverts_open(agent, change->conf);
	if (r < 0)
		return r;
	*ret_what = "the way to the other node (pair)";
	r = make_peer(change);
	if (r < 0)
		return r;
	*ret_what = "the watch over lbd";
	r = make_forwarder(change);
	if (r < 0)
		return r;
	*ret_what = "what is tracked";
	r = tracker_next(agent->tracker, change->conf, forwarder_after(change), &change->tracker);
	if (r < 0)
		return r;
	*ret_what = "the vips' interfaces";
	r = make_vips(change);
	if (r < 0)
		return r;
	*ret_what = "the watch over the LANs";
	return lanwatch_reload(agent->lanwatch, change->conf);
}

/* By the configuration that is still in use: who goes says so. */
static void say_goodbye(struct change *change)
{
	struct agent *agent = change->agent;

	for (size_t i = 0; i < agent->vip_count; i++) {
		struct vip *vip = agent->vips[i];

		if (is_kept(change, vip))
			continue;
		handovers_forget(vip);
		vip_event(vip, VRRP_EVENT_STOP);
		recorder_add(&agent->recorder, clock_mono(), clock_real_ns(), vip->conf->name,
			"a reload has taken the vip away");
	}
	/* Their goodbye needs the sockets that may go with them. */
	scribe_settle(agent->shared.scribe, MIN(GOODBYE_NS, wanted_interval_ns(agent->conf) / 2));
	if (!change->wants_peer)
		handovers_set_peer(agent->handovers, NULL);
}

/* Swapping: nobody is called who might ask for what is half done. */

static void swap_peer(struct change *change)
{
	struct agent *agent = change->agent;

	if (change->peer_change != NULL)
		peer_commit(TAKE(change->peer_change));
	if (!change->wants_peer) {
		peer_free(TAKE(agent->peer));
		agent->drift = false;
	}
	if (change->peer != NULL)
		agent->peer = TAKE(change->peer);
	handovers_set_peer(agent->handovers, agent->peer);
	for (size_t i = 0; i < change->vip_count; i++) {
		if (agent->peer == NULL || !peer_is_alive(agent->peer))
			word_silent(&change->vips[i]->word);
	}
}

static void swap_forwarder(struct change *change)
{
	struct agent *agent = change->agent;
	struct forwarder *after = forwarder_after(change);

	if (agent->forwarder != after)
		forwarder_free(agent->forwarder);
	agent->forwarder = after;
	change->forwarder = NULL;
}

static uint64_t highest_sequence(const struct agent *agent)
{
	uint64_t highest = agent->shared.kept_sequence;

	for (size_t i = 0; i < agent->vip_count; i++)
		highest = MAX(highest, hearing_highest_sequence(agent->vips[i]));
	return highest;
}

/* Of the vips that were, those that go are left in the old list. */
static void swap_vips(struct change *change, struct vip ***ret_former, size_t *ret_former_count)
{
	struct agent *agent = change->agent;
	uint64_t highest = highest_sequence(agent);

	for (size_t i = 0; i < change->kept_count; i++)
		vip_change_commit(&change->kept[i]);
	/* What was recorded of the former ones proves nothing for those that begin. */
	for (size_t i = 0; i < change->vip_count; i++) {
		if (!is_kept(change, change->vips[i]))
			change->vips[i]->senders.kept_sequence = highest;
	}
	*ret_former = agent->vips;
	*ret_former_count = agent->vip_count;
	agent->vips = TAKE(change->vips);
	agent->vip_count = change->vip_count;
	ports_settle(change->ports, agent->vips);
	ports_free(agent->ports);
	agent->ports = TAKE(change->ports);
}

static void swap(struct change *change)
{
	struct agent *agent = change->agent;
	struct vip **former;
	size_t former_count;

	agent->ring = *change->ring;
	agent->shared.key = change->key;
	agent->shared.other = change->other;
	agent->shared.renews_together = wanted_together(change->conf);
	swap_peer(change);
	swap_forwarder(change);
	agent->tracker = TAKE(change->tracker);
	tracker_succeed(agent->tracker);
	swap_vips(change, &former, &former_count);
	agent->conf = conf_ref(change->conf);
	agent->self = change->self;
	agent->other = change->other;
	agent_publish(agent);
	fence_set_threshold(agent->shared.fence, wanted_threshold_ns(agent->conf));
	adverts_trim(agent);
	for (size_t i = 0; i < former_count; i++) {
		int ifindex = former[i]->link.ifindex;

		if (is_kept(change, former[i]))
			continue;
		vip_free(former[i]);
		adverts_leave(agent, ifindex);
	}
	free(former);
}

/* What follows for the network and the others. */

static void tell_role(const struct agent *agent, const struct vip *vip)
{
	if (agent->forwarder != NULL)
		forwarder_tell_role(agent->forwarder, vip->conf, vrrp_state_name(vip->fsm.state));
}

static void follow_kept(struct agent *agent, const struct vip_change *kept)
{
	struct vip *vip = kept->vip;

	if (kept->what & SUCCESSION_ADDRESSES) {
		/* A family that it had not has a group of its own. */
		if (vip->fsm.facts.link_ok && adverts_join(agent, vip) < 0)
			log_error("the group of the adverts could not be joined",
				log_str("interface", vip->conf->interface));
		tell_role(agent, vip);
	}
	vip_change_finish(kept);
}

static void follow(struct change *change)
{
	struct agent *agent = change->agent;

	recorder_add(&agent->recorder, clock_mono(), clock_real_ns(), NULL, "reloaded, the configuration is %s",
		agent->conf->hash);
	review_all(agent);
	for (size_t i = 0; i < change->kept_count; i++)
		follow_kept(agent, &change->kept[i]);
	for (size_t i = 0; i < agent->vip_count; i++) {
		if (agent->vips[i]->fsm.state == VRRP_INITIALIZE)
			vip_event(agent->vips[i], VRRP_EVENT_START);
	}
	agent_save(agent);
	agent_tell_systemd(agent);
	if (agent->peer != NULL)
		peer_hurry(agent->peer);
}

static void describe(const struct change *change, struct change *ret_change)
{
	struct agent *agent = change->agent;

	*ret_change = *change;
	ret_change->self = conf_find_node(change->conf, agent->self->name);
	ret_change->other = wanted_other(change->conf, ret_change->self);
	if (pairkey_find(change->conf, change->ring) != NULL)
		ret_change->key = &agent->ring.keys[change->conf->pair.key_id];
	ret_change->wants_peer = agent_wants_peer(ret_change->other, ret_change->key);
}

int agent_reload_apply(void *context, struct conf *conf, void *prepared, uint64_t *ret_generation, struct text *errors)
{
	const struct change wanted = {.agent = context, .conf = conf, .ring = prepared};
	const struct mono began = clock_mono();
	struct conf *former = wanted.agent->conf;
	struct change change;
	const char *what;
	int r;

	if (wanted.agent->stopping) {
		text_add(errors, "vrrpd is stopping\n");
		return -ESHUTDOWN;
	}
	describe(&wanted, &change);
	r = make(&change, &what);
	if (r < 0) {
		text_addf(
			errors, "%s could not be made as the configuration wants it: %s\n", what, strerrordesc_np(-r));
		unmake(&change);
	} else {
		say_goodbye(&change);
		fence_progress(wanted.agent->shared.fence);
		swap(&change);
		fence_progress(wanted.agent->shared.fence);
		follow(&change);
		log_info("another configuration is in use", log_uint("vips", change.vip_count),
			log_uint("kept", change.kept_count), log_ms("adverts_waited", mono_diff(clock_mono(), began)));
		conf_unref(former);
		*ret_generation = 0;
	}
	free(change.vips);
	free(change.kept);
	return r;
}
