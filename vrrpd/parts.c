/* SPDX-License-Identifier: MIT */
#include "vrrpd/parts.h"

#include "common/system/clock.h"
#include "vrrpd/hearing.h"
#include "vrrpd/vip_advert.h"
#include "vrrpd/wanted.h"

#include <string.h>

bool agent_wants_peer(const struct node_conf *other, const struct key *key)
{
	return key != NULL && other != NULL && !other->foreign;
}

struct peer_conf agent_peer_conf(const struct conf *conf, const struct node_conf *self, const struct node_conf *other,
	const struct keyring *ring, const struct key *key)
{
	return (struct peer_conf){
		.self = self,
		.other = other,
		.port = conf->pair.state_port,
		.interval_ns = wanted_interval_ns(conf),
		.ring = ring,
		.key = key,
	};
}

struct vip *agent_find_vip(struct agent *agent, const char *name)
{
	return ports_find_name(agent->ports, name);
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
		const struct vip *vip = agent->vips[i];

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

void agent_publish(struct agent *agent)
{
	struct fence_vip entries[FENCE_VIPS_MAX];
	size_t count = MIN(agent->vip_count, (size_t)FENCE_VIPS_MAX);

	for (size_t i = 0; i < count; i++)
		entries[i] = vip_fence_entry(agent->vips[i]);
	if (fence_publish(agent->shared.fence, entries, count, agent->shared.key) < 0)
		log_error("the guardian could not be told of the vips: too many addresses");
}

void agent_tell_systemd(struct agent *agent)
{
	size_t active = 0, fault = 0;

	for (size_t i = 0; i < agent->vip_count; i++) {
		active += agent->vips[i]->fsm.state == VRRP_ACTIVE;
		fault += agent->vips[i]->fsm.state == VRRP_FAULT;
	}
	agent->news.vips = agent->vip_count;
	agent->news.active = active;
	agent->news.fault = fault;
}
