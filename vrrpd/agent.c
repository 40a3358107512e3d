/* SPDX-License-Identifier: MIT */
#include "vrrpd/agent.h"

#include "common/shell/daemon.h"
#include "common/system/clock.h"
#include "common/system/fd.h"
#include "vrrpd/adverts.h"
#include "vrrpd/announce.h"
#include "vrrpd/hearing.h"
#include "vrrpd/macvlan.h"
#include "vrrpd/programs.h"
#include "vrrpd/reason.h"
#include "vrrpd/review.h"
#include "vrrpd/rival.h"
#include "vrrpd/talk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The main process shows the guardian its progress this often, and looks at what only time changes. */
#define PULSE_NS (20 * NS_PER_MS)
/* The guardian's threshold (DESIGN section 5.2): two intervals, within these bounds. */
#define THRESHOLD_MIN_NS (100 * NS_PER_MS)
#define THRESHOLD_MAX_NS (300 * NS_PER_MS)
/* How long the planned end waits for the notify programs. */
#define FINISH_NS (5 * NS_PER_S)
/* A silent peer on a LAN of ours is asked for this often. */
#define ASK_NS (100 * NS_PER_MS)
/* The sequence is saved this often; between two savings only a clock that steps back would miss it. */
#define SAVE_NS (60 * NS_PER_S)

static int64_t shortest_interval_ns(const struct conf *conf)
{
	int64_t shortest_ns = NS_PER_S;

	for (size_t i = 0; i < conf->vip_count; i++)
		shortest_ns =
			i == 0 ? conf->vips[i].advert_interval_ns : MIN(shortest_ns, conf->vips[i].advert_interval_ns);
	return shortest_ns;
}

struct vip *agent_find_vip(struct agent *agent, const char *name)
{
	for (size_t i = 0; i < agent->vip_count; i++) {
		if (strcmp(agent->vips[i].conf->name, name) == 0)
			return &agent->vips[i];
	}
	return NULL;
}

static void on_pulse(struct loop_timer *timer, struct mono now);

/* What the vips report. */

static void publish(void *context)
{
	struct agent *agent = context;
	struct fence_vip entries[FENCE_VIPS_MAX];
	size_t count = MIN(agent->vip_count, (size_t)FENCE_VIPS_MAX);

	for (size_t i = 0; i < count; i++)
		entries[i] = vip_fence_entry(&agent->vips[i]);
	if (fence_publish(agent->shared.fence, entries, count, agent->shared.key) < 0)
		log_error("the guardian could not be told of the vips: too many addresses");
}

void agent_save(struct agent *agent)
{
	struct state state = {
		.sequence = fence_last_sequence(agent->shared.fence),
		.maintenance = agent->maintenance,
		.yielding = calloc(MAX(agent->vip_count, (size_t)1), sizeof *state.yielding),
		.lent = calloc(MAX(agent->vip_count, (size_t)1), sizeof *state.lent),
	};

	for (size_t i = 0; i < agent->vip_count; i++) {
		const struct vip *vip = &agent->vips[i];

		state.peer_sequence = MAX(state.peer_sequence, hearing_highest_sequence(vip));
		if (vip->fsm.yielding && state.yielding != NULL)
			strcpy(state.yielding[state.yielding_count++], vip->conf->name);
		if (vip->lent && state.lent != NULL)
			strcpy(state.lent[state.lent_count++], vip->conf->name);
	}
	state_save(agent->state_dir, &state);
	state_free(&state);
	agent->saved_at = clock_mono();
}

static void tell_systemd(const struct agent *agent)
{
	size_t active = 0, fault = 0;

	for (size_t i = 0; i < agent->vip_count; i++) {
		active += agent->vips[i].fsm.state == VRRP_ACTIVE;
		fault += agent->vips[i].fsm.state == VRRP_FAULT;
	}
	daemon_notify_status("active for %zu of %zu vips, %zu at fault", active, agent->vip_count, fault);
}

static void notify(struct agent *agent, const struct vip *vip, enum vrrp_state from)
{
	char reason[REASON_MAX];
	struct notify_change change = {
		.program = vip->conf->notify,
		.vip = vip->conf->name,
		.from = vrrp_state_name(from),
		.to = vrrp_state_name(vip->fsm.state),
	};

	if (*change.program == '\0')
		return;
	change.reason = reason_of(agent, vip, reason);
	notifier_add(agent->notifier, &change);
}

static void on_notifier_idle(void *context)
{
	struct agent *agent = context;

	if (agent->finished != NULL)
		agent->finished(agent->finished_context);
}

/* One vip of a group has left: the others do not stay behind. As planned, they are asked to move as well. */
static void take_group_along(struct agent *agent, const struct vip *vip)
{
	for (size_t i = 0; i < agent->vip_count; i++) {
		struct vip *other = &agent->vips[i];

		if (!review_is_grouped(vip, other) || other->fsm.state != VRRP_ACTIVE)
			continue;
		if (vip->fsm.state == VRRP_BACKUP && !vip->fsm.yielding)
			vip_event(other, VRRP_EVENT_PARTED);
		else
			review_vip(agent, other);
	}
}

static void on_moved(void *context, struct vip *vip, enum vrrp_state from)
{
	struct agent *agent = context;

	if (agent->forwarder != NULL)
		forwarder_tell_role(agent->forwarder, vip->conf, vrrp_state_name(vip->fsm.state));
	if (agent->peer != NULL)
		peer_hurry(agent->peer);
	tell_systemd(agent);
	notify(agent, vip, from);
	if (agent->stopping)
		return;
	agent_save(agent);
	if (from == VRRP_ACTIVE)
		take_group_along(agent, vip);
}

static void on_release(void *context, struct vip *vip)
{
	struct agent *agent = context;

	if (agent->forwarder != NULL)
		forwarder_tell_role(agent->forwarder, vip->conf, vrrp_state_name(VRRP_BACKUP));
}

/* Adverts. */

/* Whether the peer can be asked: it was not known before, or it was heard among what waited. */
static bool catch_up(void *context)
{
	struct agent *agent = context;

	adverts_receive(agent);
	if (agent->peer == NULL || !peer_is_alive(agent->peer))
		return true;
	peer_receive(agent->peer);
	/* What woke us was read before any timer was looked at. */
	return !mono_before(peer_heard_at(agent->peer), loop_now(agent->loop));
}

/* lbd and the links. */

static void on_forwarder_changed(void *context)
{
	struct agent *agent = context;

	review_all(agent);
	if (agent->peer != NULL)
		peer_hurry(agent->peer);
}

static void on_forwarder_linked(void *context)
{
	struct agent *agent = context;

	for (size_t i = 0; i < agent->vip_count; i++)
		forwarder_tell_role(agent->forwarder, agent->vips[i].conf, vrrp_state_name(agent->vips[i].fsm.state));
}

static void on_link(void *context, const struct monitor_link *link)
{
	struct agent *agent = context;

	tracker_look(agent->tracker);
	for (size_t i = 0; i < agent->vip_count; i++) {
		if (strcmp(agent->vips[i].conf->interface, link->name) == 0)
			review_vip(agent, &agent->vips[i]);
	}
}

static void on_address(void *context, int ifindex, const struct prefix *address, bool added)
{
	struct agent *agent = context;

	for (size_t i = 0; i < agent->vip_count; i++) {
		struct vip *vip = &agent->vips[i];

		if (!vip_sits_on(vip, ifindex))
			continue;
		if (!added)
			vip_address_gone(vip, address);
		review_vip(agent, vip);
	}
}

static void on_claimed(void *context, int ifindex, const struct neighbour_word *word)
{
	struct agent *agent = context;

	for (size_t i = 0; i < agent->vip_count; i++) {
		const struct vip_conf *conf = agent->vips[i].conf;

		for (size_t k = 0; agent->vips[i].link.ifindex == ifindex && k < conf->address_count; k++) {
			if (ip_equal(&conf->addresses[k].ip, &word->sender))
				rival_heard(&agent->vips[i], word);
		}
	}
}

static void on_overrun(void *context)
{
	review_all(context);
}

/* A tracked thing changed its state: the vips take it up with the end of the round. */
static void on_tracked(void *context, const char *kind, const char *name, enum track_state state, const char *why)
{
	struct agent *agent = context;

	recorder_add(&agent->recorder, clock_mono(), clock_real_ns(), NULL, "tracked %s %s is %s%s%s", kind, name,
		track_state_name(state), *why != '\0' ? ": " : "", why);
	if (state == TRACK_DOWN)
		log_warning("tracked: failed", log_str("kind", kind), log_str("name", name), log_str("reason", why));
	else
		log_info("tracked: up", log_str("kind", kind), log_str("name", name));
	if (loop_timer_set(agent->loop, &agent->pulse, loop_now(agent->loop), on_pulse) < 0)
		log_error("no memory for a timer");
}

/*
 * While the peer is silent the kernel asks for its hardware address once a second at best, and gives up in between; a
 * cable that comes back would leave the nodes strangers for that long. So we ask, and by the question the peer knows us
 * too.
 */
static void look_for_peer(struct agent *agent, struct mono now)
{
	struct monitor_link link;
	struct ip own;

	if (agent->peer == NULL || peer_is_alive(agent->peer) || mono_diff(now, agent->asked_at) < ASK_NS)
		return;
	if (!monitor_find_neighbour(agent->monitor, &agent->other->address, &link, &own) || !link.carrier)
		return;
	agent->asked_at = now;
	(void)!announce_send(agent->shared.announce_fd, link.ifindex, link.mac, &own, &agent->other->address);
}

/* The pulse. */

static void on_pulse(struct loop_timer *timer, struct mono now)
{
	struct agent *agent = CONTAINER_OF(timer, struct agent, pulse);
	int64_t watchdog_ns = daemon_watchdog_ns();

	fence_progress(agent->shared.fence);
	review_all(agent);
	look_for_peer(agent, now);
	if (mono_diff(now, agent->saved_at) > SAVE_NS)
		agent_save(agent);
	if (watchdog_ns > 0 && mono_diff(now, agent->watchdog_at) > watchdog_ns / 4) {
		daemon_notify_watchdog();
		agent->watchdog_at = now;
	}
	if (loop_timer_set(agent->loop, timer, mono_add(now, PULSE_NS), on_pulse) < 0)
		log_error("no memory for a timer");
}

/* Life. */

bool agent_wants_key(const struct conf *conf)
{
	for (size_t i = 0; i < conf->vip_count; i++) {
		if (conf->vips[i].authentication == VIP_AUTHENTICATION_HMAC)
			return true;
	}
	return false;
}

/* The pair key: needed by signed adverts; without them a key that is there still lets the nodes talk. */
static int load_key(struct agent *agent)
{
	const struct pair_conf *pair = &agent->conf->pair;
	char error[KEYRING_ERROR_MAX];
	int r;

	if (pair->key_file == NULL || (!agent_wants_key(agent->conf) && access(pair->key_file, F_OK) < 0)) {
		log_info("no pair key: the nodes speak VRRP alone, and planned failovers are refused");
		return 0;
	}
	r = keyring_load(&agent->ring, pair->key_file, error);
	if (r < 0) {
		log_error(error);
		return r;
	}
	agent->shared.key = keyring_find(&agent->ring, pair->key_id);
	if (agent->shared.key == NULL) {
		log_error("the key file has no key of this id; add a line `ID HEX` or set pair { key-id }",
			log_str("file", pair->key_file), log_uint("key_id", pair->key_id));
		return -ENOKEY;
	}
	return 0;
}

static int open_sockets(struct agent *agent)
{
	int r = address_open(&agent->shared.addresses);

	if (r == 0)
		r = macvlan_open(&agent->shared.macvlans);
	if (r == 0)
		r = announce_open(&agent->shared.announce_fd);
	if (r == 0)
		r = adverts_open(agent);
	if (r < 0)
		log_error("the sockets could not be opened", log_errno(r));
	return r;
}

/* What a vip with a virtual MAC sat on, with its addresses. */
static int remove_stale_macvlans(struct agent *agent)
{
	int r = macvlan_remove_stale(agent->shared.macvlans);

	if (r < 0)
		log_error("interfaces of an earlier run could not be removed", log_errno(r));
	else if (r > 0)
		log_warning("interfaces of an earlier run were removed", log_int("count", r));
	return MIN(r, 0);
}

static int remove_stale(struct agent *agent)
{
	struct prefix list[FENCE_ADDRESSES_MAX];
	size_t count = 0;
	int r;

	for (size_t i = 0; i < agent->conf->vip_count; i++) {
		for (size_t k = 0; k < agent->conf->vips[i].address_count && count < ARRAY_LEN(list); k++)
			list[count++] = agent->conf->vips[i].addresses[k];
	}
	r = address_remove_stale(agent->shared.addresses, list, count);
	if (r < 0)
		log_error("addresses of an earlier run could not be removed", log_errno(r));
	else if (r > 0)
		log_warning("addresses of an earlier run were removed", log_int("count", r));
	return r < 0 ? r : remove_stale_macvlans(agent);
}

static struct vip *find_vip(void *context, const char *name)
{
	return agent_find_vip(context, name);
}

static int start_parts(struct agent *agent, const char *run_dir)
{
	static const struct monitor_events monitor_events = {
		.on_link = on_link, .on_address = on_address, .on_overrun = on_overrun};
	static const struct forwarder_events forwarder_events = {
		.changed = on_forwarder_changed, .linked = on_forwarder_linked};
	int r = monitor_new(agent->loop, &monitor_events, agent, &agent->monitor);

	if (r == 0 && agent->conf->service_count > 0)
		r = forwarder_new(agent->loop, run_dir, &forwarder_events, agent, &agent->forwarder);
	if (r == 0 && agent->shared.key != NULL && agent->other != NULL && !agent->other->foreign) {
		struct peer_conf conf = {
			.self = agent->self,
			.other = agent->other,
			.port = agent->conf->pair.state_port,
			.interval_ns = shortest_interval_ns(agent->conf),
			.ring = &agent->ring,
			.key = agent->shared.key,
		};

		r = peer_new(agent->loop, &conf, &talk_events, agent, &agent->peer);
	}
	if (r == 0) {
		struct tracker_setup tracker = {
			.loop = agent->loop,
			.conf = agent->conf,
			.monitor = agent->monitor,
			.forwarder = agent->forwarder,
			.changed = on_tracked,
			.context = agent,
		};

		r = tracker_new(&tracker, &agent->tracker);
	}
	if (r == 0) {
		struct lanwatch_setup lanwatch = {
			.loop = agent->loop,
			.conf = agent->conf,
			.monitor = agent->monitor,
			.announce_fd = agent->shared.announce_fd,
			.claimed = on_claimed,
			.context = agent,
		};

		r = lanwatch_new(&lanwatch, &agent->lanwatch);
	}
	if (r == 0)
		r = notifier_new(agent->loop, &agent->recorder, on_notifier_idle, agent, &agent->notifier);
	if (r == 0)
		r = events_new(agent->loop, &agent->recorder, &agent->events);
	if (r == 0)
		r = handovers_new(agent->loop, agent->peer, find_vip, agent, &agent->handovers);
	if (r == 0)
		r = adverts_watch(agent);
	if (r == 0)
		r = loop_timer_set(agent->loop, &agent->pulse, clock_mono(), on_pulse);
	return r;
}

static int start_vips(struct agent *agent)
{
	struct state state;
	int r = state_load(agent->state_dir, &state);

	if (r < 0)
		return r;
	fence_set_sequence(agent->shared.fence, state.sequence);
	agent->shared.kept_sequence = state.peer_sequence;
	agent->maintenance = state.maintenance;
	agent->vips = calloc(MAX(agent->conf->vip_count, (size_t)1), sizeof *agent->vips);
	if (agent->vips == NULL) {
		state_free(&state);
		return -ENOMEM;
	}
	agent->vip_count = agent->conf->vip_count;
	for (size_t i = 0; i < agent->vip_count; i++) {
		const struct vip_conf *conf = &agent->conf->vips[i];

		vip_init(&agent->vips[i], conf, (uint8_t)agent->self->priority, state_is_yielding(&state, conf->name),
			&agent->shared);
		agent->vips[i].lent = state_is_lent(&state, conf->name);
	}
	state_free(&state);
	return 0;
}

static int start(struct agent *agent, const char *run_dir)
{
	int r = programs_check(agent->conf);

	if (r == 0)
		r = load_key(agent);
	if (r == 0)
		r = open_sockets(agent);
	if (r == 0)
		r = remove_stale(agent);
	if (r == 0)
		r = start_vips(agent);
	if (r == 0)
		r = start_parts(agent, run_dir);
	if (r < 0)
		return r;
	publish(agent);
	fence_progress(agent->shared.fence);
	fence_set_threshold(agent->shared.fence,
		MAX(MIN(2 * shortest_interval_ns(agent->conf), THRESHOLD_MAX_NS), THRESHOLD_MIN_NS));
	review_all(agent);
	for (size_t i = 0; i < agent->vip_count; i++)
		vip_event(&agent->vips[i], VRRP_EVENT_START);
	return 0;
}

int agent_new(const struct agent_setup *setup, struct agent **ret_agent)
{
	struct agent *agent = calloc(1, sizeof *agent);
	int r;

	if (agent == NULL)
		return -ENOMEM;
	agent->conf = setup->conf;
	agent->self = setup->self;
	for (size_t i = 0; i < setup->conf->pair.node_count; i++) {
		if (&setup->conf->pair.nodes[i] != setup->self)
			agent->other = &setup->conf->pair.nodes[i];
	}
	agent->state_dir = setup->state_dir;
	agent->loop = setup->loop;
	agent->guardian = setup->guardian;
	agent->saved_at = clock_mono();
	agent->shared = (struct vip_shared){
		.loop = setup->loop,
		.fence = setup->fence,
		.ring = &agent->ring,
		.recorder = &agent->recorder,
		.context = agent,
		.publish = publish,
		.moved = on_moved,
		.release = on_release,
		.catch_up = catch_up,
		.announce_fd = -1,
		.sockets = {{.fd = -1}, {.fd = -1}},
		.other = agent->other,
	};
	r = start(agent, setup->run_dir);
	if (r < 0) {
		agent_free(agent);
		return r;
	}
	*ret_agent = agent;
	return 0;
}

static void stop_vips(struct agent *agent)
{
	agent->stopping = true;
	for (size_t i = 0; i < agent->vip_count; i++)
		vip_event(&agent->vips[i], VRRP_EVENT_STOP);
	if (agent->vips != NULL)
		agent_save(agent);
}

static void on_finish_limit(struct loop_timer *timer, struct mono now)
{
	(void)now;
	on_notifier_idle(CONTAINER_OF(timer, struct agent, finish_limit));
}

void agent_finish(struct agent *agent, void (*fn)(void *context), void *context)
{
	struct mono limit = mono_add(clock_mono(), FINISH_NS);

	stop_vips(agent);
	agent->finished = fn;
	agent->finished_context = context;
	if (notifier_is_idle(agent->notifier) ||
		loop_timer_set(agent->loop, &agent->finish_limit, limit, on_finish_limit) < 0)
		fn(context);
}

void agent_free(struct agent *agent)
{
	if (agent == NULL)
		return;
	if (!agent->stopping)
		stop_vips(agent);
	for (size_t i = 0; i < agent->vip_count; i++)
		vip_close(&agent->vips[i]);
	handovers_free(agent->handovers);
	notifier_free(agent->notifier);
	lanwatch_free(agent->lanwatch);
	loop_timer_clear(agent->loop, &agent->finish_limit);
	tracker_free(agent->tracker);
	events_free(agent->events);
	peer_free(agent->peer);
	forwarder_free(agent->forwarder);
	loop_timer_clear(agent->loop, &agent->pulse);
	monitor_free(agent->monitor);
	adverts_close(agent);
	fd_close(&agent->shared.announce_fd);
	address_close(agent->shared.addresses);
	macvlan_close(agent->shared.macvlans);
	free(agent->vips);
	free(agent);
}
