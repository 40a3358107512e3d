/* SPDX-License-Identifier: MIT */
#include "vrrpd/agent.h"

#include "common/shell/daemon.h"
#include "common/system/clock.h"
#include "common/system/crypto.h"
#include "common/system/fd.h"
#include "vrrpd/address.h"
#include "vrrpd/advert.h"
#include "vrrpd/adverts.h"
#include "vrrpd/agent_reload.h"
#include "vrrpd/announce.h"
#include "vrrpd/macvlan.h"
#include "vrrpd/pairkey.h"
#include "vrrpd/programs.h"
#include "vrrpd/pulse.h"
#include "vrrpd/reports.h"
#include "vrrpd/review.h"
#include "vrrpd/round.h"
#include "vrrpd/talk.h"
#include "vrrpd/vip_lease.h"
#include "vrrpd/wanted.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* How long the planned end waits for the notify programs. */
#define FINISH_NS (5 * NS_PER_S)

static int load_key(struct agent *agent)
{
	AUTO_TEXT errors = {0};
	int r = pairkey_load(agent->conf, &agent->ring, &errors);

	daemon_log_lines(&errors);
	if (r < 0)
		return r;
	agent->shared.key = pairkey_find(agent->conf, &agent->ring);
	if (agent->shared.key == NULL)
		log_info("no pair key: the nodes speak VRRP alone, and planned failovers are refused");
	return 0;
}

static int check_programs(const struct conf *conf)
{
	AUTO_TEXT errors = {0};
	int r = programs_check(conf, &errors);

	daemon_log_lines(&errors);
	return r;
}

static int open_sockets(struct agent *agent)
{
	int r = scribe_new(agent->loop, agent->shared.fence, vip_lease_written, &agent->shared, &agent->shared.scribe);

	if (r == 0)
		r = macvlan_open(agent->run_dir, &agent->shared.macvlans);
	if (r == 0)
		r = announce_open(&agent->shared.announce_fd);
	if (r == 0)
		r = adverts_open(agent, agent->conf);
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
	struct address_socket *addresses;
	size_t count = 0;
	int r = address_open(&addresses);

	if (r < 0)
		return r;

	for (size_t i = 0; i < agent->conf->vip_count; i++) {
		for (size_t k = 0; k < agent->conf->vips[i].address_count && count < ARRAY_LEN(list); k++)
			list[count++] = agent->conf->vips[i].addresses[k];
	}
	r = address_remove_stale(addresses, list, count);
	address_close(addresses);
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

static int start_parts(struct agent *agent)
{
	int r = monitor_new(agent->loop, &reports_monitor, agent, &agent->monitor);

	if (r == 0 && agent->conf->service_count > 0)
		r = forwarder_new(agent->loop, agent->run_dir, &reports_forwarder, agent, &agent->forwarder);
	if (r == 0 && agent_wants_peer(agent->other, agent->shared.key)) {
		const struct peer_conf conf =
			agent_peer_conf(agent->conf, agent->self, agent->other, &agent->ring, agent->shared.key);

		r = peer_new(agent->loop, &conf, &talk_events, agent, &agent->peer);
	}
	if (r == 0) {
		struct tracker_setup tracker = {
			.loop = agent->loop,
			.conf = agent->conf,
			.monitor = agent->monitor,
			.runner = agent->runner,
			.forwarder = agent->forwarder,
			.changed = reports_tracked,
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
			.claimed = reports_claimed,
			.context = agent,
		};

		r = lanwatch_new(&lanwatch, &agent->lanwatch);
	}
	if (r == 0)
		r = notifier_new(agent->runner, &agent->recorder, reports_settled, agent, &agent->notifier);
	if (r == 0)
		r = handovers_new(agent->loop, agent->peer, find_vip, agent, &agent->handovers);
	if (r == 0)
		pulse_at(agent, clock_mono());
	return r;
}

static int start_vips(struct agent *agent)
{
	struct state state;
	int r = state_load(agent->state_dir, &state);

	if (r < 0)
		return r;
	/* What heartbeats say of it is where adverts will go on from, also when what was kept is too far ahead for
	 * that.
	 */
	fence_set_sequence(
		agent->shared.fence, advert_sequence_after(state.sequence, advert_sequence_of(clock_real_ns())));
	agent->shared.kept_sequence = state.peer_sequence;
	agent->maintenance = state.maintenance;
	agent->vips = calloc(MAX(agent->conf->vip_count, (size_t)1), sizeof *agent->vips);
	if (agent->vips == NULL) {
		state_free(&state);
		return -ENOMEM;
	}
	for (size_t i = 0; i < agent->conf->vip_count; i++) {
		const struct vip_conf *conf = &agent->conf->vips[i];

		r = vip_new(conf, (uint8_t)agent->self->priority, state_is_yielding(&state, conf->name), &agent->shared,
			&agent->vips[i]);
		if (r < 0)
			break;
		agent->vips[i]->lent = state_is_lent(&state, conf->name);
		agent->vip_count++;
	}
	state_free(&state);
	if (r == 0)
		r = ports_new(agent->conf, &agent->ports);
	if (r == 0)
		ports_settle(agent->ports, agent->vips);
	return r;
}

static int open_reload(struct agent *agent, const char *config_path)
{
	const struct reload_setup setup = {
		.loop = agent->loop,
		.daemon = "vrrpd",
		.config_path = config_path,
		.node = agent->self->name,
		.sections = agent_reload_sections,
		.context = agent,
		.current = agent_reload_current,
		.prepare = agent_reload_prepare,
		.discard = agent_reload_discard,
		.apply = agent_reload_apply,
	};

	return reload_new(&setup, &agent->reload);
}

struct reload *agent_take_reload(struct agent *agent)
{
	return agent != NULL ? TAKE(agent->reload) : NULL;
}

void agent_reload_by_signal(struct agent *agent)
{
	reload_by_signal(agent->reload);
}

static int start(struct agent *agent)
{
	int r = check_programs(agent->conf);

	if (r == 0)
		r = load_key(agent);
	if (r == 0)
		r = open_sockets(agent);
	if (r == 0)
		r = remove_stale(agent);
	if (r == 0)
		r = start_vips(agent);
	if (r == 0)
		r = start_parts(agent);
	if (r < 0)
		return r;
	agent_publish(agent);
	round_watch(agent);
	fence_progress(agent->shared.fence);
	fence_set_threshold(agent->shared.fence, wanted_threshold_ns(agent->conf));
	review_all(agent);
	for (size_t i = 0; i < agent->vip_count; i++)
		vip_event(agent->vips[i], VRRP_EVENT_START);
	return 0;
}

const struct recorder *agent_recorder(const struct agent *agent)
{
	return &agent->recorder;
}

const struct herald_news *agent_news(const struct agent *agent)
{
	return &agent->news;
}

int agent_begin(struct agent *agent)
{
	return scribe_begin(agent->shared.scribe);
}

int agent_new(const struct agent_setup *setup, struct agent **ret_agent)
{
	struct agent *agent = calloc(1, sizeof *agent);
	int r;

	if (agent == NULL)
		return -ENOMEM;
	agent->conf = conf_ref(setup->conf);
	agent->run_dir = setup->run_dir;
	agent->self = setup->self;
	agent->other = wanted_other(setup->conf, setup->self);
	agent->state_dir = setup->state_dir;
	agent->loop = setup->loop;
	agent->guardian = setup->guardian;
	agent->runner = setup->runner;
	agent->saved_at = clock_mono();
	agent->shared = (struct vip_shared){
		.loop = setup->loop,
		.fence = setup->fence,
		.ring = &agent->ring,
		.recorder = &agent->recorder,
		.announce_fd = -1,
		.sockets = {{.fd = -1}, {.fd = -1}},
		.other = agent->other,
		.renews_together = wanted_together(setup->conf),
	};
	reports_share(agent);
	r = open_reload(agent, setup->config_path);
	if (r == 0)
		r = start(agent);
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
		vip_event(agent->vips[i], VRRP_EVENT_STOP);
	if (agent->vips != NULL)
		agent_save(agent);
}

static void on_finish_limit(struct loop_timer *timer, struct mono now)
{
	struct agent *agent = CONTAINER_OF(timer, struct agent, finish_limit);

	(void)now;
	agent->finished(agent->finished_context);
}

void agent_finish(struct agent *agent, void (*fn)(void *context), void *context)
{
	struct mono limit = mono_add(clock_mono(), FINISH_NS);

	stop_vips(agent);
	/* While those who asked can still be answered. */
	handovers_stop(agent->handovers);
	agent->finished = fn;
	agent->finished_context = context;
	if ((notifier_is_idle(agent->notifier) && scribe_is_idle(agent->shared.scribe)) ||
		loop_timer_set(agent->loop, &agent->finish_limit, limit, on_finish_limit) < 0)
		fn(context);
}

void agent_free(struct agent *agent)
{
	if (agent == NULL)
		return;
	reload_free(agent->reload);
	if (!agent->stopping)
		stop_vips(agent);
	scribe_close(agent->shared.scribe);
	round_end(agent);
	handovers_free(agent->handovers);
	for (size_t i = 0; i < agent->vip_count; i++)
		vip_free(agent->vips[i]);
	notifier_free(agent->notifier);
	lanwatch_free(agent->lanwatch);
	loop_timer_clear(agent->loop, &agent->finish_limit);
	tracker_free(agent->tracker);
	peer_free(agent->peer);
	forwarder_free(agent->forwarder);
	loop_timer_clear(agent->loop, &agent->pulse);
	monitor_free(agent->monitor);
	adverts_close(agent);
	fd_close(&agent->shared.announce_fd);
	scribe_free(agent->shared.scribe);
	macvlan_close(agent->shared.macvlans);
	free(agent->vips);
	ports_free(agent->ports);
	conf_unref(agent->conf);
	crypto_wipe(&agent->ring, sizeof agent->ring);
	free(agent);
}
